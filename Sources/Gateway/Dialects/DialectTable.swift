/// The dialects, one row each. A dialect is added by a case of `Dialect`, a folder, and a row.
///
/// Sources: OpenAI API reference, "Create chat completion" and "Create a model response"; Anthropic API reference, "Create a
/// Message" and "Errors"; Ollama API reference, "Generate a chat completion"; Gemini API reference, "Generating content".
enum DialectTable {
  /// The rows, in the order of the cases of `Dialect`.
  static let rows: [DialectRow] = [openAI, responses, anthropic, ollama, gemini]

  private static let openAI = DialectRow(
    dialect: .openAI,
    root: { $0.apiRoot },
    calls: [
      CallPath(kind: .chat, path: "/chat/completions"), CallPath(kind: .completions, path: "/completions"),
      CallPath(kind: .embeddings, path: "/embeddings"),
    ],
    modelsPath: "/models",
    credentialFields: bearer,
    hasStreamOptions: true,
    writeError: CompletionsError.append,
    writeModels: CompletionsModels.list,
    writeModel: CompletionsModels.one,
    embeddings: CompletionsEmbeddings.format,
    readRequest: { json, _ throws(APIError) in try CompletionsRequestReader.read(json) },
    writeRequest: CompletionsRequestWriter.write,
    readWhole: CompletionsAnswerReader.whole,
    writeAnswer: { answer, counts, metadata, _ in CompletionsAnswerWriter.whole(answer, counts, metadata) })

  /// Only callers speak it; their requests go to providers as chat completions.
  private static let responses = DialectRow(
    dialect: .responses,
    root: { $0.apiRoot },
    calls: [CallPath(kind: .chat, path: "/chat/completions")],
    modelsPath: "/models",
    credentialFields: bearer,
    chatMembers: ChatMembers(prompt: "input", instructions: "instructions", maxTokens: "max_output_tokens"),
    writeError: CompletionsError.append,
    writeModels: CompletionsModels.list,
    writeModel: CompletionsModels.one,
    echo: ResponsesRequestReader.echo,
    readRequest: { json, _ throws(APIError) in try ResponsesRequestReader.read(json) },
    writeRequest: CompletionsRequestWriter.write,
    readWhole: CompletionsAnswerReader.whole,
    writeAnswer: { answer, counts, metadata, _ in ResponsesAnswerWriter.whole(answer, counts, metadata) })

  private static let anthropic = DialectRow(
    dialect: .anthropic,
    root: { $0.messagesRoot },
    calls: [CallPath(kind: .chat, path: "/messages")],
    modelsPath: "/models",
    questions: [QuestionPath(kind: .tokens, path: "/messages/count_tokens")],
    credentialFields: { secret in
      (secret.map { ["x-api-key: " + $0] } ?? []) + ["anthropic-version: 2023-06-01"]
    },
    forwardedFields: MessagesFields.lines,
    rules: .anthropic,
    isSpoken: { $0.anthropicVersion != nil },
    chatMembers: ChatMembers(
      prompt: "messages", requiresMessages: true, instructions: "system", maxTokens: "max_tokens",
      limits: [LimitPath("thinking", "budget_tokens", isMaxTokens: false)], strictNames: ["model", "max_tokens"]),
    writeError: MessagesError.append,
    writeRateLimits: RateLimitFields.appendDates,
    errorFrame: { _ in ("event: error\ndata: ", "\n\n") },
    writeModels: MessagesModels.list,
    writeModel: MessagesModels.one,
    contextTooLong: { tokens, contextTokens in
      "prompt is too long: \(tokens) tokens > \(contextTokens) maximum"
    },
    readRequest: { json, form throws(APIError) in try MessagesRequestReader.read(json, isCount: form == .count) },
    writeRequest: MessagesRequestWriter.write,
    readWhole: { json, _ throws(AttemptFailure) in try MessagesAnswerReader.whole(json) },
    writeAnswer: { answer, counts, metadata, _ in MessagesAnswerWriter.whole(answer, counts, metadata) })

