internal import Reactor

/// Answers that several callers get: those that are kept, and those that arrive while others ask the same.
extension Relay {
  /// The API error of a caller that wants nothing but a kept answer.
  private static var notKept: APIError {
    APIError(504, .notFound, "No kept answer fits this request, and `only-if-cached` asks for no other.")
  }

  /// Gives an exchange a kept answer, or that of an identical request that runs; false if it needs an attempt.
  func share(_ exchange: Exchange, _ request: AcceptedRequest, isLarge: Bool) throws(APIError) -> Bool {
    if !shared.isEnabled { return false }
    let wanted = request.cacheDirectives
    guard !isLarge, !wanted.noStore, let key = key(exchange, request) else {
      exchange.fields.cache = .bypass
      shared.kept.counts.bypassed += 1
      if wanted.onlyIfCached { throw Self.notKept }
      return false
    }
    if !wanted.noCache {
      let (age, overflow) = (wanted.maxAge ?? .max).multipliedReportingOverflow(by: 1_000_000_000)
      if let answer = shared.kept.find(key, ageMax: overflow ? .max : age, at: reactor.nanoseconds) {
        give(answer, exchange)
        return true
      }
      if let flight = shared.flights[key] {
        follow(flight, exchange)
        return true
      }
    }
    if wanted.onlyIfCached { throw Self.notKept }
    shared.kept.counts.misses += 1
    exchange.fields.cache = .miss
    let flight = Flight(key, leader: exchange)
    exchange.flight = flight
    shared.flights[key] = flight
    return false
  }

  /// The identity of a request whose answer may be kept.
  private func key(_ exchange: Exchange, _ request: AcceptedRequest) -> CacheKey? {
    let call = exchange.call
    guard call.choiceCount == 1, shared.serves(call.model), let route = exchange.fetch.route else { return nil }
    let candidates = dispatcher.models(of: route, for: call.model)
    if candidates.isEmpty { return nil }
    let context = CacheableRequest.Context(
      tenant: shared.tenant(request.caller), namespace: request.cacheNamespace, candidates: candidates,
      providers: request.caller.key?.providers ?? [], fields: DialectTable.answerFields(request.dialectFields)
    ).text
    let body = exchange.fetch.body
    let spelling = CacheableRequest.spelling(call, body.span, context)
    let known = shared.spellings.request(spelling) { CacheableRequest(call, body.span, context) }
    guard let cacheable = known else { return nil }
    let isWanted = (request.cacheDirectives.maxAge ?? 0) > 0
    return isWanted || cacheable.temperature <= shared.configuration.temperatureMax ? cacheable.key : nil
  }

  private func give(_ answer: StoredAnswer, _ exchange: Exchange) {
    shared.kept.counts.hits += 1
    if let cost = answer.cost { shared.kept.counts.saved.value.add(cost.value) }
    shared.kept.counts.savedTokens.add(UInt64(clamping: answer.usage?.total ?? 0))
    exchange.fields.cache = .hit(age: UInt64(clamping: (reactor.nanoseconds - answer.storedAt) / 1_000_000_000))
    let flight = Flight(answer)
    exchange.flight = flight
    exchange.fetch.isFollowing = true
    start(exchange, in: flight)
  }

  private func follow(_ flight: Flight, _ exchange: Exchange) {
    shared.kept.counts.shared += 1
    exchange.fields.cache = .shared
    exchange.flight = flight
    exchange.fetch.isFollowing = true
    flight.followers.append(exchange)
    start(exchange, in: flight)
  }

  /// Begins to read the present attempt of a flight, if it has one.
  private func start(_ exchange: Exchange, in flight: Flight) {
    guard let source = flight.source else { return }
    exchange.readOffset = 0
    exchange.attemptStarted(
      source.model, name: source.provider, dialect: source.dialect, dropped: source.dropped, secret: flight.secret,
      timeouts: flight.timeouts, toolNames: source.toolNames, now: reactor.now)
  }

