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
      } else if role != .system, let type, let file = try CompletionsFile.read(type, part, json, at: index) {
        parts.append(file)
      } else {
        throw CompletionsTurns.apiError(index, "content", rule(for: role))
      }
      if let value = part.value("cache_control", in: json), value.kind == .object {
        parts.append(.cacheControl(RawJSON(value)))
      }
    }
  }

  private static func append(_ text: EscapedText, to parts: inout [Conversation.Part]) {
    if !text.isEmpty { parts.append(.text(text)) }
  }

  /// Returns the advice for a part that other dialects cannot express.
  private static func rule(for role: Conversation.Role) -> String {
    if role == .system { return "may have parts of text alone for this role; put images into a user's message" }
    return "may have parts of text and images for this model's provider"
  }

  private static func readImage(
    _ value: JSONValue?, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.Media {
    do throws(CompletionsImage.Fault) {
      return try CompletionsImage.read(value, json)
    } catch {
      throw CompletionsTurns.apiError(index, "content", error.rule)
    }
  }

  // MARK: Thinking

  /// Returns the thinking of a message, which often appears twice: as text, and in blocks with signatures.
  ///
  /// In this gateway's streams, the first signed block has no text: its text is the plain thinking, up to the text of the
  /// other blocks.
  static func thinking(
    plain: EscapedText?, _ list: JSONValue?, _ json: Span<UInt8>
  ) -> [Conversation.Part] {
    let blocks = thinking(list, json)
    guard let plain, !plain.isEmpty else { return blocks }
    var others: [UInt8] = []
    var bare: [Int] = []
    for (index, block) in blocks.enumerated() {
      guard case .thinking(let text, _) = block else { continue }
      if text.isEmpty { bare.append(index) } else { text.append(to: &others, from: json) }
    }
    if bare.isEmpty, !others.isEmpty { return blocks }
    let redacted = blocks.filter { if case .redactedThinking = $0 { true } else { false } }
    guard bare.count == 1, case .thinking(_, let signature) = blocks[bare[0]] else {
      return [.thinking(plain, signature: nil)] + (others.isEmpty ? redacted : blocks)
    }
    if others.isEmpty { return [.thinking(plain, signature: signature)] + redacted }
    let all = plain.bytes(in: json)
    guard all.count > others.count, all.suffix(others.count).elementsEqual(others) else { return blocks }
    var parts = blocks
    parts[bare[0]] = .thinking(.owned(Array(all.dropLast(others.count))), signature: signature)
    return parts
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
