internal import Reactor

/// Runs the exchanges: gives them what happens, and carries out their effects. The only part of the gateway that
/// starts attempts.
final class Relay {
  /// Body bytes of a non-streaming answer that may wait in the transfer; above it they are read as they come. Less than
  /// what pauses the transfer, or both would wait for each other.
  static let waitingAnswerMax = Response.bodyBytesMax / 2

  let reactor: Reactor
  let connections: Connections
  let dispatcher: Dispatcher
  let recorder: Recorder
  let transfers: Transfers
  let largeWork: LargeWork
  let admission: Admission
  let shared: SharedAnswers
  private(set) var settings: Settings
  /// The models of attempts, as admission sees them.
  var targets = AdmissionTargets()
  /// The machine's hardware; `nil` unless it is monitored.
  var hardware: HardwareMonitor?
  var random: SplitMix
  /// The client whose answer goes on at the memory limit, when a piece of it was read, and the clients whose answers wait.
  var collecting: (client: UInt64, at: Duration) = (0, .zero)
  var waitingForMemory: [UInt64] = []

  init(
    _ settings: Settings, reactor: Reactor, connections: Connections, dispatcher: Dispatcher, recorder: Recorder,
    transfers: Transfers, largeWork: LargeWork, admission: Admission, shared: SharedAnswers, seed: UInt64
  ) {
    self.settings = settings
    self.reactor = reactor
    self.connections = connections
    self.dispatcher = dispatcher
    self.recorder = recorder
    self.transfers = transfers
    random = SplitMix(state: seed)
    self.largeWork = largeWork
    self.admission = admission
    self.shared = shared
  }

  /// Uses other settings from here on.
  func apply(_ settings: Settings) {
    self.settings = settings
    targets.forget()
  }

  // MARK: Begin

  /// Begins the exchange of a complete request.
  func begin(_ connection: Connection, _ request: AcceptedRequest, _ endpoint: CallEndpoint) {
    let (body, model) = (connection.body, request.model)
    if body.count > Call.inlineBytesMax {
      return largeWork.read(connection, for: endpoint, model: model)
    }
    do throws(APIError) {
      begin(connection, request, try Call.read(body.span, for: endpoint, model: model))
    } catch {
      connections.reject(connection, error)
    }
  }

  /// Begins the exchange of a request that was read; `large` is what was read of it on a thread.
  private func begin(
    _ connection: Connection, _ request: AcceptedRequest, _ call: Call, large: LargeCall? = nil
  ) {
    if let reply = loadReply(call, request) { return connections.reply(connection, 200, reply) }
    let record = connections.record(of: request, connection)
    let body = connection.body
    // The exchange holds the body from here on; two holders would copy it at the next request.
    connection.body = []
    // Without chunks only the end of the connection ends a stream.
    if call.streams, request.options.minorVersion == 0 { request.options.keepsAlive = false }
    let exchange = Exchange(
      call, body: body, timeouts: settings.timeouts, options: request.options, record: record,
      client: connection.number, echo: large?.echo, received: request.at, now: reactor.now, created: seconds)
    connection.exchange = exchange
    var effects = takeEffects()
    do throws(APIError) {
      if recorder.ledger?.failure != nil { throw LedgerFeed.unavailable }
      let entry = try admission.enter(request.caller, model: call.model, pool: call.pool, at: reactor.instant)
      exchange.entry = entry
      beginItem(exchange, request.caller)
      exchange.fields.rateLimits = admission.rateLimits(of: entry, at: reactor.instant)
      exchange.fetch.route = dispatcher.route(
        call, body.span, session: request.session, caller: connection.callerKey(request),
        mayReadMore: DialectTable.mayReadMore(request.dialectFields), requirements: large?.requirements,
        lacksMemory: { model in hardware.map { !$0.fits(model) } ?? false }, now: reactor.now)
      if let key = request.caller.key, !key.providers.isEmpty, let route = exchange.fetch.route,
        !dispatcher.exclude(route, where: { !key.mayUse(provider: settings.providers[$0].name) })
      {
        throw Admission.providerForbidden(key)
      }
      if try !share(exchange, request, isLarge: large != nil) { exchange.begin(&effects) }
    } catch {
      exchange.attemptRejected(error, &effects)
    }
    perform(&effects, exchange, connection)
    if exchange.fetch.isFollowing { continueReading(exchange) }
  }