  /// The attempt of an exchange was started: those that follow it begin again.
  func attemptStarted(
    _ exchange: Exchange, _ source: @autoclosure () -> AnswerSource, secret: String? = nil, _ timeouts: Timeouts
  ) {
    guard let flight = exchange.flight, flight.leader === exchange else { return }
    flight.begin(source(), secret: secret, timeouts)
    exchange.readOffset = 0
    for follower in flight.followers {
      // An answer whose beginning a caller has seen cannot begin again.
      if follower.phase == .visible {
        advance(follower) { exchange, effects, now in exchange.fail(.connectionLost, &effects, now: now) }
      } else {
        start(follower, in: flight)
      }
    }
  }

  // MARK: The answer

  /// The head of a flight's answer is there.
  func headReceived(_ head: UpstreamHead, _ flight: Flight) {
    flight.source?.head = head
    forEach(flight) { exchange in
      advance(exchange) { exchange, effects, now in exchange.headReceived(head, &effects, now: now) }
    }
  }

  /// Takes the body bytes that have arrived of a flight's answer, unless no exchange can read them.
  func bodyReceived(_ transfer: TransferID, _ flight: Flight, _ leader: Exchange) {
    guard let response = reactor.response(of: transfer), !response.body.isEmpty else { return }
    let streams = flight.readers.contains(where: \.isStreamingBody)
    if !streams, response.body.count <= Self.waitingAnswerMax { return }
    guard flight.readers.contains(where: { !$0.isTranslating && connection(of: $0)?.isAboveHighWater == false })
    else { return }
    if !streams, let connection = connection(of: leader), waitsForMemory(leader, connection) { return }
    flight.append(response.body.readable)
    reactor.consumeBody(of: transfer, response.body.count)
    if let connection = connection(of: leader) { connections.chargeExchange(connection, leader.heldBytes) }
    limit(flight)
    pump(flight)
  }

  /// The transfer of a flight's answer has ended.
  func transferEnded(_ failure: AttemptFailure?, rest: Span<UInt8>, _ flight: Flight) {
    flight.append(rest)
    flight.end = failure.map { .failed($0) } ?? .complete
    limit(flight)
    pump(flight)
  }

  /// An answer that is too large is not kept, and an exchange that reads it too slowly is cut off.
  private func limit(_ flight: Flight) {
    if flight.isOpen, flight.bytes.count > shared.kept.answerBytesMax { shared.close(flight) }
    if flight.end != nil || flight.isOpen { return }
    forEach(flight) { exchange in
      let lagMax = exchange.isStreamingBody ? Flight.lagMax : exchange.call.answerBytesMax ?? Fetch.answerBytesMax
      guard exchange.answer != nil, flight.bytes.count - flight.position(of: exchange) > lagMax else { return }
      // The attempt of a leader that is too slow goes on for the others.
      if flight.leader === exchange {
        handOver(exchange)
        exchange.fetch.isFollowing = false
      }
      advance(exchange) { exchange, effects, now in exchange.fail(.tooLarge, &effects, now: now) }
    }
  }

  /// Calls a function for each exchange of a flight, the leader first, until another attempt begins.
  private func forEach(_ flight: Flight, _ body: (Exchange) -> Void) {
    let attempt = flight.attempts
    for exchange in flight.readers where flight.attempts == attempt && exchange.flight === flight { body(exchange) }
  }

  /// Gives every exchange of a flight what it has not read yet.
  private func pump(_ flight: Flight) {
    forEach(flight) { pump($0) }
    flight.trim()
  }

  /// Gives an exchange what it has not read yet of its flight's answer, as far as its client takes it.
  func pump(_ exchange: Exchange) {
    guard let flight = exchange.flight, let connection = connection(of: exchange) else { return }
    // Without an answer it has given this attempt up.
    if exchange.answer == nil { return endIfAbandoned(exchange) }
    if let head = flight.source?.head, head.status != 0, !exchange.fetch.isAnswering {
      advance(exchange) { exchange, effects, now in exchange.headReceived(head, &effects, now: now) }
    }
    let attempt = flight.attempts
    while exchange.flight === flight, flight.attempts == attempt, exchange.answer != nil, !exchange.isTranslating,
      !connection.isAboveHighWater
    {
      let position = flight.position(of: exchange)
      if position < flight.bytes.count, exchange.isStreamingBody {
        let bytes = flight.bytes
        var effects = takeEffects()
        let count = exchange.bodyReceived(
          bytes.span.extracting(position..<bytes.count), &effects, now: reactor.now)
        exchange.readOffset += count
        perform(&effects, exchange, connection)
        if count == 0 { break }
        continue
      }
      guard let end = flight.end else { return }
      readEnd(exchange, flight.bytes, from: position, end, connection)
      break
    }
    endIfAbandoned(exchange)
  }

