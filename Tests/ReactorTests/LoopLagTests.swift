import Testing

@testable import Reactor

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
