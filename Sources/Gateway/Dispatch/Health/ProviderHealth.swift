/// The availability of one provider and its API keys, from the results of attempts and health checks.
///
/// The provider has a circuit breaker, and so has each of its keys: a rate limit or rejected credentials start a
/// cooldown of that key alone. The keys rotate.
struct ProviderHealth: Sendable {
  /// The cooldown times of a key.
  struct Cooldown: Equatable, Sendable {
    /// After a rate limit without a time; doubles each time, up to the maximum.
    var rateLimited = Duration.seconds(1)
    var rateLimitedMax = Duration.seconds(60)
    /// After rejected credentials.
    var credentialsRejected = Duration.seconds(60)
    /// The longest cooldown, whatever the provider asks for.
    var durationMax = Duration.seconds(3600)
  }

  /// The result of an attempt, as far as it says something about the provider.
  enum Outcome: Equatable, Sendable {
    /// The provider answered; rejecting the request is an answer.
    case answered
    /// The connection, the server, or the answer failed.
    case failed
    /// The key is rate limited, for the given time if the provider stated one.
    case rateLimited(Duration?)
    /// The key was rejected or has no credit.
    case credentialsRejected
    /// The attempt says nothing about the provider, for example because it was canceled.
    case inconclusive
  }

  /// The availability of a provider, and the reason if it is unavailable.
  enum Status: String, Sendable {
    case healthy
    /// Health checks or requests failed.
    case unhealthy
    /// All keys are rate limited.
    case rateLimited
    /// All keys were rejected.
    case credentialsRejected
  }

  /// An admitted attempt.
  struct Attempt: Equatable, Sendable {
    /// The index of the key to use; 0 if the provider has none.
    var key: Int
    fileprivate var provider: Breaker.Pass
    fileprivate var keyPass: Breaker.Pass
    fileprivate var generation: UInt32
  }

  /// Distinguishes this state from earlier ones that the provider had before a reload.
  var generation: UInt32 = 0
  let cooldown: Cooldown
  private(set) var breaker: Breaker
  private(set) var checks: HealthChecks
  /// One breaker per key, or a single one if the provider has no keys.
  private(set) var keys: [Breaker]
  /// Whether each key is in its cooldown because it was rejected.
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

  /// Returns whether an attempt would be admitted.
  func isAvailable(at now: Duration) -> Bool { checks.isHealthy && breaker.admits(at: now) && hasKey(at: now) }

  /// Whether neither checks nor requests say that the provider is down.
  var isReachable: Bool { checks.isHealthy && breaker.state == .closed }

  /// Returns when an attempt will be admitted; `nil` if it would be now, or if that depends on a health check.
  func nextAvailable(at now: Duration) -> Duration? {
    var soonest: Duration?
    for key in keys {
      guard let time = key.nextAdmission(at: now) else { return breaker.nextAdmission(at: now) }
      soonest = min(soonest ?? time, time)
    }
    return [soonest, breaker.nextAdmission(at: now)].compactMap(\.self).max()
  }

  /// Returns whether a key is available.
  func hasKey(at now: Duration) -> Bool { nextKey(at: now) != nil }

  /// Admits an attempt with the next key; returns `nil` if the provider is unavailable and the attempt is not forced.
  mutating func begin(at now: Duration, isForced: Bool = false) -> Attempt? {
    guard isForced || checks.isHealthy && breaker.admits(at: now) else { return nil }
    guard let key = nextKey(at: now) ?? (isForced ? nextKeyIndex : nil),
      let keyPass = keys[key].admit(at: now, isForced: isForced),
      let pass = breaker.admit(at: now, isForced: isForced)
    else { return nil }
    nextKeyIndex = (key + 1) % keys.count
    return Attempt(key: key, provider: pass, keyPass: keyPass, generation: generation)
  }

  /// Returns the next available key in rotation.
  private func nextKey(at now: Duration) -> Int? {
    var key = nextKeyIndex
    for _ in keys.indices {
      if keys[key].admits(at: now) { return key }
      key = (key + 1) % keys.count
    }
    return nil
  }

  /// Returns the provider's status.
  func status(at now: Duration) -> Status {
    if !checks.isHealthy || !breaker.admits(at: now) { return .unhealthy }
    if hasKey(at: now) { return .healthy }
    return isRejected.contains(false) ? .rateLimited : .credentialsRejected
  }

  /// Records the result of an attempt.
  mutating func ended(_ attempt: Attempt, _ outcome: Outcome, at now: Duration) {
    guard attempt.generation == generation else { return }
    if outcome != .inconclusive { isRejected[attempt.key] = outcome == .credentialsRejected }
    switch outcome {
    case .answered, .rateLimited, .credentialsRejected: checks.requestAnswered(at: now)
    case .failed: checks.requestFailed()
    case .inconclusive: break
    }
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
      // The provider is reachable, or it could not have said so.
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

  /// Returns whether a health check is due.
  mutating func startsCheck(at now: Duration) -> Bool { checks.starts(at: now) }

  /// Records that a piece of an answer arrived.
  mutating func pieceReceived(at time: Duration) {
    if time > checks.answered ?? .zero { checks.requestAnswered(at: time) }
  }

  /// Records the result of a health check. A success also closes the breaker, without a trial request.
  mutating func healthChecked(_ passed: Bool, hasResponded: Bool = false, at now: Duration) {
    guard checks.isRunning else { return }
    checks.ended(passed, hasResponded: hasResponded, at: now)
    if passed, breaker.state != .closed { breaker.close() }
  }
}
