/// Mends text that is not UTF-8.
enum UTF8Text {
  /// Returns the text with U+FFFD for each sequence that is not UTF-8 (Unicode, "U+FFFD Substitution of Maximal
  /// Subparts"), or `nil` if it has none.
  static func mended(_ text: Span<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    var copied = 0
    var at = 0
    while at < text.count {
      if text[at] < 0x80 {
        at += 1
        continue
      }
      let length = text.sequenceLength(at: at)
      if length > 0 {
        at += length
        continue
      }
      out.append(text.extracting(copied..<at))
      out.append("\u{fffd}")
      at = min(at - length, text.count)
      copied = at
    }
    if copied == 0 { return nil }
    out.append(text.extracting(copied...))
    return out
  }
}
