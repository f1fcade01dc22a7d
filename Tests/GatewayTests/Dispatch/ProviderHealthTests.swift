@testable import Gateway
import Testing

@Suite struct ProviderHealthTests {
  // MARK: Keys

  @Test func `keys rotate`() {
    var health = ProviderHealth(keys: 3)
    let keys = (0..<6).compactMap { _ in health.begin(at: .zero)?.key }
    #expect(keys == [0, 1, 2, 0, 1, 2])
  }

  @Test func `a rate limit starts a cooldown of the key, not of the provider`() {
    var health = ProviderHealth(keys: 2)
    let first = health.begin(at: .zero)!
    health.ended(first, .rateLimited(.seconds(20)), at: .zero)
    #expect((0..<3).compactMap { _ in health.begin(at: .seconds(1))?.key } == [1, 1, 1])
    #expect(health.isAvailable(at: .seconds(1)))
    let second = health.begin(at: .seconds(1))!
    health.ended(second, .rateLimited(.seconds(7)), at: .seconds(1))
    #expect(!health.isAvailable(at: .seconds(2)))
    #expect(health.begin(at: .seconds(2)) == nil)
    #expect(health.nextAvailable(at: .seconds(2)) == .seconds(8))
    #expect(health.begin(at: .seconds(8))?.key == 1)
    // One key is on trial, and the other in its cooldown.
    #expect(health.begin(at: .seconds(8)) == nil)
    #expect(health.begin(at: .seconds(20))?.key == 0)
    #expect(health.breaker.state == .closed)
  }

  @Test func `a rate limit without a time starts a longer cooldown each time`() {
    var health = ProviderHealth()
    var now = Duration.zero
    var times: [Duration] = []
    for _ in 0..<8 {
      let attempt = health.begin(at: now)!
      health.ended(attempt, .rateLimited(nil), at: now)
      let next = health.nextAvailable(at: now)!
      times.append(next - now)
      now = next
    }
    #expect(times == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    let attempt = health.begin(at: now)!
    health.ended(attempt, .answered, at: now)
    let again = health.begin(at: now)!
    health.ended(again, .rateLimited(nil), at: now)
    #expect(health.nextAvailable(at: now) == now + .seconds(1))
  }

  @Test func `no cooldown lasts longer than an hour`() {
    var health = ProviderHealth()
    let attempt = health.begin(at: .zero)!
    health.ended(attempt, .rateLimited(.seconds(1 << 40)), at: .zero)
    #expect(health.nextAvailable(at: .zero) == .seconds(3600))
    var other = ProviderHealth()
    let early = other.begin(at: .zero)!
    other.ended(early, .rateLimited(.seconds(-5)), at: .zero)
    #expect(other.isAvailable(at: .zero))
  }

  @Test func `concurrent rate limits start one cooldown, until the latest of them`() {
    var health = ProviderHealth()
    let attempts = (0..<5).compactMap { _ in health.begin(at: .zero) }
    for (index, attempt) in attempts.enumerated() {
      health.ended(attempt, .rateLimited(.seconds(10 + index)), at: .zero)
    }
    #expect(health.nextAvailable(at: .zero) == .seconds(14))
  }

  @Test func `a rejected key is tried again after a minute`() {
    var health = ProviderHealth(keys: 2)
    let first = health.begin(at: .zero)!
    health.ended(first, .credentialsRejected, at: .zero)
    #expect(health.status(at: .zero) == .healthy)
    #expect((0..<3).compactMap { _ in health.begin(at: .seconds(59))?.key } == [1, 1, 1])
    #expect(Set((0..<2).compactMap { _ in health.begin(at: .seconds(60))?.key }) == [0, 1])
  }

  @Test func `rejected keys and rate-limited keys give different statuses`() {
    var health = ProviderHealth(keys: 2)
    health.ended(health.begin(at: .zero)!, .credentialsRejected, at: .zero)
    health.ended(health.begin(at: .zero)!, .rateLimited(.seconds(9)), at: .zero)
    #expect(health.status(at: .zero) == .rateLimited)
    var other = ProviderHealth(keys: 1)
    other.ended(other.begin(at: .zero)!, .credentialsRejected, at: .zero)
    #expect(other.status(at: .zero) == .credentialsRejected)
  }

  @Test func `a key whose rejection is over counts as rate limited when it is`() {
    var health = ProviderHealth()
    health.ended(health.begin(at: .zero)!, .credentialsRejected, at: .zero)
    #expect(health.status(at: .seconds(59)) == .credentialsRejected)
    health.ended(health.begin(at: .seconds(60))!, .answered, at: .seconds(60))
    #expect(health.status(at: .seconds(60)) == .healthy)
    health.ended(health.begin(at: .seconds(60))!, .rateLimited(.seconds(9)), at: .seconds(60))
    #expect(health.status(at: .seconds(60)) == .rateLimited)
  }

