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
  enum Form: UInt8 {
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
    /// A request to count the tokens of a prompt, which needs no limit of output tokens.
    case count
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

  /// Whether an upstream of the dialect takes the caller's body, apart from small edits.
  func passes(to dialect: Dialect) -> Bool { self.dialect == dialect && form != .generate }
}
