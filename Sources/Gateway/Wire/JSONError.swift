/// An error in JSON text (RFC 8259), and its position.
public struct JSONError: Error, Equatable, Sendable {
  /// The kind of error.
  public var kind: Kind
  /// The syntax that was expected at the offset.
  public var expected: Expected
  /// The offset in bytes from the beginning of the text; the length of the text if it ends too early.
  public var offset: Int

  @inlinable @_noAllocation @_noLocks
  public init(_ kind: Kind, at offset: Int, expected: Expected = .nothing) {
    self.kind = kind
    self.expected = expected
    self.offset = offset
  }
}

extension JSONError {
  /// The kinds of errors.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// The text is only whitespace.
    case empty
    /// A byte that the grammar does not allow there.
    case unexpectedByte
    /// The text stops inside a value.
    case unexpectedEnd
    /// A number that the grammar does not allow, as in `01` or `1.`.
    case badNumber
    /// A control character in a string.
    case badString
    /// A backslash that begins no escape.
    case badEscape
    /// Bytes that are not UTF-8, or a byte order mark at the start.
    case badUTF8
    /// More than `Scanner.depthMax` nested containers.
    case tooDeep
    /// A repeated key, compared without escapes.
    case duplicateKey
    /// Bytes other than whitespace after the value.
    case trailingBytes
    /// More than `ObjectCursor.membersMax` members in an object whose keys must be unique.
    case tooManyMembers
    /// More bytes than a `Slice` can address.
    case tooLong
  }

  /// The syntax that was expected.
  public enum Expected: UInt8, Sendable {
    case nothing
    case value
    case object
    case array
    case key
    case colon
    case commaOrBrace
    case commaOrBracket

    /// The words for an error message.
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
  /// The error as a clause without a period, as in `a comma or } was expected at byte 12`.
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
    case .tooDeep: "more than \(Scanner.depthMax) nested arrays and objects at byte \(offset)"
    case .duplicateKey: "a repeated key at byte \(offset)"
    case .trailingBytes: "unexpected bytes after the end of the value at byte \(offset)"
    case .tooManyMembers: "more than \(ObjectCursor.membersMax) members in one object at byte \(offset)"
    case .tooLong: "a text of more than \(Scanner.bytesMax) bytes"
    }
  }
}
