// Comparing and writing bytes as text, without creating strings.

extension Span where Element == UInt8 {
  /// Returns whether `text` is at `offset` and ends before `end`.
  func hasPrefix(_ text: StaticString, at offset: Int, before end: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard offset >= 0, end <= self.count, end - offset >= count else { return false }
    return Search.matches(text, in: self, at: offset)
  }

  /// Returns whether the span is `text`.
  func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && hasPrefix(text, at: 0, before: count)
  }

  /// Returns whether the span is `text`, which must be in lower case, without regard to case.
  func equalsIgnoringCase(_ text: Span<UInt8>) -> Bool {
    guard count == text.count else { return false }
    return Search.matchesIgnoringCase(text, in: self)
  }

  /// Returns whether both spans have the same bytes.
  func equals(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in other.indices where self[index] != other[index] { return false }
    return true
  }
}

extension UInt8 {
  /// Whether the byte is an ASCII letter or digit.
  var isAlphanumeric: Bool {
    let letter = lowercased
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z") || self >= 0x30 && self <= 0x39
  }

  /// The lower-case form of an ASCII letter. Other bytes stay the same.
  var lowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
}

extension Array where Element == UInt8 {
  /// Appends a literal.
  mutating func append(_ text: StaticString) { append(text.bytes) }

  /// Appends text without escaping. Disfavored, so that a literal does not become a `String`, which takes five times as
  /// long.
  @_disfavoredOverload
  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  /// Appends a number in decimal.
  mutating func append(decimal number: Int) {
    if number < 0 {
      append(UInt8(ascii: "-"))
      append(decimal: number.magnitude)
    } else {
      append(decimal: number.magnitude)
    }
  }

  private mutating func append(decimal number: UInt) {
    let digits = DecimalDigits(UInt64(number))
    append(digits.span)
  }

  /// Appends a number in hexadecimal, as in a chunk size.
  mutating func append(hexadecimal number: Int) {
    var shift = 60
    while shift > 0, number >> shift == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      shift -= 4
    }
  }
}
