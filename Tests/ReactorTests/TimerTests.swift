import Glibc
import Testing

@testable import Reactor
@testable import Support

@Suite struct TimerTests {
  private func tags(_ events: [Event]) -> [UInt64] {
    events.compactMap { if case .timerFired(_, let tag) = $0 { tag } else { nil } }
  }

  @Test func `timers fire in the order of their times, never early`() throws {
    let reactor = try Reactor()
    let start = reactor.now
    for (time, tag) in [(30, 3), (10, 1), (20, 2)] as [(Int, UInt64)] {
      _ = reactor.setTimer(at: start + .milliseconds(time), tag: tag)
    }
    var seen: [UInt64] = []
    while seen.count < 3 {
      for tag in tags(reactor.turn()) {
        seen.append(tag)
        #expect(reactor.now >= start + .milliseconds(Int(tag) * 10))
      }
    }
    #expect(seen == [1, 2, 3])
  }

  @Test func `a timer can be moved and cancelled, and fires once`() throws {
    let reactor = try Reactor()
    let late = reactor.setTimer(at: reactor.now + .seconds(3600), tag: 1)
    let never = reactor.setTimer(at: reactor.now, tag: 2)
    reactor.cancel(never)
    #expect(reactor.moveTimer(late, to: reactor.now))
    #expect(tags(reactor.turn()) == [1])
    #expect(!reactor.moveTimer(late, to: reactor.now))
    #expect(tags(reactor.turn(atMost: .milliseconds(5))).isEmpty)
  }

  @Test func `a timer in the past fires immediately, and a turn does not sleep longer than its limit`() throws {
    let reactor = try Reactor()
    let start = ContinuousClock.now
    _ = reactor.setTimer(at: .zero, tag: 9)
    #expect(tags(reactor.turn()) == [9])
    _ = reactor.turn(atMost: .milliseconds(20))
    #expect(ContinuousClock.now - start < .seconds(1))
    #expect(ContinuousClock.now - start >= .milliseconds(19))
  }

  @Test func `a loopback port with a listener is detected`() throws {
    let (listener, port) = Sockets.listen()
    #expect(Reactor.answers(loopbackPort: UInt16(port), within: .milliseconds(200)))
    defer { close(listener) }
    // A closed port could be taken by a parallel test; a bound port without a listener cannot.
    let (silent, other) = Sockets.bound()
    defer { close(silent) }
    #expect(!Reactor.answers(loopbackPort: UInt16(other), within: .milliseconds(200)))
  }

  @Test func `signals of the process are events`() async {
    await #expect(processExitsWith: .success) {
      let reactor = try Reactor(.init(takesSignals: true))
      var seen: [Signal] = []
      for signal in Signal.allCases {
        // To this thread: the test's other threads do not block signals, as the program's do.
        pthread_kill(pthread_self(), signal.rawValue)
        let end = ContinuousClock.now + .seconds(2)
        while seen.last != signal, ContinuousClock.now < end {
          for case .signal(let arrived) in reactor.turn(atMost: .milliseconds(50)) { seen.append(arrived) }
        }
      }
      guard seen == Signal.allCases else { exit(3) }
    }
  }
}