  @Test(arguments: [(20, 20), (2, 5)])
  func `a provider is available when its breaker and a key both admit a request`(cooldown: Int, available: Int) {
    var health = ProviderHealth()
    let attempts = (0..<6).compactMap { _ in health.begin(at: .zero) }
    health.ended(attempts[0], .rateLimited(.seconds(cooldown)), at: .zero)
    for attempt in attempts.dropFirst() { health.ended(attempt, .failed, at: .zero) }
    #expect(health.breaker.state == .open(until: .seconds(5)))
    #expect(health.nextAvailable(at: .zero) == .seconds(available))
    #expect(!health.isAvailable(at: .seconds(available - 1)))
    #expect(health.isAvailable(at: .seconds(available)))
  }

  @Test func `a forced attempt is admitted in every state, and its result counts`() {
    var health = ProviderHealth()
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(health.begin(at: .zero) == nil)
    let attempt = health.begin(at: .zero, isForced: true)!
    health.ended(attempt, .answered, at: .zero)
    #expect(health.status(at: .zero) == .healthy)
  }

  // MARK: Breaker

  @Test func `a failing provider is unavailable with all its keys`() {
    var health = ProviderHealth(keys: 2)
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(!health.isAvailable(at: .zero))
    #expect(health.hasKey(at: .zero))
    #expect(health.nextAvailable(at: .zero) == .seconds(5))
    let trial = health.begin(at: .seconds(5))
    #expect(trial != nil)
    #expect(health.begin(at: .seconds(5)) == nil)
    health.ended(trial!, .rateLimited(.seconds(1)), at: .seconds(5))
    // A rejection is an answer, too.
    #expect(health.breaker.state == .closed)
  }

  @Test func `disconnected callers say nothing about the provider`() {
    var health = ProviderHealth()
    for _ in 0..<100 { health.ended(health.begin(at: .zero)!, .inconclusive, at: .zero) }
    #expect(health.isAvailable(at: .zero))
    #expect(health.breaker.failures == 0)
  }

  // MARK: Health checks

  @Test func `three failed checks make a provider unhealthy, one success healthy`() {
    var checks = HealthChecks(first: .seconds(1))
    var now = Duration.zero
    var begun: [Duration] = []
    for second in 0..<100 {
      now = .seconds(second)
      if checks.starts(at: now) {
        begun.append(now)
        #expect(checks.starts(at: now) == false)
        #expect(checks.ended(false, at: now) == (begun.count == 3))
      }
    }
    #expect(begun == [1, 31, 61, 91].map { .seconds($0) })
    #expect(!checks.isHealthy)
    #expect(checks.checked == .seconds(91))
    #expect(checks.starts(at: .seconds(121)) == true)
    #expect(checks.ended(true, at: .seconds(122)) == true)
    #expect(checks.isHealthy)
    #expect(checks.ended(false, at: .seconds(123)) == false)
  }

  @Test func `only checks that pass one after the other make a provider healthy again`() {
    var checks = HealthChecks(HealthChecks.Settings(interval: .seconds(1), failuresMax: 2, successesMin: 3))
    func run(_ results: [Bool]) {
      for passed in results {
        let now = checks.next
        #expect(checks.starts(at: now) == true)
        checks.ended(passed, at: now)
      }
    }
    run([false, true, false, true])
    #expect(checks.isHealthy)
    run([false, false])
    #expect(!checks.isHealthy)
    run([true, true, false, true, true])
    #expect(!checks.isHealthy)
    run([true])
    #expect(checks.isHealthy)
  }

