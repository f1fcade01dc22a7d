/// Which providers serve a model, and in which order they are asked.
///
/// `NAME/MODEL` asks the provider of that name first. Otherwise the provider whose pattern says most about the
/// model comes first: its name, then the longest pattern with `*`, then those that serve every model. Among
/// equals the lower priority number, then the configuration's order.
struct Route: Sendable {
  /// A provider to ask, and what the model is called there.
  struct Candidate: Equatable, Sendable {
    var provider: Int
    var model: String
  }

  private struct Entry: Sendable {
    var provider: Int
    /// The provider's name and a slash.
    var prefix: String
    var patterns: [ModelPattern]
  }

  /// In order of priority.
  private let entries: [Entry]

  /// Providers that are asked when no other is left, unless they are named.
  var last: Set<Int> = []

  init(_ providers: [(name: String, priority: Int, patterns: [ModelPattern])]) {
    let order = providers.indices.sorted { (providers[$0].priority, $0) < (providers[$1].priority, $1) }
    entries = order.map {
      Entry(provider: $0, prefix: providers[$0].name + "/", patterns: providers[$0].patterns)
    }
  }

  /// The provider to ask for a model after those already tried; `nil` when none is left.
  func next(for model: String, after tried: [Int]) -> Candidate? {
    var best: (candidate: Candidate, weight: Int)?
    for entry in entries where !tried.contains(entry.provider) {
      guard let found = Self.serve(entry, model) else { continue }
      let isLast = found.weight < .max && last.contains(entry.provider)
      // In the same order among themselves, and below everybody else.
      let weight = isLast ? found.weight + .min : found.weight
      if let best, weight <= best.weight { continue }
      best = (Candidate(provider: entry.provider, model: found.model), weight)
    }
    return best?.candidate
  }

  /// Whether a provider serves a model under that very name.
  func serves(_ provider: Int, _ model: String) -> Bool {
    entries.contains { $0.provider == provider && Self.weight($0, model) != nil }
  }

  private static func serve(_ entry: Entry, _ model: String) -> (model: String, weight: Int)? {
    if model.hasPrefix(entry.prefix) {
      let rest = String(model.dropFirst(entry.prefix.count))
      if !rest.isEmpty, weight(entry, rest) != nil { return (rest, .max) }
    }
    return weight(entry, model).map { (model, $0) }
  }

  /// How much the entry's best pattern says about a model; `nil` when it does not serve it.
  private static func weight(_ entry: Entry, _ model: String) -> Int? {
    if entry.patterns.isEmpty { return 0 }
    var weight: Int?
    for pattern in entry.patterns where pattern.matches(model) { weight = max(weight ?? 0, pattern.weight) }
    return weight
  }
}
