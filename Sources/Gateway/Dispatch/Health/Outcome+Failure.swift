extension ProviderHealth.Outcome {
  /// Classifies a failed attempt by what it says about the provider.
  init(_ failure: AttemptFailure) {
    switch failure {
    // A provider that is loading a model is healthy.
    case _ where failure.isLoading: self = .inconclusive
    case .status(let status, let error):
      switch status {
      case 401, 402, 403: self = .credentialsRejected
      case 429: self = .rateLimited(error.retryAfter.map { .seconds($0) })
      case 408, 500...: self = .failed
      // Rejecting the request is an answer.
      default: self = .answered
      }
    case .error(let error):
      self = error.isRateLimit ? .rateLimited(error.retryAfter.map { .seconds($0) }) : .failed
    // A limit of the gateway, not of the provider.
    case .tooLarge, .addressNotAllowed: self = .answered
    default: self = .failed
    }
  }
}

extension UpstreamError {
  /// Whether the error reports a rate limit, in the terms of OpenAI, Anthropic, or Gemini.
  fileprivate var isRateLimit: Bool {
    ["rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", "insufficient_quota"].contains { name in
      type == name || code == name
    }
  }
}

extension Duration {
  /// The seconds, rounded up so that a retry is not too early; at least 1.
  var wholeSeconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0)))
  }
}
