/// The settings of a gateway. A value has passed every check of `ConfigurationKeys`.
public struct Configuration: Sendable, Equatable {
  public var server: Server
  /// The providers in the order of the file, including disabled ones.
  public var providers: [Provider]
  public var routing: Routing
  /// The settings of single models, which override the model catalog.
  public var models: [Model]
  public var auth: Auth
  /// The listener for administration; `nil` if it has none of its own.
  public var admin: Admin?
  public var limits: [Limit] = []
  public var budgets: [Budget] = []
  public var cache: Cache
  public var accessLog: AccessLog
  public var ledger = Ledger()
  /// The outdated keys in the file, in its order.
  public var warnings: [ConfigurationWarning] = []
  /// The file that it was read from.
  var text = SourceText()
  /// Whether it was discovered, without a file.
  var isDiscovered = false
  /// Lines for the operator about the servers that were discovered, and about those that were skipped.
  public var notes: [String] = []

  /// The port of a gateway whose configuration does not name one.
  public static var defaultPort: Int { defaults.server.port }

  /// The largest number of providers.
  public static let providersMax = 128

  /// The settings of the listener, and the limits and timeouts of requests.
  public struct Server: Sendable, Equatable {
    /// An IPv4 or IPv6 address as text, never a name.
    public var bind: String
    /// A TCP port. 0 lets the system choose.
    public var port: Int
    /// Accepted host names besides the loopback ones and the bind address, in lower case, without a port.
    public var allowedHosts: [String]
    /// Origins of web pages that may call from a browser, in lower case. Empty disables CORS.
    public var allowedOrigins: [String]
    public var jsonBodyBytesMax: Int
    public var idleTimeout: Duration
    public var modelsTimeout: Duration
    /// The time between two requests of the model lists by which requests are routed. Zero requests none.
    public var modelsRefresh: Duration
    /// The time that a model list is cached for `GET /v1/models`. Zero disables the cache.
    public var modelsCache: Duration
    /// Whether a request with fields that its provider does not support is rejected.
    public var strict: Bool
    /// The most tokens of an answer whose request and model have no limit, by which budgets hold.
    public var outputTokensDefault: Int
    public var clientsMax: Int
    /// Zero means no limit. `nil` means the default, which limits other machines only.
    public var clientsPerAddressMax: Int?
    public var requestBodiesBytesMax: Int
    /// Zero means no limit.
    public var memoryBytesMax: Int
    public var outputHighWater: Int
    public var headerTimeout: Duration
    public var bodyTimeout: Duration
    public var clientReadTimeout: Duration
    /// The timeouts of every provider that sets none of its own.
    public var timeouts: Timeouts
    public var dnsCache: Duration
    public var drainTimeout: Duration
  }

  /// A configured backend that serves models.
  public struct Provider: Sendable, Equatable {
    public var kind: ProviderKind
    /// The chat API that hoosh uses for it.
    public var dialect: Dialect
    /// The name, which is unique.
    public var name: String
    public var baseURL: BaseURL
    /// The proxy that connects to it. `nil` means none, whatever the environment says.
    public var proxy: ProxyURL?
    /// The API keys, used in rotation. Empty for a provider that needs none.
    public var keys: [Secret] = []
    /// The priority among equally specific providers. Lower values are tried first.
    public var priority: Int
    /// Patterns of the models that it serves. Empty means those that it lists, or every model while its list is not known.
    public var models: [String] = []
    /// Whether a provider on another machine may answer for a model that this one has, if it is on this machine.
    public var allowsHostedFallback = false
    /// Whether it serves nothing until its list is known, because the configuration does not name it.
    public var isDiscovered = false
    public var isEnabled: Bool = true
    /// The share of requests under the weighted strategy.
    public var weight: Int
    /// The concurrency limit. `nil` means no limit.
    public var concurrencyMax: Int?
    public var timeouts: Timeouts
    public var maxTokensLimit: Int?
    /// The most requests in any minute. `nil` means no limit.
    public var requestsPerMinute: Int?
    public var http2: Bool = false
    /// Whether libcurl carries all of its requests.
    public var usesCurl: Bool = false
    /// The time that an idle upstream connection stays open.
    public var idleTimeout: Duration
    /// Whether its host name may resolve to public addresses only.
    public var publicAddressesOnly: Bool = false
    /// Overrides the provider catalog if it is not `nil`.
    public var usageInStreams: Bool?
    /// The settings of a `Demo`. `nil` for every other kind.
    public var demo: Demo?

