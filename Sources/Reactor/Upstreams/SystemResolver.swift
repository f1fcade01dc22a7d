internal import CLinux

/// The system's own way from a host name to its addresses: files, name servers, whatever it is set up for.
enum SystemResolver {
  /// The addresses of a name, none when it has none, `nil` when nobody could say. Blocks.
  @Sendable static func resolve(_ name: String) -> [IPAddress]? {
    var found = [linux_address](repeating: linux_address(), count: DNSCache.addressesMax)
    let count = unsafe linux_resolve(name, &found, CInt(found.count))
    if count < 0 { return nil }
    return found.prefix(Int(count)).compactMap { IPAddress($0) }
  }
}
