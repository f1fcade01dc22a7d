/// A range of bytes in a buffer that the slice does not own.
public struct Slice: Equatable, Sendable {
  /// The offset of the first byte in the buffer.
  public var start: UInt32
  /// The number of bytes.
  public var count: UInt32

  @inlinable @_noAllocation @_noLocks
  public init(start: Int, count: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.count = UInt32(truncatingIfNeeded: count)
  }

  @inlinable public init(_ range: Range<Int>) { self.init(start: range.lowerBound, count: range.count) }

  @inlinable public static var empty: Slice { Slice(start: 0, count: 0) }
  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var range: Range<Int> {
    @_noAllocation @_noLocks get { Int(start)..<Int(start) + Int(count) }
  }
}

extension Span where Element == UInt8 {
  /// Returns the bytes of a slice. Traps if the slice is outside of this buffer.
  @inlinable @_lifetime(copy self)
  public func bytes(_ slice: Slice) -> Span<UInt8> { extracting(slice.range) }
}
