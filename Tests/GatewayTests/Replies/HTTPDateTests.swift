import Foundation
@testable import Gateway
import Testing

@Suite struct HTTPDateTests {
  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ] as [(UInt64, String)])
  func `a date has the format of RFC 9110`(_ seconds: UInt64, _ text: String) {
    var date = HTTPDate()
    date.update(seconds * 1_000_000_000 + 999_999_999)
    #expect(String(decoding: date.text, as: UTF8.self) == text)
  }

  @Test func `the largest time in nanoseconds is formatted`() {
    var date = HTTPDate()
    date.update(.max)
    #expect(String(decoding: date.text, as: UTF8.self) == "Sun, 21 Jul 2554 23:34:33 GMT")
  }

  @Test func `a date follows the clock in both directions`() {
    var date = HTTPDate()
    for seconds: UInt64 in [10, 11, 11, 9] {
      date.update(seconds * 1_000_000_000)
      #expect(
        String(decoding: date.text, as: UTF8.self)
          == "Thu, 01 Jan 1970 00:00:\(seconds < 10 ? "0" : "")\(seconds) GMT")
    }
  }

  @Test func `every day from 1970 to 9999 has its calendar date`() {
    // A calendar that counts days.
    var (year, month, day) = (1970, 1, 1)
    for number in 0..<2_932_897 {
      let found = CivilDate.of(days: number)
      if found.year != year || found.month != month || found.day != day {
        Issue.record("day \(number) is \(found), not \(year)-\(month)-\(day)")
        return
      }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
      day += 1
      if day > days { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect((year, month, day) == (10_000, 1, 1))
  }
}
