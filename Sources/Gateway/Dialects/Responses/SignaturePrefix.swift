/// The prefix of a signature in `encrypted_content`, which identifies it when the caller returns it.
///
/// A caller must return reasoning items unchanged (OpenAI API reference, "Reasoning models"), as signatures require.
/// Content that OpenAI itself encrypted starts differently, and no other provider can read it.
enum SignaturePrefix: CaseIterable {
  /// The signature of the thinking in the same item.
  case thinking
  /// The complete thinking, which only the model's provider can read.
  case redacted
  /// The signature of the tool call before the item.
  case toolCall

  var text: StaticString {
    switch self {
    case .thinking: "hoosh1:"
    case .redacted: "hoosh1-redacted:"
    case .toolCall: "hoosh1-call:"
    }
  }

  /// Returns the signature and its prefix, or `nil` if it is not from hoosh.
  static func open(_ value: JSONValue?, _ json: Span<UInt8>) -> (SignaturePrefix, EscapedText)? {
    guard let value, value.kind == .string else { return nil }
    let start = Int(value.slice.start) + 1
    let end = value.end - 1
    for prefix in allCases where json.hasPrefix(prefix.text, at: start, before: end) {
      return (prefix, .borrowed(Slice(start + prefix.text.utf8CodeUnitCount..<end)))
    }
    return nil
  }
}
