/// A request that completes texts. It has prompts in place of messages, and each has as many answers as the caller asks for.
///
/// Source: OpenAI API reference, "Create completion".
extension ChatRequest {
  /// Whether the prompt is other than one text: several, or token IDs.
  enum Prompt: Equatable {
    case text
    /// One text in a list.
    case listed(JSONValue)
    case texts(Int)
    case tokens(Int)

    var count: Int {
      switch self {
      case .text, .listed: 1
      case .texts(let count), .tokens(let count): count
      }
    }
  }

  /// Reads the prompt: a text, texts, the token IDs of one, or of several.
  mutating func readPrompt(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .string { return prompt = .text }
    let elements = JSONLists.elements(of: member.value, in: json)
    guard let first = elements.first, elements.allSatisfy({ $0.kind == first.kind }) else {
      throw .invalid("prompt", "must be a string, a list of strings, or lists of token IDs")
    }
    switch first.kind {
    case .string: prompt = elements.count == 1 ? .listed(first) : .texts(elements.count)
    case .number where JSONLists.isListOfIDs(member.value, in: json): prompt = .tokens(1)
    case .array where elements.allSatisfy({ $0.elements > 0 && JSONLists.isListOfIDs($0, in: json) }):
      prompt = .tokens(elements.count)
    default: throw .invalid("prompt", "must be a string, a list of strings, or lists of token IDs")
    }
  }

  /// Returns the error of a request for too many answers, and counts them.
  mutating func checkPrompts() -> APIError? {
    choiceCount *= prompt.count
    generatedCount *= prompt.count
    guard choiceCount > Self.completionsMax, endpoint.kind == .completions else { return nil }
    return .invalid(
      "prompt",
      "may have at most \(Self.completionsMax) answers, counting `n` for each; this request has \(choiceCount)")
  }

  /// The members that a provider with one answer to one prompt does not read.
  private static let unread: [StaticString] = ["best_of", "echo", "logprobs", "logit_bias"]

  /// Adds the edits for a provider that gives one answer to one prompt, such as Ollama; returns the fields that it does
  /// not read.
  func adaptToOnePrompt(_ edits: inout Splice, _ json: Span<UInt8>) throws(APIError) -> DroppedFields {
    switch prompt {
    case .text: break
    case .listed(let text): edits.replace(messages, with: json.bytes(text.slice))
    case .texts, .tokens:
      throw .invalid("prompt", "must be one text: this model's provider takes no lists and no token IDs")
    }
    var dropped = DroppedFields()
    if choiceCount > 1 { dropped.add("n") }
    for member in JSONLists.members(of: JSONLists.root(json), in: json) {
      if member.value.kind == .null || member.value.kind == .false { continue }
      for name in Self.unread where member.keyEquals(name, in: json) { dropped.add(String(describing: name)) }
    }
    return dropped
  }
}
