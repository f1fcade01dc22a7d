/// The providers that serve a model: every name, pattern and alias of a configuration, compiled once.
///
/// The candidates of a name, in order:
///
/// 1. The providers that list the model, and those for which the configuration names it.
/// 2. Without any of these, the provider in `PROVIDER/MODEL` alone, with the rest of the name.
/// 3. The providers with the most specific pattern (the most bytes besides its `*`).
/// 4. If no provider lists the model, those without patterns whose own list is not known.
///
/// Each provider is listed once. Among equals, the lower priority number comes first, then the order of the configuration. A
/// model that a provider on this machine has goes to no other machine, unless that provider allows it or the configuration
/// names the model there.
///
/// Candidates with the same specificity and priority are a *tier*: a strategy selects among them, and the next tier
/// is used only if none of the first is available. An alias has the candidates of its model, and a virtual model
/// those of its targets. A name with two meanings is ambiguous and has no candidates.
///
/// A lookup walks the name once, independent of the number of providers, and does not allocate. A table cannot be
/// copied, because a copy costs more than many lookups; state that outlives it keeps a `RouteMatch`.
public struct RouteTable: ~Copyable, Sendable {
  /// The most providers of a table, and the most candidates of a name.
  public static var providersMax: Int { BitSet128.capacity }
  public static var candidatesMax: Int { BitSet128.capacity }
  /// The largest weight of a provider or a target.
  public static let weightMax = 1000
  /// The most steps from alias to alias and target to target while a table is compiled.
  static let followedMax = 1 << 17

  /// A range of candidates, or an ambiguity.
  struct Group: Sendable {
    var first: UInt32
    var count: UInt32
    /// The index of the virtual model that the group belongs to, or `RouteTrie.nothing`.
    var virtual = RouteTrie.nothing
    /// Whether `first` is the index of an ambiguity; it has no candidates then.
    var isAmbiguous = false
    /// Whether its names begin with `PROVIDER/`, so that only that provider may serve them.
    var isPin = false

    /// The range of its candidates in `list`.
    var range: Range<Int> {
      @inline(__always) get { isAmbiguous ? 0..<0 : Int(first)..<Int(first) &+ Int(count) }
    }
  }

  /// A provider with one of its patterns or aliases; latency is measured per entry.
  struct Entry: Sendable {
    var provider: Int
    var pattern: String
  }

  /// A name with several meanings.
  public struct Ambiguity: Equatable, Sendable {
    public var name: String
    /// The unambiguous names to use instead: `PROVIDER/NAME`, or a model.
    public var candidates: [String]
  }

  let providers: [Provider]
  let trie: RouteTrie
  let groups: [Group]
  /// The candidates of all groups, followed by those of `wildcards`, in order of their rank.
  let list: [RouteCandidate]
  let wildcardsFirst: Int
  /// The index of the pattern of each candidate from `wildcardsFirst` on.
  let wildcardOf: [UInt16]
  let wildcards: WildcardPatterns
  let entries: [Entry]
  /// The names that providers have for models.
  let names: [String]
  let virtuals: [VirtualModel]
  /// All ambiguous names.
  public let ambiguities: [Ambiguity]
  /// Aliases and virtual models without candidates.
  public let unserved: [String]
  /// Distinguishes tables; a match is valid only for the table that made it.
  public let generation: UInt32

  /// Compiles a table. `disabled` are the names of providers that serve nothing. `generation` must differ from that of the
  /// previous table.
  public init(
    _ providers: [Provider], disabled: [String] = [], aliases: [Rename] = [], virtuals: [VirtualModel] = [],
    generation: UInt32 = 0
  ) throws(RouteTableError) {
    var build = try RouteTableBuilder(providers, disabled: disabled, aliases, virtuals)
    try build.run()
    self.providers = providers
    trie = build.trie
    groups = build.groups
    list = build.list
    wildcardsFirst = build.wildcardsFirst
    wildcardOf = build.wildcardOf
    wildcards = build.wildcards
    entries = build.entries
    names = build.names
    self.virtuals = virtuals
    ambiguities = build.ambiguities
    unserved = build.unserved
    self.generation = generation
  }

