import Testing

@testable import Reactor

/// The reader of responses: what it accepts, however the bytes are split, and what it rejects.
@Suite struct ResponseReaderTests {
  /// The result of reading some bytes.
  private struct Outcome: Equatable {
    var status = 0
    var fields = 0
    var body: [UInt8] = []
    /// The bytes that belong to no response.
    var rest = 0
    var isComplete = false
    var keepsAlive = false
    var error: TransferError?
  }

  /// Reads bytes in pieces that end at the cuts.
  private static func read(_ bytes: [UInt8], cuts: [Int] = []) -> Outcome {
    var reader = ResponseReader()
    let response = Response()
    var outcome = Outcome()
    var start = 0
    for end in cuts + [bytes.count] where outcome.error == nil {
      let piece = Array(bytes[start..<end])
      do throws(TransferError) {
        outcome.rest += piece.count - (try reader.read(piece.span, into: response))
      } catch {
        outcome.error = error
      }
      start = end
    }
    outcome.status = response.hasHead ? response.status : 0
    if response.hasHead { response.forEachField { _, _ in outcome.fields += 1 } }
    outcome.body = response.body.array
    outcome.isComplete = reader.isComplete
    outcome.keepsAlive = reader.isComplete && reader.keepsAlive
    return outcome
  }

  private static func read(_ text: String) -> Outcome { read(Array(text.utf8)) }

  private static let head = "HTTP/1.1 200 OK\r\n"

