import Glibc
import Testing

@testable import Reactor
@testable import Support

/// Upstream behaviors and the outcomes that are reported for them.
struct OutcomeRow: Sendable, CustomTestStringConvertible {
  var name: String
  var moves: [RawUpstream.Move]
  /// The end over libcurl, and over the plain transport where that is another.
  var end: TransferEnd
  var plainEnd: TransferEnd?
  var status = 0
  var body = ""
  var testDescription: String { name }

  static let head = "HTTP/1.1 200 OK\r\n"

  static let all: [OutcomeRow] = [
    OutcomeRow(
      name: "content-length", moves: [.send(head + "content-length: 5\r\n\r\nhello")], end: .complete, status: 200,
      body: "hello"),
    OutcomeRow(
      name: "no body", moves: [.send("HTTP/1.1 204 No Content\r\n\r\n")], end: .complete, status: 204),
    OutcomeRow(
      name: "chunks, an extension and a trailer",
      moves: [.send(head + "transfer-encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nx-end: 1\r\n\r\n")],
      end: .complete, status: 200, body: "hello"),
    OutcomeRow(
      name: "until the connection closes", moves: [.send(head + "\r\nhello"), .finish], end: .complete, status: 200,
      body: "hello"),
    OutcomeRow(
      name: "a final head after two informational ones",
      moves: [
        .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        .wait(.milliseconds(5)),
        .send(head + "content-length: 2\r\n\r\nok"),
      ], end: .complete, status: 200, body: "ok"),
    OutcomeRow(
      name: "a redirect is a response",
      moves: [.send("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")],
      end: .complete, status: 302),
    OutcomeRow(
      name: "an error status is a response",
      moves: [.send("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy")], end: .complete, status: 503,
      body: "busy"),
    OutcomeRow(
      name: "byte by byte",
      moves: (head + "content-length: 2\r\n\r\nok").map { [.send(String($0)), .wait(.microseconds(200))] }.flatMap(
        \.self),
      end: .complete, status: 200, body: "ok"),
    OutcomeRow(name: "closed immediately", moves: [.finish], end: .failed(.closedBeforeResponse)),
    OutcomeRow(name: "reset immediately", moves: [.reset], end: .failed(.closedBeforeResponse)),
    OutcomeRow(
      name: "content-length cut", moves: [.send(head + "content-length: 50\r\n\r\nhello"), .finish],
      end: .failed(.truncated), status: 200, body: "hello"),
    OutcomeRow(
      name: "reset in the body",
      moves: [.send(head + "content-length: 50\r\n\r\nhello"), .wait(.milliseconds(20)), .reset],
      end: .failed(.truncated), status: 200, body: "hello"),
    OutcomeRow(
      name: "cut inside a chunk", moves: [.send(head + "transfer-encoding: chunked\r\n\r\n9\r\nhello"), .finish],
      end: .failed(.truncated), status: 200, body: "hello"),
    OutcomeRow(
      name: "cut before the last chunk",
      moves: [.send(head + "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"), .finish], end: .failed(.truncated),
      status: 200, body: "hello"),
    OutcomeRow(
      name: "an invalid chunk size",
      moves: [.send(head + "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")], end: .failed(.truncated),
      plainEnd: .failed(.malformed), status: 200, body: "hello"),
    OutcomeRow(
      name: "trailers without end",
      moves: [
        .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
        .send(String(repeating: "x-trailer: \(String(repeating: "a", count: 100))\r\n", count: 2000)),
      ], end: .failed(.tooLarge), status: 200, body: "hello"),
    OutcomeRow(
      name: "a header line without end",
      moves: [.send(head + "x: " + String(repeating: "a", count: 200_000))], end: .failed(.tooLarge)),
    OutcomeRow(
      name: "fields of more than 64 KiB",
      moves: [
        .send(head + String(repeating: "x: " + String(repeating: "a", count: 95) + "\r\n", count: 700) + "\r\n")
      ],
      end: .failed(.tooLarge)),
    OutcomeRow(
      name: "informational heads without end",
      moves: [.send(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 4000))], end: .failed(.tooLarge),
      plainEnd: .failed(.malformed)),
    OutcomeRow(
      name: "closed inside the head", moves: [.send(head + "content-length: 5\r\n"), .finish],
      end: .failed(.truncated)),
  ]

  /// Responses that are not HTTP.
  static let strange: [OutcomeRow] = [
    OutcomeRow(name: "garbage", moves: [.send("SSH-2.0-OpenSSH_9.2\r\n"), .finish], end: .failed(.malformed)),
    OutcomeRow(name: "HTTP/0.9", moves: [.send("<html>hello</html>"), .finish], end: .failed(.malformed)),
    OutcomeRow(
      name: "a status line without end", moves: [.send("HTTP/1.1 200 " + String(repeating: "a", count: 200_000))],
      end: .failed(.tooLarge)),
    OutcomeRow(
      name: "an unrequested protocol switch",
      moves: [.send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nhello"), .finish],
      end: .failed(.malformed)),
  ]
}

