/// The availability of one provider and its API keys, from the results of attempts and health checks.
///
/// The provider has a circuit breaker, and so has each of its keys: rejected credentials start a cooldown of that key alone.
/// A rate limit, or the refusal of a model, starts a cooldown of the key for that model alone. The keys rotate.
struct ProviderHealth: Sendable {
  /// The cooldown times of a key.
  struct Cooldown: Equatable, Sendable {
    /// After a rate limit without a time; doubles each time, up to the maximum.
    var rateLimited = Duration.seconds(1)
    var rateLimitedMax = Duration.seconds(60)
    /// After rejected credentials.
    var credentialsRejected = Duration.seconds(60)
    /// After the refusal of a model.
    var modelRefused = Duration.seconds(60)
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
    /// The rate limit of the model is reached, for the given time if the provider stated one.
    case modelLimited(Duration?)
    /// The provider does not have the model.
    case modelMissing
    /// The provider refused this request, and perhaps named the model.
    case requestRefused(namesModel: Bool)
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
  /// Stands for the provider's address and keys: at another address, or with another key, the state is new.
  let identity: Int
  let cooldown: Cooldown
  private(set) var breaker: Breaker
  private(set) var checks: HealthChecks
  /// Whether the provider has ever responded.
  private(set) var wasReached = false
  /// One breaker per key, or a single one if the provider has no keys.
  private(set) var keys: [Breaker]
  /// Whether each key is in its cooldown because it was rejected.
  private var isRejected: [Bool]
  private(set) var models = ModelCooldowns()
  private var refusals: [RefusalStreak]
  private var nextKeyIndex = 0

  init(
    keys: Int = 1, _ settings: Breaker.Settings = Breaker.Settings(), checks: HealthChecks = HealthChecks(),
    cooldown: Cooldown = Cooldown(), identity: Int = 0
  ) {
    self.identity = identity
    self.cooldown = cooldown
    self.checks = checks
    breaker = Breaker(settings)
    var keySettings = settings
    keySettings.openTime = cooldown.rateLimited
    keySettings.openTimeMax = cooldown.rateLimitedMax
    self.keys = [Breaker](repeating: Breaker(keySettings), count: max(1, keys))
    isRejected = [Bool](repeating: false, count: self.keys.count)
    refusals = [RefusalStreak](repeating: RefusalStreak(), count: self.keys.count)
  }

  /// Returns whether an attempt would be admitted.
  func isAvailable(at now: Duration) -> Bool { checks.isHealthy && breaker.admits(at: now) && hasKey(at: now) }

  /// Whether neither checks nor requests say that the provider is down.
  var isReachable: Bool { checks.isHealthy && breaker.state == .closed }

  /// Returns when an attempt will be admitted, for a model if one is given; `nil` if it would be now, or if that depends on a
  /// health check.
  func nextAvailable(for model: String? = nil, at now: Duration) -> Duration? {
    var soonest: Duration?
    for key in keys.indices {
      guard let time = nextAdmission(key, model, at: now) else { return breaker.nextAdmission(at: now) }
      soonest = min(soonest ?? time, time)
    }
    return [soonest, breaker.nextAdmission(at: now)].compactMap(\.self).max()
  }

  /// Returns whether a key is available, for a model if one is given.
  func hasKey(for model: String? = nil, at now: Duration, triesRefused: Bool = false) -> Bool {
    nextKey(model, at: now, triesRefused: triesRefused) != nil
  }

  /// Admits an attempt with the next key; returns `nil` if the provider is unavailable and the attempt is not forced.
  ///
  /// - Parameter triesRefused: Whether a model that the provider refused is tried all the same.
  mutating func begin(
    _ model: String? = nil, at now: Duration, isForced: Bool = false, triesRefused: Bool = false
  ) -> Attempt? {
    guard isForced || checks.isHealthy && breaker.admits(at: now) else { return nil }
    guard let key = nextKey(model, at: now, triesRefused: triesRefused) ?? (isForced ? nextKeyIndex : nil),
      let keyPass = keys[key].admit(at: now, isForced: isForced),
      let pass = breaker.admit(at: now, isForced: isForced)
    else { return nil }
    if let model { models.admit(key, model, at: now) }
    nextKeyIndex = (key + 1) % keys.count
    return Attempt(key: key, provider: pass, keyPass: keyPass, generation: generation)
  }

  /// Returns the next available key in rotation.
  private func nextKey(_ model: String?, at now: Duration, triesRefused: Bool) -> Int? {
    var key = nextKeyIndex
    for _ in keys.indices {
      if nextAdmission(key, model, at: now, triesRefused: triesRefused) == nil { return key }
      key = (key + 1) % keys.count
    }
    return nil
  }

