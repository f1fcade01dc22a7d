/// An amount that may be used in a period: what was used, and what is held for attempts that run.
///
/// Neither sum can wrap or become negative, whatever is added or taken back.
struct Allowance: Sendable {
  /// The most that may be used and held together.
  var limit: UInt64
  private(set) var held: UInt64 = 0
  /// The amount that was used in the present period.
  private(set) var used: UInt64 = 0
  /// When `used` may become less by itself, on the clock of the period.
  private var change: Int64
  private let isOnWallClock: Bool
  /// The used amounts of a period that slides.
  private var window: UsageWindow?
  fileprivate let period: AllowancePeriod

  init(limit: UInt64, _ period: AllowancePeriod) {
    self.limit = limit
    self.period = period
    switch period {
    case .endless: (change, isOnWallClock) = (.max, false)
    case .sliding(let length):
      window = UsageWindow(period: length)
      (change, isOnWallClock) = (0, false)
    case .calendar: (change, isOnWallClock) = (0, true)
    }
  }

  /// The amount that is neither used nor held.
  var available: UInt64 {
    var left = limit
    left.remove(used)
    left.remove(held)
    return left
  }

  /// Lets what was used in earlier periods leave.
  @inline(__always)
  mutating func advance(to now: Instant) {
    // A clock that is set back begins no period again.
    if (isOnWallClock ? now.wall : now.monotonic) >= change { changePeriod(now) }
  }

  private mutating func changePeriod(_ now: Instant) {
    switch period {
    case .endless: break
    case .sliding:
      window?.advance(to: now.monotonic)
      updateFromWindow()
    case .calendar(let calendar):
      change = calendar.end(after: now.wall)
      used = 0
    }
  }

  private mutating func updateFromWindow() {
    guard let sum = window?.sum, let end = window?.slotEnd else { return }
    used = sum
    change = end
  }

  /// Holds an amount, which must be available.
  mutating func hold(_ amount: UInt64) { held.add(amount) }

  /// Gives a held amount back.
  mutating func giveBack(_ amount: UInt64) { held.remove(amount) }

  /// Counts an amount as used.
  mutating func use(_ amount: UInt64, at now: Instant) {
    if amount == 0 { return }
    if window == nil { return used.add(amount) }
    window?.add(amount, at: now.monotonic)
    updateFromWindow()
  }

  /// Returns the time until an amount is available, in nanoseconds, if nothing else is used until then and what is held is
  /// not given back; `nil` if it never is.
  func wait(for amount: UInt64, at now: Instant) -> Int64? {
    let (needed, overflow) = held.addingReportingOverflow(amount)
    if overflow || needed > limit { return held > 0 && amount <= limit ? 0 : nil }
    if available >= amount { return 0 }
    switch period {
    case .endless: return nil
    case .sliding: return window?.wait(untilAtMost: limit - needed, at: now.monotonic)
    case .calendar: return max(0, change - now.wall)
    }
  }

  /// The time until all of it is available again, in nanoseconds, if it is not; `nil` if it never is.
  func reset(at now: Instant) -> Int64? {
    switch period {
    case .endless: used == 0 ? 0 : nil
    case .sliding: window?.wait(untilAtMost: 0, at: now.monotonic)
    case .calendar: max(0, change - now.wall)
    }
  }
}

extension Allowance {
  /// The period as a noun.
  var periodText: String {
    switch period {
    case .endless: "run"
    case .minute: "minute"
    case .hour: "hour"
    case .day: "day"
    case .sliding(let length): "\(length / 1_000_000_000) seconds"
    case .calendar(let calendar): calendar.unit.rawValue
    }
  }
}

/// The time in which an allowance may be used once.
enum AllowancePeriod: Hashable, Sendable {
  /// For ever: used amounts never come back.
  case endless
  /// Every period of this length in nanoseconds.
  case sliding(Int64)
  /// Days, weeks, or months of a calendar.
  case calendar(CalendarPeriod)

  static let minute = sliding(60_000_000_000)
  static let hour = sliding(3_600_000_000_000)
  static let day = sliding(86_400_000_000_000)
}
