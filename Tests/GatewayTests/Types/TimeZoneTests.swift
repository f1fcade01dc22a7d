import Foundation
import Testing

@testable import Gateway

/// Calendar periods in time zones.
@Suite struct TimeZoneTests {
  private static func zone(_ name: String) throws -> TimeZoneRules {
    let file = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)")))
    let zone = TimeZoneRules(name: name, file.span)
    return try #require(zone)
  }

  /// The end of a period in seconds, as Python's `zoneinfo` and `datetime` compute it: 40 zones, a random instant each.
  private static let python = """
    import random, sys, datetime as d, zoneinfo
    names = sorted(n for n in zoneinfo.available_timezones() if "/" in n and not n.startswith(("Etc", "posix", "right")))
    chance = random.Random(int(sys.argv[1]))
    zones = chance.sample(names, 40) + ["America/Havana", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"]
    def start(date, zone):
        # The first instant of the date: midnight, or where clocks skip it, the instant at which they do.
        local = d.datetime(date.year, date.month, date.day, tzinfo=zone)
        return int(local.timestamp())
    for _ in range(int(sys.argv[2])):
        name = chance.choice(zones)
        zone = zoneinfo.ZoneInfo(name)
        at = chance.randrange(0, 4102444800)
        date = d.datetime.fromtimestamp(at, zone).date()
        month = (date.replace(day=1) + d.timedelta(days=32)).replace(day=1)
        ends = [date + d.timedelta(days=1), date + d.timedelta(days=7 - date.weekday()), month]
        print(name, at, *[start(end, zone) for end in ends])
    """

  @Test func `periods end when Python's zoneinfo says`() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", Self.python, "7", "10000"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(
      separator: "\n")
    process.waitUntilExit()
    #expect(lines.count == 10_000)
    var zones: [String: TimeZoneRules] = [:]
    var wrong: [String] = []
    for line in lines {
      let words = line.split(separator: " ")
      let name = String(words[0])
      let zone = try zones[name] ?? Self.zone(name)
      zones[name] = zone
      let at = try #require(Int64(words[1]))
      for (unit, text) in zip(CalendarPeriod.Unit.allCases, words[2...]) {
        let end = CalendarPeriod(unit, in: zone).end(after: at * 1_000_000_000 + 1) / 1_000_000_000
        if end != Int64(text) { wrong.append("\(line): \(unit) \(end)") }
      }
    }
    #expect(wrong == [])
  }

  @Test(arguments: [
    // A day without midnight: clocks went from 24:00 to 01:00.
    ("America/Sao_Paulo", Int64(1_541_300_000), CalendarPeriod.Unit.day, Int64(1_541_300_400)),
    // A date that did not exist: Samoa went from the 29th to the 31st of December 2011.
    ("Pacific/Apia", 1_325_200_000, .day, 1_325_239_200),
    // Years after the last transition of the file.
    ("Europe/Berlin", 3_000_000_000, .month, 3_000_668_400),
    ("Europe/Berlin", 0, .week, 342_000),
  ])
  func `a period ends at the first instant of the next one`(
    name: String, at: Int64, unit: CalendarPeriod.Unit, end: Int64
  ) throws {
    let period = CalendarPeriod(unit, in: try Self.zone(name))
    #expect(period.end(after: at * 1_000_000_000) == end * 1_000_000_000)
  }

  @Test func `a period that has ended is always followed by a later one`() throws {
    for name in ["America/Havana", "Africa/Casablanca", "Antarctica/Troll"] {
      let period = CalendarPeriod(.day, in: try Self.zone(name))
      var at: Int64 = 1_700_000_000_000_000_000
      for _ in 0..<1000 {
        let next = period.end(after: at)
        #expect(next > at && next - at <= 26 * 3_600_000_000_000)
        at = next
      }
    }
  }

  @Test func `a zone file that is cut or changed is read or refused, and never traps`() throws {
    let file = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
    for end in 0..<file.count { _ = TimeZoneRules(name: "x", Array(file[..<end]).span) }
    var random = SplitMix(state: 3)
    for _ in 0..<3000 {
      var changed = file
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        changed[Int.random(in: changed.indices, using: &random)] = [0, 0x7f, 0x80, 0xff].randomElement(
          using: &random)!
      }
      guard let zone = TimeZoneRules(name: "x", changed.span) else { continue }
      for time in [Int64.min / 4, -1, 0, 1 << 31, 1 << 40] { _ = zone.offset(at: time) }
    }
  }

  @Test(arguments: ["../../etc/passwd", "/etc/passwd", "Europe//Berlin", "", "a b", "Europe/Berlin\0"])
  func `a name that could leave the folder of the zones is no name`(name: String) {
    #expect(!TimeZoneRules.isName(name))
  }

  @Test(arguments: [
    "CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3", "EST5EDT,M3.2.0,M11.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1", "XYZ-5:30",
  ])
  func `rules of POSIX are read`(text: String) {
    let rule = YearlyRule(Array(text.utf8).span)
    #expect(rule != nil)
  }

  @Test(arguments: [
    "", "C1", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-99", "CET-1CEST,M3.5.0,M10.5.0/999", "CET-1x",
  ])
  func `other texts are no rules`(text: String) {
    let rule = YearlyRule(Array(text.utf8).span)
    #expect(rule == nil)
  }
}
