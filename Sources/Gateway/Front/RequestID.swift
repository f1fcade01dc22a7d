internal import HTTPText

/// The ID of a request, in its response and in the access log.
enum RequestID {
  /// Bytes of the longest ID that a client may set.
  static let bytesMax = 128

  /// Returns whether a client's ID is used: `[A-Za-z0-9._-]{1,128}`, which needs no escaping anywhere.
  static func isValid(_ text: Span<UInt8>) -> Bool {
    guard (1...bytesMax).contains(text.count) else { return false }
    for index in text.indices where !isPlain(text[index]) { return false }
    return true
  }

  /// Returns a new ID of 36 characters that sorts by its time: a UUID of version 7 (RFC 9562, section 5.7).
  ///
  /// `milliseconds` is the time since 1970, of which the low 48 bits are used.
  static func mint(random: inout some RandomNumberGenerator, milliseconds: UInt64) -> String {
    let high = milliseconds << 16 | 0x7000 | random.next() & 0x0fff
    let low = 0x8000_0000_0000_0000 | random.next() >> 2
    // Eight digits at a time. The text begins as all dashes.
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

  /// Returns the low 32 bits as eight hexadecimal digits, the first in the highest byte.
  private static func digits(_ word: UInt64) -> UInt64 {
    // Each half of a byte moves to a byte of its own.
    var spread = word & 0xffff_ffff
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // 1 in each byte that becomes a letter, which is 39 codes after the digit's.
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread + 0x3030_3030_3030_3030 + letters * 39
  }

  private static func put(_ digits: UInt64, _ count: Int, at start: Int, into text: inout InlineArray<36, UInt8>) {
    for index in 0..<count { text[start + index] = UInt8(truncatingIfNeeded: digits >> UInt64(56 - 8 * index)) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: byte.isDecimalDigit
    }
  }
}