  /// Goes on with a call whose large body or answer was read or translated on a thread.
  func largeWorkEnded(_ connection: Connection, _ request: AcceptedRequest, _ output: LargeWork.Output) {
    switch output {
    case .call(.success(let read)): begin(connection, request, read.call, large: read)
    case .call(.failure(let apiError)): connections.reject(connection, apiError)
    case .body(let plan, let body):
      // The attempt may have run out of time meanwhile, and its result is of no use then.
      guard let exchange = connection.exchange, exchange.fetch.pause == .translation else { return }
      advance(exchange) { exchange, effects, _ in startTransfer(plan, body, exchange, request, &effects) }
    case .answer(let answer, let made):
      guard let exchange = connection.exchange, exchange.fetch.pause == .translation else { return }
      advance(exchange) { exchange, effects, now in exchange.answerMade(answer, made, &effects, now: now) }
      if exchange.fetch.isFollowing { endIfAbandoned(exchange) }
    case .event(let answer, let output, let made):
      guard let exchange = connection.exchange, exchange.isTranslating else { return }
      advance(exchange) { exchange, effects, now in
        exchange.eventMade(answer, output, made, &effects, now: now)
      }
      // The bytes behind the event have waited for it.
      if connection.exchange === exchange { continueReading(exchange) }
    }
  }

  /// The reply to a request that only loads or unloads a model at a provider that needs no such request.
  private func loadReply(_ call: Call, _ request: AcceptedRequest) -> [UInt8]? {
    guard call.isModelLoad, let first = dispatcher.firstCandidate(of: call.model),
      settings.providers[first.provider].dialect.row.writeLoaded == nil
    else { return nil }
    let metadata = AnswerMetadata(
      requestID: request.options.requestID, created: seconds, modelToken: Writer.string(call.model))
    return call.endpoint.dialect.row.writeLoaded?(metadata, call.endpoint, call.isModelUnload)
  }

  /// Seconds since 1970.
  private var seconds: UInt64 { reactor.wallClock / 1_000_000_000 }

  // MARK: Events of transfers

  func headReceived(_ transfer: TransferID, _ exchange: Exchange) {
    guard let response = reactor.response(of: transfer) else { return }
    var head = UpstreamHead(status: response.status)
    response.forEachField { name, value in head.note(name, value) }
    if response.status >= 400 {
      head.retryAfter = RetryHint(now: Int(seconds), response.field).wait?.wholeSeconds
    }
    if let flight = exchange.flight { return headReceived(head, flight) }
    advance(exchange) { exchange, effects, now in exchange.headReceived(head, &effects, now: now) }
  }

  /// Gives waiting body bytes to the exchange, unless its client is above the high-water mark.
  func bodyReceived(_ transfer: TransferID, _ exchange: Exchange) {
    if let flight = exchange.flight { return bodyReceived(transfer, flight, exchange) }
    guard let connection = connections[number: exchange.client] else { return }
    // In pieces, because small events can become large ones: each is bounded, and after each the client may be full.
    while let response = reactor.response(of: transfer), !connection.isAboveHighWater, !response.body.isEmpty {
      guard exchange.isStreamingBody || response.body.count > Self.waitingAnswerMax else { return }
      if exchange.isTranslating { return }
      if waitsForMemory(exchange, connection) { return }
      var effects = takeEffects()
      let available = response.body.count
      let count = exchange.bodyReceived(response.body.readable, &effects, now: reactor.now)
      reactor.consumeBody(of: transfer, count)
      perform(&effects, exchange, connection)
      // Once all of it is read, nothing follows before the next turn.
      if count == 0 || count == available || exchange.fetch.attempt?.transfer != transfer.bits { return }
    }
  }

