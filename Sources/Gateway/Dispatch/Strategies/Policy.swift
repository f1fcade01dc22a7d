/// How candidates are selected: the strategy, and the rules that precede it.
public struct Policy: Equatable, Sendable {
  public var strategy: Strategy
  /// Whether a provider on this machine precedes other providers of the same specificity, whatever their priorities.
  public var localFirst: Bool
  /// The load at which sessions leave a candidate, in percent of its fair share of the requests in flight; at least
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

/// The state of the providers and of one request at the time of a selection.
public struct SelectionInput: Sendable {
  /// The available providers: healthy, with a usable key and a free slot.
  public var available: BitSet128
  /// The positions of excluded candidates: their attempt failed, or they are ineligible.
  public var excluded: BitSet128
  /// The number of failed attempts.
  public var attempts: Int
  public var now: Duration
  /// The key that keeps related requests at one candidate.
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

  /// Excludes the candidate at a position, because its attempt failed.
  public mutating func exclude(_ position: Int) {
    excluded.insert(position)
    attempts += 1
  }

  /// Includes the candidate at a position again, for a retry.
  mutating func include(_ position: Int) {
    excluded.remove(position)
    attempts = max(0, attempts - 1)
  }

  /// Returns whether the candidate at a position can be selected.
  @inline(__always) @_noAllocation @_noLocks
  func admits(_ candidate: RouteCandidate, at position: Int) -> Bool {
    if !available.contains(candidate.provider) { return false }
    return !excluded.contains(position)
  }
}
