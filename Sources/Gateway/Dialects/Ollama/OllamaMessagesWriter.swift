/// Writes Ollama's messages. Each tool result is a separate message, images are beside the text, and arguments are
/// objects.
struct OllamaMessagesWriter {
  private var messages: [UInt8] = []
  private var calls = ToolCallMatcher()
  private var dropsErrors = false

  /// The contents of one message.
  private struct Pieces {
    var text: [UInt8] = []
    var thinking: [UInt8] = []
    var images: [UInt8] = []
    var calls: [UInt8] = []

    var isEmpty: Bool { text.isEmpty && thinking.isEmpty && images.isEmpty && calls.isEmpty }
  }

  /// Appends the `messages` member.
  func append(to written: inout WrittenRequest) {
    Writer.key("messages", to: &written.body)
    written.body.append("[")
    written.body.append(contentsOf: messages)
    written.body.append("]")
    if dropsErrors { written.dropped.add("is_error") }
  }

  mutating func write(_ message: Conversation.Message, _ json: Span<UInt8>) throws(APIError) {
    var pieces = Pieces()
    var hasWritten = false
    for part in message.parts {
      if case .toolResult(let result) = part {
        if !pieces.isEmpty { write(pieces, message.role) }
        pieces = Pieces()
        hasWritten = true
        try write(result, json)
      } else {
        try take(part, json, into: &pieces)
        if message.role == .user { calls.close() }
      }
    }
    // An empty message is written, too.
    if !pieces.isEmpty || !hasWritten { write(pieces, message.role) }
  }

  private mutating func take(
    _ part: Conversation.Part, _ json: Span<UInt8>, into pieces: inout Pieces
  ) throws(APIError) {
    switch part {
    case .text(let text): join(text, json, to: &pieces.text)
    case .thinking(let text, _): join(text, json, to: &pieces.thinking)
    case .redactedThinking, .file, .cacheControl: break
    case .image(let image): try write(image, json, to: &pieces.images)
    case .toolCall(let call): write(call, json, to: &pieces.calls)
    case .toolResult: break
    }
  }

  private func join(_ text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    if !out.isEmpty, !text.isEmpty { out.append("\\n\\n") }
    text.append(to: &out, from: json)
  }

  private mutating func write(_ pieces: Pieces, _ role: Conversation.Role) {
    switch role {
    case .system: open("system", pieces.text)
    case .user: open("user", pieces.text)
    case .assistant: open("assistant", pieces.text)
    }
    if !pieces.thinking.isEmpty {
      messages.append(",\"thinking\":\"")
      messages.append(contentsOf: pieces.thinking)
      messages.append("\"")
    }
    list("images", pieces.images)
    list("tool_calls", pieces.calls)
    messages.append("}")
  }

  private mutating func open(_ role: StaticString, _ text: [UInt8]) {
    Writer.separate(&messages)
    messages.append("{\"role\":\"")
    messages.append(role)
    messages.append("\",\"content\":\"")
    messages.append(contentsOf: text)
    messages.append("\"")
  }

  private mutating func list(_ name: StaticString, _ elements: [UInt8]) {
    if elements.isEmpty { return }
    Writer.key(name, to: &messages)
    messages.append("[")
    messages.append(contentsOf: elements)
    messages.append("]")
  }

  // MARK: Parts

  private func write(_ image: Conversation.Media, _ json: Span<UInt8>, to out: inout [UInt8]) throws(APIError) {
    guard case .data(_, let base64) = image else {
      throw APIError(
        400, .invalidValue,
        "This model's server does not fetch images; send the image as base64 data, not as a URL.",
        param: "messages")
    }
    Writer.separate(&out)
    base64.appendQuoted(to: &out, from: json)
  }

  private mutating func write(_ call: Conversation.ToolCall, _ json: Span<UInt8>, to out: inout [UInt8]) {
    calls.add(ToolCallMatcher.Call(id: call.id, name: call.name), json)
    Writer.separate(&out)
    out.append("{")
    if let id = call.id, !id.isEmpty {
      Writer.key("id", to: &out)
      id.appendQuoted(to: &out, from: json)
    }
    Writer.key("function", to: &out)
    out.append("{\"name\":")
    call.name.appendQuoted(to: &out, from: json)
    out.append(",\"arguments\":")
    call.arguments.append(to: &out, from: json)
    out.append("}}")
  }

  private mutating func write(_ result: Conversation.ToolResult, _ json: Span<UInt8>) throws(APIError) {
    let call = calls.take(id: result.id, name: result.name, json)
    var pieces = Pieces()
    for part in result.parts { try take(part, json, into: &pieces) }
    open("tool", pieces.text)
    list("images", pieces.images)
    if let name = result.name ?? call?.name {
      messages.append(",\"tool_name\":")
      name.appendQuoted(to: &messages, from: json)
    }
    if let id = result.id ?? call?.id, !id.isEmpty {
      messages.append(",\"tool_call_id\":")
      id.appendQuoted(to: &messages, from: json)
    }
    messages.append("}")
    dropsErrors = dropsErrors || result.isError
  }
}
