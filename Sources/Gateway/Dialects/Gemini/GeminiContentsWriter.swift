/// Writes the contents of a Gemini request: system instructions separately, consecutive messages of one role as one
/// content, and tool results in the order of their calls.
///
/// Source: Gemini API reference (v1beta), "Content" and "Part"; documentation, "Function calling" and "Thought
/// signatures".
struct GeminiContentsWriter {
  /// Whether every tool call needs a signature, also those of other models.
  private let signsCalls: Bool
  var dropped = DroppedFields()

  private var system: [UInt8] = []
  private var contents: [UInt8] = []
  /// The role of the current content, or `nil` before the first.
  private var turn: Conversation.Role?
  private var parts: [UInt8] = []
  private var results: [(rank: Int, part: [UInt8])] = []
  private var calls = GeminiToolCalls()

  init(signsCalls: Bool) { self.signsCalls = signsCalls }

  /// Appends the start of the body: the contents and the system instructions.
  mutating func append(to out: inout [UInt8]) throws(APIError) {
    endTurn()
    if contents.isEmpty {
      guard !system.isEmpty else {
        throw APIError(400, .invalidValue, "`messages` must have a message with content.", param: "messages")
      }
      // A request must have at least one content.
      parts = system
      system = []
      turn = .user
      endTurn()
    }
    out.append("{\"contents\":[")
    out.append(contentsOf: contents)
    out.append("]")
    if system.isEmpty { return }
    out.append(",\"systemInstruction\":{\"parts\":[")
    out.append(contentsOf: system)
    out.append("]}")
  }

  mutating func write(_ message: Conversation.Message, _ json: Span<UInt8>, at index: Int) throws(APIError) {
    for part in message.parts {
      if message.role == .system {
        guard case .text(let text) = part else {
          dropped.add("messages")
          continue
        }
        if !text.isEmpty { Self.append(text: text, json, to: &system) }
        continue
      }
      try write(part, message.role, json, at: index)
    }
  }

  private mutating func write(
    _ part: Conversation.Part, _ role: Conversation.Role, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) {
    switch part {
    case .text(let text):
      if text.isEmpty { return }
      begin(role)
      Self.append(text: text, json, to: &parts)
    case .image(let media), .file(let media, _):
      begin(role)
      Self.append(media, json, to: &parts)
    case .cacheControl: break
    case .thinking(let text, let signature):
      let signature = Self.valid(signature, json)
      if text.isEmpty, signature == nil { return }
      begin(.assistant)
      append(thinking: text, signature, json)
    case .redactedThinking:
      // Only the thinking's own provider can read it.
      dropped.add("redacted_thinking")
    case .toolCall(let call):
      begin(.assistant)
      append(call, json)
    case .toolResult(let result):
      begin(.user)
      try append(result, json, at: index)
    }
  }

  // MARK: Contents

  private mutating func begin(_ role: Conversation.Role) {
    if turn == role { return }
    endTurn()
    turn = role
    if role == .assistant { calls.beginTurn() }
  }

  /// Ends a content. Results come first, in the order of their calls, because each call requires a result in the next
  /// content.
  private mutating func endTurn() {
    guard let turn, !parts.isEmpty || !results.isEmpty else { return }
    Writer.separate(&contents)
    contents.append(turn == .assistant ? "{\"role\":\"model\",\"parts\":[" : "{\"role\":\"user\",\"parts\":[")
    var isFirst = true
    for position in results.indices.sorted(by: { (results[$0].rank, $0) < (results[$1].rank, $1) }) {
      if !isFirst { contents.append(",") }
      isFirst = false
      contents.append(contentsOf: results[position].part)
    }
    if !isFirst, !parts.isEmpty { contents.append(",") }
    contents.append(contentsOf: parts)
    contents.append("]}")
    parts.removeAll(keepingCapacity: true)
    results.removeAll()
  }

  // MARK: Parts

  private static func append(text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.separate(&out)
    out.append("{\"text\":")
    text.appendQuoted(to: &out, from: json)
    out.append("}")
  }

  /// Appends thinking. A signature without thinking is one that Gemini attached to a text.
  private mutating func append(thinking text: EscapedText, _ signature: EscapedText?, _ json: Span<UInt8>) {
    Writer.separate(&parts)
    parts.append("{\"text\":")
    text.appendQuoted(to: &parts, from: json)
    if !text.isEmpty { Writer.member("thought", true, to: &parts) }
    if let signature {
      Writer.key("thoughtSignature", to: &parts)
      signature.appendQuoted(to: &parts, from: json)
    }
    parts.append("}")
  }

