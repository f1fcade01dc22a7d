/// A response that reports failure: a status, a code, and a message.
///
/// An API error is created where the decision is made, and `ErrorReply` writes it in the caller's dialect. Every message
/// says what to change.
public struct APIError: Error, Equatable, Sendable {
  /// The HTTP status, 400...599.
  public var status: Int

  /// The error as a word for programs, which is OpenAI's `error.code`.
  public var code: Code

  /// The error and how to fix it, in sentences.
  public var message: String

  /// The request field with the error, such as `temperature`, which is OpenAI's `error.param`.
  public var param: String?

  /// Whether the connection must close after the response, because its next bytes cannot be trusted.
  public var closes: Bool

  /// The seconds after which a retry is useful, for the `Retry-After` field.
  public var retryAfter: Int?

  /// Whether a retry fails again, so that clients are told to make none.
  public var isFinal = false

  /// The methods of the resource, for the `Allow` field of a 405.
  public var allow: String?

  /// The upstream's error body, truncated and without secrets, for `error.metadata`.
  public var upstreamBody: String?

  /// The error of requests that arrive while the gateway drains.
  static var shuttingDown: APIError {
    APIError(
      503, .shuttingDown, "The gateway is shutting down. Retry in a moment.", closes: true, retryAfter: 1
    )
  }

  /// The error of a request that waits while the key of its caller is revoked.
  static var keyRevoked: APIError {
    APIError(
      401, .unauthorized, "The API key of this request was revoked before it was sent to a provider.", closes: true)
  }

  /// The error of a field of the request whose value breaks a rule, as in "must be a string".
  static func invalid(_ field: String, _ rule: String) -> APIError {
    APIError(400, .invalidValue, "`\(field)` \(rule).", param: field)
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
  /// The error codes. The raw value is public and does not change.
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
    // The caller and the resource.
    case unauthorized
    case forbiddenOrigin = "forbidden_origin"
    case misdirected = "misdirected_request"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case modelNotFound = "model_not_found"
    case contextLength = "context_length_exceeded"
    case permissionDenied = "permission_denied"
    case rateLimitExceeded = "rate_limit_exceeded"
    case budgetExceeded = "budget_exceeded"
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
    case loopDetected = "loop_detected"
    // The gateway.
    case overloaded
    case ledgerUnavailable = "ledger_unavailable"
    case shuttingDown = "shutting_down"
  }

  /// OpenAI's `error.type` for the status.
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