  static let good: [(text: String, status: Int, body: String, keepsAlive: Bool)] = [
    (head + "content-length: 5\r\n\r\nhello", 200, "hello", true),
    (head + "Content-Length:5\r\nCONTENT-LENGTH: 5 \r\n\r\nhello", 200, "hello", true),
    (head + "content-length: 0\r\n\r\n", 200, "", true),
    ("HTTP/1.1 204\r\n\r\n", 204, "", true),
    ("HTTP/1.1 304 \r\ncontent-length: 9\r\n\r\n", 304, "", true),
    (head + "transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello", true),
    (
      head + "transfer-encoding: chunked\r\n\r\n2;a=\"b;\\\"c\"\r\nhe\r\n03\r\nllo\r\n0\r\nx-end: 1\r\n\r\n", 200,
      "hello", true
    ),
    // A length beside a coding is not believed, and neither is the connection after it (RFC 9112, section 6.3).
    (
      head + "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello", false
    ),
    (head + "connection: Keep-Alive, CLOSE\r\ncontent-length: 1\r\n\r\nx", 200, "x", false),
    ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, "x", false),
    ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx", 200, "x", true),
    (
      "HTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + head + "content-length: 1\r\n\r\nx",
      200, "x", true
    ),
    (head + "x-folded: a\r\n b\r\n\tc\r\ncontent-length: 1\r\n\r\nx", 200, "x", true),
    (head + "x-text: \u{e9}\t;\r\ncontent-length: 1\r\n\r\nx", 200, "x", true),
  ]

  @Test(arguments: good.indices)
  func `a response is the same however it is split`(row: Int) {
    let (text, status, body, keepsAlive) = Self.good[row]
    let bytes = Array(text.utf8)
    let whole = Self.read(bytes)
    #expect(whole.status == status && whole.error == nil && whole.isComplete && whole.rest == 0)
    #expect(whole.body == Array(body.utf8))
    #expect(whole.keepsAlive == keepsAlive)
    for first in 0..<bytes.count {
      #expect(Self.read(bytes, cuts: [first]) == whole)
      for second in stride(from: first, to: bytes.count, by: 7) {
        #expect(Self.read(bytes, cuts: [first, second]) == whole)
      }
    }
    #expect(Self.read(bytes, cuts: Array(bytes.indices)) == whole)
    // What follows belongs to no request.
    #expect(Self.read(bytes + Array("HTTP/1.1".utf8)).rest == 8)
  }

  @Test(arguments: good.indices)
  func `a response that is cut is not complete`(row: Int) {
    let bytes = Array(Self.good[row].text.utf8)
    for end in bytes.indices {
      var reader = ResponseReader()
      let read = try? reader.read(Array(bytes[..<end]).span, into: Response())
      #expect(read == end && !reader.isComplete)
      #expect(reader.end == .failed(end == 0 ? .closedBeforeResponse : .truncated))
    }
  }

  @Test func `a body without a length ends with the connection`() throws {
    var reader = ResponseReader()
    let response = Response()
    _ = try reader.read(Array((Self.head + "\r\nhello").utf8).span, into: response)
    #expect(!reader.isComplete && !reader.keepsAlive && reader.end == .complete)
    #expect(reader.lossError == .truncated, "a reset is no end")
    #expect(response.body.array == Array("hello".utf8))
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n", "<html>\r\n", "HTTP/1.1 200 OK\n", "HTTP/2 200 OK\r\n", "HTTP/2.0 200 OK\r\n",
    "HTTP/1.1  200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n",
    "HTTP/1.1 600 OK\r\n",
    "HTTP/1.1 2x0 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1 200 O\u{0}K\r\n", "HTTP/1.1 200OK\r\n", "\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    head + "no colon\r\n", head + ": empty\r\n", head + "a b: c\r\n", head + "a : b\r\n", head + "a: b\n",
    head + "a: b\u{1}\r\n", head + "a: b\r c\r\n", head + " folded: first\r\n", head + "\u{e9}: b\r\n",
    head + "content-length: -1\r\n", head + "content-length: +1\r\n", head + "content-length: \r\n",
    head + "content-length: 1, 1\r\n", head + "content-length: 0x5\r\n",
    head + "content-length: 99999999999999999999\r\n", head + "content-length: 1\r\ncontent-length: 2\r\n",
    head + "content-length: 1\r\n 2\r\n", head + "transfer-encoding: chu\r\n nked\r\n",
    head + "transfer-encoding: gzip, chunked\r\n\r\n", head + "transfer-encoding: identity\r\n\r\n",
    head + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
    "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    head + "transfer-encoding: chunked\r\n\r\n\r\n", head + "transfer-encoding: chunked\r\n\r\n-1\r\n",
    head + "transfer-encoding: chunked\r\n\r\n5 \r\nhello", head + "transfer-encoding: chunked\r\n\r\n5\nhello",
    head + "transfer-encoding: chunked\r\n\r\n1\r\nxx\r\n", head + "transfer-encoding: chunked\r\n\r\n1\r\nx\n",
    head + "transfer-encoding: chunked\r\n\r\n123456789\r\n",
    head + "transfer-encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
    String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17),
  ])
  func `what could be taken for another response is malformed`(text: String) {
    #expect(Self.read(text).error == .malformed)
    let bytes = Array(text.utf8)
    #expect(Self.read(bytes, cuts: Array(bytes.indices)).error == .malformed)
  }

  @Test(arguments: [
    head + "x: " + String(repeating: "a", count: 70_000), "HTTP/1.1 200 " + String(repeating: "a", count: 70_000),
    head + String(repeating: "x: yz\r\n", count: 10_000),
    head + "transfer-encoding: chunked\r\n\r\n0\r\n" + String(repeating: "x: yz\r\n", count: 10_000),
    head + "transfer-encoding: chunked\r\n\r\n"
      + String(repeating: "1;" + String(repeating: "a", count: 200) + "\r\nx\r\n", count: 30),
  ])
  func `a head, trailers, and extensions have limits`(text: String) {
    #expect(Self.read(text).error == .tooLarge)
  }

  @Test(arguments: [
    ("timeout=5, max=100", 5), ("max=1,Timeout=60", 60), ("timeout=", nil), ("timeout=x", nil),
    ("timeout=999999999999", nil), ("5", nil),
  ])
  func `the time that a server keeps a connection is read`(value: String, seconds: Int?) throws {
    var reader = ResponseReader()
    let text = Self.head + "keep-alive: \(value)\r\ncontent-length: 0\r\n\r\n"
    _ = try reader.read(Array(text.utf8).span, into: Response())
    #expect(reader.idleMax == seconds.map { .seconds($0) })
  }

  @Test func `a reader serves one response after another`() throws {
    var reader = ResponseReader()
    for (text, status, body, keepsAlive) in Self.good where keepsAlive {
      let response = Response()
      _ = try reader.read(Array(text.utf8).span, into: response)
      #expect(reader.isComplete && response.status == status && response.body.array == Array(body.utf8))
      reader.reset()
      #expect(!reader.hasBegun && !reader.isComplete)
    }
  }
}
