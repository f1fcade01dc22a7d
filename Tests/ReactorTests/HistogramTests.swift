import Testing

@testable import Reactor

@Suite struct HistogramTests {
  @Test func `an empty histogram has only zeros`() {
    let histogram = Histogram()
    #expect(histogram.count == 0)
    #expect(histogram.max == 0)
    #expect(histogram.percentile(0.5) == 0)
  }

  @Test func `small values are counted exactly`() {
    var histogram = Histogram()
    for value in 1...10 { histogram.record(UInt64(value)) }
    #expect(histogram.percentile(0) == 1)
    #expect(histogram.percentile(0.5) == 5)
    #expect(histogram.percentile(1) == 10)
  }

  @Test(arguments: [UInt64(1), 7, 99])
  func `a percentile is at most a sixteenth too high, and never too low`(seed: UInt64) {
    var state = seed
    var histogram = Histogram()
    var values: [UInt64] = []
    for _ in 0..<5000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = state >> (state >> 58)
      values.append(value)
      histogram.record(value)
    }
    values.sort()
    for share in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = values[max(0, Int((Double(values.count) * share).rounded(.up)) - 1)]
      let found = histogram.percentile(share)
      #expect(found >= exact)
      #expect(Double(found) <= Double(exact) * 1.0626 + 1, "\(share): \(found), not \(exact)")
    }
    #expect(histogram.max == values.last)
  }

  @Test func `the largest possible value has a bucket`() {
    var histogram = Histogram()
    histogram.record(.max)
    histogram.record(0)
    #expect(histogram.percentile(1) == .max)
    #expect(histogram.percentile(0.5) == 0)
  }
}

@Suite struct BatchLimitTests {
  @Test func `a slow turn halves the limit, and quick full turns double it`() {
    var limit = BatchLimit()
    let first = limit.value
    limit.adapt(after: 50_000_000)
    #expect(limit.value == first / 2)
    for _ in 0..<20 { limit.adapt(after: 50_000_000) }
    #expect(limit.value == BatchLimit.valueMin)
    for _ in 0..<20 {
      _ = limit.isBehind(limit.value)
      limit.adapt(after: 1000)
    }
    #expect(limit.value == BatchLimit.valueMax)
    _ = limit.isBehind(1)
    limit.adapt(after: 1000)
    #expect(limit.value == BatchLimit.valueMax)
  }

  @Test func `deadlines wait while more descriptors are ready than the limit, but not forever`() {
    var limit = BatchLimit()
    let quiet = limit.isBehind(1)
    #expect(!quiet)
    var waited = 0
    while waited < 100, limit.isBehind(limit.value) { waited += 1 }
    #expect((1...32).contains(waited))
    let still = limit.isBehind(limit.value)
    #expect(!still)
    let rested = limit.isBehind(0)
    let again = limit.isBehind(limit.value)
    let cut = limit.isBehind(1, isCut: true)
    #expect(!rested && again && cut)
  }
}

@Suite struct LoopLagTests {
  @Test func `the loop's own work counts as its own lag`() {
    var lag = LoopLag()
    _ = lag.asleep()
    lag.awake()
    let end = ContinuousClock.now + .milliseconds(20)
    var sum: UInt64 = 0
    while ContinuousClock.now < end { sum &+= 1 }
    let awake = lag.asleep()
    #expect(sum > 0)
    #expect(lag.all.max >= 20_000_000)
    #expect(lag.own.count == 1)
    #expect(awake == lag.own.max)
    #expect(awake > 1_000_000)
  }

  @Test func `time blocked in a system call counts as the loop's own lag`() throws {
    var lag = LoopLag()
    _ = lag.asleep()
    lag.awake()
    let mailbox = try Mailbox<Int>(weightMax: 1, blocking: true)
    try Worker.start {
      let end = ContinuousClock.now + .milliseconds(60)
      while ContinuousClock.now < end {}
      mailbox.post(1)
    }
    mailbox.wait()
    // On a single processor, the two threads share it, so the lag is shorter.
    let awake = lag.asleep()
    #expect(awake > 15_000_000)
  }
}
