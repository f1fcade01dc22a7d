/// The demo provider. It streams a fixed text at a configurable speed, so that demos and load tests need no model
/// server.
///
/// The configuration sets length, speed, and failure. Words in a model's name override them for one request, as in
/// `demo-tokens200-rate50-first100-during`.
struct Demo: Sendable {
  /// The tokens of an answer, 0...100,000.
  var tokens: Int
  /// Tokens per second. 0 sends them without delay.
  var rate: Double
  /// The time before the first token.
  var first: Duration
  /// The simulated failure: a response with status 500, or a connection that breaks before the first token or in the
  /// middle. `nil` for none.
  var failure: Configuration.Demo.Failure?

  static let tokensMax = 100_000

  init(_ configuration: Configuration.Demo) {
    tokens = configuration.tokens
    rate = configuration.tokensPerSecond
    first = configuration.firstToken
    failure = configuration.failure
  }

  /// Returns the settings for one request. Unknown words in the model's name are ignored.
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

  /// Returns a token of the text, which repeats after its end. Only the first token has no leading space.
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
