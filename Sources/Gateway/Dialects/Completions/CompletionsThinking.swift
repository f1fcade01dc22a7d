/// Reads settings for thinking, in the formats of various servers.
enum CompletionsThinking {
  /// Reads OpenAI's `reasoning_effort`, or returns `nil` for an unknown value.
  static func effort(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Thinking? {
    guard value.kind == .string, value.slice.count <= 64, let word = value.string(in: json) else { return nil }
    switch word {
    case "none", "off", "disabled": return .off
    // Higher than other dialects allow.
    case "xhigh", "max": return .effort(.high)
    case "default", "auto": return .on
    default: return Conversation.Effort(rawValue: word).map { .effort($0) }
    }
  }

  /// Converts a number of tokens. 0 disables thinking, and llama.cpp's -1 sets no limit.
  static func budget(_ tokens: Int64) -> Conversation.Thinking {
    tokens > 0 ? .budget(tokens) : tokens == 0 ? .off : .on
  }

  /// Reads Anthropic's `thinking`, which LiteLLM, DeepSeek, and others also accept in this dialect.
  static func thinking(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Thinking? {
    if let isOn = value.bool { return isOn ? .on : .off }
    let fields = JSONLists.members(of: value, in: json)
    guard let type = fields.value("type", in: json) else { return nil }
    if type.equals("disabled", in: json) { return .off }
    guard type.equals("enabled", in: json) || type.equals("adaptive", in: json) || type.equals("auto", in: json)
    else { return nil }
    return fields.value("budget_tokens", in: json)?.integer(in: json).map(budget) ?? .on
  }

  /// Reads OpenRouter's `reasoning`.
  static func reasoning(
    _ value: JSONValue, _ json: Span<UInt8>, _ drops: inout [String]
  ) -> Conversation.Thinking? {
    let fields = JSONLists.members(of: value, in: json)
    // Thinking is always returned, so `exclude` has no effect.
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

  /// Reads the parameters for the chat template of a local server.
  static func template(
    _ value: JSONValue, _ json: Span<UInt8>, _ drops: inout [String]
  ) -> Conversation.Thinking? {
    var told: Conversation.Thinking?
    for member in JSONLists.members(of: value, in: json) where member.value.kind != .null {
      // The names of Qwen and others, and of DeepSeek.
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
