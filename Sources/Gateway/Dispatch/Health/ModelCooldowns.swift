/// The models that a provider's API keys do not get for a while: their rate limit is reached, or the provider refused them.
///
/// Each pair of key and model has a breaker, from its first refusal until it succeeds.
struct ModelCooldowns: Sendable {
  /// The most pairs; beyond it, the pair whose cooldown ends first is forgotten.
  static let entriesMax = 64

  /// Why a pair is in its cooldown.
  enum Reason: Sendable {
    case rateLimited
    /// The provider does not have the model, or not for this key. Tried again when no other candidate is left, so that the
    /// caller gets the provider's own reason.
    case refused
  }

  private struct Entry: Sendable {
    let key: Int
    let model: String
    var reason: Reason
    var breaker: Breaker

    func blocks(triesRefused: Bool) -> Bool { reason == .rateLimited || !triesRefused }
  }

  private var entries: [Entry] = []

  /// The number of models that some key does not get now.
  func count(at now: Duration) -> Int { Set(entries.filter { !$0.breaker.admits(at: now) }.map(\.model)).count }

  /// Returns when a key gets a model again; `nil` if it does now.
  func nextAdmission(_ key: Int, _ model: String, at now: Duration, triesRefused: Bool = false) -> Duration? {
    guard let index = index(key, model), entries[index].blocks(triesRefused: triesRefused) else { return nil }
    return entries[index].breaker.nextAdmission(at: now)
  }

  /// Returns whether a rate limit keeps a key from a model.
  func isRateLimited(_ key: Int, _ model: String, at now: Duration) -> Bool {
    index(key, model).map { entries[$0].reason == .rateLimited && !entries[$0].breaker.admits(at: now) } ?? false
  }

  /// Admits an attempt. After a cooldown there is one at a time until one succeeds.
  mutating func admit(_ key: Int, _ model: String, at now: Duration) {
    if let index = index(key, model) { _ = entries[index].breaker.admit(at: now, isForced: true) }
  }

  /// Starts a cooldown. Without a `time` it is longer each time.
  mutating func start(
    _ key: Int, _ model: String, _ reason: Reason, for time: Duration?, _ settings: Breaker.Settings,
    at now: Duration,
    most: Duration
  ) {
    let index =
      index(key, model) ?? add(Entry(key: key, model: model, reason: reason, breaker: Breaker(settings)), now)
    entries[index].reason = reason
    let time = time ?? entries[index].breaker.nextOpenTime
    entries[index].breaker.open(until: now + min(max(time, .zero), most))
  }

  /// A key got an answer from a model.
  mutating func succeeded(_ key: Int, _ model: String) {
    if let index = index(key, model) { entries.remove(at: index) }
  }

  /// An attempt ended without a statement about the model.
  mutating func inconclusive(_ key: Int, _ model: String) {
    if let index = index(key, model) { entries[index].breaker.endTrial() }
  }

  private func index(_ key: Int, _ model: String) -> Int? {
    entries.isEmpty ? nil : entries.firstIndex { $0.key == key && $0.model == model }
  }

  private mutating func add(_ entry: Entry, _ now: Duration) -> Int {
    if entries.count >= Self.entriesMax,
      let first = entries.indices.min(by: { end(of: $0, now) < end(of: $1, now) })
    {
      entries.remove(at: first)
    }
    entries.append(entry)
    return entries.count - 1
  }

  private func end(of index: Int, _ now: Duration) -> Duration {
    entries[index].breaker.nextAdmission(at: now) ?? now
  }
}

/// The refusals (402, 403) of one key since its last success.
///
/// A prompt that is flagged, or a demand that exceeds the credit, is refused without any fault of the key. So a refusal
/// counts for the model if its code names the model and it repeats, or if it repeats for different callers; and for the key
/// if it repeats for different callers and models.
struct RefusalStreak: Sendable {
  /// How far the refusals reach.
  enum Reach: Sendable { case request, model, key }

  /// The refusals that it takes at least to reach beyond a request.
  static let countMin = 3

  private var count = 0
  private var first: (caller: Int, model: String)?
  /// The model that the last refusal named.
  private var named: String?
  private var hasOtherCaller = false
  private var hasOtherModel = false

  /// Counts a refusal, and returns how far it reaches.
  mutating func note(caller: Int, model: String, isNamed: Bool) -> Reach {
    let isNamedAgain = isNamed && named == model
    named = isNamed ? model : nil
    count = min(count + 1, Self.countMin)
    if let first {
      if caller != first.caller { hasOtherCaller = true }
      if model != first.model { hasOtherModel = true }
    } else {
      first = (caller, model)
    }
    guard count >= Self.countMin, hasOtherCaller else { return isNamedAgain ? .model : .request }
    return hasOtherModel ? .key : .model
  }
}
