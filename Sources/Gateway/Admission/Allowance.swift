/// An amount that may be used in a period: what was used, and what is held for attempts that run.
///
/// Neither sum can wrap or become negative, whatever is added or taken back.
struct Allowance: Sendable {
  /// The most that may be used and held together.
  var limit: UInt64
  private(set) var held: UInt64 = 0
  /// The amount that was used in the present period, unless the period slides.
  private var usedInPeriod: UInt64 = 0
  private var window: UsageWindow?
  fileprivate let period: AllowancePeriod
  /// When the present calendar period ends, in nanoseconds since 1970.
  private var periodEnd: Int64 = 0

  init(limit: UInt64, _ period: AllowancePeriod) {
    self.limit = limit
    self.period = period
    if case .sliding(let length) = period { window = UsageWindow(period: length) }
  }

  /// The amount that was used in the present period.
  var used: UInt64 { window?.sum ?? usedInPeriod }

  /// The amount that is neither used nor held.
  var available: UInt64 {
    var left = limit
    left.remove(used)
    left.remove(held)
    return left
  }

  /// Lets what was used in earlier periods leave.
  mutating func advance(to now: Instant) {
    switch period {
    case .endless: break
    case .sliding: window?.advance(to: now.monotonic)
    case .calendar(let calendar):
      // A clock that is set back begins no period again.
      if now.wall < periodEnd { return }
      periodEnd = calendar.end(after: now.wall)
      usedInPeriod = 0
    }
  }

  /// Holds an amount, which must be available.
  mutating func hold(_ amount: UInt64) { held.add(amount) }

  /// Gives a held amount back.
  mutating func giveBack(_ amount: UInt64) { held.remove(amount) }

  /// Counts an amount as used.
  mutating func use(_ amount: UInt64, at now: Instant) {
    if amount == 0 { return }
    if window != nil { window?.add(amount, at: now.monotonic) } else { usedInPeriod.add(amount) }
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
    case .calendar: return max(0, periodEnd - now.wall)
    }
  }

  /// The time until all of it is available again, in nanoseconds, if it is not; `nil` if it never is.
  func reset(at now: Instant) -> Int64? {
    switch period {
    case .endless: used == 0 ? 0 : nil
    case .sliding: window?.wait(untilAtMost: 0, at: now.monotonic)
    case .calendar: max(0, periodEnd - now.wall)
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
