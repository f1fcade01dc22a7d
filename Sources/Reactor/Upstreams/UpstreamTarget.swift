/// Where an upstream is: its URL, taken apart once.
public struct UpstreamTarget: Hashable, Sendable {
  /// The whole URL; `http` or `https`. Operators write it, callers never do.
  public let url: String
  /// `scheme://host[:port]`.
  let origin: String
  /// Whether its connections are encrypted.
  public let isSecure: Bool
  var name: String { place.name }
  var port: UInt16 { place.port }

  /// Where a name leads to is remembered for each of its ports, because libcurl asks for both together.
  let place: Place

  struct Place: Hashable, Sendable {
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
      return slashes == 3
    }
    origin = String(url[..<(end ?? url.endIndex)])
    isSecure = origin.hasPrefix("https:")
    var host = origin.drop { $0 != "/" }.drop { $0 == "/" }
    var port = UInt16(isSecure ? 443 : 80)
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
      port = UInt16(host[host.index(after: colon)...]) ?? port
      host = host[..<colon]
    }
    let isLiteral = host.hasPrefix("[") || IPAddress(String(host)) != nil || host.lowercased() == "localhost"
    place = Place(name: isLiteral ? "" : host.lowercased(), port: port)
  }

  private init(_ url: String, at other: UpstreamTarget) {
    self.url = url
    origin = other.origin
    isSecure = other.isSecure
    place = other.place
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
