/// A syntax error in JSON, or JSON of an unexpected shape.
struct JSONParseError: Error, Equatable {
  /// The offset of the byte where the error was found.
  var offset: Int
}

/// Reads the JSON (RFC 8259) of small files once, from front to back, and builds no tree.
///
/// Decision 019 says why the probe has its own reader.
struct JSONReader {
  /// Maximum nesting of objects and arrays.
  static let depthMax = 64

  let bytes: [UInt8]
  private(set) var at = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The kind of a value.
  enum Kind { case object, array, string, number, word, end }

  /// Returns the kind of the next value.
  mutating func peek() -> Kind {
    skipSpace()
    guard at < bytes.count else { return .end }
    switch bytes[at] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: return .word
    }
  }

  /// Visits every member of the next value, which must be an object. A value that a visit does not read is skipped.
  mutating func members(
    _ visit: (String, inout JSONReader) throws(JSONParseError) -> Void
  ) throws(JSONParseError) {
    try enter(UInt8(ascii: "{"))
    if take(UInt8(ascii: "}")) { return depth -= 1 }
    repeat {
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw error() }
      try visitValue { walker throws(JSONParseError) in try visit(key, &walker) }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error() }
    depth -= 1
  }

  /// Visits every element of the next value, which must be an array. An element that a visit does not read is
  /// skipped.
  mutating func elements(_ visit: (inout JSONReader) throws(JSONParseError) -> Void) throws(JSONParseError) {
    try enter(UInt8(ascii: "["))
    if take(UInt8(ascii: "]")) { return depth -= 1 }
    repeat { try visitValue(visit) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error() }
    depth -= 1
  }

  private mutating func visitValue(
    _ visit: (inout JSONReader) throws(JSONParseError) -> Void
  ) throws(JSONParseError) {
    skipSpace()
    let start = at
    try visit(&self)
    if at == start { try skip() }
  }

  /// Reads a string.
  mutating func string() throws(JSONParseError) -> String {
    let range = try stringRange()
    let inside = bytes[range]
    guard inside.contains(UInt8(ascii: "\\")) else { return String(decoding: inside, as: UTF8.self) }
    return String(decoding: Self.unescaped(inside), as: UTF8.self)
  }

  /// Reads an integer. Skips any other value and returns `nil`.
  mutating func integer() throws(JSONParseError) -> Int? {
    guard peek() == .number else {
      try skip()
      return nil
    }
    return Int(try numberText())
  }

  /// Reads a number. Skips any other value and returns `nil`.
  mutating func decimal() throws(JSONParseError) -> Double? {
    guard peek() == .number else {
      try skip()
      return nil
    }
    return Double(try numberText())
  }

  /// Reads a string. Skips any other value and returns `nil`.
  mutating func text() throws(JSONParseError) -> String? {
    if peek() == .string { return try string() }
    try skip()
    return nil
  }

  /// Skips the next value.
  mutating func skip() throws(JSONParseError) {
    switch peek() {
    case .object: try members { (_, walker) throws(JSONParseError) in try walker.skip() }
    case .array: try elements { (walker) throws(JSONParseError) in try walker.skip() }
    case .string: _ = try stringRange()
    case .number: _ = try numberText()
    case .word:
      for word in ["true", "false", "null"] where bytes[at...].starts(with: word.utf8) {
        at += word.utf8.count
        return
      }
      throw error()
    case .end: throw error()
    }
  }

  /// Returns whether only whitespace is left.
  mutating func isAtEnd() -> Bool { peek() == .end }

  private mutating func enter(_ bracket: UInt8) throws(JSONParseError) {
    depth += 1
    guard depth <= Self.depthMax, take(bracket) else { throw error() }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 {
      at += 1
    }
  }

  private mutating func stringRange() throws(JSONParseError) -> Range<Int> {
    guard take(UInt8(ascii: "\"")) else { throw error() }
    let start = at
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "\"") {
        at += 1
        return start..<at - 1
      }
      if bytes[at] < 0x20 { throw error() }
      if bytes[at] == UInt8(ascii: "\\") { try skipEscape() } else { at += 1 }
    }
    at = bytes.count
    throw error()
  }

  private mutating func skipEscape() throws(JSONParseError) {
    at += 2
    guard at <= bytes.count else { throw error() }
    if bytes[at - 1] == UInt8(ascii: "u") {
      guard at + 4 <= bytes.count, bytes[at..<at + 4].allSatisfy(Self.isHexadecimal) else { throw error() }
      at += 4
    } else if !"\"\\/bfnrt".utf8.contains(bytes[at - 1]) {
      throw error()
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  private mutating func numberText() throws(JSONParseError) -> Substring {
    let start = at
    pass(UInt8(ascii: "-"))
    let isZero = at < bytes.count && bytes[at] == UInt8(ascii: "0")
    let whole = skipDigits()
    guard whole == 1 || whole > 1 && !isZero else { throw error() }
    if pass(UInt8(ascii: ".")), skipDigits() == 0 { throw error() }
    if pass(UInt8(ascii: "e")) || pass(UInt8(ascii: "E")) {
      if !pass(UInt8(ascii: "+")) { pass(UInt8(ascii: "-")) }
      if skipDigits() == 0 { throw error() }
    }
    return Substring(decoding: bytes[start..<at], as: UTF8.self)
  }

  @discardableResult
  private mutating func pass(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipDigits() -> Int {
    let start = at
    while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
    return at - start
  }

  private func error() -> JSONParseError { JSONParseError(offset: at) }

  /// Replaces the escapes. An unpaired surrogate becomes U+FFFD.
  private static func unescaped(_ inside: ArraySlice<UInt8>) -> [UInt8] {
    var units: [UInt8] = []
    var text = ""
    var high: UInt32?
    var at = inside.startIndex
    while at < inside.endIndex {
      let byte = inside[at]
      guard byte == UInt8(ascii: "\\"), at + 1 < inside.endIndex else {
        units.append(byte)
        at += 1
        continue
      }
      let mark = inside[at + 1]
      at += 2
      switch mark {
      case UInt8(ascii: "n"): units.append(0x0a)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "r"): units.append(0x0d)
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0c)
      case UInt8(ascii: "u"):
        let end = min(at + 4, inside.endIndex)
        let code = UInt32(String(decoding: inside[at..<end], as: UTF8.self), radix: 16) ?? 0xfffd
        at = end
        if code >> 10 == 0x36 {
          high = code
          continue
        }
        var scalar = code
        if code >> 10 == 0x37, let first = high { scalar = 0x10000 + (first & 0x3ff) << 10 + code & 0x3ff }
        high = nil
        text = String(Unicode.Scalar(scalar) ?? "\u{fffd}")
        units += Array(text.utf8)
      default: units.append(mark)
      }
    }
    return units
  }
}
