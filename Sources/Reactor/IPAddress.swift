internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address.
@safe
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address in network order, as two numbers. An IPv4 address fills the first four bytes.
  private let high: UInt64
  private let low: UInt64
  public let isIPv6: Bool

  /// Parses an address, IPv6 without brackets. Returns `nil` if the text is not an address.
  public init?(_ text: String) {
    var address = linux_address()
    guard unsafe linux_address_read(text, &address) > 0 else { return nil }
    self.init(address)
  }

  /// Converts an address from C. Returns `nil` if it is empty.
  init?(_ address: linux_address) {
    guard address.length == 4 || address.length == 16 else { return nil }
    isIPv6 = address.length == 16
    (high, low) = unsafe withUnsafeBytes(of: address.bytes) { bytes in
      unsafe (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }

  /// The address in network byte order: 4 bytes for IPv4, 16 for IPv6.
  public var bytes: [UInt8] {
    (0..<(isIPv6 ? 16 : 4)).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - $0 % 8 * 8)) }
  }

  /// The address for C.
  var linux: linux_address {
    var address = linux_address()
    address.length = isIPv6 ? 16 : 4
    unsafe withUnsafeMutableBytes(of: &address.bytes) { bytes in
      unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return address
  }

  public var description: String {
    var address = linux
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
      unsafe linux_address_write(&address, text.baseAddress)
      return unsafe String(cString: text.baseAddress!)
    }
  }

  /// The addresses that one host has at least: its IPv4 address, or its network of 64 bits in IPv6 (RFC 4291 section
  /// 2.5.4), in which it can choose as many addresses as it likes.
  public var network: IPAddress {
    let isMapped = isIPv6 && high == 0
    return isIPv6 && !isMapped ? IPAddress(high: high) : self
  }

  private init(high: UInt64) {
    self.high = high
    low = 0
    isIPv6 = true
  }

  /// Whether only this machine can reach the address: 127/8, `::1`, or 127/8 mapped into IPv6.
  public var isLoopback: Bool {
    guard isIPv6 else { return high >> 56 == 127 }
    return high == 0 && (low == 1 || low >> 24 == 0xffff_7f)
  }

  /// Whether the address belongs to the public Internet. Loopback, private, link-local, and multicast addresses do
  /// not, nor do addresses that embed one of those (RFC 6890, RFC 6598, RFC 4291, RFC 6052).
  public var isPublic: Bool {
    guard isIPv6 else { return Self.isPublic(v4: UInt32(truncatingIfNeeded: high >> 32)) }
    let inner = UInt32(truncatingIfNeeded: low)
    if high == 0 {
      // The unspecified address, loopback, and IPv4 in IPv6, mapped or "compatible".
      return low >> 32 == 0xffff ? Self.isPublic(v4: inner) : false
    }
    switch high >> 48 {
    // NAT64: the well-known prefix embeds an IPv4 address; the other prefix is local (RFC 8215).
    case 0x0064: return high == 0x0064_ff9b_0000_0000 && low >> 32 == 0 && Self.isPublic(v4: inner)
    // 6to4 embeds IPv4. Teredo, benchmarking, ORCHID, and documentation are in 2001::/23 and 2001:db8::/32.
    case 0x2002: return Self.isPublic(v4: UInt32(truncatingIfNeeded: high >> 16))
    case 0x2001: return high >> 32 >= 0x2001_0200 && high >> 32 != 0x2001_0db8
    // Only 2000::/3 is assigned as global unicast.
    case let first: return first >> 13 == 1
    }
  }

  /// IPv4 networks that are not part of the public Internet, with their prefix lengths.
  private static let special: [(network: UInt32, bits: UInt32)] = [
    (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xac10_0000, 12),
    (0xc000_0000, 24), (0xc000_0200, 24), (0xc058_6300, 24), (0xc0a8_0000, 16), (0xc612_0000, 15),
    (0xc633_6400, 24), (0xcb00_7100, 24), (0xe000_0000, 4), (0xf000_0000, 4),
  ]

  private static func isPublic(v4 address: UInt32) -> Bool {
    !special.contains { (address ^ $0.network) >> (32 - $0.bits) == 0 }
  }
}
