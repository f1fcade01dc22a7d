/// The Gregorian calendar, without a time zone.
enum CivilDate {
  /// Returns the date of a day, counted from 1970-01-01. The day must not be negative.
  ///
  /// The calculation starts years in March, so that leap days come last.
  static func of(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// Returns the day of a date from the year 1 on, counted from 1970-01-01.
  static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let monthOfYear = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthOfYear + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }

  /// Returns the seconds from 1970 to the end of a day.
  static func seconds(toEndOf day: Int) -> Int { (day + 1) * 86_400 }

  /// Returns the seconds from 1970 to the end of a day as in `2027-01-31`, or `nil` for another text.
  static func seconds(toEndOf text: String) -> Int64? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
      parts.joined().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), year >= 1970,
      (1...12).contains(month), day >= 1, of(days: days(year, month, day)) == (year, month, day)
    else { return nil }
    return Int64(clamping: seconds(toEndOf: days(year, month, day)))
  }

  /// Returns the weekday of a day from 1970-01-01 on; Sunday is 0.
  static func weekday(_ days: Int) -> Int { (days + 4) % 7 }

  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// Appends a time in seconds since 1970 as in RFC 3339, without fraction and zone: `2026-08-21T10:15:30`.
  ///
  /// The format has no years after 9999. Later times become its last second.
  static func append(secondsSince1970 seconds: UInt64, to out: inout [UInt8]) {
    let seconds = Int(min(seconds, 253_402_300_799))
    let (year, month, day) = of(days: seconds / 86_400)
    out.append(decimal: year)
    for (separator, number) in [
      ("-", month), ("-", day), ("T", seconds / 3600 % 24), (":", seconds / 60 % 60), (":", seconds % 60),
    ] as [(StaticString, Int)] {
      out.append(separator)
      if number < 10 { out.append("0") }
      out.append(decimal: number)
    }
  }

  /// Appends a time in seconds since 1970 as a JSON string, in UTC.
  static func appendString(secondsSince1970 seconds: UInt64, to out: inout [UInt8]) {
    out.append("\"")
    append(secondsSince1970: seconds, to: &out)
    out.append("Z\"")
  }
}
