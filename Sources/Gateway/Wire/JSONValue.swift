/// The kind of a JSON value.
public enum JSONKind: UInt8, Sendable, CaseIterable {
  case object
  case array
  case string
  case number
  case `true`
  case `false`
  case null
}

/// A JSON value in place: validated, but not decoded.
public struct JSONValue: Equatable, Sendable {
  /// The value's bytes, including brackets and quotes.
  public var slice: Slice
  /// The number of members of an object or elements of an array; 0 for other values.
  public var elements: UInt32
  /// The kind of value.
  public var kind: JSONKind
  /// Whether the value is a string with a backslash in it.
  public var hasEscapes: Bool

  @inlinable @_noAllocation @_noLocks
  public init(_ kind: JSONKind, start: Int, end: Int, elements: Int = 0, hasEscapes: Bool = false) {
    slice = Slice(start: start, count: end - start)
    self.elements = UInt32(truncatingIfNeeded: elements)
    self.kind = kind
    self.hasEscapes = hasEscapes
  }

  /// The offset of the first byte after the value.
  @inlinable public var end: Int {
    @_noAllocation @_noLocks get { slice.range.upperBound }
  }

  /// The Boolean value; nil for other values.
  @inlinable public var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }
}

/// A member of a JSON object in place.
public struct Member: Equatable, Sendable {
  /// The bytes between the key's quotes, with their escapes.
  public var key: Slice
  /// The value.
  public var value: JSONValue
  /// Whether the key has a backslash in it.
  public var keyHasEscapes: Bool

  @inlinable @_noAllocation @_noLocks
  public init(key: Slice, keyHasEscapes: Bool, value: JSONValue) {
    self.key = key
    self.value = value
    self.keyHasEscapes = keyHasEscapes
  }

  /// Returns whether the unescaped key equals `name`.
  @inlinable @inline(__always) @_noAllocation @_noLocks
  public func keyEquals(_ name: StaticString, in json: Span<UInt8>) -> Bool {
    // Most names have another length, which needs no call.
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
