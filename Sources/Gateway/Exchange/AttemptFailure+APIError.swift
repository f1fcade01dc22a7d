/// Converts an upstream failure into the API error that the caller receives.
///
/// An upstream's 401 is about the gateway's credentials, so the caller gets a 502. Errors in the request, and refusals of it,
/// keep their status and message. All other failures become a 502, 503, or 504.
extension AttemptFailure {
  func apiError(provider: String) -> APIError {
    switch self {
    case .hostNotFound:
      APIError(502, .upstreamUnreachable, "The host name of the provider `\(provider)` has no address.")
    case .addressNotAllowed:
      APIError(
        502, .upstreamUnreachable,
        "The host name of the provider `\(provider)` resolves to an address that is not public. To allow it, set "
          + "`address_policy` of the provider to \"any\".")
    case .unreachable:
      APIError(
        502, .upstreamUnreachable, "Cannot connect to the provider `\(provider)`. Is it running?")
    case .certificate:
      APIError(
        502, .upstreamUnreachable,
        "TLS with the provider `\(provider)` failed: its certificate was rejected. Certificates of your own belong in the "
          + "file or folder that `SSL_CERT_FILE` or `SSL_CERT_DIR` names.")
    case .notTLS:
      APIError(
        502, .upstreamUnreachable,
        "The provider `\(provider)` does not speak TLS; it is probably a plain HTTP server. Begin its `base_url` with "
          + "http:// in place of https://.")
    case .tls:
      APIError(
        502, .upstreamUnreachable, "TLS with the provider `\(provider)` failed: the handshake did not complete.")
    case .timedOut(let phase):
      APIError(504, .upstreamTimeout, "The provider `\(provider)` timed out: \(phase.rawValue).")
    case .proxy(.timedOut):
      APIError(504, .upstreamTimeout, "The proxy of the provider `\(provider)` \(ProxyFailure.timedOut.rawValue).")
    case .proxy(let failure):
      APIError(502, .upstreamUnreachable, "The proxy of the provider `\(provider)` \(failure.rawValue).")
    case .connectionLost:
      APIError(
        502, .upstreamTruncated, "The provider `\(provider)` closed the connection before the end of its response.")
    case .malformed(let what):
      APIError(502, .upstreamMalformed, "The provider `\(provider)` sent an invalid response: \(what).")
    case .tooLarge:
      APIError(
        502, .upstreamMalformed, "The response of the provider `\(provider)` exceeds the size limit.")
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
    case 401:
      APIError(
        502, .upstreamCredentials,
        "The provider `\(provider)` rejected the gateway's API key (status \(status)).")
    case 402, 403:
      APIError(
        status, .upstreamRejected,
        "The provider `\(provider)` refused the request (status \(status)): \(error.message)",
        upstreamBody: error.body)
    case 429:
      APIError(
        429, .upstreamRateLimited, "The rate limit of the provider `\(provider)` was reached: \(error.message)",
        retryAfter: error.retryAfter ?? 1)
    case 408, 504:
      APIError(504, .upstreamTimeout, "The provider `\(provider)` timed out (status \(status)): \(error.message)")
    case 508:
      // Another gateway has ended a circle that leads through this one. Its message names the ends.
      APIError(508, .loopDetected, error.message)
    case 503, 529:
      APIError(
        503, .upstreamFailed, "The provider `\(provider)` is unavailable (status \(status)): \(error.message)",
        retryAfter: error.retryAfter ?? 1)
    default:
      APIError(
        502, .upstreamFailed, "The provider `\(provider)` responded with status \(status): \(error.message)",
        upstreamBody: error.body)
    }
  }
}
