/// Keeps requests from somebody who fails: closed as long as it answers, open for a while when it does not, and then
/// half open, which lets one request through to see.
///
/// Every request that was let through has a `Pass`, and says with it how it ended; what it says only counts if the
/// breaker has not changed its mind since, so that the failures of one bad moment are one.
struct Breaker: Sendable {
  /// When it opens, and for how long.
  struct Settings: Equatable, Sendable {
    /// Failures one after the other that open it.
    var failuresMax = 5
    /// Failures among the requests of late that open it, in percent, and how many requests it takes to judge.
    var failuresPercent = 50
    var requestsMin = 20
    var window = Duration.seconds(30)
    /// How long it stays open: twice as long each time that the trial fails as well.
    var openTime = Duration.seconds(5)
    var openTimeMax = Duration.seconds(60)
    /// How long a trial may take until another one is let through.
    var trialTime = Duration.seconds(120)
  }

  enum State: Equatable, Sendable {
    case closed
    case open(until: Duration)
    /// One request is let through at a time; until then it is waited for.
    case halfOpen(trialEnds: Duration?)
  }

  /// A request that was let through.
  struct Pass: Equatable, Sendable {
    fileprivate var epoch: UInt32
    fileprivate var isTrial: Bool
  }

  let settings: Settings
  private(set) var state = State.closed
  /// Failures one after the other, now or before it opened.
  private(set) var failures = 0
  private var recent: SlidingWindow
  /// Times that it opened without closing in between.
  private var openings = 0
  /// Counts changes of state.
  private var epoch: UInt32 = 0

  init(_ settings: Settings = Settings()) {
    self.settings = settings
    recent = SlidingWindow(for: settings.window)
  }

  /// Whether a request would be let through.
  func admits(at now: Duration) -> Bool { nextAdmission(at: now) == nil }

  /// When a request will be let through, if not now.
  func nextAdmission(at now: Duration) -> Duration? {
    switch state {
    case .closed: nil
    case .open(let until): until > now ? until : nil
    case .halfOpen(let trialEnds): if let trialEnds, trialEnds > now { trialEnds } else { nil }
    }
  }

  /// Lets a request through, or nil; one that is forced is a trial where it would not be let through.
  mutating func admit(at now: Duration, isForced: Bool = false) -> Pass? {
    guard isForced || admits(at: now) else { return nil }
    if case .closed = state { return Pass(epoch: epoch, isTrial: false) }
    if case .open = state { epoch &+= 1 }
    state = .halfOpen(trialEnds: now + settings.trialTime)
    return Pass(epoch: epoch, isTrial: true)
  }

  /// It answered.
  mutating func succeeded(_ pass: Pass, at now: Duration) {
    guard pass.epoch == epoch else { return }
    recent.note(at: now)
    failures = 0
    if pass.isTrial { close() }
  }

  /// It failed.
  mutating func failed(_ pass: Pass, at now: Duration) {
    guard pass.epoch == epoch else { return }
    recent.note(failed: 1, at: now)
    failures += 1
    if pass.isTrial { return open(at: now) }
    let (all, failed) = recent.totals(at: now)
    let isMostlyFailing = all >= settings.requestsMin && failed * 100 >= all * settings.failuresPercent
    if failures >= settings.failuresMax || isMostlyFailing { open(at: now) }
  }

  /// It ended without saying anything about who was asked, as when the caller went away.
  mutating func inconclusive(_ pass: Pass) {
    if pass.isTrial, pass.epoch == epoch { state = .halfOpen(trialEnds: nil) }
  }

  /// Keeps it open until then at least, whatever was counted.
  mutating func open(until time: Duration) {
    if case .open(let until) = state, until >= time { return }
    if case .open = state {} else { openings += 1 }
    state = .open(until: time)
    epoch &+= 1
  }

  /// Closes it: a probe has seen that all is well.
  mutating func close() {
    state = .closed
    failures = 0
    openings = 0
    recent.forget()
    epoch &+= 1
  }

  /// Requests of late and failures among them.
  mutating func counts(at now: Duration) -> (all: Int, failed: Int) { recent.totals(at: now) }

  /// How long it stays open when it opens now.
  var nextOpenTime: Duration { min(settings.openTime * (1 << min(openings, 20)), settings.openTimeMax) }

  private mutating func open(at now: Duration) { open(until: now + nextOpenTime) }
}
