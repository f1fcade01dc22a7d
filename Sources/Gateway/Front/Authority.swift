internal import HTTPText

/// A host and a port, as in a `Host` field or before the path of an absolute target (RFC 9110, section 7.2).
///
/// The host is a name of letters, digits, `.`, `-`, `_`, and `~`, an IPv4 address, or an IPv6 address in brackets. User
/// information, percent escapes, and lists are rejected.
struct Authority: Equatable, Sendable {
  /// Bytes of the longest name.
  static let nameBytesMax = 255

  /// The host name as received. IPv6 addresses keep their brackets.
  var name: Slice
  /// The port, 1...65535; nil if the authority has none.
  var port: UInt16?

  /// Returns the authority that fills `range`, or nil if its bytes are not an authority.
  static func read(_ range: Range<Int>, in bytes: Span<UInt8>) -> Authority? {
    guard !range.isEmpty else { return nil }
    let isAddress = bytes[range.lowerBound] == UInt8(ascii: "[")
    guard let end = isAddress ? endOfAddress(range, in: bytes) : endOfName(range, in: bytes) else { return nil }
    let name = Slice(range.lowerBound..<end)
    if end == range.upperBound { return Authority(name: name, port: nil) }
    guard bytes[end] == UInt8(ascii: ":") else { return nil }
    guard let port = port(end + 1..<range.upperBound, in: bytes) else { return nil }
    return Authority(name: name, port: port)
  }

  /// Returns whether both name the same host, in any letter case, and the same port, which is 80 by default.
  func isSame(as other: Authority, in bytes: Span<UInt8>) -> Bool {
    guard name.count == other.name.count, port ?? 80 == other.port ?? 80 else { return false }
    for offset in 0..<Int(name.count) {
      let mine = bytes[Int(name.start) + offset]
      guard mine.lowercased == bytes[Int(other.name.start) + offset].lowercased else { return false }
    }
    return true
  }

  private static func endOfName(_ range: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    var end = range.lowerBound
    while end < range.upperBound, isNameByte(bytes[end]) { end += 1 }
    return (1...nameBytesMax).contains(end - range.lowerBound) ? end : nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: byte.isDecimalDigit
    }
  }

  /// Returns the offset after the bracket that closes an IPv6 address. Checks only the address's alphabet.
  private static func endOfAddress(_ range: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    var end = range.lowerBound + 1
    var colons = 0
    while end < range.upperBound, bytes[end] != UInt8(ascii: "]") {
      let byte = bytes[end]
      guard byte.hexDigitValue != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else { return nil }
      if byte == UInt8(ascii: ":") { colons += 1 }
      end += 1
    }
    guard end < range.upperBound, colons >= 2, end - range.lowerBound <= 46 else { return nil }
    return end + 1
  }

  private static func port(_ range: Range<Int>, in bytes: Span<UInt8>) -> UInt16? {
    guard (1...5).contains(range.count) else { return nil }
    var port = 0
    for index in range {
      guard bytes[index].isDecimalDigit else { return nil }
      port = port * 10 + Int(bytes[index] - 0x30)
    }
    return port > 0 ? UInt16(exactly: port) : nil
  }
}
