/// The models of all providers, as their lists say; kept for a short while.
struct ModelList {
  /// Bytes of one provider's list.
  static let listBytesMax = 4 * 1024 * 1024

  /// The models in the order of their providers, each name once.
  private(set) var entries: [ModelEntry] = []
  /// When the lists were last complete; `nil` before the first time.
  private(set) var refreshed: Duration?
  /// Providers whose list has not come yet.
  private(set) var pending: Set<ProviderID> = []
  private var lists: [ProviderID: [ModelEntry]] = [:]

  /// Whether the lists are not older than `time`.
  func isFresh(now: Duration, for time: Duration) -> Bool {
    guard let refreshed else { return false }
    return now - refreshed < time
  }

  /// The lists of `providers` are requested.
  mutating func begin(_ providers: [ProviderID]) {
    pending = Set(providers)
    lists = [:]
  }

  /// Takes one provider's models.
  mutating func take(_ provider: ProviderID, _ entries: [ModelEntry]) {
    pending.remove(provider)
    lists[provider] = entries
  }

  /// Joins the lists; a name belongs to the first provider that lists it. `others` follow. Names that are not served are
  /// left out.
  mutating func finish(
    order: [ProviderID], others: [ModelEntry] = [], now: Duration, isServed: (String) -> Bool = { _ in true }
  ) {
    var seen: Set<String> = []
    entries = []
    for provider in order {
      for entry in lists[provider] ?? [] where isServed(entry.id) && seen.insert(entry.id).inserted {
        entries.append(entry)
      }
    }
    for entry in others where seen.insert(entry.id).inserted { entries.append(entry) }
    pending = []
    lists = [:]
    refreshed = now
  }
}
