/// The limits of reading one model from files, which all of its parts share.
struct ReadBudget {
  /// Parts that a model may have.
  static let partsMax = 10_000
  /// The time for all parts.
  static let timeMax = Duration.seconds(60)

  /// Bytes of headers that may still be read.
  private(set) var bytes = ModelFile.headerMax
  /// Tensors that may still be read.
  private(set) var tensors = GGUFReader.tensorsMax
  private let end: ContinuousClock.Instant

  init(bytes: Int = ModelFile.headerMax, tensors: Int = GGUFReader.tensorsMax, time: Duration = timeMax) {
    self.bytes = bytes
    self.tensors = tensors
    end = ContinuousClock.now + time
  }

  /// Takes the bytes and the tensors of one part.
  mutating func charge(bytes: Int, tensors: Int) throws(ModelFileError) {
    self.bytes = self.bytes.minus(bytes)
    self.tensors = self.tensors.minus(tensors)
    if self.bytes < 0 { throw Self.tooLong }
    if self.tensors < 0 { throw .malformed("more tensors in all of its parts than \(GGUFReader.tensorsMax)") }
  }

  /// Throws when the time is over.
  func checkTime() throws(ModelFileError) {
    if ContinuousClock.now >= end { throw .unreadable("reading the headers took longer than \(Self.timeMax)") }
  }

  /// The error of headers that exceed what is left.
  static let tooLong = ModelFileError.malformed("headers of more than \(Bytes.text(ModelFile.headerMax)) in all")
}
