/// The host names that requests may be for. The list keeps a web page from reaching the gateway under a name of its own
/// (DNS rebinding).
struct HostAllowlist: Sendable {
  private let names: [[UInt8]]
  private let acceptsAddresses: Bool

  /// An allowlist of the loopback names, the bind addresses, `names`, and the name of this machine, which DNS cannot give to
  /// another: alone, up to its first dot, and below `.local`.
  ///
  /// A gateway that binds beyond loopback also allows every literal IP address, because DNS cannot rebind one.
  ///
  /// - Parameter admin: The bind address of the listener for administration, if it has one.
  init(bind: String, admin: String? = nil, names: [String], machine: String? = nil) {
    let binds = [bind, admin].compactMap(\.self)
    var own = ["localhost", "127.0.0.1", "[::1]"] + binds.map { $0.contains(":") ? "[\($0)]" : $0 }
    if let machine, Address.isName(machine), Address(machine) == nil {
      let first = machine.prefix { $0 != "." }
      own += [machine, String(first), first + ".local"]
    }
    self.names = (own + names).map { Array($0.lowercased().utf8) }
    acceptsAddresses = binds.contains { !(Address($0)?.isLoopback ?? true) }
  }

  /// Returns whether a `Host` without its port is allowed, in any letter case.
  func allows(_ host: Span<UInt8>) -> Bool {
    for name in names where host.equalsIgnoringCase(name.span) { return true }
    guard acceptsAddresses else { return false }
    var text = host.text
    if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
    return Address(text) != nil
  }
}
