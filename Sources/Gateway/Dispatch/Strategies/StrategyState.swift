/// State of the selection strategies: last pick, weighted credit, and latency, for every list of one table.
struct StrategyState: Sendable {
  /// The position of the last pick, by list.
  private var last: [UInt32]
  /// The number of picks by latency, by list.
  private var pickCounts: [UInt32]
  /// How far each candidate is ahead of its share, by index in the table's list.
  private var credit: [Int64]
  /// The latency of each provider, by the table's entry.
  private(set) var latencies: [Latency]

  init(_ table: borrowing RouteTable) {
    last = [UInt32](repeating: .max, count: table.slots)
    pickCounts = [UInt32](repeating: 0, count: table.slots)
    credit = [Int64](repeating: 0, count: table.list.count)
    latencies = [Latency](repeating: Latency(), count: table.entries.count)
  }

  /// Creates the state of a new table, with the latencies of providers and patterns that both tables have.
  init(_ table: borrowing RouteTable, after picks: StrategyState, of old: borrowing RouteTable) {
    self.init(table)
    var known: [String: Latency] = [:]
    for entry in old.entries.indices { known[old.key(ofEntry: entry)] = picks.latencies[entry] }
    for entry in table.entries.indices {
      if let latency = known[table.key(ofEntry: entry)] { latencies[entry] = latency }
    }
  }

  /// Picks without a search: the first candidate by priority, or the next one in turn. Returns `nil` if a search is
  /// needed.
  @inline(__always)
  mutating func pickFast(
    _ candidates: Span<RouteCandidate>, slot: Int, _ policy: Policy, _ input: borrowing SelectionInput
  ) -> Int? {
    if candidates.isEmpty { return nil }
    return Self.pickFast(candidates, policy, input, &last[slot])
  }

  @inline(__always) @_noAllocation @_noLocks
  private static func pickFast(
    _ candidates: Span<RouteCandidate>, _ policy: Policy, _ input: borrowing SelectionInput, _ last: inout UInt32
  ) -> Int? {
    if policy.localFirst { return nil }
    if case .some = input.affinity { return nil }
    switch policy.strategy {
    case .priority:
      if input.admits(candidates[0], at: 0) { return 0 }
      return nil
    case .roundRobin:
      let position = following(candidates, last)
      if !input.admits(candidates[position], at: position) { return nil }
      last = UInt32(truncatingIfNeeded: position)
      return position
    case .weighted, .leastInFlight, .lowestLatency, .cheapest, .direct: return nil
    }
  }

  /// Picks one of the candidates and returns its position, or `nil` if none is available.
  ///
  /// - Parameters:
  ///   - loads: Requests in flight, by provider.
  ///   - costs: The cost of the request at each candidate, by position; `.max` if unknown.
  @inline(never)
  mutating func pick(
    _ candidates: Span<RouteCandidate>, slot: Int, _ policy: Policy, _ input: borrowing SelectionInput,
    loads: [UInt32],
    costs: [UInt64]
  ) -> Int? {
    var tier = Tier()
    if !Self.find(&tier, candidates, input, localFirst: policy.localFirst) { return nil }
    if let key = input.affinity {
      if policy.strategy != .direct { return nearest(candidates, tier, input, key, policy.affinityLoad, loads) }
    }
    switch policy.strategy {
    case .priority: return tier.first
    case .roundRobin: return Self.next(candidates, tier, input, &last[slot])
    case .weighted: return Self.weighted(candidates, tier, input, credit.mutableSpan)
    case .leastInFlight: return Self.leastInFlight(candidates, tier, input, loads.span, &last[slot])
    case .lowestLatency: return soonest(candidates, tier, input, slot)
    case .cheapest: return Self.cheapest(candidates, tier, input, costs.span)
    case .direct: return direct(candidates, tier, input)
    }
  }

  // MARK: Tiers

  /// The candidates to pick from: the first available one and those of its tier.
  struct Tier {
    var first = 0
    var onlyLocal = false

    /// Returns whether a candidate is in the tier of another.
    @inline(__always) @_noAllocation @_noLocks
    func joins(_ candidate: RouteCandidate, _ other: RouteCandidate) -> Bool {
      candidate.tierRank == other.tierRank
    }

