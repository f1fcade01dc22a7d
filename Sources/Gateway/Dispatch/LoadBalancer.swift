/// Selects the candidate for each attempt from routes, provider health, free slots, and retry budgets.
struct LoadBalancer: ~Copyable {
  private(set) var router: Router
  private(set) var health: HealthTracker
  private(set) var concurrency: ConcurrencyLimits
  private var budgets: [RetryBudget]
  private var ids: [ProviderID]
  var known: KnownModels

  init(
    _ table: consuming RouteTable, policy: Policy, _ health: HealthTracker, _ concurrency: ConcurrencyLimits,
    known: KnownModels
  ) {
    ids = table.providers.map(\.id)
    router = Router(table, policy: policy)
    self.health = health
    self.concurrency = concurrency
    self.known = known
    budgets = [RetryBudget](repeating: RetryBudget(), count: ids.count)
  }

  /// Adopts a new configuration. Providers that are still configured keep their state.
  mutating func replace(
    _ table: consuming RouteTable, policy: Policy, _ health: [(id: ProviderID, health: ProviderHealth)],
    _ concurrency: [ConcurrencyLimits.Provider], known: KnownModels, at now: Duration
  ) {
    router.replace(table, policy: policy)
    self.known = known
    self.health = HealthTracker(health, after: self.health, now: now)
    self.concurrency = ConcurrencyLimits(concurrency, after: self.concurrency)
    let (oldIDs, oldBudgets) = (ids, budgets)
    ids = health.map(\.id)
    budgets = ids.map { id in oldIDs.firstIndex(of: id).map { oldBudgets[$0] } ?? RetryBudget() }
  }

  /// Adopts a new table for the same providers.
  mutating func replace(_ table: consuming RouteTable) { router.replace(table, policy: router.policy) }

  // MARK: One request

  /// Creates the plan of a new request.
  func plan(_ model: String, affinity: AffinityKey? = nil) -> RoutePlan {
    let match = router.match(model)
    return RoutePlan(
      model: model, match: match, input: SelectionInput(affinity: affinity),
      pin: router.table.pinned(match).map { ids[$0] }, count: router.table.count(match))
  }

  /// Returns the candidates of a plan, in order.
  func candidates(_ plan: RoutePlan) -> [RouteCandidate] {
    var out: [RouteCandidate] = []
    router.table.candidates(plan.match, into: &out)
    return out
  }

  /// Selects the candidate for the next attempt and takes a slot there.
  mutating func next(_ plan: inout RoutePlan, at now: Duration) -> NextStep {
    refreshMatch(&plan)
    let available = plan.hasSingleCandidate ? .all : health.available(at: now)
    let free = available.subtracting(concurrency.saturated)
    // A candidate that refused the model is tried when no other is left.
    for triesRefused in [false, true] {
      if let selection = select(&plan, free, except: plan.lastResort, triesRefused, at: now) {
        return .attempt(selection)
      }
      if !plan.lastResort.isEmpty,
        let selection = select(&plan, free, except: BitSet128(), triesRefused, at: now)
      {
        return .attempt(selection)
      }
      if isAtCapacity(plan, available, triesRefused, at: now) { return .atCapacity }
    }
    if let provider = blockedProvider(plan, at: now),
      let selection = select(&plan, BitSet128([provider]), except: BitSet128(), true, isForced: true, at: now)
    {
      return .attempt(selection)
    }
    return .noCandidate
  }

  /// Returns the provider that is tried although its circuit breaker is open, because those of all candidates are: the one
  /// that would be available first. A caller whose own requests failed there waits.
  private func blockedProvider(_ plan: RoutePlan, at now: Duration) -> Int? {
    if plan.hasSingleCandidate || plan.position != nil || !plan.failedProviders.isEmpty { return nil }
    var soonest: (provider: Int, time: Duration)?
    for (position, candidate) in candidates(plan).enumerated() where !plan.ineligible.contains(position) {
      let health = health.providers[candidate.provider]
      if plan.input.excluded.contains(position) || !health.checks.isHealthy { continue }
      guard let time = health.breaker.nextAdmission(at: now) else { return nil }
      let model = router.table.upstreamName(candidate, for: plan.model)
      guard health.hasKey(for: model, at: now, triesRefused: true), !health.breaker.blames(plan.caller, at: now)
      else { continue }
      if soonest.map({ time < $0.time }) ?? true { soonest = (candidate.provider, time) }
    }
    return soonest?.provider
  }

  /// Returns whether all that a candidate lacks is a slot.
  private func isAtCapacity(
    _ plan: RoutePlan, _ available: BitSet128, _ triesRefused: Bool, at now: Duration
  ) -> Bool {
    for (position, candidate) in candidates(plan).enumerated() where available.contains(candidate.provider) {
      if plan.input.excluded.contains(position) { continue }
      let name = router.table.upstreamName(candidate, for: plan.model)
      if !concurrency.hasSlot(candidate.provider, name), isOpen(candidate, name, plan, triesRefused, at: now) {
        return true
      }
    }
    return false
  }

