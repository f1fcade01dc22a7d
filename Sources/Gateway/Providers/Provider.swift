/// A configured provider, ready for requests: everything that is the same for all of them is made once.
final class Provider: Sendable {
  let name: String
  let kind: ProviderKind
  let dialect: Dialect
  /// Where chat completions are asked for.
  let chatURL: String
  /// Returns the rest of that URL, for dialects that have the model there.
  let modelPath: (@Sendable (_ model: String, _ streams: Bool) -> String)?
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

    /// `lines` carry the key. There is no `Accept`: without it every type is accepted, and every line costs.
    init(_ secret: String?, _ lines: [String]) {
      self.secret = secret
      fields = ["content-type: application/json"] + lines
      getFields = lines
    }

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

  init(_ configuration: Configuration.Provider, models: [Configuration.Model] = []) {
    name = configuration.name
    kind = configuration.kind
    dialect = configuration.dialect
    let base = configuration.baseURL
    let row = dialect.row
    let root = row.root(base)
    let chat = row.path(of: .chat)
    chatURL = root + (chat?.path ?? "")
    modelPath = chat?.rest
    modelsURL = root + row.modelsPath
    let secrets = configuration.keys.map { $0.reveal() as String? }
    credentials = (secrets.isEmpty ? [nil] : secrets).map { Credential($0, row.credentialFields($0)) }
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
