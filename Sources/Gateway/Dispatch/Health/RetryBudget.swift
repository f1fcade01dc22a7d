/// How many more attempts at the same provider its traffic is worth, so that retries never become the storm.
///
/// In any window retries are at most that share of the first attempts in it, but as many as the floor, which is for
/// providers with little traffic.
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

  /// Notes a first attempt.
  mutating func note(at now: Duration) { recent.note(at: now) }

  /// Takes a retry; false when there is none.
  mutating func take(at now: Duration) -> Bool {
    let (requests, retries) = recent.totals(at: now)
    guard (retries + 1) * 100 <= requests * settings.percent || retries < settings.floor else { return false }
    recent.note(0, failed: 1, at: now)
    return true
  }
}

/// When the same provider may be asked again in one request: full jitter unless asked otherwise, so that those who failed together do not come
/// back together (AWS Architecture Blog, "Exponential Backoff And Jitter"), and never behind the request's deadline.
struct Backoff: Equatable, Sendable {
  /// The longest first pause; each time it doubles.
  var base = Duration.milliseconds(250)
  var delayMax = Duration.seconds(8)
  /// Attempts at one provider in one request, the first one included.
  var attemptsMax = 2
  /// The share of a pause that is left to chance.
  var jitter = 1.0
  /// When the request is over.
  var deadline: Duration
  /// Attempts so far.
  private(set) var attempts = 1

  init(deadline: Duration) { self.deadline = deadline }

  /// How long to pause before another attempt, or nil when there may be none: all were made, or it would begin behind
  /// the deadline.
  ///
  /// - Parameter asked: How long the provider asked to be left alone.
  mutating func nextDelay(
    at now: Duration, asked: Duration = .zero, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard attempts < attemptsMax else { return nil }
    let limit = min(base * (1 << min(attempts - 1, 16)), delayMax)
    let length = max(0, Self.nanoseconds(limit))
    let chance = Int64(Double(length) * min(max(jitter, 0), 1))
    let delay = asked + .nanoseconds(length - chance + Int64.random(in: 0...chance, using: &random))
    guard now + delay < deadline else { return nil }
    attempts += 1
    return delay
  }

  private static func nanoseconds(_ time: Duration) -> Int64 {
    let (seconds, attoseconds) = min(time, .seconds(3600)).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
