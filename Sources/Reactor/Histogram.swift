/// A histogram with 16 buckets for each power of two.
///
/// Recording takes a few instructions and no allocation. A percentile is at most one bucket (6.25 %) too high.
public struct Histogram: Sendable {
  /// The number of buckets for each power of two.
  private static let steps = 16

  private var counts = [UInt64](repeating: 0, count: (64 - 3) * steps)
  /// The number of recorded values.
  public private(set) var count: UInt64 = 0
  /// The largest recorded value, exact.
  public private(set) var max: UInt64 = 0

  /// Creates an empty histogram.
  public init() {}

  /// Records a value.
  public mutating func record(_ value: UInt64) {
    counts[Self.bucket(of: value)] &+= 1
    count &+= 1
    if value > max { max = value }
  }

  /// Returns the value that the given share of all values (0 to 1) does not exceed, or 0 if there are no values.
  public func percentile(_ share: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let wanted = Swift.max(1, UInt64((Double(count) * Swift.min(1, Swift.max(0, share))).rounded(.up)))
    var seen: UInt64 = 0
    for bucket in counts.indices {
      seen += counts[bucket]
      if seen >= wanted { return Swift.min(max, Self.largest(in: bucket)) }
    }
    return max
  }

  /// Returns the bucket of a value. Values below 16 have a bucket each; larger ones share 16 for each power of two.
  private static func bucket(of value: UInt64) -> Int {
    if value < UInt64(steps) { return Int(value) }
    let power = 63 - value.leadingZeroBitCount
    return (power - 3) * steps + Int(truncatingIfNeeded: value >> UInt64(power - 4)) & (steps - 1)
  }

  private static func largest(in bucket: Int) -> UInt64 {
    if bucket < steps { return UInt64(bucket) }
    let power = bucket / steps + 3
    let step = UInt64(bucket % steps + steps + 1)
    return power == 63 && bucket % steps == steps - 1 ? .max : (step << UInt64(power - 4)) &- 1
  }
}
