extension BaseURL {
  /// The host name or address, without brackets.
  var host: String {
    guard let scheme = text.firstRange(of: "://") else { return "" }
    let authority = text[scheme.upperBound...].prefix { $0 != "/" }
    if authority.first == "[" { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return String(authority.prefix { $0 != ":" })
  }

  /// Whether the address is one of this machine: loopback, a Unix socket, or a part of this process.
  var isOnThisMachine: Bool {
    if isInProcess || socketPath != nil { return true }
    let host = host.lowercased()
    return host == "localhost" || host.hasSuffix(".localhost") || Address(host)?.isLoopback == true
  }
}
