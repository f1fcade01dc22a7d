/// Percent-encoding of paths and queries (RFC 3986, section 2.1).
enum PercentEncoding {
  /// Decodes a segment of a path once; `nil` if an escape is malformed or the result is not UTF-8.
  static func decode(_ segment: Span<UInt8>) -> String? {
    var out: [UInt8] = []
    var index = 0
    while index < segment.count {
      if segment[index] == UInt8(ascii: "%") {
        guard index + 2 < segment.count, let high = digit(segment[index + 1]), let low = digit(segment[index + 2])
        else { return nil }
        out.append(high << 4 | low)
        index += 3
      } else {
        out.append(segment[index])
        index += 1
      }
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte.lowercased {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte.lowercased - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
