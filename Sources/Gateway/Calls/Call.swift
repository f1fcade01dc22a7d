/// A call of a model, read in place from a request's body; the bytes that are not read pass untouched.
///
/// The properties that every kind of call has are stored beside the request, so that reading them never copies it.
struct Call {
  /// The part that differs by kind.
  enum Request {
    /// A chat, or the completion of a text.
    case chat(ChatRequest)
    case embeddings(EmbeddingsRequest)
  }

  /// The body for one candidate.
  enum Body {
    /// The caller's bytes with some spans replaced.
    case edited(Splice)
    /// Translated into the candidate's dialect.
    case translated(WrittenRequest)

    /// The tool names that the candidate receives in place of the caller's.
    var toolNames: ToolNames {
      if case .translated(let written) = self { written.toolNames } else { ToolNames() }
    }
  }

  /// Bytes of a body that the loop reads and translates in one turn.
  static let inlineBytesMax = 256 * 1024

  let endpoint: CallEndpoint
  let request: Request
  /// The model as the caller named it.
  let model: String
  /// The model's JSON string in the body, which answers repeat; `nil` if the path has the name.
  let modelToken: Slice?
  let streams: Bool
  /// The number of answers the caller wants.
  let choiceCount: Int
  /// The number of answers that are generated and paid for, which may be more.
  let generatedCount: Int
  /// The value of the body that holds the prompt, for affinity.
  let prompt: Slice
  /// Bytes of everything that counts as prompt, for estimates.
  let promptBytes: Int
  /// The caller's largest limit of output tokens, if it set one.
  let outputTokensMax: Int64?
  /// The pool of tokens that the request names.
  let pool: String?
  /// Whether the request only loads or unloads a model, as Ollama's clients do by an empty prompt.
  let isModelLoad: Bool
  let isModelUnload: Bool

  /// Reads and checks a request body; `model` is the model's name where the path has it.
  static func read(_ json: Span<UInt8>, for endpoint: CallEndpoint, model: String = "") throws(APIError) -> Call {
    switch endpoint.kind {
    case .chat, .completions: Call(try ChatRequest.read(json, for: endpoint, model: model))
    case .embeddings: Call(try EmbeddingsRequest.read(json, for: endpoint, model: model))
    }
  }

  init(_ chat: ChatRequest) {
    endpoint = chat.endpoint
    request = .chat(chat)
    model = chat.model
    modelToken = chat.modelToken
    streams = chat.streams
    choiceCount = chat.choiceCount
    generatedCount = max(chat.choiceCount, chat.generatedCount)
    prompt = chat.messages
    promptBytes = chat.messagesBytes
    // Providers differ in which of several limits they read.
    outputTokensMax = chat.maxTokens.lazy.map(\.tokens).max()
    pool = chat.pool
    isModelLoad = chat.isModelLoad
    isModelUnload = chat.isModelUnload
  }

  init(_ embeddings: EmbeddingsRequest) {
    endpoint = embeddings.endpoint
    request = .embeddings(embeddings)
    model = embeddings.model
    modelToken = embeddings.modelToken
    streams = false
    choiceCount = 1
    generatedCount = 1
    prompt = embeddings.prompt
    promptBytes = Int(embeddings.prompt.count)
    outputTokensMax = nil
    pool = nil
    isModelLoad = embeddings.isModelLoad
    isModelUnload = embeddings.isModelUnload
  }

  /// Returns the dialect of the call at a provider: Ollama, for one, completes texts in OpenAI's.
  func dialect(at provider: Dialect) -> Dialect {
    if endpoint.kind == .chat { return provider }
    return provider.row.path(of: endpoint.kind)?.dialect ?? provider
  }

  /// Whether a provider of the dialect takes the caller's bytes, apart from small edits.
  func passes(to provider: Dialect) -> Bool {
    endpoint.passes(to: dialect(at: provider))
  }

  /// Returns the body for a candidate that speaks `dialect`; `json` is the caller's.
  func body(_ json: Span<UInt8>, in dialect: Dialect, for target: WriteTarget) throws(APIError) -> Body {
    let body = try write(json, in: dialect, for: target)
    switch body {
    case .edited(let edits): OutputCheck.edited(edits, json)
    case .translated(let written): OutputCheck.whole(written.body.span)
    }
    return body
  }

  private func write(_ json: Span<UInt8>, in dialect: Dialect, for target: WriteTarget) throws(APIError) -> Body {
    switch request {
    case .chat(let chat):
      if endpoint.kind == .completions { return try completion(chat, json, in: dialect, for: target) }
      if endpoint.passes(to: dialect) {
        return .edited(
          chat.edits(
            model: target.model, maxTokensLimit: target.maxTokensLimit, wantsUsage: target.acceptsUsage))
      }
      return .translated(try RequestTranslation.write(json, as: endpoint, in: dialect, for: target))
    case .embeddings(let embeddings):
      if endpoint.passes(to: dialect) { return .edited(embeddings.edits(model: target.model)) }
      return .translated(try embeddings.write(json, in: dialect, model: target.model))
    }
  }

  /// Returns the body of a call that completes a text, at a provider of the dialect `provider`.
  private func completion(
    _ chat: ChatRequest, _ json: Span<UInt8>, in provider: Dialect, for target: WriteTarget
  ) throws(APIError) -> Body {
    let takesOnePrompt = provider.row.path(of: .completions)?.takesOnePrompt ?? false
    var edits = chat.edits(
      model: target.model, maxTokensLimit: target.maxTokensLimit, wantsUsage: target.acceptsUsage || takesOnePrompt)
    if !takesOnePrompt { return .edited(edits) }
    var written = WrittenRequest()
    written.dropped = try chat.adaptToOnePrompt(&edits, json)
    edits.apply(to: json, into: &written.body)
    return .translated(written)
  }

  /// The most bytes of a non-streaming answer, if the kind has a limit of its own.
  var answerBytesMax: Int? { endpoint.kind == .embeddings ? EmbeddingsAnswer.bytesMax : nil }

  /// Returns the conversation in the body, to find the capabilities it requires; `nil` if there is none or it cannot be read.
  func conversation(_ json: Span<UInt8>) -> Conversation? {
    switch request {
    case .chat: endpoint.kind == .chat ? try? RequestTranslation.read(json, as: endpoint) : nil
    case .embeddings: nil
    }
  }
}
