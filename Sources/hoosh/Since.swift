import ArgumentParser
import Gateway
import Glibc

/// The beginning of a report, as people write it.
struct Since: Equatable {
  /// Microseconds since 1970.
  let microseconds: Int64

  /// Reads a day of UTC such as 2026-01-31, or a time before now such as 7d or 12h.
  init(_ text: String) throws {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    try self.init(text, now: Int64(now.tv_sec))
  }

  /// - Parameter now: Seconds since 1970.
  init(_ text: String, now: Int64) throws {
    guard let seconds = Self.day(text) ?? Self.age(text).map({ now - $0 }) else {
      throw ValidationError("A beginning is a day such as 2026-01-31, or a time before now such as 7d or 12h.")
    }
    microseconds = max(0, seconds) * 1_000_000
  }

  /// The most hours or days before now.
  private static let agesMax: Int64 = 100_000

  private static func age(_ text: String) -> Int64? {
    guard let unit: Int64 = text.last.flatMap({ ["d": 86_400, "h": 3600][$0] }), let count = Int64(text.dropLast()),
      (0...agesMax).contains(count)
    else { return nil }
    return count * unit
  }

  private static func day(_ text: String) -> Int64? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.allSatisfy(\.isASCII) }) else {
      return nil
    }
    guard let year = Int32(parts[0]), let month = Int32(parts[1]), let day = Int32(parts[2]),
      (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var date = unsafe tm()
    unsafe (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, month - 1, day)
    let seconds = unsafe timegm(&date)
    // June has no 31st, and the 1st of July is another day.
    return unsafe date.tm_mday == day ? Int64(seconds) : nil
  }
}
