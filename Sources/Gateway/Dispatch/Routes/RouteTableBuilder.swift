/// Compiles a `RouteTable`: collects the providers' names and patterns, orders them, and writes a list for every name
/// and prefix.
struct RouteTableBuilder {
  /// The specificity of names; that of a pattern is its number of bytes.
  private static let directSpecificity = Int.max
  static let nameSpecificity = Int.max - 1

  /// A provider with one of its names or patterns, before ranks are assigned.
  struct Draft {
    var candidate: RouteCandidate
    var specificity: Int
    var priority: Int
  }

  /// One key of the trie.
  struct Key {
    /// The indices of the drafts with this name, and of those with this prefix.
    var names: [Int] = []
    var prefixes: [Int] = []
    /// The providers that have the key as an alias, each with its draft and the model that the alias stands for.
    var aliases: [(draft: Int, model: [UInt8])] = []
    /// The global aliases and virtual models with this name.
    var targets: [NameTarget] = []
    /// Whether the key is a provider's name and a slash: it selects nothing by itself, and no other provider behind it.
    var isProviderPrefix = false
    var isName = false
  }

  enum NameTarget: Equatable {
    case model([UInt8], allowsHostedFallback: Bool)
    case virtual(Int)
  }

  let providers: [RouteTable.Provider]
  /// The names of the providers that are configured, but disabled: a pin to one of them goes nowhere.
  let disabled: [String]
  let aliases: [RouteTable.Rename]
  let virtuals: [RouteTable.VirtualModel]

  var drafts: [Draft] = []
  var keys: [[UInt8]: Key] = [:]
  /// The keys in the order of the trie.
  var order: [[UInt8]] = []
  /// The lists of the prefixes, and for each node the list that it has or inherits.
  var lists: [(candidates: [RouteCandidate], isPin: Bool)] = []
  var inherited: [Int?] = []
  /// The index of each pattern with a `*` elsewhere than at the end, and the drafts with such a pattern.
  var wildcardNumbers: [[UInt8]: Int] = [:]
  var wildcardDrafts: [(draft: Int, star: Int)] = []
  /// Drafts with the rank of an owner, of providers whose patterns are known and whose list is not.
  var presumedOwners: [Int: Int] = [:]

  var trie = RouteTrie([])
  var groups: [RouteTable.Group] = []
  var list: [RouteCandidate] = []
  var wildcardsFirst = 0
  var wildcardOf: [UInt16] = []
  var wildcards = WildcardPatterns()
  var entries: [RouteTable.Entry] = []
  var names: [String] = []
  var ambiguities: [RouteTable.Ambiguity] = []
  var unserved: [String] = []
  /// The number of names resolved so far.
  var followed = 0

  init(
    _ providers: [RouteTable.Provider], disabled: [String] = [], _ aliases: [RouteTable.Rename],
    _ virtuals: [RouteTable.VirtualModel]
  ) throws(RouteTableError) {
    if providers.count > RouteTable.providersMax { throw .tooManyProviders }
    for provider in providers {
      if provider.name.isEmpty || provider.name.utf8.contains(UInt8(ascii: "/")) { throw .badName(provider.name) }
      if !(0...RouteTable.weightMax).contains(provider.weight) { throw .badWeight(provider.name) }
    }
    for virtual in virtuals {
      for target in virtual.targets where !(0...RouteTable.weightMax).contains(target.weight) {
        throw .badWeight(virtual.name)
      }
    }
    self.providers = providers
    self.disabled = disabled
    self.aliases = aliases
    self.virtuals = virtuals
  }

  mutating func run() throws(RouteTableError) {
    for name in disabled { reserve(name) }
    for index in providers.indices { try gather(index) }
    gatherTargets()
    assignRanks()
    buildTrie()
    buildPrefixes()
    try buildNames()
    buildWildcards()
  }

  // MARK: Collecting

