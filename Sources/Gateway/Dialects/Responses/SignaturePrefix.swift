/// What stands before a signature in `encrypted_content`, so that it is known when it comes back.
///
/// A caller has to return reasoning items as they are (OpenAI API reference, "Reasoning models"), which is what a
/// signature asks for. What OpenAI itself encrypted begins otherwise, and no other maker can read it.
enum SignaturePrefix: CaseIterable {
  /// Of the thinking in the same item.
  case thinking
  /// The whole of what was thought, readable for the model's maker alone.
  case redacted
  /// Of the call before the item.
  case toolCall

  var prefix: StaticString {
    switch self {
    case .thinking: "hoosh1:"
    case .redacted: "hoosh1-redacted:"
    case .toolCall: "hoosh1-call:"
    }
  }

  /// The signature and what it is for; `nil` for what was made elsewhere.
  static func open(_ value: JSONValue?, _ json: Span<UInt8>) -> (SignaturePrefix, EscapedText)? {
    guard let value, value.kind == .string else { return nil }
    let start = Int(value.slice.start) + 1
    let end = value.end - 1
    for seal in allCases where json.hasPrefix(seal.prefix, at: start, before: end) {
      return (seal, .borrowed(Slice(start + seal.prefix.utf8CodeUnitCount..<end)))
    }
    return nil
  }
}
