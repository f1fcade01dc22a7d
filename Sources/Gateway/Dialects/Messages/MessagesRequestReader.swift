/// Reads the body of an Anthropic Messages request.
///
/// Source: Anthropic API reference, "Create a Message", and the types of its Python SDK 2.13. The reference asks
/// servers to skip unknown fields, so no field is rejected. Fields that a model does not receive are reported.
enum MessagesRequestReader {
  /// Reads a body that was checked as a whole. A request to count tokens has no `max_tokens`.
  static func read(_ json: Span<UInt8>, isCount: Bool = false) throws(APIError) -> Conversation {
    let root = JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
    var conversation = Conversation()
    var parts = Parts()
    for member in JSONLists.members(of: root, in: json) where member.value.kind != .null {
      try read(member, json, &parts, &conversation)
    }
    guard conversation.maxTokens != nil || isCount else {
      throw APIError(
        400, .missingField, "The field `max_tokens` is missing: say how many tokens the answer may have.",
        param: "max_tokens")
    }
    guard let messages = parts.messages else {
      throw APIError(400, .missingField, "The field `messages` is missing.", param: "messages")
    }
    // The system message comes first, wherever it is in the body.
    if let system = parts.system { try MessagesTurnsReader.readSystem(system, json, into: &conversation) }
    try MessagesTurnsReader.readTurns(messages, json, into: &conversation)
    conversation.thinking = parts.thinking ?? parts.effort.map { .effort($0) }
    // An effort guides a model that decides by itself how much it thinks.
    if conversation.thinking == .on, let effort = parts.effort { conversation.thinking = .effort(effort) }
    return conversation
  }

  /// The members that are combined after all of them were read.
  private struct Parts {
    var system: JSONValue?
    var messages: JSONValue?
    var thinking: Conversation.Thinking?
    var effort: Conversation.Effort?
  }

  private static func read(
    _ member: Member, _ json: Span<UInt8>, _ parts: inout Parts, _ conversation: inout Conversation
  ) throws(APIError) {
    let value = member.value
    let name = member.name(in: json)
    switch name {
    case "model", "stream": break
    case "system": parts.system = value
    case "messages":
      guard value.kind == .array else { throw apiError(name, "must be an array") }
      if value.elements == 0 { throw apiError(name, "must have at least one message") }
      parts.messages = value
    case "max_tokens":
      guard let tokens = value.integer(in: json), tokens >= 1 else {
        throw apiError(name, "must be a whole number of at least 1")
      }
      conversation.maxTokens = tokens
    case "temperature": conversation.sampling.temperature = try number(value, name)
    case "top_p": conversation.sampling.topP = try number(value, name)
    case "top_k": conversation.sampling.topK = try number(value, name)
    case "stop_sequences": conversation.sampling.stop = try texts(value, name, json)
    case "tools": try readTools(value, json, &conversation)
    case "tool_choice": try readToolChoice(value, json, &conversation)
    case "thinking": try readThinking(value, json, &parts, &conversation)
    case "output_config": readOutputConfig(value, json, &parts, &conversation)
    case "output_format": readFormat(value, name, json, &conversation)
    case "metadata":
      conversation.user = EscapedText(JSONLists.members(of: value, in: json).value("user_id", in: json))
    default: conversation.drop(name)
    }
  }

  // MARK: Plain values

  private static func number(_ value: JSONValue, _ name: String) throws(APIError) -> RawJSON {
    guard value.kind == .number else { throw apiError(name, "must be a number") }
    return RawJSON(value)
  }

  private static func texts(_ value: JSONValue, _ name: String, _ json: Span<UInt8>) throws(APIError)
    -> [EscapedText]
  {
    guard value.kind == .array else { throw apiError(name, "must be an array of strings") }
    var texts: [EscapedText] = []
    for element in JSONLists.elements(of: value, in: json) {
      guard let text = EscapedText(element) else { throw apiError(name, "must be an array of strings") }
      texts.append(text)
    }
    return texts
  }

  // MARK: Tools

