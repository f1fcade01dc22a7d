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
  /// When the provider last answered a request, or sent a piece of an answer.
  private(set) var answered: Duration?
  /// Whether the last request failed.
  private var hasFailedRequest = false

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

  /// Records that the provider answered a request, or sent a piece of an answer: it is healthy, whatever checks say.
  mutating func requestAnswered(at now: Duration) {
    answered = max(answered ?? now, now)
    hasFailedRequest = false
    failures = 0
    isHealthy = true
  }

  /// Records that a request failed.
  mutating func requestFailed() { hasFailedRequest = true }

  /// Whether requests contradict a failed check: the provider answered one since the check before, or it answers requests and
  /// only its model list fails.
  private func isContradicted(hasResponded: Bool, at now: Duration) -> Bool {
    guard let answered, !hasFailedRequest else { return false }
    return hasResponded || now - answered <= max(settings.interval, settings.deadline)
  }

  /// Records the result of a check; returns `true` if it changes `isHealthy`.
  ///
  /// - Parameter hasResponded: Whether a check that failed had a response.
  @discardableResult
  mutating func ended(_ passed: Bool, hasResponded: Bool = false, at now: Duration) -> Bool {
    guard isRunning else { return false }
    isRunning = false
    checked = now
    next = now + settings.interval
    if !passed, isContradicted(hasResponded: hasResponded, at: now) { return false }
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
