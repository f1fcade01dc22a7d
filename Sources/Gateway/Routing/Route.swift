/// Which providers serve a model, and in which order they are asked.
///
/// The provider whose pattern says most about the model comes first: its name, then the longest pattern with
/// `*`, then those that serve every model. Among equals the lower priority number, then the configuration's order.
struct Route: Sendable {
  private struct Entry: Sendable {
    var provider: Int
    var patterns: [ModelPattern]
  }

  /// In order of priority.
  private let entries: [Entry]

  init(_ providers: [(priority: Int, patterns: [ModelPattern])]) {
    let order = providers.indices.sorted { (providers[$0].priority, $0) < (providers[$1].priority, $1) }
    entries = order.map { Entry(provider: $0, patterns: providers[$0].patterns) }
  }

  /// The provider to ask for a model after those already tried; `nil` when none is left.
  func next(for model: String, after tried: [Int]) -> Int? {
    var best: (provider: Int, weight: Int)?
    for entry in entries where !tried.contains(entry.provider) {
      guard let weight = Self.weight(entry, model), weight > best?.weight ?? -1 else { continue }
      best = (entry.provider, weight)
    }
    return best?.provider
  }

  /// Whether a provider serves a model.
  func serves(_ provider: Int, _ model: String) -> Bool {
    entries.contains { $0.provider == provider && Self.weight($0, model) != nil }
  }

  /// How much the entry's best pattern says about a model; `nil` when it does not serve it.
  private static func weight(_ entry: Entry, _ model: String) -> Int? {
    if entry.patterns.isEmpty { return 0 }
    var weight: Int?
    for pattern in entry.patterns where pattern.matches(model) { weight = max(weight ?? 0, pattern.weight) }
    return weight
  }
}
