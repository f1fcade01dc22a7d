internal import Reactor

/// The upstream side: from an exchange's wishes to transfers, and from their events back to it.
extension Gateway {
  /// Body bytes of a whole answer that may wait in the transfer; more is handed over as it comes. Less than what makes
  /// the transfer wait, or both would.
  static let waitingAnswerMax = Response.bodyBytesMax / 2
  /// Time for an upstream to end a stream after its last event, so that its connection can be used again.
  static let lastBytesTime = Duration.seconds(2)

  func beginExchange(_ connection: Connection, _ request: Arrival, _ endpoint: CallEndpoint) {
    let body = connection.body
    let call: Call
    do throws(APIError) {
      call = try Call.read(body.span, for: endpoint, model: request.model)
    } catch {
      return refuse(connection, error, request.replyOptions)
    }
    if call.isModelLoad, let first = balancer.candidates(balancer.plan(call.model)).first,
      let writeLoaded = endpoint.dialect.row.writeLoaded, providers[first.provider].dialect.row.writeLoaded == nil
    {
      // Nobody else has to be told to load a model.
      let label = AnswerMetadata(
        requestID: request.replyOptions.requestID, created: reactor.wallClock / 1_000_000_000,
        modelToken: Writer.string(call.model))
      return reply(connection, 200, writeLoaded(label, endpoint.form, call.isModelUnload))
    }
    // The exchange holds the body from here on; two holders would copy it at the next request.
    connection.body = []
    // Without chunks only the end of the connection ends a stream.
    if call.streams, request.replyOptions.minorVersion == 0 { request.replyOptions.keepsAlive = false }
    var row = JournalRow()
    row.id = request.replyOptions.requestID
    row.caller = request.caller
    row.path = request.endpoint?.name ?? "-"
    row.bytesIn = request.bytes + body.count
    var effects = takeEffects()
    connection.course = RoutePlanBox(makePlan(call, request, body.span))
    let exchange = Exchange(
      call, body: body, timeouts: configuration.server.timeouts, replyOptions: request.replyOptions,
      row: row, received: request.at, now: reactor.now, created: reactor.wallClock / 1_000_000_000)
    do throws(APIError) {
      try exchange.admit()
      exchange.begin(&effects)
    } catch {
      exchange.refused(error, &effects)
    }
    connection.exchange = exchange
    perform(&effects, connection)
  }

  // MARK: Events of transfers

  func responded(_ transfer: TransferID) {
    guard case .exchange(let connection)? = transfers[transfer.bits] else { return }
    guard let response = reactor.response(of: transfer) else { return }
    var head = Exchange.UpstreamHead(status: response.status)
    response.forEachField { name, value in head.note(name, value) }
    if response.status >= 400 { head.retryAfter = wait(of: response) }
    var effects = takeEffects()
    connection.exchange?.responded(head, &effects, now: reactor.now)
    perform(&effects, connection)
  }

  /// Whole seconds that an upstream wants to be left alone.
  private func wait(of response: Response) -> Int? {
    RetryHint(now: Int(reactor.wallClock / 1_000_000_000), response.field).wait?.wholeSeconds
  }

  func arrived(_ transfer: TransferID) {
    switch transfers[transfer.bits] {
    case .exchange(let connection): hand(transfer, to: connection)
    case .models(_, let provider): modelsArrived(transfer, provider)
    case .look: lookArrived(transfer)
    case .nobody:
      if let response = reactor.response(of: transfer) { reactor.consumeBody(of: transfer, response.body.count) }
    case nil: break
    }
  }

  /// Hands waiting bytes to the exchange, unless the client has more than enough to read.
  private func hand(_ transfer: TransferID, to connection: Connection) {
    // In pieces, because small events can become large ones: each is bounded, and after each the client may be full.
    while let response = reactor.response(of: transfer), !connection.isFull, !response.body.isEmpty {
      let isPiecewise = connection.exchange?.readsAsItArrives ?? false
      guard isPiecewise || response.body.count > Self.waitingAnswerMax else { return }
      var effects = takeEffects()
      let count = connection.exchange?.arrived(response.body.readable, &effects, now: reactor.now) ?? 0
      reactor.consumeBody(of: transfer, count)
      perform(&effects, connection)
      if count == 0 || connection.transfer != transfer { return }
    }
  }

  func ended(_ transfer: TransferID, _ end: TransferEnd) {
    let owner = transfers[transfer.bits]
    transfers[transfer.bits] = nil
    switch owner {
    case .exchange(let connection):
      guard let response = reactor.response(of: transfer) else { return }
      connection.transfer = nil
      var effects = takeEffects()
      connection.exchange?.ended(
        Self.failure(end), rest: response.body.readable, &effects, now: reactor.now)
      perform(&effects, connection)
    case .models(_, let provider): modelsEnded(transfer, provider, end)
    case .look(_, let provider): lookEnded(transfer, provider, end)
    case .nobody(_, let alarm): reactor.cancel(alarm)
    case nil: break
    }
  }

