/// How candidates are picked: the strategy, and what goes before it.
public struct Policy: Equatable, Sendable {
  public var strategy: Strategy
  /// Whether a provider on this machine is asked before others that serve the model as well as it does, whatever
  /// their priorities.
  public var localFirst: Bool
  /// Requests in flight, in percent of its fair share, that a candidate may have before sessions leave it; at least
  /// 100.
  public var affinityLoad: Int

  public init(
    _ strategy: Strategy = .priority, localFirst: Bool = false, affinityLoad: Int = 150
  ) {
    self.strategy = strategy
    self.localFirst = localFirst
    self.affinityLoad = max(100, affinityLoad)
  }
}

/// What is true while a candidate is picked.
public struct SelectionInput: Sendable {
  /// Providers that can be asked: healthy, with a key and with room.
  public var available: BitSet128
  /// Candidates that are out, by their position in the list: asked in vain, or unable to do what is asked for.
  public var excluded: BitSet128
  /// How many were asked in vain.
  public var attempts: Int
  public var now: Duration
  /// What keeps requests that belong together at one candidate.
  public var affinity: AffinityKey?

  public init(
    available: BitSet128 = .all, excluded: BitSet128 = BitSet128(), attempts: Int = 0, now: Duration = .zero,
    affinity: AffinityKey? = nil
  ) {
    self.available = available
    self.excluded = excluded
    self.attempts = attempts
    self.now = now
    self.affinity = affinity
  }

  /// Notes that the candidate at a position was asked in vain.
  public mutating func exclude(_ position: Int) {
    excluded.insert(position)
    attempts += 1
  }

  /// Lets the candidate at a position be asked once more, as if it had not been.
  mutating func include(_ position: Int) {
    excluded.remove(position)
    attempts = max(0, attempts - 1)
  }

  /// Whether the candidate at that position may be asked now.
  @inline(__always) @_noAllocation @_noLocks
  func admits(_ candidate: RouteCandidate, at position: Int) -> Bool {
    if !available.contains(candidate.provider) { return false }
    return !excluded.contains(position)
  }
}
