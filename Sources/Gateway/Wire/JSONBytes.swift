// The bytes of JSON text: UTF-8 sequences, hexadecimal digits, and escapes.

extension Span where Element == UInt8 {
  /// Returns the length of the UTF-8 sequence at `offset`, which is not ASCII.
  ///
  /// For a malformed sequence, returns the negated number of bytes that one U+FFFD replaces (Unicode, table 3-7 and
  /// "U+FFFD Substitution of Maximal Subparts").
  @inline(__always) @_noAllocation @_noLocks
  func sequenceLength(at offset: Int) -> Int {
    let lead = byte(at: offset)
    let second = byte(at: offset + 1)
    switch lead {
    case 0xc2...0xdf: return second.isContinuation ? 2 : -1
    case 0xe0...0xef:
      if !second.isContinuation { return -1 }
      // A shorter form exists below U+0800; U+D800...U+DFFF are surrogates.
      if lead == 0xe0, second < 0xa0 { return -1 }
      if lead == 0xed, second > 0x9f { return -1 }
      return byte(at: offset + 2).isContinuation ? 3 : -2
    case 0xf0...0xf4:
      if !second.isContinuation { return -1 }
      // A shorter form exists below U+10000; no scalar is above U+10FFFF.
      if lead == 0xf0, second < 0x90 { return -1 }
      if lead == 0xf4, second > 0x8f { return -1 }
      if !byte(at: offset + 2).isContinuation { return -2 }
      return byte(at: offset + 3).isContinuation ? 4 : -3
    default: return -1
    }
  }

  /// Returns the value of the four hexadecimal digits at `offset`, or a negative number if one is not a digit.
  @inline(__always) @_noAllocation @_noLocks
  func hexadecimal(at offset: Int) -> Int32 {
    var number: Int32 = 0
    var wrong: Int32 = 0
    var index = 0
    while index < 4 {
      let digit = byte(at: offset + index).hexadecimal
      wrong |= digit
      number = number << 4 | digit
      index += 1
    }
    return wrong < 0 ? -1 : number
  }
}

extension UInt8 {
  /// Whether the byte continues a UTF-8 sequence.
  @inline(__always) var isContinuation: Bool { self & 0xc0 == 0x80 }

  /// The value of a hexadecimal digit, or -1.
  @inline(__always) fileprivate var hexadecimal: Int32 {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int32(self - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int32(self - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int32(self - UInt8(ascii: "A") + 10)
    default: -1
    }
  }
}

/// The unescaped bytes of a validated string, one by one, up to its closing quote.
///
/// A lone surrogate becomes U+FFFD.
struct UnescapedBytes {
  /// The offset of the next byte to read.
  private(set) var at: Int
  /// The remaining bytes of an escape, the next one lowest. None of them is 0, because only the first byte of an escape
  /// can be.
  private var rest: UInt32 = 0
  private var hasBegun = false

  /// Begins at `offset`, after the opening quote.
  @inline(__always) @_noAllocation @_noLocks
  init(at offset: Int) { at = offset }

  /// Returns the next byte, or nil at the closing quote.
  @_noAllocation @_noLocks
  mutating func next(in json: Span<UInt8>) -> UInt8? {
    if rest != 0 {
      defer { rest >>= 8 }
      return UInt8(truncatingIfNeeded: rest)
    }
    let byte = json.byte(at: at)
    if byte == UInt8(ascii: "\"") { return nil }
    if at >= json.count { return nil }
    if byte != UInt8(ascii: "\\") {
      at += 1
      return byte
    }
    let letter = json.byte(at: at + 1)
    at += 2
    switch letter {
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0c
    case UInt8(ascii: "n"): return 0x0a
    case UInt8(ascii: "r"): return 0x0d
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "u"): return codeUnits(in: json)
    default: return letter
    }
  }

  /// Returns the next byte of the escape at which reading began, or nil after it.
  mutating func nextOfEscape(in json: Span<UInt8>) -> UInt8? {
    if hasBegun, rest == 0 { return nil }
    hasBegun = true
    return next(in: json)
  }

  /// Returns the first byte of the scalar whose hexadecimal digits are next, and stores the others in `rest`.
  @_noAllocation @_noLocks
  private mutating func codeUnits(in json: Span<UInt8>) -> UInt8 {
    var scalar = UInt32(bitPattern: json.hexadecimal(at: at))
    at += 4
    if scalar & 0xfffff800 == 0xd800 {
      let isHigh = scalar < 0xdc00
      if isHigh, json.byte(at: at) == UInt8(ascii: "\\"), json.byte(at: at + 1) == UInt8(ascii: "u") {
        let low = UInt32(bitPattern: json.hexadecimal(at: at + 2))
        if low & 0xfffffc00 == 0xdc00 {
          at += 6
          scalar = 0x10000 + (scalar & 0x3ff) << 10 + low & 0x3ff
        } else {
          scalar = 0xfffd
        }
      } else {
        scalar = 0xfffd
      }
    }
    switch scalar {
    case 0..<0x80: return UInt8(truncatingIfNeeded: scalar)
    case 0x80..<0x800:
      rest = 0x80 | scalar & 0x3f
      return UInt8(truncatingIfNeeded: 0xc0 | scalar >> 6)
    case 0x800..<0x10000:
      rest = 0x80 | scalar >> 6 & 0x3f | (0x80 | scalar & 0x3f) << 8
      return UInt8(truncatingIfNeeded: 0xe0 | scalar >> 12)
    default:
      rest = 0x80 | scalar >> 12 & 0x3f | (0x80 | scalar >> 6 & 0x3f) << 8 | (0x80 | scalar & 0x3f) << 16
      return UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18 & 7)
    }
  }
}
