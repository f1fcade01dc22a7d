internal import Reactor

/// Sends responses that the gateway makes itself, and concludes their requests.
extension Connections {
  /// Sends a response and ends the request.
  func reply(_ connection: Connection, _ status: Int, _ body: String) {
    reply(connection, status, Array(body.utf8))
  }

  func reply(
    _ connection: Connection, _ status: Int, _ body: [UInt8], contentType: StaticString = "application/json",
    field: (name: StaticString, value: String)? = nil
  ) {
    guard let request = connection.request else { return }
    var out = takeScratch()
    Reply.complete(status, contentType, body.span, request.options, field: field, into: &out)
    send(out.span, to: connection)
    endRequest(connection, request, status, .completed, nil, bytesOut: out.count)
    keep(out)
  }

  /// The header fields that the official SDKs send from a browser, for a preflight that names none.
  private static let corsFields =
    "authorization, content-type, api-key, x-api-key, x-goog-api-key, x-goog-api-client, x-request-id, "
    + "openai-beta, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access"

  func replyToOptions(_ connection: Connection, _ options: Reply.Options) {
    guard let request = connection.request else { return }
    var out = takeScratch()
    Reply.open(204, "", .length(0), options, into: &out)
    Reply.add("allow", "GET, HEAD, POST, DELETE, OPTIONS", into: &out)
    if options.allowedOrigin != nil {
      Reply.add("access-control-allow-methods", "GET, HEAD, POST, OPTIONS", into: &out)
      Reply.add(
        "access-control-allow-headers",
        connection.request?.requestedFields ?? Self.corsFields, into: &out)
      Reply.add("access-control-max-age", "600", into: &out)
    }
    Reply.close(into: &out)
    send(out.span, to: connection)
    endRequest(connection, request, 204, .completed, nil, bytesOut: out.count)
    keep(out)
  }

  /// Sends an API error and ends the request, or the connection if the error says so.
  func reject(_ connection: Connection, _ apiError: APIError) {
    let request =
      connection.request
      ?? AcceptedRequest(
        endpoint: nil, path: "-", options: Reply.Options(requestID: mintRequestID(), date: currentDate()),
        caller: .anonymous, at: reactor.now, bytes: 0)
    if apiError.closes { request.options.keepsAlive = false }
    connection.request = request
    var out = takeScratch()
    ErrorReply.response(apiError, request.options, into: &out)
    send(out.span, to: connection)
    endRequest(connection, request, apiError.status, .rejected, apiError.code, bytesOut: out.count)
    keep(out)
  }

  private func endRequest(
    _ connection: Connection, _ request: AcceptedRequest, _ status: Int, _ outcome: RequestRecord.Outcome,
    _ error: APIError.Code?, bytesOut: Int
  ) {
    conclude(connection, request, status, outcome, error, bytesOut: bytesOut)
    finishRequest(connection)
  }

  /// Concludes a request that has no exchange.
  func conclude(
    _ connection: Connection, _ request: AcceptedRequest, _ status: Int, _ outcome: RequestRecord.Outcome,
    _ error: APIError.Code?, bytesOut: Int
  ) {
    var record = record(of: request, connection)
    record.status = status
    record.outcome = outcome
    record.error = error
    record.bytesOut = bytesOut
    record.total = reactor.now - request.at
    record.firstByte = record.total
    recorder.conclude(record, at: reactor.wallClock)
  }

  /// The record of a request, as far as its head and its body decide it.
  func record(of request: AcceptedRequest, _ connection: Connection) -> RequestRecord {
    RequestRecord(
      id: request.options.requestID, caller: request.caller, path: request.path,
      bytesIn: request.bytes + connection.body.count)
  }
}