    @inline(__always) @_noAllocation @_noLocks
    func admits(_ candidate: RouteCandidate, at position: Int, _ input: borrowing SelectionInput) -> Bool {
      if onlyLocal {
        if !candidate.isLocal { return false }
      }
      return input.admits(candidate, at: position)
    }
  }

  /// Finds the first available candidate; returns `false` if there is none.
  @inline(__always) @_noAllocation @_noLocks
  private static func find(
    _ tier: inout Tier, _ candidates: Span<RouteCandidate>, _ input: borrowing SelectionInput, localFirst: Bool
  ) -> Bool {
    var position = 0
    while position < candidates.count {
      if input.admits(candidates[position], at: position) { break }
      position += 1
    }
    if position == candidates.count { return false }
    tier.first = position
    if !localFirst { return true }
    let step = candidates[position].specificityRank
    while position < candidates.count {
      if candidates[position].specificityRank != step { return true }
      if candidates[position].isLocal {
        if input.admits(candidates[position], at: position) {
          tier.first = position
          tier.onlyLocal = true
          return true
        }
      }
      position += 1
    }
    return true
  }

  // MARK: Strategies

  /// Returns the position after the last pick if it is in the first tier, else 0.
  @inline(__always) @_noAllocation @_noLocks
  private static func following(_ candidates: Span<RouteCandidate>, _ last: UInt32) -> Int {
    let position = Int(last &+ 1)
    if position >= candidates.count { return 0 }
    return candidates[position].tierRank == candidates[0].tierRank ? position : 0
  }

  /// Returns the next available position after the last pick, so that an unavailable candidate does not pass its
  /// turns to the one after it.
  @inline(__always) @_noAllocation @_noLocks
  private static func next(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput, _ last: inout UInt32
  ) -> Int {
    var position = Int(last &+ 1)
    var steps = 0
    while steps < candidates.count {
      if position >= candidates.count {
        position = tier.first
      } else if !tier.joins(candidates[position], candidates[tier.first]) {
        position = tier.first
      }
      if tier.admits(candidates[position], at: position, input) { break }
      position += 1
      steps += 1
    }
    if steps == candidates.count { position = tier.first }
    last = UInt32(truncatingIfNeeded: position)
    return position
  }

  /// Smooth weighted round robin: every candidate earns its weight, and the one with the most credit is picked and
  /// pays the sum.
  @_noAllocation @_noLocks
  private static func weighted(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput,
    _ credit: consuming MutableSpan<Int64>
  ) -> Int {
    var best = tier.first
    var most = Int64.min
    var sum: Int64 = 0
    var position = tier.first
    while position < candidates.count {
      let candidate = candidates[position]
      if !tier.joins(candidate, candidates[tier.first]) { break }
      if tier.admits(candidate, at: position, input) {
        let index = Int(candidate.listIndex)
        let weight = Int64(candidate.weight)
        sum += weight
        credit[index] += weight
        if credit[index] > most {
          most = credit[index]
          best = position
        }
      }
      position += 1
    }
    credit[Int(candidates[best].listIndex)] -= sum
    return best
  }

  /// Picks the candidate with the fewest requests for its weight; equal ones take turns.
  @_noAllocation @_noLocks
  private static func leastInFlight(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput, _ loads: Span<UInt32>,
    _ last: inout UInt32
  ) -> Int {
    var best = tier.first
    var least = Int64.max
    var share: Int64 = 0
    var isBehind = false
    var position = tier.first
    while position < candidates.count {
      let candidate = candidates[position]
      if !tier.joins(candidate, candidates[tier.first]) { break }
      if tier.admits(candidate, at: position, input) {
        let provider = candidate.provider
        let load = provider < loads.count ? Int64(loads[provider]) + 1 : 1
        let weight = Int64(candidate.weight)
        // Compares fractions without dividing; 2^32 times a weight is far from overflow.
        let (left, right) = (load * share, least == .max ? .max : least * weight)
        let follows = position > Int(last)
        var isBetter = left < right
        if weight == 0 { isBetter = false }
        if share == 0 { isBetter = weight > 0 }
        if left == right {
          if follows { isBetter = !isBehind }
        }
        if isBetter {
          best = position
          least = load
          share = weight
          isBehind = follows
        }
      }
      position += 1
    }
    last = UInt32(truncatingIfNeeded: best)
    return best
  }

