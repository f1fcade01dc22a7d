import Glibc
import Testing

@testable import Reactor
@testable import Support

@Suite struct BackpressureTests {
  @Test func `a paused client is not read until it is resumed`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.send("one")
    #expect(loop.run { loop.input(client) == "one" })
    loop.reactor.pauseInput(of: client, true)
    loop.turn()
    peer.send("two")
    loop.run(for: .milliseconds(20))
    #expect(loop.input(client) == "one")
    loop.reactor.pauseInput(of: client, false)
    #expect(loop.run { loop.input(client) == "onetwo" })
  }

  @Test func `a reset of a paused client is still reported`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.pauseInput(of: client, true)
    loop.turn()
    peer.send("unread")
    loop.run(for: .milliseconds(10))
    peer.reset()
    #expect(loop.run { loop.hasDisconnected(client) })
  }

  @Test func `the end of a paused client's input costs no turns and is reported once, after it is resumed`() throws
  {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.pauseInput(of: client, true)
    loop.turn()
    peer.finish()
    let before = loop.turns
    loop.run(for: .milliseconds(100))
    #expect(loop.turns - before < 200)
    #expect(!loop.hasClosedInput(client))
    loop.reactor.pauseInput(of: client, false)
    #expect(loop.run { loop.hasClosedInput(client) })
    loop.run(for: .milliseconds(20))
    #expect(loop.events.count { if case .inputClosed = $0 { true } else { false } } == 1)
  }

  @Test func `input that a paused client sent before its end is read after it is resumed`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.pauseInput(of: client, true)
    loop.turn()
    peer.send("the last words")
    peer.finish()
    loop.run(for: .milliseconds(20))
    loop.reactor.pauseInput(of: client, false)
    #expect(loop.run { loop.input(client) == "the last words" })
  }

  @Test func `a client above the high-water mark becomes writable once its output has fallen, and only then`()
    throws
  {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.reads = false
    let piece = [UInt8](repeating: 0x61, count: 64 * 1024)
    var sent = 0
    // The kernel buffers the first megabytes; after that, the queue fills.
    while loop.reactor.waitingOutput(of: client) <= 256 * 1024, sent < 64 << 20 {
      loop.reactor.send(piece.span, to: client)
      sent += piece.count
      loop.turn()
    }
    loop.run(for: .milliseconds(20))
    let before = loop.writableCount(client)
    let waiting = loop.reactor.waitingOutput(of: client)
    #expect(waiting > 256 * 1024 - piece.count)
    #expect(before == 0)
    peer.reads = true
    #expect(loop.run { loop.writableCount(client) == 1 })
    #expect(loop.reactor.waitingOutput(of: client) <= 64 * 1024)
    #expect(loop.run { peer.received.count == sent })
    loop.run(for: .milliseconds(10))
    #expect(loop.writableCount(client) == 1)
  }

  @Test func `output exactly at the high-water mark is not above it`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    let exact = [UInt8](repeating: 0x61, count: 256 * 1024)
    #expect(loop.reactor.send(exact.span, to: client) == 256 * 1024)
    #expect(loop.run { peer.received.count == exact.count })
    #expect(loop.writableCount(client) == 0)
    #expect(loop.reactor.send((exact + [1]).span, to: client) == 256 * 1024 + 1)
    #expect(loop.run { loop.writableCount(client) == 1 })
  }

  @Test func `a client becomes writable at a quarter of the high-water mark, not right below the mark`() throws {
    var options = Reactor.Options(clock: .manual)
    options.outputHighWater = 64 * 1024
    let reactor = try Reactor(options)
    var pair: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
    defer { close(pair[1]) }
    var size: CInt = 4096
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    let client = try reactor.adopt(pair[0])
    _ = reactor.turn()
    reactor.send([UInt8](repeating: 0x61, count: 160 * 1024).span, to: client)
    var between = 0
    var told = 0
    var buffer = [UInt8](repeating: 0, count: 2048)
    var turns = 0
    while told == 0, turns < 2000 {
      turns += 1
      let isTold = reactor.turn().contains { if case .writable = $0 { true } else { false } }
      let waiting = reactor.waitingOutput(of: client)
      if isTold { told = waiting } else if (16 * 1024 + 1...48 * 1024).contains(waiting) { between += 1 }
      _ = read(pair[1], &buffer, buffer.count)
    }
    #expect((1...16 * 1024).contains(told))
    #expect(between > 3)
  }
}
