/// A request that will not be served: the status and the words its caller gets.
///
/// Refusals are answers, not failures of the gateway: they are made where the decision is made and written
/// by `Front/ErrorReply` in the caller's dialect. Every message names what to change.
public struct APIError: Error, Equatable, Sendable {
  /// The HTTP status, 400...599.
  public var status: Int

  /// What went wrong, as a word that programs compare; OpenAI's `error.code`.
  public var code: Code

  /// What went wrong and what to do about it, as a sentence for people.
  public var message: String

  /// The request field at fault, as in `messages` or `temperature`; OpenAI's `error.param`.
  public var param: String?

  /// Whether the connection must close after this answer, because what follows on it cannot be trusted.
  public var closes: Bool

  /// Seconds after which trying again makes sense; the `Retry-After` field.
  public var retryAfter: Int?

  /// The methods of the resource, for a 405; the `Allow` field.
  public var allow: String?

  /// What an upstream said, bounded and masked; shown under `error.metadata`.
  public var upstreamBody: String?

  /// What everyone is told once the gateway stops.
  static var shuttingDown: APIError {
    APIError(
      503, .shuttingDown, "The gateway is stopping; ask again, it is back in a moment.", closes: true, retryAfter: 1
    )
  }

  public init(
    _ status: Int, _ code: Code, _ message: String, param: String? = nil, closes: Bool = false,
    retryAfter: Int? = nil, allow: String? = nil, upstreamBody: String? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.param = param
    self.closes = closes
    self.retryAfter = retryAfter
    self.allow = allow
    self.upstreamBody = upstreamBody
  }
}

extension APIError {
  /// The closed list of codes; the raw value is what the caller reads.
  public enum Code: String, Sendable, CaseIterable {
    // The request itself.
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case invalidValue = "invalid_value"
    case missingField = "missing_required_field"
    case duplicateField = "duplicate_field"
    case unsupportedMediaType = "unsupported_media_type"
    case requestTooLarge = "request_too_large"
    case uriTooLong = "uri_too_long"
    case headersTooLarge = "headers_too_large"
    case expectationFailed = "expectation_failed"
    case versionNotSupported = "http_version_not_supported"
    case notImplemented = "not_implemented"
    case requestTimeout = "request_timeout"
    // Who asks, and for what.
    case unauthorized
    case forbiddenOrigin = "forbidden_origin"
    case misdirected = "misdirected_request"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case modelNotFound = "model_not_found"
    case contextLength = "context_length_exceeded"
    case ambiguousModel = "ambiguous_model"
    // Upstreams.
    case upstreamRejected = "upstream_rejected_request"
    case upstreamCredentials = "upstream_credentials_rejected"
    case upstreamRateLimited = "upstream_rate_limited"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamTimeout = "upstream_timeout"
    case upstreamFailed = "upstream_failed"
    case upstreamMalformed = "upstream_malformed_response"
    case upstreamTruncated = "upstream_truncated"
    case noProvider = "no_provider"
    // The gateway.
    case overloaded
    case shuttingDown = "shutting_down"
  }

  /// OpenAI's `error.type` for this refusal's status.
  public var type: StaticString {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    case 503: "overloaded"
    default: "server_error"
    }
  }
}
