/// Which host names a request may be for, so that a web page cannot reach the gateway under a name of its own
/// (DNS rebinding).
struct HostAllowlist: Sendable {
  private let names: [[UInt8]]
  private let acceptsAddresses: Bool

  /// The loopback names and the bind address are always accepted. Beyond loopback any literal IP address is,
  /// because nobody can rebind one.
  init(bind: String, names: [String]) {
    let own = ["localhost", "127.0.0.1", "[::1]", bind.contains(":") ? "[\(bind)]" : bind]
    self.names = (own + names).map { Array($0.lowercased().utf8) }
    acceptsAddresses = !(Address(bind)?.isLoopback ?? true)
  }

  /// Whether a `Host` without its port is accepted; letter case does not matter.
  func allows(_ host: Span<UInt8>) -> Bool {
    for name in names where host.equalsIgnoringCase(name.span) { return true }
    guard acceptsAddresses else { return false }
    var text = host.text
    if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
    return Address(text) != nil
  }
}
