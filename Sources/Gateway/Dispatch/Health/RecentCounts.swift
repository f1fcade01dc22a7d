/// How many there were of late, and how many of them were bad: ten buckets that are used in a circle.
struct RecentCounts: Sendable {
  private static let buckets = 10

  private var all = InlineArray<10, UInt32>(repeating: 0)
  private var bad = InlineArray<10, UInt32>(repeating: 0)
  /// The number of the newest bucket, counted from the beginning of time.
  private var newest: Int64 = 0
  private let width: Int64

  /// Remembers for about that long, in steps of a tenth.
  init(for window: Duration) { width = max(1, Self.milliseconds(window) / Int64(Self.buckets)) }

  /// Counts one or several.
  mutating func note(_ count: Int = 1, bad badCount: Int = 0, at now: Duration) {
    move(to: now)
    let place = Int(newest % Int64(Self.buckets))
    all[place] = Self.sum(all[place], count)
    bad[place] = Self.sum(bad[place], badCount)
  }

  /// What is remembered.
  mutating func totals(at now: Duration) -> (all: Int, bad: Int) {
    move(to: now)
    var totals = (all: 0, bad: 0)
    for place in 0..<Self.buckets {
      totals.all += Int(all[place])
      totals.bad += Int(bad[place])
    }
    return totals
  }

  mutating func forget() {
    for place in 0..<Self.buckets {
      all[place] = 0
      bad[place] = 0
    }
  }

  /// Empties the buckets between the newest one and now. Time that runs backwards stands still.
  private mutating func move(to now: Duration) {
    let bucket = max(0, Self.milliseconds(now)) / width
    guard bucket > newest else { return }
    if bucket - newest >= Int64(Self.buckets) {
      forget()
    } else {
      for number in newest + 1...bucket {
        let place = Int(number % Int64(Self.buckets))
        all[place] = 0
        bad[place] = 0
      }
    }
    newest = bucket
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