  func transferEnded(_ transfer: TransferID, _ end: TransferEnd, _ exchange: Exchange) {
    guard let response = reactor.response(of: transfer) else { return }
    exchange.fetch.transferEnded()
    if let flight = exchange.flight {
      return transferEnded(AttemptFailure(end), rest: response.body.readable, flight)
    }
    guard let connection = connections[number: exchange.client] else { return }
    var effects = takeEffects()
    exchange.transferEnded(AttemptFailure(end), rest: response.body.readable, &effects, now: reactor.now)
    perform(&effects, exchange, connection)
  }

  // MARK: Events of clients and timers

  /// The client has read what waited for it.
  func clientWritable(_ connection: Connection) {
    connection.isAboveHighWater = false
    guard let exchange = connection.exchange else { return }
    exchange.resumed(now: reactor.now)
    continueReading(exchange)
  }

  /// Gives an exchange what waits for it.
  func continueReading(_ exchange: Exchange) {
    if exchange.flight != nil { pump(exchange) }
    let leader = exchange.flight?.leader ?? exchange
    if let transfer = leader.fetch.attempt?.transfer { bodyReceived(TransferID(bits: transfer), leader) }
  }

  /// The client has shut its sending side, and may be gone.
  func pingClient(_ exchange: Exchange) {
    advance(exchange) { exchange, effects, now in exchange.pingClient(&effects, now: now) }
  }

  /// The exchange's deadline has come.
  func tick(_ exchange: Exchange) {
    if let transfer = exchange.fetch.attempt?.transfer, let upload = reactor.upload(of: TransferID(bits: transfer))
    {
      exchange.uploaded(upload.sent, of: upload.total, now: reactor.now)
    }
    advance(exchange) { exchange, effects, now in exchange.tick(&effects, now: now) }
  }

  /// The client is gone, so the upstream need not finish the answer.
  func cancel(_ connection: Connection) {
    guard let exchange = connection.exchange else { return }
    connection.exchange = nil
    connection.request = nil
    handOver(exchange)
    let result = exchange.resultOnCancel
    exchange.cancel()
    finishAttempt(exchange, result, failed: false)
    leave(exchange)
    leaveFlight(exchange)
    recorder.conclude(exchange.finalRecord(now: reactor.now), at: reactor.wallClock, exchange.ledgerItem)
  }

  /// The gateway shuts down: tells the caller and ends the exchange.
  func stop(_ exchange: Exchange) {
    advance(exchange) { exchange, effects, _ in exchange.stop(&effects) }
  }

  /// Continues the exchanges that were evicted from the queue, and those for which there may be a slot.
  func dispatchQueued() {
    guard dispatcher.queue.isCheckDue else { return }
    let due = dispatcher.takeDue()
    for number in due.evicted {
      guard let exchange = connections[number: number]?.exchange else { continue }
      advance(exchange) { exchange, effects, _ in
        exchange.noCandidateLeft(Dispatcher.evicted, wait: nil, &effects)
      }
    }
    // An exchange that finds no slot after all waits again, behind the others: each has one try.
    for _ in 0..<due.tries {
      guard let (number, place) = dispatcher.nextDispatchable(now: reactor.now) else { return }
      guard let exchange = connections[number: number]?.exchange else { continue }
      exchange.fetch.lastQueueEntry = place
      advance(exchange) { exchange, effects, _ in effects.needsAttempt = exchange.phase != .over }
    }
  }

  // MARK: Effects

  /// Gives something to an exchange, and carries out its effects.
  func advance(_ exchange: Exchange, _ input: (Exchange, inout Effects, Duration) -> Void) {
    guard let connection = connections[number: exchange.client] else { return }
    var effects = takeEffects()
    input(exchange, &effects, reactor.now)
    perform(&effects, exchange, connection)
  }

  func takeEffects() -> Effects { Effects(output: connections.takeScratch()) }

  /// Carries out the effects of an exchange, and counts what it holds after them.
  func perform(_ effects: inout Effects, _ exchange: Exchange, _ connection: Connection) {
    carryOut(&effects, exchange, connection)
    if connection.exchange === exchange { connections.chargeExchange(connection, exchange.heldBytes) }
  }

