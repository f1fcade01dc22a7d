internal import Reactor

/// Starts and ends attempts: the only place where a slot, a hold and a transfer are taken together and released together.
extension Relay {
  /// Starts the next attempt of an exchange, or does what the dispatcher decides instead.
  func startNextAttempt(_ exchange: Exchange, _ connection: Connection, _ effects: inout Effects) {
    guard let route = exchange.fetch.route, let request = connection.request else { return }
    if request.isRevoked { return exchange.attemptRejected(.keyRevoked, &effects) }
    let situation = Dispatcher.Situation(
      failure: exchange.fetch.failure, modelLoad: exchange.fetch.timeouts.modelLoad,
      dialect: exchange.options.dialect)
    let step = dispatcher.next(
      route, situation,
      waiting: SlotQueue.Request(
        exchange: exchange.client, caller: connection.callerKey(request),
        priority: request.priority, before: exchange.fetch.lastQueueEntry),
      now: reactor.now, random: &random)
    switch step {
    case .attempt(let selection): startAttempt(selection, exchange, request, connection, &effects)
    case .delay(let time): exchange.fetch.suspend(.retry(at: time))
    case .queued(let time): exchange.fetch.suspend(.queue(until: time))
    case .error(let apiError, let wait, let skipsOwner):
      exchange.noCandidateLeft(
        exchange.fetch.rejection ?? apiError, wait: wait, skipsOwner: skipsOwner, &effects)
    }
  }

  private func startAttempt(
    _ selection: Selection, _ exchange: Exchange, _ request: AcceptedRequest, _ connection: Connection,
    _ effects: inout Effects
  ) {
    exchange.fetch.lastQueueEntry = nil
    let provider = settings.providers[selection.provider]
    do throws(Admission.Rejection) {
      let target = targets.find(selection.model, provider, admission) {
        dispatcher.balancer.known.model(selection.model, at: selection.provider)?.model
      }
      exchange.fetch.attempt = Attempt(selection, try hold(target, limit: provider.maxTokensLimit, exchange))
    } catch {
      release(selection, AttemptResult(outcome: .inconclusive), exchange, failed: error.isTarget)
      if !error.isTarget { return exchange.attemptRejected(error.apiError, &effects) }
      // Another provider, or another model, may have more.
      exchange.fetch.rejection = error.apiError
      effects.needsAttempt = true
      return
    }
    let timeouts = provider.timeouts(for: selection.model)
    if let demo = provider.demo { return startDemo(demo, provider, timeouts, selection, exchange) }
    guard let target = settings.target(selection.provider, exchange.call, selection.model) else {
      return attemptRejected(Self.notOffered(provider), exchange, &effects)
    }
    let plan = AttemptPlan(
      selection: selection, provider: provider,
      credential: provider.credentials[min(selection.key, provider.credentials.count - 1)], target: target,
      timeouts: timeouts)
    let json = exchange.fetch.body
    let passes = exchange.call.passes(to: provider.dialect)
    let thinks = passes ? nil : dispatcher.balancer.known.thinks(selection.model, at: selection.provider)
    let write = provider.target(for: selection.model, streams: exchange.streams, thinks: thinks)
    if json.count > Call.inlineBytesMax, !passes {
      exchange.fetch.suspend(.translation)
      let call = exchange.call
      return largeWork.start(for: connection) {
        .body(
          plan, Result { () throws(APIError) in try call.body(json.span, in: plan.provider.dialect, for: write) })
      }
    }
    let body = Result { () throws(APIError) in
      try exchange.call.body(json.span, in: provider.dialect, for: write)
    }
    startTransfer(plan, body, exchange, request, &effects)
  }

  /// Holds the worst case of an attempt at a target for the caller of an exchange.
  ///
  /// - Parameter limit: The provider's limit of output tokens.
  /// - Parameter continues: Whether the attempt runs already, for another caller.
  func hold(
    _ target: Admission.Target, limit: Int?, _ exchange: Exchange, continues: Bool = false
  ) throws(Admission.Rejection) -> Admission.Hold {
    guard let entry = exchange.entry else {
      throw Admission.Rejection(apiError: .shuttingDown, isTarget: false)
    }
    // A body that no other attempt needs is gone, and the whole request was larger.
    let bodyBytes = exchange.fetch.body.isEmpty ? exchange.record.bytesIn : exchange.fetch.body.count
    let worst = Admission.WorstCase(
      of: exchange.call, at: target, bodyBytes: bodyBytes, limit: limit,
      outputDefault: settings.configuration.server.outputTokensDefault)
    let hold = try admission.hold(entry, target, worst, continues: continues, at: reactor.instant)
    beginAttempt(exchange, target, worst)
    return hold
  }