  /// Gives an exchange the end of its flight's answer, with what it has not read of it.
  private func readEnd(
    _ exchange: Exchange, _ bytes: [UInt8], from position: Int, _ end: Flight.End, _ connection: Connection
  ) {
    var effects = takeEffects()
    var rest = bytes.span.extracting(position..<bytes.count)
    exchange.readOffset += rest.count
    if rest.count > Exchange.inlineAnswerBytesMax {
      // Collected, it is translated on a thread.
      exchange.bodyReceived(rest, &effects, now: reactor.now)
      rest = rest.extracting(rest.count..<rest.count)
    }
    if effects.end == nil, !effects.needsAttempt {
      exchange.transferEnded(end.failure, rest: rest, &effects, now: reactor.now)
    }
    perform(&effects, exchange, connection)
  }

  /// Lets an exchange that could not give the answer to its caller make an attempt of its own, unless its leader may still
  /// try another candidate.
  func endIfAbandoned(_ exchange: Exchange) {
    guard exchange.fetch.isFollowing, let flight = exchange.flight, exchange.answer == nil, exchange.phase != .over,
      flight.leader.map({ $0.phase == .visible }) ?? (flight.end != nil)
    else { return }
    flight.followers.removeAll { $0 === exchange }
    exchange.flight = nil
    exchange.fetch.isFollowing = false
    exchange.fields.cache = .miss
    advance(exchange) { _, effects, _ in effects.needsAttempt = true }
  }

  /// An answer that cannot be read.
  private static var unreadable: APIError {
    APIError(502, .upstreamMalformed, "The answer that this request shares ended without a reason.")
  }

  private func connection(of exchange: Exchange) -> Connection? { connections[number: exchange.client] }

  // MARK: Ends

  /// An exchange is over: keeps its answer, or ends those that follow it.
  func leaveFlight(_ exchange: Exchange) {
    guard let flight = exchange.flight.take() else { return }
    guard flight.leader === exchange else {
      if let index = flight.followers.firstIndex(where: { $0 === exchange }) { flight.followers.remove(at: index) }
      if exchange.record.outcome == .completed { keep(flight, exchange) }
      return
    }
    flight.leader = nil
    switch exchange.record.outcome {
    case .completed:
      // The end of a stream is there, that of its transfer perhaps not yet.
      if flight.end == nil { flight.end = .complete }
      keep(flight, exchange)
      shared.close(flight)
      pump(flight)
    case .shutdown:
      shared.close(flight)
      forEach(flight) { follower in advance(follower) { follower, effects, _ in follower.stop(&effects) } }
    case .rejected where exchange.apiError.map(Self.isOfCaller) ?? true, .clientClosed:
      if case .complete? = flight.end, flight.followers.contains(where: { $0.answer != nil }) {
        // The rest of the answer is there. Those that have given it up make attempts of their own.
        shared.stopJoining(flight)
        pump(flight)
      } else {
        followWithoutAttempt(flight)
      }
    case .rejected, .failed, .truncated: failAll(of: flight, exchange.apiError ?? Self.unreadable)
    }
  }

  /// Whether a rejection is about the caller, so that another one may do better.
  private static func isOfCaller(_ apiError: APIError) -> Bool {
    switch apiError.code {
    case .budgetExceeded, .rateLimitExceeded, .permissionDenied, .unauthorized: true
    default: false
    }
  }

  private func failAll(of flight: Flight, _ apiError: APIError) {
    shared.close(flight)
    forEach(flight) { follower in
      advance(follower) { follower, effects, _ in follower.sharedAnswerFailed(apiError, &effects) }
    }
  }

