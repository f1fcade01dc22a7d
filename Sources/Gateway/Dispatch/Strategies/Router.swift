/// A route table and the state of its selection strategies.
public struct Router: ~Copyable, Sendable {
  public private(set) var table: RouteTable
  public var policy: Policy
  private var picks: StrategyState
  /// Scratch space for a list that is merged from several.
  private var merged: [RouteCandidate] = []

  /// A selected candidate.
  public struct Picked: Equatable, Sendable {
    public var candidate: RouteCandidate
    /// Its position in the list.
    public var position: Int
    var generation: UInt32
  }

  public init(_ table: consuming RouteTable, policy: Policy = Policy()) {
    picks = StrategyState(table)
    self.table = table
    self.policy = policy
  }

  /// Adopts a table with another generation. The measured latencies of providers are kept.
  public mutating func replace(_ table: consuming RouteTable, policy: Policy) {
    picks = StrategyState(table, after: picks, of: self.table)
    self.table = table
    self.policy = policy
  }

  /// Looks up a name.
  @inline(__always)
  public func match(_ model: String) -> RouteMatch { table.match(model.utf8.span) }

  /// Selects the next candidate; `nil` if none of the list is available, or if the table has been replaced.
  ///
  /// - Parameters:
  ///   - loads: Requests in flight, by provider.
  ///   - costs: The cost of the request at each candidate, by position in the list.
  @inline(__always)
  public mutating func pick(
    _ match: RouteMatch, _ input: borrowing SelectionInput, loads: [UInt32] = [], costs: [UInt64] = []
  ) -> Picked? {
    if match.generation != table.generation { return nil }
    // Several lists match and are merged first.
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

  /// Returns the candidate that `pick` would select, without changing any state.
  mutating func preview(
    _ match: RouteMatch, _ input: borrowing SelectionInput, loads: [UInt32] = [], costs: [UInt64] = []
  ) -> Picked? {
    let kept = picks
    defer { picks = kept }
    return pick(match, input, loads: loads, costs: costs)
  }

  /// Looks up a name and selects the first candidate.
  public mutating func pick(_ model: String, _ input: borrowing SelectionInput, loads: [UInt32] = []) -> Picked? {
    pick(table.match(model.utf8.span), input, loads: loads)
  }

  // The parts are parameters because a span of one of them borrows all of `self`.

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

  /// Records the time to the first event of a selected candidate.
  public mutating func answered(_ picked: Picked, after time: Duration, now: Duration) {
    if picked.generation == table.generation { picks.answered(picked.candidate, after: time, now: now) }
  }

  /// Records that a selected candidate failed.
  public mutating func failed(_ picked: Picked, now: Duration) {
    if picked.generation == table.generation { picks.failed(picked.candidate, now: now) }
  }

  /// Returns the average time to a candidate's first event; `nil` before the first.
  public func latency(of candidate: RouteCandidate) -> Duration? {
    guard Int(candidate.entry) < picks.latencies.count else { return nil }
    let latency = picks.latencies[Int(candidate.entry)]
    return latency.isUntried ? nil : .microseconds(Int64(latency.average))
  }
}
