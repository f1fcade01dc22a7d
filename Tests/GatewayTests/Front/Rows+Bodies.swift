import HTTPText

@testable import Gateway

extension Rows {
  private static func body(
    _ row: String, _ name: String, _ text: String, _ error: BodyError, _ status: Int = 400
  ) -> Row {
    Row(
      row: row, name: name, bytes: latin1(text), status: status, closes: true, rejectedBy: .body, error: "\(error)")
  }

  private static func chunk(
    _ row: String, _ name: String, _ text: String, _ error: BodyError, _ status: Int = 400
  ) -> Row {
    body(row, name, chunked(text), error, status)
  }

  private static let end = "\r\nhello\r\n0\r\n\r\n"

  static let chunks: [Row] = [
    chunk("H8", "a line feed behind a size", "5\nhello\r\n0\r\n\r\n", .lineEnd),
    chunk("H8", "a carriage return behind a size", "5\rhello\r\n0\r\n\r\n", .lineEnd),
    chunk("H8", "a line feed behind data", "5\r\nhello\n0\r\n\r\n", .chunkEnd),
    chunk("H8", "a carriage return behind data", "5\r\nhello\r0\r\n\r\n", .lineEnd),
    chunk("H8", "a line feed behind the last size", "0\n\r\n", .lineEnd),
    chunk("H8", "a line feed at the end", "0\r\n\n", .lineEnd),
    chunk("H8", "a carriage return at the end", "0\r\n\rx", .lineEnd),
    chunk("H11", "a hexadecimal prefix", "0x5" + end, .chunkSize),
    chunk("H11", "a plus sign", "+5" + end, .chunkSize), chunk("H11", "a minus sign", "-5" + end, .chunkSize),
    chunk("H11", "an underscore", "0_5" + end, .chunkSize), chunk("H11", "a space before", " 5" + end, .chunkSize),
    chunk("H11", "a space behind", "5 " + end, .chunkSize), chunk("H11", "a tab behind", "5\t" + end, .chunkSize),
    chunk("H11", "a space before an extension", "5 ;a" + end, .chunkSize),
    chunk("H11", "an empty size", end, .chunkSize), chunk("H11", "an extension alone", ";a" + end, .chunkSize),
    chunk("H11", "nine digits", "000000005" + end, .chunkSize),
    chunk("H11", "a size above 64 bits", "10000000000000005" + end, .chunkSize),
    chunk("H11", "a letter that is no digit", "g" + end, .chunkSize),
    chunk("H11", "a comma", "5,5" + end, .chunkSize), chunk("H11", "a NUL", "5\u{0}" + end, .chunkSize),
    chunk("H11", "a second size that is bad", "5\r\nhello\r\nx\r\n", .chunkSize),
    chunk("H12", "a semicolon alone", "5;" + end, .chunkExtension),
    chunk("H12", "two semicolons", "5;;a" + end, .chunkExtension),
    chunk("H12", "a semicolon last", "5;a;" + end, .chunkExtension),
    chunk("H12", "no name", "5;=b" + end, .chunkExtension), chunk("H12", "no value", "5;a=" + end, .chunkExtension),
    chunk("H12", "a control", "5;a=\u{1}" + end, .chunkExtension),
    chunk("H12", "a NUL in quotes", "5;a=\"\u{0}\"" + end, .chunkExtension),
    chunk("H12", "a line feed in an extension", "5;a\n" + end, .lineEnd),
    chunk("H12", "a carriage return in an extension", "5;a\rb" + end, .lineEnd),
    chunk("H12", "a line end in quotes", "5;a=\"b\r\nc\"" + end, .chunkExtension),
    chunk("H12", "an open quote", "5;a=\"b" + end, .chunkExtension),
    chunk("H12", "letters behind a quote", "5;a=\"b\"c" + end, .chunkExtension),
    chunk("H12", "a quote in a token", "5;a=b\"c\"" + end, .chunkExtension),
    chunk("H12", "a quoted name", "5;\"a\"=b" + end, .chunkExtension),
    chunk("H12", "a space last", "5;a " + end, .chunkExtension),
    chunk("H12", "two words", "5;a b" + end, .chunkExtension),
    chunk("H12", "a byte above ASCII", "5;\u{e9}" + end, .chunkExtension),
    chunk("H12", "257 bytes", "5;" + String(repeating: "a", count: 256) + end, .chunkExtensionTooLong),
    chunk(
      "H12", "4097 bytes together",
      String(repeating: "1;" + String(repeating: "a", count: 255) + "\r\nx\r\n", count: 16) + "0;\r\n\r\n",
      .chunkExtensionTooLong),
    chunk("H13", "data longer than its size", "4\r\nhello\r\n0\r\n\r\n", .chunkEnd),
    chunk("H13", "data shorter than its size", "6\r\nhello\r\n0\r\n\r\n", .chunkEnd),
    chunk("H13", "no line end behind data", "5\r\nhello0\r\n\r\n", .chunkEnd),
    chunk("H14", "a space before the colon of a trailer", "0\r\nX : y\r\n\r\n", .trailer),
    chunk("H14", "a folded trailer", "0\r\nX: y\r\n z\r\n\r\n", .trailer),
    chunk("H14", "a trailer without a colon", "0\r\nX\r\n\r\n", .trailer),
    chunk("H14", "a trailer without a name", "0\r\n: y\r\n\r\n", .trailer),
    chunk("H14", "a control in a trailer", "0\r\nX: \u{1}\r\n\r\n", .trailer),
    chunk("H14", "a line feed behind a trailer", "0\r\nX: y\n\r\n", .lineEnd),
    chunk("H14", "a carriage return in a trailer", "0\r\nX: y\rz\r\n\r\n", .lineEnd),
    chunk(
      "H14", "101 trailers", "0\r\n" + String(repeating: "a:b\r\n", count: 101) + "\r\n", .trailersTooLarge, 431),
    chunk(
      "H14", "a trailer of 16385 bytes", "0\r\nX:" + String(repeating: "y", count: 16_383) + "\r\n\r\n",
      .trailersTooLarge, 431),
    chunk(
      "H14", "trailers of more than 32768 bytes",
      "0\r\n" + String(repeating: "X:" + String(repeating: "y", count: 9996) + "\r\n", count: 4) + "\r\n",
      .trailersTooLarge, 431),
    body("H23", "a declared body that GET has no use for", get("Content-Length: 65537\r\n"), .unwanted),
    body(
      "H23", "a chunk that GET has no use for", get("Transfer-Encoding: chunked\r\n") + "10001\r\n", .unwanted),
    body(
      "H23", "chunks that GET has no use for",
      get("Transfer-Encoding: chunked\r\n") + "8000\r\n" + String(repeating: "x", count: 0x8000) + "\r\n8001\r\n",
      .unwanted),
    body("H23", "a bad chunk behind GET", get("Transfer-Encoding: chunked\r\n") + "x\r\n\r\n", .chunkSize),
    body("H37", "a length above the limit", post("Content-Length: 10485761\r\n"), .tooLarge, 413),
    body("H37", "the longest length", post("Content-Length: 9223372036854775807\r\n"), .tooLarge, 413),
    chunk("H37", "a chunk above the limit", "A00001\r\n", .tooLarge, 413),
    chunk("H37", "the largest chunk", "FFFFFFFF\r\n", .tooLarge, 413),
    chunk("H37", "a chunk that crosses the limit", "1\r\nx\r\nA00000\r\n", .tooLarge, 413),
  ]

