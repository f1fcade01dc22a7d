/// How much a caller wants a model to think, in the words of the servers that have any for it.
enum CompletionsThinking {
  /// OpenAI's `reasoning_effort`; `nil` for a word that nobody knows.
  static func effort(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Thinking? {
    guard value.kind == .string, value.slice.count <= 64, let word = value.string(in: json) else { return nil }
    switch word {
    case "none", "off", "disabled": return .off
    // Above the highest that others have.
    case "xhigh", "max": return .effort(.high)
    case "default", "auto": return .on
    default: return Conversation.Effort(rawValue: word).map { .effort($0) }
    }
  }

  /// So many tokens: none is none, and llama.cpp's -1 is any number.
  static func budget(_ tokens: Int64) -> Conversation.Thinking {
    tokens > 0 ? .budget(tokens) : tokens == 0 ? .off : .on
  }

  /// Anthropic's `thinking`, which LiteLLM, DeepSeek and others take in this dialect too.
  static func thinking(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Thinking? {
    if let isOn = value.bool { return isOn ? .on : .off }
    let fields = JSONLists.members(of: value, in: json)
    guard let type = fields.value("type", in: json) else { return nil }
    if type.equals("disabled", in: json) { return .off }
    guard type.equals("enabled", in: json) || type.equals("adaptive", in: json) || type.equals("auto", in: json)
    else { return nil }
    return fields.value("budget_tokens", in: json)?.integer(in: json).map(budget) ?? .on
  }

  /// OpenRouter's `reasoning`.
  static func reasoning(
    _ value: JSONValue, _ json: Span<UInt8>, _ drops: inout [String]
  ) -> Conversation.Thinking? {
    let fields = JSONLists.members(of: value, in: json)
    // The thinking is shown wherever it is had.
    if fields.value("exclude", in: json)?.kind == .true { drops.append("reasoning.exclude") }
    let isOn = fields.value("enabled", in: json)?.bool
    if isOn == false { return .off }
    if let budget = fields.value("max_tokens", in: json)?.integer(in: json) { return self.budget(budget) }
    if let word = fields.value("effort", in: json), word.kind != .null {
      if let effort = effort(word, json) { return effort }
      drops.append("reasoning.effort")
    }
    return isOn == true ? .on : nil
  }

  /// What the template of a model on one's own server is given.
  static func template(
    _ value: JSONValue, _ json: Span<UInt8>, _ drops: inout [String]
  ) -> Conversation.Thinking? {
    var told: Conversation.Thinking?
    for member in JSONLists.members(of: value, in: json) where member.value.kind != .null {
      // Qwen's and others' name for it, and DeepSeek's.
      let isSwitch = member.keyEquals("enable_thinking", in: json) || member.keyEquals("thinking", in: json)
      if isSwitch, let isOn = member.value.bool {
        told = isOn ? told ?? .on : .off
      } else if member.keyEquals("reasoning_effort", in: json), let effort = effort(member.value, json) {
        told = told == .off ? .off : effort
      } else {
        drops.append("chat_template_kwargs")
      }
    }
    return told
  }
}
