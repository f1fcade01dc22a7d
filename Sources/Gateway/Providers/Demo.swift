/// The provider that answers in process: a fixed text at a settable pace, so that the first command, demos and
/// load tests need no model server.
///
/// The configuration sets length, pace and failure; a model's name may override them for one request, word by
/// word: `demo-tokens200-rate50-first100-during`.
struct Demo: Sendable {
  /// Tokens in an answer, 0...100,000.
  var tokens: Int
  /// Tokens a second; 0 is as fast as can be.
  var rate: Double
  /// Time before the first token.
  var first: Duration
  /// Where an answer breaks, if it does: status 500 instead of it, the connection before the first token, or
  /// the connection in the middle.
  var failure: Configuration.Demo.Failure?

  static let tokensMax = 100_000

  init(_ configuration: Configuration.Demo) {
    tokens = configuration.tokens
    rate = configuration.tokensPerSecond
    first = configuration.firstToken
    failure = configuration.failure
  }

  /// The settings for one request to a model of that name; words that say nothing are ignored.
  func settings(for model: String) -> Demo {
    var demo = self
    for word in model.split(separator: "-") {
      if let number = Self.number(in: word, after: "tokens") { demo.tokens = min(number, Self.tokensMax) }
      if let number = Self.number(in: word, after: "rate") { demo.rate = Double(min(number, 1_000_000)) }
      if let number = Self.number(in: word, after: "first") { demo.first = .milliseconds(min(number, 600_000)) }
      if let failure = Configuration.Demo.Failure(rawValue: String(word)) { demo.failure = failure }
    }
    return demo
  }

  private static func number(in word: Substring, after name: String) -> Int? {
    word.hasPrefix(name) ? Int(word.dropFirst(name.count)).flatMap { $0 >= 0 ? $0 : nil } : nil
  }

  /// The next token of the text, beginning again at its end; the first has no space before it.
  static func token(_ index: Int) -> String {
    let word = words[index % words.count]
    return index == 0 ? word : " " + word
  }

  private static let words: [String] = """
    This answer comes from hoosh itself. No model was asked: the demo provider plays a fixed text at a steady \
    pace, one word to a token, so that you can see a stream arrive, point a load test at it, or try a client \
    before any model server is installed. Add a provider to hoosh.toml, or start Ollama, llama.cpp, LM Studio \
    or vLLM on its usual port, and the same request will reach a real model.
    """.split(separator: " ").map(String.init)
}
