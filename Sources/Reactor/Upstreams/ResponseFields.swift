/// The header lines of a response, as received.
struct ResponseFields {
  private var bytes: [UInt8] = []
  /// The range of each line, including its line break.
  private var lines: [Range<Int>] = []

  /// Appends one line.
  mutating func add(_ line: UnsafeRawBufferPointer) {
    let start = bytes.count
    unsafe bytes.append(contentsOf: line)
    lines.append(start..<bytes.count)
  }

  /// Appends one line.
  mutating func add(_ line: Span<UInt8>) { unsafe line.withUnsafeBytes { unsafe add($0) } }

  /// The largest storage kept for reuse, in bytes. Larger heads are rare, and hundreds of responses are kept.
  private static let keptMax = 4096

  /// Removes all lines.
  mutating func removeAll() {
    if bytes.capacity > Self.keptMax {
      bytes = []
      lines = []
    } else {
      bytes.removeAll(keepingCapacity: true)
      lines.removeAll(keepingCapacity: true)
    }
  }

  /// Returns the value of the first field with a name (in lower case), without surrounding whitespace.
  func value(_ name: StaticString) -> String? {
    range(name).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  /// Calls `body` with the name and the value of each field, in order.
  func forEach(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
    let span = bytes.span
    for line in lines {
      var colon = line.lowerBound
      while colon < line.upperBound, span[colon] != UInt8(ascii: ":") { colon += 1 }
      if colon == line.upperBound { continue }
      body(span.extracting(line.lowerBound..<colon), span.extracting(value(behind: colon, in: line)))
    }
  }

  private func range(_ name: StaticString) -> Range<Int>? {
    let length = name.utf8CodeUnitCount
    for line in lines where line.count > length && bytes[line.lowerBound + length] == UInt8(ascii: ":") {
      guard matches(name, at: line.lowerBound) else { continue }
      return value(behind: line.lowerBound + length, in: line)
    }
    return nil
  }

  private func value(behind colon: Int, in line: Range<Int>) -> Range<Int> {
    var first = colon + 1
    var last = line.upperBound
    while first < last, isSpace(bytes[first]) { first += 1 }
    while last > first, isSpace(bytes[last - 1]) { last -= 1 }
    return first..<last
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
