internal import Glibc

/// A hash that requests of one session, or with the same prefix, have in common.
///
/// The same text has the same hash in every process, so that a session returns to its provider after a restart.
public struct AffinityKey: Equatable, Sendable {
  /// The number of bytes of a conversation's prefix that count.
  public static let prefixBytesMax = 4096

  public let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  /// Creates the key of a name.
  public init(_ text: String) { self.init(prefix: text.utf8.span) }

  /// Creates the key of a prefix, such as the bytes of the first messages.
  public init(prefix bytes: Span<UInt8>) {
    let end = min(bytes.count, Self.prefixBytesMax)
    var hash = Self.mix(0, UInt64(end))
    var at = 0
    while at < end {
      hash = Self.mix(hash, Search.word(in: bytes, at: at, before: end))
      at += 8
    }
    bits = hash
  }

  /// Returns the key of both parts together.
  func joined(with other: AffinityKey) -> AffinityKey { AffinityKey(bits: Self.mix(bits, other.bits)) }

  /// Returns the distance between this key and a candidate; the nearest candidate serves the key (rendezvous
  /// hashing). Over many keys, each candidate serves a share in proportion to its weight, and a candidate that is
  /// added or removed moves no keys but its own.
  func distance(to identity: UInt32, weight: Int32) -> Double {
    let hash = Self.mix(bits, UInt64(identity) << 32 | 0x5bd1_e995)
    let uniform = (Double(hash >> 11) + 1) * 0x1p-53
    return weight > 0 ? -log(uniform) / Double(weight) : .infinity
  }

  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
    let mixed = product.high ^ product.low
    return (mixed ^ mixed >> 32) &* 0x9e37_79b9_7f4a_7c15
  }
}
