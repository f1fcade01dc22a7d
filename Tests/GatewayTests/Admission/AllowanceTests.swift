import Testing

@testable import Gateway

/// Amounts that may be used in a period, and those that are held of it.
@Suite struct AllowanceTests {
  static func at(_ seconds: Int64) -> Instant {
    Instant(monotonic: seconds * 1_000_000_000, wall: seconds * 1_000_000_000)
  }

  @Test func `what is held and what was used are not available, and what is given back is`() {
    var allowance = Allowance(limit: 100, .endless)
    allowance.hold(60)
    #expect(allowance.available == 40)
    allowance.use(25, at: Self.at(1))
    allowance.giveBack(60)
    #expect(allowance.available == 75)
    allowance.advance(to: Self.at(1_000_000))
    #expect(allowance.available == 75)
    #expect(allowance.wait(for: 76, at: Self.at(1)) == nil)
  }

  @Test func `no number wraps, becomes negative, or stops the process`() {
    var allowance = Allowance(limit: .max, .endless)
    allowance.hold(.max)
    allowance.hold(.max)
    allowance.use(.max, at: Self.at(0))
    #expect(allowance.available == 0)
    #expect(allowance.wait(for: .max, at: Self.at(0)) != 1)
    allowance.giveBack(.max)
    allowance.giveBack(.max)
    #expect(allowance.held == 0)
  }

  @Test func `a calendar period begins again when its day is over, and a clock that is set back begins none`() {
    let day = AllowancePeriod.calendar(CalendarPeriod(.day, in: .utc))
    var allowance = Allowance(limit: 10, day)
    allowance.advance(to: Self.at(1000))
    allowance.use(10, at: Self.at(1000))
    #expect(allowance.wait(for: 1, at: Self.at(1000)) == Int64(86_400 - 1000) * 1_000_000_000)
    allowance.advance(to: Self.at(86_399))
    #expect(allowance.available == 0)
    allowance.advance(to: Self.at(86_400))
    #expect(allowance.available == 10)
    allowance.use(3, at: Self.at(86_400))
    allowance.advance(to: Self.at(10))
    #expect(allowance.available == 7)
  }

  @Test func `an amount above the limit is never available`() {
    var allowance = Allowance(limit: 10, .minute)
    allowance.use(1, at: Self.at(5))
    #expect(allowance.wait(for: 11, at: Self.at(5)) == nil)
    #expect(allowance.wait(for: 10, at: Self.at(5)) == Int64(61) * 1_000_000_000)
  }
}
