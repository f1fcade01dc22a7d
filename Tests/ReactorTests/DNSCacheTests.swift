import Glibc
import Synchronization
import Testing

@testable import Reactor
@testable import Support

/// Host names: looked up elsewhere, remembered, checked, pinned.
@Suite struct DNSCacheTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

  /// What a name server would say, and how often it was asked.
  private final class Book: Sendable {
    /// `nil` is a name server that does not know for now.
    let pages: Mutex<[String: [IPAddress]?]>
    let asked = Mutex(0)
    let delay: Duration

    init(_ pages: [String: [IPAddress]?], delay: Duration = .zero) {
      self.pages = Mutex(pages)
      self.delay = delay
    }

    func look(_ name: String) -> [IPAddress]? {
      asked.withLock { $0 += 1 }
      if delay > .zero {
        let end = ContinuousClock.now + delay
        while ContinuousClock.now < end { usleep(1000) }
      }
      return pages.withLock { $0[name] ?? [] }
    }
  }

  private func loop(_ book: Book, age: Duration = .seconds(60)) throws -> Loop {
    var options = Reactor.Options()
    options.resolve = { book.look($0) }
    options.dnsTTL = age
    return try Loop(options)
  }

  private static func address(_ text: String) -> [IPAddress] { [IPAddress(text)].compactMap(\.self) }

  @Test func `many that ask for one name at once cost one look-up, and those after it none`() throws {
    let book = Book(["lab.test": Self.address("127.0.0.1")], delay: .milliseconds(20))
    let loop = try loop(book)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let url = "http://lab.test:\(upstream.port)/"
    let transfers = (0..<10).map { _ in loop.reactor.start(UpstreamRequest(.get, url)) }
    #expect(loop.reactor.transfersResolving == 10)
    #expect(loop.run { loop.completed.isSuperset(of: transfers) })
    #expect(loop.reactor.transfersResolving == 0)
    #expect(loop.fetch(UpstreamRequest(.get, url)).end == .complete)
    #expect(book.asked.withLock { $0 } == 1)
    #expect(upstream.requests.first?.field("host") == "lab.test:\(upstream.port)")
  }

  @Test func `a name that has moved leads to its new place once its age is over`() throws {
    let book = Book(["lab.test": Self.address("127.0.0.1")])
    let loop = try loop(book, age: .milliseconds(30))
    let upstream = loop.add(
      RawUpstream([.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")]))
    let request = UpstreamRequest(.get, "http://lab.test:\(upstream.port)/")
    #expect(loop.fetch(request).end == .complete)
    // Nobody is there.
    book.pages.withLock { $0["lab.test"] = Self.address("127.7.7.7") }
    loop.run(for: .milliseconds(50))
    // What is known is used while it is looked up again.
    #expect(loop.fetch(request).end == .complete)
    loop.run(for: .milliseconds(20))
    #expect(loop.fetch(request).end == .failed(.connectFailed))
  }

  @Test func `what nobody can say for now is served from memory`() throws {
    let book = Book(["lab.test": Self.address("127.0.0.1")])
    let loop = try loop(book, age: .milliseconds(10))
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let request = UpstreamRequest(.get, "http://lab.test:\(upstream.port)/")
    #expect(loop.fetch(request).end == .complete)
    book.pages.withLock { _ = $0.updateValue(nil, forKey: "lab.test") }
    for _ in 0..<5 {
      loop.run(for: .milliseconds(15))
      #expect(loop.fetch(request).end == .complete)
    }
    // One look-up that failed is enough for a while.
    #expect(book.asked.withLock { $0 } == 2)
  }

  @Test func `a name without an address fails at once, and is not asked for again at once`() throws {
    let book = Book([:])
    let loop = try loop(book)
    for _ in 0..<3 {
      #expect(loop.fetch(UpstreamRequest(.get, "http://nowhere.test/")).end == .failed(.hostNotFound))
    }
    #expect(book.asked.withLock { $0 } == 1)
  }

  @Test func `a dead name server costs nobody's time but that of those who asked`() throws {
    let book = Book(["dead.test": Optional<[IPAddress]>.none], delay: .milliseconds(400))
    let loop = try loop(book)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let late = loop.reactor.start(
      UpstreamRequest(.get, "http://dead.test/", connectTimeout: .milliseconds(60)))
    let gone = loop.reactor.start(UpstreamRequest(.get, "http://dead.test/"))
    let begin = ContinuousClock.now
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    loop.reactor.cancel(gone)
    #expect(ContinuousClock.now - begin < .milliseconds(50))
    #expect(loop.end(of: late) == .failed(.connectTimedOut))
    #expect(ContinuousClock.now - begin < .milliseconds(300))
    // The answer that comes after all finds nobody.
    loop.run(for: .milliseconds(450))
    #expect(loop.reactor.transferCount == 0)
    #expect(loop.reactor.transfersResolving == 0)
  }

  @Test(arguments: ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "10.1.2.3"])
  func `a name that may lead to public addresses only is not followed to another`(text: String) throws {
    let book = Book(["api.test": Self.address("8.8.8.8") + Self.address(text)])
    let loop = try loop(book)
    let request = UpstreamRequest(.get, UpstreamTarget("http://api.test/"), addresses: .publicOnly)
    #expect(loop.fetch(request).end == .failed(.addressNotAllowed))
    #expect(loop.reactor.upstreamSockets == 0)
  }

  @Test func `hundreds of transfers to one host share several multis, and warm connections are used again`() throws
  {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.wait(.milliseconds(30)), .send(Self.ok)]))
    for round in 0..<2 {
      let transfers = (0..<200).map { _ in loop.reactor.start(UpstreamRequest(.get, upstream.url)) }
      #expect(loop.run { loop.completed.isSuperset(of: transfers) })
      loop.turn()
      #expect(loop.reactor.multiCount > 4)
      // A slow run may find a few of the warm ones with another multi.
      #expect((200..<230).contains(upstream.accepted), "round \(round)")
    }
    #expect(loop.reactor.upstreamSockets < 230)
  }
}
