internal import Reactor

/// Who is asked next: from an exchange's wish to an attempt, a pause, a place in the queue, or an end.
extension Gateway {
  /// The time after which a provider that loads a model is asked again.
  private static let loadPause = Duration.seconds(1)

  /// What a request brings along for whoever decides where it goes.
  func makePlan(_ call: Call, _ request: Arrival, _ body: Span<UInt8>) -> RoutePlan {
    var plan = balancer.plan(call.model, affinity: affinity(call, request, body))
    let times = configuration.server.timeouts
    plan.backoff = configuration.backoff(
      deadline: reactor.now + (call.streams ? times.firstEvent : times.total))
    if plan.count > 1, let hardware, !hardware.hasRoom(for: call.model) {
      plan.lastResort = BitSet128(
        balancer.candidates(plan).enumerated().filter { $0.element.isLocal && !$0.element.isDirect }.map(\.offset))
    }
    fit(&plan, call, body, mayReadMore: DialectTable.mayReadMore(request.dialectFields))
    return plan
  }

  private func affinity(_ call: Call, _ request: Arrival, _ body: Span<UInt8>) -> AffinityKey? {
    switch configuration.routing.affinity {
    case .off: nil
    case .session: request.session
    case .prefix: request.session ?? AffinityKey(prefix: body.bytes(call.prompt))
    }
  }

  /// Asks the next candidate, or does what comes of there being none.
  func askNext(_ connection: Connection, _ effects: inout Exchange.Effects) {
    cancelTransfer(connection)
    guard let course = connection.course, let exchange = connection.exchange else { return }
    if exchange.failure?.isTooLong == true { balancer.excludeSmallerContexts(&course.plan) }
    if exchange.failure?.isLoading == true {
      balancer.startModelLoad(&course.plan, timeout: exchange.timeouts.modelLoad, at: reactor.now)
    }
    switch balancer.next(&course.plan, at: reactor.now) {
    case .attempt(let choice): attempt(choice, connection, &effects)
    case .atCapacity: queue(connection, course.plan, &effects)
    case .noCandidate:
      if balancer.mayRetryLoading(&course.plan, until: reactor.now + Self.loadPause) {
        return exchange.pauses(.retry(at: reactor.now + Self.loadPause))
      }
      if exchange.failure?.allowsRetry == true,
        let pause = balancer.retryDelay(&course.plan, at: reactor.now, using: &random)
      {
        return exchange.pauses(.retry(at: reactor.now + pause))
      }
      let candidates = balancer.candidates(course.plan)
      let wait = balancer.health.timeUntilAvailable(among: candidates.lazy.map(\.provider), at: reactor.now)
      exchange.nobodyLeft(
        apiError(course.plan, candidates, wait, exchange.replyOptions.dialect), wait: wait, &effects)
    }
  }

  /// Notes how an attempt ended.
  func conclude(_ connection: Connection, _ verdict: Exchange.Verdict, isInVain: Bool) {
    guard let choice = connection.choice else { return }
    connection.choice = nil
    let change = balancer.ended(
      choice, verdict.outcome, firstEvent: verdict.firstEvent, failed: isInVain, connection.course,
      at: reactor.now)
    if let change { tell(change) }
    if case .rateLimited = verdict.outcome { tellLimited(choice) }
    if queue.count > 0 { isServingDue = true }
  }

  /// Why nobody can be asked.
  private func apiError(
    _ plan: RoutePlan, _ candidates: [RouteCandidate], _ wait: Duration?, _ dialect: Dialect
  ) -> APIError {
    switch balancer.router.table.verdict(plan.match) {
    case .ambiguous(let ambiguity):
      return APIError(
        400, .ambiguousModel,
        "`\(plan.model)` could mean several models; ask for one of \(ambiguity.candidates.map { "`\($0)`" }.joined(separator: ", ")).",
        param: "model")
    case .notServed, .stale:
      return APIError(
        404, .modelNotFound,
        "No provider serves the model `\(plan.model)`. GET /v1/models lists what there is.", param: "model")
    case .found: break
    }
    if let needs = plan.requirements, let apiError = balancer.eligibility(plan)?.apiError(needs, dialect) {
      return apiError
    }
    let fit = candidates.enumerated().filter { !plan.ineligible.contains($0.offset) }.map(\.element)
    let standings = Set(fit.map { balancer.health.providers[$0.provider].status(at: reactor.now) })
    let seconds = wait.map { min($0.wholeSeconds, Exchange.retryAfterMax) } ?? 1
    if standings == [.rateLimited] {
      return APIError(
        429, .upstreamRateLimited, "All providers of the model `\(plan.model)` limit the rate of requests.",
        retryAfter: seconds)
    }
    if standings == [.credentialsRejected] {
      return APIError(
        502, .upstreamCredentials,
        "No provider of the model `\(plan.model)` accepts the gateway's credentials; see GET /v1/health/providers.")
    }
    return APIError(
      503, .noProvider,
      "No provider of the model `\(plan.model)` can be asked at the moment; see GET /v1/health/providers.",
      retryAfter: seconds)
  }
}
