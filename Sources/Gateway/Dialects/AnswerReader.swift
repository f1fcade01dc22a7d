/// The reader of a dialect's answers.
enum AnswerReader {
  case completions(CompletionsAnswerReader)
  case messages(MessagesAnswerReader)
  case ollama(OllamaAnswerReader)
  case gemini(GeminiAnswerReader)
  /// One of them is at work.
  case inUse

  /// The reader of what a provider says; none speaks Responses.
  init(_ dialect: Dialect) {
    switch dialect {
    case .openAI, .responses: self = .completions(CompletionsAnswerReader())
    case .anthropic: self = .messages(MessagesAnswerReader())
    case .ollama: self = .ollama(OllamaAnswerReader())
    case .gemini: self = .gemini(GeminiAnswerReader())
    }
  }

  /// Appends what the data of one event say.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    // Put away while it is at work: a second holder would make it copy what it keeps.
    let reader = self
    self = .inUse
    switch reader {
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
}
