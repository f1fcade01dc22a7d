internal import Glibc

/// Finds bytes in borrowed memory, many at a time; nothing here reads past the end of what it is lent.
///
/// Offsets are from the beginning of the span and must lie in `0...count`.
public enum Search {
  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// Offset of the first `byte` at or behind `offset`, or nil.
  @inlinable
  public static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from offset: Int) -> Int? {
    let at = index(of: byte, in: bytes, from: offset)
    return at < bytes.count ? at : nil
  }

  /// Offset of the first `byte` at or behind `offset`; the end where there is none.
  public static func index(of byte: UInt8, in bytes: Span<UInt8>, from offset: Int) -> Int {
    precondition(offset >= 0 && offset <= bytes.count)
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard offset < buffer.count, let base = buffer.baseAddress,
        let found = unsafe memchr(base + offset, Int32(byte), buffer.count - offset)
      else { return buffer.count }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }

  /// Whether a word is anywhere in the bytes.
  static func contains(_ word: StaticString, in bytes: Span<UInt8>) -> Bool {
    let text = word.bytes
    var place = index(of: text[0], in: bytes, from: 0)
    while place < bytes.count {
      if bytes.hasPrefix(word, at: place, before: bytes.count) { return true }
      place = index(of: text[0], in: bytes, from: place + 1)
    }
    return false
  }

  /// Offset of the first line feed or carriage return at or behind `offset`; the end where there is none.
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

  /// Offset of the first control character at or behind `offset`; the end where there is none.
  static func control(in bytes: Span<UInt8>, from offset: Int) -> Int {
    precondition(offset >= 0 && offset <= bytes.count)
    let count = bytes.count
    var at = offset
    while count - at >= 8 {
      let word = wholeWord(in: bytes, at: at)
      let deletes = word ^ 0x7f7f_7f7f_7f7f_7f7f
      // A borrow out of a lower byte can only mark a byte behind one that is marked already.
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let controls = (low | (deletes &- ones) & ~deletes) & tops
      if controls != 0 { return at + controls.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < count, bytes[at] >= 0x20, bytes[at] != 0x7f { at += 1 }
    return at
  }

  /// Offset of the first byte at or behind `offset` that is not plain text inside a JSON string: a quote, a
  /// backslash, a control character or anything outside ASCII. The end where there is none.
  @inline(__always) @_noAllocation @_noLocks
  static func endOfPlainText(in bytes: Span<UInt8>, from offset: Int) -> Int {
    let count = bytes.count
    precondition(offset >= 0)
    precondition(offset <= count)
    // Most keys and many values end within a word; what is longer is worth a call.
    if count &- offset >= 8 {
      let stops = stops(in: wholeWord(in: bytes, at: offset))
      if stops != 0 { return offset &+ stops.trailingZeroBitCount >> 3 }
      return endOfLongText(in: bytes, from: offset &+ 8)
    }
    return endOfRest(in: bytes, from: offset)
  }

  /// The same for a text that goes on, 32 bytes at a time.
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

  /// The same for the last seven bytes.
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

  /// Up to eight bytes at `offset` as a number, the first one lowest; what lies at or behind `end` is zero.
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
    var place = width
    while place > 0 {
      place -= 1
      word = word << 8 | UInt64(bytes[offset + place])
    }
    return word
  }

  /// Whether `name` stands at `offset`, which has that many bytes behind it.
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

  /// The byte of `name` at `index`, which is below its count.
  @inline(__always) @_noAllocation @_noLocks
  static func byte(of name: StaticString, at index: Int) -> UInt8 {
    precondition(index < name.utf8CodeUnitCount)
    return unsafe name.utf8Start[index]
  }

  /// The eight bytes at `offset`, the first one lowest; the caller has seen that they are there.
  @inline(__always) @_noAllocation @_noLocks
  private static func wholeWord(in bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    unsafe bytes.withUnsafeBytes {
      UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// The top bit of each byte of `word` that ends plain text; exact up to and including the first of them.
  @inline(__always) @_noAllocation @_noLocks
  private static func stops(in word: UInt64) -> UInt64 {
    let quote = word ^ 0x2222_2222_2222_2222
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    // A borrow out of a lower byte can only mark a byte behind one that is marked already.
    let low = (word &- 0x2020_2020_2020_2020) | (quote &- ones) | (backslash &- ones)
    return (low | word) & tops
  }
}

extension Span where Element == UInt8 {
  /// The byte at `offset`, or 0 behind the end: a byte that no JSON has outside a fault.
  @inline(__always) @_noAllocation @_noLocks
  func byte(at offset: Int) -> UInt8 {
    // Checked once, here: the subscript's own check is not seen to be the same and would double the cost.
    unsafe UInt(bitPattern: offset) < UInt(bitPattern: count) ? self[unchecked: offset] : 0
  }

  /// The bytes as text; what is not UTF-8 becomes U+FFFD.
  public var text: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
}

extension StaticString {
  /// The literal's code units, which live as long as the program.
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
