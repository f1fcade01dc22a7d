/// The health of all providers, and the set of available ones, kept up to date so that a request only reads it.
struct HealthTracker: Sendable {
  private(set) var providers: [ProviderHealth]
  private let ids: [ProviderID]
  /// Counts reloads.
  private var generation: UInt32 = 0
  private var availableSet = BitSet128()
  /// When a provider becomes available by the passage of time.
  private var changes: Duration = .zero

  /// A change of a provider's availability.
  struct Change: Equatable, Sendable {
    var provider: Int
    var isAvailable: Bool
  }

  init(_ providers: [(id: ProviderID, health: ProviderHealth)]) {
    ids = providers.map(\.id)
    self.providers = providers.map(\.health)
    availableSet = BitSet128(providers.indices)
  }

  /// Creates the tracker of a new configuration. A provider with the same name, address, keys and settings keeps its
  /// state.
  init(_ providers: [(id: ProviderID, health: ProviderHealth)], after old: HealthTracker, now: Duration) {
    self.init(providers)
    generation = old.generation &+ 1
    for (index, id) in ids.enumerated() {
      // Attempts from before a reload say nothing about a state that is new.
      self.providers[index].generation = generation
      guard let before = old.ids.firstIndex(of: id) else { continue }
      let known = old.providers[before]
      let new = self.providers[index]
      let isSame =
        known.keys.count == new.keys.count && known.breaker.settings == new.breaker.settings
        && known.checks.settings == new.checks.settings && known.cooldown == new.cooldown
        && known.identity == new.identity
      if isSame { self.providers[index] = known }
    }
    refresh(at: now)
  }

  /// Returns the available providers.
  mutating func available(at now: Duration) -> BitSet128 {
    if now >= changes { refresh(at: now) }
    return availableSet
  }

  /// Admits an attempt, at a model if one is given.
  mutating func begin(
    _ provider: Int, _ model: String? = nil, at now: Duration, isForced: Bool = false, triesRefused: Bool = false
  ) -> ProviderHealth.Attempt? {
    guard providers.indices.contains(provider) else { return nil }
    let attempt = providers[provider].begin(model, at: now, isForced: isForced, triesRefused: triesRefused)
    // While its trial request runs, a half-open provider is unavailable to others.
    update(provider, at: now)
    return attempt
  }

  /// Records the result of an attempt; returns the change of the provider's availability, if any.
  mutating func ended(
    _ provider: Int, _ attempt: ProviderHealth.Attempt, _ outcome: ProviderHealth.Outcome, model: String = "",
    caller: Int = 0, at now: Duration
  ) -> Change? {
    guard providers.indices.contains(provider) else { return nil }
    let before = providers[provider].isReachable
    providers[provider].ended(attempt, outcome, model: model, caller: caller, at: now)
    update(provider, at: now)
    let after = providers[provider].isReachable
    return before == after ? nil : Change(provider: provider, isAvailable: after)
  }

  /// Records that a piece of an answer arrived from a provider at `time`.
  mutating func pieceReceived(_ provider: Int, at time: Duration, now: Duration) {
    providers[provider].pieceReceived(at: time)
    update(provider, at: now)
  }

  /// Records that a provider responded, whatever it said.
  mutating func responded(_ provider: Int) { providers[provider].responded() }

  /// Starts the health checks that are due and returns their providers.
  mutating func checksDue(at now: Duration) -> [Int] {
    var due: [Int] = []
    for index in providers.indices {
      let wasHealthy = providers[index].checks.isHealthy
      if providers[index].startsCheck(at: now) { due.append(index) }
      if providers[index].checks.isHealthy != wasHealthy { update(index, at: now) }
    }
    return due
  }

  /// When the next health check starts or times out.
  var nextCheck: Duration? {
    providers.filter { $0.checks.settings.interval > .zero }.map(\.checks.next).min()
  }

  /// Records the result of a health check; returns the change of the provider's availability, if any.
  mutating func healthChecked(
    _ provider: Int, _ passed: Bool, hasResponded: Bool = false, at now: Duration
  ) -> Change? {
    guard providers.indices.contains(provider) else { return nil }
    let before = providers[provider].checks.isHealthy
    providers[provider].healthChecked(passed, hasResponded: hasResponded, at: now)
    update(provider, at: now)
    let after = providers[provider].checks.isHealthy
    return before == after ? nil : Change(provider: provider, isAvailable: after)
  }

  /// Returns the time until one of the providers is available, for a model if one is given, as far as it is known.
  func timeUntilAvailable(among candidates: some Sequence<Int>, model: String? = nil, at now: Duration) -> Duration?
  {
    var soonest: Duration?
    for provider in candidates where providers.indices.contains(provider) {
      if let time = providers[provider].nextAvailable(for: model, at: now) { soonest = min(soonest ?? time, time) }
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
