/// Tokens used by a request, and how we know.
struct Usage: Equatable, Sendable {
  /// Where the numbers are from.
  enum Source: String, Sendable {
    /// The upstream said so.
    case reported
    /// Derived from the bytes that passed: about four bytes to a token.
    case estimated
  }

  var prompt: Int
  var completion: Int
  var source: Source

  /// Both together; saturates.
  var total: Int {
    let (sum, overflow) = prompt.addingReportingOverflow(completion)
    return overflow ? .max : sum
  }

  /// The largest count that is believed, per request.
  static let tokensMax = 1 << 40

  /// An estimate from bytes of text.
  static func estimated(promptBytes: Int, completionBytes: Int) -> Usage {
    Usage(prompt: (promptBytes + 3) / 4, completion: (completionBytes + 3) / 4, source: .estimated)
  }
}
