/// Writes API errors in the caller's dialect.
enum ErrorReply {
  /// Appends the error object, as the body of a response or the data of an event.
  static func body(_ error: APIError, in dialect: Dialect, requestID: String, into out: inout [UInt8]) {
    dialect.row.writeError(error, requestID, &out)
  }

  /// Appends the last event of a stream that is broken off.
  static func event(_ error: APIError, _ endpoint: CallEndpoint, requestID: String, into out: inout [UInt8]) {
    let row = endpoint.dialect.row
    let frame = row.errorFrame(endpoint.form)
    out.append(frame.before)
    row.writeError(error, requestID, &out)
    out.append(frame.after)
  }

  /// Appends a whole response.
  static func response(
    _ error: APIError, _ options: Reply.Options, fields: CallFields = CallFields(), into out: inout [UInt8]
  ) {
    var text: [UInt8] = []
    body(error, in: options.dialect, requestID: options.requestID, into: &text)
    text.append("\n")
    Reply.open(error.status, "application/json", .length(text.count), options, into: &out)
    if let allow = error.allow { Reply.add("allow", allow, into: &out) }
    if let seconds = error.retryAfter { Reply.add("retry-after", String(seconds), into: &out) }
    if error.status == 401 { Reply.add("www-authenticate", "Bearer", into: &out) }
    // A retry with the same key, origin, or host fails again.
    if error.isFinal || error.status == 401 || error.status == 403 {
      Reply.add("x-should-retry", "false", into: &out)
    }
    Reply.add(fields, options, into: &out)
    Reply.close(into: &out)
    if !options.isHead { out.append(contentsOf: text) }
  }
}
