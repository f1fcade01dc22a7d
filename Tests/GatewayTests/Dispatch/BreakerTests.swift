@testable import Gateway
import Testing

@Suite struct BreakerTests {
  /// A breaker and a clock.
  final class Bench {
    var breaker: Breaker
    var now = Duration.zero

    init(_ settings: Breaker.Settings = Breaker.Settings()) { breaker = Breaker(settings) }

    func pass() -> Breaker.Pass? { breaker.admit(at: now) }

    /// Sends requests one after the other; returns whether all were admitted.
    @discardableResult
    func run(_ outcomes: [Bool]) -> Bool {
      for passed in outcomes {
        guard let pass = pass() else { return false }
        if passed { breaker.succeeded(pass, at: now) } else { breaker.failed(pass, at: now) }
      }
      return true
    }
  }

  @Test func `consecutive failures open the breaker, and scattered ones do not`() {
    let bench = Bench()
    #expect(bench.run([false, false, false, false, true, false, false, false, false]))
    #expect(bench.breaker.state == .closed)
    bench.run([false])
    #expect(bench.breaker.state == .open(until: .seconds(5)))
    #expect(bench.pass() == nil)
    #expect(bench.breaker.nextAdmission(at: .seconds(1)) == .seconds(5))
  }

  @Test func `a high failure rate opens the breaker`() {
    let bench = Bench()
    for turn in 0..<19 { bench.run([turn % 2 == 1]) }
    #expect(bench.breaker.state == .closed)
    bench.run([false])
    #expect(bench.breaker.state != .closed)
  }

  @Test func `old failures do not count`() {
    let bench = Bench()
    for turn in 0..<200 {
      bench.now = .seconds(4 * turn)
      #expect(bench.run([turn % 2 == 1]))
    }
    #expect(bench.breaker.state == .closed)
    let counts = bench.breaker.counts(at: bench.now)
    #expect((6...8).contains(counts.all))
    #expect(bench.breaker.counts(at: .seconds(100_000)).all == 0)
  }

  @Test func `a half-open breaker admits one request, and its result decides`() {
    let bench = Bench()
    bench.run([false, false, false, false, false])
    bench.now = .seconds(5)
    #expect(bench.breaker.admits(at: bench.now))
    let trial = bench.pass()
    #expect(trial != nil)
    #expect(bench.pass() == nil)
    #expect(bench.breaker.nextAdmission(at: bench.now) == .seconds(125))
    bench.breaker.failed(trial!, at: bench.now)
    // The time doubles, up to the maximum.
    #expect(bench.breaker.state == .open(until: .seconds(15)))
    for _ in 0..<10 {
      if case .open(let until) = bench.breaker.state { bench.now = until }
      bench.run([false])
    }
    #expect(bench.breaker.state == .open(until: bench.now + .seconds(60)))
    bench.now += .seconds(60)
    bench.run([true])
    #expect(bench.breaker.state == .closed)
    #expect(bench.run([false, false, false, false]))
    bench.run([false])
    #expect(bench.breaker.state == .open(until: bench.now + .seconds(5)))
  }

  @Test func `an inconclusive trial lets another request try`() {
    let bench = Bench()
    bench.run([false, false, false, false, false])
    bench.now = .seconds(6)
    let trial = bench.pass()
    bench.breaker.inconclusive(trial!)
    let second = bench.pass()
    #expect(second != nil)
    // A trial without a result does not block the breaker forever.
    bench.now += .seconds(120)
    #expect(bench.pass() != nil)
  }

  @Test func `a request that started before a change of state does not count`() {
    let bench = Bench()
    let before = (0..<20).compactMap { _ in bench.pass() }
    #expect(before.count == 20)
    for pass in before.prefix(10) { bench.breaker.failed(pass, at: bench.now) }
    let state = bench.breaker.state
    #expect(state == .open(until: .seconds(5)))
    bench.now = .seconds(5)
    let trial = bench.pass()
    for pass in before { bench.breaker.failed(pass, at: bench.now) }
    for pass in before { bench.breaker.succeeded(pass, at: bench.now) }
    for pass in before { bench.breaker.inconclusive(pass) }
    #expect(bench.breaker.state == .halfOpen(trialEnds: .seconds(125)))
    bench.breaker.succeeded(trial!, at: bench.now)
    #expect(bench.breaker.state == .closed)
  }

  @Test func `an opening time is replaced only by a later one`() {
    let bench = Bench()
    bench.breaker.open(until: .seconds(30))
    bench.breaker.open(until: .seconds(10))
    #expect(bench.breaker.state == .open(until: .seconds(30)))
    bench.breaker.open(until: .seconds(40))
    #expect(bench.breaker.state == .open(until: .seconds(40)))
    bench.breaker.close()
    #expect(bench.breaker.admits(at: .zero))
  }

  @Test func `a breaker that is held open for longer has opened once`() {
    let bench = Bench()
    bench.breaker.open(until: .seconds(30))
    bench.breaker.open(until: .seconds(40))
    bench.breaker.open(until: .seconds(50))
    #expect(bench.breaker.nextOpenTime == .seconds(10))
  }

  @Test func `a window tolerates time that jumps or stands still`() {
    var counts = SlidingWindow(for: .seconds(10))
    counts.note(at: .seconds(100))
    counts.note(failed: 1, at: .seconds(50))
    #expect(counts.totals(at: .seconds(100)) == (2, 1))
    #expect(counts.totals(at: .seconds(109)) == (2, 1))
    #expect(counts.totals(at: .seconds(110)) == (0, 0))
    counts.note(.max, failed: -3, at: .seconds(Int64.max))
    #expect(counts.totals(at: .seconds(Int64.max)).failed == 0)
    #expect(counts.totals(at: .seconds(-5)).all > 0)
  }
}
