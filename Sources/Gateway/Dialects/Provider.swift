/// A configured provider, with everything that all of its requests share.
final class Provider: Sendable {
  let id: ProviderID
  let name: String
  let kind: ProviderKind
  let dialect: Dialect
  /// The calls that it offers, and the URL of each.
  let calls: [(path: CallPath, url: String)]
  /// The questions that it answers beside calls, and the URL of each.
  let questions: [(kind: QuestionPath.Kind, url: String)]
  /// The base URL, as the configuration has it.
  let baseURL: String
  /// The URL of the list of models.
  let modelsURL: String
  /// The credentials: one per API key, or one without a key.
  let credentials: [Credential]

  /// An API key and the header fields of requests that use it.
  struct Credential: Sendable {
    let secret: String?
    /// The header fields of a request with a JSON body.
    let fields: [String]
    /// The header fields of a request without a body.
    let getFields: [String]

    /// `lines` carry the key. There is no `Accept` field: without it every type is accepted, and every field costs
    /// time.
    init(_ secret: String?, _ lines: [String]) {
      self.secret = secret
      fields = ["content-type: application/json", Hops.first] + lines
      getFields = [Hops.first] + lines
    }

    /// Returns the fields of a request with a JSON body, with the caller's fields in place of those of the same name.
    func fields(with callers: [String]) -> [String] { Self.replace(fields, with: callers) }

    /// Returns the fields of a request without a body in the same way.
    func getFields(with callers: [String]) -> [String] { Self.replace(getFields, with: callers) }

    private static func replace(_ fields: [String], with callers: [String]) -> [String] {
      if callers.isEmpty { return fields }
      return fields.filter { line in !callers.contains { $0.prefix { $0 != ":" } == line.prefix { $0 != ":" } } }
        + callers
    }
  }

  /// Whether the provider accepts `stream_options.include_usage`.
  let acceptsUsage: Bool
  /// Whether it runs on this machine.
  let isLocal: Bool
  /// The rules for requests that are translated for it.
  let rules: ProviderRules
  /// Whether its address is one of this machine.
  let isOnThisMachine: Bool
  /// The proxy that connects to it.
  let proxy: ProxyURL?
  let http2: Bool
  /// Whether libcurl carries all of its requests.
  let usesCurl: Bool
  let publicAddressesOnly: Bool
  let idleMax: Duration
  let maxTokensLimit: Int?
  let timeouts: Timeouts
  /// The timeouts of models that have their own.
  private let modelTimeouts: [String: Timeouts]
  let patterns: [ModelPattern]
  /// The settings of the demo provider, or `nil` for all others.
  let demo: Demo?

  /// `models` are the settings of this provider's models, as `Configuration.models(at:)` returns them.
  init(_ configuration: Configuration.Provider, models: [Configuration.Model] = []) {
    id = ProviderID(name: configuration.name)
    name = configuration.name
    kind = configuration.kind
    dialect = configuration.dialect
    let base = configuration.baseURL
    baseURL = base.text
    let row = dialect.row
    let root = row.root(base)
    calls = row.calls.map { ($0, root + $0.path) }
    modelsURL = root + row.modelsPath
    // A demo has no server that could be asked.
    let isDemo = configuration.demo != nil
    questions =
      isDemo
      ? []
      : row.questions.map { ($0.kind, root + $0.path) }
        + (dialect == .openAI ? configuration.kind.row.questions : []).map { ($0.kind, base.root + $0.path) }
    let secrets = configuration.keys.map { $0.reveal() as String? }
    credentials = (secrets.isEmpty ? [nil] : secrets).map { Credential($0, row.credentialFields($0)) }
    acceptsUsage = configuration.takesStreamOptions
    isLocal = configuration.kind.row.isLocal
    rules = dialect == configuration.kind.row.dialect ? configuration.kind.row.rules : row.rules
    isOnThisMachine = configuration.isOnThisMachine
    proxy = configuration.proxy
    http2 = configuration.http2
    usesCurl = configuration.usesCurl
    publicAddressesOnly = configuration.publicAddressesOnly
    idleMax = configuration.idleTimeout
    maxTokensLimit = configuration.maxTokensLimit
    timeouts = configuration.timeouts
    var times: [String: Timeouts] = [:]
    for model in models where model.timeouts != Configuration.TimeoutOverrides() {
      times[model.name] = configuration.timeouts.replaced(by: model.timeouts)
    }
    modelTimeouts = times
    patterns = configuration.models.map(ModelPattern.init)
    demo = configuration.demo.map(Demo.init)
  }

  /// Returns the timeouts of a model.
  func timeouts(for model: String) -> Timeouts {
    modelTimeouts.isEmpty ? timeouts : modelTimeouts[model] ?? timeouts
  }

  /// Returns the properties of this provider and a model that requests depend on.
  func target(for model: String, streams: Bool, thinks: Bool? = nil) -> WriteTarget {
    WriteTarget(
      model: model, maxTokensLimit: maxTokensLimit, streams: streams, acceptsUsage: acceptsUsage,
      isLocal: isLocal, rules: rules, thinks: thinks)
  }

  /// The models that the configuration names without wildcards.
  var namedModels: [String] { patterns.filter(\.isExact).map(\.text) }
}
