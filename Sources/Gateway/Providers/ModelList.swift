/// The models of all providers, requested concurrently and cached for a short time.
struct ModelList {
  /// The most bytes of one provider's list.
  static let listBytesMax = 4 * 1024 * 1024

  /// The models in the order of the providers, each name once.
  private(set) var entries: [ModelEntry] = []
  /// When the list was last refreshed, or `nil` before the first time.
  private(set) var refreshed: Duration?
  /// The providers whose response is pending.
  private(set) var pending: Set<Int> = []
  private var answers: [Int: [ModelEntry]] = [:]

  func isFresh(now: Duration, for time: Duration) -> Bool {
    guard let refreshed else { return false }
    return now - refreshed < time
  }

  /// Starts a refresh from `providers`.
  mutating func begin(_ providers: [Int]) {
    pending = Set(providers)
    answers = [:]
  }

  /// Records one provider's models.
  mutating func take(_ provider: Int, _ entries: [ModelEntry]) {
    pending.remove(provider)
    answers[provider] = entries
  }

  /// Completes the refresh. A name belongs to the first provider that lists it.
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
