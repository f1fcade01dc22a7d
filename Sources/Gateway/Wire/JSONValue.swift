/// What a JSON value is.
public enum JSONKind: UInt8, Sendable, CaseIterable {
  case object
  case array
  case string
  case number
  case `true`
  case `false`
  case null
}

/// A JSON value where it lies: validated, not decoded.
public struct JSONValue: Equatable, Sendable {
  /// The value's bytes, brackets and quotes included.
  public var slice: Slice
  /// Members of an object or elements of an array; 0 for everything else.
  public var elements: UInt32
  /// What it is.
  public var kind: JSONKind
  /// Whether it is a string with a backslash in it.
  public var hasEscapes: Bool

  @inlinable @_noAllocation @_noLocks
  public init(_ kind: JSONKind, start: Int, end: Int, elements: Int = 0, hasEscapes: Bool = false) {
    slice = Slice(start: start, count: end - start)
    self.elements = UInt32(truncatingIfNeeded: elements)
    self.kind = kind
    self.hasEscapes = hasEscapes
  }

  /// Offset of the first byte behind the value.
  @inlinable public var end: Int {
    @_noAllocation @_noLocks get { slice.range.upperBound }
  }

  /// The truth that it is, or nil.
  @inlinable public var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }
}

/// A member of a JSON object where it lies.
public struct Member: Equatable, Sendable {
  /// The bytes between the key's quotes, as they are spelled.
  public var key: Slice
  /// The value.
  public var value: JSONValue
  /// Whether the key is spelled with a backslash.
  public var keyHasEscapes: Bool

  @inlinable @_noAllocation @_noLocks
  public init(key: Slice, keyHasEscapes: Bool, value: JSONValue) {
    self.key = key
    self.value = value
    self.keyHasEscapes = keyHasEscapes
  }

  /// Whether the key, unescaped, is exactly `name`.
  @inlinable @inline(__always) @_noAllocation @_noLocks
  public func keyEquals(_ name: StaticString, in json: Span<UInt8>) -> Bool {
    // Most names are of another length, which needs no call.
    if !keyHasEscapes, Int(key.count) != name.utf8CodeUnitCount { return false }
    return spells(name, in: json)
  }

  @usableFromInline @_noAllocation @_noLocks
  func spells(_ name: StaticString, in json: Span<UInt8>) -> Bool {
    if !keyHasEscapes { return Search.matches(name, in: json, at: Int(key.start)) }
    var key = UnescapedBytes(at: Int(self.key.start))
    var index = 0
    while let byte = key.next(in: json) {
      if index == name.utf8CodeUnitCount { return false }
      if Search.byte(of: name, at: index) != byte { return false }
      index += 1
    }
    return index == name.utf8CodeUnitCount
  }
}
