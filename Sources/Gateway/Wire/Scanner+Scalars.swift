// Scalar values: strings, numbers, and the three literals.

extension Scanner {
  /// Validates a string after its opening quote, and returns the offset of the closing one.
  @inline(__always) @_noAllocation @_noLocks
  static func string(
    in json: Span<UInt8>, from offset: Int, hasEscapes: inout Bool
  ) throws(JSONError) -> Int {
    let at = Search.endOfPlainText(in: json, from: offset)
    if json.byte(at: at) == UInt8(ascii: "\"") { return at }
    return try roughString(in: json, from: at, hasEscapes: &hasEscapes)
  }

  /// Validates a string from its first byte that is not plain text, and returns the offset of the closing quote.
  ///
  /// Escapes and characters outside ASCII come in runs, so the search for plain text begins only after one.
  @inline(never) @_noAllocation @_noLocks
  private static func roughString(
    in json: Span<UInt8>, from offset: Int, hasEscapes: inout Bool
  ) throws(JSONError) -> Int {
    var at = offset
    while true {
      let byte = json.byte(at: at)
      if byte == UInt8(ascii: "\"") {
        return at
      } else if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        at = try escape(in: json, at: at)
      } else if byte >= 0x80 {
        let length = json.sequenceLength(at: at)
        if length < 0 { throw JSONError(.badUTF8, at: at) }
        at += length
      } else if byte >= 0x20 {
        at = Search.endOfPlainText(in: json, from: at)
      } else {
        throw JSONError(at < json.count ? .badString : .unexpectedEnd, at: at)
      }
    }
  }

  /// Validates an escape from its backslash, and returns the offset after it (RFC 8259, section 7).
  @inline(__always) @_noAllocation @_noLocks
  private static func escape(in json: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
    switch json.byte(at: offset + 1) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return offset + 2
    case UInt8(ascii: "u"):
      if json.hexadecimal(at: offset + 2) < 0 { throw JSONError(.badEscape, at: offset) }
      return offset + 6
    default: throw JSONError(.badEscape, at: offset)
    }
  }

  /// Returns the number or the literal at `offset`.
  @inline(__always) @_noAllocation @_noLocks
  static func scalar(in json: Span<UInt8>, at offset: Int) throws(JSONError) -> JSONValue {
    switch json.byte(at: offset) {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      return try JSONValue(.number, start: offset, end: number(in: json, at: offset))
    case UInt8(ascii: "t"): return try literal(0x6575_7274, 4, .true, in: json, at: offset)
    case UInt8(ascii: "f"): return try literal(0x65_736c_6166, 5, .false, in: json, at: offset)
    case UInt8(ascii: "n"): return try literal(0x6c6c_756e, 4, .null, in: json, at: offset)
    default: throw unexpected(in: json, at: offset, expected: .value)
    }
  }

  /// Returns one of the three literals, which is given as a number whose lowest byte is the first letter.
  @inline(__always) @_noAllocation @_noLocks
  private static func literal(
    _ letters: UInt64, _ count: Int, _ kind: JSONKind, in json: Span<UInt8>, at offset: Int
  ) throws(JSONError) -> JSONValue {
    var index = 1
    while index < count {
      if json.byte(at: offset + index) != UInt8(truncatingIfNeeded: letters >> UInt64(index * 8)) {
        throw unexpected(in: json, at: offset + index, expected: .value)
      }
      index += 1
    }
    return JSONValue(kind, start: offset, end: offset + count)
  }

  /// Validates a number from its sign or first digit, and returns the offset after it (RFC 8259, section 6).
  @inline(__always) @_noAllocation @_noLocks
  private static func number(in json: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
    var at = offset
    if json.byte(at: at) == UInt8(ascii: "-") { at += 1 }
    if json.byte(at: at) == UInt8(ascii: "0") {
      at += 1
      if json.byte(at: at).isDigit { throw JSONError(.badNumber, at: offset) }
    } else {
      at = try digits(in: json, at: at)
    }
    if json.byte(at: at) == UInt8(ascii: ".") { at = try digits(in: json, at: at + 1) }
    if json.byte(at: at) | 0x20 == UInt8(ascii: "e") {
      at += 1
      let sign = json.byte(at: at)
      switch sign {
      case UInt8(ascii: "+"), UInt8(ascii: "-"): at += 1
      default: break
      }
      at = try digits(in: json, at: at)
    }
    return at
  }

  /// Validates one or more digits, and returns the offset after them.
  @inline(__always) @_noAllocation @_noLocks
  private static func digits(in json: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
    var at = offset
    while json.byte(at: at).isDigit { at += 1 }
    if at == offset { throw JSONError(at < json.count ? .badNumber : .unexpectedEnd, at: at) }
    return at
  }
}

extension UInt8 {
  /// Whether the byte is an ASCII digit.
  @inline(__always) fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}