  /// Starts the transfer of an attempt whose body is written, or ends the exchange if it cannot be.
  func startTransfer(
    _ plan: AttemptPlan, _ written: Result<Call.Body, APIError>, _ exchange: Exchange, _ request: AcceptedRequest,
    _ effects: inout Effects
  ) {
    let provider = plan.provider
    do throws(APIError) {
      // The key may have been revoked while a thread wrote the body.
      if request.isRevoked { throw .keyRevoked }
      let written = try written.get()
      let (body, dropped) = try bufferChain(written, of: exchange, for: provider)
      let passes = exchange.call.passes(to: provider.dialect)
      var callers = passes ? request.dialectFields : []
      if request.hops > 0 { callers.append(try hopsLine(request.hops, provider)) }
      let transfer = transfers.start(
        UpstreamRequest(
          .post, plan.target, fields: plan.credential.fields(with: callers),
          requestID: request.options.requestID, body: body, http2: provider.http2,
          connectTimeout: plan.timeouts.connect, idleMax: provider.idleMax, addresses: provider.addressPolicy,
          transport: provider.transport)
      ) { _ in .exchange(exchange) }
      exchange.fetch.attempt?.transfer = transfer.bits
      exchange.fetch.canWait = !provider.http2
      if !passes { exchange.fetch.attempt?.translatedBytes = body.count }
      exchange.attemptStarted(
        plan.selection.model, name: provider.name, dialect: provider.dialect, dropped: dropped,
        secret: plan.credential.secret, timeouts: plan.timeouts, toolNames: written.toolNames, now: reactor.now)
      attemptStarted(
        exchange,
        AnswerSource(
          provider: provider.name, model: plan.selection.model, dialect: provider.dialect, dropped: dropped,
          toolNames: written.toolNames), secret: plan.credential.secret, plan.timeouts)
    } catch {
      attemptRejected(error, exchange, &effects)
    }
  }

  /// The key of an exchange's caller was revoked: a request that waits is rejected, and one that runs gets no other attempt.
  func keyRevoked(_ exchange: Exchange) {
    switch exchange.fetch.pause {
    case .queue, .retry:
      advance(exchange) { exchange, effects, _ in
        _ = exchange.fetch.endPause()
        exchange.attemptRejected(.keyRevoked, &effects)
      }
    case nil where exchange.fetch.isFollowing && exchange.flight?.leader?.fetch.isWaiting == true:
      advance(exchange) { exchange, effects, _ in exchange.attemptRejected(.keyRevoked, &effects) }
    case .translation, nil: break
    }
  }

  private func startDemo(
    _ demo: Demo, _ provider: Provider, _ timeouts: Timeouts, _ selection: Selection, _ exchange: Exchange
  ) {
    let script = demo.script(
      for: exchange.call, exchange.fetch.body, model: selection.model, created: reactor.wallClock / 1_000_000_000)
    exchange.fetch.attempt?.transfer = transfers.start(script) { _ in .exchange(exchange) }.bits
    exchange.attemptStarted(
      selection.model, name: provider.name, dialect: provider.dialect, timeouts: timeouts, now: reactor.now)
    attemptStarted(
      exchange, AnswerSource(provider: provider.name, model: selection.model, dialect: provider.dialect), timeouts)
  }

  /// An attempt that has its slot cannot be sent.
  private func attemptRejected(_ apiError: APIError, _ exchange: Exchange, _ effects: inout Effects) {
    finishAttempt(exchange, AttemptResult(outcome: .inconclusive), failed: false)
    exchange.attemptRejected(apiError, &effects)
  }

  /// Returns the field line with the gateways that a request has passed through; throws if there were too many.
  private func hopsLine(_ hops: Int, _ provider: Provider) throws(APIError) -> String {
    guard hops + 1 < Hops.hopsMax else {
      throw Hops.loop(listener: settings.listener, provider: provider.name, url: provider.baseURL)
    }
    return Hops.line(hops + 1)
  }

  private static func notOffered(_ provider: Provider) -> APIError {
    APIError(
      400, .invalidValue, "The API of the provider `\(provider.name)` does not offer this call.", param: "model")
  }

  /// Returns a written body as it is sent, and the fields of the request that it does not carry over.
  private func bufferChain(
    _ body: Call.Body, of exchange: Exchange, for provider: Provider
  ) throws(APIError) -> (BufferChain, dropped: [String]) {
    switch body {
    case .edited(let edits): return (BufferChain(exchange.fetch.body, changedBy: edits), [])
    case .translated(let written):
      let dropped = written.dropped.names
      if settings.configuration.server.strict, let first = dropped.first {
        throw APIError(
          400, .invalidValue,
          "`\(dropped.joined(separator: "`, `"))` cannot be sent to the provider \(provider.name); leave it out, or set server.strict to false.",
          param: first)
      }
      return (BufferChain(written.body), dropped)
    }
  }

