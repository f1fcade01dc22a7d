/// The rules of docs/routing.md about which provider may get a prompt, word for word, slow, and without a line of the
/// gateway's code.
struct RoutingRules {
  let setting: RoutingSetting
  /// The lists of the enabled providers that are known to the gateway, and take part in routing.
  var lists: [String: [String]]

  typealias Provider = RoutingSetting.Provider

  /// A provider and its name for the model.
  struct Way: Hashable {
    var provider: String
    var model: String
  }

  private var enabled: [Provider] { setting.providers.filter(\.isEnabled) }

  static func isHere(_ provider: Provider) -> Bool { RoutingSetting.places[provider.place].isHere }

  /// Whether a pattern, in which `*` stands for any characters, matches a name.
  static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return matches(pattern.dropFirst(), name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
    }
    return first == name.first && matches(pattern.dropFirst(), name.dropFirst())
  }

  private static func matches(_ pattern: String, _ name: String) -> Bool {
    if pattern == "*" { return true }
    return matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
  }

  // MARK: What a provider has

  /// The provider's own name of a model.
  static func ownName(_ provider: Provider, _ model: String) -> String {
    provider.ownNames.first { $0.callers == model }?.own ?? model
  }

  private func serves(_ provider: Provider, _ model: String) -> Bool {
    provider.patterns.isEmpty || provider.patterns.contains { Self.matches($0, model) }
  }

  /// "Providers that list the model": under the name that they have for it, and where `models` does not leave it out.
  func lists(_ provider: Provider, _ model: String) -> Bool {
    serves(provider, model) && lists[provider.name]?.contains(Self.ownName(provider, model)) ?? false
  }

  /// "Those for which `models` in the configuration names it."
  func names(_ provider: Provider, _ model: String) -> Bool {
    provider.patterns.contains { !$0.contains("*") && $0 == model }
  }

  func owns(_ provider: Provider, _ model: String) -> Bool { lists(provider, model) || names(provider, model) }

  // MARK: Names

  /// The models that a name stands for: itself, or the targets of an alias or a virtual model. A name that occurs again on
  /// the way means the providers' model of that name.
  func models(_ name: String, _ visited: [String] = []) -> [String] {
    if visited.contains(name) { return [name] }
    if let alias = setting.aliases.first(where: { $0.name == name }) {
      return models(alias.model, visited + [name])
    }
    if let virtual = setting.virtuals.first(where: { $0.name == name }) {
      return virtual.targets.flatMap { models($0, visited + [name]) }
    }
    return [name]
  }

  /// Whether the configuration gives the name a meaning of its own.
  private func isRenamed(_ name: String) -> Bool {
    setting.aliases.contains { $0.name == name } || setting.virtuals.contains { $0.name == name }
  }

  /// The provider that a name begins with, disabled ones included, if no provider has a model of exactly this name.
  private func pinned(_ model: String) -> Provider? {
    if enabled.contains(where: { owns($0, model) }) { return nil }
    return setting.providers.first { model.hasPrefix($0.name + "/") }
  }

  /// The provider that a caller's name pins the request to.
  func pin(_ name: String) -> String? { isRenamed(name) ? nil : pinned(name)?.name }

  /// The strategy of a name.
  func strategy(_ name: String, _ visited: [String] = []) -> String {
    if let virtual = setting.virtuals.first(where: { $0.name == name }) {
      return virtual.strategy ?? setting.strategy
    }
    if !visited.contains(name), let alias = setting.aliases.first(where: { $0.name == name }) {
      return strategy(alias.model, visited + [name])
    }
    return setting.strategy
  }

  // MARK: Where a prompt may go

  /// All that may get a prompt for a name.
  ///
  /// - Parameter ignoringMachine: Whether models of this machine may go elsewhere.
  func ways(_ name: String, ignoringMachine: Bool = false) -> Set<Way> {
    Set(models(name).flatMap { ways(toModel: $0, ignoringMachine) })
  }

  private func ways(toModel model: String, _ ignoringMachine: Bool) -> [Way] {
    if setting.providers.contains(where: { model == $0.name + "/" }) { return [] }
    if let provider = pinned(model) {
      let rest = String(model.dropFirst(provider.name.count + 1))
      guard provider.isEnabled, serves(provider, rest) else { return [] }
      return [Way(provider: provider.name, model: Self.ownName(provider, rest))]
    }
    let isListed = enabled.contains { lists($0, model) }
    let isKept = enabled.contains { owns($0, model) && Self.isHere($0) && !$0.fallsBackToHosted }
    let isPinLike = setting.providers.contains { model.hasPrefix($0.name + "/") }
    return enabled.filter { provider in
      let isMatched = !provider.patterns.isEmpty && serves(provider, model)
      let isOpen = lists[provider.name] == nil || setting.providers.count == 1
      let catchesAll = provider.patterns.isEmpty && isOpen && !isListed && !isPinLike
      guard owns(provider, model) || isMatched || catchesAll else { return false }
      return ignoringMachine || !isKept || Self.isHere(provider) || names(provider, model)
    }.map { Way(provider: $0.name, model: Self.ownName($0, model)) }
  }

  /// Those that must be able to get it: all of them, or the owners of a model whose name begins with a provider's.
  func required(_ name: String) -> Set<Way> {
    let isPinLike = models(name).contains { model in setting.providers.contains { model.hasPrefix($0.name + "/") } }
    guard isPinLike, pin(name) == nil else { return ways(name) }
    return owners(name)
  }

  /// The ways to the providers that list a model of a name, and may get its prompt.
  func owners(_ name: String) -> Set<Way> {
    let listed = models(name).flatMap { model in
      enabled.filter { lists($0, model) }.map { Way(provider: $0.name, model: Self.ownName($0, model)) }
    }
    return ways(name).intersection(listed)
  }
}
