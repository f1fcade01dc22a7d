import Glibc
import Testing

@testable import Reactor

@Suite struct ClockTests {
  @Test func `a manual clock advances by hours without waiting, and never goes back`() throws {
    let reactor = try Reactor(.init(clock: .manual))
    let begin = reactor.now
    _ = reactor.setTimer(at: begin + .seconds(7200), tag: 1)
    #expect(reactor.turn().isEmpty)
    #expect(reactor.nextDeadline == begin + .seconds(7200))
    reactor.advance(to: begin + .seconds(7199))
    #expect(reactor.turn().isEmpty)
    reactor.advance(to: begin + .seconds(7200))
    #expect(reactor.turn().count == 1)
    reactor.advance(to: begin)
    #expect(reactor.now == begin + .seconds(7200))
  }

  @Test func `an adopted connection is a client like any other`() throws {
    let reactor = try Reactor(.init(clock: .manual))
    var pair: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    let client = try reactor.adopt(pair[0])
    #expect(reactor.turn().contains { if case .accepted(client) = $0 { true } else { false } })
    #expect(write(pair[1], "hello", 5) == 5)
    #expect(reactor.turn().contains { if case .received(client) = $0 { true } else { false } })
    close(pair[1])
    reactor.consumeInput(of: client, 5)
    let fresh = reactor.turn()
    #expect(fresh.contains { if case .disconnected(client) = $0 { true } else { false } }, "\(fresh)")
  }
}
