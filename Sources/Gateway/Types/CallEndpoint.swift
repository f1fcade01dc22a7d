/// The kinds of calls: what a caller can ask of a model.
enum CallKind: String {
  case chat
  /// OpenAI's completion of a text.
  case completions
  case embeddings
}

/// One of the endpoints at which a model is called: its kind, its dialect, and the parts of the request that are in the
/// path.
struct CallEndpoint: Equatable {
  enum Form: Equatable {
    /// Determined by the request's body.
    case standard
    /// Ollama's `/api/generate`: a prompt instead of messages.
    case generate
    /// Gemini's stream, as SSE events or as the elements of a JSON array.
    case events, array
    /// Ollama's older `/api/embeddings`: one prompt, one vector.
    case legacy
    /// Gemini's `:batchEmbedContents`: several contents instead of one.
    case batch
  }

  let kind: CallKind
  let dialect: Dialect
  let form: Form
  /// The model's name, percent-encoded, for endpoints that have it in the path.
  let model: Slice?

  init(_ dialect: Dialect, _ kind: CallKind = .chat, form: Form = .standard, model: Slice? = nil) {
    self.kind = kind
    self.dialect = dialect
    self.form = form
    self.model = model
  }

  /// The path, as the access log and metrics write it.
  var name: String {
    switch kind {
    case .chat: chatName
    case .completions: "/v1/completions"
    case .embeddings: embeddingsName
    }
  }

  private var chatName: String {
    switch (dialect, form) {
    case (.openAI, _): "/v1/chat/completions"
    case (.responses, _): "/v1/responses"
    case (.anthropic, _): "/v1/messages"
    case (.ollama, .generate): "/api/generate"
    case (.ollama, _): "/api/chat"
    case (.gemini, .events), (.gemini, .array): "/v1beta/models/{id}:streamGenerateContent"
    case (.gemini, _): "/v1beta/models/{id}:generateContent"
    }
  }

  private var embeddingsName: String {
    switch (dialect, form) {
    case (.ollama, .legacy): "/api/embeddings"
    case (.ollama, _): "/api/embed"
    case (.gemini, .batch): "/v1beta/models/{id}:batchEmbedContents"
    case (.gemini, _): "/v1beta/models/{id}:embedContent"
    default: "/v1/embeddings"
    }
  }
}