  /// Returns whether a candidate has a key for the model.
  private func isOpen(
    _ candidate: RouteCandidate, _ model: String, _ plan: RoutePlan, _ triesRefused: Bool, at now: Duration
  ) -> Bool {
    plan.hasSingleCandidate
      || health.providers[candidate.provider].hasKey(for: model, at: now, triesRefused: triesRefused)
  }

  private mutating func select(
    _ plan: inout RoutePlan, _ available: BitSet128, except lastResort: BitSet128, _ triesRefused: Bool,
    isForced: Bool = false, at now: Duration
  ) -> Selection? {
    var input = plan.input
    input.available = available
    input.now = now
    input.excluded = input.excluded.union(lastResort)
    while let picked = router.pick(plan.match, input, loads: concurrency.inFlight, costs: plan.costs) {
      let provider = picked.candidate.provider
      let model = router.table.upstreamName(picked.candidate, for: plan.model)
      input.excluded.insert(picked.position)
      guard let permit = concurrency.acquire(provider, model) else { continue }
      guard
        let pass = health.begin(
          provider, model, at: now, isForced: isForced || plan.hasSingleCandidate, triesRefused: triesRefused)
      else {
        concurrency.release(permit)
        continue
      }
      if plan.position != picked.position {
        budgets[provider].note(at: now)
        plan.attempts = 0
      }
      plan.position = picked.position
      plan.attempts += 1
      return Selection(
        picked, id: ids[provider], name: router.table.providers[provider].name, model: model, pass, permit,
        caller: plan.caller)
    }
    return nil
  }

  /// Matches the model again if a reload has replaced the table. Providers whose attempts failed stay excluded, and all but
  /// the one that the request is pinned to.
  private mutating func refreshMatch(_ plan: inout RoutePlan) {
    guard router.table.verdict(plan.match) == .stale else { return }
    let failed = plan.failedProviders
    plan.match = router.match(plan.model)
    plan.count = router.table.count(plan.match)
    plan.input.excluded = BitSet128()
    plan.lastResort = BitSet128()
    plan.position = nil
    plan.loading = nil
    applyRequirements(&plan)
    for (position, candidate) in candidates(plan).enumerated() {
      let id = ids[candidate.provider]
      if failed.contains(id) || plan.pin.map({ $0 != id }) ?? false { plan.input.excluded.insert(position) }
    }
  }

  /// Records the result of an attempt and releases its slot. Returns the change of the provider's health, if any.
  ///
  /// - Parameter failed: Whether the request needs another attempt.
  mutating func ended(
    _ selection: Selection, _ outcome: ProviderHealth.Outcome, firstEvent: Duration?, failed: Bool,
    _ box: RoutePlanBox?, at now: Duration
  ) -> HealthTracker.Change? {
    concurrency.release(selection.permit)
    if let firstEvent {
      router.answered(selection.picked, after: firstEvent, now: now)
    } else if outcome == .failed {
      router.failed(selection.picked, now: now)
    }
    guard let provider = index(of: selection) else { return nil }
    let change = health.ended(
      provider, selection.pass, outcome, model: selection.model, caller: selection.caller, at: now)
    guard failed, let box, !hasAnotherKey(provider, selection.model, outcome, box.plan, at: now) else {
      return change
    }
    // A provider that is loading the model is tried again, even after a reload.
    if outcome != .inconclusive { box.plan.failedProviders.append(selection.id) }
    if selection.picked.generation == router.table.generation { box.plan.input.exclude(selection.picked.position) }
    return change
  }

  /// Returns whether the provider is worth another attempt with another of its keys.
  private func hasAnotherKey(
    _ provider: Int, _ model: String, _ outcome: ProviderHealth.Outcome, _ plan: RoutePlan, at now: Duration
  ) -> Bool {
    switch outcome {
    case .answered, .failed, .inconclusive: return false
    case .rateLimited, .credentialsRejected, .modelLimited, .modelMissing, .requestRefused:
      let health = health.providers[provider]
      return plan.attempts < health.keys.count && health.hasKey(for: model, at: now)
    }
  }

  /// Returns the delay before a retry at the provider that failed last; `nil` if it is not to be retried.
  mutating func retryDelay(
    _ plan: inout RoutePlan, at now: Duration, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard let position = plan.position, plan.input.excluded.contains(position), var backoff = plan.backoff else {
      return nil
    }
    let list = candidates(plan)
    guard position < list.count, let delay = backoff.nextDelay(at: now, using: &random) else { return nil }
    guard budgets[list[position].provider].take(at: now) else { return nil }
    plan.backoff = backoff
    plan.input.include(position)
    return delay
  }

  /// Returns whether a list that is not known yet may give the model to another provider: no candidate is known to have it,
  /// by its list, its name or a pattern, but for a provider's name in front, which may be a part of the model's.
  mutating func dependsOnLists(_ plan: inout RoutePlan) -> Bool {
    refreshMatch(&plan)
    switch router.table.verdict(plan.match) {
    case .ambiguous: return false
    case .found, .notServed, .stale:
      return candidates(plan).allSatisfy { $0.isDirect || $0.flags.contains(.unrestricted) }
    }
  }

