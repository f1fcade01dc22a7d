/// The name of one request, in answers and in the journal.
enum RequestID {
  /// Bytes of the longest id that is taken from a client.
  static let bytesMax = 128

  /// Whether a client's id is kept: `[A-Za-z0-9._-]{1,128}`, which needs no escaping anywhere.
  static func sane(_ text: Span<UInt8>) -> Bool {
    guard (1...bytesMax).contains(text.count) else { return false }
    for index in text.indices where !isPlain(text[index]) { return false }
    return true
  }

  /// A new id of 36 characters, which sorts by its time: a UUID of version 7 (RFC 9562, section 5.7).
  ///
  /// `milliseconds` since 1970; its low 48 bits count.
  static func mint(random: inout some RandomNumberGenerator, milliseconds: UInt64) -> String {
    let high = milliseconds << 16 | 0x7000 | random.next() & 0x0fff
    let low = 0x8000_0000_0000_0000 | random.next() >> 2
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for digit in 0..<32 {
      if digit == 8 || digit == 12 || digit == 16 || digit == 20 { text.append(UInt8(ascii: "-")) }
      let word = digit < 16 ? high : low
      let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - digit % 16 * 4) & 15)
      text.append(value < 10 ? 0x30 + value : 0x57 + value)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: byte.isDecimalDigit
    }
  }
}
