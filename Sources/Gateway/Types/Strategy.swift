/// How one of several equal candidates is picked.
public enum Strategy: String, CaseIterable, Sendable {
  /// The first one that can be asked.
  case priority
  /// Each in its turn; every model has a turn of its own.
  case roundRobin = "round_robin"
  /// In proportion to the weights, spread out evenly over time.
  case weighted
  /// The one with the fewest requests in flight for its weight.
  case leastInFlight = "least_in_flight"
  /// The one that was last seen to answer soonest; who was not tried yet is tried.
  case lowestLatency = "lowest_latency"
  /// The one that costs least; a price that is not known counts as more than any other.
  case cheapest
  /// One provider and no second choice: the one that the caller named, or the first.
  case direct

  /// The strategy of a configuration's word, with the spellings that hoosh accepted so far.
  public init?(word: String) {
    let word = word.lowercased()
    switch word {
    case "roundrobin": self = .roundRobin
    default: self.init(rawValue: String(word.map { $0 == "-" ? "_" : $0 }))
    }
  }
}
