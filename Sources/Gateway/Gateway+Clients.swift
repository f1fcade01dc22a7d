internal import Reactor

/// The client side: from bytes to requests, in order and one at a time.
extension Gateway {
  /// Pipelined input that may wait while an answer is made.
  static let pipelineBytesMax = 64 * 1024
  /// Time for a request's head, from its first byte.
  static let headTime = Duration.seconds(10)
  /// Time for a request's body, and the bytes a second that it must then have come with.
  static let bodyTime = Duration.seconds(30)
  static let bodyRateMin = 1024
  /// Time in which a client with more than enough to read must have read some of it.
  static let readTime = Duration.seconds(30)
  /// Requests on one connection.
  static let requestsMax = 10_000

  func welcome(_ client: ClientID) {
    let connection = Connection(client, now: reactor.now)
    connections[client.bits] = connection
    if connections.count > configuration.server.clientsMax {
      refuse(connection, Refusal(503, .overloaded, "Too many connections; try again soon.", closes: true, retryAfter: 1))
      return
    }
    arm(connection)
  }

  /// Reads on as far as the input goes and the answers are ready.
  func advance(_ connection: Connection) {
    // An answer that is complete at once comes back here instead of calling again: pipelined requests must not
    // pile up on the stack.
    if connection.isAdvancing { return }
    connection.isAdvancing = true
    defer { connection.isAdvancing = false }
    var isWaiting = false
    while !isWaiting, connections[connection.id.bits] != nil {
      switch connection.phase {
      case .answer: return boundInput(connection)
      // Answers that nobody reads must not pile up: the next request waits for the client.
      case _ where connection.isFull:
        arm(connection)
        return boundInput(connection)
      case .idle, .head: isWaiting = !readHead(connection)
      case .body: isWaiting = !readBody(connection)
      }
    }
    guard connections[connection.id.bits] != nil else { return }
    // A complete request is answered after the client's last byte, an incomplete one is forgotten.
    if connection.hasFinished { close(connection) } else { arm(connection) }
  }

  /// The client has sent its last byte.
  func inputEnded(_ connection: Connection) {
    connection.hasFinished = true
    advance(connection)
    if connection.phase == .answer { probe(connection) }
  }

  private func boundInput(_ connection: Connection) {
    let waiting = reactor.withInput(of: connection.id) { $0.count } ?? 0
    connection.isInputPaused = waiting > Self.pipelineBytesMax
    reactor.pauseInput(of: connection.id, connection.isInputPaused)
  }

  // MARK: Head

  private enum HeadVerdict {
    case incomplete
    case refused(Refusal, Reply.Frame, headBytes: Int)
    case accepted(Arrival, BodyReader, headBytes: Int, wantsContinue: Bool)
    /// `OPTIONS`, which has no endpoint.
    case options(Reply.Frame, headBytes: Int)
  }

  /// Reads a head if it is all there; true when the connection moved on.
  private func readHead(_ connection: Connection) -> Bool {
    let verdict: HeadVerdict = reactor.withInput(of: connection.id) { input in
      if input.isEmpty { return .incomplete }
      return judge(input, connection)
    } ?? .incomplete
    switch verdict {
    case .incomplete:
      let hasBegun = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if hasBegun, connection.phase == .idle { connection.enter(.head, now: reactor.now) }
      return false
    case .refused(let refusal, let frame, let count):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.served += 1
      refuse(connection, refusal, frame)
      return true
    case .options(let frame, let count):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.served += 1
      connection.request = Arrival(endpoint: nil, frame: frame, caller: .anyone, at: reactor.now, bytes: count)
      replyToOptions(connection, frame)
      return true
    case .accepted(let arrival, let bodyReader, let count, let wantsContinue):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.request = arrival
      connection.bodyReader = bodyReader
      connection.body.removeAll(keepingCapacity: true)
      connection.enter(.body, now: reactor.now)
      let hasBody = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if wantsContinue, !hasBody { reactor.send("HTTP/1.1 100 Continue\r\n\r\n".utf8.span, to: connection.id) }
      return true
    }
  }