  /// Reserves the names that begin with a provider's for that provider; returns its name and the slash.
  @discardableResult
  private mutating func reserve(_ provider: String) -> [UInt8] {
    let prefix = Array(provider.utf8) + [UInt8(ascii: "/")]
    keys[prefix, default: Key()].isProviderPrefix = true
    keys[prefix, default: Key()].isName = true
    return prefix
  }

  private mutating func gather(_ index: Int) throws(RouteTableError) {
    let provider = providers[index]
    let prefix = reserve(provider.name)
    gatherListed(index)
    if provider.listed == nil, let pattern = provider.models.first {
      let entry = add(entry: pattern, of: index)
      presumedOwners[index] = draft(index, entry, specificity: Self.nameSpecificity, name: RouteTrie.nothing)
    }
    let models = provider.models.isEmpty ? ["*"] : provider.models
    for model in models where !model.isEmpty {
      let pattern = Self.collapsingWildcards(Array(model.utf8))
      let entry = add(entry: model, of: index)
      let isName = !pattern.contains(UInt8(ascii: "*"))
      let literal = isName ? Self.nameSpecificity : pattern.count { $0 != UInt8(ascii: "*") }
      let name = isName ? fixedName(index, model) : RouteTrie.nothing
      let flags: RouteCandidate.Flags = isName ? .named : provider.models.isEmpty ? .unrestricted : []
      if !flags.contains(.unrestricted) || provider.listed == nil || provider.isOnly {
        try note(pattern, draft(index, entry, specificity: literal, name: name, flags))
      }
      try note(prefix + pattern, draft(index, entry, specificity: Self.directSpecificity, name: name, .direct))
    }
    for alias in provider.aliases where !alias.name.isEmpty {
      let entry = add(entry: alias.name, of: index)
      let name = intern(provider.upstreamName(alias.meaning))
      let named = draft(index, entry, specificity: Self.nameSpecificity, name: name, .named)
      let bytes = Array(alias.name.utf8)
      keys[bytes, default: Key()].aliases.append((named, Array(alias.meaning.utf8)))
      keys[bytes, default: Key()].isName = true
      let direct = draft(index, entry, specificity: Self.directSpecificity, name: name, .direct)
      keys[prefix + bytes, default: Key()].names.append(direct)
      keys[prefix + bytes, default: Key()].isName = true
    }
  }

  private mutating func gatherTargets() {
    for alias in aliases where !alias.name.isEmpty {
      addTarget(
        alias.name, .model(Array(alias.meaning.utf8), allowsHostedFallback: alias.allowsHostedFallback))
    }
    for index in virtuals.indices where !virtuals[index].name.isEmpty {
      addTarget(virtuals[index].name, .virtual(index))
    }
  }

  private mutating func addTarget(_ name: String, _ target: NameTarget) {
    let bytes = Array(name.utf8)
    keys[bytes, default: Key()].isName = true
    if !keys[bytes, default: Key()].targets.contains(target) {
      keys[bytes, default: Key()].targets.append(target)
    }
  }

  /// Files a draft under its pattern.
  private mutating func note(_ pattern: [UInt8], _ draft: Int) throws(RouteTableError) {
    guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else {
      keys[pattern, default: Key()].names.append(draft)
      keys[pattern, default: Key()].isName = true
      return
    }
    if star == pattern.count - 1 {
      keys[Array(pattern.dropLast()), default: Key()].prefixes.append(draft)
      return
    }
    if let number = wildcardNumbers[pattern] {
      wildcardDrafts.append((draft, number))
      return
    }
    if wildcards.count == WildcardPatterns.countMax { throw .tooManyPatterns }
    wildcardNumbers[pattern] = wildcards.count
    wildcardDrafts.append((draft, wildcards.count))
    wildcards.append(pattern)
  }

  mutating func add(entry pattern: String, of provider: Int) -> Int {
    entries.append(RouteTable.Entry(provider: provider, pattern: pattern))
    return entries.count - 1
  }

