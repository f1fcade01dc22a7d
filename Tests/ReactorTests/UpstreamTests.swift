import Foundation
import Testing

@testable import Reactor
@testable import Support

@Suite struct UpstreamTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
  private static let json = ["content-type: application/json"]

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `one connection serves consecutive requests`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    for index in 0..<50 {
      let method: UpstreamRequest.Method = index % 3 == 0 ? .get : .post
      let request = UpstreamRequest(
        method, upstream.url + "/\(index)", fields: Self.json, body: BufferChain(Array("b\(index)".utf8)))
      let fetched = loop.fetch(request)
      #expect(fetched.end == .complete)
      #expect(fetched.text == "ok")
      #expect(upstream.requests.last?.target == "/v1/chat/\(index)")
      #expect(upstream.requests.last?.method == (method == .get ? "GET" : "POST"))
      #expect(upstream.requests.last?.text == (method == .get ? "" : "b\(index)"))
    }
    #expect(upstream.accepted == 1)
    #expect(loop.reactor.transferCount == 0)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `an idle connection stays registered with epoll, so that the next request need not register it`(
    transport: UpstreamRequest.Transport
  )
    throws
  {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    loop.run(for: .milliseconds(5))
    let descriptor = try #require(Loop.descriptors(remotePort: upstream.port).first)
    let before = Self.watching(descriptor)
    #expect(before.count == 1)
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(Self.watching(descriptor) == before)
  }

  /// Returns the lines about a descriptor in the kernel's information on every epoll instance.
  private static func watching(_ descriptor: CInt) -> [String] {
    (0..<1024).flatMap { set -> [String] in
      let text = (try? String(contentsOfFile: "/proc/self/fdinfo/\(set)", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map(String.init).filter { line in
        let words = line.split(separator: " ")
        return words.first == "tfd:" && words.dropFirst().first == "\(descriptor)"
      }
    }
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `concurrent requests have their own connections, which are reused`(transport: UpstreamRequest.Transport)
    throws
  {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.wait(.milliseconds(5)), .send(Self.ok)]))
    for _ in 0..<2 {
      let transfers = (0..<20).map { _ in loop.reactor.start(UpstreamRequest(.get, upstream.url, fields: Self.json))
      }
      #expect(Set(transfers).count == 20)
      var ended: [TransferID] = []
      #expect(
        loop.run {
          ended = loop.events.compactMap { if case .transferEnded(let id, .complete) = $0 { id } else { nil } }
          return transfers.allSatisfy(ended.contains)
        })
    }
    #expect(upstream.requests.count == 40)
    #expect(upstream.accepted == 20)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a body of thousands of tiny chunks arrives complete, in several turns`(transport: UpstreamRequest.Transport)
    throws
  {
    let loop = try Loop(transport)
    let chunks = String(repeating: "1\r\nx\r\n", count: 20_000)
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    let upstream = loop.add(RawUpstream([.send(head + chunks + "0\r\n\r\n")]))
    let fetched = loop.fetch(UpstreamRequest(.get, upstream.url))
    #expect(fetched.end == .complete)
    #expect(fetched.body.count == 20_000)
    // The body is not read, and it is smaller than the limit.
    let transfer = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    #expect(loop.end(of: transfer) == .complete)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a connection that the upstream closed while idle is not reused`(transport: UpstreamRequest.Transport) throws
  {
    let loop = try Loop(transport)
    let upstream = loop.add(
      RawUpstream { $0 == 0 ? [.send(Self.ok), .wait(.milliseconds(5)), .finish] : [.send(Self.ok)] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(loop.run { upstream.openCount == 0 })
    loop.run(for: .milliseconds(10))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(upstream.accepted == 2)
    let before = loop.turns
    loop.run(for: .milliseconds(50))
    #expect(loop.turns - before < 150, "the end of an idle connection must not keep the loop awake")
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `bytes on an idle connection are never taken for a response`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let stray = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nPOISON"
    let upstream = loop.add(
      RawUpstream { $0 == 0 ? [.send(Self.ok), .wait(.milliseconds(10)), .send(stray)] : [.send(Self.ok)] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(loop.run { upstream.isQuiet })
    loop.run(for: .milliseconds(10))
    let next = loop.fetch(UpstreamRequest(.get, upstream.url))
    #expect(next.end == .complete)
    #expect(!next.text.contains("POISON"))
    #expect(upstream.accepted == 2)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a cancelled transfer closes its connection immediately and causes no more events`(
    transport: UpstreamRequest.Transport
  ) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin")]))
    let transfer = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    #expect(loop.run { loop.reactor.response(of: transfer)?.hasHead == true })
    loop.reactor.cancel(transfer)
    let told = loop.events.count
    loop.turn()
    loop.turn()
    #expect(upstream.left == 1)
    #expect(loop.reactor.response(of: transfer) == nil)
    #expect(loop.reactor.transferCount == 0)
    loop.run(for: .milliseconds(10))
    #expect(loop.events.count == told)
    loop.reactor.cancel(transfer)
    loop.reactor.consumeBody(of: transfer, 0)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a transfer counts the bytes of its request until it is over`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream { number in number == 0 ? [.send(Self.ok)] : [.wait(.seconds(60))] })
    let body = BufferChain([UInt8](repeating: 0x61, count: 300_000))
    let first = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: body))
    #expect(loop.reactor.waitingRequestBytes == 300_000)
    #expect(loop.fetch(first).end == .complete)
    loop.run(for: .milliseconds(5))
    #expect(loop.reactor.waitingRequestBytes == 0)
    let second = loop.reactor.start(UpstreamRequest(.post, upstream.url, body: body))
    #expect(loop.run { upstream.requests.count == 2 })
    #expect(loop.reactor.waitingRequestBytes == 300_000)
    loop.reactor.cancel(second)
    #expect(loop.reactor.waitingRequestBytes == 0)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a transfer that fails has nothing of the response before it`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let answering = loop.add(RawUpstream([.send(Self.ok)]))
    let failing = loop.add(RawUpstream([.reset]))
    for _ in 0..<3 {
      #expect(loop.fetch(UpstreamRequest(.get, answering.url)).end == .complete)
      let transfer = loop.reactor.start(UpstreamRequest(.get, failing.url))
      let response = try #require(loop.reactor.response(of: transfer))
      #expect(!response.hasHead && response.status == 0 && response.body.isEmpty && response.error == nil)
      #expect(loop.fetch(transfer).end == .failed(.closedBeforeResponse))
    }
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a transfer cancelled before it connects leaves nothing behind`(transport: UpstreamRequest.Transport) throws
  {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    for _ in 0..<20 { loop.reactor.cancel(loop.reactor.start(UpstreamRequest(.get, upstream.url))) }
    loop.run(for: .milliseconds(20))
    #expect(loop.events.isEmpty)
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `an ID is stale in the turn after the end`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let old = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    #expect(loop.fetch(old).end == .complete)
    #expect(loop.reactor.response(of: old) == nil)
    let new = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    loop.reactor.cancel(old)
    #expect(old != new)
    #expect(loop.fetch(new).end == .complete)
  }

  @Test(arguments: [false, true], UpstreamRequest.Transport.allCases)
  func `a response that is not read pauses, and arrives complete once it is read`(
    chunked: Bool, transport: UpstreamRequest.Transport
  ) throws {
    let loop = try Loop(transport)
    let size = 8 << 20
    let head = "HTTP/1.1 200 OK\r\n"
    let moves: [RawUpstream.Move] =
      chunked
      ? [
        .send(head + "transfer-encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n"), .bytes(count: size),
        .send("\r\n0\r\n\r\n"),
      ]
      : [.send(head + "content-length: \(size)\r\n\r\n"), .bytes(count: size)]
    let upstream = loop.add(RawUpstream(moves))
    let transfer = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    #expect(loop.run { loop.reactor.response(of: transfer)?.isPaused == true })
    loop.run(for: .milliseconds(50))
    let waiting = try #require(loop.reactor.response(of: transfer)).body.count
    #expect(waiting >= Response.bodyBytesMax)
    #expect(waiting <= Response.bodyBytesMax + 64 * 1024)
    #expect(upstream.unsent > 0, "the socket must be full")
    let before = loop.turns
    loop.run(for: .milliseconds(50))
    #expect(loop.turns - before < 150, "a paused transfer must not keep the loop awake")

    var body: [UInt8] = []
    var end: TransferEnd?
    let deadline = ContinuousClock.now + .seconds(10)
    // Reading a little at a time makes the transfer pause and resume often.
    while end == nil, ContinuousClock.now < deadline {
      if let response = loop.reactor.response(of: transfer), !response.body.isEmpty {
        let count = min(response.body.count, 200_000)
        body += response.body.array.prefix(count)
        loop.reactor.consumeBody(of: transfer, count)
      }
      for case .transferEnded(transfer, let reason) in loop.turn() { end = reason }
    }
    if let response = loop.reactor.response(of: transfer) { body += response.body.array }
    #expect(end == .complete)
    #expect(body == RawUpstream.pattern(size))
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a paused transfer whose upstream disconnects ends once it is read`(transport: UpstreamRequest.Transport)
    throws
  {
    let loop = try Loop(transport)
    let upstream = loop.add(
      RawUpstream([.send("HTTP/1.1 200 OK\r\ncontent-length: 8388608\r\n\r\n"), .bytes(count: 4 << 20)]))
    let transfer = loop.reactor.start(UpstreamRequest(.get, upstream.url))
    #expect(loop.run { loop.reactor.response(of: transfer)?.isPaused == true })
    upstream.resetAll()
    let before = loop.turns
    loop.run(for: .milliseconds(30))
    #expect(loop.turns - before < 100, "a broken upstream must not keep the loop awake")
    loop.reactor.consumeBody(of: transfer, loop.reactor.response(of: transfer)?.body.count ?? 0)
    #expect(loop.fetch(transfer).end == .failed(.truncated))
  }

  @Test(arguments: [0, 1, 65_537, 1_200_000, 2 << 20], UpstreamRequest.Transport.allCases)
  func `a body of any size arrives complete, without waiting for a 100`(
    size: Int, transport: UpstreamRequest.Transport
  ) throws {
    for fields in [Self.json, []] {
      let loop = try Loop(transport)
      let upstream = loop.add(RawUpstream([.send(Self.ok)]))
      let body = RawUpstream.pattern(size)
      let fetched = loop.fetch(UpstreamRequest(.post, upstream.url, fields: fields, body: BufferChain(body)))
      #expect(fetched.end == .complete)
      let request = try #require(upstream.requests.first)
      #expect(request.body == body)
      // libcurl waits a second for the answer to a question that it asked.
      #expect(request.field("expect") == nil)
    }
  }

  @Test(arguments: [1000, 300_000])
  func `a body that libcurl sends again on another connection is sent from the beginning`(size: Int) throws {
    let loop = try Loop(.curl)
    // libcurl repeats a request if a kept-alive connection ends without a response byte, because it may have been
    // idle for too long.
    let upstream = loop.add(RawUpstream { number in number == 1 ? [.finish] : [.send(Self.ok)] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    var body = BufferChain(RawUpstream.pattern(size / 2))
    body.append(RawUpstream.pattern(size / 2))
    #expect(loop.fetch(UpstreamRequest(.post, upstream.url, body: body)).end == .complete)
    #expect(upstream.requests.count == 3)
    #expect(upstream.requests.last?.body == body.joined)
    #expect(upstream.accepted == 2)
    // The same handle accepts a small body again, and none.
    #expect(loop.fetch(UpstreamRequest(.post, upstream.url, body: BufferChain([7]))).end == .complete)
    #expect(upstream.requests.last?.body == [7])
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(upstream.requests.last?.method == "GET")
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a request on which an upstream has worked is not sent again`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(
      RawUpstream { number in number == 0 ? [.send(Self.ok)] : [.wait(.milliseconds(700)), .finish] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    let body = BufferChain(RawUpstream.pattern(1000))
    #expect(loop.fetch(UpstreamRequest(.post, upstream.url, body: body)).end == .failed(.closedBeforeResponse))
    #expect(upstream.requests.count == 2)
  }

  @Test func `libcurl sends a request whose kept connections are closed at once twice at most`() throws {
    let loop = try Loop(.curl)
    let upstream = loop.add(RawUpstream { number in number == 0 ? [.send(Self.ok)] : [.finish] })
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
    #expect(loop.fetch(UpstreamRequest(.post, upstream.url)).end == .failed(.closedBeforeResponse))
    #expect(upstream.requests.count == 3)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `fields are sent as given, and no others are added`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let fields = ["content-type: application/json", "authorization: Bearer abc", "x-empty;"]
    _ = loop.fetch(UpstreamRequest(.post, upstream.url, fields: fields, body: BufferChain([1])))
    _ = loop.fetch(
      UpstreamRequest(.post, upstream.url, fields: ["content-type: text/plain"], body: BufferChain([1])))
    let first = try #require(upstream.requests.first)
    #expect(first.field("authorization") == "Bearer abc")
    #expect(first.field("content-type") == "application/json")
    #expect(first.field("host") == "127.0.0.1:\(upstream.port)")
    #expect(first.field("accept-encoding") == nil)
    #expect(first.field("transfer-encoding") == nil)
    let second = try #require(upstream.requests.last)
    #expect(second.field("authorization") == nil, "a field of one request must not reach the next")
    #expect(second.field("content-type") == "text/plain")
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a head contains exactly the given lines and libcurl's own`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let host = "host: 127.0.0.1:\(upstream.port)"
    let target = UpstreamTarget(upstream.url)
    _ = loop.fetch(
      UpstreamRequest(
        .post, target, fields: ["content-type: application/json", "x-key: k"], requestID: "id-1",
        body: BufferChain([1])))
    _ = loop.fetch(UpstreamRequest(.get, target))
    // Characters that would end the target, the line, or the head are part of the path.
    _ = loop.fetch(UpstreamRequest(.get, target.appending("/a b\r\nx-evil: 1\r\n\r\n\u{7f}\u{e9}%20?q=1")))
    _ = loop.fetch(UpstreamRequest(.get, "http://127.0.0.1:\(upstream.port)?q"))
    let heads = upstream.requests.map { ["\($0.method) \($0.target)"] + $0.fields }
    let agent = transport == .curl ? "user-agent: hoosh HTTP/1.1" : "user-agent: hoosh"
    #expect(
      heads == [
        [
          "POST /v1/chat", host, "content-type: application/json", "x-key: k", "x-request-id: id-1",
          "content-length: 1", agent,
        ],
        ["GET /v1/chat", host, agent],
        ["GET /v1/chat/a%20b%0D%0Ax-evil:%201%0D%0A%0D%0A%7F%C3%A9%20?q=1", host, agent],
        ["GET /?q", host, agent],
      ])
  }

  @Test(arguments: [
    ("http://example.com:80/x", "example.com"), ("https://example.com:443/x", "example.com"),
    ("http://example.com:443/x", "example.com:443"), ("http://[::1]:80/x", "[::1]"),
    ("http://[::1]/x", "[::1]"), ("http://[::1]:8080", "[::1]:8080"),
  ])
  func `the host field has a port unless it is the scheme's default`(_ url: String, _ host: String) {
    let target = UpstreamTarget(url)
    #expect(target.headStart == "/\(url.hasSuffix("/x") ? "x" : "") HTTP/1.1\r\nhost: \(host)\r\n")
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `an idle connection older than allowed is not reused`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream([.send(Self.ok)]))
    let request = UpstreamRequest(.get, upstream.url, idleMax: .seconds(1))
    #expect(loop.fetch(request).end == .complete)
    loop.run(for: .milliseconds(2100))
    #expect(loop.fetch(request).end == .complete)
    #expect(upstream.accepted == 2)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `upstream sockets have TCP_NODELAY and keep-alive probes, and close with the reactor`(
    transport: UpstreamRequest.Transport
  ) throws {
    let upstream = RawUpstream([.send(Self.ok)])
    do {
      let loop = try Loop(transport)
      loop.add { upstream.pump() }
      #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).end == .complete)
      let descriptor = try #require(Loop.descriptors(remotePort: upstream.port).first)
      var value: CInt = 0
      var length = socklen_t(MemoryLayout<CInt>.size)
      getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length)
      #expect(value != 0)
      value = 0
      getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &value, &length)
      #expect(value != 0)
    }
    #expect(Loop.descriptors(remotePort: upstream.port).isEmpty)
  }
}