  /// Decides about a head; touches nothing but the connection's reader.
  private func judge(_ input: Span<UInt8>, _ connection: Connection) -> HeadVerdict {
    var frame = Reply.Frame(date: currentDate())
    do throws(HeadFault) {
      guard let head = try connection.reader.read(input) else { return .incomplete }
      frame.minorVersion = head.minorVersion
      frame.isHead = head.method == .head
      frame.keepsAlive = head.keepsAlive && !isDraining && connection.served + 1 < Self.requestsMax
      frame.requestID = requestID(head, input)
      do throws(Refusal) {
        try checkHost(head, input)
        if head.method == .options {
          if head.framing != .none { throw Refusal(400, .malformedRequest, "OPTIONS takes no body here.", closes: true) }
          try checkOrigin(head, input, &frame)
          return .options(frame, headBytes: head.byteCount)
        }
        let arrival = try admit(head, input, &frame)
        let reader = try bodyReader(head, arrival.endpoint, input)
        return .accepted(arrival, reader, headBytes: head.byteCount, wantsContinue: head.expectsContinue)
      } catch {
        // What was refused before its body was read leaves the connection at an unknown place.
        var refusal = error
        if head.framing != .none { refusal.closes = true }
        return .refused(refusal, frame, headBytes: head.byteCount)
      }
    } catch {
      frame.requestID = mintRequestID()
      return .refused(error.refusal, frame, headBytes: 0)
    }
  }

  private func requestID(_ head: RequestHead, _ input: Span<UInt8>) -> String {
    if let slice = head.xRequestID, RequestID.sane(input.bytes(slice)) { return input.bytes(slice).text }
    return mintRequestID()
  }

  private func mintRequestID() -> String {
    RequestID.mint(random: &random, milliseconds: Reactor.wallClock / 1_000_000)
  }

  /// Where it goes, who asks, and from where: all decided on the same bytes, before the body.
  private func admit(_ head: RequestHead, _ input: Span<UInt8>, _ frame: inout Reply.Frame) throws(Refusal) -> Arrival {
    try checkOrigin(head, input, &frame)
    if head.method == .other { throw Refusal(501, .notImplemented, "The method is not one of HTTP's that hoosh knows.", closes: true) }
    if head.method == .connect || head.method == .trace {
      throw Refusal(
        405, .methodNotAllowed, "hoosh is no forward proxy; it takes GET, HEAD, POST and OPTIONS.",
        allow: "GET, HEAD, POST, OPTIONS")
    }
    guard let endpoint = Endpoint.at(head.path, in: input) else {
      throw Refusal(404, .notFound, "There is nothing at this path; POST /v1/chat/completions and GET /v1/models are.")
    }
    if let allow = endpoint.refusesMethod(head.method) {
      throw Refusal(405, .methodNotAllowed, "This path does not take that method; it takes \(allow).", allow: allow)
    }
    var arrival = Arrival(
      endpoint: endpoint, frame: frame, caller: try caller(head, input, endpoint), at: reactor.now, bytes: head.byteCount)
    if case .model(let name) = endpoint {
      guard let model = Endpoint.decode(input.bytes(name)) else {
        throw Refusal(400, .malformedRequest, "The model's name in the path is not percent-encoded UTF-8.")
      }
      arrival.model = model
    }
    return arrival
  }

  private func checkHost(_ head: RequestHead, _ input: Span<UInt8>) throws(Refusal) {
    guard let host = head.host?.name, !hosts.accept(input.bytes(host)) else { return }
    throw Refusal(
      421, .misdirected,
      "This gateway does not answer for the host `\(input.bytes(host).text)`; add it to server.hosts to allow it.",
      closes: true)
  }

  private func checkOrigin(_ head: RequestHead, _ input: Span<UInt8>, _ frame: inout Reply.Frame) throws(Refusal) {
    guard let origin = head.origin else { return }
    guard let allowed = origins.accept(input.bytes(origin)) else {
      throw Refusal(
        403, .forbiddenOrigin, "Web pages of this origin may not call the gateway; add it to server.origins to allow it.",
        closes: true)
    }
    frame.allowedOrigin = allowed
  }

  private func caller(_ head: RequestHead, _ input: Span<UInt8>, _ endpoint: Endpoint) throws(Refusal) -> Caller {
    if keys.isOpen || endpoint.isOpen { return .anyone }
    let refusal = Refusal(
      401, .unauthorized, "A valid key is needed: send it as `Authorization: Bearer KEY`.")
    var presented: Slice?
    if let field = head.authorization {
      guard let token = Keys.bearer(in: input.bytes(field)) else { throw refusal }
      presented = Slice(start: Int(field.start) + Int(token.start), count: Int(token.count))
    }
    if let field = head.xAPIKey {
      if let presented, !input.bytes(presented).equals(input.bytes(field)) {
        throw Refusal(400, .malformedRequest, "`Authorization` and `x-api-key` name different keys; send one.", closes: true)
      }
      presented = field
    }
    guard let presented, let index = keys.admits(input.bytes(presented)) else { throw refusal }
    return .key(index)
  }

