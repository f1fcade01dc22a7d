/// Writes refusals as OpenAI's error object: `{"error":{"message","type","param","code"}}`.
enum RefusalReply {
  /// Appends the error object, as the body of a response or the data of an event.
  static func body(_ refusal: Refusal, requestID: String, into out: inout [UInt8]) {
    out.append("{\"error\":{\"message\":")
    Writer.append(refusal.message, to: &out)
    out.append(",\"type\":\"")
    out.append(refusal.type)
    out.append("\",\"param\":")
    if let param = refusal.param {
      Writer.append(param, to: &out)
    } else {
      out.append("null")
    }
    out.append(",\"code\":\"")
    out.append(refusal.code.rawValue)
    out.append("\"")
    if let body = refusal.upstreamBody {
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

  /// Appends a whole response.
  static func response(_ refusal: Refusal, _ frame: Reply.Frame, into out: inout [UInt8]) {
    var text: [UInt8] = []
    body(refusal, requestID: frame.requestID, into: &text)
    text.append("\n")
    Reply.open(refusal.status, "application/json", .length(text.count), frame, into: &out)
    if let allow = refusal.allow { Reply.add("allow", allow, into: &out) }
    if let seconds = refusal.retryAfter { Reply.add("retry-after", String(seconds), into: &out) }
    if refusal.status == 401 { Reply.add("www-authenticate", "Bearer", into: &out) }
    // Trying again with the same key, origin or host helps nobody.
    if refusal.status == 401 || refusal.status == 403 { Reply.add("x-should-retry", "false", into: &out) }
    Reply.close(into: &out)
    if !frame.isHead { out.append(contentsOf: text) }
  }
}
