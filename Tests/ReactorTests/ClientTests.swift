import Glibc
import Testing

@testable import Reactor
@testable import Support

@Suite struct ClientTests {
  private func send(_ text: String, _ loop: Loop, _ client: ClientID) {
    loop.reactor.send(Array(text.utf8).span, to: client)
  }

  @Test func `a client is accepted, its input and the end of it are reported, and unread input stays available`()
    throws
  {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    #expect(loop.reactor.clientCount == 1)
    peer.send("hello")
    #expect(loop.run { loop.input(client) == "hello" })
    #expect(loop.reactor.waitingBytes.input == 5)
    peer.finish()
    #expect(loop.run { loop.hasClosedInput(client) })
    #expect(loop.input(client) == "hello")
    loop.reactor.consumeInput(of: client, 4)
    #expect(loop.input(client) == "o")
    #expect(!loop.hasDisconnected(client))
    loop.run(for: .milliseconds(20))
    #expect(loop.events.count { if case .inputClosed = $0 { true } else { false } } == 1)
  }

  @Test func `a client that closed only its sending side still receives its response`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.finish()
    #expect(loop.run { loop.hasClosedInput(client) })
    send("answer", loop, client)
    loop.reactor.close(client)
    #expect(loop.run { peer.hasEnded })
    #expect(peer.text == "answer")
    #expect(!peer.wasReset)
    #expect(loop.reactor.clientCount == 0)
  }

  @Test func `a client that breaks the connection is reported as disconnected, and its ID is stale`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    peer.reset()
    #expect(loop.run { loop.hasDisconnected(client) })
    #expect(loop.reactor.clientCount == 0)
    #expect(loop.input(client) == nil)
    #expect(loop.reactor.send([1].span, to: client) == 0)
    loop.reactor.close(client)
    loop.reactor.reset(client)
    loop.reactor.pauseInput(of: client, true)
    loop.reactor.consumeInput(of: client, 1)
  }

  @Test func `output queued in one turn leaves in one segment`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    let descriptor = try #require(Loop.descriptors(localPort: loop.port).first)
    for _ in 0..<20 { send("a piece of an answer. ", loop, client) }
    #expect(loop.reactor.waitingOutput(of: client) == 440)
    #expect(loop.run { peer.received.count == 440 })
    #expect(Self.dataSegmentsSent(descriptor) == 1)
    send("more", loop, client)
    #expect(loop.run { peer.received.count == 444 })
    #expect(Self.dataSegmentsSent(descriptor) == 2)
  }

  /// `tcpi_data_segs_out` of Linux's `struct tcp_info`, at offset 156.
  private static func dataSegmentsSent(_ descriptor: CInt) -> UInt32? {
    var info = [UInt8](repeating: 0, count: 256)
    var length = socklen_t(info.count)
    guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0, length >= 160 else {
      return nil
    }
    return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 156, as: UInt32.self) }
  }

  @Test func `an accepted socket has TCP_NODELAY and keep-alive probes`() throws {
    let loop = try Loop()
    _ = try loop.connect()
    let descriptor = try #require(Loop.descriptors(localPort: loop.port).first)
    #expect(Self.option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) != 0)
    #expect(Self.option(descriptor, SOL_SOCKET, SO_KEEPALIVE) != 0)
    #expect(Self.option(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == Listener.keepAliveSeconds)
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
  }

  private static func option(_ descriptor: CInt, _ level: CInt, _ name: CInt) -> CInt {
    var value: CInt = -1
    var length = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : -1
  }

  @Test func `two hundred concurrent clients are all accepted and receive a response`() throws {
    let loop = try Loop()
    var peers: [TestClient] = []
    for _ in 0..<200 { peers.append(TestClient(port: loop.port)) }
    #expect(loop.run { loop.accepted.count == 200 })
    #expect(Set(loop.accepted).count == 200)
    for client in loop.accepted {
      send("hi", loop, client)
      loop.reactor.close(client)
    }
    #expect(
      loop.run {
        for peer in peers where !peer.hasEnded { peer.pump() }
        return peers.allSatisfy { $0.hasEnded && $0.text == "hi" }
      })
  }

  @Test func `after it stops listening, the reactor keeps its clients and accepts no others`() throws {
    let loop = try Loop()
    let (peer, client) = try loop.connect()
    loop.reactor.stopListening()
    // Another process may have the port by now, but not this reactor.
    _ = Reactor.answers(loopbackPort: UInt16(loop.port), within: .milliseconds(100))
    loop.run(for: .milliseconds(10))
    #expect(loop.accepted == [client])
    send("still here", loop, client)
    #expect(loop.run { peer.text == "still here" })
  }

  @Test func `a port in use and an invalid address are errors`() throws {
    let loop = try Loop()
    let taken = #expect(throws: SystemError.self) {
      try Reactor().listen(address: "127.0.0.1", port: UInt16(loop.port))
    }
    #expect(taken?.isAddressInUse == true)
    let wrong = #expect(throws: SystemError.self) { try Reactor().listen(address: "localhost", port: 0) }
    #expect(wrong?.code == EINVAL)
    #expect(throws: Never.self) { try Reactor().listen(address: "::1", port: 0) }
  }
}
