/// The host names that requests may be for. The list keeps a web page from reaching the gateway under a name of its own
/// (DNS rebinding).
struct HostAllowlist: Sendable {
  private let names: [[UInt8]]
  private let acceptsAddresses: Bool

  /// An allowlist of the loopback names, the bind address, `names`, and the name of this machine, which DNS cannot give to
  /// another: alone, up to its first dot, and below `.local`.
  ///
  /// A gateway that binds beyond loopback also allows every literal IP address, because DNS cannot rebind one.
  init(bind: String, names: [String], machine: String? = nil) {
    var own = ["localhost", "127.0.0.1", "[::1]", bind.contains(":") ? "[\(bind)]" : bind]
    if let machine, Address.isName(machine), Address(machine) == nil {
      let first = machine.prefix { $0 != "." }
      own += [machine, String(first), first + ".local"]
    }
    self.names = (own + names).map { Array($0.lowercased().utf8) }
    acceptsAddresses = !(Address(bind)?.isLoopback ?? true)
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
