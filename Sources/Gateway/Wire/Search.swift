internal import Glibc

/// Finds bytes in borrowed memory, many at a time, and never reads past its end.
///
/// Offsets are relative to the beginning of the span and must be in `0...count`.
public enum Search {
  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// Returns the offset of the first `byte` from `offset`, or nil.
  @inlinable
  public static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from offset: Int) -> Int? {
    let at = index(of: byte, in: bytes, from: offset)
    return at < bytes.count ? at : nil
  }

  /// Returns the offset of the first `byte` from `offset`, or the end.
  public static func index(of byte: UInt8, in bytes: Span<UInt8>, from offset: Int) -> Int {
    precondition(offset >= 0 && offset <= bytes.count)
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard offset < buffer.count, let base = buffer.baseAddress,
        let found = unsafe memchr(base + offset, Int32(byte), buffer.count - offset)
      else { return buffer.count }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }

  /// Returns whether the bytes contain a word, which is not empty.
  static func contains(_ word: StaticString, in bytes: Span<UInt8>) -> Bool {
    let text = word.bytes
    var at = index(of: text[0], in: bytes, from: 0)
    while at < bytes.count {
      if bytes.hasPrefix(word, at: at, before: bytes.count) { return true }
      at = index(of: text[0], in: bytes, from: at + 1)
    }
    return false
  }

  /// Returns the offset of the first line feed or carriage return from `offset`, or the end.
  public static func endOfLine(in bytes: Span<UInt8>, from offset: Int) -> Int {
    precondition(offset >= 0 && offset <= bytes.count)
    let count = bytes.count
    var at = offset
    while count - at >= 8 {
      let word = wholeWord(in: bytes, at: at)
      let feeds = word ^ 0x0a0a_0a0a_0a0a_0a0a
      let returns = word ^ 0x0d0d_0d0d_0d0d_0d0d
      let ends = ((feeds &- ones) & ~feeds | (returns &- ones) & ~returns) & tops
      if ends != 0 { return at + ends.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < count {
      let byte = bytes[at]
      if byte == 0x0a || byte == 0x0d { return at }
      at += 1
    }
    return count
  }

  /// Returns the offset of the first control character from `offset`, or the end.
  static func control(in bytes: Span<UInt8>, from offset: Int) -> Int {
    precondition(offset >= 0 && offset <= bytes.count)
    let count = bytes.count
    var at = offset
    while count - at >= 8 {
      let word = wholeWord(in: bytes, at: at)
      let deletes = word ^ 0x7f7f_7f7f_7f7f_7f7f
      // A borrow out of a lower byte can mark only a byte after one that is marked already.
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let controls = (low | (deletes &- ones) & ~deletes) & tops
      if controls != 0 { return at + controls.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < count, bytes[at] >= 0x20, bytes[at] != 0x7f { at += 1 }
    return at
  }

  /// Returns the offset of the first byte from `offset` that is not plain text in a JSON string, or the end.
  ///
  /// Such a byte is a quote, a backslash, a control character, or outside ASCII.
  @inline(__always) @_noAllocation @_noLocks
  static func endOfPlainText(in bytes: Span<UInt8>, from offset: Int) -> Int {
    let count = bytes.count
    precondition(offset >= 0)
    precondition(offset <= count)
    // Most keys and many values end within a word; a longer text is worth a call.
    if count &- offset >= 8 {
      let stops = stops(in: wholeWord(in: bytes, at: offset))
      if stops != 0 { return offset &+ stops.trailingZeroBitCount >> 3 }
      return endOfLongText(in: bytes, from: offset &+ 8)
    }
    return endOfRest(in: bytes, from: offset)
  }

  /// Continues `endOfPlainText` in a longer text, 32 bytes at a time.
  @inline(never) @_noAllocation @_noLocks
  private static func endOfLongText(in bytes: Span<UInt8>, from offset: Int) -> Int {
    let count = bytes.count
    var at = offset
    while count &- at >= 32 {
      let first = stops(in: wholeWord(in: bytes, at: at))
      let second = stops(in: wholeWord(in: bytes, at: at &+ 8))
      let third = stops(in: wholeWord(in: bytes, at: at &+ 16))
      let fourth = stops(in: wholeWord(in: bytes, at: at &+ 24))
      if first | second | third | fourth != 0 {
        if first != 0 { return at &+ first.trailingZeroBitCount >> 3 }
        if second != 0 { return at &+ 8 &+ second.trailingZeroBitCount >> 3 }
        if third != 0 { return at &+ 16 &+ third.trailingZeroBitCount >> 3 }
        return at &+ 24 &+ fourth.trailingZeroBitCount >> 3
      }
      at &+= 32
    }
    while count &- at >= 8 {
      let stops = stops(in: wholeWord(in: bytes, at: at))
      if stops != 0 { return at &+ stops.trailingZeroBitCount >> 3 }
      at &+= 8
    }
    return endOfRest(in: bytes, from: at)
  }

  /// Continues `endOfPlainText` in the last seven bytes.
  @inline(never) @_noAllocation @_noLocks
  private static func endOfRest(in bytes: Span<UInt8>, from offset: Int) -> Int {
    let count = bytes.count
    var at = offset
    while at < count {
      let byte = bytes[at]
      if byte < 0x20 { return at }
      if byte >= 0x80 { return at }
      if byte == 0x22 { return at }
      if byte == 0x5c { return at }
      at &+= 1
    }
    return at
  }

  /// Returns up to eight bytes from `offset` as a number, the first one lowest. Bytes from `end` on are zero.
  @inline(__always) @_noAllocation @_noLocks
  static func word(in bytes: Span<UInt8>, at offset: Int, before end: Int) -> UInt64 {
    precondition(offset >= 0)
    let count = bytes.count
    precondition(end <= count)
    let width = end - offset
    if width <= 0 { return 0 }
    if count - offset >= 8 {
      let word = wholeWord(in: bytes, at: offset)
      return width >= 8 ? word : word & (1 << UInt64(truncatingIfNeeded: width * 8) &- 1)
    }
    var word: UInt64 = 0
    var index = width
    while index > 0 {
      index -= 1
      word = word << 8 | UInt64(bytes[offset + index])
    }
    return word
  }

  /// Returns whether the bytes equal `text`, which has as many and is in lower case, without regard to case.
  static func matchesIgnoringCase(_ text: Span<UInt8>, in bytes: Span<UInt8>) -> Bool {
    let count = bytes.count
    precondition(count == text.count)
    if count < 8 {
      var index = 0
      while index < count {
        if unsafe bytes[unchecked: index].lowercased != text[unchecked: index] { return false }
        index &+= 1
      }
      return true
    }
    // The last word overlaps the one before it.
    var at = 0
    while true {
      if lowercased(wholeWord(in: bytes, at: at)) != wholeWord(in: text, at: at) { return false }
      if at == count &- 8 { return true }
      at = min(at &+ 8, count &- 8)
    }
  }

  /// Returns a word with its ASCII letters in lower case.
  @inline(__always) @_noAllocation @_noLocks
  private static func lowercased(_ word: UInt64) -> UInt64 {
    // Of each byte without its top bit, the additions carry into the top bit from `A` on, and from behind `Z` on.
    let low = word & ~tops
    let letters = ((low &+ 0x3f3f_3f3f_3f3f_3f3f) ^ (low &+ 0x2525_2525_2525_2525)) & ~word & tops
    return word | letters >> 2
  }

  /// Returns whether the bytes at `offset`, of which there are enough, equal `name`.
  @inline(__always) @_noAllocation @_noLocks
  static func matches(_ name: StaticString, in bytes: Span<UInt8>, at offset: Int) -> Bool {
    precondition(offset >= 0)
    let rest = bytes.count - offset
    precondition(name.utf8CodeUnitCount <= rest)
    var index = 0
    while index < name.utf8CodeUnitCount {
      if unsafe bytes[unchecked: offset + index] != name.utf8Start[index] { return false }
      index += 1
    }
    return true
  }

  /// Returns the byte of `name` at `index`, which is below its count.
  @inline(__always) @_noAllocation @_noLocks
  static func byte(of name: StaticString, at index: Int) -> UInt8 {
    precondition(index < name.utf8CodeUnitCount)
    return unsafe name.utf8Start[index]
  }

  /// Returns the eight bytes at `offset`, the first one lowest. The caller ensures that they exist.
  @inline(__always) @_noAllocation @_noLocks
  private static func wholeWord(in bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    unsafe bytes.withUnsafeBytes {
      UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// Returns the top bit of each byte of `word` that ends plain text. It is exact up to and including the first of them.
  @inline(__always) @_noAllocation @_noLocks
  private static func stops(in word: UInt64) -> UInt64 {
    let quote = word ^ 0x2222_2222_2222_2222
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    // A borrow out of a lower byte can mark only a byte after one that is marked already.
    let low = (word &- 0x2020_2020_2020_2020) | (quote &- ones) | (backslash &- ones)
    return (low | word) & tops
  }
}

extension Span where Element == UInt8 {
  /// Returns the byte at `offset`, or 0 after the end, which is no byte of valid JSON.
  @inline(__always) @_noAllocation @_noLocks
  func byte(at offset: Int) -> UInt8 {
    // The compiler does not see that the subscript's own check is the same, which would double the cost.
    unsafe UInt(bitPattern: offset) < UInt(bitPattern: count) ? self[unchecked: offset] : 0
  }

  /// The bytes as text. Malformed UTF-8 becomes U+FFFD.
  public var text: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
}

extension StaticString {
  /// The literal's code units, which are valid for the lifetime of the process.
  var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get {
      let buffer = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
      return unsafe _overrideLifetime(buffer.span, borrowing: ())
    }
  }
}

extension Array where Element == UInt8 {
  /// Appends borrowed bytes in one copy.
  mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
