/// Counts of recent requests and of failures among them, in a ring of ten buckets.
struct SlidingWindow: Sendable {
  private static let buckets = 10

  private var all = InlineArray<10, UInt32>(repeating: 0)
  private var failed = InlineArray<10, UInt32>(repeating: 0)
  /// The number of the newest bucket since time zero, and when it ends.
  private var newest: Int64 = 0
  private var end: Duration
  /// The length of a bucket, in milliseconds.
  private let width: Int64

  /// Creates a window of about this length; it moves in steps of a tenth.
  init(for window: Duration) {
    width = max(1, Self.milliseconds(window) / Int64(Self.buckets))
    end = .milliseconds(width)
  }

  /// Adds to the counts.
  mutating func note(_ count: Int = 1, failed failedCount: Int = 0, at now: Duration) {
    move(to: now)
    let bucket = Int(newest % Int64(Self.buckets))
    all[bucket] = Self.sum(all[bucket], count)
    failed[bucket] = Self.sum(failed[bucket], failedCount)
  }

  /// Returns the counts of the window.
  mutating func totals(at now: Duration) -> (all: Int, failed: Int) {
    move(to: now)
    var totals = (all: 0, failed: 0)
    for bucket in 0..<Self.buckets {
      totals.all += Int(all[bucket])
      totals.failed += Int(failed[bucket])
    }
    return totals
  }

  /// Clears all counts.
  mutating func forget() {
    for bucket in 0..<Self.buckets {
      all[bucket] = 0
      failed[bucket] = 0
    }
  }

  /// Clears the buckets between the newest one and now. If time runs backwards, nothing changes.
  private mutating func move(to now: Duration) {
    // Most of the time the newest bucket has not ended, and two times are compared faster than converted.
    guard now >= end else { return }
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
    let (next, isOver) = number.addingReportingOverflow(1)
    let (milliseconds, isTooMuch) = next.multipliedReportingOverflow(by: width)
    end = isOver || isTooMuch ? now : .milliseconds(milliseconds)
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
