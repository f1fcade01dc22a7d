/// The health of all providers, and the set of those that can be asked, kept so that a request only has to look at it.
struct HealthTracker: Sendable {
  private(set) var providers: [ProviderHealth]
  private let ids: [ProviderID]
  /// Counts reloads.
  private var generation: UInt32 = 0
  private var availableSet = BitSet128()
  /// When somebody comes back by the clock alone.
  private var changes: Duration = .zero

  /// A provider that is no longer what it was.
  struct Change: Equatable, Sendable {
    var provider: Int
    var isAvailable: Bool
  }

  init(_ providers: [(id: ProviderID, health: ProviderHealth)]) {
    ids = providers.map(\.id)
    self.providers = providers.map(\.health)
    availableSet = BitSet128(providers.indices)
  }

  /// Creates the tracker of a new configuration. A provider with the same name, settings and number of keys keeps its
  /// state.
  init(_ providers: [(id: ProviderID, health: ProviderHealth)], after old: HealthTracker, now: Duration) {
    self.init(providers)
    generation = old.generation &+ 1
    for (index, id) in ids.enumerated() {
      // Attempts that started under an earlier state of this provider say nothing about the new one.
      self.providers[index].generation = generation
      guard let before = old.ids.firstIndex(of: id) else { continue }
      let known = old.providers[before]
      let new = self.providers[index]
      let isSame =
        known.keys.count == new.keys.count && known.breaker.settings == new.breaker.settings
        && known.checks.settings == new.checks.settings && known.cooldown == new.cooldown
      if isSame { self.providers[index] = known }
    }
    refresh(at: now)
  }

  /// Who can be asked.
  mutating func available(at now: Duration) -> BitSet128 {
    if now >= changes { refresh(at: now) }
    return availableSet
  }

  /// Lets an attempt through.
  mutating func begin(_ provider: Int, at now: Duration, isForced: Bool = false) -> ProviderHealth.Attempt? {
    guard providers.indices.contains(provider) else { return nil }
    let attempt = providers[provider].begin(at: now, isForced: isForced)
    // The trial of a provider that was down takes it out for others.
    update(provider, at: now)
    return attempt
  }

  /// Notes how an attempt ended; what it changed, for the events.
  mutating func ended(
    _ provider: Int, _ attempt: ProviderHealth.Attempt, _ outcome: ProviderHealth.Outcome, at now: Duration
  ) -> Change? {
    guard providers.indices.contains(provider) else { return nil }
    let before = providers[provider].breaker.state == .closed
    providers[provider].ended(attempt, outcome, at: now)
    update(provider, at: now)
    let after = providers[provider].breaker.state == .closed
    return before == after ? nil : Change(provider: provider, isAvailable: after)
  }

  /// The providers that are to be probed now.
  mutating func checksDue(at now: Duration) -> [Int] {
    var due: [Int] = []
    for index in providers.indices {
      let wasHealthy = providers[index].checks.isHealthy
      if providers[index].startsCheck(at: now) { due.append(index) }
      if providers[index].checks.isHealthy != wasHealthy { update(index, at: now) }
    }
    return due
  }

  /// When the next probe begins or is over its time.
  var nextCheck: Duration? {
    providers.filter { $0.checks.settings.interval > .zero }.map(\.checks.next).min()
  }

  /// Notes how a probe ended; what it changed, for the events.
  mutating func healthChecked(_ provider: Int, _ passed: Bool, at now: Duration) -> Change? {
    guard providers.indices.contains(provider) else { return nil }
    let before = providers[provider].checks.isHealthy
    providers[provider].healthChecked(passed, at: now)
    update(provider, at: now)
    let after = providers[provider].checks.isHealthy
    return before == after ? nil : Change(provider: provider, isAvailable: after)
  }

  /// How long until one of them may be asked, as far as is known: what callers are told.
  func timeUntilAvailable(among candidates: some Sequence<Int>, at now: Duration) -> Duration? {
    var soonest: Duration?
    for provider in candidates where providers.indices.contains(provider) {
      if let time = providers[provider].nextAvailable(at: now) { soonest = min(soonest ?? time, time) }
    }
    return soonest.map { $0 - now }
  }

  private mutating func update(_ provider: Int, at now: Duration) {
    if providers[provider].isAvailable(at: now) {
      availableSet.insert(provider)
    } else {
      availableSet.remove(provider)
      if let time = providers[provider].nextAvailable(at: now) { changes = min(changes, time) }
    }
  }

  private mutating func refresh(at now: Duration) {
    changes = .seconds(Int64.max / 4)
    for provider in providers.indices { update(provider, at: now) }
  }
}
