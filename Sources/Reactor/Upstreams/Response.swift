/// What has come back from an upstream so far, whatever carried it.
///
/// One object per running transfer, reused for the next: a class because libcurl's callbacks need an address.
public final class Response {
  /// The status of the final head; 0 before it.
  public internal(set) var status = 0

  /// Whether the final head is complete.
  public internal(set) var hasHead = false

  /// Body bytes not yet consumed.
  public internal(set) var body = Bytes()

  /// The fields of the final head, as lines; at most `headBytesMax`.
  var head: [UInt8] = []

  /// All bytes of heads, informational ones included.
  var headBytes = 0

  /// Whether the bytes so far broke a bound or the grammar; what the end will say.
  var fault: TransferError?

  /// Whether the transport is holding back because `body` is full.
  var isPaused = false

  /// Bytes of all heads of one response.
  static let headBytesMax = 64 * 1024

  /// Body bytes that may wait before the transport is paused; one read more may be added to them.
  static let bodyBytesMax = 256 * 1024

  init() {}

  /// Makes ready for the next transfer.
  func reset() {
    status = 0
    hasHead = false
    body.clear()
    body.shrink()
    head.removeAll(keepingCapacity: true)
    headBytes = 0
    fault = nil
    isPaused = false
  }

  /// The value of the first field of that name (given in lower case), without the spaces around it.
  public func field(_ name: StaticString) -> String? {
    guard let range = fieldRange(name) else { return nil }
    return String(decoding: head[range], as: UTF8.self)
  }

  /// Whether the first field of that name begins with the text, letter case aside.
  public func field(_ name: StaticString, startsWith text: StaticString) -> Bool {
    guard let range = fieldRange(name), range.count >= text.utf8CodeUnitCount else { return false }
    return matches(text, at: range.lowerBound)
  }

  private func fieldRange(_ name: StaticString) -> Range<Int>? {
    var line = 0
    let length = name.utf8CodeUnitCount
    while line < head.count {
      var end = line
      while end < head.count, head[end] != UInt8(ascii: "\n") { end += 1 }
      if end - line > length, head[line + length] == UInt8(ascii: ":"), matches(name, at: line) {
        var first = line + length + 1
        var last = end
        while first < last, isSpace(head[first]) { first += 1 }
        while last > first, isSpace(head[last - 1]) { last -= 1 }
        return first..<last
      }
      line = end + 1
    }
    return nil
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }

  private func matches(_ text: StaticString, at offset: Int) -> Bool {
    guard offset + text.utf8CodeUnitCount <= head.count else { return false }
    return text.withUTF8Buffer { expected in
      for index in 0..<expected.count {
        let byte = head[offset + index]
        let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
        if unsafe lower != expected[index] { return false }
      }
      return true
    }
  }
}
