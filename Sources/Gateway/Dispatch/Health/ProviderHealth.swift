/// Whether one provider can be asked, and with which of its keys: what its answers and its probes say.
///
/// The provider has a breaker, and each of its keys has one: a limit or a refusal of credentials parks the key alone.
/// Its keys are used in turn.
struct ProviderHealth: Sendable {
  /// How long keys are parked.
  struct Parking: Equatable, Sendable {
    /// After a limit without a time: doubled each time, up to the most.
    var limited = Duration.seconds(1)
    var limitedMax = Duration.seconds(60)
    /// After a refusal of the key.
    var refused = Duration.seconds(60)
    /// The longest, whatever the provider says.
    var longest = Duration.seconds(3600)
  }

  /// How an attempt ended, as far as it says something of the provider.
  enum Outcome: Equatable, Sendable {
    /// It answered; that it said no to the request is an answer.
    case answered
    /// The connection, the server or the answer failed.
    case failed
    /// The key has used up what it may, for that long where it was said.
    case limited(Duration?)
    /// The key is not accepted, or there is no money behind it.
    case refusedKey
    /// Nobody waited for it.
    case abandoned
  }

  /// Whether a provider can be asked.
  enum Standing: String, Sendable {
    case up
    /// Probes or requests have failed.
    case down
    /// Its keys have used up what they may.
    case limited
    /// Its keys are not accepted.
    case refused
  }

  /// An attempt that was let through.
  struct Attempt: Equatable, Sendable {
    /// The number of the key to use; 0 where the provider has none.
    var key: Int
    fileprivate var provider: Breaker.Pass
    fileprivate var keyPass: Breaker.Pass
  }

  let parking: Parking
  private(set) var breaker: Breaker
  private(set) var probes: Probes
  /// One for each key, or one that stands for none.
  private(set) var keys: [Breaker]
  /// For each key, whether it is parked because it was not accepted.
  private var isRefused: [Bool]
  private var turn = 0

  init(
    keys: Int = 1, _ settings: Breaker.Settings = Breaker.Settings(), probes: Probes = Probes(),
    parking: Parking = Parking()
  ) {
    self.parking = parking
    self.probes = probes
    breaker = Breaker(settings)
    var keySettings = settings
    keySettings.openTime = parking.limited
    keySettings.openTimeMax = parking.limitedMax
    self.keys = [Breaker](repeating: Breaker(keySettings), count: max(1, keys))
    isRefused = [Bool](repeating: false, count: self.keys.count)
  }

  /// Whether it can be asked.
  func isUp(at now: Duration) -> Bool { probes.isUp && breaker.admits(at: now) && hasKey(at: now) }

  /// When it can be asked, if not now and as far as is known; a probe may say so earlier.
  func returns(at now: Duration) -> Duration? {
    var soonest: Duration?
    for key in keys {
      guard let time = key.opens(at: now) else { return breaker.opens(at: now) }
      soonest = min(soonest ?? time, time)
    }
    return [soonest, breaker.opens(at: now)].compactMap(\.self).max()
  }

  /// Whether one of its keys is not parked.
  func hasKey(at now: Duration) -> Bool { nextKey(at: now) != nil }

  /// Lets an attempt through with the next key; nil when there is none, unless it is forced.
  mutating func begin(at now: Duration, isForced: Bool = false) -> Attempt? {
    guard isForced || probes.isUp && breaker.admits(at: now) else { return nil }
    guard let key = nextKey(at: now) ?? (isForced ? turn : nil),
      let keyPass = keys[key].pass(at: now, isForced: isForced),
      let pass = breaker.pass(at: now, isForced: isForced)
    else { return nil }
    turn = (key + 1) % keys.count
    return Attempt(key: key, provider: pass, keyPass: keyPass)
  }

  /// The next key in turn that is not parked.
  private func nextKey(at now: Duration) -> Int? {
    var key = turn
    for _ in keys.indices {
      if keys[key].admits(at: now) { return key }
      key = (key + 1) % keys.count
    }
    return nil
  }

  /// Whether it can be asked, and if not, why.
  func standing(at now: Duration) -> Standing {
    if !probes.isUp || !breaker.admits(at: now) { return .down }
    if hasKey(at: now) { return .up }
    return isRefused.contains(false) ? .limited : .refused
  }

  /// Notes how an attempt ended.
  mutating func ended(_ attempt: Attempt, _ outcome: Outcome, at now: Duration) {
    guard attempt.key < keys.count else { return }
    if outcome != .abandoned { isRefused[attempt.key] = outcome == .refusedKey }
    switch outcome {
    case .answered:
      breaker.succeeded(attempt.provider, at: now)
      keys[attempt.key].succeeded(attempt.keyPass, at: now)
    case .failed:
      breaker.failed(attempt.provider, at: now)
      keys[attempt.key].abandoned(attempt.keyPass)
    case .abandoned:
      breaker.abandoned(attempt.provider)
      keys[attempt.key].abandoned(attempt.keyPass)
    case .limited(let wait):
      // The provider is there, or it could not have said so.
      breaker.succeeded(attempt.provider, at: now)
      park(attempt.key, for: wait ?? keys[attempt.key].nextOpenTime, at: now)
    case .refusedKey:
      breaker.succeeded(attempt.provider, at: now)
      park(attempt.key, for: parking.refused, at: now)
    }
  }

  private mutating func park(_ key: Int, for time: Duration, at now: Duration) {
    keys[key].open(until: now + min(max(time, .zero), parking.longest))
  }

  /// Whether a probe has to begin.
  mutating func beginsProbe(at now: Duration) -> Bool { probes.begins(at: now) }

  /// Notes how a probe ended. One that is well closes the breaker too: nobody has to be the trial.
  mutating func probed(_ isWell: Bool, at now: Duration) {
    guard probes.isRunning else { return }
    probes.ended(isWell, at: now)
    if isWell, breaker.state != .closed { breaker.close() }
  }
}
