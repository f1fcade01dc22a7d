import Foundation
import Glibc
import Testing

@testable import Reactor
@testable import Support

/// The promises of the plain transport alone: when a request is repeated, which connection it uses, and how it connects.
@Suite struct PlainTransportTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
  private static let post = BufferChain(RawUpstream.pattern(500))

  // MARK: Repetition

  @Test func `a request on a connection that had ended before is sent again, and received once`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    for round in 1...3 {
      // The end is under way when the request is written, and no turn has seen it.
      upstream.finishAll()
      let transfer = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: Self.post))
      #expect(loop.fetch(transfer).end == .complete)
      #expect(upstream.requests.count == round + 1)
      #expect(upstream.requests.last?.body == Self.post.joined)
      #expect(loop.reactor.requestsRepeated == round)
    }
  }

  @Test func `a request is sent again once only`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream { number in number == 0 ? [.send(Self.ok)] : [.finish] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    upstream.finishAll()
    let transfer = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: Self.post))
    #expect(loop.fetch(transfer).end == .failed(.closedBeforeResponse))
    #expect(upstream.requests.count == 2)
    #expect(loop.reactor.requestsRepeated == 1)
  }

  @Test(arguments: [
    [RawUpstream.Move.finish], [.reset], [.send("H"), .finish], [.send("HTTP/1.1 100 Continue\r\n\r\n"), .finish],
  ])
  func `a request that an upstream has read is not sent again`(moves: [RawUpstream.Move]) throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream { number in number == 0 ? [.send(Self.ok)] : moves })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    let fetched = loop.fetch(UpstreamRequest(.post, upstream.url, body: Self.post))
    #expect(fetched.end == .failed(moves.count == 1 ? .closedBeforeResponse : .truncated))
    #expect(upstream.requests.count == 2)
    #expect(loop.reactor.requestsRepeated == 0)
  }

  @Test func `a request that was reset before it was read is not sent again, because nothing proves it`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    let transfer = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: Self.post))
    upstream.resetAll()
    #expect(loop.fetch(transfer).end == .failed(.closedBeforeResponse))
    #expect(upstream.accepted == 1)
    #expect(loop.reactor.requestsRepeated == 0)
  }

  @Test func `a request that met a byte of a response is not sent again`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    upstream.inject("HTTP/1.1 2")
    upstream.finishAll()
    let transfer = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: Self.post))
    #expect(loop.fetch(transfer).end == .failed(.malformed))
    #expect(upstream.accepted == 1)
    #expect(loop.reactor.requestsRepeated == 0)
  }

  @Test func `a response that came before its request is not its response`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    upstream.inject(Self.ok.replacing("ok", with: "no"))
    let fetched = loop.fetch(UpstreamRequest(.post, upstream.url, body: Self.post))
    #expect(fetched.end == .failed(.malformed) && fetched.body.isEmpty)
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).text == "ok")
    #expect(loop.reactor.requestsRepeated == 0)
  }

  @Test func `a listener whose queue is full is tried again`() throws {
    let path = Sockets.path()
    defer { unlink(path) }
    let loop = try Loop()
    let upstream = RawUpstream(at: path) { _ in [.send(Self.ok)] }
    let transfers = (0..<300).map { _ in loop.reactor.start(UpstreamRequest(.get, "unix:\(path)")) }
    loop.run(for: .milliseconds(30))
    loop.add { upstream.pump() }
    #expect(loop.run { loop.completed.isSuperset(of: transfers) })
  }

  @Test func `the connections close with the reactor`() throws {
    let upstream = RawUpstream([.wait(.seconds(60))])
    do {
      let loop = try Loop()
      loop.add { upstream.pump() }
      _ = loop.reactor.start(UpstreamRequest(.get, upstream.url))
      #expect(loop.run { upstream.requests.count == 1 })
    }
    #expect(Loop.descriptors(remotePort: upstream.port).isEmpty)
  }

  @Test func `bytes behind a response are never taken for the next`() throws {
    let loop = try Loop()
    let upstream = loop.add(
      RawUpstream { number in [.send(number == 0 ? Self.ok + Self.ok.replacing("ok", with: "no") : Self.ok)] })
    for _ in 0..<2 { #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).text == "ok") }
    #expect(upstream.accepted == 2)
  }

  @Test func `a request on a fresh connection is never sent again`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.finish]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .failed(.closedBeforeResponse))
    #expect(upstream.accepted == 1)
  }

  @Test func `on a Unix socket the kernel does not say what was received, so nothing is sent again`() throws {
    let path = Sockets.path()
    defer { unlink(path) }
    let loop = try Loop()
    let upstream = loop.add(RawUpstream(at: path) { number in number == 0 ? [.send(Self.ok)] : [.finish] })
    #expect(loop.fetch(UpstreamRequest(.get, "unix:\(path)")).end == .complete)
    #expect(
      loop.fetch(UpstreamRequest(.post, "unix:\(path)", body: Self.post)).end == .failed(.closedBeforeResponse))
    #expect(upstream.requests.count == 2)
  }

  // MARK: Connections

  @Test func `the newest idle connection is used first, and the others grow old`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.wait(.milliseconds(5)), .send(Self.ok)]))
    let transfers = (0..<4).map { _ in loop.reactor.start(UpstreamRequest(.get, upstream.url, idleMax: .seconds(1)))
    }
    #expect(loop.run { loop.completed.isSuperset(of: transfers) })
    #expect(loop.reactor.upstreamSockets == 4)
    let end = ContinuousClock.now + .milliseconds(1500)
    while ContinuousClock.now < end {
      #expect(loop.fetch(UpstreamRequest(.get, upstream.url, idleMax: .seconds(1))).end == .complete)
    }
    #expect(upstream.accepted == 4)
    #expect(loop.reactor.upstreamSockets == 1)
  }

  @Test func `a server's own time for idle connections is kept`() throws {
    let loop = try Loop()
    let told = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok"
    let upstream = loop.add(RawUpstream([.send(told)]))
    for _ in 0..<2 { #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).text == "ok") }
    #expect(upstream.accepted == 2, "one second less than the server says leaves none")
  }

  @Test func `an answer before the end of a large request is taken, and the connection is not used again`() throws {
    let loop = try Loop()
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    var peers: [CInt] = []
    loop.add {
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { return }
      peers.append(peer)
      let early = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno"
      _ = send(peer, early, early.utf8.count, Int32(MSG_NOSIGNAL))
    }
    defer { for peer in peers { close(peer) } }
    let body = BufferChain(RawUpstream.pattern(32 << 20))
    for _ in 0..<2 {
      let fetched = loop.fetch(UpstreamRequest(.post, "http://127.0.0.1:\(port)/", body: body))
      #expect(fetched.end == .complete && fetched.status == 413 && fetched.text == "no")
    }
    #expect(peers.count == 2)
  }

  @Test func `a large request is written in steps while others are served`() throws {
    let loop = try Loop()
    let slow = loop.add(RawUpstream([.send(Self.ok)]))
    let quick = loop.add(RawUpstream([.send(Self.ok)]))
    let body = BufferChain(RawUpstream.pattern(16 << 20))
    let transfer = loop.reactor.start(UpstreamRequest(.post, slow.url, body: body))
    loop.turn()
    loop.turn()
    let upload = try #require(loop.reactor.upload(of: transfer))
    #expect(upload.total == body.count && upload.sent < body.count)
    #expect(loop.fetch(UpstreamRequest(.get, quick.url)).text == "ok")
    #expect(loop.fetch(transfer).end == .complete)
    let isWhole = slow.requests.first?.body == body.joined
    #expect(isWhole)
  }

  // MARK: Addresses

  private func loop(_ addresses: [String]) throws -> Loop {
    var options = Reactor.Options()
    let found = addresses.compactMap { IPAddress($0) }
    options.resolve = { _ in found }
    return try Loop(options)
  }

  @Test func `the next address is tried when one refuses`() throws {
    let loop = try loop(["127.0.0.2", "::1", "127.0.0.3", "127.0.0.1"])
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    for _ in 0..<2 {
      #expect(loop.fetch(UpstreamRequest(.get, "http://host.test:\(upstream.port)/")).text == "ok")
    }
    #expect(upstream.accepted == 1)
  }

  @Test func `the next address is tried beside one that does not answer`() throws {
    // Addresses for documentation lead nowhere, or are unreachable at once.
    let loop = try loop(["192.0.2.1", "127.0.0.1"])
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, "http://host.test:\(upstream.port)/")).text == "ok")
    #expect(loop.reactor.upstreamSockets == 1, "the other attempt is given up")
  }

  @Test func `this machine is reached by its name, whatever address the server has`() throws {
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let fetched = loop.fetch(UpstreamRequest(.get, "http://localhost:\(upstream.port)/"))
    #expect(fetched.text == "ok")
    #expect(upstream.requests.first?.field("host") == "localhost:\(upstream.port)")
  }

  @Test func `connecting has a time limit`() throws {
    let loop = try Loop()
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    // A full queue of a listener that accepts nothing leaves further connections unanswered.
    var fillers: [CInt] = []
    for _ in 0..<4096 {
      let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      guard filler >= 0 else { break }
      fillers.append(filler)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      _ = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, size) }
      }
    }
    defer { for filler in fillers { close(filler) } }
    let request = UpstreamRequest(.get, "http://127.0.0.1:\(port)/", connectTimeout: .milliseconds(100))
    #expect(loop.fetch(request).end == .failed(.connectTimedOut))
    #expect(loop.reactor.upstreamSockets == 0)
  }
}

