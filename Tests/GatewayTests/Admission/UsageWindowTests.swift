import Support
import Testing

@testable import Gateway

/// Sums over a period that slides: no period has more than the window says.
@Suite struct UsageWindowTests {
  private static let minute: Int64 = 60_000_000_000

  @Test func `an amount leaves when all of its slot is a period ago, and not before`() {
    var window = UsageWindow(period: Self.minute)
    window.add(5, at: 500_000_000)
    window.add(7, at: 1_200_000_000)
    window.advance(to: 60_999_999_999)
    #expect(window.sum == 12)
    window.advance(to: 61_000_000_000)
    #expect(window.sum == 7)
    window.advance(to: 62_000_000_000)
    #expect(window.sum == 0)
  }

  @Test func `the wait ends when enough has left, to the nanosecond`() {
    var window = UsageWindow(period: Self.minute)
    for second in 0..<10 { window.add(1, at: Int64(second) * 1_000_000_000) }
    let now: Int64 = 20_000_000_000
    window.advance(to: now)
    #expect(window.wait(untilAtMost: 10, at: now) == 0)
    for left in 0..<10 {
      let wait = window.wait(untilAtMost: UInt64(left), at: now)
      var later = window
      later.advance(to: now + wait - 1)
      #expect(later.sum > UInt64(left))
      later.advance(to: now + wait)
      #expect(later.sum <= UInt64(left))
    }
  }

  @Test func `amounts that no counter can hold saturate`() {
    var window = UsageWindow(period: Self.minute)
    window.add(.max, at: 1)
    window.add(.max, at: 2_000_000_000)
    #expect(window.sum == .max)
    window.advance(to: .max)
    #expect(window.sum == 0)
  }

  @Test(arguments: 0..<20)
  func `whatever comes when, the sum is at least that of the last period, and at most that of a slot more`(
    seed: UInt64
  ) {
    var random = SplitMix(state: seed)
    let period = Int64.random(in: 60...1_000_000, using: &random)
    var window = UsageWindow(period: period)
    var events: [(at: Int64, amount: UInt64)] = []
    var now: Int64 = .random(in: 0...1_000_000, using: &random)
    for _ in 0..<500 {
      now += .random(in: 0...max(1, period / [2, 20, 200].randomElement(using: &random)!), using: &random)
      let amount = UInt64.random(in: 0...9, using: &random)
      window.add(amount, at: now)
      events.append((now, amount))
      func sum(_ length: Int64) -> UInt64 { events.filter { $0.at > now - length }.reduce(0) { $0 + $1.amount } }
      #expect(window.sum >= sum(period / 60 * 60))
      #expect(window.sum <= sum(period + period / 60 + 2))
    }
  }
}
