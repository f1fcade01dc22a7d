/// A histogram of durations in nanoseconds. A bucket is at most 1/128 of its value wide.
struct Histogram {
  private static let bits = 7
  private static let steps = 1 << bits

  private var counts = [UInt64](repeating: 0, count: (64 - bits + 1) << bits)
  private(set) var count: UInt64 = 0
  private(set) var sum: UInt64 = 0
  private(set) var max: UInt64 = 0

  mutating func record(_ value: UInt64) {
    counts[Self.bucket(value)] &+= 1
    count &+= 1
    sum &+= value
    if value > max { max = value }
  }

  mutating func merge(_ other: Histogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    sum &+= other.sum
    if other.max > max { max = other.max }
  }

  var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

  /// Returns the smallest value that the given share of all values does not exceed, to the precision of a bucket.
  func quantile(_ share: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let rank = Swift.max(1, UInt64((share * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for index in counts.indices {
      seen += counts[index]
      if seen >= rank { return Swift.min(Self.middle(index), max) }
    }
    return max
  }

  /// Returns the bucket of a value. Values below 128 have a bucket each; each power of two above has 128.
  private static func bucket(_ value: UInt64) -> Int {
    if value < UInt64(steps) { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount - bits
    return ((exponent + 1) << bits) + Int((value >> UInt64(exponent)) & UInt64(steps - 1))
  }

  private static func middle(_ bucket: Int) -> UInt64 {
    if bucket < steps { return UInt64(bucket) }
    let exponent = UInt64(bucket >> bits) - 1
    let low = (UInt64(steps) + UInt64(bucket & (steps - 1))) << exponent
    return low + (UInt64(1) << exponent) / 2
  }
}