  func drained(_ connection: Connection) {
    connection.isFull = false
    connection.exchange?.resumed(now: reactor.now)
    if let transfer = connection.transfer { hand(transfer, to: connection) }
    if connections[connection.id.bits] != nil { advance(connection) }
  }

  func tickExchange(_ connection: Connection) {
    guard connection.exchange != nil else { return }
    if let transfer = connection.transfer, let upload = reactor.upload(of: transfer) {
      connection.exchange?.uploaded(upload.sent, of: upload.total, now: reactor.now)
    }
    var effects = takeEffects()
    connection.exchange?.tick(&effects, now: reactor.now)
    perform(&effects, connection)
  }

  func probe(_ connection: Connection) {
    guard connection.exchange != nil else { return }
    var effects = takeEffects()
    connection.exchange?.probe(&effects, now: reactor.now)
    perform(&effects, connection)
  }

  /// The client is gone: nobody wants the answer, so the upstream need not make it.
  func abandonExchange(_ connection: Connection) {
    cancelTransfer(connection)
    guard let verdict = connection.exchange?.verdictOnLeaving else { return }
    conclude(connection, verdict, isInVain: false)
    leaveQueue(connection)
    connection.exchange?.abandon()
    connection.exchange?.settle()
    if let row = connection.exchange?.finalRow(now: reactor.now) { record(row) }
    connection.exchange = nil
  }

  /// The gateway ends: tells the caller and lets go.
  func stop(_ connection: Connection) {
    guard connection.exchange != nil else {
      // Who waits for the list of models is told as well.
      if connection.phase == .answer { refuse(connection, .shuttingDown, connection.request?.replyOptions) }
      if connections[connection.id.bits] != nil { close(connection) }
      return
    }
    var effects = takeEffects()
    connection.exchange?.stop(&effects)
    perform(&effects, connection)
  }

  // MARK: Wishes

  /// Lets something happen to an exchange, and does what it wishes for then.
  func act(_ connection: Connection, _ happen: (Exchange, inout Exchange.Effects) -> Void) {
    guard let exchange = connection.exchange else { return }
    var effects = takeEffects()
    happen(exchange, &effects)
    perform(&effects, connection)
  }

  /// Does what an exchange wished for.
  private func perform(_ effects: inout Exchange.Effects, _ connection: Connection) {
    send(&effects.output, to: connection)
    if !effects.body.isEmpty {
      connection.exchange?.sentBytes(effects.body.count)
      effects.body.forEach { send($0, to: connection) }
      effects.body = BufferChain()
    }
    // A candidate may be refused on the spot, and then the next is asked: at most once each.
    repeat {
      if let verdict = effects.verdict { conclude(connection, verdict, isInVain: effects.asksNext) }
      effects.verdict = nil
      guard effects.asksNext else { break }
      effects.asksNext = false
      askNext(connection, &effects)
      send(&effects.output, to: connection)
    } while effects.asksNext || effects.verdict != nil
    let end = effects.end
    scratch = effects.output
    guard let end else {
      if connection.exchange?.phase == .visible, connection.course != nil { settle(connection) }
      if connection.exchange != nil { arm(connection) }
      return
    }
    finish(connection, end)
  }

  /// A stream has begun, and may go on for long: it keeps no more than it needs.
  private func settle(_ connection: Connection) {
    connection.course = nil
    connection.exchange?.settleOnAttempt()
    reactor.shrinkInput(of: connection.id)
  }

  private func send(_ output: inout [UInt8], to connection: Connection) {
    guard !output.isEmpty else { return }
    connection.exchange?.sentBytes(output.count)
    send(output.span, to: connection)
    output.removeAll(keepingCapacity: true)
  }

  func attempt(_ choice: Selection, _ connection: Connection, _ effects: inout Exchange.Effects) {
    connection.choice = choice
    connection.queued = nil
    guard let exchange = connection.exchange, let request = connection.request else { return }
    let provider = providers[choice.provider]
    let credential = provider.credentials[min(choice.key, provider.credentials.count - 1)]
    let timeouts = provider.timeouts(for: choice.model)
    let transfer: TransferID
    var dropped: [String] = []
    do throws(APIError) {
      try exchange.hold(provider)
      if let demo = provider.demo {
        transfer = reactor.start(
          demo.script(
            model: choice.model, streams: exchange.call.streams, wantsUsage: true,
            promptBytes: exchange.call.promptBytes, created: reactor.wallClock / 1_000_000_000))
      } else {
        let body: BufferChain
        (body, dropped) = try self.body(exchange, for: provider, model: choice.model)
        let isOwn = exchange.call.passes(to: provider.dialect) && provider.dialect.row.forwardedFields != nil
        transfer = reactor.start(
          UpstreamRequest(
            .post, target(choice, streams: exchange.call.streams),
            fields: isOwn ? credential.fields(with: request.dialectFields) : credential.fields,
            requestID: request.replyOptions.requestID, body: body,
            http2: provider.http2, connectTimeout: timeouts.connect,
            idleMax: provider.idleMax, addresses: provider.publicAddressesOnly ? .publicOnly : .any))
      }
    } catch {
      return exchange.refused(error, &effects)
    }
    connection.transfer = transfer
    transfers[transfer.bits] = .exchange(connection)
    exchange.attempted(
      choice.model, name: provider.name, dialect: provider.dialect, dropped: dropped, secret: credential.secret,
      timeouts: timeouts, now: reactor.now)
  }

