/// The field lines of a response's head, as they came.
struct ResponseFields {
  private var bytes: [UInt8] = []
  /// Where each line lies, its end included.
  private var lines: [Range<Int>] = []

  /// Takes one line.
  mutating func add(_ line: UnsafeRawBufferPointer) {
    let start = bytes.count
    unsafe bytes.append(contentsOf: line)
    lines.append(start..<bytes.count)
  }

  /// Bytes of a head for which the memory is kept; a larger one is rare, and hundreds of responses are kept.
  private static let keptMax = 4096

  mutating func removeAll() {
    if bytes.capacity > Self.keptMax {
      bytes = []
      lines = []
    } else {
      bytes.removeAll(keepingCapacity: true)
      lines.removeAll(keepingCapacity: true)
    }
  }

  /// The value of the first field of that name (given in lower case), without the spaces around it.
  func value(_ name: StaticString) -> String? {
    range(name).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  /// Whether the first field of that name begins with the text (given in lower case), letter case aside.
  func value(_ name: StaticString, startsWith text: StaticString) -> Bool {
    guard let range = range(name), range.count >= text.utf8CodeUnitCount else { return false }
    return matches(text, at: range.lowerBound)
  }

  private func range(_ name: StaticString) -> Range<Int>? {
    let length = name.utf8CodeUnitCount
    for line in lines where line.count > length && bytes[line.lowerBound + length] == UInt8(ascii: ":") {
      guard matches(name, at: line.lowerBound) else { continue }
      var first = line.lowerBound + length + 1
      var last = line.upperBound
      while first < last, isSpace(bytes[first]) { first += 1 }
      while last > first, isSpace(bytes[last - 1]) { last -= 1 }
      return first..<last
    }
    return nil
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }

  private func matches(_ text: StaticString, at offset: Int) -> Bool {
    guard offset + text.utf8CodeUnitCount <= bytes.count else { return false }
    for index in 0..<text.utf8CodeUnitCount {
      let byte = bytes[offset + index]
      let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      if unsafe lower != text.utf8Start[index] { return false }
    }
    return true
  }
}
