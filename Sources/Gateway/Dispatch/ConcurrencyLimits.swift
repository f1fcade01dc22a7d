/// How many requests are in flight at each provider and at each of its models, and how many there may be.
struct ConcurrencyLimits: Sendable {
  /// A place that a request has; it is given back once. It names what it is a place at, because it may outlive the
  /// configuration.
  struct Permit: Equatable, Sendable {
    fileprivate var index: Int
    fileprivate var provider: String
    fileprivate var model: String?
  }

  /// A provider and how many requests it may have; nil means that there is no limit.
  struct Provider: Sendable {
    var name: String
    var limit: Int?
    /// Limits of single models, by the provider's own names for them.
    var models: [(name: String, limit: Int)] = []
  }

  /// What may have room: a provider, and one of its models where that has room of its own.
  struct Scope: Equatable, Sendable {
    var provider: Int
    var model: String?
  }

  private struct Model: Sendable {
    var provider: Int
    var name: String
    var limit: Int
    var inFlight = 0
  }

  /// Requests in flight, by provider.
  private(set) var inFlight: [UInt32]
  /// Providers without room.
  private(set) var saturated = BitSet128()
  private let names: [String]
  private let limits: [Int]
  private var models: [Model]

  init(_ providers: [Provider]) {
    names = providers.map(\.name)
    limits = providers.map { $0.limit.map { max(1, $0) } ?? .max }
    inFlight = [UInt32](repeating: 0, count: providers.count)
    models = providers.enumerated().flatMap { index, provider in
      provider.models.map { Model(provider: index, name: $0.name, limit: max(1, $0.limit)) }
    }
  }

  /// After a reload: what is in flight still is.
  init(_ providers: [Provider], after old: ConcurrencyLimits) {
    self.init(providers)
    for index in names.indices {
      guard let before = old.names.firstIndex(of: names[index]) else { continue }
      inFlight[index] = old.inFlight[before]
      if Int(inFlight[index]) >= limits[index] { saturated.insert(index) }
      for model in old.models where model.provider == before {
        if let position = self.index(index, model.name) { models[position].inFlight = model.inFlight }
      }
    }
  }

  /// Whether a request would have a place.
  func hasSlot(_ provider: Int, _ model: String) -> Bool {
    guard inFlight.indices.contains(provider), Int(inFlight[provider]) < limits[provider] else { return false }
    guard let index = index(provider, model) else { return true }
    return models[index].inFlight < models[index].limit
  }

  /// Whether a model has room of its own at a provider.
  func hasOwnLimit(_ provider: Int, _ model: String) -> Bool { index(provider, model) != nil }

  /// Takes a place, or nil.
  mutating func acquire(_ provider: Int, _ model: String) -> Permit? {
    guard hasSlot(provider, model) else { return nil }
    let index = index(provider, model)
    inFlight[provider] += 1
    if Int(inFlight[provider]) >= limits[provider] { saturated.insert(provider) }
    if let index { models[index].inFlight += 1 }
    return Permit(index: provider, provider: names[provider], model: index.map { models[$0].name })
  }

  /// Gives a place back.
  mutating func release(_ permit: Permit) {
    let isSame = names.indices.contains(permit.index) && names[permit.index] == permit.provider
    guard let provider = isSame ? permit.index : names.firstIndex(of: permit.provider) else { return }
    if inFlight[provider] > 0 { inFlight[provider] -= 1 }
    if Int(inFlight[provider]) < limits[provider] { saturated.remove(provider) }
    guard let model = permit.model, let position = index(provider, model) else { return }
    models[position].inFlight = max(0, models[position].inFlight - 1)
  }

  private func index(_ provider: Int, _ model: String) -> Int? {
    models.firstIndex { $0.provider == provider && $0.name.utf8.elementsEqual(model.utf8) }
  }
}