  private static func readTools(
    _ value: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .array else { throw apiError("tools", "must be an array") }
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      let tool = JSONLists.members(of: element, in: json)
      let schema = tool.value("input_schema", in: json)
      let type = tool.value("type", in: json)
      if let type, type.kind == .string, !type.equals("custom", in: json), schema?.kind != .object {
        // Anthropic's own tools, which no other provider has.
        conversation.drop("tools." + (type.string(in: json) ?? ""))
        continue
      }
      guard let name = EscapedText(tool.value("name", in: json)), !name.isEmpty else {
        throw apiError("tools[\(index)].name", "must be a string that is not empty")
      }
      var read = Conversation.Tool(name: name)
      read.description = EscapedText(tool.value("description", in: json))
      if let schema, schema.kind != .null {
        guard schema.kind == .object else { throw apiError("tools[\(index)].input_schema", "must be an object") }
        read.parameters = RawJSON(schema)
      }
      read.isStrict = tool.value("strict", in: json)?.bool
      if let value = tool.value("cache_control", in: json), value.kind == .object {
        read.cacheControl = RawJSON(value)
      }
      conversation.tools.append(read)
    }
  }

  private static func readToolChoice(
    _ value: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) throws(APIError) {
    let choice = JSONLists.members(of: value, in: json)
    switch choice.value("type", in: json)?.string(in: json) {
    case "auto": conversation.toolChoice = .auto
    case "any": conversation.toolChoice = .required
    case "none": conversation.toolChoice = Conversation.ToolChoice.none
    case "tool":
      guard let name = EscapedText(choice.value("name", in: json)) else {
        throw apiError("tool_choice.name", "must be a string")
      }
      conversation.toolChoice = .named(name)
    default: throw apiError("tool_choice.type", "must be auto, any, tool or none")
    }
    conversation.allowsParallelCalls = choice.value("disable_parallel_tool_use", in: json)?.bool.map { !$0 }
  }

  // MARK: Thinking and the form of the answer

  private static func readThinking(
    _ value: JSONValue, _ json: Span<UInt8>, _ parts: inout Parts, _ conversation: inout Conversation
  ) throws(APIError) {
    let thinking = JSONLists.members(of: value, in: json)
    switch thinking.value("type", in: json)?.string(in: json) {
    case "disabled": parts.thinking = .off
    case "adaptive", "between_tools":
      parts.thinking = .on
      conversation.isThinkingAdaptive = true
    case "enabled":
      guard let budget = thinking.value("budget_tokens", in: json) else {
        parts.thinking = .on
        return
      }
      guard let tokens = budget.integer(in: json), tokens >= 1 else {
        throw apiError("thinking.budget_tokens", "must be a whole number of at least 1")
      }
      parts.thinking = .budget(tokens)
    default: conversation.drop("thinking")
    }
  }

  private static func readOutputConfig(
    _ value: JSONValue, _ json: Span<UInt8>, _ parts: inout Parts, _ conversation: inout Conversation
  ) {
    guard value.kind == .object else { return conversation.drop("output_config") }
    for member in JSONLists.members(of: value, in: json) where member.value.kind != .null {
      if member.keyEquals("effort", in: json), let effort = effort(member.value, json) {
        parts.effort = effort
      } else if member.keyEquals("format", in: json) {
        readFormat(member.value, "output_config.format", json, &conversation)
      } else {
        conversation.drop("output_config." + member.name(in: json))
      }
    }
  }

  private static func effort(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Effort? {
    switch value.string(in: json) {
    case "minimal": .minimal
    case "low": .low
    case "medium": .medium
    // Other dialects have no higher effort.
    case "high", "xhigh", "max": .high
    default: nil
    }
  }

  private static func readFormat(
    _ value: JSONValue, _ name: String, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) {
    let format = JSONLists.members(of: value, in: json)
    guard let schema = format.value("schema", in: json), schema.kind == .object else {
      return conversation.drop(name)
    }
    conversation.format = .schema(RawJSON(schema), name: nil, isStrict: nil)
  }

  private static func apiError(_ position: String, _ rule: String) -> APIError {
    APIError(400, .invalidValue, "`\(position)` \(rule).", param: position)
  }
}
