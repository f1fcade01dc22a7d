/// A chat API on the wire.
public enum Dialect: String, CaseIterable, Sendable {
  /// OpenAI's chat completions, the dialect of most servers.
  case openAI = "openai"
  /// OpenAI's Responses, a dialect of callers only.
  case responses
  /// Anthropic's Messages.
  case anthropic
  /// Ollama's chat, as lines of JSON.
  case ollama
  /// Gemini's `generateContent`.
  case gemini

  /// The dialects of providers.
  public static let upstream: [Dialect] = [.openAI, .anthropic, .ollama, .gemini]
}
