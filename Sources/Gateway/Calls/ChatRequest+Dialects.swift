/// What the gateway needs to know of a request in another dialect than OpenAI's completions. Each has a whole reader, too,
/// for when it is translated; what only that can tell is refused there.
///
/// Sources: OpenAI API reference, "Create a model response"; Anthropic API reference, "Create a Message"; Ollama API
/// reference, "Generate a chat completion"; Gemini API reference, "Generating content".
extension ChatRequest {
  /// Whether an upstream of that dialect takes the body as it is, but for small changes.
  func isIn(_ dialect: Dialect) -> Bool { endpoint.dialect == dialect && endpoint.form != .generate }

  /// What a dialect calls what it is about.
  private var subject: StaticString {
    switch (endpoint.dialect, endpoint.form) {
    case (.responses, _): "input"
    case (.gemini, _): "contents"
    case (.ollama, .generate): "prompt"
    default: "messages"
    }
  }

  mutating func scanOther(_ json: Span<UInt8>) throws(JSONError) -> APIError? {
    var apiError: APIError?
    var hasSubject = false
    // Ollama streams unless it is told not to.
    if endpoint.dialect == .ollama { (streams, hasSubject, isModelLoad) = (true, true, true) }
    if endpoint.dialect == .gemini { streams = endpoint.form != .standard }
    wantsUsage = true
    var members = try Scanner.root(json)
    while let member = try members.next(in: json) {
      // The first complaint wins, but the whole text is checked all the same.
      if apiError != nil { continue }
      do throws(APIError) {
        if member.keyEquals(subject, in: json) {
          messages = member.value.slice
          messagesBytes += Int(messages.count)
          // Ollama loads a model that is told nothing; an input of Responses may be a text.
          if endpoint.dialect == .anthropic || endpoint.dialect == .gemini {
            try Self.check(messages: member, String(describing: subject))
          } else {
            try Self.checkCount(member, String(describing: subject))
          }
          hasSubject = true
          // Of an empty text there are its quotes.
          isModelLoad =
            isModelLoad
            && (member.value.kind == .string ? member.value.slice.count <= 2 : member.value.elements == 0)
        } else if endpoint.dialect == .gemini {
          try readOfGemini(member, json)
        } else if member.keyEquals("model", in: json) {
          try readModel(member, json)
        } else if member.keyEquals("stream", in: json), member.value.kind != .null {
          streams = try Self.flag(member, "stream")
        } else {
          try readOther(member, json)
        }
      } catch {
        apiError = error
      }
    }
    return apiError ?? missing(String(describing: subject), hasSubject)
  }

  private mutating func readOther(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    switch endpoint.dialect {
    case .responses:
      if member.keyEquals("max_output_tokens", in: json) { try readMaxTokens(member, "max_output_tokens", json) }
      if member.keyEquals("instructions", in: json) { messagesBytes += Int(member.value.slice.count) }
    case .anthropic:
      if member.keyEquals("max_tokens", in: json) { try readMaxTokens(member, "max_tokens", json) }
      if member.keyEquals("system", in: json) { messagesBytes += Int(member.value.slice.count) }
    case .ollama:
      if member.keyEquals("options", in: json) { readLimit("num_predict", in: member, json) }
      if member.keyEquals("keep_alive", in: json) { isModelUnload = member.value.double(in: json) == 0 }
    case .openAI, .gemini: break
    }
  }

  private mutating func readOfGemini(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    if member.keyEquals("generationConfig", in: json) || member.keyEquals("generation_config", in: json) {
      readLimit("maxOutputTokens", in: member, json)
      readLimit("max_output_tokens", in: member, json)
    }
  }

  /// A limit of tokens that lies in an object; what is not positive is no limit.
  private mutating func readLimit(_ name: StaticString, in member: Member, _ json: Span<UInt8>) {
    let fields = JSONLists.members(of: member.value, in: json)
    guard let value = fields.value(name, in: json), let tokens = value.integer(in: json) else { return }
    maxTokens.append((value.slice, tokens > 0 ? tokens : .max))
  }
}
