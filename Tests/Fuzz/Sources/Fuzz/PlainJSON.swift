@testable import Gateway
@testable import HTTPText

/// A JSON tree, parsed by simple recursion, with which the gateway's in-place reading and writing is compared.
///
/// Strings and numbers keep their spelling, so two trees are equal only if they differ in nothing but whitespace.
indirect enum PlainJSON: Equatable {
  struct Entry: Equatable {
    /// The bytes between the key's quotes.
    var key: [UInt8]
    var value: PlainJSON
  }

  case object([Entry])
  case array([PlainJSON])
  /// The bytes between the quotes.
  case string([UInt8])
  case number([UInt8])
  /// `true`, `false`, or `null`.
  case word(String)

  /// Parses a text with a single value. Returns `nil` if it is invalid. `deeper` is the number of levels beyond the usual
  /// limit.
  static func read(_ text: [UInt8], deeper: Int = 0) -> PlainJSON? {
    var reader = PlainJSONReader(text: text)
    reader.skip()
    guard let value = reader.value(depth: -deeper) else { return nil }
    reader.skip()
    return reader.at == text.count ? value : nil
  }

  /// Returns the value of a string without escapes.
  static func string(_ text: StaticString) -> PlainJSON { .string(text.bytes.array) }

  static func entry(_ key: StaticString, _ value: PlainJSON) -> Entry { Entry(key: key.bytes.array, value: value) }

  /// The members of an object.
  var entries: [Entry]? {
    if case .object(let entries) = self { entries } else { nil }
  }

  /// The elements of an array.
  var elements: [PlainJSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The unescaped bytes of a string.
  var text: [UInt8]? {
    if case .string(let raw) = self { Self.unescaped(raw) } else { nil }
  }

  /// The integer of a number without fraction and exponent.
  var integer: Int64? {
    guard case .number(let digits) = self else { return nil }
    return Int64(String(decoding: digits, as: UTF8.self))
  }

  /// The value of the last member with a key.
  subscript(key: StaticString) -> PlainJSON? {
    entries?.last { $0.reads(key) }?.value
  }

  /// Whether no object in the tree has a duplicate key.
  var hasUniqueKeys: Bool {
    switch self {
    case .object(let entries):
      Self.areUnique(entries) && entries.allSatisfy(\.value.hasUniqueKeys)
    case .array(let elements): elements.allSatisfy(\.hasUniqueKeys)
    default: true
    }
  }

  /// Returns whether all unescaped keys differ.
  static func areUnique(_ entries: [Entry]) -> Bool { Set(entries.map(\.name)).count == entries.count }

  /// Returns the unescaped bytes of a string. A lone surrogate becomes U+FFFD.
  static func unescaped(_ raw: [UInt8]) -> [UInt8] {
    guard raw.contains(0x5c) else { return raw }
    var units: [UInt16] = []
    var plain: [UInt8] = []
    var at = 0
    func flush() {
      units += Array(String(decoding: plain, as: UTF8.self).utf16)
      plain = []
    }
    while at < raw.count {
      guard raw[at] == 0x5c else {
        plain.append(raw[at])
        at += 1
        continue
      }
      let letter = raw[at + 1]
      if letter == UInt8(ascii: "u") {
        flush()
        units.append(UInt16(String(decoding: raw[at + 2..<at + 6], as: UTF8.self), radix: 16)!)
        at += 6
      } else {
        let names: [UInt8: UInt8] = [0x62: 0x08, 0x66: 0x0c, 0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09]
        plain.append(names[letter] ?? letter)
        at += 2
      }
    }
    flush()
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }
}

extension PlainJSON.Entry {
  /// The unescaped key.
  var name: [UInt8] { PlainJSON.unescaped(key) }

  /// Returns whether the unescaped key equals a text.
  func reads(_ text: StaticString) -> Bool {
    key.contains(0x5c) ? name.span.equals(text) : key.span.equals(text)
  }
}

/// The parser of a `PlainJSON`.
struct PlainJSONReader {
  let text: [UInt8]
  var at = 0

  /// The next byte, or 0 at the end, which no rule accepts.
  private var next: UInt8 { at < text.count ? text[at] : 0 }

  mutating func skip() {
    while next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 { at += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte, at < text.count else { return false }
    at += 1
    return true
  }

  mutating func value(depth: Int) -> PlainJSON? {
    switch next {
    case UInt8(ascii: "{"):
      return depth < Scanner.depthMax ? object(depth: depth + 1) : nil
    case UInt8(ascii: "["):
      return depth < Scanner.depthMax ? array(depth: depth + 1) : nil
    case UInt8(ascii: "\""): return string().map(PlainJSON.string)
    case UInt8(ascii: "t"): return word("true")
    case UInt8(ascii: "f"): return word("false")
    case UInt8(ascii: "n"): return word("null")
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> PlainJSON? {
    var entries: [PlainJSON.Entry] = []
    at += 1
    skip()
    if take(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skip()
      guard let key = string() else { return nil }
      skip()
      guard take(UInt8(ascii: ":")) else { return nil }
      skip()
      guard let value = value(depth: depth) else { return nil }
      entries.append(.init(key: key, value: value))
      skip()
      if take(UInt8(ascii: "}")) { return .object(entries) }
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func array(depth: Int) -> PlainJSON? {
    var elements: [PlainJSON] = []
    at += 1
    skip()
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      skip()
      guard let value = value(depth: depth) else { return nil }
      elements.append(value)
      skip()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func string() -> [UInt8]? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = at
    var isPlain = true
    while at < text.count, text[at] != 0x22 {
      if text[at] < 0x20 { return nil }
      if text[at] >= 0x80 { isPlain = false }
      if text[at] == 0x5c {
        at += 1
        if next == UInt8(ascii: "u") {
          for _ in 0..<4 {
            at += 1
            if next.hexDigitValue == nil { return nil }
          }
        } else if !"\"\\/bfnrt".utf8.contains(next) {
          return nil
        }
      }
      at += 1
    }
    guard at < text.count else { return nil }
    let raw = Array(text[start..<at])
    at += 1
    return isPlain || String(validating: raw, as: UTF8.self) != nil ? raw : nil
  }

  private mutating func word(_ word: String) -> PlainJSON? {
    for byte in word.utf8 where !take(byte) { return nil }
    return .word(word)
  }

  private mutating func digits() -> Int {
    let start = at
    while next >= 0x30, next <= 0x39 { at += 1 }
    return at - start
  }

  private mutating func number() -> PlainJSON? {
    let start = at
    _ = take(UInt8(ascii: "-"))
    let startsWithZero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole == 1 || whole > 1 && !startsWithZero else { return nil }
    if take(UInt8(ascii: ".")), digits() == 0 { return nil }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      if digits() == 0 { return nil }
    }
    return .number(Array(text[start..<at]))
  }
}
