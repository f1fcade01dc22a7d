/// Checks that the result of reading does not depend on how the input is cut.
enum ReadingTest {
  /// Cuts bytes at every position, and byte by byte.
  private static func cuts(_ text: String, _ body: ([ArraySlice<UInt8>]) -> Void) {
    let bytes = Array(text.utf8)
    for place in 0...bytes.count { body([bytes[..<place], bytes[place...]]) }
    body(bytes.indices.map { bytes[$0..<($0 + 1)] })
  }

  /// Returns the bodies of the responses in the pieces, with their status, or `nil` if one is malformed.
  private static func read(_ pieces: [ArraySlice<UInt8>]) -> [String]? {
    var parser = ResponseParser()
    defer { parser.free() }
    var found: [String] = []
    var body: [UInt8] = []
    for piece in pieces {
      let isGood = piece.withUnsafeBytes { input in
        var offset = 0
        while true {
          switch parser.next(input, &offset) {
          case .more: return true
          case .head: body = []
          case .body(let range): body += input[range]
          case .end: found.append("\(parser.status) \(String(decoding: body, as: UTF8.self))")
          case .bad: return false
          }
        }
      }
      guard isGood else { return nil }
    }
    return parser.isInside ? found + ["unfinished"] : found
  }

  static func responses(_ checks: inout Checks) {
    let cases: [(String, [String]?)] = [
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ["200 hello"]),
      ("HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:  0\r\n\r\n", ["200 "]),
      (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
        ["200 abc0123456789"]
      ),
      (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\n"
          + "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n", ["503 no", "200 "]
      ),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", ["unfinished"]),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ["unfinished"]),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", nil),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", nil),
      ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", nil),
      ("SMTP/1.1 200 OK\r\n\r\n", nil),
    ]
    for (text, expected) in cases {
      cuts(text) { pieces in
        let found = read(pieces)
        checks.check(found == expected, "\(text.debugDescription) cut is \(String(describing: found))")
      }
    }
  }

  /// Returns the results of an event reader on the pieces: the numbers in order, and its counters.
  private static func events(_ pieces: [ArraySlice<UInt8>], _ chunks: Int) -> String {
    var reader = EventReader()
    defer { reader.free() }
    var numbers: [Int] = []
    var faults = 0
    for piece in pieces {
      piece.withUnsafeBytes { input in
        var offset = 0
        while true {
          switch reader.next(input, &offset) {
          case .more: return
          case .event(let number, let sent):
            numbers.append(number)
            if sent != UInt64(number) * 1000 { faults += 1 }
          case .done: break
          case .fault: faults += 1
          }
        }
      }
    }
    return "\(numbers) lost \(reader.lost(of: chunks)) twice \(reader.duplicated) late \(reader.reordered)"
      + " faults \(faults) \(reader.isDone ? "done" : "open")"
  }

  static func events(_ checks: inout Checks) {
    let event = Event()
    func text(_ numbers: [Int], _ end: String) -> String {
      numbers.map { number in
        event.fill(number: number, time: UInt64(number) * 1000)
        let chunk = String(decoding: UnsafeRawBufferPointer(start: event.bytes, count: event.count), as: UTF8.self)
        let lines = chunk.split(separator: "\r\n", omittingEmptySubsequences: false)
        return String(lines[1])
      }.joined() + end
    }
    let done = "data: [DONE]\n\n"
    let cases: [(String, String)] = [
      (text([1, 2, 3], done), "[1, 2, 3] lost 0 twice 0 late 0 faults 0 done"),
      (": comment\n\n" + text([1, 3], done), "[1, 3] lost 1 twice 0 late 0 faults 0 done"),
      (text([1, 2], ""), "[1, 2] lost 1 twice 0 late 0 faults 0 open"),
      (text([1, 2, 2, 3], done), "[1, 2, 2, 3] lost 0 twice 1 late 0 faults 0 done"),
      (text([1, 3, 2], done), "[1, 3, 2] lost 0 twice 0 late 1 faults 0 done"),
      (text([1], "data: {\"error\":{}}\n\n"), "[1] lost 2 twice 0 late 0 faults 1 open"),
    ]
    for (text, expected) in cases {
      cuts(text) { pieces in
        let found = events(pieces, 3)
        checks.check(found == expected, "expected \(expected), found \(found)")
      }
    }
  }

  /// Checks that the mock serves only complete requests, with the orders they contain.
  static func requests(_ checks: inout Checks) {
    var orders = Orders()
    (orders.chunks, orders.gap, orders.bytes, orders.delay, orders.holds) = (7, 3000, 99, 5000, true)
    for streams in [false, true] {
      let bytes = Client.request(orders, promptBytes: 3000, streams: streams, port: 1)
      defer { bytes.deallocate() }
      for count in 1..<bytes.count {
        guard case .incomplete(let needed) = MockRequest.read(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        else {
          checks.check(false, "\(count) of \(bytes.count) bytes are no request")
          continue
        }
        checks.check(needed > count && needed <= bytes.count, "\(count) bytes need \(needed)")
      }
      guard case .complete(let request, let used) = MockRequest.read(bytes) else {
        checks.check(false, "a request is complete")
        continue
      }
      checks.check(used == bytes.count && request.streams == streams, "the request is read whole")
      checks.check(request.orders.text == orders.text, "orders are \(request.orders.text)")
    }
    for bytes in [400, 1024, 100_000] {
      checks.check(MockReplies.completion(bytes: bytes).utf8.count == bytes, "an answer of \(bytes) bytes")
    }
  }
}
