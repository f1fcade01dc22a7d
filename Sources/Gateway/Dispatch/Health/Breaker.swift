/// A circuit breaker. Closed, it admits every request; open, none; half-open, one trial request.
///
/// Every admitted request holds a `Pass` and reports its result with it. The result counts only if the state has not
/// changed since, so that the failures of one incident count once.
struct Breaker: Sendable {
  /// The conditions for opening, and the time that the breaker stays open.
  struct Settings: Equatable, Sendable {
    /// The number of consecutive failures that open it.
    var failuresMax = Configuration.defaults.routing.breaker.consecutiveFailuresMax
    /// The failure rate that opens it, in percent, and the number of requests that it takes at least.
    var failuresPercent = Configuration.defaults.routing.breaker.failureRatePercent
    var requestsMin = 20
    var window = Duration.seconds(30)
    /// The time that it stays open; doubles each time the trial request fails.
    var openTime = Configuration.defaults.routing.breaker.openTime
    var openTimeMax = Duration.seconds(60)
    /// The time after which another trial request is admitted if the first has no result.
    var trialTime = Duration.seconds(120)
  }

  enum State: Equatable, Sendable {
    case closed
    case open(until: Duration)
    /// One trial request is admitted at a time, until `trialEnds`.
    case halfOpen(trialEnds: Duration?)
  }

  /// An admitted request.
  struct Pass: Equatable, Sendable {
    fileprivate var epoch: UInt32
    fileprivate var isTrial: Bool
  }

  let settings: Settings
  private(set) var state = State.closed
  /// Consecutive failures, now or before it opened.
  private(set) var failures = 0
  private var recent: SlidingWindow
  private var callers: RecentCallers
  /// The number of times it opened without closing in between.
  private var openings = 0
  /// Counts the changes of state.
  private var epoch: UInt32 = 0

  init(_ settings: Settings = Settings()) {
    self.settings = settings
    recent = SlidingWindow(for: settings.window)
    callers = RecentCallers(for: settings.window)
  }

  /// Returns whether a request would be admitted.
  func admits(at now: Duration) -> Bool { nextAdmission(at: now) == nil }

  /// Returns when a request will be admitted; `nil` if it would be now.
  func nextAdmission(at now: Duration) -> Duration? {
    switch state {
    case .closed: nil
    case .open(let until): until > now ? until : nil
    case .halfOpen(let trialEnds): if let trialEnds, trialEnds > now { trialEnds } else { nil }
    }
  }

  /// Admits a request, or returns `nil`. A forced request is always admitted, as a trial if the breaker is not
  /// closed.
  mutating func admit(at now: Duration, isForced: Bool = false) -> Pass? {
    guard isForced || admits(at: now) else { return nil }
    if case .closed = state { return Pass(epoch: epoch, isTrial: false) }
    if case .open = state { epoch &+= 1 }
    state = .halfOpen(trialEnds: now + settings.trialTime)
    return Pass(epoch: epoch, isTrial: true)
  }

  /// Records that a request of a caller succeeded.
  mutating func succeeded(_ pass: Pass, caller: Int = 0, at now: Duration) {
    callers.succeeded(caller, at: now)
    guard pass.epoch == epoch else { return }
    recent.note(at: now)
    failures = 0
    if pass.isTrial { close() }
  }

  /// Records that a request of a caller failed. The failures of one caller alone do not open the breaker while others get
  /// answers.
  mutating func failed(_ pass: Pass, caller: Int = 0, at now: Duration) {
    callers.failed(caller, at: now)
    guard pass.epoch == epoch else { return }
    recent.note(failed: 1, at: now)
    failures += 1
    if pass.isTrial { return open(at: now) }
    guard callers.blameProvider(caller, at: now) else { return }
    let (all, failed) = recent.totals(at: now)
    let isMostlyFailing = all >= settings.requestsMin && failed * 100 >= all * settings.failuresPercent
    if failures >= settings.failuresMax || isMostlyFailing { open(at: now) }
  }

  /// Returns whether an open breaker blocks a caller whose own requests failed, unlike others.
  func blames(_ caller: Int, at now: Duration) -> Bool { callers.isFailing(caller, at: now) }

  /// Records that a request ended without a statement about the provider, for example because the caller
  /// disconnected.
  mutating func inconclusive(_ pass: Pass) {
    if pass.isTrial, pass.epoch == epoch { state = .halfOpen(trialEnds: nil) }
  }

  /// Ends the trial, whichever request it was, without a result.
  mutating func endTrial() {
    if case .halfOpen = state { state = .halfOpen(trialEnds: nil) }
  }

  /// Opens the breaker until a time at least, whatever the counts.
  mutating func open(until time: Duration) {
    if case .open(let until) = state, until >= time { return }
    if case .open = state {} else { openings += 1 }
    state = .open(until: time)
    epoch &+= 1
  }

  /// Closes the breaker.
  mutating func close() {
    state = .closed
    failures = 0
    openings = 0
    recent.forget()
    epoch &+= 1
  }

  /// Returns the recent requests and the failures among them.
  mutating func counts(at now: Duration) -> (all: Int, failed: Int) { recent.totals(at: now) }

  /// How long it would stay open if it opened now.
  var nextOpenTime: Duration { min(settings.openTime * (1 << min(openings, 20)), settings.openTimeMax) }

  private mutating func open(at now: Duration) { open(until: now + nextOpenTime) }
}