@Suite struct UpstreamOutcomeTests {
  private func outcome(_ row: OutcomeRow, _ transport: UpstreamRequest.Transport) throws -> Fetched {
    let loop = try Loop(transport)
    let upstream = loop.add(RawUpstream(row.moves))
    return loop.fetch(
      UpstreamRequest(.post, upstream.url, fields: ["content-type: text/plain"], body: BufferChain(Array("?".utf8)))
    )
  }

  @Test(arguments: OutcomeRow.all, UpstreamRequest.Transport.allCases)
  func `each behavior of an upstream has one outcome`(
    row: OutcomeRow, transport: UpstreamRequest.Transport
  ) throws {
    let fetched = try outcome(row, transport)
    #expect(fetched.end == (transport == .curl ? row.end : row.plainEnd ?? row.end))
    if row.status != 0 { #expect(fetched.status == row.status) }
    #expect(fetched.text == row.body)
    #expect(fetched.responded == (row.status == 0 ? 0 : 1))
  }

  @Test(arguments: OutcomeRow.strange, UpstreamRequest.Transport.allCases)
  func `a response that is not HTTP is malformed`(row: OutcomeRow, transport: UpstreamRequest.Transport) throws {
    let fetched = try outcome(row, transport)
    #expect(fetched.end == (transport == .curl ? row.end : row.plainEnd ?? row.end))
    #expect(fetched.text == row.body)
    #expect(fetched.responded == 0)
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `a port without a listener is a failed connection`(transport: UpstreamRequest.Transport) throws {
    let loop = try Loop(transport)
    let (listener, port) = Sockets.listen()
    Sockets.reset(listener)
    let fetched = loop.fetch(UpstreamRequest(.get, "http://127.0.0.1:\(port)/"))
    #expect(fetched.end == .failed(.connectFailed))
  }

  @Test func `a host name that does not exist is reported`() throws {
    let loop = try Loop()
    let transfer = loop.reactor.start(UpstreamRequest(.get, "http://no-such-host.invalid/"))
    #expect(loop.fetch(transfer, upTo: .seconds(8)).end == .failed(.hostNotFound))
  }

  @Test(arguments: UpstreamRequest.Transport.allCases)
  func `fields are found by name in any letter case, without surrounding spaces`(
    transport: UpstreamRequest.Transport
  ) throws {
    let loop = try Loop(transport)
    let upstream = loop.add(
      RawUpstream([
        .send(
          "HTTP/1.1 103 Early\r\nx-early: yes\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: \t text/event-stream; charset=utf-8 \r\n"
            + "X-Empty:\r\nretry-after: 7\r\nRetry-After: 8\r\nx-early-not: 1\r\nContent-Length: 0\r\n\r\n")
      ]))
    var looked = false
    _ = loop.fetch(UpstreamRequest(.get, upstream.url)) { response in
      looked = true
      #expect(response.field("content-type") == "text/event-stream; charset=utf-8")
      #expect(response.field("x-empty") == "")
      #expect(response.field("retry-after") == "7")
      #expect(response.field("x-early") == nil)
      #expect(response.field("content") == nil)
      var all: [String] = []
      response.forEachField { name, value in
        all.append(
          String(decoding: name.indices.map { name[$0] }, as: UTF8.self) + "="
            + String(decoding: value.indices.map { value[$0] }, as: UTF8.self))
      }
      #expect(
        all == [
          "Content-Type=text/event-stream; charset=utf-8", "X-Empty=", "retry-after=7", "Retry-After=8",
          "x-early-not=1", "Content-Length=0",
        ])
    }
    #expect(looked)
  }

  @Test(
    arguments: [
      ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", .notTLS), ("SSH-2.0-OpenSSH\r\n", .notTLS),
      ("<html>The plain HTTP request was sent to HTTPS port</html>", .notTLS), ("", .tlsFailed),
      ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}", .tlsFailed),
    ] as [(String, TransferError)])
  func `a server that does not speak TLS is told from one whose handshake fails`(
    sent: String, error: TransferError
  ) throws {
    let reactor = try Reactor()
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    let transfer = reactor.start(UpstreamRequest(.get, "https://127.0.0.1:\(port)/"))
    var peer: CInt = -1
    var result: TransferEnd?
    for _ in 0..<2000 where result == nil {
      if peer < 0 {
        peer = accept(listener, nil, nil)
        if peer >= 0 {
          _ = Glibc.send(peer, sent, sent.utf8.count, 0)
          _ = shutdown(peer, Int32(SHUT_WR))
        }
      }
      for case .transferEnded(transfer, let end) in reactor.turn(atMost: .milliseconds(2)) { result = end }
    }
    close(peer)
    #expect(result == .failed(error))
  }
}