  private static func get(_ lines: String) -> String {
    "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n"
  }

  static let limits: [Row] = [
    head("H35", "a request line of 8193 bytes", requestLine(8193), .requestLineTooLong, 414),
    head("H35", "a method without an end", String(repeating: "A", count: 9000), .requestLineTooLong, 414),
    field("H36", "a field of 16385 bytes", fieldLine(16_385), .fieldTooLong, 431),
    field("H36", "a name without an end", String(repeating: "a", count: 17_000), .fieldTooLong, 431),
    head("H36", "fields of 32769 bytes", "GET / HTTP/1.1\r\n\(fieldLines(32_769))\r\n", .fieldsTooLong, 431),
    head(
      "H36", "101 fields", "GET / HTTP/1.1\r\n\(String(repeating: "a:\r\n", count: 101))\r\n", .tooManyFields, 431),
  ]

  /// Returns a head of one request line of `count` bytes.
  static func requestLine(_ count: Int) -> String {
    "GET /\(String(repeating: "a", count: count - 14)) HTTP/1.1\r\nHost: localhost\r\n\r\n"
  }

  /// Returns a field line of `count` bytes with its line end.
  static func fieldLine(_ count: Int) -> String { "x:" + String(repeating: "y", count: count - 2) + "\r\n" }

