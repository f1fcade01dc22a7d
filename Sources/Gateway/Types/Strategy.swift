/// A strategy to select one of several equal candidates.
public enum Strategy: String, CaseIterable, Sendable {
  /// The first available candidate.
  case priority
  /// The candidates in rotation, separately for each model.
  case roundRobin = "round_robin"
  /// In proportion to the weights, evenly over time.
  case weighted
  /// The candidate with the fewest requests in flight relative to its weight.
  case leastInFlight = "least_in_flight"
  /// The candidate with the lowest recent latency. A candidate without a measurement comes first.
  case lowestLatency = "lowest_latency"
  /// The candidate with the lowest price. An unknown price counts as the highest.
  case cheapest
  /// A single candidate without failover: the one that the caller named, or the first.
  case direct

  /// Creates the strategy with a name in the configuration, including older spellings. Returns `nil` if there is none.
  public init?(word: String) {
    let word = word.lowercased()
    switch word {
    case "roundrobin": self = .roundRobin
    default: self.init(rawValue: String(word.map { $0 == "-" ? "_" : $0 }))
    }
  }
}
