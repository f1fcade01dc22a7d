/// Writes refusals as the error object of the caller's dialect.
enum ErrorReply {
  /// Appends the error object, as the body of a response or the data of an event.
  static func body(_ apiError: APIError, in dialect: Dialect, requestID: String, into out: inout [UInt8]) {
    switch dialect {
    case .openAI, .responses: openAI(apiError, requestID: requestID, into: &out)
    case .anthropic: anthropic(apiError, requestID: requestID, into: &out)
    case .ollama:
      // Its client takes a text, and dies of an object.
      out.append("{\"error\":")
      Writer.append(apiError.message, to: &out)
      out.append("}")
    case .gemini: gemini(apiError, into: &out)
    }
  }

  /// Appends what a stream that is broken off says: one event in its caller's frame, and no end.
  static func event(_ apiError: APIError, _ call: CallEndpoint, requestID: String, into out: inout [UInt8]) {
    switch call.dialect {
    case .openAI, .responses: out.append("data: ")
    case .anthropic: out.append("event: error\ndata: ")
    case .gemini: if call.form == .events { out.append("data: ") }
    case .ollama: break
    }
    body(apiError, in: call.dialect, requestID: requestID, into: &out)
    switch (call.dialect, call.form) {
    case (.gemini, .array): out.append("]")
    case (.gemini, _): out.append("\r\n\r\n")
    case (.ollama, _): out.append("\n")
    default: out.append("\n\n")
    }
  }

  /// `{"error":{"message","type","param","code"}}`.
  private static func openAI(_ apiError: APIError, requestID: String, into out: inout [UInt8]) {
    out.append("{\"error\":{\"message\":")
    Writer.append(apiError.message, to: &out)
    out.append(",\"type\":\"")
    out.append(apiError.type)
    out.append("\",\"param\":")
    if let param = apiError.param {
      Writer.append(param, to: &out)
    } else {
      out.append("null")
    }
    out.append(",\"code\":\"")
    out.append(apiError.code.rawValue)
    out.append("\"")
    if let body = apiError.upstreamBody {
      out.append(",\"metadata\":{\"upstream_body\":")
      Writer.append(body, to: &out)
      out.append("}")
    }
    if !requestID.isEmpty {
      out.append(",\"request_id\":")
      Writer.append(requestID, to: &out)
    }
    out.append("}}")
  }

  /// `{"type":"error","error":{"type","message"},"request_id"}`.
  private static func anthropic(_ apiError: APIError, requestID: String, into out: inout [UInt8]) {
    out.append("{\"type\":\"error\",\"error\":{\"type\":\"")
    switch apiError.status {
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
    Writer.append(apiError.message, to: &out)
    out.append("}")
    if !requestID.isEmpty {
      out.append(",\"request_id\":")
      Writer.append(requestID, to: &out)
    }
    out.append("}")
  }

  /// `{"error":{"code","message","status"}}`.
  private static func gemini(_ apiError: APIError, into out: inout [UInt8]) {
    out.append("{\"error\":{\"code\":")
    out.append(decimal: apiError.status)
    out.append(",\"message\":")
    Writer.append(apiError.message, to: &out)
    out.append(",\"status\":\"")
    switch apiError.status {
    case 401: out.append("UNAUTHENTICATED")
    case 403: out.append("PERMISSION_DENIED")
    case 404: out.append("NOT_FOUND")
    case 429: out.append("RESOURCE_EXHAUSTED")
    case 400..<500: out.append("INVALID_ARGUMENT")
    case 501: out.append("UNIMPLEMENTED")
    case 503: out.append("UNAVAILABLE")
    case 504: out.append("DEADLINE_EXCEEDED")
    default: out.append("INTERNAL")
    }
    out.append("\"}}")
  }

  /// Appends a whole response.
  static func response(_ apiError: APIError, _ options: Reply.Options, into out: inout [UInt8]) {
    var text: [UInt8] = []
    body(apiError, in: options.dialect, requestID: options.requestID, into: &text)
    text.append("\n")
    Reply.open(apiError.status, "application/json", .length(text.count), options, into: &out)
    if let allow = apiError.allow { Reply.add("allow", allow, into: &out) }
    if let seconds = apiError.retryAfter { Reply.add("retry-after", String(seconds), into: &out) }
    if apiError.status == 401 { Reply.add("www-authenticate", "Bearer", into: &out) }
    // Trying again with the same key, origin or host helps nobody.
    if apiError.status == 401 || apiError.status == 403 { Reply.add("x-should-retry", "false", into: &out) }
    Reply.close(into: &out)
    if !options.isHead { out.append(contentsOf: text) }
  }
}
