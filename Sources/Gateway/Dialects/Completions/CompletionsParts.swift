/// Reads the content of messages: texts, images, and thinking.
enum CompletionsParts {
  /// Appends a text or a list of parts. Empty texts are omitted.
  static func read(
    _ content: JSONValue?, _ json: Span<UInt8>, at index: Int, role: Conversation.Role = .user,
    to parts: inout [Conversation.Part]
  ) throws(APIError) {
    guard let content else { return }
    if let text = EscapedText(content) { return append(text, to: &parts) }
    guard content.kind == .array else {
      throw CompletionsTurns.apiError(index, "content", "must be a text or a list of parts")
    }
    for element in JSONLists.elements(of: content, in: json) {
      let part = JSONLists.members(of: element, in: json)
      let type = part.value("type", in: json)
      if let text = EscapedText(part.value("text", in: json)) {
        append(text, to: &parts)
      } else if let refusal = EscapedText(part.value("refusal", in: json)) {
        append(refusal, to: &parts)
      } else if role == .assistant, let type,
        type.equals("thinking", in: json) || type.equals("redacted_thinking", in: json)
      {
        parts += thinking(part, json)
      } else if role != .system, let type,
        type.equals("image_url", in: json) || type.equals("input_image", in: json)
      {
        parts.append(.image(try readImage(part.value("image_url", in: json), json, at: index)))
      } else {
        throw CompletionsTurns.apiError(index, "content", rule(for: type, role, json))
      }
    }
  }

  private static func append(_ text: EscapedText, to parts: inout [Conversation.Part]) {
    if !text.isEmpty { parts.append(.text(text)) }
  }

  /// Returns the advice for a part that other dialects cannot express.
  private static func rule(for type: JSONValue?, _ role: Conversation.Role, _ json: Span<UInt8>) -> String {
    if role == .system { return "may have parts of text alone for this role; put images into a user's message" }
    let rule = "may have parts of text and images for this model's provider"
    guard let type else { return rule }
    if type.equals("input_audio", in: json) { return rule + "; send the transcript of the audio as text" }
    if type.equals("file", in: json) { return rule + "; send the file's text, or its pages as images" }
    return rule
  }

  private static func readImage(
    _ value: JSONValue?, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.Image {
    do throws(CompletionsImage.Fault) {
      return try CompletionsImage.read(value, json)
    } catch {
      throw CompletionsTurns.apiError(index, "content", error.rule)
    }
  }

  // MARK: Thinking

  /// Returns the thinking of a message, which often appears twice: as text, and in blocks with signatures.
  ///
  /// The blocks in this gateway's streams contain only the signature, and the text is separate.
  static func thinking(
    plain: EscapedText?, _ list: JSONValue?, _ json: Span<UInt8>
  ) -> [Conversation.Part] {
    let blocks = thinking(list, json)
    guard let plain, !plain.isEmpty else { return blocks }
    var proofs: [EscapedText] = []
    var redacted: [Conversation.Part] = []
    for block in blocks {
      guard case .thinking(let text, let signature) = block else {
        redacted.append(block)
        continue
      }
      if !text.isEmpty { return blocks }
      if let signature { proofs.append(signature) }
    }
    return [.thinking(plain, signature: proofs.count == 1 ? proofs.first : nil)] + redacted
  }

  /// Reads LiteLLM's `thinking_blocks` or OpenRouter's `reasoning_details`: thinking with signatures.
  static func thinking(_ list: JSONValue?, _ json: Span<UInt8>) -> [Conversation.Part] {
    var parts: [Conversation.Part] = []
    for element in JSONLists.elements(of: list, in: json) {
      parts += thinking(JSONLists.members(of: element, in: json), json)
    }
    return parts
  }

  /// Reads one such block, or Mistral's part of that type.
  static func thinking(_ block: [Member], _ json: Span<UInt8>) -> [Conversation.Part] {
    if let data = EscapedText(block.value("data", in: json)), !data.isEmpty { return [.redactedThinking(data)] }
    let value =
      block.value("thinking", in: json) ?? block.value("text", in: json) ?? block.value("summary", in: json)
    let signature = EscapedText(block.value("signature", in: json)).flatMap { $0.isEmpty ? nil : $0 }
    if let value, value.kind == .array {
      return JSONLists.elements(of: value, in: json).compactMap { element in
        let text = EscapedText(JSONLists.members(of: element, in: json).value("text", in: json))
        return text.flatMap { $0.isEmpty ? nil : .thinking($0, signature: nil) }
      }
    }
    let text = EscapedText(value) ?? .owned([])
    return text.isEmpty && signature == nil ? [] : [.thinking(text, signature: signature)]
  }

  /// Returns the signature that Gemini requires with a tool call, in the format of Google's servers or of LiteLLM.
  static func signature(ofCall call: [Member], _ json: Span<UInt8>) -> EscapedText? {
    let google = JSONLists.members(
      of: JSONLists.members(of: call.value("extra_content", in: json), in: json).value("google", in: json), in: json
    )
    let fields = JSONLists.members(of: call.value("provider_specific_fields", in: json), in: json)
    let value = google.value("thought_signature", in: json) ?? fields.value("thought_signature", in: json)
    return EscapedText(value).flatMap { $0.isEmpty ? nil : $0 }
  }
}
