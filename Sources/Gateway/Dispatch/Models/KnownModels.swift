/// Properties of models at their providers: those of the catalog, with the configuration taking precedence.
struct KnownModels: Sendable {
  /// A provider, and the settings of its models.
  struct Provider: Sendable {
    /// The name of the provider type in the catalog.
    var kind: String
    var dialect = Dialect.openAI
    var isLocal: Bool
    /// These take precedence over the catalog, field by field.
    var models: [Configuration.Model] = []
  }

  /// A model, and which of its properties are certain.
  struct Known: Equatable, Sendable {
    var model: ModelCatalog.Model
    /// Whether the context length is certain: it is that of this very model, or configured.
    var isContextSure = false
    /// Whether the capabilities are certain: they are configured.
    var areCapabilitiesSure = false
  }

  /// The properties of all candidates of one name.
  struct Profile: Sendable {
    fileprivate var name = ""
    /// The models in the order of the candidates.
    var models: [Known?] = []
    /// The smallest context length of a candidate.
    var contextMin: Int = .max
    /// The capabilities that at least one candidate lacks.
    var missing: ModelCapabilities = []
  }

  /// The most profiles that are cached.
  static let profilesMax = 256
  /// The capabilities by which candidates are selected.
  static let checkedCapabilities: ModelCapabilities = [.tools, .vision, .schema]

  private let catalog: ModelCatalog
  private let providers: [Provider]
  private var profiles: [String: Profile] = [:]

  init(_ providers: [Provider] = [], catalog: ModelCatalog = ModelCatalog()) {
    self.providers = providers
    self.catalog = catalog
  }

  /// Returns the dialect of a provider.
  func dialect(of provider: Int) -> Dialect { providers[provider].dialect }

  /// Returns what is known about a model at a provider.
  func model(_ name: String, at provider: Int) -> Known? {
    let configured = providers[provider]
    let found = catalog.find(name, provider: configured.kind)
    var known = Known(
      model: found?.model ?? ModelCatalog.Model(provider: configured.kind, name: name),
      isContextSure: found?.isExact ?? false)
    // The capabilities of another version say little about this one.
    if found?.isExact == false { known.model.capabilities = nil }
    // A local server has the context length that it was started with, and costs nothing.
    if configured.isLocal {
      known.model.context = nil
      known.model.prices = [.free]
    }
    guard let model = configured.models.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      return found != nil || configured.isLocal ? known : nil
    }
    if let context = model.contextTokens {
      known.model.context = context
      known.isContextSure = true
    }
    if let capabilities = model.capabilities {
      known.model.capabilities = capabilities
      known.areCapabilitiesSure = true
    }
    // A price for all providers is that of the hosted ones.
    if let input = model.inputPrice, let output = model.outputPrice, !configured.isLocal || model.provider != nil {
      known.model.prices = [TokenPrices(input: Self.microUSD(input), output: Self.microUSD(output))]
    }
    return known
  }

  /// Returns whether a model thinks; `nil` if that is unknown. A version of a known model thinks if that model does.
  func thinks(_ name: String, at provider: Int) -> Bool? {
    let configured = providers[provider]
    let settings = configured.models.first { $0.name.utf8.elementsEqual(name.utf8) }
    let found = settings?.capabilities ?? catalog.find(name, provider: configured.kind)?.model.capabilities
    return found?.contains(.reasoning)
  }

  /// Converts US dollars to millionths of a US dollar.
  private static func microUSD(_ dollars: Double) -> UInt64 { UInt64((dollars * 1e6).rounded()) }

  /// Returns the cached profile of a name; it is valid for as long as the route table.
  func profile(of name: String) -> Profile? {
    // Two texts can be equal without having the same bytes; they name different models.
    guard let profile = profiles[name], profile.name.utf8.elementsEqual(name.utf8) else { return nil }
    return profile
  }

  /// Computes and caches the profile of a name. `candidates` have their providers' names for the model.
  mutating func profile(of name: String, _ candidates: [(provider: Int, model: String)]) -> Profile {
    var profile = Profile(name: name, models: candidates.map { model($0.model, at: $0.provider) })
    for case let known? in profile.models {
      profile.contextMin = min(profile.contextMin, known.model.context ?? .max)
      if let capabilities = known.model.capabilities {
        profile.missing.formUnion(Self.checkedCapabilities.subtracting(capabilities))
      }
    }
    if profiles.count >= Self.profilesMax { profiles.removeAll() }
    profiles[name] = profile
    return profile
  }
}

extension ModelCatalog {
  /// The built-in catalog; see `docs/catalog.md`.
  static let builtIn = readBuiltIn(PackageResources.models_jsonl)

  private static func readBuiltIn(_ file: [UInt8]) -> ModelCatalog {
    do throws(ModelCatalogError) {
      return try read(file.span)
    } catch {
      preconditionFailure("the built-in model catalog: \(error)")
    }
  }
}