  /// Lets the oldest follower make an attempt of its own, because that of the leader is over; the next one if it may not.
  private func followWithoutAttempt(_ flight: Flight) {
    flight.needsLeader = true
    // A heir that is rejected comes back here: that is the next round of the loop.
    if flight.isElecting { return }
    flight.isElecting = true
    while flight.needsLeader {
      flight.needsLeader = false
      guard let first = flight.followers.first else {
        shared.stopJoining(flight)
        break
      }
      lead(first, flight)
      advance(first) { heir, effects, now in
        if heir.phase == .visible {
          heir.fail(.connectionLost, &effects, now: now)
        } else {
          effects.needsAttempt = heir.phase != .over
        }
      }
    }
    flight.isElecting = false
  }

  /// Makes a follower the leader.
  private func lead(_ heir: Exchange, _ flight: Flight) {
    flight.followers.removeAll { $0 === heir }
    flight.leader = heir
    heir.fetch.isFollowing = false
  }

  /// The caller of an exchange has left: hands its running attempt to a follower that may pay for it, in its place.
  func handOver(_ exchange: Exchange) {
    guard let flight = exchange.flight, flight.leader === exchange, flight.end == nil, !flight.followers.isEmpty,
      let transfer = exchange.fetch.attempt?.transfer, let attempt = exchange.fetch.attempt.take()
    else { return }
    // First, so that what it held is there for the next one.
    let target = attempt.hold.target
    admission.settle(attempt.hold, nil, nil, at: reactor.instant)
    endAttempt(exchange, target, nil)
    let limit = settings.providers.first { $0.id == target.id }?.maxTokensLimit
    while let heir = self.heir(of: flight) {
      do throws(Admission.Rejection) {
        heir.fetch.attempt = Attempt(attempt.selection, try hold(target, limit: limit, heir, continues: true))
        heir.fetch.attempt?.transfer = transfer
        heir.fetch.attempt?.translatedBytes = attempt.translatedBytes
        heir.fetch.canWait = exchange.fetch.canWait
        transfers.give(TransferID(bits: transfer), to: heir)
        exchange.flight = nil
        exchange.fetch.isFollowing = true
        lead(heir, flight)
        // It has timeouts of its own from here on, and may read what waits for the one that has left.
        advance(heir) { _, _, _ in }
        return continueReading(heir)
      } catch {
        flight.followers.removeAll { $0 === heir }
        heir.flight = nil
        advance(heir) { heir, effects, _ in heir.attemptRejected(error.apiError, &effects) }
      }
    }
    // None may pay for it, so it ends with its caller.
    do throws(Admission.Rejection) {
      exchange.fetch.attempt = Attempt(attempt.selection, try hold(target, limit: limit, exchange, continues: true))
      exchange.fetch.attempt?.transfer = transfer
    } catch {
      transfers.cancel(TransferID(bits: transfer))
      release(attempt.selection, AttemptResult(outcome: .inconclusive), exchange, failed: false)
    }
  }

  /// The follower to which an attempt goes: one that has begun to give the answer to its caller, or else the oldest. One that
  /// has given the attempt up cannot go on with it.
  private func heir(of flight: Flight) -> Exchange? {
    flight.followers.first { $0.phase == .visible } ?? flight.followers.first { $0.answer != nil }
  }

  /// Keeps the answer of a flight if it is complete and another request may get it.
  private func keep(_ flight: Flight, _ exchange: Exchange) {
    guard flight.isOpen, case .complete? = flight.end, flight.dropped == 0, let key = flight.key,
      let source = flight.source, source.head.status == 200, exchange.call.choiceCount == 1
    else { return }
    shared.close(flight)
    // Without the spare space behind it.
    let body = Array(flight.bytes[...])
    if exchange.call.endpoint.kind == .chat {
      guard let summary = AnswerSummary(body.span, from: source.dialect),
        summary.isWhole(withCalls: shared.configuration.keepsToolCalls)
      else { return }
    }
    let answer = StoredAnswer(
      source, body, at: reactor.nanoseconds, exchange.record.usage, exchange.record.cost)
    shared.kept.insert(answer, for: key)
  }
}