  private func bodyReader(_ head: RequestHead, _ endpoint: Endpoint?, _ input: Span<UInt8>) throws(Refusal) -> BodyReader {
    guard endpoint == .chatCompletions else { return BodyReader(discarding: head.framing) }
    if let encoding = head.contentEncoding, !input.bytes(encoding).equalsIgnoringCase("identity".utf8.span) {
      throw Refusal(415, .unsupportedMediaType, "Send the body without content-encoding.", closes: true)
    }
    if let type = head.contentType, !Self.isJSON(input.bytes(type)) {
      throw Refusal(415, .unsupportedMediaType, "Send the body with `content-type: application/json`.", closes: true)
    }
    let most = configuration.server.jsonBodyBytesMax
    if case .length(let count) = head.framing, count > most { throw BodyFault.tooLarge.refusal }
    return BodyReader(framing: head.framing, bytesMax: most)
  }

  private static func isJSON(_ type: Span<UInt8>) -> Bool {
    var end = 0
    while end < type.count, type[end] != UInt8(ascii: ";"), type[end] != 0x20 { end += 1 }
    let name = type.extracting(first: end)
    if name.equalsIgnoringCase("application/json".utf8.span) { return true }
    return name.count > 5 && name.extracting(last: 5).equalsIgnoringCase("+json".utf8.span)
  }

  // MARK: Body

  /// Reads on in the body; true when the connection moved on.
  private func readBody(_ connection: Connection) -> Bool {
    var consumed = 0
    let verdict: Result<Bool, BodyFault> = reactor.withInput(of: connection.id) { input in
      do throws(BodyFault) {
        guard let progress = try connection.bodyReader?.read(input, into: &connection.body) else { return .success(true) }
        consumed = progress.consumed
        return .success(progress.isComplete)
      } catch {
        return .failure(error)
      }
    } ?? .success(false)
    reactor.consumeInput(of: connection.id, consumed)
    switch verdict {
    case .success(false): return false
    case .success(true):
      connection.bodyReader = nil
      connection.served += 1
      connection.enter(.answer, now: reactor.now)
      dispatch(connection)
      return true
    case .failure(let fault):
      refuse(connection, fault.refusal, connection.request?.frame)
      return true
    }
  }

  // MARK: Answers

  /// Sends the endpoint's answer, or begins to make it.
  private func dispatch(_ connection: Connection) {
    guard let request = connection.request else { return drop(connection) }
    switch request.endpoint {
    case .chatCompletions?: beginExchange(connection, request)
    case .models?, .model?: serveModels(connection, request)
    case .root?: reply(connection, 200, "{\"name\":\"hoosh\",\"version\":\"\(Gateway.version)\",\"status\":\"ok\"}\n")
    case .liveness?, nil:
      reply(
        connection, 200,
        "{\"status\":\"ok\",\"version\":\"\(Gateway.version)\",\"providers_configured\":\(providers.count)}\n")
    case .readiness?:
      if isDraining {
        refuse(connection, Refusal(503, .shuttingDown, "The gateway is stopping.", closes: true, retryAfter: 1), request.frame)
      } else {
        reply(connection, 200, "{\"status\":\"ready\"}\n")
      }
    }
  }

  /// Sends a whole JSON answer and ends the request.
  func reply(_ connection: Connection, _ status: Int, _ body: String) {
    guard let request = connection.request else { return }
    var out = takeScratch()
    Reply.json(status, Array(body.utf8).span, request.frame, into: &out)
    send(out, to: connection)
    endRequest(connection, status, .completed, bytesOut: out.count)
    scratch = out
  }

  private func replyToOptions(_ connection: Connection, _ frame: Reply.Frame) {
    var out = takeScratch()
    Reply.open(204, "", .length(0), frame, into: &out)
    Reply.add("allow", "GET, HEAD, POST, OPTIONS", into: &out)
    if frame.allowedOrigin != nil {
      Reply.add("access-control-allow-methods", "GET, HEAD, POST, OPTIONS", into: &out)
      Reply.add(
        "access-control-allow-headers", "authorization, content-type, x-api-key, x-request-id, openai-beta", into: &out)
      Reply.add("access-control-max-age", "600", into: &out)
    }
    Reply.close(into: &out)
    send(out, to: connection)
    endRequest(connection, 204, .completed, bytesOut: out.count)
    scratch = out
  }

  /// Sends a refusal and ends the request, or the connection where the refusal says so.
  func refuse(_ connection: Connection, _ refusal: Refusal, _ known: Reply.Frame? = nil) {
    var frame = known ?? Reply.Frame(requestID: mintRequestID(), date: currentDate())
    if refusal.closes { frame.keepsAlive = false }
    var request = connection.request ?? Arrival(endpoint: nil, frame: frame, caller: .anyone, at: reactor.now, bytes: 0)
    request.frame = frame
    connection.request = request
    var out = takeScratch()
    RefusalReply.response(refusal, frame, into: &out)
    send(out, to: connection)
    endRequest(connection, refusal.status, .refused, bytesOut: out.count)
    scratch = out
  }

