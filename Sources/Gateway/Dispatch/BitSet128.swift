/// A set of the numbers from 0 to 127: providers by index, or candidates by position in their list.
///
/// It is two words without a heap allocation, so that the set of available providers is updated when health changes
/// and only read for each request. Numbers outside the range are never members.
public struct BitSet128: Equatable, Sendable {
  /// The count of numbers that the set can hold.
  public static var capacity: Int {
    @inline(__always) @_noAllocation @_noLocks get { 128 }
  }

  private var low: UInt64
  private var high: UInt64

  /// Creates an empty set.
  @inline(__always) @_noAllocation @_noLocks
  public init() {
    low = 0
    high = 0
  }

  /// Creates a set of numbers, without those outside the range.
  public init(_ numbers: some Sequence<Int>) {
    self.init()
    for number in numbers { insert(number) }
  }

  /// The set of every number in the range.
  public static var all: BitSet128 {
    var set = BitSet128()
    set.low = .max
    set.high = .max
    return set
  }

  @inline(__always) @_noAllocation @_noLocks
  public func contains(_ number: Int) -> Bool {
    if UInt(bitPattern: number) >= UInt(Self.capacity) { return false }
    let word = number < 64 ? low : high
    return word &>> UInt64(truncatingIfNeeded: number) & 1 != 0
  }

  @_noAllocation @_noLocks
  public mutating func insert(_ number: Int) {
    if UInt(bitPattern: number) >= UInt(Self.capacity) { return }
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
    if number < 64 { low |= bit } else { high |= bit }
  }

  @_noAllocation @_noLocks
  public mutating func remove(_ number: Int) {
    if UInt(bitPattern: number) >= UInt(Self.capacity) { return }
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
    if number < 64 { low &= ~bit } else { high &= ~bit }
  }

  /// Returns the numbers that are in both sets.
  public func intersection(_ other: BitSet128) -> BitSet128 {
    var both = self
    both.low &= other.low
    both.high &= other.high
    return both
  }

  /// Returns the numbers that are in this set and not in `other`.
  public func subtracting(_ other: BitSet128) -> BitSet128 {
    var rest = self
    rest.low &= ~other.low
    rest.high &= ~other.high
    return rest
  }

  /// Returns the numbers that are in at least one of the sets.
  public func union(_ other: BitSet128) -> BitSet128 {
    var all = self
    all.low |= other.low
    all.high |= other.high
    return all
  }

  public var isEmpty: Bool {
    @inline(__always) @_noAllocation @_noLocks get { low | high == 0 }
  }

  public var count: Int { low.nonzeroBitCount + high.nonzeroBitCount }

  /// The smallest number in the set.
  public var first: Int? {
    if low != 0 { return low.trailingZeroBitCount }
    return high != 0 ? 64 + high.trailingZeroBitCount : nil
  }
}
