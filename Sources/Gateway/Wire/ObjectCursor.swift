/// Walks the members of one JSON object in place, and validates them.
///
/// The cursor holds only positions, so every call needs the same bytes. It must not be used after an error.
public struct MemberCursor {
  /// The offset of the next key, comma, or brace, or of whitespace before it; the end of the object after its last member.
  public private(set) var offset: Int
  /// The number of members so far.
  public private(set) var count = 0

  private let isWhole: Bool
  private let depth: Int
  private var hasEnded = false

  /// Begins the object that must fill all of `json`.
  public init(whole json: Span<UInt8>) throws(JSONError) {
    offset = try Scanner.brace(in: json, at: Scanner.begin(json))
    depth = 1
    isWhole = true
  }

  /// Begins the object at `offset`, nested in `depth - 1` containers.
  public init(in json: Span<UInt8>, at offset: Int, depth: Int = 1) throws(JSONError) {
    self.offset = try Scanner.brace(in: json, at: offset)
    self.depth = depth
    isWhole = false
  }

  /// Returns the next member, or nil after the last one.
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

/// Walks the members of one JSON object whose unescaped keys must be unique.
public struct ObjectCursor: ~Copyable {
  /// Members that the object may have.
  public static let membersMax = 128

  /// The seed that makes the hashes of keys unpredictable for a caller; one random number per process.
  public static let processSeed = UInt64.random(in: .min ... .max)

  private var members: MemberCursor
  private var keys: SeenKeys

  /// Begins the object that must fill all of `json`.
  public init(whole json: Span<UInt8>, seed: UInt64 = processSeed) throws(JSONError) {
    members = try MemberCursor(whole: json)
    keys = SeenKeys(seed: seed)
  }

  /// Begins the object at `offset`, nested in `depth - 1` containers.
  public init(
    in json: Span<UInt8>, at offset: Int, depth: Int = 1, seed: UInt64 = processSeed
  ) throws(JSONError) {
    members = try MemberCursor(in: json, at: offset, depth: depth)
    keys = SeenKeys(seed: seed)
  }

  /// The offset of the next key, comma, or brace, or of whitespace before it; the end of the object after its last member.
  public var offset: Int { members.offset }
  /// The number of members so far.
  public var count: Int { members.count }

  /// Returns the next member, or nil after the last one.
  @_noAllocation @_noLocks
  public mutating func next(in json: Span<UInt8>) throws(JSONError) -> Member? {
    let index = members.count
    guard let member = try members.next(in: json) else { return nil }
    let start = Int(member.key.start) - 1
    if index == Self.membersMax { throw JSONError(.tooManyMembers, at: start) }
    if !keys.insert(member.key, hasEscapes: member.keyHasEscapes, at: index, in: json) {
      throw JSONError(.duplicateKey, at: start)
    }
    return member
  }
}

/// Walks the elements of one JSON array in place, and validates them.
public struct ArrayCursor {
  /// The offset of the next element, comma, or bracket, or of whitespace before it; the end of the array after its last
  /// element.
  public private(set) var offset: Int
  /// The number of elements so far.
  public private(set) var count = 0

  private let depth: Int
  private var hasEnded = false

  /// Begins the array at `offset`, nested in `depth - 1` containers.
  public init(in json: Span<UInt8>, at offset: Int, depth: Int = 1) throws(JSONError) {
    if json.count > Scanner.bytesMax { throw JSONError(.tooLong, at: Scanner.bytesMax) }
    if json.byte(at: offset) != UInt8(ascii: "[") {
      throw Scanner.unexpected(in: json, at: offset, expected: .array)
    }
    self.offset = offset + 1
    self.depth = depth
  }

  /// Returns the next element, or nil after the last one.
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
