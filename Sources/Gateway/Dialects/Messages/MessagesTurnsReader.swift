/// Reads the messages of a Messages request and their blocks.
///
/// Source: Anthropic API reference, "Create a Message", and the block types of its Python SDK 2.13.
enum MessagesTurnsReader {
  /// The prefix of the block with billing information that Claude Code sends. No model needs it, and it changes with
  /// each version, which would invalidate the prompt cache of local servers.
  private static let billing: StaticString = "x-anthropic-billing-header:"

  /// The position of a block, for error messages.
  private struct Position {
    var message: Int?
    var block: Int?
    var inner: Int?

    func apiError(_ field: String?, _ rule: String) -> APIError {
      var path = message.map { "messages[\($0)]" } ?? "system"
      if let block { path += message == nil ? "[\(block)]" : ".content[\(block)]" }
      if let inner { path += ".content[\(inner)]" }
      if let field { path += "." + field }
      return APIError(400, .invalidValue, "`\(path)` \(rule).", param: path)
    }
  }

  static func readSystem(
    _ value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .string || value.kind == .array else {
      throw Position().apiError(nil, "must be a string or an array of text blocks")
    }
    var message = Conversation.Message(role: .system)
    if let text = EscapedText(value) {
      if !text.isEmpty { message.parts.append(.text(text)) }
    } else {
      for (index, block) in JSONLists.elements(of: value, in: json).enumerated() {
        if index == 0, isBilling(block, json) { continue }
        try readBlock(block, .system, Position(block: index), json, &message.parts, &conversation)
      }
    }
    if !message.parts.isEmpty { conversation.messages.append(message) }
  }

  private static func isBilling(_ block: JSONValue, _ json: Span<UInt8>) -> Bool {
    guard let text = JSONLists.members(of: block, in: json).value("text", in: json), text.kind == .string else {
      return false
    }
    if json.hasPrefix(billing, at: Int(text.slice.start) + 1, before: text.end) { return true }
    guard text.hasEscapes, text.slice.count <= 4096, let plain = text.unescaped(in: json) else { return false }
    return plain.span.hasPrefix(billing, at: 0, before: plain.count)
  }

  static func readTurns(
    _ list: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    for (index, element) in JSONLists.elements(of: list, in: json).enumerated() {
      let position = Position(message: index)
      let fields = JSONLists.members(of: element, in: json)
      guard let role = role(fields.value("role", in: json), json) else {
        throw position.apiError("role", "must be user, assistant or system")
      }
      guard let content = fields.value("content", in: json), content.kind == .string || content.kind == .array
      else {
        throw position.apiError("content", "must be a string or an array of blocks")
      }
      var message = Conversation.Message(role: role)
      if let text = EscapedText(content), !text.isEmpty { message.parts.append(.text(text)) }
      for (number, block) in JSONLists.elements(of: content, in: json).enumerated() {
        let position = Position(message: index, block: number)
        try readBlock(block, role, position, json, &message.parts, &conversation)
      }
      conversation.messages.append(message)
    }
  }

  private static func role(_ value: JSONValue?, _ json: Span<UInt8>) -> Conversation.Role? {
    guard let value else { return nil }
    if value.equals("user", in: json) { return .user }
    if value.equals("assistant", in: json) { return .assistant }
    return value.equals("system", in: json) ? .system : nil
  }

  // MARK: Blocks

  private static func readBlock(
    _ block: JSONValue, _ role: Conversation.Role, _ position: Position, _ json: Span<UInt8>,
    _ parts: inout [Conversation.Part], _ conversation: inout Conversation
  ) throws(APIError) {
    let fields = JSONLists.members(of: block, in: json)
    guard let type = fields.value("type", in: json), type.kind == .string else {
      throw position.apiError("type", "must be the type of a block")
    }
    if role == .system, !type.equals("text", in: json) {
      throw position.apiError("type", "must be text, as the system says nothing else")
    }
    defer { appendCacheControl(fields, json, to: &parts) }
    if try readShown(fields, type, position, json, &parts, &conversation) { return }
    if type.equals("thinking", in: json) {
      try require(role, .assistant, "a thinking block", "assistant", position)
      let signature = EscapedText(fields.value("signature", in: json))
      guard let text = EscapedText(fields.value("thinking", in: json)) else {
        throw position.apiError("thinking", "must be a string")
      }
      parts.append(.thinking(text, signature: signature.flatMap { $0.isEmpty ? nil : $0 }))
    } else if type.equals("redacted_thinking", in: json) {
      try require(role, .assistant, "a redacted_thinking block", "assistant", position)
      guard let data = EscapedText(fields.value("data", in: json)) else {
        throw position.apiError("data", "must be a string")
      }
      parts.append(.redactedThinking(data))
    } else if type.equals("tool_use", in: json) {
      try require(role, .assistant, "a tool_use block", "assistant", position)
      parts.append(.toolCall(try call(fields, position, json)))
    } else if type.equals("tool_result", in: json) {
      try require(role, .user, "a tool_result block", "user", position)
      parts.append(.toolResult(try result(fields, position, json, &conversation)))
    } else {
      // Blocks of Anthropic's own tools, which no other provider can read.
      conversation.drop(type.string(in: json) ?? "")
    }
  }

  private static func appendCacheControl(
    _ fields: [Member], _ json: Span<UInt8>, to parts: inout [Conversation.Part]
  ) {
    guard let value = fields.value("cache_control", in: json), value.kind == .object else { return }
    parts.append(.cacheControl(RawJSON(value)))
  }

