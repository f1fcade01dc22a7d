import Glibc
import Testing

@testable import Reactor
@testable import Support

/// Upstreams at Unix sockets.
@Suite struct UnixSocketTests {
  private static let answer = RawUpstream.Move.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

  @Test(
    arguments: [("", "/"), (":", "/"), (":/v1", "/v1"), (":/v1/chat?x=1", "/v1/chat?x=1")],
    UpstreamRequest.Transport.allCases)
  func `the path of the request follows that of the socket`(
    _ path: (suffix: String, target: String), transport: UpstreamRequest.Transport
  ) throws {
    let (suffix, target) = path
    let path = Sockets.path()
    defer { unlink(path) }
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream(at: path) { _ in [Self.answer] })
    let fetched = loop.fetch(UpstreamRequest(.post, "unix:\(path)\(suffix)", body: BufferChain(Array("?".utf8))))
    #expect(fetched.end == .complete)
    #expect(fetched.text == "ok")
    let seen = try #require(upstream.requests.first)
    #expect(seen.target == target)
    #expect(seen.field("host") == "localhost")
    #expect(seen.text == "?")
  }

  @Test func `a path can be appended to a socket with a path and to one without`() {
    #expect(UpstreamTarget("unix:/a.sock").appending("/x").url == "unix:/a.sock:/x")
    #expect(UpstreamTarget("unix:/a.sock:/v1").appending("/x").headStart.hasPrefix("/v1/x HTTP/1.1\r\n"))
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a connection is reused at its own socket only`(transport: UpstreamRequest.Transport) throws {
    let paths = [Sockets.path(), Sockets.path()]
    defer { for path in paths { unlink(path) } }
    let loop = try Loop(transport)
    let upstreams = paths.map { path in loop.add(RawUpstream(at: path) { _ in [Self.answer] }) }
    let tcp = loop.add(RawUpstream([Self.answer]))
    for _ in 0..<3 {
      for path in paths { #expect(loop.fetch(UpstreamRequest(.get, "unix:\(path)")).text == "ok") }
      #expect(loop.fetch(UpstreamRequest(.get, tcp.url)).text == "ok")
      #expect(loop.fetch(UpstreamRequest(.get, "http://localhost:\(tcp.port)/")).text == "ok")
    }
    #expect(upstreams.map(\.requests.count) == [3, 3])
    #expect(upstreams.map(\.accepted) == [1, 1])
    #expect(tcp.requests.count == 6)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a connection that the server closed is not reused`(transport: UpstreamRequest.Transport) throws {
    let path = Sockets.path()
    defer { unlink(path) }
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream(at: path) { _ in [Self.answer, .wait(.milliseconds(5)), .finish] })
    for _ in 0..<3 {
      #expect(loop.fetch(UpstreamRequest(.get, "unix:\(path)")).text == "ok")
      loop.run { upstream.openCount == 0 }
    }
    #expect(upstream.accepted == 3)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a large body waits for its reader, and arrives whole`(transport: UpstreamRequest.Transport) throws {
    let path = Sockets.path()
    defer { unlink(path) }
    let size = 3_000_000
    let loop = try Loop(transport)
    let upstream = loop.add(
      RawUpstream(at: path) { _ in
        [.send("HTTP/1.1 200 OK\r\ncontent-length: \(size)\r\n\r\n"), .bytes(count: size)]
      }
    )
    let transfer = loop.reactor.start(UpstreamRequest(.get, "unix:\(path)"))
    loop.run(for: .milliseconds(100))
    let response = try #require(loop.reactor.response(of: transfer))
    #expect(response.isPaused)
    #expect(upstream.unsent > 0)
    let first = response.body.array
    loop.reactor.consumeBody(of: transfer, first.count)
    let isWhole = first + loop.fetch(transfer).body == RawUpstream.pattern(size)
    #expect(isWhole)
    #expect(loop.fetch(UpstreamRequest(.get, "unix:\(path)")).body.count == size)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a socket that does not exist, and one without a listener, is a failed connection`(
    transport: UpstreamRequest.Transport
  ) throws {
    let loop = try Loop(transport)
    #expect(loop.fetch(UpstreamRequest(.get, "unix:\(Sockets.path())")).end == .failed(.connectFailed))
    let path = Sockets.path()
    defer { unlink(path) }
    close(Sockets.listen(at: path))
    #expect(loop.fetch(UpstreamRequest(.get, "unix:\(path)")).end == .failed(.connectFailed))
    #expect(loop.fetch(UpstreamRequest(.get, "unix:/" + String(repeating: "a", count: 107))).end != .complete)
  }

  @Test func `a socket has no address that a policy could forbid`() {
    #expect(UpstreamTarget("unix:/a.sock:/v1").isAllowed(by: .publicOnly))
    #expect(UpstreamTarget("unix:/a.sock").appending("/x").isAllowed(by: .publicOnly))
  }
}
