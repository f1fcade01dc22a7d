/// The properties that the gateway needs of a chat request in other dialects than OpenAI's. Each dialect also has a
/// complete reader for translation, which reports the remaining errors.
///
/// Sources: OpenAI API reference, "Create a model response"; Anthropic API reference, "Create a Message"; Ollama API
/// reference, "Generate a chat completion"; Gemini API reference, "Generating content".
extension ChatRequest {
  /// Reads the properties of a request and returns the first error in it, or `nil`.
  mutating func scan(_ json: Span<UInt8>, for members: ChatMembers) throws(JSONError) -> APIError? {
    let prompt = endpoint.form == .generate ? members.completionPrompt ?? members.prompt : members.prompt
    var apiError: APIError?
    var hasPrompt = members.loadsModel
    isModelLoad = members.loadsModel
    streams = members.pathHasModel ? endpoint.form != .standard : members.streamsByDefault
    wantsUsage = true
    var fields = try Scanner.root(json)
    while let member = try fields.next(in: json) {
      // The first error is reported, but the whole text is checked.
      if apiError != nil { continue }
      do throws(APIError) {
        if member.keyEquals(prompt, in: json) {
          messages = member.value.slice
          messagesBytes += Int(messages.count)
          let isOne = members.acceptsOneMessage && member.value.kind == .object
          if members.requiresMessages, !isOne {
            try Self.check(messages: member, String(describing: prompt))
          } else {
            try Self.checkCount(member, String(describing: prompt))
          }
          hasPrompt = true
          // An empty string consists of its quotes.
          let isEmpty =
            member.value.kind == .string ? member.value.slice.count <= 2 : member.value.elements == 0
          isModelLoad = isModelLoad && isEmpty
        } else if !members.pathHasModel, member.keyEquals("model", in: json) {
          try readModel(member, json)
        } else if !members.pathHasModel, member.keyEquals("stream", in: json), member.value.kind != .null {
          streams = try Self.flag(member, "stream")
        } else {
          try read(member, members, json)
        }
      } catch {
        apiError = error
      }
    }
    return apiError ?? missing(String(describing: prompt), hasPrompt)
  }

  private mutating func read(
    _ member: Member, _ members: ChatMembers, _ json: Span<UInt8>
  ) throws(APIError) {
    if let name = members.maxTokens, member.keyEquals(name, in: json) {
      try readMaxTokens(member, String(describing: name), json)
    }
    if let name = members.instructions, member.keyEquals(name, in: json) {
      messagesBytes += Int(member.value.slice.count)
    }
    if let name = members.keepAlive, member.keyEquals(name, in: json) {
      isModelUnload = member.value.double(in: json) == 0
    }
    for path in members.limits { try readLimit(path.keys[...], of: path, member, json) }
    for path in members.choices { try readChoices(path.keys[...], of: path, member, json) }
    try Self.check(spelling: member, members.strictNames, json)
  }
}
