import Glibc

/// Splits input in pieces into lines. A line within one piece is not copied.
struct LineReader {
  /// The longest line, in bytes. Longer ones are errors.
  static let lineBytesMax = 1 << 20

  private var carry = Carry()
  private var isTaken = false

  /// Returns the next line without its end, valid until the next call, or `nil` if the piece ends before the line
  /// does.
  @inline(__always)
  mutating func next(_ input: UnsafeRawBufferPointer, _ offset: inout Int) -> UnsafeRawBufferPointer? {
    if isTaken {
      carry.clear()
      isTaken = false
    }
    let start = offset
    guard start < input.count else { return nil }
    let base = input.baseAddress!
    guard let end = memchr(base + start, 10, input.count - start) else {
      carry.append(UnsafeRawBufferPointer(rebasing: input[start...]))
      offset = input.count
      return nil
    }
    let length = UnsafeRawPointer(end) - (base + start)
    offset = start + length + 1
    var line = UnsafeRawBufferPointer(start: base + start, count: length)
    if carry.count > 0 {
      carry.append(line)
      isTaken = true
      line = carry.all
    }
    if let last = line.last, last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
    return line
  }

  var isTooLong: Bool { carry.count > Self.lineBytesMax }

  mutating func clear() {
    carry.clear()
    isTaken = false
  }

  mutating func free() {
    carry.free()
    isTaken = false
  }
}