  private static func require(
    _ role: Conversation.Role, _ expected: Conversation.Role, _ what: String, _ who: String, _ position: Position
  ) throws(APIError) {
    if role != expected { throw position.apiError(nil, "is \(what), which may only be in a turn of the \(who)") }
  }

  /// Reads a block that a tool result may also contain, and returns false for every other block.
  private static func readShown(
    _ fields: [Member], _ type: JSONValue, _ position: Position, _ json: Span<UInt8>,
    _ parts: inout [Conversation.Part], _ conversation: inout Conversation
  ) throws(APIError) -> Bool {
    if type.equals("text", in: json) {
      guard let text = EscapedText(fields.value("text", in: json)) else {
        throw position.apiError("text", "must be a string")
      }
      if !text.isEmpty { parts.append(.text(text)) }
    } else if type.equals("image", in: json) {
      parts.append(.image(try image(fields, position, json)))
    } else if type.equals("document", in: json) {
      try readDocument(fields, position, json, &parts)
    } else if type.equals("search_result", in: json) {
      for name in ["title", "source"] as [StaticString] { append(fields.value(name, in: json), to: &parts) }
      try readNested(fields.value("content", in: json), position, json, &parts)
    } else if type.equals("tool_reference", in: json) {
      // All tools are present from the start, but the model should know that this one was found.
      append(fields.value("tool_name", in: json), to: &parts)
    } else {
      return false
    }
    return true
  }

  private static func append(_ value: JSONValue?, to parts: inout [Conversation.Part]) {
    if let text = EscapedText(value), !text.isEmpty { parts.append(.text(text)) }
  }

  /// Reads the texts and images inside a document or a search result.
  private static func readNested(
    _ content: JSONValue?, _ position: Position, _ json: Span<UInt8>, _ parts: inout [Conversation.Part]
  ) throws(APIError) {
    append(content, to: &parts)
    for block in JSONLists.elements(of: content, in: json) {
      let fields = JSONLists.members(of: block, in: json)
      if let type = fields.value("type", in: json), type.equals("image", in: json) {
        parts.append(.image(try image(fields, position, json)))
      } else {
        append(fields.value("text", in: json), to: &parts)
      }
    }
  }

  private static func image(
    _ fields: [Member], _ position: Position, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Media {
    let source = JSONLists.members(of: fields.value("source", in: json), in: json)
    let type = source.value("type", in: json)
    if let type, type.equals("url", in: json), let url = EscapedText(source.value("url", in: json)) {
      return .url(url)
    }
    if let type, type.equals("base64", in: json),
      let media = EscapedText(source.value("media_type", in: json)),
      let data = EscapedText(source.value("data", in: json))
    {
      return .data(media: media, base64: data)
    }
    throw position.apiError("source", "must be base64 data with their media type, or a URL; send a file's bytes so")
  }

  private static func readDocument(
    _ fields: [Member], _ position: Position, _ json: Span<UInt8>, _ parts: inout [Conversation.Part]
  ) throws(APIError) {
    let source = JSONLists.members(of: fields.value("source", in: json), in: json)
    let type = source.value("type", in: json)
    for name in ["title", "context"] as [StaticString] { append(fields.value(name, in: json), to: &parts) }
    if let type, type.equals("text", in: json), let text = source.value("data", in: json), text.kind == .string {
      append(text, to: &parts)
    } else if let type, type.equals("content", in: json) {
      try readNested(source.value("content", in: json), position, json, &parts)
    } else {
      let media = try image(fields, position, json)
      parts.append(.file(media, name: EscapedText(fields.value("title", in: json))))
    }
  }

  private static func call(
    _ fields: [Member], _ position: Position, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.ToolCall {
    guard let id = EscapedText(fields.value("id", in: json)) else {
      throw position.apiError("id", "must be a string")
    }
    guard let name = EscapedText(fields.value("name", in: json)) else {
      throw position.apiError("name", "must be a string")
    }
    guard let input = fields.value("input", in: json), input.kind != .null else {
      return Conversation.ToolCall(id: id, name: name, arguments: .owned(Array("{}".utf8)))
    }
    guard input.kind == .object else { throw position.apiError("input", "must be an object") }
    return Conversation.ToolCall(id: id, name: name, arguments: RawJSON(input))
  }

  private static func result(
    _ fields: [Member], _ position: Position, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) throws(APIError) -> Conversation.ToolResult {
    guard let id = EscapedText(fields.value("tool_use_id", in: json)) else {
      throw position.apiError("tool_use_id", "must be a string")
    }
    var result = Conversation.ToolResult(id: id, name: nil, parts: [])
    result.isError = fields.value("is_error", in: json)?.bool ?? false
    guard let content = fields.value("content", in: json), content.kind != .null else { return result }
    guard content.kind == .string || content.kind == .array else {
      throw position.apiError("content", "must be a string or an array of blocks")
    }
    append(content, to: &result.parts)
    for (index, block) in JSONLists.elements(of: content, in: json).enumerated() {
      let inside = Position(message: position.message, block: position.block, inner: index)
      let fields = JSONLists.members(of: block, in: json)
      guard let type = fields.value("type", in: json), type.kind == .string else {
        throw inside.apiError("type", "must be the type of a block")
      }
      if try !readShown(fields, type, inside, json, &result.parts, &conversation) {
        conversation.drop(type.string(in: json) ?? "")
      }
      appendCacheControl(fields, json, to: &result.parts)
    }
    return result
  }
}
