/// The tokens that a request used.
struct Usage: Equatable, Sendable {
  /// The source of the numbers.
  enum Source: String, Sendable {
    /// Reported by the upstream.
    case reported
    /// Estimated from the bytes of the request and the response, at four bytes per token.
    case estimated
  }

  var prompt: Int
  var completion: Int
  var source: Source

  /// The sum of both, saturating.
  var total: Int {
    let (sum, overflow) = prompt.addingReportingOverflow(completion)
    return overflow ? .max : sum
  }

  /// The largest accepted number of tokens of a request.
  static let tokensMax = 1 << 40

  /// Returns an estimate from bytes of text.
  static func estimated(promptBytes: Int, completionBytes: Int) -> Usage {
    Usage(prompt: (promptBytes + 3) / 4, completion: (completionBytes + 3) / 4, source: .estimated)
  }
}
