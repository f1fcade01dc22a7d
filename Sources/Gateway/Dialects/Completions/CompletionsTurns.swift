/// Reads the messages of a chat completion request. Tool results become user messages.
struct CompletionsTurns {
  /// The names of tool calls by ID, both without escapes. Dialects without IDs match results by name.
  private var names: [[UInt8]: EscapedText] = [:]
  /// Whether the last message holds tool results, so that more results join it.
  private var takesResults = false

  /// The relevant members of a message.
  private struct Message {
    var role: JSONValue?
    var content: JSONValue?
    var name: JSONValue?
    var apiError: JSONValue?
    var reasoning: JSONValue?
    var thinkingBlocks: JSONValue?
    var reasoningDetails: JSONValue?
    var calls: JSONValue?
    var functionCall: JSONValue?
    var callID: JSONValue?
  }

  /// The fields of answers that clients send back although they mean nothing to a model.
  private static let bookkeeping: [StaticString] = [
    "annotations", "id", "index", "object", "status", "provider_specific_fields", "function_call", "tool_calls",
  ]

  mutating func read(
    _ list: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) throws(APIError) {
    for (index, element) in JSONLists.elements(of: list, in: json).enumerated() {
      try readMessage(element, json, at: index, &conversation)
    }
  }

  private mutating func readMessage(
    _ element: JSONValue, _ json: Span<UInt8>, at index: Int, _ conversation: inout Conversation
  ) throws(APIError) {
    let message = Self.message(element, json, &conversation)
    guard let role = message.role else { throw Self.roleError(index) }
    if role.equals("tool", in: json) || role.equals("function", in: json) {
      let isFunction = role.equals("function", in: json)
      return try addResult(message, isFunction, json, at: index, &conversation)
    }
    if message.name != nil { conversation.drop("messages.name") }
    var turn: Conversation.Message
    if role.equals("system", in: json) || role.equals("developer", in: json) {
      turn = Conversation.Message(role: .system)
      try CompletionsParts.read(message.content, json, at: index, role: .system, to: &turn.parts)
    } else if role.equals("user", in: json) {
      turn = Conversation.Message(role: .user)
      try CompletionsParts.read(message.content, json, at: index, to: &turn.parts)
    } else if role.equals("assistant", in: json) {
      turn = Conversation.Message(role: .assistant)
      try readAssistant(message, json, at: index, to: &turn.parts)
    } else {
      throw Self.roleError(index)
    }
    // Most dialects reject an empty message.
    if turn.parts.isEmpty { return }
    takesResults = false
    conversation.messages.append(turn)
  }

  private static func message(
    _ element: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) -> Message {
    var message = Message()
    for member in JSONLists.members(of: element, in: json) where member.value.kind != .null {
      let value = member.value
      if member.keyEquals("role", in: json) {
        message.role = value
      } else if member.keyEquals("content", in: json) {
        message.content = value
      } else if member.keyEquals("name", in: json) {
        message.name = value
      } else if member.keyEquals("refusal", in: json) {
        message.apiError = value
      } else if member.keyEquals("reasoning_content", in: json) || member.keyEquals("reasoning", in: json) {
        message.reasoning = value
      } else if member.keyEquals("thinking_blocks", in: json) {
        message.thinkingBlocks = value
      } else if member.keyEquals("reasoning_details", in: json) {
        message.reasoningDetails = value
      } else if member.keyEquals("tool_calls", in: json), value.kind == .array {
        message.calls = value
      } else if member.keyEquals("function_call", in: json), value.kind == .object {
        message.functionCall = value
      } else if member.keyEquals("tool_call_id", in: json) {
        message.callID = value
      } else if !bookkeeping.contains(where: { member.keyEquals($0, in: json) }), member.key.count <= 256 {
        conversation.drop("messages." + member.name(in: json))
      }
    }
    return message
  }

  // MARK: Assistant messages

