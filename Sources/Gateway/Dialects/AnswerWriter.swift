/// Writes a streaming answer for callers of every dialect except chat completions, which use `ChatStream`.
enum AnswerWriter {
  case messages(MessagesAnswerWriter)
  case responses(ResponsesAnswerWriter)
  case ollama(OllamaAnswerWriter)
  case gemini(GeminiAnswerWriter)
  /// The writer is in use, on loan to `write`.
  case inUse

  /// Creates the writer of an endpoint's dialect, or `nil` for chat completions. `promptBytes` gives the token estimate
  /// at the start of an Anthropic stream.
  init?(_ call: CallEndpoint, _ label: AnswerMetadata, promptBytes: Int) {
    switch call.dialect {
    case .openAI: return nil
    case .responses: self = .responses(ResponsesAnswerWriter(label))
    case .anthropic:
      let estimate = Usage.estimated(promptBytes: promptBytes, completionBytes: 0)
      self = .messages(MessagesAnswerWriter(label, counts: TokenCounts(prompt: estimate.prompt)))
    case .ollama: self = .ollama(OllamaAnswerWriter(label, isGenerate: call.form == .generate))
    case .gemini: self = .gemini(GeminiAnswerWriter(label, form: call.form == .array ? .array : .events))
    }
  }

  /// Appends one event.
  mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, to out: inout [UInt8]) {
    // Moved out and back, because a second reference would make every event copy the answer so far.
    switch take() {
    case .messages(var writer):
      writer.write(event, json, to: &out)
      self = .messages(writer)
    case .responses(var writer):
      writer.write(event, json, to: &out)
      self = .responses(writer)
    case .ollama(var writer):
      writer.write(event, json, to: &out)
      self = .ollama(writer)
    case .gemini(var writer):
      writer.write(event, json, to: &out)
      self = .gemini(writer)
    case .inUse: break
    }
  }

  /// Appends the end of a complete stream. Nothing follows it.
  mutating func end(_ counts: TokenCounts, to out: inout [UInt8]) {
    switch take() {
    case .messages(var writer): writer.end(counts, to: &out)
    case .responses(var writer): writer.end(counts, to: &out)
    case .ollama(var writer): writer.end(counts, to: &out)
    case .gemini(var writer): writer.end(counts, to: &out)
    case .inUse: break
    }
  }

  /// Moves the writer out and leaves `inUse`.
  private mutating func take() -> AnswerWriter {
    let writer = consume self
    self = .inUse
    return writer
  }
}
