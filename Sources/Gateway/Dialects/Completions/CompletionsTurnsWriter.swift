/// Writes messages of a chat completion request. Tool results become messages directly after their calls, and the other
/// parts of their message follow.
struct CompletionsTurnsWriter {
  /// Whether earlier thinking is sent back, which the templates of local servers may need, and whether tool calls need it.
  private let sendsThinking: Bool
  private let requiresThinking: Bool
  private var ids: CompletionsCallIDs
  /// Whether images were dropped because the dialect has no place for them: in system messages, or from a model.
  private(set) var hasLeftOutImages = false

  init(_ target: WriteTarget) {
    requiresThinking = target.rules.requiresThinking
    sendsThinking = target.isLocal || requiresThinking
    ids = CompletionsCallIDs(target.rules.callIDs)
  }

  /// Writes the messages as an array.
  mutating func write(
    _ turns: [Conversation.Message], _ json: Span<UInt8>, to out: inout [UInt8]
  ) throws(APIError) {
    ids.avoid(turns, json)
    out.append("[")
    for turn in turns.joiningCalls {
      switch turn.role {
      case .system:
        // System messages contain only text.
        let parts = turn.parts.filter { !Self.isImage($0) }
        hasLeftOutImages = hasLeftOutImages || parts.count < turn.parts.count
        try write("system", parts, json, to: &out)
      case .user: try writeUser(turn.parts, json, to: &out)
      case .assistant: writeAssistant(turn.parts, json, to: &out)
      }
    }
    if out.last == UInt8(ascii: "[") { throw Conversation.emptyError }
    out.append("]")
  }

  private mutating func writeUser(
    _ parts: [Conversation.Part], _ json: Span<UInt8>, to out: inout [UInt8]
  ) throws(APIError) {
    // A result contains only text, so its images follow after all results.
    var images: [Conversation.Part] = []
    var rest: [Conversation.Part] = []
    var hasResults = false
    for part in parts {
      guard case .toolResult(let result) = part else {
        rest.append(part)
        continue
      }
      hasResults = true
      Writer.separate(&out)
      out.append("{\"role\":\"tool\",\"tool_call_id\":\"")
      out.append(contentsOf: ids.id(of: result, json))
      out.append("\",\"content\":\"")
      Self.writeTexts(result.parts, between: "\\n", json, to: &out)
      out.append("\"}")
      images += result.parts.filter(Self.isImage)
    }
    rest = images + rest
    if !hasResults || !rest.isEmpty { try write("user", rest, json, to: &out) }
  }

  private mutating func writeAssistant(_ parts: [Conversation.Part], _ json: Span<UInt8>, to out: inout [UInt8]) {
    var calls: [UInt8] = []
    var thinking: [UInt8] = []
    var hasText = false
    for part in parts {
      switch part {
      case .toolCall(let call):
        if calls.isEmpty { ids.begin() } else { calls.append(",") }
        calls.append("{\"id\":\"")
        calls.append(contentsOf: ids.id(of: call, json))
        calls.append("\",\"type\":\"function\",\"function\":{\"name\":")
        call.name.appendQuoted(to: &calls, from: json)
        calls.append(",\"arguments\":")
        let arguments = call.arguments.bytes(in: json)
        Writer.append(string: arguments.span, to: &calls)
        calls.append("}}")
      case .thinking(let text, _): text.append(to: &thinking, from: json)
      case .text(let text): hasText = hasText || !text.isEmpty
      case .image, .file: hasLeftOutImages = true
      case .redactedThinking, .toolResult, .cacheControl: break
      }
    }
    Writer.separate(&out)
    out.append("{\"role\":\"assistant\",\"content\":")
    if hasText || calls.isEmpty {
      out.append("\"")
      Self.writeTexts(parts, between: "", json, to: &out)
      out.append("\"")
    } else {
      out.append("null")
    }
    if sendsThinking && !thinking.isEmpty || requiresThinking && !calls.isEmpty {
      out.append(",\"reasoning_content\":\"")
      out.append(contentsOf: thinking)
      out.append("\"")
    }
    if !calls.isEmpty {
      out.append(",\"tool_calls\":[")
      out.append(contentsOf: calls)
      out.append("]")
    }
    out.append("}")
  }

  /// Writes a message. Texts without images become one string, because not every server accepts a list.
  private func write(
    _ role: StaticString, _ parts: [Conversation.Part], _ json: Span<UInt8>, to out: inout [UInt8]
  ) throws(APIError) {
    Writer.separate(&out)
    out.append("{\"role\":\"")
    out.append(role)
    out.append("\",\"content\":")
    if parts.contains(where: Self.needsList) {
      try writeParts(parts, json, to: &out)
    } else {
      out.append("\"")
      Self.writeTexts(parts, between: "\\n", json, to: &out)
      out.append("\"")
    }
    out.append("}")
  }

  private func writeParts(
    _ parts: [Conversation.Part], _ json: Span<UInt8>, to out: inout [UInt8]
  ) throws(APIError) {
    out.append("[")
    for part in parts {
      switch part {
      case .text(let text):
        Writer.separate(&out)
        out.append("{\"type\":\"text\",\"text\":")
        text.appendQuoted(to: &out, from: json)
        out.append("}")
      case .image(let image):
        Writer.separate(&out)
        out.append("{\"type\":\"image_url\",\"image_url\":{\"url\":\"")
        try CompletionsImage.append(image, json, to: &out)
        out.append("\"}}")
      case .file(let media, let name):
        Writer.separate(&out)
        try CompletionsFile.append(media, name: name, json, to: &out)
      case .cacheControl(let value): CacheControl.append(value, json, to: &out)
      case .thinking, .redactedThinking, .toolCall, .toolResult: break
      }
    }
    out.append("]")
  }

  private static func isImage(_ part: Conversation.Part) -> Bool {
    switch part {
    case .image, .file: true
    default: false
    }
  }

  /// Whether a message with this part must be a list of parts.
  private static func needsList(_ part: Conversation.Part) -> Bool {
    if case .cacheControl = part { true } else { isImage(part) }
  }

  /// Writes the texts of a message as the inside of one string, with a separator between them.
  private static func writeTexts(
    _ parts: [Conversation.Part], between: StaticString, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    var isFirst = true
    for case .text(let text) in parts {
      if !isFirst { out.append(between) }
      isFirst = false
      text.append(to: &out, from: json)
    }
  }
}
