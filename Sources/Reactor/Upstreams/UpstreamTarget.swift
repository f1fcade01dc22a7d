/// The parsed URL of an upstream. A class, because all requests share one immutable object.
public final class UpstreamTarget: Sendable {
  /// The whole URL, `http` or `https`. It comes from the operator, never from a caller.
  public let url: String
  /// `scheme://host[:port]`.
  let origin: String
  /// The first part of the request head, after the method: path, version, and `host` field.
  let headStart: String
  /// The host, with the port unless it is the scheme's default.
  private let authority: String
  /// Whether the connection uses TLS.
  public let isSecure: Bool
  var name: String { hostPort.name }
  var port: UInt16 { hostPort.port }

  /// The host name and port, for which addresses are cached together, because libcurl needs both.
  let hostPort: HostPort

  /// The host, if it is an IP address.
  private let literal: IPAddress?

  /// Returns whether a policy allows the host as it is written. The addresses of a host name are checked once they are
  /// known; `localhost` is this machine without a lookup.
  func isAllowed(by policy: AddressPolicy) -> Bool {
    if !name.isEmpty { return true }
    return literal.map(policy.allows) ?? (policy == .any)
  }

  /// A host name and a port.
  struct HostPort: Hashable, Sendable {
    /// The host name to look up. Empty for an IP address and for `localhost`, which libcurl resolves itself.
    let name: String
    let port: UInt16
  }

  /// Parses a URL that the configuration has validated.
  public init(_ url: String) {
    self.url = url
    var slashes = 0
    let end = url.utf8.firstIndex { byte in
      if byte == UInt8(ascii: "/") { slashes += 1 }
      return slashes == 3 || byte == UInt8(ascii: "?")
    }
    origin = String(url[..<(end ?? url.endIndex)])
    isSecure = origin.hasPrefix("https:")
    var host = origin.drop { $0 != "/" }.drop { $0 == "/" }
    let defaultPort = UInt16(isSecure ? 443 : 80)
    var port = defaultPort
    var authority = host
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
      port = UInt16(host[host.index(after: colon)...]) ?? port
      host = host[..<colon]
      if port == defaultPort { authority = host }
    }
    self.authority = String(authority)
    headStart = Self.headStart(url, origin, self.authority)
    literal = IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host))
    let isLiteral = host.hasPrefix("[") || literal != nil || host.lowercased() == "localhost"
    hostPort = HostPort(name: isLiteral ? "" : host.lowercased(), port: port)
  }

  private init(_ url: String, at other: UpstreamTarget) {
    self.url = url
    origin = other.origin
    authority = other.authority
    headStart = Self.headStart(url, origin, authority)
    isSecure = other.isSecure
    hostPort = other.hostPort
    literal = other.literal
  }

  /// Returns the start of the head. Characters that would end the path or its line are percent-encoded.
  private static func headStart(_ url: String, _ origin: String, _ authority: String) -> String {
    var path: [UInt8] = []
    for byte in url.utf8.dropFirst(origin.utf8.count) {
      if path.isEmpty, byte != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
      if byte > 0x20, byte < 0x7f {
        path.append(byte)
      } else {
        path += Array("%\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
      }
    }
    return "\(path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)) HTTP/1.1\r\nhost: \(authority)\r\n"
  }

  /// Returns a target with `path` appended. `path` must be a valid URL path (RFC 3986, section 3.3).
  public func appending(_ path: String) -> UpstreamTarget { UpstreamTarget(url + path, at: self) }
}
