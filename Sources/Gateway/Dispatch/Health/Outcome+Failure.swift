extension ProviderHealth.Outcome {
  /// Classifies a failed attempt by what it says about the provider, its key, or `model`, as the provider names it.
  init(_ failure: AttemptFailure, model: String = "") {
    switch failure {
    // A provider that is loading a model is healthy.
    case _ where failure.isLoading: self = .inconclusive
    case .status(let status, let error):
      switch status {
      case 401: self = .credentialsRejected
      case 402, 403: self = .requestRefused(namesModel: error.hasModelCode)
      case 404 where failure.isMissing(model): self = .modelMissing
      case 429: self = Self.limited(error)
      case 408, 500...: self = .failed
      // Rejecting the request is an answer.
      default: self = .answered
      }
    case .error(let error):
      self = error.isRateLimit ? Self.limited(error) : .failed
    // A limit of the gateway, not of the provider.
    case .tooLarge, .addressNotAllowed: self = .answered
    default: self = .failed
    }
  }

  /// A rate limit is that of the model, but a quota is that of the key.
  private static func limited(_ error: UpstreamError) -> Self {
    let wait = error.retryAfter.map { Duration.seconds($0) }
    return error.isQuota ? .rateLimited(wait ?? .seconds(60)) : .modelLimited(wait)
  }
}

extension UpstreamError {
  /// Whether the error reports a rate limit, in the terms of OpenAI, Anthropic, or Gemini.
  fileprivate var isRateLimit: Bool {
    isQuota
      || ["rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"].contains { type == $0 || code == $0 }
  }

  /// Whether the error reports that the account has no credit left, in the terms of OpenAI.
  fileprivate var isQuota: Bool { type == "insufficient_quota" || code == "insufficient_quota" }
}

extension Duration {
  /// The seconds, rounded up so that a retry is not too early; at least 1.
  var wholeSeconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0)))
  }
}
