// What a name means: a model of providers, another name, or several.

extension RouteTableBuilder {
  /// What a name comes to. Candidates without a name of their own are asked for by the name.
  enum Resolution {
    case list([RouteCandidate], virtual: Int?)
    /// What to say instead.
    case ambiguous([String])
  }

  /// Follows a name to its candidates. A name that is come upon again on the way means the providers' model of that
  /// name, so no chain of aliases can be endless, and a virtual model may stand in front of a real one of its name.
  mutating func resolve(_ name: [UInt8], _ visited: [[UInt8]]) throws(RouteTableError) -> Resolution {
    guard let key = keys[name], !visited.contains(name) else { return .list(plain(name), virtual: nil) }
    followed += 1
    if followed > RouteTable.followedMax { throw .tooManyCandidates(String(decoding: name, as: UTF8.self)) }
    let visited = visited + [name]
    if key.targets.count > 1 { return .ambiguous(key.targets.map(suggestion)) }
    switch key.targets.first {
    case .model(let model):
      let meant = try resolve(model, visited)
      guard case .list(let list, let virtual) = meant else { return meant }
      return .list(fixed(list, for: model), virtual: virtual)
    case .virtual(let index): return try expand(index, visited)
    case nil: return key.aliases.isEmpty ? .list(plain(name), virtual: nil) : aliased(name, key)
    }
  }

  private func suggestion(_ target: NameTarget) -> String {
    switch target {
    case .model(let model): String(decoding: model, as: UTF8.self)
    case .virtual(let index): virtuals[index].targets.map(\.model).joined(separator: ", ")
    }
  }

  /// The candidates of a name that some providers have as an alias. What local providers mean goes first.
  private mutating func aliased(_ name: [UInt8], _ key: Key) -> Resolution {
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
    if model == name { return .list(plain(name), virtual: nil) }
    let own = meant.map { drafts[$0.draft].candidate }
    return .list(Self.ordered(own + fixed(plain(model), for: model)), virtual: nil)
  }

  /// The candidates of a name by what providers say of it, aliases aside.
  private func plain(_ name: [UInt8]) -> [RouteCandidate] {
    let key = keys[name]
    var all = (key?.names ?? []).map { drafts[$0].candidate }
    let node = trie.find(name.span)
    let group = node.isName ? inherited[trie.nodeOfKey[Int(node.group)]].map { UInt32($0) } : node.group
    if let group, group != RouteTrie.nothing { all += lists[Int(group)] }
    let matching = wildcards.matching(name.span)
    for (draft, star) in wildcardDrafts where matching.contains(star) { all.append(drafts[draft].candidate) }
    if key?.isBareProvider == true { all.removeAll(where: \.isDirect) }
    return Self.once(Self.ordered(all))
  }

  /// Gives every candidate a name of its own, as follows from the name that it was found by.
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

  /// The lists of a virtual model's targets, one behind the other or side by side.
  private mutating func expand(_ index: Int, _ visited: [[UInt8]]) throws(RouteTableError) -> Resolution {
    let virtual = virtuals[index]
    var all: [RouteCandidate] = []
    var specificities: UInt32 = 0
    var tiers: UInt32 = 0
    for target in virtual.targets {
      let model = Array(target.model.utf8)
      let meant = try resolve(model, visited)
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

  /// Numbers the steps and tiers of one list from where another ended.
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

  /// A provider may be asked for several models, but for each of them once.
  private func onceEach(_ candidates: [RouteCandidate]) -> [RouteCandidate] {
    var seen: Set<[UInt8]> = []
    return candidates.filter { candidate in
      seen.insert([UInt8(candidate.index)] + Array(names[Int(candidate.name)].utf8)).inserted
    }
  }
}
