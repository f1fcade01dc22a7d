@testable import Gateway
@testable import Reactor

/// Requests on the dispatcher alone, with the failures of their providers.
extension RoutingEpisode {
  /// The most steps of one request.
  private static let stepsMax = 60

  func requestDirectly() throws(Breach) {
    var life = begin()
    var plan = gateway.dispatcher.balancer.plan(
      life.name, affinity: chance.one(in: 2) ? AffinityKey("\(chance.below(5))") : nil)
    try checkCandidates(plan, life)
    plan.backoff = Backoff(gateway.settings.configuration.routing.retry, deadline: reactor.now + .seconds(60))
    let route = RoutePlanBox(consume plan)
    var failure: AttemptFailure?
    for _ in 0..<Self.stepsMax {
      let step = gateway.dispatcher.next(
        route, Dispatcher.Situation(failure: failure, modelLoad: .seconds(3), dialect: .openAI),
        waiting: SlotQueue.Request(exchange: 1, caller: 0, priority: .normal, before: nil), now: reactor.now,
        random: &random)
      switch step {
      case .attempt(let selection):
        failure = try attempt(selection, &life, route)
        if failure == nil { return try ended(life, life.attempts.last?.status ?? 0) }
      case .delay(let time): pass(time - reactor.now)
      case .queued:
        count(.queued)
        gateway.dispatcher.leaveQueue(1)
        guard !held.isEmpty else { throw Breach(.progress, "\(life.name) waits for nothing") }
        release(held.remove(at: chance.below(held.count)), .answered, nil, failed: false)
        if chance.one(in: 5) { try happen() }
      case .error(let apiError, _, let skipsOwner):
        trace("  error \(apiError.status)")
        let last = life.attempts.last?.status
        return try ended(life, skipsOwner && last == 404 ? apiError.status : last ?? apiError.status)
      }
    }
    throw Breach(.progress, "\(life.name) is tried without an end")
  }

  /// Compares the candidates with the rules.
  private func checkCandidates(_ plan: RoutePlan, _ life: Life) throws(Breach) {
    let rules = rules
    let found = Set(
      gateway.dispatcher.balancer.candidates(plan).map { candidate in
        RoutingRules.Way(
          provider: gateway.dispatcher.balancer.router.table.providers[candidate.provider].name,
          model: gateway.dispatcher.balancer.router.table.upstreamName(candidate, for: life.name))
      })
    for way in found { try check(way, life) }
    let missing = rules.required(life.name).subtracting(found)
    if !missing.isEmpty { throw Breach(.served, "\(life.name) does not go to \(missing), but to \(found)") }
  }

  /// Plays one attempt; returns its failure if another one follows.
  private func attempt(
    _ selection: Selection, _ life: inout Life, _ route: RoutePlanBox
  ) throws(Breach) -> AttemptFailure? {
    let way = RoutingRules.Way(provider: selection.name, model: selection.model)
    try check(way, life)
    note(way, life)
    let status = server(way.provider)?.status(for: way.model, &chance) ?? 0
    trace("  \(way.provider): \(way.model) -> \(status)")
    life.attempts.append((way, status))
    life.changes = changes
    // A pin is put to the test: its provider may be gone, or its name may have become another one's.
    if let pin = life.pin, status != 200, status != 404, chance.one(in: 2) {
      if chance.one(in: 3) { learnLists() } else { try reload(without: pin) }
    } else if chance.one(in: 12) {
      try happen()
    }
    if status == 200 {
      if chance.one(in: 3), held.count < 6 {
        held.append(selection)
      } else {
        release(selection, .answered, .milliseconds(chance.below(50)), failed: false, route)
      }
      return nil
    }
    let failure: AttemptFailure = status == 0 ? .unreachable : .status(status, UpstreamError(message: "no"))
    let isFollowed = selection.allowsFailover(after: failure)
    release(selection, ProviderHealth.Outcome(failure), nil, failed: isFollowed, route)
    return isFollowed ? failure : nil
  }

  func release(
    _ selection: Selection, _ result: ProviderHealth.Outcome, _ firstEvent: Duration?, failed: Bool,
    _ route: RoutePlanBox? = nil
  ) {
    _ = gateway.dispatcher.release(
      selection, result, firstEvent: firstEvent, failed: failed, route, now: reactor.now)
  }
}