    /// Whether `stream_options.include_usage` may be sent.
    public var takesStreamOptions: Bool { usageInStreams ?? (kind.row.streamUsage == .accepts) }
  }

  /// The behavior of a provider that runs inside hoosh.
  public struct Demo: Sendable, Equatable {
    /// Zero means no delay.
    public var tokensPerSecond: Double =
      ConfigurationValues.defaults.number("providers[].demo.tokens_per_second") ?? 0
    public var tokens: Int = ConfigurationValues.defaults.integer("providers[].demo.tokens") ?? 0
    public var firstToken: Duration = ConfigurationValues.defaults.milliseconds("providers[].demo.first_token_ms")
    public var failure: Failure?

    public init() {}

    /// The point at which a demo fails.
    public enum Failure: String, Sendable { case before, during, refuse }
  }

  /// The API keys of callers.
  public struct Auth: Sendable, Equatable {
    /// Empty allows requests without a key.
    public var tokens: [Secret]
    /// Keys with names.
    public var keys: [Key] = []
    /// The path of the key file. Empty means none.
    public var keyFile = ""
    /// Whether callers need a key. With a key file they do, whatever is in it.
    public var needsKey: Bool { !tokens.isEmpty || !keys.isEmpty || !keyFile.isEmpty }
    /// Whether it is meant that callers need no key, also from other machines.
    public var isOpen: Bool
  }

  /// The settings of the ledger.
  public struct Ledger: Sendable, Equatable {
    /// The file. Empty means that there is none.
    public var path = ""
    /// Days after which rows are removed; 0 means never.
    public var keepDays = 0
    /// Bytes of the file above which the oldest rows are removed; 0 means no limit.
    public var bytesMax = 0
  }

  /// The settings of a listener for administration.
  public struct Admin: Sendable, Equatable {
    /// An IPv4 or IPv6 address as text, never a name.
    public var bind: String
    /// A TCP port. 0 lets the system choose.
    public var port: Int
  }

  /// The settings of the access log.
  public struct AccessLog: Sendable, Equatable {
    public var format: Format
    /// The file. Empty means standard error.
    public var path: String

    /// The format of a line, or `off`.
    public enum Format: String, Sendable { case json, text, off }
  }
}

extension Configuration {
  /// Replaces the bind address and port, under the same rules as in a file.
  ///
  /// - Parameter source: where the values come from, such as `--bind`, for errors.
  public mutating func listen(bind: String?, port: Int?, source: String) throws(ConfigurationErrors) {
    var changed = self
    do throws(BindError) {
      if let bind {
        changed.server.bind = try Self.bindAddress(bind, isAllowed: auth.needsKey || auth.isOpen)
      }
      if let port {
        guard (0...65535).contains(port) else { throw BindError(message: "the port must be from 0 to 65535") }
        changed.server.port = port
      }
    } catch {
      throw ConfigurationErrors([ConfigurationError(file: source, message: error.message)])
    }
    self = changed
  }

  /// The reason why hoosh cannot listen on an address.
  struct BindError: Error {
    var message: String
  }

  /// Returns the numeric address to listen on. An address that is not loopback requires API keys, or `auth.open`.
  static func bindAddress(_ text: String, isAllowed: Bool) throws(BindError) -> String {
    if text.lowercased() == "localhost" { return "127.0.0.1" }
    guard let address = Address(text) else {
      throw BindError(message: "the bind address must be an IPv4 address, an IPv6 address, or localhost")
    }
    guard address.isLoopback || isAllowed else {
      throw BindError(
        message: "cannot bind \(text) without API keys, because anyone who reaches this machine could use your "
          + "providers; add [auth] tokens or bind 127.0.0.1, or set auth.open = true if that is meant")
    }
    return text
  }
}
