internal import Digest
internal import HTTPText

/// Makes a conversation one that its provider accepts. Everything that is left out is reported as dropped.
extension Conversation {
  /// Applies the provider's rules, and returns the names of tools that it gets in place of the caller's.
  mutating func apply(_ target: WriteTarget, _ json: Span<UInt8>) throws(APIError) -> ToolNames {
    let rules = target.rules
    correctMediaTypes(json)
    try checkFiles(rules, json)
    limitCaching(rules)
    limitAccountFields(rules, json)
    if rules.hasOneSystemMessage { joinSystemMessages() }
    if rules.rejectsFinalWhitespace { trimLastMessage(json) }
    limitStops(rules, json)
    limitUser(rules, json)
    if target.rejectsThinking, let asked = thinking {
      // Adaptive thinking requires nothing of a model that does not think, and neither does "off".
      if asked == .off ? target.thinks != false : !isThinkingAdaptive { drop("thinking") }
      thinking = nil
    }
    var names = ToolNames()
    if let bytesMax = rules.toolNameBytesMax { renameTools(&names, bytesMax, json) }
    return names
  }

  // MARK: Messages

  /// Many programs write `image/jpg`, which no standard has and providers reject.
  private mutating func correctMediaTypes(_ json: Span<UInt8>) {
    for index in messages.indices {
      for position in messages[index].parts.indices {
        switch messages[index].parts[position] {
        case .image(let image):
          if let corrected = image.corrected(json) { messages[index].parts[position] = .image(corrected) }
        case .toolResult(var result):
          var isChanged = false
          for inner in result.parts.indices {
            guard case .image(let image) = result.parts[inner], let corrected = image.corrected(json) else {
              continue
            }
            result.parts[inner] = .image(corrected)
            isChanged = true
          }
          if isChanged { messages[index].parts[position] = .toolResult(result) }
        default: break
        }
      }
    }
  }

  /// Rejects files that the provider does not read.
  private func checkFiles(_ rules: ProviderRules, _ json: Span<UInt8>) throws(APIError) {
    for (index, message) in messages.enumerated() {
      for part in message.parts {
        if case .toolResult(let result) = part {
          for case .file(let media, _) in result.parts { try media.check(rules.files, at: index, json) }
        }
        if case .file(let media, _) = part { try media.check(rules.files, at: index, json) }
      }
    }
  }

  private mutating func limitCaching(_ rules: ProviderRules) {
    if rules.hasCacheControl { return }
    for index in messages.indices {
      for position in messages[index].parts.indices {
        guard case .toolResult(var result) = messages[index].parts[position] else { continue }
        if result.parts.removeCacheControl() {
          drop("cache_control")
          messages[index].parts[position] = .toolResult(result)
        }
      }
      if messages[index].parts.removeCacheControl() { drop("cache_control") }
    }
    for index in tools.indices where tools[index].cacheControl != nil {
      tools[index].cacheControl = nil
      drop("cache_control")
    }
  }

  private mutating func joinSystemMessages() {
    guard messages.dropFirst().contains(where: { $0.role == .system }) else { return }
    let parts = messages.filter { $0.role == .system }.flatMap(\.parts)
    messages.removeAll { $0.role == .system }
    messages.insert(Message(role: .system, parts: parts), at: 0)
  }

  private mutating func trimLastMessage(_ json: Span<UInt8>) {
    guard let last = messages.last, last.role == .assistant, case .text(let text)? = last.parts.last else { return }
    let index = messages.count - 1
    messages[index].parts[last.parts.count - 1] = .text(text.trimmedAtEnd(json))
  }

  // MARK: Settings

  private mutating func limitAccountFields(_ rules: ProviderRules, _ json: Span<UInt8>) {
    let all = accountFields
    let isStored = all.contains { $0.name == "store" && $0.value.bytes(in: json).elementsEqual("true".utf8) }
    // OpenAI rejects metadata for an answer that is not stored.
    accountFields = rules.hasAccountFields ? all.filter { isStored || $0.name != "metadata" } : []
    for field in all where !accountFields.contains(where: { $0.name == field.name }) {
      let value = String(decoding: field.value.bytes(in: json), as: UTF8.self)
      // These say what happens without the field.
      if !["false", "{}", "\"auto\"", "\"default\""].contains(value) { drop(field.name) }
    }
  }

  private mutating func limitStops(_ rules: ProviderRules, _ json: Span<UInt8>) {
    let asked = sampling.stop.count
    if rules.rejectsBlankStops { sampling.stop.removeAll { $0.isBlank(in: json) } }
    if let most = rules.stopsMax { sampling.stop = Array(sampling.stop.prefix(most)) }
    if sampling.stop.count < asked { drop("stop") }
  }

