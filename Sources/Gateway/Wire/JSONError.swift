/// Why bytes are not the JSON that was expected (RFC 8259), and where.
public struct JSONError: Error, Equatable, Sendable {
  /// What is wrong, as a word to compare.
  public var kind: Kind
  /// What would have been right there, for people.
  public var expected: Expected
  /// Offset in bytes from the beginning of the text; its length where the text ends too early.
  public var offset: Int

  @inlinable @_noAllocation @_noLocks
  public init(_ kind: Kind, at offset: Int, expected: Expected = .nothing) {
    self.kind = kind
    self.expected = expected
    self.offset = offset
  }
}

extension JSONError {
  /// The closed list of what can be wrong.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// Nothing but whitespace.
    case empty
    /// A byte that the grammar does not allow there.
    case unexpectedByte
    /// The text stops inside a value.
    case unexpectedEnd
    /// A number that the grammar does not allow, as in `01` or `1.`.
    case badNumber
    /// A control character in a string.
    case badString
    /// A backslash with something behind it that is no escape.
    case badEscape
    /// Bytes that are not UTF-8, or a byte order mark at the start.
    case badUTF8
    /// More than `Scanner.depthMax` containers in one another.
    case tooDeep
    /// A key that the object has already, however it is spelled.
    case duplicateKey
    /// Something other than whitespace behind the value.
    case trailingBytes
    /// More than `ObjectCursor.membersMax` members in an object whose keys must be unique.
    case tooManyMembers
    /// More bytes than a `Slice` can name.
    case tooLong
  }

  /// What would have been right.
  public enum Expected: UInt8, Sendable {
    case nothing
    case value
    case object
    case array
    case key
    case colon
    case commaOrBrace
    case commaOrBracket

    /// The words for people.
    var words: StaticString {
      switch self {
      case .nothing: "nothing"
      case .value: "a value"
      case .object: "an object"
      case .array: "an array"
      case .key: "a key in quotes"
      case .colon: "a colon"
      case .commaOrBrace: "a comma or }"
      case .commaOrBracket: "a comma or ]"
      }
    }
  }
}

extension JSONError: CustomStringConvertible {
  /// The fault as a clause without its full stop, as in `a comma or } was expected at byte 12`.
  public var description: String {
    switch kind {
    case .empty: "the text is empty"
    case .unexpectedByte:
      expected == .nothing ? "an unexpected byte at \(offset)" : "\(expected.words) was expected at byte \(offset)"
    case .unexpectedEnd:
      expected == .nothing
        ? "the text ends too early, at byte \(offset)"
        : "the text ends at byte \(offset), where \(expected.words) was expected"
    case .badNumber: "a malformed number at byte \(offset)"
    case .badString: "a control character in a string at byte \(offset); it must be escaped"
    case .badEscape: "an unknown or incomplete escape at byte \(offset)"
    case .badUTF8: "bytes that are not UTF-8 at byte \(offset)"
    case .tooDeep: "more than \(Scanner.depthMax) arrays and objects inside one another at byte \(offset)"
    case .duplicateKey: "a key that the object has already at byte \(offset)"
    case .trailingBytes: "something behind the end of the value at byte \(offset)"
    case .tooManyMembers: "more than \(ObjectCursor.membersMax) members in one object at byte \(offset)"
    case .tooLong: "a text of more than \(Scanner.bytesMax) bytes"
    }
  }
}
