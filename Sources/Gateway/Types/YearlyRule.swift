/// The offsets of a time zone for all years: one, or two that change each other at two times of the year.
///
/// Source: POSIX, XBD 8.3, `TZ`; RFC 8536, section 3.3.1, which allows times from -167 to 167 hours.
struct YearlyRule: Hashable, Sendable {
  /// A day of the year and a time of it.
  struct Change: Hashable, Sendable {
    enum Day: Hashable, Sendable {
      /// The day of the year from 1, without leap days.
      case julian(Int)
      /// The day of the year from 0, with leap days.
      case ordinal(Int)
      /// The weekday from 0 for Sunday of a week from 1 to 5, the last, of a month.
      case weekday(month: Int, week: Int, day: Int)
    }

    var day: Day
    /// Seconds after midnight in the offset before the change.
    var time = 7200

    /// The seconds from 1970-01-01 00:00 to the change in a year, without an offset.
    func local(in year: Int) -> Int64 {
      let days: Int
      switch day {
      case .julian(let number):
        days = CivilDate.days(year, 1, 1) + number - 1 + (CivilDate.isLeap(year) && number >= 60 ? 1 : 0)
      case .ordinal(let number): days = CivilDate.days(year, 1, 1) + number
      case .weekday(let month, let week, let weekday):
        let start = CivilDate.days(year, month, 1)
        let ahead = (weekday - CivilDate.weekday(start) + 7) % 7
        var day = start + ahead + (week - 1) * 7
        let next = month == 12 ? CivilDate.days(year + 1, 1, 1) : CivilDate.days(year, month + 1, 1)
        while day >= next { day -= 7 }
        days = day
      }
      return Int64(days) * 86_400 + Int64(time)
    }
  }

  private var standard: Int
  private var summer: (offset: Int, begins: Change, ends: Change)? {
    guard let summerOffset, let begins, let ends else { return nil }
    return (summerOffset, begins, ends)
  }
  private var summerOffset: Int?
  private var begins: Change?
  private var ends: Change?

  /// Reads a text such as `CET-1CEST,M3.5.0,M10.5.0/3`; `nil` if it is not one.
  init?(_ text: Span<UInt8>) {
    var reader = Reader(text)
    guard text.count <= 128, reader.skipName(text), let west = reader.time(text, hoursMax: 24) else { return nil }
    standard = -west
    if reader.isAtEnd(text) { return }
    guard reader.skipName(text) else { return nil }
    summerOffset = standard + 3600
    if reader.mayBeginTime(text) {
      guard let west = reader.time(text, hoursMax: 24) else { return nil }
      summerOffset = -west
    }
    guard let begins = reader.change(text), let ends = reader.change(text), reader.isAtEnd(text) else { return nil }
    (self.begins, self.ends) = (begins, ends)
  }

  /// Returns the offset at a time in seconds since 1970.
  func offset(at time: Int64) -> Int {
    guard let summer else { return standard }
    let day = (time + Int64(standard)) / 86_400 - (time + Int64(standard) < 0 ? 1 : 0)
    let year = CivilDate.of(days: Int(max(0, day))).year
    let begins = summer.begins.local(in: year) - Int64(standard)
    let ends = summer.ends.local(in: year) - Int64(summer.offset)
    let isSummer = begins < ends ? time >= begins && time < ends : time >= begins || time < ends
    return isSummer ? summer.offset : standard
  }
}

/// Reads the parts of a rule.
private struct Reader {
  private var at = 0

  init(_ text: Span<UInt8>) {}

  func isAtEnd(_ text: Span<UInt8>) -> Bool { at == text.count }

  private func byte(_ text: Span<UInt8>) -> UInt8 { at < text.count ? text[at] : 0 }

  private mutating func take(_ byte: StaticString, _ text: Span<UInt8>) -> Bool {
    guard at < text.count, text.extracting(at..<at + 1).equals(byte) else { return false }
    at += 1
    return true
  }

  /// Skips the name of an offset: at least three letters, or others between `<` and `>`.
  mutating func skipName(_ text: Span<UInt8>) -> Bool {
    let start = at
    if take("<", text) {
      while at < text.count, byte(text) != UInt8(ascii: ">") { at += 1 }
      return take(">", text)
    }
    while (0x41...0x5a).contains(byte(text) & 0xdf), byte(text) >= 0x41 { at += 1 }
    return at - start >= 3
  }

  private mutating func number(_ text: Span<UInt8>, upTo most: Int) -> Int? {
    let start = at
    var number = 0
    while byte(text).isDecimal, at - start < 3 {
      number = number * 10 + Int(byte(text) - UInt8(ascii: "0"))
      at += 1
    }
    return at > start && number <= most ? number : nil
  }

  func mayBeginTime(_ text: Span<UInt8>) -> Bool { byte(text) != UInt8(ascii: ",") && !isAtEnd(text) }

  /// Reads hours with optional minutes and seconds, in seconds.
  mutating func time(_ text: Span<UInt8>, hoursMax: Int) -> Int? {
    let isNegative = take("-", text)
    if !isNegative { _ = take("+", text) }
    guard var seconds = number(text, upTo: hoursMax).map({ $0 * 3600 }) else { return nil }
    for unit in [60, 1] where take(":", text) {
      guard let number = number(text, upTo: 59) else { return nil }
      seconds += number * unit
    }
    return isNegative ? -seconds : seconds
  }

  mutating func change(_ text: Span<UInt8>) -> YearlyRule.Change? {
    guard take(",", text) else { return nil }
    var change: YearlyRule.Change
    if take("M", text) {
      guard let month = number(text, upTo: 12), month > 0, take(".", text), let week = number(text, upTo: 5),
        week > 0, take(".", text), let day = number(text, upTo: 6)
      else { return nil }
      change = YearlyRule.Change(day: .weekday(month: month, week: week, day: day))
    } else if take("J", text) {
      guard let day = number(text, upTo: 365), day > 0 else { return nil }
      change = YearlyRule.Change(day: .julian(day))
    } else {
      guard let day = number(text, upTo: 365) else { return nil }
      change = YearlyRule.Change(day: .ordinal(day))
    }
    if take("/", text) {
      guard let time = time(text, hoursMax: 167) else { return nil }
      change.time = time
    }
    return change
  }
}
