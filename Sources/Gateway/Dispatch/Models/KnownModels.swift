/// What is known of models where they are: the catalog, and what the configuration says instead.
struct KnownModels: Sendable {
  /// A provider, and what the configuration says about its models.
  struct Provider: Sendable {
    /// The provider type, under its name in the catalog.
    var kind: String
    var isLocal: Bool
    /// These take precedence over the catalog, field by field.
    var models: [Configuration.Model] = []
  }

  /// A model, and what of it is more than a guess.
  struct Known: Equatable, Sendable {
    var model: ModelCatalog.Model
    /// Whether it reads no more than is said: it is this very model's, or the configuration's word.
    var isContextSure = false
    /// Whether it can do no more than is said: only the configuration knows that.
    var areCapabilitiesSure = false
  }

  /// What is known of all candidates of one name.
  struct Profile: Sendable {
    fileprivate var name = ""
    /// In the order of the candidates.
    var models: [Known?] = []
    /// The fewest tokens that one of them reads.
    var contextMin: Int = .max
    /// What one of them lacks.
    var missing: ModelCapabilities = []
  }

  /// Names whose profiles are kept.
  static let profilesMax = 256
  /// What candidates are looked at for.
  static let checkedCapabilities: ModelCapabilities = [.tools, .vision, .schema]

  private let catalog: ModelCatalog
  private let providers: [Provider]
  private var profiles: [String: Profile] = [:]

  init(_ providers: [Provider] = [], catalog: ModelCatalog = ModelCatalog()) {
    self.providers = providers
    self.catalog = catalog
  }

  /// What is known of a model at a provider.
  func model(_ name: String, at provider: Int) -> Known? {
    let configured = providers[provider]
    let found = catalog.find(name, provider: configured.kind)
    var known = Known(
      model: found?.model ?? ModelCatalog.Model(provider: configured.kind, name: name),
      isContextSure: found?.isExact ?? false)
    // What another version can do says little about this one.
    if found?.isExact == false { known.model.capabilities = nil }
    // A server of one's own has the context that it was started with, and costs nothing.
    if configured.isLocal {
      known.model.context = nil
      known.model.prices = [ModelCatalog.Prices(input: 0, output: 0)]
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
    if let input = model.inputPrice, let output = model.outputPrice {
      known.model.prices = [ModelCatalog.Prices(input: Self.microUSD(input), output: Self.microUSD(output))]
    }
    return known
  }

  /// Converts US dollars to millionths of a US dollar.
  private static func microUSD(_ dollars: Double) -> UInt64 { UInt64((dollars * 1e6).rounded()) }

  /// What is known of all candidates of a name, if it was asked for before; it is the same for as long as the table is.
  func profile(of name: String) -> Profile? {
    // Texts are equal that are not the same bytes, and those are other models.
    guard let profile = profiles[name], profile.name.utf8.elementsEqual(name.utf8) else { return nil }
    return profile
  }

  /// The same for candidates as they are called at their providers.
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
  /// The catalog that the program brings along; see `docs/catalog.md`.
  static let builtIn = readBuiltIn(PackageResources.models_jsonl)

  private static func readBuiltIn(_ file: [UInt8]) -> ModelCatalog {
    do throws(ModelCatalogError) {
      return try read(file.span)
    } catch {
      preconditionFailure("the built-in catalog of models: \(error)")
    }
  }
}
