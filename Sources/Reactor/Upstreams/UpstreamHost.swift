/// The host and the port of a URL, as libcurl and the DNS cache need them.
struct UpstreamHost: Sendable {
  /// The host, with the port unless it is the scheme's default.
  let text: String
  /// The host name and port, for which addresses are cached together, because libcurl needs both.
  let hostPort: HostPort
  /// The host, if it is an IP address.
  let literal: IPAddress?

  /// A host name and a port.
  struct HostPort: Hashable, Sendable {
    /// The host name to look up. Empty for an IP address and for `localhost`, which libcurl resolves itself.
    let name: String
    let port: UInt16
  }

  /// Parses a text such as `host:81` or `[::1]`, without a user, that the configuration has validated.
  init(_ written: Substring, defaultPort: UInt16) {
    var host = written
    var port = defaultPort
    var text = written
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
      port = UInt16(host[host.index(after: colon)...]) ?? port
      host = host[..<colon]
      if port == defaultPort { text = host }
    }
    self.text = String(text)
    literal = IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host))
    let isLiteral = host.hasPrefix("[") || literal != nil || host.lowercased() == "localhost"
    hostPort = HostPort(name: isLiteral ? "" : host.lowercased(), port: port)
  }
}