  /// Looks up a name.
  @inline(__always)
  public func match(_ model: String) -> RouteMatch { match(model.utf8.span) }

  /// Looks up a name in borrowed UTF-8.
  @inline(__always)
  public func match(_ name: Span<UInt8>) -> RouteMatch {
    let found = trie.find(name)
    if found.isName { return RouteMatch(group: found.group, wildcards: BitSet128(), generation: generation) }
    return RouteMatch(group: found.group, wildcards: wildcards.matching(name), generation: generation)
  }

  /// The number of lists for which a strategy keeps state.
  var slots: Int { groups.count + wildcards.count }

  /// Returns the index of a match's strategy state: its group, or for a merged list its best pattern with a `*` at
  /// the start or in the middle.
  @inline(__always)
  func slot(_ match: RouteMatch) -> Int {
    if match.wildcards.isEmpty { return Int(match.group) }
    return groups.count + (match.wildcards.first ?? 0)
  }

  private func range(_ group: UInt32) -> Range<Int> {
    group == RouteTrie.nothing ? 0..<0 : groups[Int(group)].range
  }

  /// Returns the range of a match's group in the list.
  func range(of match: RouteMatch) -> Range<Int> { match.generation == generation ? range(match.group) : 0..<0 }

  /// Returns whether a match has candidates.
  public func verdict(_ match: RouteMatch) -> RouteVerdict {
    if match.generation != generation { return .stale }
    if match.group != RouteTrie.nothing {
      let group = groups[Int(match.group)]
      if group.isAmbiguous { return .ambiguous(ambiguities[Int(group.first)]) }
      if group.count > 0 { return .found }
    }
    if match.wildcards.isEmpty { return .notServed }
    if !isPin(match) { return .found }
    var candidates: [RouteCandidate] = []
    self.candidates(match, into: &candidates)
    return candidates.isEmpty ? .notServed : .found
  }

  /// Replaces the contents of `out` by all candidates in order.
  public func candidates(_ match: RouteMatch, into out: inout [RouteCandidate]) {
    out.removeAll(keepingCapacity: true)
    guard match.generation == generation else { return }
    let range = range(match.group)
    if match.wildcards.isEmpty {
      out.append(contentsOf: list[range])
      return
    }
    var seen = BitSet128()
    var base = range.lowerBound
    var star = nextWildcard(match, from: wildcardsFirst)
    while base < range.upperBound || star < list.count {
      var next = base
      if base == range.upperBound || star < list.count && list[star].isBefore(list[base]) {
        next = star
        star = nextWildcard(match, from: star + 1)
      } else {
        base += 1
      }
      if seen.contains(list[next].provider) { continue }
      seen.insert(list[next].provider)
      out.append(list[next])
    }
    if isPin(match) { out.removeAll { !$0.isDirect } }
  }

  /// Whether a match names a provider, which alone may serve it.
  private func isPin(_ match: RouteMatch) -> Bool {
    match.group != RouteTrie.nothing && groups[Int(match.group)].isPin
  }

  /// Returns the provider that a match pins the request to, or `nil` if it pins it to none.
  func pinned(_ match: RouteMatch) -> Int? {
    guard match.group != RouteTrie.nothing, match.generation == generation else { return nil }
    let group = groups[Int(match.group)]
    // A virtual model may name its providers, but it stands for all of them.
    if group.virtual != RouteTrie.nothing { return nil }
    if let first = group.range.first { return list[first].isDirect ? list[first].provider : nil }
    guard group.isPin, !match.wildcards.isEmpty else { return nil }
    var candidates: [RouteCandidate] = []
    self.candidates(match, into: &candidates)
    return candidates.first?.provider
  }

  private func nextWildcard(_ match: RouteMatch, from start: Int) -> Int {
    var index = start
    while index < list.count, !match.wildcards.contains(Int(wildcardOf[index - wildcardsFirst])) { index += 1 }
    return index
  }

