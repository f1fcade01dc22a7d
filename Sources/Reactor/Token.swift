/// What epoll gives back with an event: what kind of descriptor, which one, and which life of it.
///
/// 64 bits: kind (8), generation (24), number (32). An event whose generation is no longer current belongs to
/// a descriptor that was closed in the same batch, and is skipped.
struct Token: Equatable {
  enum Kind: UInt8 {
    case listener, client, upstream, signals, mailbox, dns, files
  }

  let bits: UInt64

  /// Whether it stands for what brings bytes.
  var isBulk: Bool { kind == .client || kind == .upstream }

  init(_ kind: Kind, generation: UInt32, number: UInt32) {
    bits = UInt64(kind.rawValue) << 56 | UInt64(generation & 0xFF_FFFF) << 32 | UInt64(number)
  }

  init(bits: UInt64) { self.bits = bits }

  var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: bits >> 56)) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) & 0xFF_FFFF }
  var number: UInt32 { UInt32(truncatingIfNeeded: bits) }
}
