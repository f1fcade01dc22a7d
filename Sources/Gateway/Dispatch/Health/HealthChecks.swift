/// The schedule of a provider's periodic health checks, and their results.
struct HealthChecks: Sendable {
  /// The interval, the timeout, and the thresholds of the checks. The defaults are those of the configuration.
  struct Settings: Equatable, Sendable {
    /// The time between two checks; zero disables them.
    var interval = Configuration.defaults.routing.health.interval
    var failuresMax = Configuration.defaults.routing.health.unhealthyThreshold
    var successesMin = Configuration.defaults.routing.health.healthyThreshold
    /// The time after which a check has failed.
    var deadline = Configuration.defaults.routing.health.timeout
  }

  let settings: Settings
  /// Whether the provider is considered healthy, as it is until the first results.
  private(set) var isHealthy = true
  private(set) var failures = 0
  private(set) var successes = 0
  /// When the last check ended.
  private(set) var checked: Duration?
  /// When the next check starts, or the running one has timed out.
  private(set) var next: Duration
  private(set) var isRunning = false

  /// Creates a schedule that starts at `first`, so that the checks of several providers can be spread out.
  init(_ settings: Settings = Settings(), first: Duration = .zero) {
    self.settings = settings
    next = first
  }

  /// Returns whether a check is due, and considers it running from then on. A check that has timed out has failed.
  mutating func starts(at now: Duration) -> Bool {
    guard settings.interval > .zero, next <= now else { return false }
    if isRunning {
      ended(false, at: now)
      return false
    }
    isRunning = true
    next = now + settings.deadline
    return true
  }

  /// Records the result of a check; returns `true` if it changes `isHealthy`.
  @discardableResult
  mutating func ended(_ passed: Bool, at now: Duration) -> Bool {
    guard isRunning else { return false }
    isRunning = false
    checked = now
    next = now + settings.interval
    if passed {
      failures = 0
      successes += 1
      guard !isHealthy, successes >= settings.successesMin else { return false }
      isHealthy = true
    } else {
      successes = 0
      failures += 1
      guard isHealthy, failures >= settings.failuresMax else { return false }
      isHealthy = false
    }
    return true
  }
}
