extension Span<UInt8> {
  /// The bytes without the white space around them.
  var trimmed: Span<UInt8> {
    @_lifetime(copy self) get {
      var start = 0
      var end = count
      while start < end, Self.isSpace(self[start]) { start += 1 }
      while end > start, Self.isSpace(self[end - 1]) { end -= 1 }
      return start == 0 && end == count ? self : extracting(start..<end)
    }
  }

  /// Whether a byte is JSON whitespace (RFC 8259, section 2).
  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
  }
}
