/// The days, weeks, or months of a time zone's calendar. Weeks begin on Monday (ISO 8601).
public struct CalendarPeriod: Hashable, Sendable {
  /// The length of the period.
  public enum Unit: String, Sendable, CaseIterable { case day, week, month }

  public let unit: Unit
  public let zone: TimeZoneRules

  public init(_ unit: Unit, in zone: TimeZoneRules) {
    self.unit = unit
    self.zone = zone
  }

  /// Returns when the period ends that a time is in. Both are in nanoseconds since 1970.
  func end(after time: Int64) -> Int64 {
    let seconds = max(0, time) / 1_000_000_000
    let local = max(0, seconds + Int64(zone.offset(at: seconds)))
    let end = zone.firstTime(from: seconds + 1, showing: Int64(nextDay(after: Int(local / 86_400))) * 86_400)
    let (nanoseconds, overflow) = end.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : nanoseconds
  }

  /// Returns the first day of the next period, counted from 1970-01-01.
  private func nextDay(after day: Int) -> Int {
    switch unit {
    case .day: return day + 1
    // Monday is 1, and Sunday the last day of the week.
    case .week: return day + 7 - (CivilDate.weekday(day) + 6) % 7
    case .month:
      let (year, month, _) = CivilDate.of(days: day)
      return month == 12 ? CivilDate.days(year + 1, 1, 1) : CivilDate.days(year, month + 1, 1)
    }
  }
}
