/// Validates JSON (RFC 8259) in place, without building a tree.
///
/// The scanner neither recurses nor allocates: one word has a bit for each open container. A lone surrogate in a `\u`
/// escape is accepted, as in the grammar. Bytes outside escapes must be strict UTF-8.
public enum Scanner {
  /// Nested arrays and objects, including the outermost.
  public static var depthMax: Int {
    @_noAllocation @_noLocks get { 64 }
  }
  /// Bytes of the longest text, which is the range of a `Slice`.
  public static var bytesMax: Int {
    @_noAllocation @_noLocks get { Int(UInt32.max) }
  }

  /// Returns the single value that fills all of `json`, except for whitespace around it.
  public static func whole(_ json: Span<UInt8>) throws(JSONError) -> JSONValue {
    let start = try begin(json)
    let value = try value(in: json, at: start, depth: 0)
    try finish(json, from: value.end)
    return value
  }

  /// Returns a cursor for the object that must fill all of `json`. The last `next` checks the bytes after it.
  @inlinable @inline(__always)
  public static func root(_ json: Span<UInt8>) throws(JSONError) -> ObjectCursor {
    try ObjectCursor(whole: json)
  }

  /// Returns the value that begins at `offset`, which is not whitespace, nested in `depth` containers.
  @_noAllocation @_noLocks
  public static func value(
    in json: Span<UInt8>, at offset: Int, depth: Int
  ) throws(JSONError) -> JSONValue {
    switch json.byte(at: offset) {
    case UInt8(ascii: "\""):
      var hasEscapes = false
      let end = try string(in: json, from: offset + 1, hasEscapes: &hasEscapes)
      return JSONValue(.string, start: offset, end: end + 1, hasEscapes: hasEscapes)
    case UInt8(ascii: "{"): return try container(.object, in: json, at: offset, depth: depth)
    case UInt8(ascii: "["): return try container(.array, in: json, at: offset, depth: depth)
    default: return try scalar(in: json, at: offset)
    }
  }

  /// Returns the offset of the first byte from `offset` that is not whitespace (RFC 8259, section 2).
  @inline(__always) @_noAllocation @_noLocks
  static func skip(in json: Span<UInt8>, from offset: Int) -> Int {
    var at = offset
    while true {
      let byte = json.byte(at: at)
      if byte > 0x20 { return at }
      switch byte {
      case 0x20, 0x0a, 0x0d, 0x09: at += 1
      default: return at
      }
    }
  }

  /// Returns the offset of the first byte of the text's value.
  @usableFromInline @_noAllocation @_noLocks
  static func begin(_ json: Span<UInt8>) throws(JSONError) -> Int {
    if json.count > bytesMax { throw JSONError(.tooLong, at: bytesMax) }
    let start = skip(in: json, from: 0)
    if start == json.count { throw JSONError(.empty, at: start, expected: .value) }
    if start == 0, json.byte(at: 0) == 0xef, json.byte(at: 1) == 0xbb, json.byte(at: 2) == 0xbf {
      throw JSONError(.badUTF8, at: 0)
    }
    return start
  }

  /// Returns the offset after the brace that must be at `offset`.
  @usableFromInline @_noAllocation @_noLocks
  static func brace(in json: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
    if json.count > bytesMax { throw JSONError(.tooLong, at: bytesMax) }
    if json.byte(at: offset) != UInt8(ascii: "{") { throw unexpected(in: json, at: offset, expected: .object) }
    return offset + 1
  }

  /// Checks that only whitespace follows.
  @_noAllocation @_noLocks
  static func finish(_ json: Span<UInt8>, from offset: Int) throws(JSONError) {
    let end = skip(in: json, from: offset)
    if end < json.count { throw JSONError(.trailingBytes, at: end) }
  }

  /// Returns the error for a byte, or for the end of the text, in place of `expected`.
  @inline(never) @_noAllocation @_noLocks
  static func unexpected(in json: Span<UInt8>, at offset: Int, expected: JSONError.Expected) -> JSONError {
    JSONError(offset < json.count ? .unexpectedByte : .unexpectedEnd, at: offset, expected: expected)
  }

  /// Validates a key from its opening quote, and returns the offset of the value after the colon.
  @inline(__always) @_noAllocation @_noLocks
  static func key(
    in json: Span<UInt8>, at offset: Int, end: inout Int, hasEscapes: inout Bool
  ) throws(JSONError) -> Int {
    if json.byte(at: offset) != UInt8(ascii: "\"") { throw unexpected(in: json, at: offset, expected: .key) }
    end = try string(in: json, from: offset + 1, hasEscapes: &hasEscapes)
    let colon = skip(in: json, from: end + 1)
    if json.byte(at: colon) != UInt8(ascii: ":") { throw unexpected(in: json, at: colon, expected: .colon) }
    return skip(in: json, from: colon + 1)
  }

  /// Returns the array or object that begins at `start`, with its contents validated.
  @_noAllocation @_noLocks
  private static func container(
    _ kind: JSONKind, in json: Span<UInt8>, at start: Int, depth: Int
  ) throws(JSONError) -> JSONValue {
    // One bit for each open container, the innermost lowest. 1 is an object.
    var levels: UInt64 = 0
    var open = 0
    var elements = 0
    var at = start
    var ignored = false
    var ignoredEnd = 0
    while true {
      switch json.byte(at: at) {
      case UInt8(ascii: "\""):
        at = try string(in: json, from: at + 1, hasEscapes: &ignored) + 1
      case UInt8(ascii: "{"):
        if depth + open >= depthMax { throw JSONError(.tooDeep, at: at) }
        at = skip(in: json, from: at + 1)
        if json.byte(at: at) == UInt8(ascii: "}") {
          at += 1
        } else {
          levels = levels << 1 | 1
          open += 1
          at = try key(in: json, at: at, end: &ignoredEnd, hasEscapes: &ignored)
          continue
        }
      case UInt8(ascii: "["):
        if depth + open >= depthMax { throw JSONError(.tooDeep, at: at) }
        at = skip(in: json, from: at + 1)
        if json.byte(at: at) == UInt8(ascii: "]") {
          at += 1
        } else {
          levels = levels << 1
          open += 1
          continue
        }
      default: at = try scalar(in: json, at: at).end
      }
      // A value has ended, and with it possibly its container.
      while true {
        if open == 0 { return JSONValue(kind, start: start, end: at, elements: elements) }
        if open == 1 { elements += 1 }
        at = skip(in: json, from: at)
        let byte = json.byte(at: at)
        if byte == UInt8(ascii: ",") {
          at = skip(in: json, from: at + 1)
          if levels & 1 == 1 { at = try key(in: json, at: at, end: &ignoredEnd, hasEscapes: &ignored) }
          break
        }
        // `]` is 0x5d and `}` is 0x7d: the level's bit selects one of them.
        if byte != UInt8(ascii: "]") | UInt8(truncatingIfNeeded: levels & 1) << 5 {
          throw unexpected(in: json, at: at, expected: levels & 1 == 1 ? .commaOrBrace : .commaOrBracket)
        }
        at += 1
        levels >>= 1
        open -= 1
      }
    }
  }
}
