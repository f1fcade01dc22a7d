/// A call of a model, read in place from a request's body; the bytes that are not read pass untouched.
///
/// What every kind of call has is stored once and beside the rest, so that reading it never copies a request.
struct Call {
  /// The part that differs by kind.
  enum Request {
    case chat(ChatRequest)
  }

  /// The body for one candidate.
  enum Body {
    /// The caller's bytes with some spans replaced.
    case edited(Splice)
    /// Translated into the candidate's dialect.
    case translated(WrittenRequest)
  }

  let endpoint: CallEndpoint
  let request: Request
  /// The model as the caller named it.
  let model: String
  /// The model's JSON string in the body, which answers repeat; `nil` if the path has the name.
  let modelToken: Slice?
  let streams: Bool
  /// The number of answers the caller wants.
  let choiceCount: Int
  /// The value of the body that holds the prompt, for affinity.
  let prompt: Slice
  /// Bytes of everything that counts as prompt, for estimates.
  let promptBytes: Int
  /// The caller's limit of output tokens, if it set one.
  let outputTokensMax: Int64?
  /// Whether the request only loads or unloads a model, as Ollama's clients do by an empty prompt.
  let isModelLoad: Bool
  let isModelUnload: Bool

  /// Reads and checks a request body; `model` is the model's name where the path has it.
  static func read(_ json: Span<UInt8>, for endpoint: CallEndpoint, model: String = "") throws(APIError) -> Call {
    switch endpoint.kind {
    case .chat: Call(try ChatRequest.read(json, for: endpoint, model: model))
    }
  }

  init(_ chat: ChatRequest) {
    endpoint = chat.endpoint
    request = .chat(chat)
    model = chat.model
    modelToken = chat.modelToken
    streams = chat.streams
    choiceCount = chat.choiceCount
    prompt = chat.messages
    promptBytes = chat.messagesBytes
    outputTokensMax = chat.maxTokens.last?.tokens
    isModelLoad = chat.isModelLoad
    isModelUnload = chat.isModelUnload
  }

  /// Whether an upstream of the dialect takes the caller's bytes, apart from small edits.
  func passes(to dialect: Dialect) -> Bool {
    switch request {
    case .chat(let chat): chat.isIn(dialect)
    }
  }

  /// Returns the body for a candidate that speaks `dialect`; `json` is the caller's.
  func body(_ json: Span<UInt8>, in dialect: Dialect, for target: WriteTarget) throws(APIError) -> Body {
    switch request {
    case .chat(let chat):
      if chat.isIn(dialect) {
        return .edited(
          chat.edits(
            model: target.model, maxTokensLimit: target.maxTokensLimit, wantsUsage: target.acceptsUsage))
      }
      return .translated(try RequestTranslation.write(json, as: endpoint, in: dialect, for: target))
    }
  }

  /// Returns the conversation in the body, to find the capabilities it requires; `nil` if there is none or it cannot be read.
  func conversation(_ json: Span<UInt8>) -> Conversation? {
    switch request {
    case .chat: try? RequestTranslation.read(json, as: endpoint)
    }
  }
}
