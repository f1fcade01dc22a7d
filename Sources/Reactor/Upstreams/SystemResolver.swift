internal import CLinux

/// The system's DNS resolver.
enum SystemResolver {
  /// Looks up the addresses of a host name. Returns an empty list if it has none, and `nil` if the lookup failed.
  /// Blocks.
  @Sendable static func resolve(_ name: String) -> [IPAddress]? {
    var found = [linux_address](repeating: linux_address(), count: DNSCache.addressesMax)
    let count = unsafe linux_resolve(name, &found, CInt(found.count))
    if count < 0 { return nil }
    return found.prefix(Int(count)).compactMap { IPAddress($0) }
  }
}
