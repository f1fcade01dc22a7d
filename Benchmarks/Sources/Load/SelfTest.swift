import CLoad
import Foundation

/// The `selftest` command, which checks the instrument itself.
enum SelfTest {
  static func run() throws(LoadError) {
    var checks = Checks()
    histogram(&checks)
    timers(&checks)
    ReadingTest.responses(&checks)
    ReadingTest.events(&checks)
    ReadingTest.requests(&checks)
    try withMock { port throws(LoadError) in
      try streams(port, &checks)
      try loops(port, &checks)
    }
    print("selftest: \(checks.held) checks passed, \(checks.failed) failed")
    guard checks.failed == 0 else { throw LoadError("the instrument is faulty") }
  }

  /// Compares percentiles with a sorted array, for durations of every size, and two merged halves with the whole.
  private static func histogram(_ checks: inout Checks) {
    var random = SplitMix(state: 7)
    for round in 0..<20 {
      var whole = Histogram()
      var halves = [Histogram(), Histogram()]
      var values: [UInt64] = []
      for index in 0..<(1 + round * 500) {
        let value = random.next() >> UInt64(random.next() % 60 + 4)
        values.append(value)
        whole.record(value)
        halves[index & 1].record(value)
      }
      values.sort()
      halves[0].merge(halves[1])
      for share in [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0] {
        let rank = max(1, Int((share * Double(values.count)).rounded(.up)))
        let exact = Double(values[rank - 1])
        let found = Double(whole.quantile(share))
        checks.check(abs(found - exact) <= max(1, exact * 0.01), "quantile \(share) is \(exact), not \(found)")
        checks.check(halves[0].quantile(share) == whole.quantile(share), "merged quantile \(share)")
      }
      checks.check(whole.max == values.last, "the largest value")
      checks.check(whole.count == UInt64(values.count), "how many values")
    }
    checks.check(Histogram().quantile(0.99) == 0, "nothing has a percentile of 0")
  }

  private static func timers(_ checks: inout Checks) {
    var random = SplitMix(state: 11)
    var timers = Timers()
    var times: [UInt64] = []
    for slot in 0..<2000 {
      let time = random.next() % 1000
      times.append(time)
      timers.add(Timers.Entry(time: time, slot: Int32(slot), generation: 0))
      if slot % 3 == 0, let first = timers.take(until: .max) {
        checks.check(first.time == times.min(), "the earliest comes first")
        times.remove(at: times.firstIndex(of: first.time)!)
      }
    }
    checks.check(timers.take(until: 0).map { $0.time == 0 } ?? true, "nothing comes before its time")
  }

  /// Runs the mock in a process of its own.
  private static func withMock(_ body: (UInt16) throws(LoadError) -> Void) throws(LoadError) {
    let rig = try Rig()
    defer { rig.close() }
    try body(try rig.start(.direct).port)
  }

  /// Checks that every event of the mock's streams arrives once and in order, and paced ones on time.
  private static func streams(_ port: UInt16, _ checks: inout Checks) throws(LoadError) {
    var plan = Plan(.streams(again: true), port: port)
    (plan.connections, plan.warmup, plan.seconds) = (50, 0.05, 0.2)
    plan.orders.chunks = 40
    var outcome = try Client(plan).run()
    checks.check(outcome.streamsEnded >= 50, "50 streams end, not \(outcome.streamsEnded)")
    checks.check(
      outcome.lost + outcome.duplicated + outcome.reordered + outcome.errors.all == 0,
      "unpaced: lost \(outcome.lost), twice \(outcome.duplicated), errors \(outcome.errors.text)")

    plan = Plan(.streams(again: false), port: port)
    (plan.connections, plan.warmup, plan.seconds) = (100, 0.2, 0.5)
    plan.orders.gap = 10_000_000
    plan.orders.chunks = 80
    outcome = try Client(plan).run()
    let rate = Double(outcome.events) / outcome.seconds
    checks.check(outcome.streamsEnded == 100, "100 paced streams end, not \(outcome.streamsEnded)")
    checks.check(
      outcome.lost + outcome.duplicated + outcome.reordered + outcome.errors.all == 0, "paced: one is lost")
    checks.check(abs(rate - 10_000) < 500, "10,000 events a second, not \(rate)")

    plan = Plan(.idle, port: port)
    (plan.connections, plan.background, plan.seconds) = (0, 500, 0.1)
    outcome = try Client(plan).run()
    checks.check(outcome.background == 500, "500 silent streams stay open, not \(outcome.background)")
    checks.check(outcome.errors.all == 0, "silent: \(outcome.errors.text)")
  }

  /// Checks that the results of a closed loop and of a fixed rate agree with theory.
  private static func loops(_ port: UInt16, _ checks: inout Checks) throws(LoadError) {
    for connections in [1, 16] {
      var plan = Plan(.closed, port: port)
      (plan.connections, plan.warmup, plan.seconds) = (connections, 0.1, 0.4)
      let outcome = try Client(plan).run()
      // Little's law: the requests in flight are the rate times the duration of each.
      let inFlight = Double(outcome.answered) / outcome.seconds * outcome.latency.mean / 1e9
      checks.check(
        abs(inFlight / Double(connections) - 1) < 0.1, "\(connections) in flight by Little's law, not \(inFlight)")
      checks.check(outcome.errors.all == 0, "closed: \(outcome.errors.text)")
    }
    var plan = Plan(.closed, port: port)
    (plan.connections, plan.warmup, plan.seconds) = (8, 0.05, 0.3)
    plan.orders.delay = 5_000_000
    plan.orders.bytes = 300_000
    plan.promptBytes = 300_000
    var outcome = try Client(plan).run()
    checks.check(outcome.latency.quantile(0) >= 4_900_000, "an answer after 5 ms does not come earlier")
    checks.check(outcome.answered > 0 && outcome.errors.all == 0, "large answers: \(outcome.errors.text)")

    plan = Plan(.rate(1000), port: port)
    (plan.connections, plan.warmup, plan.seconds) = (16, 0.2, 0.5)
    outcome = try Client(plan).run()
    checks.check(abs(outcome.due - 500) <= 1, "500 requests are due, not \(outcome.due)")
    checks.check(outcome.unanswered == 0, "\(outcome.unanswered) stay unanswered")

    // Two connections can carry 100 requests of 20 ms per second, and 200 are due: the queue adds to the latency.
    plan.kind = .rate(200)
    plan.connections = 2
    plan.orders.delay = 20_000_000
    outcome = try Client(plan).run()
    checks.check(
      outcome.latency.max > 150_000_000, "an overload shows in the latency, not \(outcome.latency.max) ns")
    checks.check(outcome.late > 50, "an overload sends late, not \(outcome.late) times")
  }
}
