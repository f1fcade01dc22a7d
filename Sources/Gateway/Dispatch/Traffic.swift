/// Who is asked, and what is known of those who could be: the one place where a request's next attempt is decided.
struct Traffic: ~Copyable {
  private(set) var router: Router
  private(set) var health: HealthBoard
  private(set) var concurrency: Concurrency
  private var budgets: [RetryBudget]
  private var names: [String]
  var known: KnownModels

  init(
    _ table: consuming RouteTable, policy: Policy, _ health: HealthBoard, _ concurrency: Concurrency,
    names: [String], known: KnownModels
  ) {
    router = Router(table, policy: policy)
    self.health = health
    self.concurrency = concurrency
    self.names = names
    self.known = known
    budgets = [RetryBudget](repeating: RetryBudget(), count: names.count)
  }

  /// The same for another configuration: what is known of providers that are still there stays known.
  mutating func replace(
    _ table: consuming RouteTable, policy: Policy, _ health: [(name: String, health: ProviderHealth)],
    _ concurrency: [Concurrency.Provider], known: KnownModels, at now: Duration
  ) {
    router.replace(table, policy: policy)
    self.known = known
    self.health = HealthBoard(health, after: self.health, now: now)
    self.concurrency = Concurrency(concurrency, after: self.concurrency)
    let (old, known) = (names, budgets)
    names = health.map(\.name)
    budgets = names.map { name in old.firstIndex(of: name).map { known[$0] } ?? RetryBudget() }
  }

  // MARK: One request

  /// The plan of a new request.
  func plan(_ model: String, affinity: AffinityKey? = nil) -> RoutePlan {
    let match = router.match(model)
    return RoutePlan(
      model: model, match: match, asking: Asking(affinity: affinity), count: router.table.count(match))
  }

  /// The candidates of a plan, in their order.
  func candidates(_ plan: RoutePlan) -> [RouteCandidate] {
    var out: [RouteCandidate] = []
    router.table.candidates(plan.match, into: &out)
    return out
  }

  /// Chooses who is asked next and takes a place there.
  mutating func next(_ plan: inout RoutePlan, at now: Duration) -> Next {
    renew(&plan)
    let up = plan.isLone ? .all : health.available(at: now)
    if let choice = choose(&plan, up.subtracting(concurrency.full), leaving: plan.last, at: now) {
      return .ask(choice)
    }
    if !plan.last.isEmpty,
      let choice = choose(&plan, up.subtracting(concurrency.full), leaving: SmallSet(), at: now)
    {
      return .ask(choice)
    }
    for (position, candidate) in candidates(plan).enumerated() where up.contains(candidate.provider) {
      if plan.asking.out.contains(position) { continue }
      let name = router.table.upstreamName(candidate, for: plan.model)
      if !concurrency.hasRoom(candidate.provider, name) { return .full }
    }
    return .nobody
  }

  private mutating func choose(
    _ plan: inout RoutePlan, _ up: SmallSet, leaving left: SmallSet, at now: Duration
  ) -> Choice? {
    var asking = plan.asking
    asking.up = up
    asking.now = now
    asking.out = asking.out.union(left)
    while let picked = router.pick(plan.match, asking, loads: concurrency.inFlight, costs: plan.costs) {
      let provider = picked.candidate.provider
      let model = router.table.upstreamName(picked.candidate, for: plan.model)
      asking.out.insert(picked.position)
      guard let permit = concurrency.acquire(provider, model) else { continue }
      guard let pass = health.begin(provider, at: now, isForced: plan.isLone) else {
        concurrency.release(permit)
        continue
      }
      if plan.position != picked.position {
        budgets[provider].note(at: now)
        plan.attempts = 0
      }
      plan.position = picked.position
      plan.attempts += 1
      return Choice(picked, name: names[provider], model: model, pass, permit)
    }
    return nil
  }

  /// Looks the model up again where the table is another by now; providers that were asked in vain stay out.
  private mutating func renew(_ plan: inout RoutePlan) {
    guard router.table.verdict(plan.match) == .stale else { return }
    let asked = plan.asked
    plan.match = router.match(plan.model)
    plan.count = router.table.count(plan.match)
    plan.asking.out = SmallSet()
    plan.last = SmallSet()
    plan.position = nil
    plan.loading = nil
    fit(&plan)
    for (position, candidate) in candidates(plan).enumerated() where asked.contains(names[candidate.provider]) {
      plan.asking.out.insert(position)
    }
  }