  /// Ends the running attempt, if there is one, and releases all that it holds.
  ///
  /// - Parameter failed: Whether another attempt follows.
  func finishAttempt(_ exchange: Exchange, _ result: AttemptResult, failed: Bool) {
    guard let attempt = exchange.fetch.attempt.take() else { return }
    if let transfer = attempt.transfer {
      // The last event of a complete stream is there, the end of its body perhaps not yet.
      if exchange.record.outcome == .completed, exchange.phase == .over {
        transfers.detach(TransferID(bits: transfer))
      } else {
        transfers.cancel(TransferID(bits: transfer))
      }
    }
    settle(attempt.hold, exchange)
    if exchange.phase != .over { exchange.attemptEnded() }
    release(attempt.selection, result, exchange, failed: failed)
  }

  /// Replaces the hold of an attempt by what it used.
  private func settle(_ hold: Admission.Hold, _ exchange: Exchange) {
    // A failed attempt has used what it reported.
    let isOver = exchange.phase == .over
    let usage = isOver ? exchange.record.usage : exchange.reportedUsage
    let cost = isOver ? exchange.record.cost : usage.flatMap { hold.cost(of: $0) }
    admission.settle(hold, usage, cost, at: reactor.instant)
    endAttempt(exchange, hold.target, usage)
    publishAlerts()
  }

  func release(_ selection: Selection, _ result: AttemptResult, _ exchange: Exchange, failed: Bool) {
    let change = dispatcher.release(
      selection, result.outcome, firstEvent: result.firstEvent, failed: failed,
      exchange.fetch.route, now: reactor.now)
    if let change { publish(change) }
    switch result.outcome {
    case .rateLimited, .modelLimited: publishRateLimit(selection)
    case .modelMissing: dispatcher.modelNotFound()
    default: break
    }
  }

  /// Records how fast a model on this machine was.
  func recordThroughput(_ exchange: Exchange) {
    guard let hardware, !exchange.fetch.isFollowing, let speed = exchange.speed(now: reactor.now),
      let provider = settings.providers.first(where: { $0.name == exchange.record.provider }),
      provider.isOnThisMachine,
      provider.demo == nil
    else { return }
    hardware.recordThroughput(exchange.fetch.servedModel, tokens: speed.tokens, in: speed.time, now: reactor.now)
  }

  /// Publishes that a provider became healthy or unhealthy.
  func publish(_ change: HealthTracker.Change) {
    guard settings.providers.indices.contains(change.provider) else { return }
    let name = settings.providers[change.provider].name
    recorder.publish(.health, at: reactor.wallClock) {
      Writer.member("provider", name, to: &$0)
      Writer.member("healthy", change.isAvailable, to: &$0)
    }
    recorder.notify(
      change.isAvailable
        ? "hoosh: the provider \(name) is healthy again"
        : "hoosh: the provider \(name) is unhealthy: its health checks or its requests fail")
  }

  /// Publishes the budgets of which a share was used up.
  private func publishAlerts() {
    for alert in admission.takeAlerts() {
      recorder.publish(.budgets, at: reactor.wallClock) {
        Writer.member("budget", alert.budget, to: &$0)
        Writer.member("of", alert.subject, to: &$0)
        Writer.member("unit", alert.unit.rawValue, to: &$0)
        Writer.member("used", Int(clamping: alert.used), to: &$0)
        Writer.member("limit", Int(clamping: alert.limit), to: &$0)
      }
    }
  }

  /// Publishes that a provider's API key is rate limited, for a model at least.
  private func publishRateLimit(_ selection: Selection) {
    recorder.publish(.limits, at: reactor.wallClock) {
      Writer.member("provider", selection.name, to: &$0)
      Writer.member("key", selection.key + 1, to: &$0)
      Writer.member("model", selection.model, to: &$0)
    }
  }
}

extension AttemptFailure {
  /// The failure of a transfer; `nil` if it is complete.
  init?(_ end: TransferEnd) {
    switch end {
    case .complete: return nil
    case .failed(.hostNotFound): self = .hostNotFound
    case .failed(.addressNotAllowed): self = .addressNotAllowed
    case .failed(.connectFailed): self = .unreachable
    case .failed(.connectTimedOut): self = .timedOut(.connect)
    case .failed(.tlsFailed): self = .tls
    case .failed(.certificateRejected): self = .certificate
    case .failed(.notTLS): self = .notTLS
    case .failed(.proxyUnreachable): self = .proxy(.unreachable)
    case .failed(.proxyTLSFailed): self = .proxy(.tls)
    case .failed(.proxyTimedOut): self = .proxy(.timedOut)
    case .failed(.proxyCredentialsRejected): self = .proxy(.credentials)
    case .failed(.proxyRejected): self = .proxy(.rejected)
    case .failed(.closedBeforeResponse), .failed(.truncated): self = .connectionLost
    case .failed(.malformed): self = .malformed("the response is not HTTP")
    case .failed(.tooLarge), .failed(.exhausted): self = .tooLarge
    }
  }
}
