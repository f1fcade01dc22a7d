/// Where providers answer a question that is no call.
struct QuestionPath: Sendable {
  enum Kind: Sendable {
    /// The number of tokens of a request, in the provider's dialect.
    case tokens
    /// The tokens of a text, as llama.cpp's `/tokenize` lists them.
    case tokenize
    /// A model's details, as Ollama's `/api/show` has them.
    case details
    /// The models in memory, as Ollama's `/api/ps` lists them.
    case loaded

    /// The most bytes of an answer: a list of a long prompt's tokens, or a model's template and license.
    var answerBytesMax: Int {
      switch self {
      case .tokens, .loaded: 256 * 1024
      case .details: 1024 * 1024
      case .tokenize: 4 * 1024 * 1024
      }
    }
  }

  var kind: Kind
  /// The path below the dialect's root, or below the address without `/v1` for `tokenize`.
  var path: String
}
