/// Walks the members of one JSON object where it lies, validating all that it passes.
///
/// The cursor holds positions only: every call is lent the same bytes. After a fault it must not be used again.
public struct MemberCursor {
  /// Where the next key, comma or brace is, whitespace aside; behind the object when it has ended.
  public private(set) var offset: Int
  /// Members passed so far.
  public private(set) var count = 0

  private let isWhole: Bool
  private let depth: Int
  private var hasEnded = false

  /// Begins the object that the whole of `json` must be.
  public init(whole json: Span<UInt8>) throws(JSONError) {
    offset = try Scanner.brace(in: json, at: Scanner.begin(json))
    depth = 1
    isWhole = true
  }

  /// Begins the object at `offset`, which is inside `depth - 1` others.
  public init(in json: Span<UInt8>, at offset: Int, depth: Int = 1) throws(JSONError) {
    self.offset = try Scanner.brace(in: json, at: offset)
    self.depth = depth
    isWhole = false
  }

  /// The next member, or nil behind the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONError) -> Member? {
    if hasEnded { return nil }
    var at = Scanner.skip(in: json, from: offset)
    let byte = json.byte(at: at)
    if byte == UInt8(ascii: "}") {
      offset = at + 1
      hasEnded = true
      if isWhole { try Scanner.finish(json, from: offset) }
      return nil
    }
    if count > 0 {
      if byte != UInt8(ascii: ",") { throw Scanner.unexpected(in: json, at: at, expected: .commaOrBrace) }
      at = Scanner.skip(in: json, from: at + 1)
    }
    let start = at + 1
    var end = 0
    var hasEscapes = false
    at = try Scanner.key(in: json, at: at, end: &end, hasEscapes: &hasEscapes)
    count += 1
    let value = try Scanner.value(in: json, at: at, depth: depth)
    offset = value.end
    return Member(key: Slice(start: start, count: end - start), keyHasEscapes: hasEscapes, value: value)
  }
}

/// Walks the members of one JSON object whose keys must be unique, compared as they read without escapes.
public struct ObjectCursor: ~Copyable {
  /// Members that such an object may have.
  public static let membersMax = 128

  /// What makes the hashes of keys unpredictable to whoever chooses the keys; one number for each process.
  public static let processSeed = UInt64.random(in: .min ... .max)

  private var members: MemberCursor
  private var keys: SeenKeys

  /// Begins the object that the whole of `json` must be.
  public init(whole json: Span<UInt8>, seed: UInt64 = processSeed) throws(JSONError) {
    members = try MemberCursor(whole: json)
    keys = SeenKeys(seed: seed)
  }

  /// Begins the object at `offset`, which is inside `depth - 1` others.
  public init(
    in json: Span<UInt8>, at offset: Int, depth: Int = 1, seed: UInt64 = processSeed
  ) throws(JSONError) {
    members = try MemberCursor(in: json, at: offset, depth: depth)
    keys = SeenKeys(seed: seed)
  }

  /// Where the next key, comma or brace is, whitespace aside; behind the object when it has ended.
  public var offset: Int { members.offset }
  /// Members passed so far.
  public var count: Int { members.count }

  /// The next member, or nil behind the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONError) -> Member? {
    let index = members.count
    guard let member = try members.next(in: json) else { return nil }
    let place = Int(member.key.start) - 1
    if index == Self.membersMax { throw JSONError(.tooManyMembers, at: place) }
    if !keys.insert(member.key, hasEscapes: member.keyHasEscapes, at: index, in: json) {
      throw JSONError(.duplicateKey, at: place)
    }
    return member
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
  public init(in json: Span<UInt8>, at offset: Int, depth: Int = 1) throws(JSONError) {
    if json.count > Scanner.bytesMax { throw JSONError(.tooLong, at: Scanner.bytesMax) }
    if json.byte(at: offset) != UInt8(ascii: "[") {
      throw Scanner.unexpected(in: json, at: offset, expected: .array)
    }
    self.offset = offset + 1
    self.depth = depth
  }

  /// The next element, or nil behind the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONError) -> JSONValue? {
    if hasEnded { return nil }
    var at = Scanner.skip(in: json, from: offset)
    let byte = json.byte(at: at)
    if byte == UInt8(ascii: "]") {
      offset = at + 1
      hasEnded = true
      return nil
    }
    if count > 0 {
      if byte != UInt8(ascii: ",") { throw Scanner.unexpected(in: json, at: at, expected: .commaOrBracket) }
      at = Scanner.skip(in: json, from: at + 1)
    }
    let value = try Scanner.value(in: json, at: at, depth: depth)
    count += 1
    offset = value.end
    return value
  }
}