  private static let ollama = DialectRow(
    dialect: .ollama,
    root: { $0.root },
    calls: [
      CallPath(kind: .chat, path: "/api/chat"),
      CallPath(kind: .embeddings, form: .legacy, path: "/api/embeddings"),
      CallPath(kind: .embeddings, path: "/api/embed"),
      CallPath(kind: .completions, path: "/v1/completions", dialect: .openAI, takesOnePrompt: true),
    ],
    modelsPath: "/api/tags",
    questions: [
      QuestionPath(kind: .details, path: "/api/show"), QuestionPath(kind: .loaded, path: "/api/ps"),
    ],
    credentialFields: bearer,
    framing: .ndjson,
    pathPrefix: "/api/",
    chatMembers: ChatMembers(
      prompt: "messages", completionPrompt: "prompt", loadsModel: true,
      limits: [LimitPath("options", "num_predict")], strictNames: ["model", "options"], keepAlive: "keep_alive",
      streamsByDefault: true),
    streamType: { _ in "application/x-ndjson" },
    // Lines of JSON have no comments.
    allowsComments: false,
    writeError: OllamaError.append,
    errorFrame: { _ in ("", "\n") },
    writeModels: OllamaModels.list,
    writeModel: { OllamaModels.show($0) },
    writeLoaded: { metadata, endpoint, isUnload in
      switch endpoint.kind {
      case .chat, .completions:
        OllamaAnswerWriter.loaded(metadata, isGenerate: endpoint.form == .generate, isUnload: isUnload)
      case .embeddings: OllamaEmbeddings.loaded(metadata, endpoint.form)
      }
    },
    embeddings: OllamaEmbeddings.format,
    readRequest: { json, form throws(APIError) in
      form == .generate ? try OllamaRequestReader.readGenerate(json) : try OllamaRequestReader.read(json)
    },
    writeRequest: OllamaRequestWriter.write,
    readWhole: OllamaAnswerReader.whole,
    writeAnswer: { answer, counts, metadata, form in
      OllamaAnswerWriter.whole(answer, counts, metadata, isGenerate: form == .generate)
    })

  private static let gemini = DialectRow(
    dialect: .gemini,
    root: { $0.geminiRoot },
    calls: [
      CallPath(kind: .chat, path: "/models/", rest: GeminiPath.of),
      CallPath(kind: .embeddings, form: .standard, path: "/models/", rest: { model, _ in GeminiPath.embed(model) }),
      CallPath(kind: .embeddings, path: "/models/", rest: { model, _ in GeminiPath.batchEmbed(model) }),
    ],
    modelsPath: "/models?pageSize=1000",
    // In a field: URLs end up in logs.
    credentialFields: { secret in secret.map { ["x-goog-api-key: " + $0] } ?? [] },
    rules: .gemini,
    pathPrefix: "/v1beta/",
    keyParameter: "key",
    isSpoken: { $0.xGoogAPIKey != nil || $0.xGoogAPIClient != nil },
    chatMembers: ChatMembers(
      prompt: "contents", requiresMessages: true, acceptsOneMessage: true,
      limits: GeminiLimits.paths, choices: GeminiLimits.choices,
      pathHasModel: true),
    streamType: { $0 == .array ? "application/json" : StreamWriter.eventStream },
    // Its clients fail on them.
    allowsComments: false,
    writeError: GeminiError.append,
    errorFrame: { form in
      switch form {
      case .events: ("data: ", "\r\n\r\n")
      case .array: ("", "]")
      case .standard, .generate, .legacy, .batch, .count: ("", "\r\n\r\n")
      }
    },
    writeModels: GeminiModels.list,
    writeModel: GeminiModels.one,
    tokenCountKey: "totalTokens",
    contextTooLong: { tokens, contextTokens in
      "The input token count (\(tokens)) exceeds the maximum number of tokens allowed (\(contextTokens))."
    },
    embeddings: GeminiEmbeddings.format,
    readRequest: { json, _ throws(APIError) in try GeminiRequestReader.read(json) },
    writeRequest: GeminiRequestWriter.write,
    readWhole: GeminiAnswerReader.whole,
    writeAnswer: { answer, counts, metadata, _ in GeminiAnswerWriter.whole(answer, counts, metadata) })

  /// Returns the field lines of a request that a provider of its dialect receives, too.
  static func forwardedFields(_ head: RequestHead, _ input: Span<UInt8>) -> [String] {
    MessagesFields.lines(head, input)
  }

  /// Returns those of the forwarded fields that make a difference.
  static func answerFields(_ lines: [String]) -> [String] { lines.filter { $0 != MessagesFields.usualVersion } }

  /// Whether the forwarded fields of a request ask for a larger context than the model's usual one.
  static func mayReadMore(_ lines: [String]) -> Bool { MessagesFields.mayReadMore(lines) }

  private static let bearer: @Sendable (String?) -> [String] = { secret in
    secret.map { ["authorization: Bearer " + $0] } ?? []
  }
}

extension Dialect {
  /// The dialect's row.
  var row: DialectRow { DialectTable.rows[ordinal] }

  /// The index of the dialect's row.
  private var ordinal: Int {
    switch self {
    case .openAI: 0
    case .responses: 1
    case .anthropic: 2
    case .ollama: 3
    case .gemini: 4
    }
  }

  /// The dialect of a request whose endpoint several dialects share, by its path and the fields that its client sends.
  init(of head: RequestHead, _ input: Span<UInt8>) {
    self = .openAI
    for row in DialectTable.rows {
      if let prefix = row.pathPrefix,
        input.hasPrefix(prefix, at: head.path.range.lowerBound, before: head.path.range.upperBound)
      {
        self = row.dialect
        return
      }
    }
    if let row = DialectTable.rows.first(where: { $0.isSpoken(head) }) { self = row.dialect }
  }
}

extension CallEndpoint {
  /// Whether its streams may contain comments.
  var hasComments: Bool { dialect.row.allowsComments }
  /// The media type of its streams.
  var streamType: StaticString { dialect.row.streamType(form) }
}
