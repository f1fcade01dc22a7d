/// Which models a provider serves: an exact name, or one with `*` for any run of characters.
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

  /// Whether the pattern is a name.
  var isExact: Bool { pieces.count == 1 }

  /// How much the pattern says: a name most, then the longer rest of one with `*`, and `*` alone nothing.
  var weight: Int { isExact ? .max - 1 : text.utf8.count - (pieces.count - 1) }

  func matches(_ model: String) -> Bool {
    let name = Array(model.utf8)
    if isExact { return name == pieces[0] }
    let last = pieces[pieces.count - 1]
    guard name.starts(with: pieces[0]), name.count >= pieces[0].count + last.count else { return false }
    guard name.suffix(last.count).elementsEqual(last) else { return false }
    // The pieces between stand in order in what is left; the earliest place is always a right one.
    var rest = name[pieces[0].count..<name.count - last.count]
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let place = Self.find(piece, in: rest) else { return false }
      rest = rest[(place + piece.count)...]
    }
    return true
  }

  private static func find(_ piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= piece.count else { return nil }
    return (bytes.startIndex...bytes.endIndex - piece.count).first { bytes[$0...].starts(with: piece) }
  }
}
