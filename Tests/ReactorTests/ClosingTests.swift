import Testing

@testable import Reactor
@testable import Support

@Suite struct ClosingTests {
  @Test func `close sends all output before the end`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.reads = false
    let large = [UInt8](repeating: 0x61, count: 8 << 20)
    loop.reactor.send(large.span, to: client)
    loop.reactor.close(client)
    loop.run(for: .milliseconds(30))
    #expect(loop.reactor.clientCount == 1)
    peer.reads = true
    #expect(loop.run { peer.hasEnded })
    #expect(peer.received.count == large.count)
    #expect(!peer.wasReset)
    #expect(!loop.hasDisconnected(client))
  }

  @Test func `after close, no more output is sent and no more input is reported`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.send(Array("last".utf8).span, to: client)
    loop.reactor.close(client)
    #expect(loop.reactor.send(Array("too late".utf8).span, to: client) == 0)
    let before = loop.events.count
    peer.send("anybody there?")
    #expect(loop.run { peer.hasEnded })
    loop.run(for: .milliseconds(10))
    #expect(peer.text == "last")
    #expect(loop.events.count == before)
  }

  @Test func `a client that is still sending receives the response and its end, not a reset`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.send([UInt8](repeating: 0x62, count: 60 * 1024))
    #expect(loop.run { loop.reactor.waitingBytes.input > 0 })
    loop.reactor.send(Array("no".utf8).span, to: client)
    loop.reactor.close(client)
    #expect(loop.run { peer.hasEnded })
    #expect(peer.text == "no")
    #expect(!peer.wasReset)
    peer.leave()
    #expect(loop.run { loop.reactor.clientCount == 0 })
    #expect(!loop.hasDisconnected(client))
  }

  @Test func `a client that sent much and half-closed receives the response and its end, not a reset`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.send([UInt8](repeating: 0x62, count: 60 * 1024))
    peer.finish()
    loop.reactor.send(Array("no".utf8).span, to: client)
    loop.reactor.close(client)
    #expect(loop.run { peer.hasEnded && loop.reactor.clientCount == 0 })
    #expect(peer.text == "no")
    #expect(!peer.wasReset)
  }

  @Test func `a client that keeps sending is cut off after 64 KiB`() throws {
    // The clock stands still, so only the byte limit can end it.
    let loop = try Loop(.init(clock: .manual))
    let (peer, client) = try loop.connect()
    loop.reactor.close(client)
    #expect(loop.run { peer.hasEnded })
    var sent = 0
    loop.add { [unowned loop] in
      guard loop.reactor.clientCount > 0 else { return }
      peer.send([UInt8](repeating: 0, count: 4096))
      sent += 4096
    }
    #expect(loop.run { loop.reactor.clientCount == 0 })
    #expect(sent > Client.lingerBytesMax)
  }

  @Test func `a client that keeps sending is cut off long before 4 MiB`() throws {
    let loop = try Loop(.init(clock: .manual))
    let (peer, client) = try loop.connect()
    loop.reactor.close(client)
    #expect(loop.run { peer.hasEnded })
    var sent = 0
    loop.add { [unowned loop] in
      guard loop.reactor.clientCount > 0, sent < 4 << 20 else { return }
      peer.send([UInt8](repeating: 0, count: 4096))
      sent += 4096
    }
    loop.run { loop.reactor.clientCount == 0 || sent >= 4 << 20 }
    #expect(sent < 4 << 20)
  }

  @Test func `a client that neither reads the end nor disconnects is dropped after two seconds`() throws {
    let loop = try Loop(.init(clock: .manual))
    let (_, client) = try loop.connect()
    loop.reactor.close(client)
    loop.run(for: .milliseconds(5))
    let begin = loop.reactor.now
    #expect(loop.reactor.nextDeadline == begin + .seconds(2))
    loop.reactor.advance(to: begin + .milliseconds(1999))
    loop.run(for: .milliseconds(5))
    #expect(loop.reactor.clientCount == 1)
    loop.reactor.advance(to: begin + .seconds(2))
    #expect(loop.run { loop.reactor.clientCount == 0 })
  }

  @Test func `a reset breaks the connection for the client`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.reset(client)
    #expect(loop.reactor.clientCount == 0)
    #expect(loop.run { peer.hasEnded })
    #expect(peer.wasReset)
    #expect(!loop.hasDisconnected(client))
  }

  @Test func `an ID stays stale when its slot has a new occupant`() throws {
    let loop = try Loop()
    let (_, old) = try loop.connect()
    loop.reactor.reset(old)
    let (peer, new) = try loop.connect()
    #expect(old != new)
    #expect(UInt32(truncatingIfNeeded: old.bits) == UInt32(truncatingIfNeeded: new.bits))
    loop.reactor.send(Array("wrong".utf8).span, to: old)
    loop.reactor.close(old)
    loop.reactor.send(Array("right".utf8).span, to: new)
    #expect(loop.run { peer.text == "right" })
  }

  @Test(arguments: [false, true])
  func `the loop sleeps while a closing client does not read`(peerFinishes: Bool) throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.reads = false
    loop.reactor.send([UInt8](repeating: 0x61, count: 8 << 20).span, to: client)
    loop.reactor.close(client)
    loop.run(for: .milliseconds(50))
    // Until the client reads, there is nothing to do.
    if peerFinishes { peer.finish() } else { peer.send("unasked") }
    loop.run(for: .milliseconds(20))
    let before = loop.turns
    loop.run(for: .milliseconds(200))
    #expect(loop.turns - before < 400, "a turn sleeps up to a millisecond")
  }
}
