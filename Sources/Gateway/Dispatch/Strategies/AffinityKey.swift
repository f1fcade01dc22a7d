internal import Glibc

/// What requests of one session, or with one beginning, have in common: a number made of it.
///
/// The same text has the same number in every process, so that a session finds its provider again after a restart.
public struct AffinityKey: Equatable, Sendable {
  /// Bytes of a conversation's beginning that count.
  public static let prefixBytesMax = 4096

  public let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  /// The key of a name.
  public init(_ text: String) { self.init(prefix: text.utf8.span) }

  /// The key of a beginning, as in the bytes of the first messages.
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

  /// The key of both together.
  func joined(with other: AffinityKey) -> AffinityKey { AffinityKey(bits: Self.mix(bits, other.bits)) }

  /// How little a candidate is meant for this key: of all candidates the one with the least has it (rendezvous
  /// hashing). Over many keys each is meant in proportion to its weight, and a candidate that comes or goes moves
  /// no key but its own.
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