  /// A user's ID that the provider would reject is replaced by its hash, which still tells users apart.
  private mutating func limitUser(_ rules: ProviderRules, _ json: Span<UInt8>) {
    guard let asked = user else { return }
    switch rules.user {
    case .any: break
    case .none:
      user = nil
      drop("user")
    case .anonymous(let bytesMax):
      let text = asked.unescaped(in: json)
      if text.count <= bytesMax, !text.contains(UInt8(ascii: "@")) { return }
      user = EscapedText(SHA256.hash(text.span).description)
    }
  }

  // MARK: Tools

  private mutating func renameTools(_ names: inout ToolNames, _ bytesMax: Int, _ json: Span<UInt8>) {
    for index in tools.indices {
      tools[index].name = names.name(for: tools[index].name, bytesMax: bytesMax, json)
    }
    if case .named(let name)? = toolChoice { toolChoice = .named(names.name(for: name, bytesMax: bytesMax, json)) }
    for index in messages.indices {
      for position in messages[index].parts.indices {
        switch messages[index].parts[position] {
        case .toolCall(var call):
          call.name = names.name(for: call.name, bytesMax: bytesMax, json)
          messages[index].parts[position] = .toolCall(call)
        case .toolResult(var result):
          guard let name = result.name else { continue }
          result.name = names.name(for: name, bytesMax: bytesMax, json)
          messages[index].parts[position] = .toolResult(result)
        default: break
        }
      }
    }
  }
}

extension [Conversation.Part] {
  /// Removes `cache_control`, and returns whether there was any.
  fileprivate mutating func removeCacheControl() -> Bool {
    let before = count
    removeAll { if case .cacheControl = $0 { true } else { false } }
    return count < before
  }
}

extension Conversation.Media {
  /// Throws if the file is not one that the provider reads.
  fileprivate func check(_ files: ProviderRules.Files, at index: Int, _ json: Span<UInt8>) throws(APIError) {
    let advice: String
    switch self {
    case .url:
      if files.contains(.documentURLs) { return }
      advice = "send the file's text, or its pages as images"
    case .data(let media, _):
      let type = media.unescaped(in: json).map(\.lowercased)
      if type.starts(with: "audio/".utf8) {
        if files.contains(.audio) { return }
        advice = "send the transcript of the audio as text"
      } else {
        if files.contains(type.elementsEqual("application/pdf".utf8) ? .documents : .others) { return }
        advice = "send the file's text, or its pages as images"
      }
    }
    throw CompletionsTurns.apiError(
      index, "content", "may have parts of text and images for this model's provider; \(advice)")
  }

  /// Returns the image with its right media type; `nil` if it has that.
  fileprivate func corrected(_ json: Span<UInt8>) -> Self? {
    guard case .data(let media, let base64) = self, media.count == 9,
      media.unescaped(in: json).span.equalsIgnoringCase("image/jpg".utf8.span)
    else { return nil }
    return .data(media: EscapedText("image/jpeg"), base64: base64)
  }
}

extension EscapedText {
  /// Calls `body` with the bytes, with escapes.
  private func withBytes<Result>(in json: Span<UInt8>, _ body: (Span<UInt8>) -> Result) -> Result {
    switch self {
    case .borrowed(let slice): body(json.bytes(slice))
    case .owned(let bytes): body(bytes.span)
    }
  }

  /// Whether the text has only white space, escaped or not.
  func isBlank(in json: Span<UInt8>) -> Bool { withBytes(in: json) { Self.contentEnd($0) } == 0 }

  /// Returns the text without white space at its end.
  fileprivate func trimmedAtEnd(_ json: Span<UInt8>) -> EscapedText {
    let end = withBytes(in: json) { Self.contentEnd($0) }
    if end == count { return self }
    switch self {
    case .borrowed(let slice): return .borrowed(Slice(start: Int(slice.start), count: end))
    case .owned(let bytes): return .owned(Array(bytes[..<end]))
    }
  }

  /// Returns the end of the last character that is not white space.
  private static func contentEnd(_ text: Span<UInt8>) -> Int {
    var end = 0
    var at = 0
    while at < text.count {
      if text[at] == UInt8(ascii: "\\"), at + 1 < text.count {
        let isSpace =
          text[at + 1] == UInt8(ascii: "n") || text[at + 1] == UInt8(ascii: "t")
          || text[at + 1] == UInt8(ascii: "r")
        at += 2
        if !isSpace { end = at }
      } else {
        let isSpace = text[at] == UInt8(ascii: " ")
        at += 1
        if !isSpace { end = at }
      }
    }
    return end
  }
}
