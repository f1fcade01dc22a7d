/// The proxies that the environment names, by the rules of curl 7.88.
struct ProxyEnvironment {
  private let variables: [String: String]

  init(_ variables: [String: String]) { self.variables = variables }

  /// Returns the URL of the proxy for a base URL and the variable that names it, or `nil` for none. A missing scheme is
  /// `http`, and a missing port 1080, or 443 over TLS.
  func proxy(for base: BaseURL) -> (variable: String, url: String)? {
    // Programs that a web server starts get callers' `Proxy` fields as HTTP_PROXY.
    let own = base.isSecure ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
    guard base.socketPath == nil, !isExcluded(base.host),
      let (variable, value) = value(own + ["all_proxy", "ALL_PROXY"])
    else { return nil }
    var url = value.contains("://") ? value : "http://" + value
    if url.hasSuffix("/") { url.removeLast() }
    let host = url[(url.lastIndex { $0 == "/" || $0 == "@" } ?? url.startIndex)...]
    if host.hasSuffix("]") || !host.contains(":") { url += url.lowercased().hasPrefix("https:") ? ":443" : ":1080" }
    return (variable, url)
  }

  /// Returns the first variable that is set and not empty.
  private func value(_ names: [String]) -> (name: String, value: String)? {
    for name in names {
      if let value = variables[name], !value.isEmpty { return (name, value) }
    }
    return nil
  }

  /// Returns whether `no_proxy` lists a host: a name or a domain above it, an address or a network, or `*` for all.
  private func isExcluded(_ host: String) -> Bool {
    guard let list = value(["no_proxy", "NO_PROXY"])?.value else { return false }
    if list == "*" { return true }
    let address = Address(host)
    let name = Self.withoutDot(host.lowercased()[...])
    return list.split { $0 == "," || $0 == " " || $0 == "\t" }.contains { entry in
      if let address { return Self.contains(entry, address) }
      var domain = Self.withoutDot(entry.lowercased()[...])
      if domain.first == "." { domain.removeFirst() }
      return name == domain || !domain.isEmpty && name.hasSuffix("." + domain)
    }
  }

  private static func withoutDot(_ name: Substring) -> Substring { name.last == "." ? name.dropLast() : name }

  /// Returns whether an entry is an address, or a network with it.
  private static func contains(_ entry: Substring, _ address: Address) -> Bool {
    let parts = entry.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let network = Address(first), network.isIPv6 == address.isIPv6 else {
      return false
    }
    let width = network.bytes.count * 8
    guard let written = parts.count > 1 ? Int(parts[1]) : 0, (0...width).contains(written) else { return false }
    // No length, and the length 0, stand for the address itself.
    let bits = written == 0 ? width : written
    return network.bytes.indices.allSatisfy { index in
      let mask = UInt8(truncatingIfNeeded: 0xff00 >> min(8, max(0, bits - index * 8)))
      return (network.bytes[index] ^ address.bytes[index]) & mask == 0
    }
  }
}