  /// Returns when a key is available; `nil` if it is now.
  private func nextAdmission(
    _ key: Int, _ model: String?, at now: Duration, triesRefused: Bool = false
  ) -> Duration? {
    let time = keys[key].nextAdmission(at: now)
    guard let model, let other = models.nextAdmission(key, model, at: now, triesRefused: triesRefused) else {
      return time
    }
    return max(time ?? other, other)
  }

  /// Returns the provider's status, for a model if one is given.
  func status(for model: String? = nil, at now: Duration) -> Status {
    if !checks.isHealthy || !breaker.admits(at: now) { return .unhealthy }
    if hasKey(for: model, at: now, triesRefused: true) { return .healthy }
    let isLimited = keys.indices.contains { key in
      !isRejected[key] || model.map { models.isRateLimited(key, $0, at: now) } ?? false
    }
    return isLimited ? .rateLimited : .credentialsRejected
  }

  /// Records the result of an attempt.
  ///
  /// - Parameter caller: Tells callers apart.
  mutating func ended(
    _ attempt: Attempt, _ outcome: Outcome, model: String = "", caller: Int = 0, at now: Duration
  ) {
    guard attempt.generation == generation else { return }
    let key = attempt.key
    switch outcome {
    case .inconclusive, .failed:
      if outcome == .failed {
        isRejected[key] = false
        checks.requestFailed()
        breaker.failed(attempt.provider, caller: caller, at: now)
      } else {
        breaker.inconclusive(attempt.provider)
      }
      keys[key].inconclusive(attempt.keyPass)
      models.inconclusive(key, model)
      return
    default: break
    }
    // The provider is reachable, or it could not have said so.
    wasReached = true
    checks.requestAnswered(at: now)
    breaker.succeeded(attempt.provider, caller: caller, at: now)
    isRejected[key] = false
    switch outcome {
    case .answered:
      keys[key].succeeded(attempt.keyPass, at: now)
      models.succeeded(key, model)
      refusals[key] = RefusalStreak()
    case .rateLimited(let wait): startCooldown(key, for: wait ?? keys[key].nextOpenTime, at: now)
    case .credentialsRejected: rejectKey(key, at: now)
    case .modelLimited(let wait):
      keys[key].succeeded(attempt.keyPass, at: now)
      startCooldown(key, model, .rateLimited, for: wait, at: now)
    case .modelMissing:
      keys[key].succeeded(attempt.keyPass, at: now)
      startCooldown(key, model, .refused, for: cooldown.modelRefused, at: now)
    case .requestRefused(let isNamed):
      let reach = refusals[key].note(caller: caller, model: model, isNamed: isNamed)
      if reach == .key { return rejectKey(key, at: now) }
      keys[key].inconclusive(attempt.keyPass)
      if reach == .model {
        startCooldown(key, model, .refused, for: cooldown.modelRefused, at: now)
      } else {
        models.inconclusive(key, model)
      }
    case .failed, .inconclusive: break
    }
  }

  private mutating func rejectKey(_ key: Int, at now: Duration) {
    isRejected[key] = true
    startCooldown(key, for: cooldown.credentialsRejected, at: now)
  }

  private mutating func startCooldown(
    _ key: Int, _ model: String, _ reason: ModelCooldowns.Reason, for time: Duration?, at now: Duration
  ) {
    models.start(key, model, reason, for: time, keys[key].settings, at: now, most: cooldown.durationMax)
  }

  private mutating func startCooldown(_ key: Int, for time: Duration, at now: Duration) {
    keys[key].open(until: now + min(max(time, .zero), cooldown.durationMax))
  }

  /// Returns whether a health check is due.
  mutating func startsCheck(at now: Duration) -> Bool { checks.starts(at: now) }

  /// Records that a piece of an answer arrived.
  mutating func pieceReceived(at time: Duration) {
    wasReached = true
    if time > checks.answered ?? .zero { checks.requestAnswered(at: time) }
  }

  /// Records that the provider responded, whatever it said.
  mutating func responded() { wasReached = true }

  /// Records the result of a health check. A success also closes the breaker, without a trial request.
  mutating func healthChecked(_ passed: Bool, hasResponded: Bool = false, at now: Duration) {
    if passed || hasResponded { wasReached = true }
    guard checks.isRunning else { return }
    checks.ended(passed, hasResponded: hasResponded, at: now)
    if passed, breaker.state != .closed { breaker.close() }
  }
}
