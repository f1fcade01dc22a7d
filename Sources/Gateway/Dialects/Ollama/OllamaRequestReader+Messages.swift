// Reads the messages of a chat and its tools.

extension OllamaRequestReader {
  static func readMessages(
    _ list: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard list.kind == .array else { throw apiError("messages", "must be an array") }
    for (index, element) in JSONLists.elements(of: list, in: json).enumerated() {
      conversation.messages.append(try message(element, "messages[\(index)]", json))
    }
  }

  private static func message(
    _ element: JSONValue, _ position: String, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Message {
    guard element.kind == .object else { throw apiError(position, "must be an object") }
    let fields = JSONLists.members(of: element, in: json)
    var content: [Conversation.Part] = []
    if let value = fields.present("content", in: json) {
      guard let text = EscapedText(value) else {
        throw apiError(position + ".content", "must be a string; put images into `images`")
      }
      if !text.isEmpty { content.append(.text(text)) }
    }
    if let value = fields.present("images", in: json) { content += try images(value, position + ".images", json) }
    switch try role(fields.value("role", in: json), position, json) {
    case .system: return Conversation.Message(role: .system, parts: content)
    case .user: return Conversation.Message(role: .user, parts: content)
    case .assistant:
      var parts: [Conversation.Part] = []
      if let value = fields.present("thinking", in: json) {
        let text = try text(value, position + ".thinking")
        if !text.isEmpty { parts.append(.thinking(text, signature: nil)) }
      }
      parts += content
      if let value = fields.present("tool_calls", in: json) {
        parts += try calls(value, position + ".tool_calls", json)
      }
      return Conversation.Message(role: .assistant, parts: parts)
    case .tool:
      // Some clients name the tool in `name`.
      let name = fields.present("tool_name", in: json) ?? fields.present("name", in: json)
      let result = Conversation.ToolResult(
        id: filled(fields.value("tool_call_id", in: json)), name: filled(name), parts: content)
      return Conversation.Message(role: .user, parts: [.toolResult(result)])
    }
  }

  private enum Role { case system, user, assistant, tool }

  /// Returns the role. Like Ollama, this ignores case.
  private static func role(_ value: JSONValue?, _ position: String, _ json: Span<UInt8>) throws(APIError) -> Role {
    var name: [UInt8] = []
    value?.append(to: &name, from: json)
    if name.span.equalsIgnoringCase("user".utf8.span) { return .user }
    if name.span.equalsIgnoringCase("assistant".utf8.span) { return .assistant }
    if name.span.equalsIgnoringCase("tool".utf8.span) { return .tool }
    if name.span.equalsIgnoringCase("system".utf8.span) || name.span.equalsIgnoringCase("developer".utf8.span) {
      return .system
    }
    throw apiError(position + ".role", "must be system, user, assistant or tool")
  }

  static func images(
    _ value: JSONValue, _ position: String, _ json: Span<UInt8>
  ) throws(APIError) -> [Conversation.Part] {
    guard value.kind == .array else { throw apiError(position, "must be an array") }
    var parts: [Conversation.Part] = []
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      guard let image = OllamaImage.read(element, json) else {
        throw apiError("\(position)[\(index)]", "must be a PNG, JPEG, GIF, or WebP image in base64")
      }
      parts.append(.image(image))
    }
    return parts
  }

  // MARK: Tools

  private static func calls(
    _ value: JSONValue, _ position: String, _ json: Span<UInt8>
  ) throws(APIError) -> [Conversation.Part] {
    guard value.kind == .array else { throw apiError(position, "must be an array") }
    var parts: [Conversation.Part] = []
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      let call = JSONLists.members(of: element, in: json)
      let function = JSONLists.members(of: call.value("function", in: json), in: json)
      guard let name = filled(function.value("name", in: json)) else {
        throw apiError("\(position)[\(index)].function.name", "must be the name of a tool")
      }
      guard let arguments = arguments(function.present("arguments", in: json), json) else {
        throw apiError("\(position)[\(index)].function.arguments", "must be an object")
      }
      parts.append(
        .toolCall(Conversation.ToolCall(id: filled(call.value("id", in: json)), name: name, arguments: arguments)))
    }
    return parts
  }

  /// Returns a tool call's arguments: an object, nothing, or an object in a string, as OpenAI's clients send it.
  private static func arguments(_ value: JSONValue?, _ json: Span<UInt8>) -> RawJSON? {
    guard let value else { return .owned(Array("{}".utf8)) }
    if value.kind == .object { return RawJSON(value) }
    var text: [UInt8] = []
    guard value.append(to: &text, from: json) else { return nil }
    if text.isEmpty { return .owned(Array("{}".utf8)) }
    return JSONLists.isObject(text.span) ? .owned(text) : nil
  }

  static func tools(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) -> [Conversation.Tool] {
    guard value.kind == .array else { throw apiError("tools", "must be an array") }
    var tools: [Conversation.Tool] = []
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      let position = "tools[\(index)].function"
      let function = JSONLists.members(
        of: JSONLists.members(of: element, in: json).value("function", in: json), in: json)
      guard let name = filled(function.value("name", in: json)) else {
        throw apiError(position + ".name", "must be the name of a tool")
      }
      let parameters = function.present("parameters", in: json)
      if let parameters, parameters.kind != .object {
        throw apiError(position + ".parameters", "must be a JSON Schema, an object")
      }
      tools.append(
        Conversation.Tool(
          name: name, description: filled(function.value("description", in: json)),
          parameters: parameters.map { RawJSON($0) }, isStrict: function.value("strict", in: json)?.bool))
    }
    return tools
  }

  /// Returns a string that is not empty, or `nil`.
  private static func filled(_ value: JSONValue?) -> EscapedText? {
    guard let text = EscapedText(value), !text.isEmpty else { return nil }
    return text
  }
}

extension [Member] {
  /// Returns the value of the named member, or `nil` if it is null.
  fileprivate func present(_ name: StaticString, in json: Span<UInt8>) -> JSONValue? {
    guard let value = value(name, in: json), value.kind != .null else { return nil }
    return value
  }
}
