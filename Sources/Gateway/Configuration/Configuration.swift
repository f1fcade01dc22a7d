/// Everything a person decides about a gateway, checked: whoever holds one need not check again.
public struct Configuration: Sendable, Equatable {
  public var server: Server
  /// In the order of the file, the disabled ones included.
  public var providers: [Provider]
  public var routing: Routing
  /// What the file knows better of models than the catalog.
  public var models: [Model]
  public var auth: Auth
  public var accessLog: AccessLog

  /// Providers that a configuration may have.
  public static let providersMax = 128

  /// What faces the callers, and how long anything may take.
  public struct Server: Sendable, Equatable {
    /// An IPv4 or IPv6 address as text, never a name.
    public var bind: String
    /// A TCP port; 0 lets the system choose.
    public var port: Int
    /// Host names accepted besides the loopback ones and the bind address, in lower case, without a port.
    public var hosts: [String]
    /// Origins that may call from a browser, in lower case; none turns CORS off.
    public var origins: [String]
    public var jsonBodyBytesMax: Int
    public var idleTimeout: Duration
    public var modelsTimeout: Duration
    /// How long a list of models is remembered; zero asks every time.
    public var modelsCache: Duration
    /// Whether what a provider cannot take of a request refuses it.
    public var strict: Bool
    public var clientsMax: Int
    /// Zero is no limit.
    public var clientsPerAddressMax: Int
    public var bodiesBytesMax: Int
    /// Zero is no limit.
    public var memoryBytesMax: Int
    public var outputHighWater: Int
    public var headTimeout: Duration
    public var bodyTimeout: Duration
    public var clientReadTimeout: Duration
    /// For providers that say nothing else.
    public var timeouts: Timeouts
    public var dnsCache: Duration
    public var drain: Duration
  }

  /// One place that answers requests.
  public struct Provider: Sendable, Equatable {
    public var kind: ProviderKind
    /// What it is spoken to in.
    public var dialect: Dialect
    /// Unlike that of every other provider.
    public var name: String
    public var baseURL: BaseURL
    /// Used in turn; none for a provider that asks for none.
    public var keys: [Secret] = []
    /// Lower is tried first.
    public var priority: Int = 10
    /// Patterns of the models it serves; none means every model.
    public var models: [String] = []
    public var isEnabled: Bool = true
    /// Its share where load is spread by weight.
    public var weight: Int = 1
    /// Requests that it may have at once; `nil` is no limit.
    public var concurrencyMax: Int?
    public var timeouts: Timeouts
    public var maxTokensLimit: Int?
    public var http2: Bool = false
    /// How long an unused connection is kept.
    public var idle: Duration
    /// Whether its name may lead to public addresses only.
    public var publicAddressesOnly: Bool = false
    /// Overrides the catalog when not nil.
    public var usageInStreams: Bool?
    /// Present for a `Demo` only.
    public var demo: Demo?

    /// Whether `stream_options.include_usage` may be sent.
    public var takesStreamOptions: Bool { usageInStreams ?? (kind.row.streamUsage == .accepts) }
  }

  /// How a provider inside of hoosh behaves, for trying things out.
  public struct Demo: Sendable, Equatable {
    /// Zero is as fast as possible.
    public var tokensPerSecond: Double = 50
    public var tokens: Int = 64
    public var firstToken: Duration = .milliseconds(200)
    public var failure: Failure?

    public init() {}

    /// When a demo fails.
    public enum Failure: String, Sendable { case before, during, refuse }
  }

  /// Who may call.
  public struct Auth: Sendable, Equatable {
    /// None lets everybody in.
    public var tokens: [Secret]
  }

  /// The record of what happened, a line per request.
  public struct AccessLog: Sendable, Equatable {
    public var format: Format
    /// The file that the lines go to; empty for standard error.
    public var path: String

    /// How a line is written, or that none is.
    public enum Format: String, Sendable { case json, text, off }
  }
}

extension Configuration {
  /// Listens elsewhere, as a command line may ask; the rules of a file hold.
  ///
  /// - Parameter source: what to call the place of the wish in a fault, as in `--bind`.
  public mutating func listen(bind: String?, port: Int?, source: String) throws(ConfigurationErrors) {
    var wished = self
    do throws(BindError) {
      if let bind { wished.server.bind = try Self.bindAddress(bind, hasTokens: !auth.tokens.isEmpty) }
      if let port {
        guard (0...65535).contains(port) else { throw BindError(message: "the port must be from 0 to 65535") }
        wished.server.port = port
      }
    } catch {
      throw ConfigurationErrors([ConfigurationError(file: source, message: error.message)])
    }
    self = wished
  }

  /// Why an address is not listened on.
  struct BindError: Error {
    var message: String
  }

  /// The address to listen on, in numbers; beyond this machine only for callers with a token.
  static func bindAddress(_ text: String, hasTokens: Bool) throws(BindError) -> String {
    if text.lowercased() == "localhost" { return "127.0.0.1" }
    guard let address = Address(text) else {
      throw BindError(message: "the bind address must be an IPv4 or IPv6 address or localhost")
    }
    guard address.isLoopback || hasTokens else {
      throw BindError(
        message: "refusing to bind \(text) without [auth] tokens: everybody who reaches this machine could spend "
          + "your keys")
    }
    return text
  }
}