  /// Picks the candidate with the lowest known cost.
  @_noAllocation @_noLocks
  private static func cheapest(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput, _ costs: Span<UInt64>
  ) -> Int {
    var best = tier.first
    var least = UInt64.max
    var position = tier.first
    while position < candidates.count {
      if !tier.joins(candidates[position], candidates[tier.first]) { break }
      if tier.admits(candidates[position], at: position, input) {
        let cost = position < costs.count ? costs[position] : .max
        if cost < least {
          least = cost
          best = position
        }
      }
      position += 1
    }
    return best
  }

  /// Picks once only; if the caller named a provider, no other.
  private func direct(_ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput) -> Int? {
    if input.attempts > 0 { return nil }
    return candidates[0].isDirect && tier.first != 0 ? nil : tier.first
  }

  // MARK: Latency

  /// Picks an untried candidate once at a time, now and then the one with the oldest measurement, otherwise the
  /// fastest.
  private mutating func soonest(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput, _ slot: Int
  ) -> Int {
    var best: Int?
    var stalest: Int?
    var position = tier.first
    while position < candidates.count, tier.joins(candidates[position], candidates[tier.first]) {
      defer { position += 1 }
      guard tier.admits(candidates[position], at: position, input) else { continue }
      let latency = latencies[Int(candidates[position].entry)]
      if latency.isUntried {
        guard latency.trialEnds <= input.now else { continue }
        latencies[Int(candidates[position].entry)].beginTrial(at: input.now)
        return position
      }
      if best.map({ latency.average < latencies[Int(candidates[$0].entry)].average }) ?? true { best = position }
      if stalest.map({ latency.seen < latencies[Int(candidates[$0].entry)].seen }) ?? true { stalest = position }
    }
    // All candidates are on trial.
    guard let best, let stalest else { return Self.next(candidates, tier, input, &last[slot]) }
    pickCounts[slot] &+= 1
    guard pickCounts[slot] % Latency.explorationInterval == 0 else { return best }
    latencies[Int(candidates[stalest].entry)].seen = input.now
    return stalest
  }

  /// Records the time to a candidate's first event.
  mutating func answered(_ candidate: RouteCandidate, after time: Duration, now: Duration) {
    guard Int(candidate.entry) < latencies.count else { return }
    latencies[Int(candidate.entry)].note(time, at: now)
  }

  /// Records that a candidate failed.
  mutating func failed(_ candidate: RouteCandidate, now: Duration) {
    guard Int(candidate.entry) < latencies.count else { return }
    latencies[Int(candidate.entry)].noteFailure(at: now)
  }

  // MARK: Affinity

  /// Returns the nearest candidate to a key among those within their share of the load, so that a popular session
  /// cannot overload its provider.
  private func nearest(
    _ candidates: Span<RouteCandidate>, _ tier: Tier, _ input: borrowing SelectionInput, _ key: AffinityKey,
    _ percent: Int,
    _ loads: [UInt32]
  ) -> Int {
    var load = 1.0
    var weight = 0.0
    var end = tier.first
    while end < candidates.count, tier.joins(candidates[end], candidates[tier.first]) {
      if tier.admits(candidates[end], at: end, input) {
        load += Self.load(candidates[end], loads)
        weight += Double(candidates[end].weight)
      }
      end += 1
    }
    var best = tier.first
    var least = Double.infinity
    for position in tier.first..<end where tier.admits(candidates[position], at: position, input) {
      let candidate = candidates[position]
      let fair = load * Double(candidate.weight) * Double(percent) / 100
      guard Self.load(candidate, loads) * weight < fair else { continue }
      let distance = key.distance(to: candidate.identity, weight: candidate.weight)
      if distance < least { (best, least) = (position, distance) }
    }
    return best
  }

  private static func load(_ candidate: RouteCandidate, _ loads: [UInt32]) -> Double {
    candidate.provider < loads.count ? Double(loads[candidate.provider]) : 0
  }
}