  /// Returns all candidates of a name in order.
  public func candidates(for model: String) -> [RouteCandidate] {
    var out: [RouteCandidate] = []
    candidates(match(model), into: &out)
    return out
  }

  /// Returns the candidate's name for the model that a caller requested.
  public func upstreamName(_ candidate: RouteCandidate, for model: String) -> String {
    if candidate.name != RouteTrie.nothing { return names[Int(candidate.name)] }
    // A span reads the provider in place; the subscript of the array copies it.
    let providers = providers.span
    guard candidate.isDirect else { return providers[candidate.provider].upstreamName(model) }
    return providers[candidate.provider].upstreamName(
      String(decoding: model.utf8.dropFirst(providers[candidate.provider].name.utf8.count + 1), as: UTF8.self))
  }

  /// Returns whether a provider serves a model under this name.
  public func serves(_ provider: Int, _ model: String) -> Bool {
    candidates(for: model).contains { $0.provider == provider && !$0.isDirect }
  }

  /// Returns the strategy of the virtual model, if it has one.
  func strategy(_ match: RouteMatch) -> Strategy? {
    guard match.group != RouteTrie.nothing, match.generation == generation else { return nil }
    let virtual = groups[Int(match.group)].virtual
    return virtual == RouteTrie.nothing ? nil : virtuals[Int(virtual)].strategy
  }

  /// Returns the provider's name and pattern, by which another table finds the same entry.
  func key(ofEntry entry: Int) -> String {
    providers[entries[entry].provider].name + "/" + entries[entry].pattern
  }
}

/// The result of a lookup, valid for one table; it needs no release.
public struct RouteMatch: Sendable {
  var group: UInt32
  var wildcards: BitSet128
  var generation: UInt32

  @inline(__always)
  init(group: UInt32, wildcards: BitSet128, generation: UInt32) {
    self.group = group
    self.wildcards = wildcards
    self.generation = generation
  }
}

/// The meaning of a match.
public enum RouteVerdict: Equatable, Sendable {
  case found
  /// No provider serves the model.
  case notServed
  /// The name has several meanings.
  case ambiguous(RouteTable.Ambiguity)
  /// The table that made the match has been replaced; look the name up again.
  case stale
}

/// A provider that serves a model, and under which name.
public struct RouteCandidate: Equatable, Sendable {
  /// The provider's index.
  var index: UInt16
  var flags: Flags
  /// The rank of the entry's specificity; a smaller one is more specific.
  var specificityRank: UInt32
  /// The rank of the tier; a smaller one comes first.
  var tierRank: UInt32
  /// The entry that latency is measured for: the provider with one of its patterns.
  var entry: UInt32
  /// The index of the provider's name for the model, or `RouteTrie.nothing` if it follows from the requested name.
  var name: UInt32
  var weight: Int32
  /// The index in the table's list.
  var listIndex: UInt32
  /// Derived from the provider's name and its name for the model, so that affinity is the same in every table.
  var identity: UInt32 = 0

  struct Flags: OptionSet, Sendable {
    var rawValue: UInt8
    static let direct = Flags(rawValue: 1)
    static let local = Flags(rawValue: 2)
    /// The provider has no patterns, and its list is not known.
    static let unrestricted = Flags(rawValue: 4)
    /// The provider lists the model.
    static let listed = Flags(rawValue: 8)
    /// The configuration names the model for the provider.
    static let named = Flags(rawValue: 16)
  }

  /// The provider's index.
  public var provider: Int {
    @inline(__always) @_noAllocation @_noLocks get { Int(index) }
  }

  /// Whether the request named the provider.
  public var isDirect: Bool {
    @inline(__always) @_noAllocation @_noLocks get { flags.rawValue & 1 != 0 }
  }

  /// Whether the provider runs on this machine.
  public var isLocal: Bool {
    @inline(__always) @_noAllocation @_noLocks get { flags.rawValue & 2 != 0 }
  }

  /// Whether the provider is known to have the model.
  var isOwner: Bool { !flags.isDisjoint(with: [.listed, .named]) }

  func isBefore(_ other: RouteCandidate) -> Bool { (tierRank, index) < (other.tierRank, other.index) }
}
