/// A configured provider, ready for requests: everything that is the same for all of them is made once.
final class Provider: Sendable {
  let name: String
  let kind: ProviderKind
  let dialect: Dialect
  /// Where chat completions are asked for.
  let chatURL: String
  /// Where the list of models is.
  let modelsURL: String
  /// What it is asked with: one for each key, or one without.
  let credentials: [Credential]

  /// A key, and what requests with it begin with.
  struct Credential: Sendable {
    let secret: String?
    /// The field lines of a request with a JSON body.
    let fields: [String]
    /// The field lines of a request without one.
    let getFields: [String]

    /// The same for a caller who speaks Anthropic's dialect and says which version of it.
    func fields(with callers: [String]) -> [String] {
      if callers.isEmpty { return fields }
      return fields.filter { line in !callers.contains { $0.prefix { $0 != ":" } == line.prefix { $0 != ":" } } }
        + callers
    }
  }

  /// Whether it accepts `stream_options.include_usage`.
  let acceptsUsage: Bool
  let http2: Bool
  let publicAddressesOnly: Bool
  let idleMax: Duration
  let maxTokensLimit: Int?
  let timeouts: Timeouts
  /// For models with times of their own.
  private let modelTimeouts: [String: Timeouts]
  let patterns: [ModelPattern]
  /// How the in-process provider answers; `nil` for all others.
  let demo: Demo?

  /// The version of Anthropic's interface that is spoken to it.
  static let anthropicVersion = "2023-06-01"

  init(_ configuration: Configuration.Provider, models: [Configuration.Model] = []) {
    name = configuration.name
    kind = configuration.kind
    dialect = configuration.dialect
    let base = configuration.baseURL
    let root = dialect == .ollama ? base.root : dialect == .gemini ? base.geminiRoot : base.apiRoot
    switch dialect {
    case .openAI, .responses: (chatURL, modelsURL) = (root + "/chat/completions", root + "/models")
    case .anthropic: (chatURL, modelsURL) = (root + "/messages", root + "/models")
    case .ollama: (chatURL, modelsURL) = (root + "/api/chat", root + "/api/tags")
    case .gemini: (chatURL, modelsURL) = (root + "/models/", root + "/models?pageSize=1000")
    }
    let (dialect, secrets) = (dialect, configuration.keys.map { $0.reveal() as String? })
    credentials = (secrets.isEmpty ? [nil] : secrets).map { Self.credential($0, dialect) }
    acceptsUsage = configuration.takesStreamOptions
    http2 = configuration.http2
    publicAddressesOnly = configuration.publicAddressesOnly
    idleMax = configuration.idle
    maxTokensLimit = configuration.maxTokensLimit
    timeouts = configuration.timeouts
    var times: [String: Timeouts] = [:]
    // What is said of the provider's own comes behind what is said of all, and holds.
    for isOwn in [false, true] {
      for model in models where isOwn ? model.provider == name : model.provider == nil {
        guard model.timeouts != Configuration.TimeoutOverrides() else { continue }
        times[model.name] = (times[model.name] ?? configuration.timeouts).replaced(by: model.timeouts)
      }
    }
    modelTimeouts = times
    patterns = configuration.models.map(ModelPattern.init)
    demo = configuration.demo.map(Demo.init)
  }

  private static func credential(_ secret: String?, _ dialect: Dialect) -> Credential {
    // No `Accept`: without one anything is welcome, and every line costs.
    var lines: [String] = []
    switch dialect {
    case .openAI, .responses, .ollama: if let secret { lines.append("authorization: Bearer " + secret) }
    case .anthropic:
      if let secret { lines.append("x-api-key: " + secret) }
      lines.append("anthropic-version: " + anthropicVersion)
    // In a field: a URL is written down in many places.
    case .gemini: if let secret { lines.append("x-goog-api-key: " + secret) }
    }
    return Credential(secret: secret, fields: ["content-type: application/json"] + lines, getFields: lines)
  }

  /// How long it may take for a model.
  func timeouts(for model: String) -> Timeouts {
    modelTimeouts.isEmpty ? timeouts : modelTimeouts[model] ?? timeouts
  }

  /// Returns what a request to this provider must observe.
  func target(for model: String, streams: Bool) -> WriteTarget {
    WriteTarget(
      model: model, maxTokensLimit: maxTokensLimit, streams: streams, acceptsUsage: acceptsUsage,
      isLocal: kind.row.isLocal)
  }

  /// The models that are known by name without asking.
  var namedModels: [String] { patterns.filter(\.isExact).map(\.text) }
}
