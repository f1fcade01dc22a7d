/// Reads a provider's streaming answer in any dialect.
enum AnswerReader {
  case completions(CompletionsAnswerReader)
  case messages(MessagesAnswerReader)
  case ollama(OllamaAnswerReader)
  case gemini(GeminiAnswerReader)
  /// The reader is in use, on loan to `read`.
  case inUse

  /// Creates the reader of a dialect. No provider uses Responses. `request` is the ID of the request, of which tool
  /// calls without an ID get a part.
  init(_ dialect: Dialect, request: String = "") {
    switch dialect {
    case .openAI, .responses: self = .completions(CompletionsAnswerReader(request: request))
    case .anthropic: self = .messages(MessagesAnswerReader())
    case .ollama: self = .ollama(OllamaAnswerReader(request: request))
    case .gemini: self = .gemini(GeminiAnswerReader(request: request))
    }
  }

  /// Appends the events in the data of one SSE event or line.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    // Moved out and back, because a second reference would make every event copy its state.
    switch take() {
    case .completions(var reader):
      defer { self = .completions(reader) }
      try reader.read(json, into: &events)
    case .messages(var reader):
      defer { self = .messages(reader) }
      try reader.read(json, into: &events)
    case .ollama(var reader):
      defer { self = .ollama(reader) }
      try reader.read(json, into: &events)
    case .gemini(var reader):
      defer { self = .gemini(reader) }
      try reader.read(json, into: &events)
    case .inUse: break
    }
  }

  /// Moves the reader out and leaves `inUse`.
  private mutating func take() -> AnswerReader {
    let reader = consume self
    self = .inUse
    return reader
  }
}
