import Gateway

extension RoutingSetting {
  /// Names of providers; some are names of models as well.
  static let providerNames = ["a", "b", "lab", "m", "gpt-4o", "x.y"]

  /// Names of models: with slashes, colons, spaces, backslashes, quotes, stars, and other providers' names.
  static let models = [
    "m", "m1", "m2", "gpt-4o", "gpt-5", "llama3:8b", "a b", "x\\y", "say \"m\"", "org/m", "org/gpt-5", "é", "a",
    "lab",
    "a/m", "b/m1", "lab/gpt-5", "lab/a/m", "m/m", "gpt-4o/m:1", "b:m", "A/m", "x*y",
  ]

  private static let patterns = [
    "*", "m*", "gpt-*", "*5", "org/*", "*/m", "a/*", "*:8b", "*a*", "l*3*", "m", "gpt-5", "org/m", "a/m", "a b",
    "llama3:8b", "x*y", "none",
  ]

  /// Names of aliases and virtual models; some hide a model or look like a pin.
  private static let names = ["fast", "best", "m1", "org/fast", "a/fast", "gpt-4o", "fast two"]

  private static let strategies = Strategy.allCases.map(\.rawValue)

  /// A random configuration.
  static func byChance(_ chance: inout Chance) -> RoutingSetting {
    var setting = RoutingSetting()
    for _ in 0..<chance.between(1, 5) { setting.addProvider(&chance) }
    setting.changeRouting(&chance)
    if chance.one(in: 2) {
      setting.tokens = ["token-\(chance.below(3))"]
    } else {
      setting.isOpen = chance.one(in: 4)
    }
    return setting
  }

  /// A later state of the same configuration: some of it is different.
  func changed(_ chance: inout Chance) -> RoutingSetting {
    var setting = self
    for index in setting.providers.indices.reversed() {
      switch chance.below(8) {
      case 0 where setting.providers.count > 1: setting.providers.remove(at: index)
      case 1: setting.providers[index].isEnabled.toggle()
      case 2: setting.changeProvider(index, &chance)
      case 3: if let place = setting.freePlace(&chance) { setting.providers[index].place = place }
      default: break
      }
    }
    if chance.one(in: 3) { setting.addProvider(&chance) }
    if chance.one(in: 4) { setting.providers.swapAt(0, setting.providers.count - 1) }
    if chance.one(in: 3) { setting.changeRouting(&chance) }
    return setting
  }

  private func freePlace(_ chance: inout Chance) -> Int? {
    let free = Self.places.indices.filter { place in !providers.contains { $0.place == place } }
    return free.isEmpty ? nil : chance.pick(free)
  }

  private mutating func addProvider(_ chance: inout Chance) {
    let free = Self.providerNames.filter { name in !providers.contains { $0.name == name } }
    guard !free.isEmpty, let place = freePlace(&chance) else { return }
    providers.append(Provider(name: chance.pick(free), place: place))
    changeProvider(providers.count - 1, &chance)
  }

  private mutating func changeProvider(_ index: Int, _ chance: inout Chance) {
    var provider = Provider(name: providers[index].name, place: providers[index].place)
    provider.kind = chance.below(Self.kinds.count)
    if !chance.one(in: 2) { provider.patterns = (0..<chance.between(1, 3)).map { _ in chance.pick(Self.patterns) } }
    if chance.one(in: 3) {
      let callers = chance.pick(["gpt-4o", "fast", "own", "m1"])
      provider.ownNames = [(callers, chance.pick(Self.models.filter { !$0.contains("*") }))]
    }
    provider.priority = chance.pick([1, 10, 10, 20])
    provider.weight = chance.pick([1, 1, 3, 0])
    provider.fallsBackToHosted = chance.one(in: 4)
    provider.isEnabled = !chance.one(in: 6)
    if chance.one(in: 3) { provider.slots = chance.between(1, 2) }
    provider.keys = chance.pick([0, 1, 2])
    providers[index] = provider
  }

  private mutating func changeRouting(_ chance: inout Chance) {
    strategy = chance.pick(Self.strategies)
    isLocalFirst = chance.one(in: 3)
    affinity = chance.pick(["off", "off", "session", "prefix"])
    retries = chance.below(3)
    queue = chance.pick([1, 16])
    aliases = []
    virtuals = []
    var free = Self.names
    func take() -> String { free.remove(at: chance.below(free.count)) }
    for _ in 0..<chance.pick([0, 0, 1, 2]) { aliases.append((take(), target(&chance))) }
    for _ in 0..<chance.pick([0, 0, 1, 2]) {
      var virtual = VirtualModel(name: take(), targets: (0..<chance.between(1, 3)).map { _ in target(&chance) })
      virtual.isPool = chance.one(in: 2)
      if chance.one(in: 3) { virtual.strategy = chance.pick(Self.strategies) }
      virtuals.append(virtual)
    }
  }

  /// The name of a model, alone or behind that of a provider, or the name of an alias or a virtual model.
  private func target(_ chance: inout Chance) -> String {
    switch chance.below(8) {
    case 0: chance.pick(Self.names)
    case 1, 2: chance.pick(providers).name + "/" + chance.pick(Self.models)
    default: chance.pick(Self.models)
    }
  }

  /// A name that a caller asks for.
  func request(_ chance: inout Chance, listed: [String]) -> String {
    switch chance.below(10) {
    case 0, 1: chance.pick(providers).name + "/" + chance.pick(Self.models)
    case 2: chance.pick(Self.providerNames) + "/" + chance.pick(Self.models)
    case 3: chance.pick(aliases.map(\.name) + virtuals.map(\.name) + ["nobody-has-it"])
    case 4: chance.pick(providers.flatMap(\.ownNames).map(\.callers) + [chance.pick(Self.names)])
    case 5, 6, 7: listed.isEmpty ? chance.pick(Self.models) : chance.pick(listed)
    default: chance.pick(Self.models)
    }
  }
}
