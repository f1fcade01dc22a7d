/// Writes errors in Anthropic's format. Source: Anthropic API reference, "Errors".
enum MessagesError {
  /// Appends `{"type":"error","error":{"type","message"},"request_id"}`.
  static func append(_ error: APIError, requestID: String, to out: inout [UInt8]) {
    out.append("{\"type\":\"error\",\"error\":{\"type\":\"")
    switch error.status {
    case 401: out.append("authentication_error")
    case 402: out.append("billing_error")
    case 403: out.append("permission_error")
    case 404: out.append("not_found_error")
    case 413: out.append("request_too_large")
    case 429: out.append("rate_limit_error")
    case 400..<500: out.append("invalid_request_error")
    case 503, 529: out.append("overloaded_error")
    case 504: out.append("timeout_error")
    default: out.append("api_error")
    }
    out.append("\",\"message\":")
    Writer.append(error.message, to: &out)
    out.append("}")
    if !requestID.isEmpty {
      out.append(",\"request_id\":")
      Writer.append(requestID, to: &out)
    }
    out.append("}")
  }
}
