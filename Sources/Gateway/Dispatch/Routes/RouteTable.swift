/// Which providers serve a model: every name, pattern and alias of a configuration, compiled once.
///
/// Who is in the list of a name, and in which order:
///
/// 1. `PROVIDER/MODEL` puts the provider of that name first, with the rest of the name.
/// 2. Then come the providers that name the model itself, then those with the pattern that says most about it (the
///    most bytes beside its `*`), then those that serve every model. A provider stands in a list once.
/// 3. Among equals the lower priority number, then the configuration's order.
///
/// Candidates with the same step and priority are a *tier*: a strategy picks among them, and the next tier is for when
/// nobody of the first can be asked. An alias is another word for a model and has the model's list; a virtual model
/// has the lists of its targets. A name that has two meanings is ambiguous and has no list.
///
/// A look-up walks the name once, however many providers there are, and allocates nothing. A table cannot be copied,
/// which would cost more than many look-ups: what outlives it keeps a `RouteMatch`.
public struct RouteTable: ~Copyable, Sendable {
  /// Providers that a table can tell apart, and candidates that a name may have.
  public static var providersMax: Int { BitSet128.capacity }
  public static var candidatesMax: Int { BitSet128.capacity }
  /// The largest weight of a provider, and of a target.
  public static let weightMax = 1000
  /// Names that are followed from alias to alias and target to target while a table is compiled.
  static let followedMax = 1 << 17

  /// A run of candidates, or an ambiguity.
  struct Group: Sendable {
    var first: UInt32
    var count: UInt32
    /// The number of the virtual model that the group is, or `RouteTrie.nothing`.
    var virtual = RouteTrie.nothing
    /// Whether `first` is the number of an ambiguity; it has no candidates then.
    var isAmbiguous = false

    /// Its candidates as places in `list`.
    var range: Range<Int> {
      @inline(__always) get { isAmbiguous ? 0..<0 : Int(first)..<Int(first) &+ Int(count) }
    }
  }

  /// A provider's pattern, or its name for a model: what statistics are kept for.
  struct Entry: Sendable {
    var provider: Int
    var pattern: String
  }

  /// A name that could mean several models.
  public struct Ambiguity: Equatable, Sendable {
    public var name: String
    /// What to say instead, one for each meaning: `PROVIDER/NAME`, or a model.
    public var candidates: [String]
  }

  let providers: [Provider]
  let trie: RouteTrie
  let groups: [Group]
  /// The candidates of all groups, and behind them those of `stars`, in order of their rank.
  let list: [RouteCandidate]
  let wildcardsFirst: Int
  /// For each candidate from `starsFirst` on, the number of its pattern.
  let wildcardOf: [UInt16]
  let wildcards: WildcardPatterns
  let entries: [Entry]
  /// What models are called at providers.
  let names: [String]
  let virtuals: [VirtualModel]
  /// Every name that is ambiguous.
  public let ambiguities: [Ambiguity]
  /// Aliases and virtual models that nobody serves.
  public let unserved: [String]
  /// Tells tables apart; a match is good for the table that made it.
  public let generation: UInt32

  /// Compiles what a configuration says. `generation` must differ from that of the table before.
  public init(
    _ providers: [Provider], aliases: [Rename] = [], virtuals: [VirtualModel] = [], generation: UInt32 = 0
  ) throws(RouteTableError) {
    var build = try RouteTableBuilder(providers, aliases, virtuals)
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

  /// Looks a name up.
  @inline(__always)
  public func match(_ model: String) -> RouteMatch { match(model.utf8.span) }

  /// Looks a name up, which is UTF-8 in somebody else's hands.
  @inline(__always)
  public func match(_ name: Span<UInt8>) -> RouteMatch {
    let found = trie.find(name)
    if found.isName { return RouteMatch(group: found.group, wildcards: BitSet128(), generation: generation) }
    return RouteMatch(group: found.group, wildcards: wildcards.matching(name), generation: generation)
  }

  /// Places where a strategy keeps what it remembers for a list.
  var slots: Int { groups.count + wildcards.count }

  /// The place for a match's list: that of its group or, for a list made of several, of its best pattern with a star
  /// in front or in the middle.
  @inline(__always)
  func slot(_ match: RouteMatch) -> Int {
    if match.wildcards.isEmpty { return Int(match.group) }
    return groups.count + (match.wildcards.first ?? 0)
  }

  private func range(_ group: UInt32) -> Range<Int> {
    group == RouteTrie.nothing ? 0..<0 : groups[Int(group)].range
  }

  /// Where the candidates of a match's group are in the list.
  func range(of match: RouteMatch) -> Range<Int> { match.generation == generation ? range(match.group) : 0..<0 }

  /// Whether there is nobody to ask, someone, or too many meanings.
  public func verdict(_ match: RouteMatch) -> RouteVerdict {
    if match.generation != generation { return .stale }
    if match.group != RouteTrie.nothing {
      let group = groups[Int(match.group)]
      if group.isAmbiguous { return .ambiguous(ambiguities[Int(group.first)]) }
      if group.count > 0 { return .found }
    }
    return match.wildcards.isEmpty ? .notServed : .found
  }

  /// All candidates in their order, put into `out` in place of what is there.
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
  }

