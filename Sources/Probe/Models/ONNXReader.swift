/// Reads the structure of an ONNX file and skips its weights. Source: onnx.proto of the ONNX project, and the wire
/// format of Protocol Buffers.
enum ONNXReader {
  /// Maximum number of tensors.
  private static let tensorsMax = 1 << 20
  /// Maximum number of fields that are read, with those that are skipped.
  static let fieldsMax = 1 << 24
  /// Maximum number of dimensions of a tensor.
  static let dimensionsMax = 64

  /// Reads a model. `bytes` may be the beginning of a file of `fileSize` bytes.
  static func read(_ bytes: RawSpan, fileSize: Int) throws(ModelFileError) -> Model {
    var reader = Reader(bytes.byteCount, fileSize)
    try reader.readModel(bytes)
    guard reader.isModel else { throw .unknownFormat }
    return reader.finish()
  }

  /// A field: its number, wire type, and contents.
  private struct Field {
    var number: UInt64
    var wire: UInt64
    var contents: Range<Int>
    var value: UInt64 = 0
  }

  private struct Reader {
    let available: Int
    let fileSize: Int
    var model = Model(format: .onnx)
    var isModel = false
    private var typeElements: [UInt64: Int] = [:]
    private var weightBytes = 0
    private var fields = 0

    init(_ available: Int, _ fileSize: Int) {
      self.available = available
      self.fileSize = fileSize
    }

    private func varint(_ bytes: RawSpan, _ at: inout Int, _ end: Int) throws(ModelFileError) -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while at < end {
        guard at < available else { throw .incomplete(needed: at + 1) }
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: at, as: UInt8.self)
        at += 1
        if shift == 63, byte > 1 { break }
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
        shift += 7
        if shift > 63 { break }
      }
      throw .malformed("an unterminated number")
    }

    private mutating func field(_ bytes: RawSpan, _ at: inout Int, _ end: Int) throws(ModelFileError) -> Field {
      fields += 1
      guard fields <= ONNXReader.fieldsMax else { throw .malformed("more than \(ONNXReader.fieldsMax) fields") }
      let tag = try varint(bytes, &at, end)
      var field = Field(number: tag >> 3, wire: tag & 7, contents: at..<at)
      guard field.number > 0 else { throw .malformed("a field without a number") }
      var length = 0
      switch field.wire {
      case 0:
        field.value = try varint(bytes, &at, end)
        return field
      case 1: length = 8
      case 5: length = 4
      case 2:
        let stated = try varint(bytes, &at, end)
        guard stated <= UInt64(fileSize) else { throw .malformed("a field of \(stated) bytes") }
        length = Int(stated)
      default: throw .malformed("a field of wire type \(field.wire)")
      }
      guard length <= end - at else { throw .malformed("a field that exceeds its message") }
      field.contents = at..<at + length
      at += length
      return field
    }

    /// Reads the top-level message.
    mutating func readModel(_ bytes: RawSpan) throws(ModelFileError) {
      var at = 0
      while at < fileSize {
        let field = try field(bytes, &at, fileSize)
        switch (field.number, field.wire) {
        case (1, 0):
          guard field.value < 1000 else { throw .unknownFormat }
          model.formatVersion = Int(field.value)
          isModel = true
        case (2, 2): model.name = text(bytes, field.contents)
        case (7, 2):
          guard isModel else { throw .unknownFormat }
          try readGraph(bytes, field.contents)
        default: break
        }
        if !isModel, at > 4096 { throw .unknownFormat }
      }
    }

    private mutating func readGraph(_ bytes: RawSpan, _ range: Range<Int>) throws(ModelFileError) {
      var at = range.lowerBound
      while at < range.upperBound {
        let field = try field(bytes, &at, range.upperBound)
        if field.number == 2, field.wire == 2, model.architecture.isEmpty {
          model.architecture = text(bytes, field.contents)
        }
        if field.number == 5, field.wire == 2 { try readTensor(bytes, field.contents) }
      }
    }

    private mutating func readTensor(_ bytes: RawSpan, _ range: Range<Int>) throws(ModelFileError) {
      model.tensors += 1
      guard model.tensors <= ONNXReader.tensorsMax else {
        throw .malformed("more than \(ONNXReader.tensorsMax) tensors")
      }
      var elements = 1
      var type: UInt64 = 0
      var at = range.lowerBound
      while at < range.upperBound {
        let field = try field(bytes, &at, range.upperBound)
        switch (field.number, field.wire) {
        case (1, 0): elements = elements.times(Int(clamping: field.value))
        case (1, 2):
          var position = field.contents.lowerBound
          var dimensions = 0
          while position < field.contents.upperBound {
            dimensions += 1
            guard dimensions <= ONNXReader.dimensionsMax else {
              throw .malformed("a tensor of more than \(ONNXReader.dimensionsMax) dimensions")
            }
            elements = elements.times(Int(clamping: try varint(bytes, &position, field.contents.upperBound)))
          }
        case (2, 0): type = field.value
        default: break
        }
      }
      guard elements >= 0, elements < Int.max else {
        throw .malformed("a tensor with too many elements")
      }
      model.parameters = model.parameters.plus(elements)
      typeElements[type, default: 0] = typeElements[type, default: 0].plus(elements)
      weightBytes = weightBytes.plus(elements.times(Self.bits(type)) / 8)
    }

    private func text(_ bytes: RawSpan, _ range: Range<Int>) -> String {
      guard range.upperBound <= available, range.count <= 256 else { return "" }
      return GGUFReader.text(bytes, range)
    }

    /// Source: TensorProto.DataType.
    private static func bits(_ type: UInt64) -> Int {
      switch type {
      case 7, 11, 13, 14: 64
      case 1, 6, 12: 32
      case 10, 16, 4, 5: 16
      case 21, 22, 23: 4
      default: 8
      }
    }

    private static let names: [UInt64: String] = [
      1: "FP32", 10: "FP16", 16: "BF16", 11: "FP64", 3: "INT8", 2: "INT8", 17: "FP8", 18: "FP8", 19: "FP8",
      20: "FP8",
      21: "INT4", 22: "INT4", 23: "FP4",
    ]

    /// Returns the model.
    func finish() -> Model {
      var model = self.model
      model.outputBytes = weightBytes
      model.bytesExpected = fileSize
      model.quantization = typeElements.max { $0.value < $1.value }.flatMap { Self.names[$0.key] } ?? ""
      return model
    }
  }
}
