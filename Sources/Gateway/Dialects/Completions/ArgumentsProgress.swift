/// Follows the arguments of a tool call as they arrive, and finds out whether their object is complete.
struct ArgumentsProgress {
  /// Whether there were arguments, even empty ones.
  var hasBegun = false
  /// The containers that are open.
  private var depth = 0
  private var hasClosed = false
  private var isInString = false
  /// Whether the byte before was a backslash in a string.
  private var isEscape = false

  /// Whether no more arguments follow: their object has ended, or there were none at all.
  var isComplete: Bool { !hasBegun || (hasClosed && depth == 0) }

  /// Reads a part, which is the inside of a JSON string.
  mutating func take(_ piece: EscapedText, _ json: Span<UInt8>) {
    hasBegun = true
    for byte in piece.unescaped(in: json) { take(byte) }
  }

  private mutating func take(_ byte: UInt8) {
    if isEscape {
      isEscape = false
    } else if isInString {
      if byte == UInt8(ascii: "\\") { isEscape = true }
      if byte == UInt8(ascii: "\"") { isInString = false }
    } else {
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        hasClosed = hasClosed || depth == 0
      default: break
      }
    }
  }
}
