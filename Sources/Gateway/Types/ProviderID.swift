internal import Digest

/// The identity of a provider, which survives a reload and a restart: it is derived from the provider's name.
struct ProviderID: Hashable, Sendable {
  /// The first 64 bits of the name's SHA-256.
  let value: UInt64

  init(name: String) {
    let digest = SHA256.hash(Array(name.utf8).span)
    var value: UInt64 = 0
    for index in 0..<8 { value = value << 8 | UInt64(digest.bytes[index]) }
    self.value = value
  }
}
