extension UInt8 {
  /// Whether the byte may be part of a field name or a method: `tchar` of RFC 9110, section 5.6.2.
  @inlinable package var isTokenByte: Bool {
    // One bit for each ASCII code.
    let bits: UInt64 = self < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return self < 128 && bits >> UInt64(self & 63) & 1 == 1
  }

  /// Whether the byte is a space or a tab.
  @inlinable package var isBlank: Bool { self == 0x20 || self == 0x09 }

  /// Whether the byte is a control character other than a tab. No line may contain one.
  @inlinable package var isForbiddenControl: Bool { self < 0x20 && self != 0x09 || self == 0x7f }

  /// Whether the byte is one of `0` to `9`.
  @inlinable package var isDecimalDigit: Bool { self >= 0x30 && self <= 0x39 }

  /// The value of a hexadecimal digit in either letter case; nil for other bytes.
  @inlinable package var hexDigitValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x37
    case 0x61...0x66: self - 0x57
    default: nil
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether one of the bytes is a control character other than a tab.
  @inlinable package var hasForbiddenControl: Bool {
    var at = 0
    while count - at >= 8 {
      let word = unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
      let deletes = word ^ 0x7f7f_7f7f_7f7f_7f7f
      // A borrow out of a lower byte can mark only a byte after one that is marked already.
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let controls = (low | (deletes &- 0x0101_0101_0101_0101) & ~deletes) & 0x8080_8080_8080_8080
      if controls != 0 {
        for index in at..<at + 8 where self[index].isForbiddenControl { return true }
      }
      at += 8
    }
    for index in at..<count where self[index].isForbiddenControl { return true }
    return false
  }

  /// Returns `range` without the spaces and tabs at its ends.
  @inlinable package func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }
}
