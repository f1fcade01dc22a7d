/// A pattern of model names: an exact name, or one with `*` for any number of characters.
struct ModelPattern: Equatable, Sendable {
  let text: String
  private let pieces: [[UInt8]]

  init(_ text: String) {
    self.text = text
    var pieces: [[UInt8]] = [[]]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "*") { pieces.append([]) } else { pieces[pieces.count - 1].append(byte) }
    }
    self.pieces = pieces
  }

  /// Whether the pattern is an exact name.
  var isExact: Bool { pieces.count == 1 }

  /// The specificity: highest for an exact name, then the number of characters besides `*`.
  var weight: Int { isExact ? .max - 1 : text.utf8.count - (pieces.count - 1) }

  /// Returns whether a model's name matches the pattern.
  func matches(_ model: String) -> Bool {
    let name = Array(model.utf8)
    if isExact { return name == pieces[0] }
    let last = pieces[pieces.count - 1]
    guard name.starts(with: pieces[0]), name.count >= pieces[0].count + last.count else { return false }
    guard name.suffix(last.count).elementsEqual(last) else { return false }
    // The other pieces follow in order. The earliest match of each is sufficient.
    var rest = name[pieces[0].count..<name.count - last.count]
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let position = Self.find(piece, in: rest) else { return false }
      rest = rest[(position + piece.count)...]
    }
    return true
  }

  private static func find(_ piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= piece.count else { return nil }
    return (bytes.startIndex...bytes.endIndex - piece.count).first { bytes[$0...].starts(with: piece) }
  }
}