  mutating func draft(
    _ index: Int, _ entry: Int, specificity: Int, name: UInt32, _ flags: RouteCandidate.Flags = []
  ) -> Int {
    let provider = providers[index]
    var flags = flags
    if provider.isLocal { flags.insert(.local) }
    drafts.append(
      Draft(
        candidate: RouteCandidate(
          index: UInt16(index), flags: flags, specificityRank: 0, tierRank: 0, entry: UInt32(entry), name: name,
          weight: Int32(provider.weight), listIndex: 0),
        specificity: specificity, priority: provider.priority))
    return drafts.count - 1
  }

  /// Returns the index of the provider's name for a model, unless it is the model's own name.
  mutating func fixedName(_ index: Int, _ model: String) -> UInt32 {
    let name = providers[index].upstreamName(model)
    return name.utf8.elementsEqual(model.utf8) ? RouteTrie.nothing : intern(name)
  }

  mutating func intern(_ name: String) -> UInt32 {
    names.append(name)
    return UInt32(names.count - 1)
  }

  /// Replaces each run of `*` by a single one, which matches the same names.
  private static func collapsingWildcards(_ pattern: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    for byte in pattern where byte != UInt8(ascii: "*") || out.last != byte { out.append(byte) }
    return out
  }

  // MARK: Order

  /// Assigns the specificity and tier ranks: equal for equals, and lower for those that come first.
  private mutating func assignRanks() {
    let steps = drafts.map(\.specificity).sorted(by: >)
    let tiers = drafts.map { ($0.specificity, $0.priority) }.sorted { ($1.0, $0.1) < ($0.0, $1.1) }
    for index in drafts.indices {
      let draft = drafts[index]
      let step = Self.first(of: steps.count) { steps[$0] <= draft.specificity }
      let tier = Self.first(of: tiers.count) { (tiers[$0].0, draft.priority) <= (draft.specificity, tiers[$0].1) }
      drafts[index].candidate.specificityRank = UInt32(step)
      drafts[index].candidate.tierRank = UInt32(tier)
    }
  }

