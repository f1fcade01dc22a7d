/// The requests in flight at each provider and at each of its limited models, and their limits.
struct ConcurrencyLimits: Sendable {
  /// A slot that a request holds and releases once. It may outlive the configuration that granted it.
  struct Permit: Equatable, Sendable {
    /// The provider's index when the slot was granted; checked against `id` before use.
    fileprivate var index: Int
    fileprivate var id: ProviderID
    fileprivate var model: String?
  }

  /// A provider and its limits; `nil` means no limit.
  struct Provider: Sendable {
    var id: ProviderID
    var limit: Int?
    /// Limits of single models, by the provider's names for them.
    var models: [(name: String, limit: Int)] = []
  }

  /// The owner of a slot: a provider, and one of its models if that has a limit of its own.
  struct Scope: Equatable, Sendable {
    var provider: ProviderID
    var model: String?
  }

  private struct Model: Sendable {
    var provider: Int
    var name: String
    /// `Int.max` for a model whose limit was removed while requests were in flight.
    var limit: Int
    var inFlight = 0
  }

  /// The requests in flight at one provider, independent of its index.
  private struct Load: Sendable {
    var id: ProviderID
    var inFlight: UInt32
    var models: [(name: String, inFlight: Int)]
  }

  /// Requests in flight, by provider.
  private(set) var inFlight: [UInt32]
  /// The providers at their limit.
  private(set) var saturated = BitSet128()
  private let ids: [ProviderID]
  private let limits: [Int]
  private var models: [Model]
  /// Providers that a reload removed while requests were in flight; a later reload may restore them.
  private var removed: [Load] = []

  init(_ providers: [Provider]) {
    ids = providers.map(\.id)
    limits = providers.map { $0.limit.map { max(1, $0) } ?? .max }
    inFlight = [UInt32](repeating: 0, count: providers.count)
    models = providers.enumerated().flatMap { index, provider in
      provider.models.map { Model(provider: index, name: $0.name, limit: max(1, $0.limit)) }
    }
  }

  /// Creates the limits of a new configuration. Requests in flight under `old` stay counted.
  init(_ providers: [Provider], after old: ConcurrencyLimits) {
    self.init(providers)
    for load in old.loads where load.inFlight > 0 {
      guard let provider = ids.firstIndex(of: load.id) else {
        removed.append(load)
        continue
      }
      inFlight[provider] = load.inFlight
      if Int(load.inFlight) >= limits[provider] { saturated.insert(provider) }
      for model in load.models {
        if let position = index(provider, model.name) {
          models[position].inFlight = model.inFlight
        } else {
          models.append(Model(provider: provider, name: model.name, limit: .max, inFlight: model.inFlight))
        }
      }
    }
  }

  private var loads: [Load] {
    ids.indices.map { index in
      let busy = models.filter { $0.provider == index && $0.inFlight > 0 }
      return Load(id: ids[index], inFlight: inFlight[index], models: busy.map { ($0.name, $0.inFlight) })
    } + removed
  }

  /// Returns whether a request for a model would get a slot at a provider.
  func hasSlot(_ provider: Int, _ model: String) -> Bool {
    guard inFlight.indices.contains(provider), Int(inFlight[provider]) < limits[provider] else { return false }
    guard let index = index(provider, model) else { return true }
    return models[index].inFlight < models[index].limit
  }

  /// Returns whether a request would get a slot; `false` for a provider that is no longer configured.
  func hasSlot(_ scope: Scope) -> Bool {
    ids.firstIndex(of: scope.provider).map { hasSlot($0, scope.model ?? "") } ?? false
  }

  /// Returns the scope of a model's slots at a provider.
  func scope(_ provider: Int, _ model: String) -> Scope {
    Scope(provider: ids[provider], model: hasOwnLimit(provider, model) ? model : nil)
  }

  /// Returns whether a model has a limit of its own at a provider.
  func hasOwnLimit(_ provider: Int, _ model: String) -> Bool {
    index(provider, model).map { models[$0].limit < .max } ?? false
  }

  /// Takes a slot, or returns `nil` when there is none.
  mutating func acquire(_ provider: Int, _ model: String) -> Permit? {
    guard hasSlot(provider, model) else { return nil }
    let index = index(provider, model)
    inFlight[provider] += 1
    if Int(inFlight[provider]) >= limits[provider] { saturated.insert(provider) }
    if let index { models[index].inFlight += 1 }
    return Permit(index: provider, id: ids[provider], model: index.map { models[$0].name })
  }

  /// Releases a slot.
  mutating func release(_ permit: Permit) {
    let isSame = permit.index < ids.count && ids[permit.index] == permit.id
    guard let provider = isSame ? permit.index : ids.firstIndex(of: permit.id) else {
      return releaseRemoved(permit)
    }
    if inFlight[provider] > 0 { inFlight[provider] -= 1 }
    if Int(inFlight[provider]) < limits[provider] { saturated.remove(provider) }
    guard let model = permit.model, let position = index(provider, model) else { return }
    models[position].inFlight = max(0, models[position].inFlight - 1)
  }

  private mutating func releaseRemoved(_ permit: Permit) {
    guard let index = removed.firstIndex(where: { $0.id == permit.id }) else { return }
    removed[index].inFlight -= 1
    if removed[index].inFlight == 0 {
      removed.remove(at: index)
    } else if let model = permit.model,
      let position = removed[index].models.firstIndex(where: { $0.name.utf8.elementsEqual(model.utf8) })
    {
      removed[index].models[position].inFlight = max(0, removed[index].models[position].inFlight - 1)
    }
  }

  private func index(_ provider: Int, _ model: String) -> Int? {
    models.firstIndex { $0.provider == provider && $0.name.utf8.elementsEqual(model.utf8) }
  }
}
