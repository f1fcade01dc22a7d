internal import Reactor

/// Answers that the gateway makes itself, and what follows every answer on its connection.
extension Gateway {
  /// Sends the endpoint's answer, or begins to make it.
  func dispatch(_ connection: Connection) {
    guard let request = connection.request else { return drop(connection) }
    switch request.endpoint {
    case .chat(let call)?: beginExchange(connection, request, call)
    case .countTokens(let call)?: countTokens(connection, request, call)
    case .models?, .model?, .ollamaTags?, .ollamaShow?, .ollamaLoaded?: serveModels(connection, request)
    case .ollamaVersion?: reply(connection, 200, OllamaModels.version)
    case .healthProviders?: replyProviders(connection)
    case .healthHeartbeat?: replyHeartbeat(connection)
    case .recentEvents(let query)?: replyEvents(connection, query)
    case .events(let query)?: beginFeed(connection, query)
    case .queueStatus?: replyQueue(connection)
    case .routeExplain?: explain(connection)
    case .routeOf?: explain(connection, id: request.model)
    case .reload?: beginReload(connection)
    case .hello?: reply(connection, 200, "{\"status\":\"ok\"}\n")
    case .root?:
      reply(connection, 200, "{\"name\":\"hoosh\",\"version\":\"\(Gateway.version)\",\"status\":\"ok\"}\n")
    case .liveness?, nil:
      reply(
        connection, 200,
        "{\"status\":\"ok\",\"version\":\"\(Gateway.version)\",\"providers_configured\":\(providers.count)}\n")
    case .status?: replyStatus(connection)
    case .hardware(let question)?: replyHardware(connection, question)
    case .readiness?:
      if isDraining {
        refuse(connection, .shuttingDown, request.replyOptions)
      } else {
        reply(connection, 200, "{\"status\":\"ready\"}\n")
      }
    }
  }

  /// Sends a whole JSON answer and ends the request.
  func reply(_ connection: Connection, _ status: Int, _ body: String) {
    reply(connection, status, Array(body.utf8))
  }

  func reply(_ connection: Connection, _ status: Int, _ body: [UInt8]) {
    guard let request = connection.request else { return }
    var out = takeScratch()
    Reply.json(status, body.span, request.replyOptions, into: &out)
    send(out.span, to: connection)
    endRequest(connection, status, .completed, bytesOut: out.count)
    scratch = out
  }

  func replyToOptions(_ connection: Connection, _ options: Reply.Options) {
    var out = takeScratch()
    Reply.open(204, "", .length(0), options, into: &out)
    Reply.add("allow", "GET, HEAD, POST, OPTIONS", into: &out)
    if options.allowedOrigin != nil {
      Reply.add("access-control-allow-methods", "GET, HEAD, POST, OPTIONS", into: &out)
      Reply.add(
        "access-control-allow-headers",
        "authorization, content-type, x-api-key, x-goog-api-key, x-goog-api-client, x-request-id, openai-beta, "
          + "anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access",
        into: &out)
      Reply.add("access-control-max-age", "600", into: &out)
    }
    Reply.close(into: &out)
    send(out.span, to: connection)
    endRequest(connection, 204, .completed, bytesOut: out.count)
    scratch = out
  }

  /// Sends a refusal and ends the request, or the connection where the refusal says so.
  func refuse(_ connection: Connection, _ apiError: APIError, _ known: Reply.Options? = nil) {
    var options = known ?? Reply.Options(requestID: mintRequestID(), date: currentDate())
    if apiError.closes { options.keepsAlive = false }
    let request =
      connection.request
      ?? Arrival(endpoint: nil, replyOptions: options, caller: .anonymous, at: reactor.now, bytes: 0)
    request.replyOptions = options
    connection.request = request
    var out = takeScratch()
    ErrorReply.response(apiError, options, into: &out)
    send(out.span, to: connection)
    endRequest(connection, apiError.status, .refused, bytesOut: out.count)
    scratch = out
  }

  /// Writes the journal's row of a request that had no exchange, and readies the connection for the next.
  private func endRequest(_ connection: Connection, _ status: Int, _ outcome: JournalRow.Outcome, bytesOut: Int) {
    guard let request = connection.request else { return }
    recordRow(connection, request, status, outcome, bytesOut: bytesOut)
    becomeReady(connection)
  }

  /// Writes the journal's row of a request that had no exchange.
  func recordRow(
    _ connection: Connection, _ request: Arrival, _ status: Int, _ outcome: JournalRow.Outcome, bytesOut: Int
  ) {
    var row = JournalRow()
    row.id = request.replyOptions.requestID
    row.caller = request.caller
    row.path = request.endpoint?.name ?? "-"
    row.status = status
    row.outcome = outcome
    row.bytesIn = request.bytes + connection.body.count
    row.bytesOut = bytesOut
    row.total = reactor.now - request.at
    row.firstByte = row.total
    record(row)
  }

  /// The answer is complete: the next request, or the end of the connection.
  func becomeReady(_ connection: Connection) {
    let keepsAlive = connection.request?.replyOptions.keepsAlive ?? false
    connection.request = nil
    connection.exchange = nil
    connection.course = nil
    connection.queued = nil
    releaseBody(connection)
    connection.body = []
    guard keepsAlive, !isDraining else { return close(connection) }
    connection.enter(.idle, now: reactor.now)
    if connection.isInputPaused {
      connection.isInputPaused = false
      reactor.pauseInput(of: connection.id, false)
    }
  }

  /// Queues output, and notes when the client has more than enough to read.
  func send(_ output: Span<UInt8>, to connection: Connection) {
    let waiting = reactor.send(output, to: connection.id)
    guard waiting > reactor.outputHighWater, !connection.isFull else { return }
    connection.isFull = true
    connection.fullSince = reactor.now
    connection.fullBytes = waiting
  }

  func currentDate() -> [UInt8] {
    date.update(reactor.wallClock)
    return date.text
  }

  func takeScratch() -> [UInt8] {
    var out = scratch
    scratch = []
    if out.capacity > 1024 * 1024 { out = [] }
    out.removeAll(keepingCapacity: true)
    return out
  }
}
