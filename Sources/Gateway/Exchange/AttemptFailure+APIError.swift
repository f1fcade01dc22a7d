/// Converts an upstream failure into the API error that the caller receives.
///
/// An upstream's 401, 402, and 403 are about the gateway's credentials, so the caller gets a 502. Errors in the request
/// keep their status and message. All other failures become a 502, 503, or 504.
extension AttemptFailure {
  func apiError(provider: String) -> APIError {
    switch self {
    case .hostNotFound:
      APIError(502, .upstreamUnreachable, "The host name of the provider `\(provider)` has no address.")
    case .addressNotAllowed:
      APIError(
        502, .upstreamUnreachable,
        "The host name of the provider `\(provider)` leads to an address that is not public; set its `addresses` to "
          + "\"any\" if it should.")
    case .unreachable:
      APIError(
        502, .upstreamUnreachable, "Nothing answers at the address of the provider `\(provider)`. Is it running?")
    case .tls:
      APIError(
        502, .upstreamUnreachable, "TLS with the provider `\(provider)` failed: its certificate was not accepted.")
    case .timedOut(let phase):
      APIError(504, .upstreamTimeout, "The provider `\(provider)` took too long for \(phase.rawValue).")
    case .connectionLost:
      APIError(502, .upstreamTruncated, "The provider `\(provider)` broke off its answer.")
    case .malformed(let what):
      APIError(502, .upstreamMalformed, "The provider `\(provider)` did not answer as its API says: \(what).")
    case .tooLarge:
      APIError(
        502, .upstreamMalformed, "The answer of the provider `\(provider)` is larger than the gateway allows.")
    case .error(let error):
      APIError(502, .upstreamFailed, "The provider `\(provider)` reported an error: \(error.message)")
    case .status(let status, let error): Self.apiError(provider, status, error)
    }
  }

  private static func apiError(_ provider: String, _ status: Int, _ error: UpstreamError) -> APIError {
    switch status {
    case 400, 404, 413, 422:
      // Agents recognize some upstream messages, such as the one for a prompt that is too long.
      APIError(status, .upstreamRejected, error.message, param: error.param, upstreamBody: error.body)
    case 401, 402, 403:
      APIError(
        502, .upstreamCredentials,
        "The provider `\(provider)` did not accept the gateway's credentials (status \(status)).")
    case 429:
      APIError(
        429, .upstreamRateLimited, "The provider `\(provider)` limits the rate of requests: \(error.message)",
        retryAfter: error.retryAfter ?? 1)
    case 408, 504:
      APIError(504, .upstreamTimeout, "The provider `\(provider)` timed out (status \(status)): \(error.message)")
    case 503, 529:
      APIError(
        503, .upstreamFailed, "The provider `\(provider)` is not available (status \(status)): \(error.message)",
        retryAfter: error.retryAfter ?? 1)
    default:
      APIError(
        502, .upstreamFailed, "The provider `\(provider)` answered with status \(status): \(error.message)",
        upstreamBody: error.body)
    }
  }
}
