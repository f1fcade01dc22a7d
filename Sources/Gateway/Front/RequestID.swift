/// The name of one request, in answers and in the journal.
enum RequestID {
  /// Bytes of the longest id that is taken from a client.
  static let bytesMax = 128

  /// Whether a client's id is kept: `[A-Za-z0-9._-]{1,128}`, which needs no escaping anywhere.
  static func isValid(_ text: Span<UInt8>) -> Bool {
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
    // Eight digits at a time; the dashes are there already.
    let digits = (digits(high >> 32), digits(high), digits(low >> 32), digits(low))
    var text = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))
    put(digits.0, 8, at: 0, into: &text)
    put(digits.1, 4, at: 9, into: &text)
    put(digits.1 << 32, 4, at: 14, into: &text)
    put(digits.2, 4, at: 19, into: &text)
    put(digits.2 << 32, 4, at: 24, into: &text)
    put(digits.3, 8, at: 28, into: &text)
    return text.span.text
  }

  /// The low 32 bits in hexadecimal, the first digit in the highest byte.
  private static func digits(_ word: UInt64) -> UInt64 {
    // Each half of a byte gets a byte of its own.
    var spread = word & 0xffff_ffff
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // 1 in each byte that is a letter; from "0" to "a" - 10 it is 39.
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread + 0x3030_3030_3030_3030 + letters * 39
  }

  private static func put(_ digits: UInt64, _ count: Int, at place: Int, into text: inout InlineArray<36, UInt8>) {
    for index in 0..<count { text[place + index] = UInt8(truncatingIfNeeded: digits >> UInt64(56 - 8 * index)) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: byte.isDecimalDigit
    }
  }
}
