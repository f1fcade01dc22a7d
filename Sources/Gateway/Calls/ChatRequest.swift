/// The properties that the gateway needs of a chat request, or of one that completes a text. All other bytes of the body
/// pass unchanged.
///
/// Source: OpenAI API reference, "Create chat completion" and "Create completion"; those of the other dialects in `ChatRequest+Dialects`.
struct ChatRequest {
  let endpoint: CallEndpoint
  /// The caller's name of the model.
  var model: String
  /// The name as a JSON string in the body, which answers repeat, or `nil` if the path has it.
  var modelToken: Slice?
  var streams = false
  /// Whether the caller requested a usage chunk at the end of the stream.
  var wantsUsage = false
  /// Whether the caller also requested token counts in every chunk, a vLLM extension.
  var wantsRunningUsage = false
  /// The number of answers that the caller requested.
  var choiceCount = 1
  /// The number of answers to each prompt that are generated, if that is more.
  var generatedCount = 1
  /// The number of bytes of everything that counts as prompt, for estimates.
  var messagesBytes = 0
  /// The value that holds the messages.
  var messages = Slice.empty
  /// Whether the request only loads or unloads a model: an Ollama request without a prompt.
  var isModelLoad = false
  var isModelUnload = false

  /// The form of the prompt, in a request that completes texts.
  var prompt = Prompt.text

  /// The pool of tokens that the request names, which is hoosh's own field and reaches no provider.
  private(set) var pool: String?
  private var poolMembers: [Member] = []

  /// The positions of the edits.
  private var brace = 0
  private var streamOptions: Member?
  private var includeUsage: Member?
  var maxTokens: [(value: Slice, tokens: Int64)] = []
  /// The limits of thinking, which are clamped like the others.
  var thinkingTokens: [(value: Slice, tokens: Int64)] = []

  /// The most messages of one request.
  static let messagesMax = 10_000
  /// The most answers of one request.
  static let choicesMax = 8
  /// The most answers to all prompts of one request that completes texts.
  static let completionsMax = 128

  /// Reads and checks a request's body. `model` is the model's name if the path has it.
  static func read(
    _ json: Span<UInt8>, for endpoint: CallEndpoint = CallEndpoint(.openAI), model: String = ""
  ) throws(APIError) -> ChatRequest {
    if endpoint.model != nil { try RequestRules.check(model: model) }
    var request = ChatRequest(endpoint, model: model)
    let apiError: APIError?
    do throws(JSONError) {
      apiError =
        if let members = endpoint.dialect.row.chatMembers {
          try request.scan(json, for: members)
        } else {
          try request.scan(json)
        }
    } catch {
      throw RequestRules.malformed(error)
    }
    if let apiError { throw apiError }
    return request
  }

