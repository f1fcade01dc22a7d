/// Whether one provider can be asked, and with which of its keys: what its answers and its probes say.
///
/// The provider has a breaker, and each of its keys has one: a limit or a refusal of credentials parks the key alone.
/// Its keys are used in turn.
struct ProviderHealth: Sendable {
  /// How long keys are parked.
  struct Cooldown: Equatable, Sendable {
    /// After a limit without a time: doubled each time, up to the most.
    var rateLimited = Duration.seconds(1)
    var rateLimitedMax = Duration.seconds(60)
    /// After a refusal of the key.
    var credentialsRejected = Duration.seconds(60)
    /// The longest, whatever the provider says.
    var durationMax = Duration.seconds(3600)
  }

  /// How an attempt ended, as far as it says something of the provider.
  enum Outcome: Equatable, Sendable {
    /// It answered; that it said no to the request is an answer.
    case answered
    /// The connection, the server or the answer failed.
    case failed
    /// The key has used up what it may, for that long where it was said.
    case rateLimited(Duration?)
    /// The key is not accepted, or there is no money behind it.
    case credentialsRejected
    /// Nobody waited for it.
    case inconclusive
  }

  /// Whether a provider can be asked.
  enum Status: String, Sendable {
    case healthy
    /// Probes or requests have failed.
    case unhealthy
    /// Its keys have used up what they may.
    case rateLimited
    /// Its keys are not accepted.
    case credentialsRejected
  }

  /// An attempt that was let through.
  struct Attempt: Equatable, Sendable {
    /// The number of the key to use; 0 where the provider has none.
    var key: Int
    fileprivate var provider: Breaker.Pass
    fileprivate var keyPass: Breaker.Pass
    fileprivate var generation: UInt32
  }

  /// Tells this state from others that the provider had before a reload.
  var generation: UInt32 = 0
  let cooldown: Cooldown
  private(set) var breaker: Breaker
  private(set) var checks: HealthChecks
  /// One for each key, or one that stands for none.
  private(set) var keys: [Breaker]
  /// For each key, whether it is parked because it was not accepted.
  private var isRejected: [Bool]
  private var nextKeyIndex = 0

  init(
    keys: Int = 1, _ settings: Breaker.Settings = Breaker.Settings(), checks: HealthChecks = HealthChecks(),
    cooldown: Cooldown = Cooldown()
  ) {
    self.cooldown = cooldown
    self.checks = checks
    breaker = Breaker(settings)
    var keySettings = settings
    keySettings.openTime = cooldown.rateLimited
    keySettings.openTimeMax = cooldown.rateLimitedMax
    self.keys = [Breaker](repeating: Breaker(keySettings), count: max(1, keys))
    isRejected = [Bool](repeating: false, count: self.keys.count)
  }

  /// Whether it can be asked.
  func isAvailable(at now: Duration) -> Bool { checks.isHealthy && breaker.admits(at: now) && hasKey(at: now) }

  /// When it can be asked, if not now and as far as is known; a probe may say so earlier.
  func nextAvailable(at now: Duration) -> Duration? {
    var soonest: Duration?
    for key in keys {
      guard let time = key.nextAdmission(at: now) else { return breaker.nextAdmission(at: now) }
      soonest = min(soonest ?? time, time)
    }
    return [soonest, breaker.nextAdmission(at: now)].compactMap(\.self).max()
  }

  /// Whether one of its keys is not parked.
  func hasKey(at now: Duration) -> Bool { nextKey(at: now) != nil }

  /// Lets an attempt through with the next key; nil when there is none, unless it is forced.
  mutating func begin(at now: Duration, isForced: Bool = false) -> Attempt? {
    guard isForced || checks.isHealthy && breaker.admits(at: now) else { return nil }
    guard let key = nextKey(at: now) ?? (isForced ? nextKeyIndex : nil),
      let keyPass = keys[key].admit(at: now, isForced: isForced),
      let pass = breaker.admit(at: now, isForced: isForced)
    else { return nil }
    nextKeyIndex = (key + 1) % keys.count
    return Attempt(key: key, provider: pass, keyPass: keyPass, generation: generation)
  }

  /// The next key in turn that is not parked.
  private func nextKey(at now: Duration) -> Int? {
    var key = nextKeyIndex
    for _ in keys.indices {
      if keys[key].admits(at: now) { return key }
      key = (key + 1) % keys.count
    }
    return nil
  }

  /// Whether it can be asked, and if not, why.
  func status(at now: Duration) -> Status {
    if !checks.isHealthy || !breaker.admits(at: now) { return .unhealthy }
    if hasKey(at: now) { return .healthy }
    return isRejected.contains(false) ? .rateLimited : .credentialsRejected
  }

  /// Notes how an attempt ended.
  mutating func ended(_ attempt: Attempt, _ outcome: Outcome, at now: Duration) {
    guard attempt.generation == generation else { return }
    if outcome != .inconclusive { isRejected[attempt.key] = outcome == .credentialsRejected }
    switch outcome {
    case .answered:
      breaker.succeeded(attempt.provider, at: now)
      keys[attempt.key].succeeded(attempt.keyPass, at: now)
    case .failed:
      breaker.failed(attempt.provider, at: now)
      keys[attempt.key].inconclusive(attempt.keyPass)
    case .inconclusive:
      breaker.inconclusive(attempt.provider)
      keys[attempt.key].inconclusive(attempt.keyPass)
    case .rateLimited(let wait):
      // The provider is there, or it could not have said so.
      breaker.succeeded(attempt.provider, at: now)
      startCooldown(attempt.key, for: wait ?? keys[attempt.key].nextOpenTime, at: now)
    case .credentialsRejected:
      breaker.succeeded(attempt.provider, at: now)
      startCooldown(attempt.key, for: cooldown.credentialsRejected, at: now)
    }
  }

  private mutating func startCooldown(_ key: Int, for time: Duration, at now: Duration) {
    keys[key].open(until: now + min(max(time, .zero), cooldown.durationMax))
  }

  /// Whether a probe has to begin.
  mutating func startsCheck(at now: Duration) -> Bool { checks.starts(at: now) }

  /// Notes how a probe ended. One that is well closes the breaker too: nobody has to be the trial.
  mutating func healthChecked(_ passed: Bool, at now: Duration) {
    guard checks.isRunning else { return }
    checks.ended(passed, at: now)
    if passed, breaker.state != .closed { breaker.close() }
  }
}
