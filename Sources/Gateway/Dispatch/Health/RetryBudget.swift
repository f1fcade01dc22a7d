/// A retry budget: a limit on the retries at a provider, so that they do not overload one that is failing.
///
/// In any window, retries are at most a share of the first attempts, but at least `floor`, for providers with few
/// requests.
struct RetryBudget: Sendable {
  struct Settings: Equatable, Sendable {
    var percent = 10
    var floor = 1
    var window = Duration.seconds(10)
  }

  let settings: Settings
  private var recent: SlidingWindow

  init(_ settings: Settings = Settings()) {
    self.settings = settings
    recent = SlidingWindow(for: settings.window)
  }

  /// Records a first attempt.
  mutating func note(at now: Duration) { recent.note(at: now) }

  /// Takes one retry from the budget; returns `false` if it is spent.
  mutating func take(at now: Duration) -> Bool {
    let (requests, retries) = recent.totals(at: now)
    guard (retries + 1) * 100 <= requests * settings.percent || retries < settings.floor else { return false }
    recent.note(0, failed: 1, at: now)
    return true
  }
}

/// The delays between retries at the same provider within one request: exponential with full jitter, so that requests
/// that failed together do not return together (AWS Architecture Blog, "Exponential Backoff And Jitter").
struct Backoff: Equatable, Sendable {
  /// The upper limit of the first delay; doubles with each retry.
  var base: Duration
  var delayMax: Duration
  /// The most attempts at one provider within one request, including the first.
  var attemptsMax: Int
  /// The random share of a delay.
  var jitter: Double
  /// When the request times out.
  var deadline: Duration
  /// The number of attempts so far.
  private(set) var attempts = 1

  init(_ settings: Configuration.Retry = Configuration.defaults.routing.retry, deadline: Duration) {
    base = settings.base
    delayMax = settings.delayMax
    attemptsMax = settings.retriesMax + 1
    jitter = settings.jitter
    self.deadline = deadline
  }

  /// Returns the delay before the next attempt; `nil` if all attempts are used up or the next one would start after
  /// the deadline.
  ///
  /// - Parameter asked: The delay that the provider asked for.
  mutating func nextDelay(
    at now: Duration, asked: Duration = .zero, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard attempts < attemptsMax else { return nil }
    let limit = min(base * (1 << min(attempts - 1, 16)), delayMax)
    let length = max(0, Self.nanoseconds(limit))
    let jittered = Int64(Double(length) * min(max(jitter, 0), 1))
    let delay = asked + .nanoseconds(length - jittered + Int64.random(in: 0...jittered, using: &random))
    guard now + delay < deadline else { return nil }
    attempts += 1
    return delay
  }

  private static func nanoseconds(_ time: Duration) -> Int64 {
    let (seconds, attoseconds) = min(time, .seconds(3600)).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
