import Glibc
import Synchronization
import Testing

@testable import Reactor
@testable import Support

/// DNS lookups: off the loop, cached, checked, and pinned.
@Suite struct DNSCacheTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

  /// A fake name server, and how many lookups it received.
  private final class NameServer: Sendable {
    /// The addresses by name. `nil` is a failed lookup.
    let addresses: Mutex<[String: [IPAddress]?]>
    let lookups = Mutex(0)
    let answered = Mutex(0)
    let delay: Duration
    /// Whether it answers only after `open`.
    private let isClosed: Mutex<Bool>

    init(_ addresses: [String: [IPAddress]?], delay: Duration = .zero, isClosed: Bool = false) {
      self.addresses = Mutex(addresses)
      self.delay = delay
      self.isClosed = Mutex(isClosed)
    }

    func open() { isClosed.withLock { $0 = false } }

    func resolve(_ name: String) -> [IPAddress]? {
      lookups.withLock { $0 += 1 }
      if delay > .zero {
        let end = ContinuousClock.now + delay
        while ContinuousClock.now < end { usleep(1000) }
      }
      // A failed test must not block the thread forever.
      let limit = ContinuousClock.now + .seconds(60)
      while isClosed.withLock({ $0 }), ContinuousClock.now < limit { usleep(1000) }
      defer { answered.withLock { $0 += 1 } }
      return addresses.withLock { $0[name] ?? [] }
    }
  }

  private func loop(_ server: NameServer, age: Duration = .seconds(60)) throws -> Loop {
    var options = Reactor.Options()
    options.resolve = { server.resolve($0) }
    options.dnsTTL = age
    return try Loop(options)
  }

  private static func address(_ text: String) -> [IPAddress] { [IPAddress(text)].compactMap(\.self) }

  @Test func `concurrent transfers to one host share one lookup, and later ones need none`() throws {
    let server = NameServer(["lab.test": Self.address("127.0.0.1")], delay: .milliseconds(20))
    let loop = try loop(server)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let url = "http://lab.test:\(upstream.port)/"
    let transfers = (0..<10).map { _ in loop.reactor.start(UpstreamRequest(.get, url)) }
    #expect(loop.reactor.transfersResolving == 10)
    #expect(loop.run { loop.completed.isSuperset(of: transfers) })
    #expect(loop.reactor.transfersResolving == 0)
    #expect(loop.fetch(UpstreamRequest(.get, url)).end == .complete)
    #expect(server.lookups.withLock { $0 } == 1)
    #expect(upstream.requests.first?.field("host") == "lab.test:\(upstream.port)")
  }

  @Test func `after its TTL, a host with a new address is reached there`() throws {
    let server = NameServer(["lab.test": Self.address("127.0.0.1")])
    let loop = try loop(server, age: .milliseconds(30))
    let upstream = loop.add(
      RawUpstream([.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")]))
    let request = UpstreamRequest(.get, "http://lab.test:\(upstream.port)/")
    #expect(loop.fetch(request).end == .complete)
    // No server has this address.
    server.addresses.withLock { $0["lab.test"] = Self.address("127.7.7.7") }
    loop.run(for: .milliseconds(50))
    // The cached address is used while it is looked up again.
    #expect(loop.fetch(request).end == .complete)
    #expect(loop.run { server.lookups.withLock { $0 } == 2 })
    // The result comes from another thread.
    var end = loop.fetch(request).end
    loop.run {
      if end == .complete { end = loop.fetch(request).end }
      return end != .complete
    }
    #expect(end == .failed(.connectFailed))
  }

  @Test func `while lookups fail, cached addresses stay in use`() throws {
    let server = NameServer(["lab.test": Self.address("127.0.0.1")])
    let loop = try loop(server, age: .milliseconds(10))
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let request = UpstreamRequest(.get, "http://lab.test:\(upstream.port)/")
    #expect(loop.fetch(request).end == .complete)
    server.addresses.withLock { _ = $0.updateValue(nil, forKey: "lab.test") }
    for _ in 0..<5 {
      loop.run(for: .milliseconds(15))
      #expect(loop.fetch(request).end == .complete)
    }
    // One failed lookup is cached for a while.
    #expect(server.lookups.withLock { $0 } == 2)
  }

  @Test func `a name without an address fails immediately, and the failure is cached`() throws {
    let server = NameServer([:])
    let loop = try loop(server)
    for _ in 0..<3 {
      #expect(loop.fetch(UpstreamRequest(.get, "http://nowhere.test/")).end == .failed(.hostNotFound))
    }
    #expect(server.lookups.withLock { $0 } == 1)
  }

  @Test func `a name server that is down delays only the transfers that wait for it`() throws {
    let server = NameServer(["dead.test": Optional<[IPAddress]>.none], isClosed: true)
    let loop = try loop(server)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let late = loop.reactor.start(
      UpstreamRequest(.get, "http://dead.test/", connectTimeout: .milliseconds(60)))
    let gone = loop.reactor.start(UpstreamRequest(.get, "http://dead.test/"))
    // The name server answers only after `open`: none of this waits for it.
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    loop.reactor.cancel(gone)
    #expect(loop.end(of: late) == .failed(.connectTimedOut))
    #expect(server.answered.withLock { $0 } == 0)
    // The late result arrives without a waiting transfer.
    server.open()
    #expect(loop.run { server.answered.withLock { $0 } == 1 })
    loop.run(for: .milliseconds(20))
    #expect(loop.reactor.transferCount == 0)
    #expect(loop.reactor.transfersResolving == 0)
  }

  @Test(arguments: ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "10.1.2.3"])
  func `with public addresses only, a name with any other address is not connected to`(text: String) throws {
    let server = NameServer(["api.test": Self.address("8.8.8.8") + Self.address(text)])
    let loop = try loop(server)
    let request = UpstreamRequest(.get, UpstreamTarget("http://api.test/"), addresses: .publicOnly)
    #expect(loop.fetch(request).end == .failed(.addressNotAllowed))
    #expect(loop.reactor.upstreamSockets == 0)
  }

  @Test func `hundreds of transfers to one host use several multis, and connections are reused`() throws {
    let loop = try Loop(.curl)
    let upstream = loop.add(RawUpstream([.wait(.milliseconds(30)), .send(Self.ok)]))
    for round in 0..<2 {
      let transfers = (0..<200).map { _ in loop.reactor.start(UpstreamRequest(.get, upstream.url)) }
      #expect(loop.run { loop.completed.isSuperset(of: transfers) })
      loop.turn()
      #expect(loop.reactor.multiCount > 4)
      // The first round opens one connection for each transfer. In the second, most transfers reuse one.
      #expect((200..<(round == 0 ? 201 : 320)).contains(upstream.accepted), "round \(round): \(upstream.accepted)")
    }
    #expect(loop.reactor.upstreamSockets <= upstream.accepted)
  }
}
