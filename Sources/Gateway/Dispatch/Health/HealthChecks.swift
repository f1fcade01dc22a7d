/// When a provider is asked whether it is there, apart from requests, and what came of it.
struct HealthChecks: Sendable {
  /// hoosh's own numbers: every 30 s; three failures one after the other say that it is gone, one success that it is
  /// back.
  struct Settings: Equatable, Sendable {
    /// Time between two; zero asks never.
    var interval = Duration.seconds(30)
    var failuresMax = 3
    var successesMin = 1
    /// How long one may take.
    var deadline = Duration.seconds(10)
  }

  let settings: Settings
  /// Whether the provider is thought to be there; until the first probes are back it is.
  private(set) var isHealthy = true
  private(set) var failures = 0
  private(set) var successes = 0
  /// When the last one was back.
  private(set) var checked: Duration?
  /// When the next one begins, or the present one is given up.
  private(set) var next: Duration
  private(set) var isRunning = false

  /// The first one begins at `first`, so that those of several providers can be spread out.
  init(_ settings: Settings = Settings(), first: Duration = .zero) {
    self.settings = settings
    next = first
  }

  /// Whether a probe has to begin now; it is taken for running from then on. One that is over its time has failed.
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

  /// Notes how a probe ended; true when the provider is thought of differently now.
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
