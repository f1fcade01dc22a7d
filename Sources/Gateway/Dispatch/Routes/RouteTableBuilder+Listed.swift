// The models that providers list.

extension RouteTableBuilder {
  /// The tag of a model that a name without one means at Ollama.
  private static let latest = ":latest"

  /// Files the models that a provider lists and may serve, under their names.
  mutating func gatherListed(_ index: Int) {
    let provider = providers[index]
    guard let listed = provider.listed, !listed.isEmpty else { return }
    let patterns = provider.models.map(ModelPattern.init)
    let entry = add(entry: "*", of: index)
    for model in listed.flatMap(provider.callersNames)
    where patterns.isEmpty || patterns.contains(where: { $0.matches(model) }) {
      let bytes = Array(model.utf8)
      if bytes.isEmpty { continue }
      let name = fixedName(index, model)
      let isNamed = !bytes.contains(UInt8(ascii: "*")) && provider.models.contains(model)
      // In the name of a model, a `*` stands for itself.
      let owner = draft(
        index, entry, specificity: Self.nameSpecificity, name: name, isNamed ? [.listed, .named] : .listed)
      keys[bytes, default: Key()].names.append(owner)
      keys[bytes, default: Key()].isName = true
      fileUntagged(model, index, owner)
    }
  }

  /// Files a model that is listed as `NAME:latest` under `NAME` too, as Ollama does, unless that is a model of its own.
  private mutating func fileUntagged(_ model: String, _ index: Int, _ draft: Int) {
    let untagged = String(model.dropLast(Self.latest.count))
    guard model.hasSuffix(Self.latest), !untagged.isEmpty, providers[index].listed?.contains(untagged) == false
    else {
      return
    }
    var other = drafts[draft]
    other.candidate.name = intern(providers[index].upstreamName(model))
    drafts.append(other)
    keys[Array(untagged.utf8), default: Key()].names.append(drafts.count - 1)
    keys[Array(untagged.utf8), default: Key()].isName = true
  }
}
