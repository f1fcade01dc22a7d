/// A table and what its strategies remember: picks who is asked.
public struct Router: ~Copyable, Sendable {
  public private(set) var table: RouteTable
  public var policy: Policy
  private var picks: StrategyState
  /// A list that was made of several.
  private var merged: [RouteCandidate] = []

  /// What was picked.
  public struct Picked: Equatable, Sendable {
    public var candidate: RouteCandidate
    /// Where it is in its list.
    public var position: Int
    var generation: UInt32
  }

  public init(_ table: consuming RouteTable, policy: Policy = Policy()) {
    picks = StrategyState(table)
    self.table = table
    self.policy = policy
  }

  /// Takes another table, whose generation is another; what is known of the speed of providers stays known.
  public mutating func replace(_ table: consuming RouteTable, policy: Policy) {
    picks = StrategyState(table, after: picks, of: self.table)
    self.table = table
    self.policy = policy
  }

  /// Looks a name up.
  @inline(__always)
  public func match(_ model: String) -> RouteMatch { table.match(model.utf8.span) }

  /// Picks who is asked next; nil when nobody of the list may be, or the table is another by now.
  ///
  /// - Parameters:
  ///   - loads: Requests in flight, by provider.
  ///   - costs: What the request would cost at each candidate, by position in the list.
  @inline(__always)
  public mutating func pick(
    _ match: RouteMatch, _ input: borrowing SelectionInput, loads: [UInt32] = [], costs: [UInt64] = []
  ) -> Picked? {
    if match.generation != table.generation { return nil }
    // Several lists match; they are put together first.
    if !match.wildcards.isEmpty {
      table.candidates(match, into: &merged)
      return Self.pick(merged, table, &picks, table.slot(match), policy, input, loads, costs)
    }
    if match.group == RouteTrie.nothing { return nil }
    let group = table.groups[Int(match.group)]
    var policy = policy
    if group.virtual != RouteTrie.nothing { policy.strategy = table.strategy(match) ?? policy.strategy }
    return Self.pick(table, group.range, &picks, Int(match.group), policy, input, loads, costs)
  }

  /// Says who would be picked, and remembers nothing of it.
  mutating func preview(
    _ match: RouteMatch, _ input: borrowing SelectionInput, loads: [UInt32] = [], costs: [UInt64] = []
  ) -> Picked? {
    let kept = picks
    defer { picks = kept }
    return pick(match, input, loads: loads, costs: costs)
  }

  /// Looks a name up and picks who is asked first.
  public mutating func pick(_ model: String, _ input: borrowing SelectionInput, loads: [UInt32] = []) -> Picked? {
    pick(table.match(model.utf8.span), input, loads: loads)
  }

  // The parts are parameters because a span of one keeps the whole of `self` from being changed.

  @inline(__always)
  private static func pick(
    _ table: borrowing RouteTable, _ range: Range<Int>, _ picks: inout StrategyState, _ slot: Int, _ policy: Policy,
    _ input: borrowing SelectionInput, _ loads: [UInt32], _ costs: [UInt64]
  ) -> Picked? {
    let candidates = table.list.span.extracting(range)
    var position = picks.pickFast(candidates, slot: slot, policy, input)
    if position == nil {
      position = picks.pick(candidates, slot: slot, policy, input, loads: loads, costs: costs)
    }
    guard let position else { return nil }
    return Picked(candidate: candidates[position], position: position, generation: table.generation)
  }

  private static func pick(
    _ merged: [RouteCandidate], _ table: borrowing RouteTable, _ picks: inout StrategyState, _ slot: Int,
    _ policy: Policy,
    _ input: borrowing SelectionInput, _ loads: [UInt32], _ costs: [UInt64]
  ) -> Picked? {
    guard let position = picks.pick(merged.span, slot: slot, policy, input, loads: loads, costs: costs)
    else { return nil }
    return Picked(candidate: merged[position], position: position, generation: table.generation)
  }

  /// Notes that the answer of what was picked began after so long.
  public mutating func answered(_ picked: Picked, after time: Duration, now: Duration) {
    if picked.generation == table.generation { picks.answered(picked.candidate, after: time, now: now) }
  }

  /// Notes that no answer came of what was picked.
  public mutating func failed(_ picked: Picked, now: Duration) {
    if picked.generation == table.generation { picks.failed(picked.candidate, now: now) }
  }

  /// The average time until answers of a candidate begin; nil before the first.
  public func latency(of candidate: RouteCandidate) -> Duration? {
    guard Int(candidate.entry) < picks.latencies.count else { return nil }
    let latency = picks.latencies[Int(candidate.entry)]
    return latency.isUntried ? nil : .microseconds(Int64(latency.average))
  }
}