/// Both transports tell the same of every response, whatever its pieces.
@Suite struct TransportDifferenceTests {
  static let responses: [String] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello",
    "HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nt: 1\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  ]

  @Test(arguments: responses)
  func `a response in two pieces, or cut, has the same outcome over both`(text: String) throws {
    let bytes = text.utf8.map { String(UnicodeScalar($0)) }
    for cut in stride(from: 1, through: bytes.count, by: 3) {
      let (start, rest) = (bytes[..<cut].joined(), bytes[cut...].joined())
      for moves in [
        [RawUpstream.Move.send(start), .wait(.microseconds(300)), .send(rest), .finish], [.send(start), .finish],
      ] {
        let outcomes = try UpstreamRequest.Transport.allCases.map { transport in
          let loop = try Loop(transport)
          let upstream = loop.add(RawUpstream(moves))
          var fields: [String] = []
          var fetched = loop.fetch(UpstreamRequest(.get, upstream.url)) { response in
            fields = []
            response.forEachField { name, value in
              fields.append(
                String(
                  decoding: name.indices.map { name[$0] } + [0x3a] + value.indices.map { value[$0] }, as: UTF8.self)
              )
            }
          }
          // libcurl tells the end of a cut head apart only in part.
          if fetched.responded == 0, fetched.end != .complete { fetched = Fetched(end: .failed(.truncated)) }
          return (fetched, fields)
        }
        // libcurl takes a body for complete once its last chunk has come, even if the trailers are cut.
        let isInTrailers =
          text.range(of: "\r\n0\r\n").map { rest.count < text[$0.upperBound...].count + 2 } ?? false
        if isInTrailers, moves.count == 2 { continue }
        #expect(outcomes[0].0 == outcomes[1].0, "\(cut) of \(text)")
        if outcomes[0].0.responded == 1 { #expect(outcomes[0].1 == outcomes[1].1) }
      }
    }
  }
}