  private mutating func readAssistant(
    _ message: Message, _ json: Span<UInt8>, at index: Int, to parts: inout [Conversation.Part]
  ) throws(APIError) {
    parts += CompletionsParts.thinking(
      plain: EscapedText(message.reasoning), message.thinkingBlocks ?? message.reasoningDetails, json)
    try CompletionsParts.read(message.content, json, at: index, role: .assistant, to: &parts)
    if message.content == nil, let apiError = EscapedText(message.apiError), !apiError.isEmpty {
      parts.append(.text(apiError))
    }
    for call in JSONLists.elements(of: message.calls, in: json) {
      parts.append(.toolCall(try readCall(call, json, at: index)))
    }
    if message.calls == nil, let call = message.functionCall {
      parts.append(.toolCall(try Self.readFunction(call, id: nil, json, at: index)))
    }
  }

  private mutating func readCall(
    _ value: JSONValue, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.ToolCall {
    let fields = JSONLists.members(of: value, in: json)
    guard let id = EscapedText(fields.value("id", in: json)) else { throw Self.callError(index) }
    var call = try Self.readFunction(fields.value("function", in: json), id: id, json, at: index)
    // Clients of servers without IDs send empty ones.
    if id.isEmpty { call.id = nil } else { names[id.unescaped(in: json)] = call.name }
    call.signature = CompletionsParts.signature(ofCall: fields, json)
    return call
  }

  private static func readFunction(
    _ value: JSONValue?, id: EscapedText?, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.ToolCall {
    let function = JSONLists.members(of: value, in: json)
    guard let name = EscapedText(function.value("name", in: json)) else { throw callError(index) }
    guard let arguments = arguments(function.value("arguments", in: json), json) else {
      throw apiError(index, "tool_calls", "must have arguments that are a JSON object in a string")
    }
    return Conversation.ToolCall(id: id, name: name, arguments: arguments)
  }

  /// Returns the object in a string, or `nil` for other JSON. An empty string is an object without members, and half an
  /// object is wrapped.
  private static func arguments(_ value: JSONValue?, _ json: Span<UInt8>) -> RawJSON? {
    guard let value, value.kind != .null else { return .owned(Array("{}".utf8)) }
    // This is not the documented format, but its meaning is clear.
    if value.kind == .object { return RawJSON(value) }
    guard value.kind == .string else { return nil }
    var text: [UInt8] = []
    value.append(to: &text, from: json)
    let start = Scanner.skip(in: text.span, from: 0)
    if start == text.count { return .owned(Array("{}".utf8)) }
    do throws(JSONError) {
      let whole = try Scanner.whole(text.span)
      return whole.kind == .object ? .owned(text) : nil
    } catch {
      // Half an object.
      return text[start] == UInt8(ascii: "{") ? .owned(Conversation.ToolCall.wrapped(value, json)) : nil
    }
  }

  // MARK: Tool results

  private mutating func addResult(
    _ message: Message, _ isFunction: Bool, _ json: Span<UInt8>, at index: Int, _ conversation: inout Conversation
  ) throws(APIError) {
    var result = Conversation.ToolResult(id: nil, name: EscapedText(message.name), parts: [])
    if isFunction {
      if result.name == nil { throw Self.apiError(index, "name", "is missing") }
    } else {
      guard let id = EscapedText(message.callID) else { throw Self.apiError(index, "tool_call_id", "is missing") }
      result.id = id.isEmpty ? nil : id
      result.name = names[id.unescaped(in: json)] ?? result.name
    }
    try CompletionsParts.read(message.content, json, at: index, to: &result.parts)
    if takesResults {
      conversation.messages[conversation.messages.count - 1].parts.append(.toolResult(result))
    } else {
      conversation.messages.append(Conversation.Message(role: .user, parts: [.toolResult(result)]))
      takesResults = true
    }
  }

  // MARK: Errors

  private static func roleError(_ index: Int) -> APIError {
    apiError(index, "role", "must be system, developer, user, assistant or tool")
  }

  private static func callError(_ index: Int) -> APIError {
    apiError(index, "tool_calls", "must have an id and a function with a name")
  }

  static func apiError(_ index: Int, _ field: String, _ rule: String) -> APIError {
    let position = "messages[\(index)].\(field)"
    return APIError(400, .invalidValue, "`\(position)` \(rule).", param: position)
  }
}
