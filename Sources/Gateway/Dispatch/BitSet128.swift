/// A set of numbers from 0 to 127: providers by their index, candidates by their position in a list.
///
/// It is a value of two words, so that who may be asked is kept up to date when that changes and only looked at when a
/// request comes. Numbers outside are never in it.
public struct BitSet128: Equatable, Sendable {
  /// Numbers that it can tell apart.
  public static var capacity: Int {
    @inline(__always) @_noAllocation @_noLocks get { 128 }
  }

  private var low: UInt64
  private var high: UInt64

  /// A set without anything in it.
  @inline(__always) @_noAllocation @_noLocks
  public init() {
    low = 0
    high = 0
  }

  /// A set of those numbers; those that it cannot hold are left out.
  public init(_ numbers: some Sequence<Int>) {
    self.init()
    for number in numbers { insert(number) }
  }

  /// Every number that it can hold.
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

  /// What is in both.
  public func intersection(_ other: BitSet128) -> BitSet128 {
    var both = self
    both.low &= other.low
    both.high &= other.high
    return both
  }

  /// What is in this one and not in the other.
  public func subtracting(_ other: BitSet128) -> BitSet128 {
    var rest = self
    rest.low &= ~other.low
    rest.high &= ~other.high
    return rest
  }

  /// What is in one of them, or in both.
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

  /// The smallest number in it.
  public var first: Int? {
    if low != 0 { return low.trailingZeroBitCount }
    return high != 0 ? 64 + high.trailingZeroBitCount : nil
  }
}
