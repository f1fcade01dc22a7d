/// A proxy that connects to an upstream. Its URL may contain a password, so no description shows it.
public struct UpstreamProxy: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
  /// The protocols of proxies.
  enum Kind: Sendable {
    /// An HTTP proxy: it forwards requests to `http` URLs and opens tunnels for `https` (RFC 9110, section 9.3.6).
    case http
    /// The same over TLS.
    case https
    /// SOCKS 5 that looks up the host name itself (RFC 1928).
    case socks
  }

  /// The whole URL, with the user and password if there are any, as libcurl takes it.
  let url: String
  let kind: Kind
  let host: UpstreamHost
  let hasCredentials: Bool

  /// Parses a URL that the configuration has validated: `http`, `https`, or `socks5h`, with a port.
  public init(_ url: String) {
    self.url = url
    kind = url.hasPrefix("http:") ? .http : url.hasPrefix("https:") ? .https : .socks
    let rest = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }
    let user = rest.lastIndex(of: "@")
    hasCredentials = user != nil
    host = UpstreamHost(user.map { rest[rest.index(after: $0)...] } ?? rest, defaultPort: 0)
  }

  public static func == (one: UpstreamProxy, other: UpstreamProxy) -> Bool { one.url == other.url }

  /// The connections that may be reused through this proxy. libcurl tells HTTP proxies apart by host and port, but would
  /// use a tunnel that another user has opened.
  var pool: String { hasCredentials && kind != .socks ? url : "" }

  public var description: String { "the proxy \(host.text)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
