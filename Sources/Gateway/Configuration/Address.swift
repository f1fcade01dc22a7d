/// An IP address, parsed from text without DNS.
struct Address: Equatable, Sendable {
  /// The 4 or 16 bytes of the address, most significant first.
  let bytes: [UInt8]

  var isIPv6: Bool { bytes.count == 16 }

  /// Whether the address is loopback: 127/8, `::1`, or 127/8 mapped into IPv6.
  var isLoopback: Bool {
    guard isIPv6 else { return bytes.first == 127 }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] == 1 }
    return bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255 && bytes[12] == 127
  }

  /// Parses dotted decimal IPv4 or IPv6 text (RFC 4291, section 2.2), without brackets, port or zone.
  init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 45 else { return nil }
    guard let bytes = text.contains(":") ? Self.v6(String(text)) : Self.v4(String(text)) else { return nil }
    self.bytes = bytes
  }

  /// Returns whether a text is a valid host name: 1 to 253 letters, digits, `.`, `-`, and `_`.
  static func isName(_ text: some StringProtocol) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  private static func v4(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // Some parsers read a leading zero as octal, and Swift accepts a sign.
      guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part == "0" || part.first != "0" else {
        return nil
      }
      guard let byte = UInt8(part) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func v6(_ text: String) -> [UInt8]? {
    guard let gap = text.firstRange(of: "::") else {
      guard let bytes = groups(text), bytes.count == 16 else { return nil }
      return bytes
    }
    guard let head = groups(String(text[..<gap.lowerBound])), let tail = groups(String(text[gap.upperBound...])),
      head.count + tail.count <= 14, head.isEmpty || !text[..<gap.lowerBound].contains(".")
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// Returns the bytes of the groups between colons. The last group may be an IPv4 address.
  private static func groups(_ text: String) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if part.contains(".") {
        guard index == parts.count - 1, let last = v4(String(part)) else { return nil }
        bytes += last
        continue
      }
      guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
        let group = UInt16(part, radix: 16)
      else { return nil }
      bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
    }
    return bytes.count <= 16 ? bytes : nil
  }
}