  /// Where a candidate is asked; some dialects have the model in the path.
  private func target(_ choice: Selection, streams: Bool) -> UpstreamTarget {
    let target = targets[choice.provider].chat
    guard let path = providers[choice.provider].modelPath else { return target }
    return target.appending(path(choice.model, streams))
  }

  /// What a provider is sent, and what of the request it does not get.
  private func body(
    _ exchange: Exchange, for provider: Provider, model: String
  ) throws(APIError) -> (BufferChain, dropped: [String]) {
    let body = exchange.body
    let written: WrittenRequest
    let target = provider.target(for: model, streams: exchange.call.streams)
    switch try exchange.call.body(body.span, in: provider.dialect, for: target) {
    case .edited(let edits): return (BufferChain(body, changedBy: edits), [])
    case .translated(let translated): written = translated
    }
    let dropped = written.dropped.names
    if configuration.server.strict, let first = dropped.first {
      throw APIError(
        400, .invalidValue,
        "`\(dropped.joined(separator: "`, `"))` cannot be sent to the provider \(provider.name); leave it out, or set server.strict to false.",
        param: first)
    }
    return (BufferChain(written.body), dropped)
  }

  private func finish(_ connection: Connection, _ end: Exchange.End) {
    if let transfer = connection.transfer {
      // A stream's last event is here, the end of its body perhaps not yet.
      if connection.exchange?.row.outcome == .completed { leave(transfer) } else { cancelTransfer(connection) }
      connection.transfer = nil
    }
    learnSpeed(connection)
    if let verdict = connection.exchange?.verdictOnLeaving { conclude(connection, verdict, isInVain: false) }
    leaveQueue(connection)
    connection.exchange?.settle()
    if let row = connection.exchange?.finalRow(now: reactor.now) {
      record(row)
      let decision = Decision(row)
      keep(decision)
      tell(decision, row.outcome)
    }
    if end == .abort {
      connection.exchange = nil
      connection.request = nil
      return close(connection)
    }
    becomeReady(connection)
    if connections[connection.id.bits] != nil { advance(connection) }
  }

  /// Takes what a stream from this machine says of its speed.
  private func learnSpeed(_ connection: Connection) {
    guard let hardware, let speed = connection.exchange?.speed(now: reactor.now),
      let provider = connection.exchange?.row.provider,
      providers.contains(where: { $0.name == provider && $0.kind.row.isLocal && $0.demo == nil }),
      let model = connection.exchange?.servedModel
    else { return }
    hardware.learn(model, tokens: speed.tokens, in: speed.time, now: reactor.now)
  }

  private func leave(_ transfer: TransferID) {
    let tag = Alarm.transfer(slot: Int(transfer.bits & 0xFFFF_FFFF)).tag
    transfers[transfer.bits] = .nobody(transfer, reactor.setTimer(at: reactor.now + Self.lastBytesTime, tag: tag))
    if let response = reactor.response(of: transfer) { reactor.consumeBody(of: transfer, response.body.count) }
  }

  func cancelTransfer(_ connection: Connection) {
    guard let transfer = connection.transfer else { return }
    connection.transfer = nil
    transfers[transfer.bits] = nil
    reactor.cancel(transfer)
  }

  func takeEffects() -> Exchange.Effects { Exchange.Effects(output: takeScratch()) }

  // MARK: Words

  private static func failure(_ end: TransferEnd) -> AttemptFailure? {
    switch end {
    case .complete: nil
    case .failed(.hostNotFound): .hostNotFound
    case .failed(.addressNotAllowed): .addressNotAllowed
    case .failed(.connectFailed): .unreachable
    case .failed(.connectTimedOut): .timedOut(.connect)
    case .failed(.tlsFailed): .tls
    case .failed(.closedBeforeResponse), .failed(.truncated): .connectionLost
    case .failed(.malformed): .malformed("the response is not HTTP")
    case .failed(.tooLarge), .failed(.exhausted): .tooLarge
    }
  }
}