  /// Returns the first number below `count` for which `isTrue` holds; it must hold for all that follow.
  private static func first(of count: Int, _ isTrue: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isTrue(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private mutating func buildTrie() {
    order = keys.keys.sorted { $0.lexicographicallyPrecedes($1) }
    trie = RouteTrie(order)
  }

  /// Sorts candidates, best first. Each provider occurs once, and once more if the name names it, because a list that
  /// another list extends needs both.
  static func ordered(_ candidates: [RouteCandidate]) -> [RouteCandidate] {
    if candidates.count < 2 { return candidates }
    var direct = BitSet128()
    var other = BitSet128()
    return candidates.sorted { $0.isBefore($1) }.filter { candidate in
      let isNew = !(candidate.isDirect ? direct : other).contains(candidate.provider)
      if candidate.isDirect { direct.insert(candidate.provider) } else { other.insert(candidate.provider) }
      return isNew
    }
  }

  /// Gives a provider whose list is not known the rank of those that list the model, if one of its patterns matches: the
  /// configuration says that it may have it, and nothing says that it does not.
  func presumed(_ candidates: [RouteCandidate]) -> [RouteCandidate] {
    guard candidates.contains(where: { $0.flags.contains(.listed) }) else { return candidates }
    return candidates.map { candidate in
      guard !candidate.isOwner, let draft = presumedOwners[candidate.provider] else { return candidate }
      var candidate = candidate
      candidate.specificityRank = drafts[draft].candidate.specificityRank
      candidate.tierRank = drafts[draft].candidate.tierRank
      return candidate
    }
  }

  /// Removes the providers that must not receive the request: others than those of this machine if one of these has the model,
  /// and those that are merely unrestricted if any provider lists it.
  ///
  /// - Parameter allowsHosted: Whether the alias by which a model of this machine is requested may answer from elsewhere.
  func permitted(_ candidates: [RouteCandidate], allowsHosted: Bool) -> [RouteCandidate] {
    let isListed = candidates.contains { $0.flags.contains(.listed) }
    let isKept =
      !allowsHosted
      && candidates.contains { candidate in
        candidate.isOwner && candidate.isLocal && !providers[candidate.provider].allowsHostedFallback
      }
    if !isListed, !isKept { return candidates }
    return candidates.filter { candidate in
      if isListed, candidate.flags.contains(.unrestricted) { return false }
      return !isKept || candidate.isLocal || candidate.flags.contains(.named)
    }
  }

  // MARK: Lists

  /// Gives every node the list of its longest prefix: its own, or that of an ancestor.
  private mutating func buildPrefixes() {
    inherited = [Int?](repeating: nil, count: trie.nodes.count)
    var keyOf = [Int?](repeating: nil, count: trie.nodes.count)
    for (key, node) in zip(order.indices, trie.nodeOfKey) { keyOf[node] = key }
    // Parents precede their children.
    for node in trie.nodes.indices {
      if let key = keyOf[node], let known = keys[order[key]], !known.prefixes.isEmpty || known.isProviderPrefix {
        var above: (candidates: [RouteCandidate], isPin: Bool) = ([], known.isProviderPrefix)
        if !known.isProviderPrefix, let list = inherited[node] { above = lists[list] }
        inherited[node] = lists.count
        let candidates = Self.ordered(known.prefixes.map { drafts[$0].candidate } + above.candidates)
        lists.append((above.isPin ? candidates.filter(\.isDirect) : candidates, above.isPin))
      }
      for child in trie.children(of: node) { inherited[child] = inherited[node] }
    }
    for list in lists { append(list.candidates, isPin: list.isPin) }
    for node in trie.nodes.indices {
      // Until the names are built, a name's group is the index of its key.
      let key = keyOf[node].flatMap { keys[order[$0]]?.isName == true ? UInt32($0) : nil }
      trie.setGroups(key ?? RouteTrie.nothing, inherited[node].map { UInt32($0) } ?? RouteTrie.nothing, at: node)
    }
  }

  private mutating func buildNames() throws(RouteTableError) {
    var groupOf: [Int: UInt32] = [:]
    for (index, key) in order.enumerated() where keys[key]?.isName == true {
      let meant = try resolve(key, [])
      let group = UInt32(groups.count)
      switch meant {
      case .ambiguous(let candidates):
        let name = String(decoding: key, as: UTF8.self)
        groups.append(RouteTable.Group(first: UInt32(ambiguities.count), count: 0, isAmbiguous: true))
        ambiguities.append(RouteTable.Ambiguity(name: name, candidates: candidates))
      case .list(let list, let virtual):
        if list.isEmpty, keys[key]?.targets.isEmpty == false {
          unserved.append(String(decoding: key, as: UTF8.self))
        }
        append(list, virtual: virtual)
      }
      groupOf[trie.nodeOfKey[index]] = group
    }
    for (node, group) in groupOf { trie.setGroups(group, trie.nodes[node].prefix, at: node) }
  }

  private mutating func buildWildcards() {
    wildcardsFirst = list.count
    for (draft, star) in wildcardDrafts.sorted(by: {
      drafts[$0.draft].candidate.isBefore(drafts[$1.draft].candidate)
    }) {
      var candidate = drafts[draft].candidate
      candidate.listIndex = UInt32(list.count)
      candidate.identity = identity(candidate)
      list.append(candidate)
      wildcardOf.append(UInt16(star))
    }
  }

  private func identity(_ candidate: RouteCandidate) -> UInt32 {
    var hash = AffinityKey(providers[candidate.provider].name)
    if candidate.name != RouteTrie.nothing { hash = hash.joined(with: AffinityKey(names[Int(candidate.name)])) }
    return UInt32(truncatingIfNeeded: hash.bits)
  }

  private mutating func append(_ candidates: [RouteCandidate], isPin: Bool = false, virtual: Int? = nil) {
    let first = list.count
    for var candidate in candidates {
      candidate.listIndex = UInt32(list.count)
      candidate.identity = identity(candidate)
      list.append(candidate)
    }
    groups.append(
      RouteTable.Group(
        first: UInt32(first), count: UInt32(list.count - first),
        virtual: virtual.map { UInt32($0) } ?? RouteTrie.nothing, isPin: isPin))
  }
}
