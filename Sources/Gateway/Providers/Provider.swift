/// A configured provider, ready for requests: everything that is the same for all of them is made once.
struct Provider: Sendable {
  let name: String
  let kind: ProviderKind
  /// Where chat completions are asked for.
  let chatURL: String
  /// Where the list of models is.
  let modelsURL: String
  /// The key that it is asked with.
  let secret: String?
  /// The field lines of a request with a JSON body.
  let fields: [String]
  /// The field lines of a request without one.
  let getFields: [String]
  /// Whether it accepts `stream_options.include_usage`.
  let acceptsUsage: Bool
  let http2: Bool
  let idleMax: Duration
  let maxTokensLimit: Int?
  let patterns: [ModelPattern]
  let priority: Int
  /// How the in-process provider answers; `nil` for all others.
  let demo: Demo?

  init(_ configuration: Configuration.Provider) {
    name = configuration.name
    kind = configuration.kind
    chatURL = configuration.baseURL.apiRoot + "/chat/completions"
    modelsURL = configuration.baseURL.apiRoot + "/models"
    var lines = ["accept: application/json"]
    secret = configuration.apiKey?.reveal()
    if let secret { lines.append("authorization: Bearer " + secret) }
    getFields = lines
    fields = ["content-type: application/json", "accept: application/json, text/event-stream"] + lines.dropFirst()
    acceptsUsage = configuration.takesStreamOptions
    http2 = configuration.http2
    idleMax = configuration.idle
    maxTokensLimit = configuration.maxTokensLimit
    patterns = configuration.models.map(ModelPattern.init)
    priority = configuration.priority
    demo = configuration.demo.map(Demo.init)
  }

  /// The models that are known by name without asking.
  var namedModels: [String] { patterns.filter(\.isExact).map(\.text) }
}