  /// Notes how an attempt ended, and gives its place back; what it changed of the provider's health.
  ///
  /// - Parameter isInVain: Whether somebody else is to be asked.
  mutating func ended(
    _ choice: Choice, _ outcome: ProviderHealth.Outcome, firstEvent: Duration?, isInVain: Bool,
    _ course: RouteCourse?, at now: Duration
  ) -> HealthBoard.Change? {
    concurrency.release(choice.permit)
    if let firstEvent {
      router.answered(choice.picked, after: firstEvent, now: now)
    } else if outcome == .failed {
      router.failed(choice.picked, now: now)
    }
    guard let provider = index(of: choice) else { return nil }
    let change = health.ended(provider, choice.pass, outcome, at: now)
    guard isInVain, let course, !hasAnotherKey(provider, outcome, course.plan, at: now) else { return change }
    // Who loads a model is asked again, also after a reload.
    if outcome != .abandoned { course.plan.asked.append(choice.name) }
    if choice.picked.generation == router.table.generation { course.plan.asking.tried(choice.picked.position) }
    return change
  }

  /// Whether the same provider is worth another attempt because another of its keys may do.
  private func hasAnotherKey(
    _ provider: Int, _ outcome: ProviderHealth.Outcome, _ plan: RoutePlan, at now: Duration
  ) -> Bool {
    switch outcome {
    case .limited, .refusedKey:
      plan.attempts < health.providers[provider].keys.count && health.providers[provider].hasKey(at: now)
    default: false
    }
  }

  /// How long to wait until the provider that failed last is asked once more; nil when it is not.
  mutating func pause(
    _ plan: inout RoutePlan, at now: Duration, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard let position = plan.position, plan.asking.out.contains(position), var backoff = plan.backoff else {
      return nil
    }
    let list = candidates(plan)
    guard position < list.count, let pause = backoff.pause(at: now, using: &random) else { return nil }
    guard budgets[list[position].provider].take(at: now) else { return nil }
    plan.backoff = backoff
    plan.asking.forgive(position)
    return pause
  }

  /// Who was asked last is loading the model, for which it has so long.
  func loads(_ plan: inout RoutePlan, for time: Duration, at now: Duration) {
    plan.loading = plan.position
    if plan.loadBy == nil { plan.loadBy = now + time }
  }

  /// Lets who is loading the model be asked again, if it is worth another wait.
  func awaitsLoading(_ plan: inout RoutePlan, until time: Duration) -> Bool {
    guard let position = plan.loading, let by = plan.loadBy, time <= by else { return false }
    plan.asking.forgive(position)
    return true
  }

  private func index(of choice: Choice) -> Int? {
    if choice.provider < names.count, names[choice.provider] == choice.name { return choice.provider }
    return names.firstIndex(of: choice.name)
  }

  /// Who would be asked next, by its place in the list; nothing is taken or remembered.
  mutating func preview(_ plan: RoutePlan, at now: Duration) -> Int? {
    var asking = plan.asking
    asking.now = now
    let up = plan.isLone ? .all : health.available(at: now)
    asking.up = up.subtracting(concurrency.full)
    for left in [plan.last, SmallSet()] {
      asking.out = plan.asking.out.union(left)
      while let picked = router.preview(plan.match, asking, loads: concurrency.inFlight, costs: plan.costs) {
        let model = router.table.upstreamName(picked.candidate, for: plan.model)
        if concurrency.hasRoom(picked.candidate.provider, model) { return picked.position }
        asking.out.insert(picked.position)
      }
    }
    return nil
  }

  /// Where a plan's request may wait for room.
  func places(_ plan: RoutePlan) -> [Concurrency.Place] {
    candidates(plan).enumerated().filter { !plan.asking.out.contains($0.offset) }.map { _, candidate in
      let model = router.table.upstreamName(candidate, for: plan.model)
      return Concurrency.Place(
        provider: candidate.provider, model: concurrency.limits(candidate.provider, model) ? model : nil)
    }
  }

  // MARK: Health

  /// The providers that are to be looked at now.
  mutating func probesDue(at now: Duration) -> [Int] { health.probesDue(at: now) }

  /// Notes what a look at a provider came to.
  mutating func probed(_ name: String, _ isWell: Bool, at now: Duration) -> HealthBoard.Change? {
    names.firstIndex(of: name).flatMap { health.probed($0, isWell, at: now) }
  }
}

extension RouteTable {
  /// Candidates of a match.
  func count(_ match: RouteMatch) -> Int {
    if match.stars.isEmpty { return range(of: match).count }
    var out: [RouteCandidate] = []
    candidates(match, into: &out)
    return out.count
  }
}