  /// Writes the journal's row of a request that had no exchange, and readies the connection for the next.
  private func endRequest(_ connection: Connection, _ status: Int, _ outcome: JournalRow.Outcome, bytesOut: Int) {
    guard let request = connection.request else { return }
    var row = JournalRow()
    row.id = request.frame.requestID
    row.caller = request.caller
    row.path = request.endpoint?.name ?? "-"
    row.status = status
    row.outcome = outcome
    row.bytesIn = request.bytes + connection.body.count
    row.bytesOut = bytesOut
    row.total = reactor.now - request.at
    row.firstByte = row.total
    record(row)
    becomeReady(connection)
  }

  /// The answer is complete: the next request, or the end of the connection.
  func becomeReady(_ connection: Connection) {
    let keepsAlive = connection.request?.frame.keepsAlive ?? false
    connection.request = nil
    connection.exchange = nil
    if connection.body.capacity > Self.pipelineBytesMax { connection.body = [] }
    guard keepsAlive, !isDraining else { return close(connection) }
    connection.enter(.idle, now: reactor.now)
    if connection.isInputPaused {
      connection.isInputPaused = false
      reactor.pauseInput(of: connection.id, false)
    }
  }

  // MARK: Ends

  /// Ends a connection so that the client can read what was sent.
  func close(_ connection: Connection) {
    forget(connection)
    reactor.close(connection.id)
  }

  /// Ends a connection at once.
  func drop(_ connection: Connection) {
    forget(connection)
    reactor.reset(connection.id)
  }

  private func forget(_ connection: Connection) {
    if let alarm = connection.alarm { reactor.cancel(alarm) }
    connection.alarm = nil
    connections[connection.id.bits] = nil
    modelQueue.waiting.removeAll { $0 === connection }
    endIfDone()
  }

  func hungUp(_ connection: Connection) {
    abandonExchange(connection)
    forget(connection)
  }

  /// Ends a client that does not read, and what is made for it.
  private func abandon(_ connection: Connection) {
    abandonExchange(connection)
    drop(connection)
  }

  // MARK: Time

  /// When the connection is to be looked at, were nothing to happen before.
  private func deadline(_ connection: Connection) -> Duration {
    switch connection.phase {
    case _ where connection.isFull: connection.fullSince + Self.readTime
    case .idle: connection.since + configuration.server.idleTimeout
    case .head: connection.since + Self.headTime
    case .body: connection.since + Self.bodyTime + .seconds(connection.body.count / Self.bodyRateMin)
    case .answer: connection.exchange?.nextTick ?? reactor.now + .seconds(60)
    }
  }

  /// Makes sure that the connection is looked at in time. An alarm that is too early is left and looks again.
  func arm(_ connection: Connection) {
    let time = deadline(connection)
    if connection.alarm != nil, connection.alarmAt <= time { return }
    connection.alarmAt = time
    if let alarm = connection.alarm, reactor.move(alarm, to: time) { return }
    connection.alarm = reactor.wake(at: time, tag: Alarm.connection(slot: Int(connection.id.bits & 0xFFFF_FFFF)).tag)
  }

  func woke(_ alarm: AlarmID, _ purpose: Alarm) {
    switch purpose {
    case .connection(let slot):
      guard let connection = connections.value(inSlot: slot), connection.alarm == alarm else { return }
      connection.alarm = nil
      if deadline(connection) > reactor.now { return arm(connection) }
      expire(connection)
    case .transfer(let slot):
      if case .nobody(let transfer, alarm)? = transfers.value(inSlot: slot) {
        transfers[transfer.bits] = nil
        reactor.cancel(transfer)
      }
    case .models: modelsAreLate()
    case .journal: flushJournal()
    case .drain: stopNow()
    }
  }

  private func expire(_ connection: Connection) {
    switch connection.phase {
    case _ where connection.isFull:
      let waiting = reactor.waitingOutput(of: connection.id)
      if waiting >= connection.fullBytes { return abandon(connection) }
      connection.fullBytes = waiting
      connection.fullSince = reactor.now
      arm(connection)
    case .idle: close(connection)
    case .head, .body:
      refuse(
        connection,
        Refusal(408, .requestTimeout, "The request took too long to arrive.", closes: true), connection.request?.frame)
    case .answer:
      tickExchange(connection)
      if connections[connection.id.bits] != nil { arm(connection) }
    }
  }

  // MARK: Small things

  /// Queues output, and notes when the client has more than enough to read.
  func send(_ output: [UInt8], to connection: Connection) {
    let waiting = reactor.send(output.span, to: connection.id)
    guard waiting > Reactor.outputHighWater, !connection.isFull else { return }
    connection.isFull = true
    connection.fullSince = reactor.now
    connection.fullBytes = waiting
  }

  func currentDate() -> [UInt8] {
    date.update(Reactor.wallClock)
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