  private func carryOut(_ effects: inout Effects, _ exchange: Exchange, _ connection: Connection) {
    send(&effects.output, exchange, connection)
    if let body = effects.body {
      exchange.sentBytes(body.count)
      body.forEach { connections.send($0, to: connection) }
      effects.body = nil
    }
    if exchange.fetch.isFollowing {
      if effects.needsAttempt { exchange.attemptEnded() }
      (effects.attemptResult, effects.needsAttempt) = (nil, false)
    }
    // An attempt may fail at once, and then the next is started: at most one for each candidate.
    while effects.attemptResult != nil || effects.needsAttempt {
      if let result = effects.attemptResult { finishAttempt(exchange, result, failed: effects.needsAttempt) }
      effects.attemptResult = nil
      guard effects.needsAttempt else { break }
      effects.needsAttempt = false
      startNextAttempt(exchange, connection, &effects)
      send(&effects.output, exchange, connection)
    }
    if effects.isLarge { startTranslation(&effects, exchange, connection) }
    let end = effects.end
    connections.keep(effects.output)
    guard let end else {
      if exchange.phase == .visible, exchange.fetch.route != nil { trimForStreaming(exchange, connection) }
      return connections.schedule(connection)
    }
    finish(exchange, connection, end)
  }

  /// Translates a large answer or a large event on a thread, if there is one.
  private func startTranslation(_ effects: inout Effects, _ exchange: Exchange, _ connection: Connection) {
    guard let answer = exchange.answer else { return }
    if let whole = effects.largeAnswer.take() {
      let streams = exchange.streams
      largeWork.start(for: connection, makesOutput: true) {
        var answer = answer
        let made = Result { () throws(AttemptFailure) in try answer.make(whole.span, of: whole, streams: streams) }
        return .answer(answer, made)
      }
    }
    if let event = effects.largeEvent.take() {
      largeWork.start(for: connection, makesOutput: true) {
        var answer = answer
        var output: [UInt8] = []
        let made = Result { () throws(AttemptFailure) in
          try answer.take(event.data.span, named: event.name.span, into: &output)
        }
        return .event(answer, output, made)
      }
    }
  }

  /// A stream has begun and may last: it keeps no more than it needs.
  private func trimForStreaming(_ exchange: Exchange, _ connection: Connection) {
    exchange.fetch.settleOnAttempt()
    reactor.shrinkInput(of: connection.id)
  }

  private func send(_ output: inout [UInt8], _ exchange: Exchange, _ connection: Connection) {
    guard !output.isEmpty else { return }
    exchange.sentBytes(output.count)
    connections.send(output.span, to: connection)
    output.removeAll(keepingCapacity: true)
  }

  private func finish(_ exchange: Exchange, _ connection: Connection, _ end: Effects.End) {
    finishAttempt(exchange, exchange.resultOnCancel, failed: false)
    leave(exchange)
    leaveFlight(exchange)
    if exchange.record.status == 404 { dispatcher.modelNotFound() }
    recordThroughput(exchange)
    recorder.conclude(exchange.finalRecord(now: reactor.now), at: reactor.wallClock, exchange.ledgerItem)
    if end == .abort {
      connection.exchange = nil
      connection.request = nil
      return connections.close(connection)
    }
    connections.finishRequest(connection)
  }

  /// The exchange is over: it waits for nothing, and no longer counts as a request of its caller that runs.
  private func leave(_ exchange: Exchange) {
    dispatcher.leaveQueue(exchange.client)
    if let entry = exchange.entry.take() { admission.leave(entry) }
  }

  /// Tells the dispatcher when the last piece of each running answer arrived.
  func notePieces() {
    for connection in connections.open {
      guard let fetch = connection.exchange?.fetch, let attempt = fetch.attempt?.selection.id,
        fetch.firstEvent != nil
      else {
        continue
      }
      dispatcher.pieceReceived(attempt, at: fetch.lastEvent, now: reactor.now)
    }
  }
}

@available(*, unavailable)
extension Relay: Sendable {}