  /// Excludes the candidates that do not list the model after a 404. Those that may have it stay if no candidate lists it, and
  /// the 404 was about the model.
  mutating func excludeUnlisted(_ plan: inout RoutePlan, after failure: AttemptFailure) {
    refreshMatch(&plan)
    let candidates = candidates(plan)
    if !candidates.contains(where: { $0.flags.contains(.listed) }), let position = plan.position,
      position < candidates.count,
      failure.isMissing(router.table.upstreamName(candidates[position], for: plan.model))
    {
      return
    }
    for (position, candidate) in candidates.enumerated() where !candidate.flags.contains(.listed) {
      plan.input.excluded.insert(position)
    }
  }

  /// Records that the provider of the last attempt is loading the model, and how long it has for that.
  func startModelLoad(_ plan: inout RoutePlan, timeout: Duration, at now: Duration) {
    plan.loading = plan.position
    if plan.loadDeadline == nil { plan.loadDeadline = now + timeout }
  }

  /// Includes the provider that is loading the model again, unless its time would be over by then.
  func mayRetryLoading(_ plan: inout RoutePlan, until time: Duration) -> Bool {
    guard let position = plan.loading, let by = plan.loadDeadline, time <= by else { return false }
    plan.input.include(position)
    return true
  }

  /// Returns a provider's index until the next reload; `nil` for one that is no longer configured.
  func index(of id: ProviderID) -> Int? { ids.firstIndex(of: id) }

  private func index(of selection: Selection) -> Int? {
    selection.picked.generation == router.table.generation ? selection.provider : index(of: selection.id)
  }

  /// Returns the position of the candidate that `next` would select, without taking a slot or changing any state.
  mutating func preview(_ plan: RoutePlan, at now: Duration) -> Int? {
    var input = plan.input
    input.now = now
    let available = plan.hasSingleCandidate ? .all : health.available(at: now)
    input.available = available.subtracting(concurrency.saturated)
    for triesRefused in [false, true] {
      for lastResort in [plan.lastResort, BitSet128()] {
        input.excluded = plan.input.excluded.union(lastResort)
        while let picked = router.preview(plan.match, input, loads: concurrency.inFlight, costs: plan.costs) {
          let model = router.table.upstreamName(picked.candidate, for: plan.model)
          if concurrency.hasSlot(picked.candidate.provider, model),
            isOpen(picked.candidate, model, plan, triesRefused, at: now)
          {
            return picked.position
          }
          input.excluded.insert(picked.position)
        }
      }
    }
    guard let provider = blockedProvider(plan, at: now) else { return nil }
    input.excluded = plan.input.excluded
    input.available = BitSet128([provider])
    return router.preview(plan.match, input, loads: concurrency.inFlight, costs: plan.costs)?.position
  }

  /// Returns the scopes in which a plan's request can wait for a slot.
  func scopes(_ plan: RoutePlan) -> [ConcurrencyLimits.Scope] {
    candidates(plan).enumerated().filter { !plan.input.excluded.contains($0.offset) }.map { _, candidate in
      concurrency.scope(candidate.provider, router.table.upstreamName(candidate, for: plan.model))
    }
  }

  // MARK: Health

  /// Returns the time until one of a plan's candidates is available, as far as it is known.
  func timeUntilAvailable(_ plan: RoutePlan, _ candidates: [RouteCandidate], at now: Duration) -> Duration? {
    candidates.compactMap { candidate in
      health.timeUntilAvailable(
        among: CollectionOfOne(candidate.provider), model: router.table.upstreamName(candidate, for: plan.model),
        at: now)
    }.min()
  }

  /// Returns the status of a candidate's provider for a plan's model.
  func status(_ plan: RoutePlan, _ candidate: RouteCandidate, at now: Duration) -> ProviderHealth.Status {
    health.providers[candidate.provider].status(
      for: router.table.upstreamName(candidate, for: plan.model), at: now)
  }

  /// Starts the health checks that are due and returns the indices of their providers.
  mutating func checksDue(at now: Duration) -> [Int] { health.checksDue(at: now) }

  /// Records the result of a health check. Returns the change of the provider's health, if any.
  mutating func healthChecked(
    _ id: ProviderID, _ passed: Bool, hasResponded: Bool, at now: Duration
  ) -> HealthTracker.Change? {
    index(of: id).flatMap { health.healthChecked($0, passed, hasResponded: hasResponded, at: now) }
  }

  /// Records that a provider responded, whatever it said.
  mutating func responded(_ id: ProviderID) {
    if let index = index(of: id) { health.responded(index) }
  }

  /// Records that a piece of an answer arrived from a provider at `time`.
  mutating func pieceReceived(_ id: ProviderID, at time: Duration, now: Duration) {
    if let index = index(of: id) { health.pieceReceived(index, at: time, now: now) }
  }
}

extension RouteTable {
  /// Returns the number of candidates of a match.
  func count(_ match: RouteMatch) -> Int {
    if match.wildcards.isEmpty { return range(of: match).count }
    var out: [RouteCandidate] = []
    candidates(match, into: &out)
    return out.count
  }
}
