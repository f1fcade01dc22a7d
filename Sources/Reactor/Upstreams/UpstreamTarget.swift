/// The parsed URL of an upstream. A class, because all requests share one immutable object.
public final class UpstreamTarget: Sendable {
  /// The whole URL, `http`, `https`, or `unix:/socket:/path`. It comes from the operator, never from a caller.
  public let url: String
  /// `scheme://host[:port]`, or `unix:/socket`.
  let origin: String
  /// Where a connection leads: the origin and the proxy. Transfers with the same route may share connections.
  let route: String
  /// The first part of the request head, after the method: path, version, and `host` field.
  let headStart: String
  /// Whether the connection to the upstream uses TLS.
  public let isSecure: Bool
  /// The path of the Unix socket, if the upstream has one in place of a host.
  let socketPath: String?
  /// The proxy that connects to the upstream.
  public let proxy: UpstreamProxy?
  private let host: UpstreamHost

  var name: String { hostPort.name }
  var port: UInt16 { hostPort.port }

  /// The host name and port to connect to: those of the proxy, which looks up the upstream's name itself, if there is one.
  let hostPort: UpstreamHost.HostPort
  /// Which connections may be reused (`UpstreamProxy.pool`); empty without a proxy.
  let pool: String

  /// Whether TLS is used on the way.
  public var usesTLS: Bool { isSecure || proxy?.kind == .https }

  /// The error of a lookup that finds no address.
  var lookupError: TransferError { proxy == nil ? .hostNotFound : .proxyUnreachable }

  /// Whether an HTTP proxy receives the request itself, in place of opening a tunnel.
  var isForwarded: Bool { !isSecure && proxy.map { $0.kind != .socks } ?? false }

  /// Returns whether a policy allows the host as it is written. The addresses of a host name are checked once they are
  /// known; those that a proxy finds never are. `localhost` is this machine without a lookup. A Unix socket has no address.
  func isAllowed(by policy: AddressPolicy) -> Bool {
    if socketPath != nil { return true }
    if proxy == nil, !name.isEmpty { return true }
    return host.literal.map(policy.allows) ?? (policy == .any)
  }

  /// The addresses of a host that needs no lookup: a literal, or this machine. None for a Unix socket.
  var knownAddresses: [IPAddress] {
    if socketPath != nil { return [] }
    return host.literal.map { [$0] } ?? Self.thisMachine
  }

  private static let thisMachine = ["::1", "127.0.0.1"].compactMap { IPAddress($0) }

  /// Parses a URL that the configuration has validated. A proxy is for hosts, not for Unix sockets.
  public init(_ url: String, through proxy: UpstreamProxy? = nil) {
    if url.hasPrefix("unix:") {
      let socket = url.prefix { $0 != ":" }.count + 1
      let rest = url.dropFirst(socket).prefix { $0 != ":" }
      socketPath = String(rest)
      origin = "unix:" + rest
      self.url = origin.utf8.count < url.utf8.count ? url : origin + ":"
      isSecure = false
      host = UpstreamHost("localhost", defaultPort: 80)
      self.proxy = nil
    } else {
      var slashes = 0
      let end = url.utf8.firstIndex { byte in
        if byte == UInt8(ascii: "/") { slashes += 1 }
        return slashes == 3 || byte == UInt8(ascii: "?")
      }
      self.url = url
      origin = String(url[..<(end ?? url.endIndex)])
      isSecure = origin.hasPrefix("https:")
      let authority = origin.drop { $0 != "/" }.drop { $0 == "/" }
      host = UpstreamHost(authority, defaultPort: UInt16(isSecure ? 443 : 80))
      socketPath = nil
      self.proxy = proxy
    }
    hostPort = self.proxy?.host.hostPort ?? host.hostPort
    pool = self.proxy?.pool ?? ""
    route = self.proxy.map { [origin] in "\(origin) \($0.url)" } ?? origin
    let isForwarded = !isSecure && self.proxy.map { $0.kind != .socks } ?? false
    headStart = Self.headStart(self.url, origin, host.text, isForwarded: isForwarded)
  }

  private init(_ url: String, at other: UpstreamTarget) {
    self.url = url
    origin = other.origin
    route = other.route
    host = other.host
    headStart = Self.headStart(url, origin, host.text, isForwarded: other.isForwarded)
    isSecure = other.isSecure
    hostPort = other.hostPort
    pool = other.pool
    socketPath = other.socketPath
    proxy = other.proxy
  }

  /// Returns the start of the head. Characters that would end the path or its line are percent-encoded. A proxy that
  /// forwards the request receives the whole URL (RFC 9112, section 3.2.2).
  private static func headStart(
    _ url: String, _ origin: String, _ authority: String, isForwarded: Bool
  ) -> String {
    var path: [UInt8] = []
    for byte in url.utf8.dropFirst(origin.utf8.count + (origin.hasPrefix("unix:") ? 1 : 0)) {
      if path.isEmpty, byte != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
      if byte > 0x20, byte < 0x7f {
        path.append(byte)
      } else {
        path += Array("%\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
      }
    }
    let start = isForwarded ? "http://\(authority)" : ""
    let target = path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
    return "\(start)\(target) HTTP/1.1\r\nhost: \(authority)\r\n"
  }

  /// Returns a target with `path` appended. `path` must be a valid URL path (RFC 3986, section 3.3).
  public func appending(_ path: String) -> UpstreamTarget { UpstreamTarget(url + path, at: self) }
}

extension UpstreamTarget: CustomReflectable {
  /// The URL alone, because that of the proxy may contain a password.
  public var customMirror: Mirror { Mirror(self, children: ["url": url]) }
}
