extension ProviderHealth.Outcome {
  /// What a failed attempt says of who was asked.
  init(_ failure: AttemptFailure) {
    switch failure {
    // Whoever loads a model is well.
    case _ where failure.isLoading: self = .inconclusive
    case .status(let status, let error):
      switch status {
      case 401, 402, 403: self = .credentialsRejected
      case 429: self = .rateLimited(error.retryAfter.map { .seconds($0) })
      case 408, 500...: self = .failed
      // That it said no to the request is an answer.
      default: self = .answered
      }
    case .error(let error):
      self = error.isAboutLimits ? .rateLimited(error.retryAfter.map { .seconds($0) }) : .failed
    // A bound of the gateway's own.
    case .tooLarge, .addressNotAllowed: self = .answered
    default: self = .failed
    }
  }
}

extension UpstreamError {
  /// Whether it says that there were too many requests: OpenAI's, Anthropic's and Gemini's words for it.
  fileprivate var isAboutLimits: Bool {
    ["rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", "insufficient_quota"].contains { word in
      type == word || code == word
    }
  }
}

extension Duration {
  /// Seconds, rounded up so that nobody comes too early; at least 1.
  var wholeSeconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0)))
  }
}
