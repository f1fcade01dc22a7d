/// Where an upstream is: its URL, taken apart once. A class, because every request holds one and none changes it.
public final class UpstreamTarget: Sendable {
  /// The whole URL; `http` or `https`. Operators write it, callers never do.
  public let url: String
  /// `scheme://host[:port]`.
  let origin: String
  /// What a request's head begins with, behind the method: path, version and host.
  let headStart: String
  /// The host, and the port where it is not the scheme's own.
  private let authority: String
  /// Whether its connections are encrypted.
  public let isSecure: Bool
  var name: String { hostPort.name }
  var port: UInt16 { hostPort.port }

  /// Where a name leads to is remembered for each of its ports, because libcurl asks for both together.
  let hostPort: HostPort

  struct HostPort: Hashable, Sendable {
    /// The host when it is a name that has to be looked up; empty for an address and for `localhost`, whose
    /// addresses libcurl knows by itself.
    let name: String
    let port: UInt16
  }

  /// Takes a URL apart that was checked when the configuration was read.
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
    let isLiteral = host.hasPrefix("[") || IPAddress(String(host)) != nil || host.lowercased() == "localhost"
    hostPort = HostPort(name: isLiteral ? "" : host.lowercased(), port: port)
  }

  private init(_ url: String, at other: UpstreamTarget) {
    self.url = url
    origin = other.origin
    authority = other.authority
    headStart = Self.headStart(url, origin, authority)
    isSecure = other.isSecure
    hostPort = other.hostPort
  }

  /// In the path, what would end it or its line is escaped.
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

  /// The same place with a longer path; of `path` only what a path may have (RFC 3986, section 3.3).
  public func appending(_ path: String) -> UpstreamTarget { UpstreamTarget(url + path, at: self) }
}

/// Which addresses that a name has may be connected to.
public enum AddressPolicy: Sendable {
  /// All of them.
  case any
  /// Those of the public Internet, so that a name cannot lead to this machine or to its neighbours.
  case publicOnly

  func allows(_ address: IPAddress) -> Bool { self == .any || address.isPublic }
}
