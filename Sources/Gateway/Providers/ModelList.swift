/// The models of all providers: asked side by side, remembered for a short while.
struct ModelList {
  /// Bytes of one provider's list.
  static let listBytesMax = 4 * 1024 * 1024

  /// What is known, in the order of the providers, each name once.
  private(set) var entries: [ModelEntry] = []
  /// When it was last asked for; `nil` before the first time.
  private(set) var refreshed: Duration?
  /// Providers whose answer is awaited.
  private(set) var pending: Set<Int> = []
  private var answers: [Int: [ModelEntry]] = [:]

  func isFresh(now: Duration, for time: Duration) -> Bool {
    guard let refreshed else { return false }
    return now - refreshed < time
  }

  /// Begins to ask `providers`.
  mutating func begin(_ providers: [Int]) {
    pending = Set(providers)
    answers = [:]
  }

  /// Takes one provider's models.
  mutating func take(_ provider: Int, _ entries: [ModelEntry]) {
    pending.remove(provider)
    answers[provider] = entries
  }

  /// Puts the answers together; the first provider of a name has it.
  mutating func finish(order: Range<Int>, now: Duration) {
    var seen: Set<String> = []
    entries = []
    for provider in order {
      for entry in answers[provider] ?? [] where seen.insert(entry.id).inserted { entries.append(entry) }
    }
    pending = []
    answers = [:]
    refreshed = now
  }
}