  @Test
  func `checks have the settings of the configuration, and those of the providers are spread over an interval`()
    throws
  {
    let configuration = try read(
      """
      [server]
      health_check_interval_secs = 20
      [health]
      timeout_secs = 4
      unhealthy_threshold = 5
      healthy_threshold = 2
      """ + (0..<4).map { "\n[[providers]]\ntype = \"Ollama\"\nname = \"p\($0)\"" }.joined())
    let checks = configuration.health(now: .seconds(100)).map(\.health.checks)
    #expect(checks.map(\.next) == [105, 110, 115, 120].map { .seconds($0) })
    for each in checks {
      #expect(
        each.settings
          == HealthChecks.Settings(
            interval: .seconds(20), failuresMax: 5, successesMin: 2, deadline: .seconds(4)))
    }
  }

  @Test func `a check that times out has failed`() {
    var checks = HealthChecks()
    #expect(checks.starts(at: .zero) == true)
    #expect(checks.starts(at: .seconds(9)) == false)
    #expect(checks.starts(at: .seconds(10)) == false)
    #expect(checks.failures == 1)
    #expect(!checks.isRunning)
    // A later result is ignored.
    #expect(checks.ended(true, at: .seconds(11)) == false)
    #expect(checks.failures == 1)
    #expect(checks.starts(at: .seconds(40)) == true)
  }

  @Test func `an interval of zero disables health checks`() {
    var checks = HealthChecks(HealthChecks.Settings(interval: .zero))
    #expect(checks.starts(at: .seconds(1000)) == false)
  }

  @Test func `a successful check closes the breaker`() {
    var health = ProviderHealth()
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(!health.isAvailable(at: .zero))
    #expect(health.startsCheck(at: .seconds(1)) == true)
    health.healthChecked(true, at: .seconds(2))
    #expect(health.isAvailable(at: .seconds(2)))
  }

  // MARK: Tracker

  // MARK: Signs of life

  /// The results of checks, one a second, with a request that is answered or fails before each.
  private static func isHealthy(
    _ requests: [Bool?], hasResponded: Bool,
    settings: HealthChecks.Settings = HealthChecks.Settings(
      interval: .seconds(1), failuresMax: 2, deadline: .seconds(1))
  ) -> Bool {
    var checks = HealthChecks(settings)
    for (second, request) in requests.enumerated() {
      if request == true { checks.requestAnswered(at: .seconds(second)) }
      if request == false { checks.requestFailed() }
      let starts = checks.starts(at: .seconds(second))
      #expect(starts)
      checks.ended(false, hasResponded: hasResponded, at: .seconds(second))
    }
    return checks.isHealthy
  }

  @Test func `failed checks count unless requests are answered meanwhile`() {
    #expect(!Self.isHealthy([nil, nil], hasResponded: false))
    #expect(!Self.isHealthy([nil, nil], hasResponded: true))
    #expect(Self.isHealthy([true, true, true, true], hasResponded: false))
    // Two seconds after the last answer, a check that cannot connect counts; and two make the provider unhealthy.
    #expect(Self.isHealthy([true, nil, nil], hasResponded: false))
    #expect(!Self.isHealthy([true, nil, nil, nil], hasResponded: false))
    // A model list that fails says nothing while requests do not fail.
    #expect(Self.isHealthy([true, nil, nil, nil, nil, nil], hasResponded: true))
    #expect(!Self.isHealthy([true, nil, false, nil, nil], hasResponded: true))
  }

  @Test func `an answer, or a piece of one, ends the verdict of failed checks`() {
    var health = ProviderHealth(
      checks: HealthChecks(HealthChecks.Settings(interval: .seconds(1), failuresMax: 1), first: .zero))
    var starts = health.startsCheck(at: .zero)
    health.healthChecked(false, at: .zero)
    #expect(starts && !health.isReachable)
    let attempt = health.begin(at: .seconds(1), isForced: true)!
    health.ended(attempt, .answered, at: .seconds(1))
    #expect(health.isReachable)
    starts = health.startsCheck(at: .seconds(60))
    health.healthChecked(false, at: .seconds(60))
    #expect(starts && !health.isReachable)
    // A piece that arrived before the last answer says nothing new.
    health.pieceReceived(at: .seconds(1))
    #expect(!health.isReachable)
    health.pieceReceived(at: .seconds(61))
    #expect(health.isReachable)
  }

  @Test func `a provider that becomes reachable by an answer is reported once`() {
    var tracker = Self.tracker(
      ["a", "b"], checks: HealthChecks(HealthChecks.Settings(interval: .seconds(1), failuresMax: 1), first: .zero))
    let due = tracker.checksDue(at: .zero)
    #expect(due == [0, 1])
    let down = tracker.healthChecked(0, false, at: .zero)
    #expect(down == HealthTracker.Change(provider: 0, isAvailable: false))
    for change in [HealthTracker.Change(provider: 0, isAvailable: true), nil] {
      let attempt = tracker.begin(0, at: .seconds(1), isForced: true)!
      let up = tracker.ended(0, attempt, .answered, at: .seconds(1))
      #expect(up == change)
    }
  }

  private static func tracker(_ names: [String], checks: HealthChecks = HealthChecks()) -> HealthTracker {
    HealthTracker(names.map { (ProviderID(name: $0), ProviderHealth(checks: checks)) })
  }

  @Test func `the available providers are always up to date`() {
    var tracker = Self.tracker(["a", "b", "c"])
    #expect(tracker.available(at: .zero) == BitSet128([0, 1, 2]))
    var changes: [HealthTracker.Change?] = []
    for _ in 0..<5 { changes.append(tracker.ended(1, tracker.begin(1, at: .zero)!, .failed, at: .zero)) }
    #expect(changes == [nil, nil, nil, nil, HealthTracker.Change(provider: 1, isAvailable: false)])
    let limited = tracker.begin(2, at: .zero)!
    #expect(tracker.ended(2, limited, .rateLimited(.seconds(3)), at: .zero) == nil)
    #expect(tracker.available(at: .zero) == BitSet128([0]))
    #expect(tracker.timeUntilAvailable(among: [1, 2], at: .zero) == .seconds(3))
    #expect(tracker.available(at: .seconds(2)) == BitSet128([0]))
    #expect(tracker.available(at: .seconds(3)) == BitSet128([0, 2]))
    #expect(tracker.available(at: .seconds(5)) == BitSet128([0, 1, 2]))
    // While its trial runs, it is unavailable to other requests.
    let trial = tracker.begin(1, at: .seconds(5))!
    #expect(tracker.available(at: .seconds(6)) == BitSet128([0, 2]))
    #expect(
      tracker.ended(1, trial, .answered, at: .seconds(6)) == HealthTracker.Change(provider: 1, isAvailable: true))
    #expect(tracker.available(at: .seconds(6)) == BitSet128([0, 1, 2]))
    #expect(tracker.timeUntilAvailable(among: [0, 1, 2, 9], at: .seconds(6)) == nil)
    #expect(tracker.begin(9, at: .zero) == nil)
    #expect(tracker.healthChecked(9, true, at: .zero) == nil)
  }

  @Test func `checks run concurrently and report what they change`() {
    var tracker = Self.tracker(["a", "b"])
    #expect(tracker.nextCheck == .zero)
    var changes: [HealthTracker.Change] = []
    for second in 0..<100 {
      let now = Duration.seconds(second)
      for provider in tracker.checksDue(at: now) {
        if let change = tracker.healthChecked(provider, provider == 0, at: now) { changes.append(change) }
      }
    }
    #expect(changes == [HealthTracker.Change(provider: 1, isAvailable: false)])
    #expect(tracker.available(at: .seconds(100)) == BitSet128([0]))
    #expect(tracker.begin(1, at: .seconds(100)) == nil)
    // A check without a result fails by itself.
    var hanging = Self.tracker(["a"])
    for second in 0..<200 { _ = hanging.checksDue(at: .seconds(second)) }
    #expect(hanging.available(at: .seconds(200)).isEmpty)
    #expect(hanging.timeUntilAvailable(among: [0], at: .seconds(200)) == nil)
  }

  @Test func `health is kept after a reload, by name`() {
    var tracker = Self.tracker(["a", "b"])
    for _ in 0..<5 { _ = tracker.ended(0, tracker.begin(0, at: .zero)!, .failed, at: .zero) }
    let new = [("c", ProviderHealth()), ("b", ProviderHealth()), ("a", ProviderHealth())]
    var after = HealthTracker(
      new.map { (id: ProviderID(name: $0.0), health: $0.1) }, after: tracker, now: .seconds(1))
    #expect(after.available(at: .seconds(1)) == BitSet128([0, 1]))
    #expect(after.available(at: .seconds(5)) == BitSet128([0, 1, 2]))
    // With another number of keys, the state is new.
    let other = HealthTracker(
      [(id: ProviderID(name: "a"), health: ProviderHealth(keys: 2))], after: tracker, now: .seconds(1))
    #expect(other.providers[0].isAvailable(at: .seconds(1)))
  }

  @Test func `an attempt from before a reload counts for its own provider, but not for that provider's new state`()
  {
    func health(_ names: [String], keys: Int = 1) -> [(id: ProviderID, health: ProviderHealth)] {
      names.map { (ProviderID(name: $0), ProviderHealth(keys: keys)) }
    }
    var tracker = HealthTracker(health(["a", "b"]))
    let early = (0..<5).map { _ in tracker.begin(0, at: .zero)! }
    tracker = HealthTracker(health(["b", "a"]), after: tracker, now: .zero)
    for attempt in early.dropLast() { _ = tracker.ended(1, attempt, .failed, at: .zero) }
    #expect(tracker.providers.map(\.breaker.failures) == [0, 4])
    // Removed and restored, a provider has a new state.
    tracker = HealthTracker(health(["b"]), after: tracker, now: .zero)
    tracker = HealthTracker(health(["a", "b"]), after: tracker, now: .zero)
    for _ in 0..<4 { _ = tracker.ended(0, tracker.begin(0, at: .zero)!, .failed, at: .zero) }
    #expect(tracker.ended(0, early[4], .failed, at: .zero) == nil)
    #expect(tracker.providers[0].breaker.failures == 4)
    // So it does with another number of keys.
    let last = tracker.begin(0, at: .zero)!
    tracker = HealthTracker(health(["a"], keys: 3), after: tracker, now: .zero)
    #expect(tracker.ended(0, last, .credentialsRejected, at: .zero) == nil)
    #expect(tracker.providers[0].status(at: .zero) == .healthy)
  }
}
