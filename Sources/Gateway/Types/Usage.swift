/// The tokens that a request used.
struct Usage: Equatable, Sendable {
  /// The source of the numbers.
  enum Source: String, Sendable {
    /// Reported by the upstream.
    case reported
    /// Estimated from the bytes of the request and the response, at four bytes per token.
    case estimated
  }

  /// All tokens of the prompt, cached ones included.
  var prompt: Int
  /// All tokens of the answer, thinking included.
  var completion: Int
  var source: Source
  /// Tokens of the prompt that the provider read from its cache.
  var cached = 0
  /// Tokens of the prompt that it wrote to its cache, for minutes and for an hour.
  var cacheWritten = 0
  var cacheWrittenLong = 0
  /// Tokens of the answer that are thinking.
  var thinking = 0
  /// Tokens of the prompt and of the answer that are audio.
  var audioIn = 0
  var audioOut = 0

  /// The sum of both, saturating.
  var total: Int {
    let (sum, overflow) = prompt.addingReportingOverflow(completion)
    return overflow ? .max : sum
  }

  /// The tokens by class. Classes that are larger than what they are part of are cut, so that their sum is the whole.
  var breakdown: TokenBreakdown {
    var (input, output) = (max(0, prompt), max(0, completion))
    func take(_ count: Int, of rest: inout Int) -> Int {
      let taken = min(max(0, count), rest)
      rest -= taken
      return taken
    }
    var tokens = TokenBreakdown()
    tokens.cacheRead = take(cached, of: &input)
    tokens.cacheWriteLong = take(cacheWrittenLong, of: &input)
    tokens.cacheWrite = take(cacheWritten, of: &input)
    tokens.audioIn = take(audioIn, of: &input)
    tokens.input = input
    tokens.reasoning = take(thinking, of: &output)
    tokens.audioOut = take(audioOut, of: &output)
    tokens.output = output
    return tokens
  }

  /// Takes the larger of each count: some servers count up, and some omit a count at the end.
  mutating func merge(_ other: Usage) {
    prompt = max(prompt, other.prompt)
    completion = max(completion, other.completion)
    cached = max(cached, other.cached)
    cacheWritten = max(cacheWritten, other.cacheWritten)
    cacheWrittenLong = max(cacheWrittenLong, other.cacheWrittenLong)
    thinking = max(thinking, other.thinking)
    audioIn = max(audioIn, other.audioIn)
    audioOut = max(audioOut, other.audioOut)
  }

  /// The largest accepted number of tokens of a request.
  static let tokensMax = 1 << 40

  /// Returns an estimate from bytes of text.
  static func estimated(promptBytes: Int, completionBytes: Int) -> Usage {
    Usage(prompt: (promptBytes + 3) / 4, completion: (completionBytes + 3) / 4, source: .estimated)
  }
}
