/// Walks the members of one JSON object where it lies, validating all that it passes.
///
/// Keys are unique, compared as they read without escapes, unless the walk says that it does not care. The
/// cursor holds positions only: every call is lent the same bytes. After a fault it must not be used again.
public struct ObjectCursor: ~Copyable {
  /// Members that an object whose keys must be unique may have.
  public static let membersMax = 128

  /// What makes the hashes of keys unpredictable to whoever chooses the keys; one number for each process.
  public static let processSeed = UInt64.random(in: .min ... .max)

  /// Where the next key, comma or brace is, whitespace aside; behind the object when it has ended.
  public var offset: Int { place }
  /// Members passed so far.
  public var count: Int { passed }

  @usableFromInline var place: Int
  @usableFromInline var passed = 0
  @usableFromInline let isWhole: Bool
  @usableFromInline let isUnique: Bool
  @usableFromInline let depth: Int
  @usableFromInline var hasEnded = false
  @usableFromInline var keys: SeenKeys

  /// Begins the object that the whole of `json` must be.
  @inlinable @inline(__always)
  public init(whole json: Span<UInt8>, unique: Bool = true, seed: UInt64 = processSeed) throws(JSONFault) {
    try self.init(
      behind: Scanner.brace(in: json, at: Scanner.begin(json)), depth: 1, isWhole: true, isUnique: unique,
      seed: seed)
  }

  /// Begins the object at `offset`, which is inside `depth - 1` others.
  @inlinable @inline(__always)
  public init(
    in json: Span<UInt8>, at offset: Int, depth: Int = 1, unique: Bool = true, seed: UInt64 = processSeed
  ) throws(JSONFault) {
    try self.init(
      behind: Scanner.brace(in: json, at: offset), depth: depth, isWhole: false, isUnique: unique, seed: seed)
  }

  // Inlined, as a cursor is a kilobyte that is better made where it will be.
  @inlinable @inline(__always)
  init(behind place: Int, depth: Int, isWhole: Bool, isUnique: Bool, seed: UInt64) {
    self.place = place
    self.depth = depth
    self.isWhole = isWhole
    self.isUnique = isUnique
    keys = SeenKeys(seed: seed)
  }

  /// The next member, or nil behind the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONFault) -> Member? {
    if hasEnded { return nil }
    var at = Scanner.skip(in: json, from: place)
    let byte = json.byte(at: at)
    if byte == UInt8(ascii: "}") {
      place = at + 1
      hasEnded = true
      if isWhole { try Scanner.finish(json, from: place) }
      return nil
    }
    if passed > 0 {
      if byte != UInt8(ascii: ",") { throw Scanner.surprise(in: json, at: at, expected: .commaOrBrace) }
      at = Scanner.skip(in: json, from: at + 1)
    }
    let start = at + 1
    var end = 0
    var hasEscapes = false
    at = try Scanner.key(in: json, at: at, end: &end, hasEscapes: &hasEscapes)
    let key = Slice(start: start, count: end - start)
    if isUnique {
      if passed == Self.membersMax { throw JSONFault(.tooManyMembers, at: start - 1) }
      if !keys.insert(key, hasEscapes: hasEscapes, at: passed, in: json) {
        throw JSONFault(.duplicateKey, at: start - 1)
      }
    }
    passed += 1
    let value = try Scanner.value(in: json, at: at, depth: depth)
    place = value.end
    return Member(key: key, keyHasEscapes: hasEscapes, value: value)
  }
}

/// Walks the elements of one JSON array where it lies, validating all that it passes.
public struct ArrayCursor {
  /// Where the next element, comma or bracket is, whitespace aside; behind the array when it has ended.
  public private(set) var offset: Int
  /// Elements passed so far.
  public private(set) var count = 0

  private let depth: Int
  private var hasEnded = false

  /// Begins the array at `offset`, which is inside `depth - 1` others.
  public init(in json: Span<UInt8>, at offset: Int, depth: Int = 1) throws(JSONFault) {
    if json.count > Scanner.bytesMax { throw JSONFault(.tooLong, at: Scanner.bytesMax) }
    if json.byte(at: offset) != UInt8(ascii: "[") {
      throw Scanner.surprise(in: json, at: offset, expected: .array)
    }
    self.offset = offset + 1
    self.depth = depth
  }

  /// The next element, or nil behind the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONFault) -> JSONValue? {
    if hasEnded { return nil }
    var at = Scanner.skip(in: json, from: offset)
    let byte = json.byte(at: at)
    if byte == UInt8(ascii: "]") {
      offset = at + 1
      hasEnded = true
      return nil
    }
    if count > 0 {
      if byte != UInt8(ascii: ",") { throw Scanner.surprise(in: json, at: at, expected: .commaOrBracket) }
      at = Scanner.skip(in: json, from: at + 1)
    }
    let value = try Scanner.value(in: json, at: at, depth: depth)
    count += 1
    offset = value.end
    return value
  }
}
