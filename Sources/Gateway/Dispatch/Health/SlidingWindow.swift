/// How many there were of late, and how many of them were bad: ten buckets that are used in a circle.
struct SlidingWindow: Sendable {
  private static let buckets = 10

  private var all = InlineArray<10, UInt32>(repeating: 0)
  private var failed = InlineArray<10, UInt32>(repeating: 0)
  /// The number of the newest bucket, counted from the beginning of time.
  private var newest: Int64 = 0
  private let width: Int64

  /// Remembers for about that long, in steps of a tenth.
  init(for window: Duration) { width = max(1, Self.milliseconds(window) / Int64(Self.buckets)) }

  /// Counts one or several.
  mutating func note(_ count: Int = 1, failed failedCount: Int = 0, at now: Duration) {
    move(to: now)
    let bucket = Int(newest % Int64(Self.buckets))
    all[bucket] = Self.sum(all[bucket], count)
    failed[bucket] = Self.sum(failed[bucket], failedCount)
  }

  /// What is remembered.
  mutating func totals(at now: Duration) -> (all: Int, failed: Int) {
    move(to: now)
    var totals = (all: 0, failed: 0)
    for bucket in 0..<Self.buckets {
      totals.all += Int(all[bucket])
      totals.failed += Int(failed[bucket])
    }
    return totals
  }

  mutating func forget() {
    for bucket in 0..<Self.buckets {
      all[bucket] = 0
      failed[bucket] = 0
    }
  }

  /// Empties the buckets between the newest one and now. Time that runs backwards stands still.
  private mutating func move(to now: Duration) {
    let number = max(0, Self.milliseconds(now)) / width
    guard number > newest else { return }
    if number - newest >= Int64(Self.buckets) {
      forget()
    } else {
      for next in newest + 1...number {
        let bucket = Int(next % Int64(Self.buckets))
        all[bucket] = 0
        failed[bucket] = 0
      }
    }
    newest = number
  }

  private static func sum(_ left: UInt32, _ right: Int) -> UInt32 {
    UInt32(clamping: Int(left) + min(max(right, 0), Int(UInt32.max)))
  }

  private static func milliseconds(_ time: Duration) -> Int64 {
    let (seconds, attoseconds) = time.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max / 2 : min(whole, .max / 2) + attoseconds / 1_000_000_000_000_000
  }
}
