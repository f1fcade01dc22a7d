/// How a chat is asked for: the dialect, and what of the request is in its path.
struct ChatCall: Equatable {
  enum Form: Equatable {
    /// As its body says.
    case usual
    /// Ollama's `/api/generate`: a prompt instead of turns.
    case generate
    /// Gemini's stream, as events, or as the elements of an array.
    case events, array
  }

  var dialect: Dialect
  var form = Form.usual
  /// The model, where the path has it: percent-encoded as it came.
  var model: Slice?

  init(_ dialect: Dialect, form: Form = .usual, model: Slice? = nil) {
    self.dialect = dialect
    self.form = form
    self.model = model
  }

  /// Whether its streams may hold comments. Gemini's clients die of them, and lines have none.
  var hasComments: Bool { dialect != .gemini && dialect != .ollama }

  /// The path as the journal and metrics write it.
  var name: String {
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
}