  private init(_ endpoint: CallEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  /// Whether the request completes a text.
  private var isCompletion: Bool { endpoint.kind == .completions }

  private mutating func scan(_ json: Span<UInt8>) throws(JSONError) -> APIError? {
    var apiError: APIError?
    // Beside the error, because comparing that with `nil` copies it.
    var isValid = true
    var hasMessages = false
    var members = try Scanner.root(json)
    brace = members.offset - 1
    while let member = try members.next(in: json) {
      // The first error is reported, but the whole text is checked.
      if !isValid { continue }
      do throws(APIError) {
        if member.keyEquals("model", in: json) {
          try readModel(member, json)
        } else if member.keyEquals(isCompletion ? "prompt" : "messages", in: json) {
          if isCompletion { try readPrompt(member, json) } else { try Self.check(messages: member) }
          messages = member.value.slice
          messagesBytes = Int(messages.count)
          hasMessages = true
        } else if member.keyEquals("stream", in: json) {
          streams = try Self.flag(member, "stream")
        } else if member.keyEquals("stream_options", in: json) {
          try readStreamOptions(member, json)
        } else if member.keyEquals("max_tokens", in: json) {
          try readMaxTokens(member, "max_tokens", json)
        } else if member.keyEquals("max_completion_tokens", in: json) {
          try readMaxTokens(member, "max_completion_tokens", json)
        } else if member.keyEquals("temperature", in: json) {
          try Self.check(member, "temperature", 0...2, json)
        } else if member.keyEquals("top_p", in: json) {
          try Self.check(member, "top_p", 0...1, json)
        } else if member.keyEquals("n", in: json) {
          choiceCount = try choiceCount(member, "n", json)
        } else if member.keyEquals("pool", in: json) {
          try readPool(member, json)
        } else {
          try readOpenLimits(member, json)
        }
      } catch {
        apiError = error
        isValid = false
      }
    }
    return apiError ?? missing(isCompletion ? "prompt" : "messages", hasMessages) ?? checkPrompts()
  }

  /// Returns the error for a missing model or a missing prompt, or `nil`.
  func missing(_ field: String, _ isThere: Bool) -> APIError? {
    RequestRules.missing(model: model, field, isThere: isThere)
  }

  mutating func readModel(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    model = try RequestRules.model(member, json)
    modelToken = member.value.slice
  }

  // MARK: Checks

  static func check(messages member: Member, _ subject: String = "messages") throws(APIError) {
    if member.value.kind != .array { throw .invalid(subject, "must be an array") }
    if member.value.elements == 0 { throw .invalid(subject, "must have at least one message") }
    try checkCount(member, subject)
  }

  static func checkCount(_ member: Member, _ subject: String) throws(APIError) {
    guard member.value.kind == .array, member.value.elements > messagesMax else { return }
    throw .invalid(
      subject, "may have at most \(messagesMax) messages; this request has \(member.value.elements)")
  }

  static func flag(_ member: Member, _ field: String) throws(APIError) -> Bool {
    switch member.value.kind {
    case .true: return true
    case .false, .null: return false
    default: throw .invalid(field, "must be true or false")
    }
  }

  static func check(
    _ member: Member, _ field: String, _ range: ClosedRange<Double>, _ json: Span<UInt8>
  ) throws(APIError) {
    if member.value.kind == .null { return }
    guard member.value.kind == .number, let value = member.value.double(in: json), range.contains(value) else {
      throw .invalid(field, "must be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
  }

  func choiceCount(_ member: Member, _ field: String, _ json: Span<UInt8>) throws(APIError) -> Int {
    if member.value.kind == .null { return 1 }
    let most = isCompletion ? Self.completionsMax : Self.choicesMax
    guard member.value.kind == .number, let count = member.value.integer(in: json),
      (1...Int64(most)).contains(count)
    else { throw .invalid(field, "must be a whole number from 1 to \(most)") }
    return Int(count)
  }

  mutating func readMaxTokens(_ member: Member, _ field: String, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .null { return }
    guard member.value.kind == .number, let tokens = member.value.integer(in: json), tokens >= 1 else {
      throw .invalid(field, "must be a whole number of at least 1")
    }
    maxTokens.append((member.value.slice, tokens))
  }

  private mutating func readPool(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    poolMembers.append(member)
    if member.value.kind == .null { return }
    guard let name = member.value.string(in: json), (1...256).contains(name.utf8.count) else {
      throw .invalid("pool", "must be the name of a pool")
    }
    pool = name
  }

  private mutating func readStreamOptions(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .null {
      streamOptions = member
      return
    }
    guard member.value.kind == .object else { throw .invalid("stream_options", "must be an object") }
    streamOptions = member
    do throws(JSONError) {
      var options = try ObjectCursor(in: json, at: Int(member.value.slice.start), depth: 2)
      while let option = try options.next(in: json) {
        if option.keyEquals("include_usage", in: json) { includeUsage = option }
        if option.keyEquals("continuous_usage_stats", in: json) { wantsRunningUsage = option.value.kind == .true }
      }
    } catch {
      throw .invalid("stream_options", error.description)
    }
    if let includeUsage { wantsUsage = try Self.flag(includeUsage, "stream_options.include_usage") }
  }

  // MARK: The same request for an upstream

  /// Returns the edits for one candidate: its name of the model, its token limit, and the request for usage in a
  /// stream.
  func edits(model served: String, maxTokensLimit: Int?, wantsUsage: Bool) -> Splice {
    var edits = Splice()
    if streams, wantsUsage, endpoint.dialect.row.hasStreamOptions { addUsage(to: &edits) }
    for member in poolMembers { edits.remove(member) }
    if served != model, let modelToken { edits.replace(modelToken, with: Writer.string(served).span) }
    if let limit = maxTokensLimit {
      for (value, tokens) in maxTokens + thinkingTokens where tokens > Int64(limit) {
        edits.replace(value, with: String(limit).utf8.span)
      }
    }
    return edits
  }

  private func addUsage(to edits: inout Splice) {
    if let includeUsage {
      if includeUsage.value.kind != .true { edits.replace(includeUsage, with: "true".utf8.span) }
    } else if let options = streamOptions, options.value.kind == .object {
      edits.insert("include_usage", "true".utf8.span, intoObjectAt: Int(options.value.slice.start))
    } else if let options = streamOptions {
      edits.replace(options, with: #"{"include_usage":true}"#.utf8.span)
    } else {
      edits.insert("stream_options", #"{"include_usage":true}"#.utf8.span, intoObjectAt: brace)
    }
  }
}
