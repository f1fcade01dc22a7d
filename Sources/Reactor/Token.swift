/// The value that epoll returns with an event: the kind of a descriptor, its number, and its generation.
///
/// 64 bits: kind (8), generation (24), number (32). An event with an outdated generation belongs to a descriptor that
/// was closed in the same batch, and is ignored.
struct Token: Equatable {
  /// The kinds of descriptors.
  enum Kind: UInt8 {
    case listener, client, upstream, plain, signals, mailbox, dns, files, parents
  }

  let bits: UInt64

  /// Whether the descriptor carries client or upstream data.
  var isBulk: Bool { kind == .client || kind == .upstream || kind == .plain }

  init(_ kind: Kind, generation: UInt32, number: UInt32) {
    bits = UInt64(kind.rawValue) << 56 | UInt64(generation & 0xFF_FFFF) << 32 | UInt64(number)
  }

  init(bits: UInt64) { self.bits = bits }

  var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: bits >> 56)) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) & 0xFF_FFFF }
  var number: UInt32 { UInt32(truncatingIfNeeded: bits) }
}
