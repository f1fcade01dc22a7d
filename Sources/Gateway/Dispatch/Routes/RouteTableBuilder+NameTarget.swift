// Resolution of a name: to a provider's model, another name, or several.

extension RouteTableBuilder {
  /// The result of resolving a name. Candidates without a name of their own use the requested one.
  enum Resolution {
    case list([RouteCandidate], virtual: Int?)
    /// The unambiguous names to use instead.
    case ambiguous([String])
  }

  /// Resolves a name to its candidates. A name that occurs again on the way means the providers' model of that name.
  /// This ends every cycle of aliases, and lets a virtual model have the name of a real one.
  ///
  /// - Parameter allowsHosted: Whether an alias on the way lets a model of this machine be answered from elsewhere.
  mutating func resolve(
    _ name: [UInt8], _ visited: [[UInt8]], allowsHosted: Bool = false
  ) throws(RouteTableError) -> Resolution {
    guard let key = keys[name], !visited.contains(name) else {
      return .list(plain(name, allowsHosted: allowsHosted), virtual: nil)
    }
    followed += 1
    if followed > RouteTable.followedMax { throw .tooManyCandidates(String(decoding: name, as: UTF8.self)) }
    let visited = visited + [name]
    if key.targets.count > 1 { return .ambiguous(key.targets.map(suggestion)) }
    switch key.targets.first {
    case .model(let model, let allows):
      let meant = try resolve(model, visited, allowsHosted: allowsHosted || allows)
      guard case .list(let list, let virtual) = meant else { return meant }
      return .list(fixed(list, for: model), virtual: virtual)
    case .virtual(let index): return try expand(index, visited, allowsHosted: allowsHosted)
    case nil:
      return key.aliases.isEmpty
        ? .list(plain(name, allowsHosted: allowsHosted), virtual: nil)
        : aliased(name, key, allowsHosted: allowsHosted)
    }
  }

  private func suggestion(_ target: NameTarget) -> String {
    switch target {
    case .model(let model, _): String(decoding: model, as: UTF8.self)
    case .virtual(let index): virtuals[index].targets.map(\.model).joined(separator: ", ")
    }
  }

  /// Resolves a name that is an alias at some providers. The meaning at local providers takes precedence.
  private mutating func aliased(_ name: [UInt8], _ key: Key, allowsHosted: Bool) -> Resolution {
    var meant = key.aliases + key.names.map { (draft: $0, model: name) }
    func isOne() -> Bool { meant.allSatisfy { $0.model == meant[0].model } }
    if !isOne() {
      let local = meant.filter { drafts[$0.draft].candidate.isLocal }
      if !local.isEmpty { meant = local }
    }
    guard isOne() else {
      let text = String(decoding: name, as: UTF8.self)
      let indexes = meant.map { drafts[$0.draft].candidate.provider }.sorted()
      return .ambiguous(indexes.map { providers[$0].name + "/" + text })
    }
    let model = meant[0].model
    if model == name { return .list(plain(name, allowsHosted: allowsHosted), virtual: nil) }
    let own = meant.map { drafts[$0.draft].candidate }
    return .list(Self.ordered(own + fixed(plain(model, allowsHosted: allowsHosted), for: model)), virtual: nil)
  }

  /// Returns the candidates of a name by the providers' names and patterns, without aliases.
  private func plain(_ name: [UInt8], allowsHosted: Bool) -> [RouteCandidate] {
    let key = keys[name]
    var all = (key?.names ?? []).map { drafts[$0].candidate }
    let node = trie.find(name.span)
    let group = node.isName ? inherited[trie.nodeOfKey[Int(node.group)]].map { UInt32($0) } : node.group
    var isPin = false
    if let group, group != RouteTrie.nothing {
      all += lists[Int(group)].candidates
      isPin = lists[Int(group)].isPin
    }
    let matching = wildcards.matching(name.span)
    for (draft, star) in wildcardDrafts where matching.contains(star) { all.append(drafts[draft].candidate) }
    if key?.isProviderPrefix == true { all.removeAll() }
    // A model belongs to the providers that are known to have it, even if its name begins with that of another.
    let isOwned = all.contains { !$0.isDirect && $0.isOwner }
    if isPin || isOwned { all.removeAll { $0.isDirect == isOwned } }
    return permitted(Self.ordered(presumed(all)), allowsHosted: allowsHosted)
  }

  /// Gives every candidate an explicit model name, derived from the name by which it was found.
  private mutating func fixed(_ candidates: [RouteCandidate], for model: [UInt8]) -> [RouteCandidate] {
    var candidates = candidates
    for index in candidates.indices where candidates[index].name == RouteTrie.nothing {
      let provider = providers[candidates[index].provider]
      let skipped = candidates[index].isDirect ? provider.name.utf8.count + 1 : 0
      let rest = String(decoding: model.dropFirst(skipped), as: UTF8.self)
      candidates[index].name = intern(provider.upstreamName(rest))
    }
    return candidates
  }

  /// Resolves a virtual model: the lists of its targets, one after the other or merged.
  private mutating func expand(
    _ index: Int, _ visited: [[UInt8]], allowsHosted: Bool
  ) throws(RouteTableError) -> Resolution {
    let virtual = virtuals[index]
    var all: [RouteCandidate] = []
    var specificities: UInt32 = 0
    var tiers: UInt32 = 0
    for target in virtual.targets {
      let model = Array(target.model.utf8)
      let meant = try resolve(model, visited, allowsHosted: allowsHosted)
      guard case .list(let list, _) = meant else { return meant }
      var numbers = Numbers(specificity: virtual.isPool ? 0 : specificities, tier: virtual.isPool ? 0 : tiers)
      for var candidate in fixed(list, for: model) {
        numbers.renumber(&candidate)
        candidate.weight = Int32(clamping: Int64(candidate.weight) * Int64(target.weight))
        all.append(candidate)
      }
      if !list.isEmpty { (specificities, tiers) = (numbers.specificity + 1, numbers.tier + 1) }
      if all.count > RouteTable.candidatesMax * RouteTable.candidatesMax {
        throw .tooManyCandidates(virtual.name)
      }
    }
    all = onceEach(all.sorted { $0.tierRank < $1.tierRank })
    if all.count > RouteTable.candidatesMax { throw .tooManyCandidates(virtual.name) }
    return .list(all, virtual: index)
  }

  /// Renumbers the specificity and tier of one list to continue after another.
  private struct Numbers {
    var specificity: UInt32
    var tier: UInt32
    private var last: (specificity: UInt32, tier: UInt32)?

    init(specificity: UInt32, tier: UInt32) {
      self.specificity = specificity
      self.tier = tier
    }

    mutating func renumber(_ candidate: inout RouteCandidate) {
      if let last, last.specificity != candidate.specificityRank { specificity += 1 }
      if let last, last.tier != candidate.tierRank { tier += 1 }
      last = (candidate.specificityRank, candidate.tierRank)
      candidate.specificityRank = specificity
      candidate.tierRank = tier
    }
  }

  /// Removes repeated candidates: a provider may occur with several models, but once with each.
  private func onceEach(_ candidates: [RouteCandidate]) -> [RouteCandidate] {
    var seen: Set<[UInt8]> = []
    return candidates.filter { candidate in
      seen.insert([UInt8(candidate.index)] + Array(names[Int(candidate.name)].utf8)).inserted
    }
  }
}