  /// Returns a host and other fields that have `count` bytes in total, including their line ends.
  static func fieldLines(_ count: Int) -> String {
    let host = "Host: localhost\r\n"
    return host + fieldLine(11_000) + fieldLine(11_000) + fieldLine(count - 22_000 - host.utf8.count - 6)
  }

  private static func gateway(_ row: String, _ name: String, _ text: String, _ status: Int, closes: Bool = false)
    -> Row
  {
    Row(row: row, name: name, bytes: latin1(text), status: status, closes: closes, rejectedBy: .gateway, error: "")
  }

  private static func bare(_ line: String) -> String { "\(line) HTTP/1.1\r\nHost: localhost\r\n\r\n" }

  private static func cut(_ name: String, _ text: String) -> Row {
    Row(row: "H15", name: name, bytes: latin1(text), status: 0, closes: true, rejectedBy: .incomplete, error: "")
  }

  /// Requests that the parsers accept and a later step rejects.
  static let elsewhere: [Row] = [
    gateway("H22", "an unknown method", bare("BREW /v1/models"), 501, closes: true),
    gateway("H22", "a method in small letters", bare("get /v1/models"), 501, closes: true),
    gateway("H22", "a known but wrong method", bare("DELETE /v1/chat/completions"), 405),
    gateway("H22", "GET where POST belongs", bare("GET /v1/chat/completions"), 405),
    gateway("H22", "TRACE", bare("TRACE /v1/models"), 405),
    gateway("H22", "CONNECT", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", 405),
    gateway(
      "H21", "a host that is not ours", "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, closes: true),
    gateway("H20", "an escaped slash", bare("GET /v1%2fmodels"), 404),
    gateway("H20", "an escape of an escape", bare("GET /%252e%252e/v1/models"), 404),
    gateway("H20", "an unknown path", bare("GET /v1/nothing"), 404),
    cut("nothing at all", ""), cut("an empty line", "\r\n"), cut("half a method", "PO"),
    cut("half a request line", "POST /v1/chat/completions HT"),
    cut("half a line end", "POST /v1/chat/completions HTTP/1.1\r"),
    cut("a request line", "POST /v1/chat/completions HTTP/1.1\r\n"),
    cut("half a head", "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"),
    cut("half an empty line", "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n\r"),
    cut("no body", post("Content-Length: 5\r\n")), cut("half a body", post("Content-Length: 5\r\n") + "hell"),
    cut("no chunk", chunked("")), cut("half a size", chunked("5")), cut("a size", chunked("5\r\n")),
    cut("half a chunk", chunked("5\r\nhel")), cut("no last chunk", chunked("5\r\nhello\r\n")),
    cut("half a last chunk", chunked("5\r\nhello\r\n0\r\n")), cut("half an end", chunked("5\r\nhello\r\n0\r\n\r")),
    cut("half a trailer", chunked("0\r\nX: y\r\n")),
  ]
}