  private func nextWildcard(_ match: RouteMatch, from start: Int) -> Int {
    var index = start
    while index < list.count, !match.wildcards.contains(Int(wildcardOf[index - wildcardsFirst])) { index += 1 }
    return index
  }

  /// All candidates of a name in their order, as a list of its own.
  public func candidates(for model: String) -> [RouteCandidate] {
    var out: [RouteCandidate] = []
    candidates(match(model), into: &out)
    return out
  }

  /// What the candidate calls the model that a caller asked for by this name.
  public func upstreamName(_ candidate: RouteCandidate, for model: String) -> String {
    if candidate.name != RouteTrie.nothing { return names[Int(candidate.name)] }
    let provider = providers[candidate.provider]
    guard candidate.isDirect else { return provider.upstreamName(model) }
    return provider.upstreamName(
      String(decoding: model.utf8.dropFirst(provider.name.utf8.count + 1), as: UTF8.self))
  }

  /// Whether a provider serves a model under that very name.
  public func serves(_ provider: Int, _ model: String) -> Bool {
    candidates(for: model).contains { $0.provider == provider && !$0.isDirect }
  }

  /// The strategy that the model itself asks for.
  func strategy(_ match: RouteMatch) -> Strategy? {
    guard match.group != RouteTrie.nothing, match.generation == generation else { return nil }
    let virtual = groups[Int(match.group)].virtual
    return virtual == RouteTrie.nothing ? nil : virtuals[Int(virtual)].strategy
  }

  /// The provider's name and its pattern, by which statistics of another table are found again.
  func key(ofEntry entry: Int) -> String {
    providers[entries[entry].provider].name + "/" + entries[entry].pattern
  }
}

/// Where a name leads, for one table; two words and a set, nothing to release.
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

  /// Whether anything was found: candidates, or an ambiguity.
  public var isFound: Bool {
    @inline(__always) get { group != RouteTrie.nothing || !wildcards.isEmpty }
  }
}

/// What a match comes to.
public enum RouteVerdict: Equatable, Sendable {
  case found
  /// No provider serves it.
  case notServed
  /// It could mean several models.
  case ambiguous(RouteTable.Ambiguity)
  /// The table that made the match is gone; look the name up again.
  case stale
}

/// A provider to ask, and as what.
public struct RouteCandidate: Equatable, Sendable {
  /// The provider.
  var index: UInt16
  var flags: Flags
  /// Which way the name led here: smaller says more about the model.
  var specificityRank: UInt32
  /// Equal within a tier; smaller is asked first.
  var tierRank: UInt32
  /// What statistics are kept for: the provider with one of its patterns.
  var entry: UInt32
  /// What the model is called there, or `RouteTrie.nothing` where that follows from the name asked for.
  var name: UInt32
  var weight: Int32
  /// Where it is in its table.
  var listIndex: UInt32
  /// The same in every table for the provider under that name: what sessions are spread by.
  var identity: UInt32 = 0

  struct Flags: OptionSet, Sendable {
    var rawValue: UInt8
    static let direct = Flags(rawValue: 1)
    static let local = Flags(rawValue: 2)
  }

  /// The provider's index.
  public var provider: Int {
    @inline(__always) @_noAllocation @_noLocks get { Int(index) }
  }

  /// Whether the name named the provider.
  public var isDirect: Bool {
    @inline(__always) @_noAllocation @_noLocks get { flags.rawValue & 1 != 0 }
  }

  /// Whether the provider runs on this machine.
  public var isLocal: Bool {
    @inline(__always) @_noAllocation @_noLocks get { flags.rawValue & 2 != 0 }
  }

  func isBefore(_ other: RouteCandidate) -> Bool { (tierRank, index) < (other.tierRank, other.index) }
}