  private mutating func append(_ call: Conversation.ToolCall, _ json: Span<UInt8>) {
    let isFirst = calls.add(call, json)
    Writer.separate(&parts)
    parts.append("{\"functionCall\":{")
    if let id = call.id, !id.isEmpty {
      Writer.key("id", to: &parts)
      id.appendQuoted(to: &parts, from: json)
    }
    Writer.key("name", to: &parts)
    call.name.appendQuoted(to: &parts, from: json)
    Writer.key("args", to: &parts)
    call.arguments.append(to: &parts, from: json)
    parts.append("}")
    if let signature = Self.valid(call.signature, json) {
      Writer.key("thoughtSignature", to: &parts)
      signature.appendQuoted(to: &parts, from: json)
    } else if signsCalls, isFirst {
      Writer.key("thoughtSignature", to: &parts)
      parts.append("\"")
      parts.append(GeminiSignature.foreign)
      parts.append("\"")
    }
    parts.append("}")
  }

  private static func valid(_ signature: EscapedText?, _ json: Span<UInt8>) -> EscapedText? {
    guard let signature, GeminiSignature.isValid(signature.unescaped(in: json).span) else { return nil }
    return signature
  }

  private mutating func append(_ result: Conversation.ToolResult, _ json: Span<UInt8>, at index: Int)
    throws(APIError)
  {
    let found = calls.find(result, json)
    guard let name = result.name?.bytes(in: json) ?? found.name else {
      throw APIError(
        400, .invalidValue, "`messages[\(index)]` has the result of a call that is in no turn before it.",
        param: "messages[\(index)]")
    }
    var part: [UInt8] = []
    part.append("{\"functionResponse\":{")
    if let id = result.id, !id.isEmpty {
      Writer.key("id", to: &part)
      id.appendQuoted(to: &part, from: json)
    }
    Writer.key("name", to: &part)
    EscapedText.owned(name).appendQuoted(to: &part, from: json)
    Writer.key("response", to: &part)
    append(result, json, to: &part)
    part.append("}}")
    results.append((found.rank, part))
  }

  /// Appends a tool result, which must be an object. Its images become separate parts.
  private mutating func append(_ result: Conversation.ToolResult, _ json: Span<UInt8>, to out: inout [UInt8]) {
    var text: [UInt8] = []
    var hasText = false
    for part in result.parts {
      switch part {
      case .text(let piece):
        if hasText { text.append("\\n") }
        hasText = true
        piece.append(to: &text, from: json)
      case .image(let media), .file(let media, _): Self.append(media, json, to: &parts)
      default: break
      }
    }
    if !result.isError, let object = CompactJSON.object(in: text) {
      out.append(contentsOf: object)
      return
    }
    out.append(result.isError ? "{\"error\":\"" : "{\"result\":\"")
    out.append(contentsOf: text)
    out.append("\"}")
  }

  // MARK: Images

  private static func append(_ image: Conversation.Media, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.separate(&out)
    switch image {
    case .data(let media, let base64):
      out.append("{\"inlineData\":{\"mimeType\":")
      media.appendQuoted(to: &out, from: json)
      out.append(",\"data\":")
      base64.appendQuoted(to: &out, from: json)
    case .url(let url):
      out.append("{\"fileData\":{")
      if let media = mediaType(of: url.unescaped(in: json)) {
        Writer.key("mimeType", to: &out)
        out.append(media)
      }
      Writer.key("fileUri", to: &out)
      url.appendQuoted(to: &out, from: json)
    }
    out.append("}}")
  }

  /// Returns the media type of an image by the extension in its URL, as a JSON string, or `nil` if it is unknown.
  private static func mediaType(of url: [UInt8]) -> StaticString? {
    let path = url.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    guard let dot = path.lastIndex(of: UInt8(ascii: ".")), path.endIndex - dot <= 5 else { return nil }
    switch String(decoding: path[(dot + 1)...], as: UTF8.self).lowercased() {
    case "png": return "\"image/png\""
    case "jpg", "jpeg": return "\"image/jpeg\""
    case "webp": return "\"image/webp\""
    case "gif": return "\"image/gif\""
    case "heic": return "\"image/heic\""
    case "heif": return "\"image/heif\""
    case "pdf": return "\"application/pdf\""
    default: return nil
    }
  }
}
