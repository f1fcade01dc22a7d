@testable import Gateway

extension Rows {
  private static func good(
    _ row: String, _ name: String, _ text: String, _ adjust: (inout WellFormed) -> Void = { _ in }
  ) -> WellFormed {
    var result = WellFormed(row: row, name: name, bytes: latin1(text))
    adjust(&result)
    return result
  }

  /// Returns a GET of `target` with the expectations that `adjust` sets.
  private static func get(
    _ row: String, _ name: String, _ target: String, lines: String = "", _ adjust: (inout WellFormed) -> Void
  ) -> WellFormed {
    good(row, name, "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n") {
      $0.method = .get
      $0.path = target
      adjust(&$0)
    }
  }

  private static func joined(_ row: String, _ name: String, _ chunks: String, _ body: String) -> WellFormed {
    good(row, name, chunked(chunks)) {
      $0.framing = .chunked
      $0.body = body
    }
  }

  static let wellFormed = wellFormedHeads + wellFormedTargets + wellFormedBodies

  private static let wellFormedHeads: [WellFormed] = [
    good("H3", "no body", post("")),
    good("H19", "an empty line first", "\r\n" + post("")),
    good("H18", "HTTP/1.0", post("", version: "HTTP/1.0")) { ($0.minorVersion, $0.keepsAlive) = (0, false) },
    good("H18", "a later minor version", post("", version: "HTTP/1.9")),
    good("H28", "close", post("Connection: close\r\n")) { $0.keepsAlive = false },
    good("H28", "close in other letters, in a list", post("Connection: x,, CLOSE ,\r\n")) { $0.keepsAlive = false },
    good("H28", "close wins", post("Connection: keep-alive, close\r\n")) { $0.keepsAlive = false },
    good("H28", "close wins in another line", post("Connection: close\r\nConnection: keep-alive\r\n")) {
      $0.keepsAlive = false
    },
    good("H28", "a word that contains close", post("Connection: closed, unclose\r\n")),
    good("H28", "keep-alive in HTTP/1.0", post("Connection: Keep-Alive\r\n", version: "HTTP/1.0")) {
      $0.minorVersion = 0
    },
    good("H16", "an upgrade to h2c", post("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n")),
    good("H16", "an upgrade to websocket without Connection", post("Upgrade: websocket\r\n")),
    good("H25", "an expectation", post("Expect: 100-Continue\r\nContent-Length: 2\r\n") + "{}") {
      $0.framing = .length(2)
      $0.expectsContinue = true
      $0.body = "{}"
    },
    good("H25", "an expectation without a body", post("Expect: 100-continue\r\n")),
    good("H25", "any expectation in HTTP/1.0", post("Expect: x\r\n", version: "HTTP/1.0")) {
      ($0.minorVersion, $0.keepsAlive) = (0, false)
    },
    good("H9", "a tab and bytes above ASCII in a value", post("X-Session-Id:\ta\tb\u{e9}\u{ff} \r\n")) {
      $0.fields = [.xSessionID: "a\tb\u{fffd}\u{fffd}"]
    },
    good("H10", "every byte that a name may have", post("!#$%&'*+-.^_`|~09azAZ: x\r\n")),
    good("H10", "an empty value", post("X-Session-Id:\r\nX:   \r\n")) { $0.fields = [.xSessionID: ""] },
    good(
      "H31", "the fields that are kept",
      post(
        """
        AUTHORIZATION: Bearer sk-1\r\nx-api-key:sk-2\r\nContent-Type: application/json\r\norigin:  http://a \r
        X-Request-Id: r.1\r\nAnthropic-Beta: a\r\nanthropic-beta: b\r\nContent-Encoding: identity\r
        anthropic-version: 2023-06-01\r\nX-Priority: high\r\nX-Session-ID: s\r\nX-Goog-API-Client: c\r
        X-Goog-API-Key: k\r\n
        """)
    ) {
      $0.fields = [
        .authorization: "Bearer sk-1", .xAPIKey: "sk-2", .contentType: "application/json", .origin: "http://a",
        .xRequestID: "r.1", .anthropicBeta: "a", .contentEncoding: "identity",
        .anthropicVersion: "2023-06-01", .xPriority: "high", .xSessionID: "s", .xGoogAPIClient: "c",
        .xGoogAPIKey: "k",
      ]
    },
    good("H35", "a request line of 8192 bytes", requestLine(8192)) {
      $0.method = .get
      $0.path = "/" + String(repeating: "a", count: 8192 - 14)
    },
    good("H36", "a field of 16384 bytes", post(fieldLine(16_384))),
    good("H36", "fields of 32768 bytes", "POST /v1/chat/completions HTTP/1.1\r\n\(fieldLines(32_768))\r\n"),
    good("H36", "100 fields", post(String(repeating: "a:\r\n", count: 99))),
  ]

  private static let wellFormedTargets: [WellFormed] = [
    get("H20", "the root", "/") { _ in },
    get("H20", "a query", "/v1/models?a=b?c/d&e[]=%20|{f}") {
      ($0.path, $0.query) = ("/v1/models", "a=b?c/d&e[]=%20|{f}")
    },
    get("H20", "an empty query", "/v1/models?") { $0.path = "/v1/models" },
    get("H20", "dots in a query", "/v1/models?../%2e%2e") { ($0.path, $0.query) = ("/v1/models", "../%2e%2e") },
    get("H20", "an escaped slash", "/v1/models/a%2fb") { _ in },
    get("H20", "an escaped percent sign", "/v1/models/a%252f..b") { _ in },
    get("H20", "escaped UTF-8", "/%c3%A9/%e2%82%ac/%f0%9f%98%80/%ed%9f%bf") { _ in },
    get("H20", "many dots", "/v1/.../.well-known/a..b/x.") { _ in },
    get("H20", "slashes in a row", "//a//b/") { _ in },
    get("H20", "every byte that a path may have", "/-._~!$&'()*+,;=:@09azAZ") { _ in },
    get("H20", "an absolute target", "http://localhost/v1/models?x") { ($0.path, $0.query) = ("/v1/models", "x") },
    get("H20", "an absolute target in capitals", "HTTP://LOCALHOST:80/v1") {
      ($0.path, $0.host, $0.port) = ("/v1", "LOCALHOST", 80)
    },
    get("H20", "an absolute target without a path", "http://localhost") { $0.path = "/" },
    get("H20", "an absolute target with a query only", "http://localhost?x") { ($0.path, $0.query) = ("/", "x") },
    good("H20", "an absolute target in HTTP/1.0 without a host", "GET http://a:8/b HTTP/1.0\r\n\r\n") {
      ($0.method, $0.minorVersion, $0.keepsAlive) = (.get, 0, false)
      ($0.path, $0.host, $0.port) = ("/b", "a", 8)
    },
    good("H20", "an asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n") {
      ($0.method, $0.path) = (.options, "*")
    },
    good("H21", "no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n") {
      ($0.method, $0.minorVersion, $0.keepsAlive, $0.path, $0.host) = (.get, 0, false, "/", nil)
    },
    good("H21", "a host with a port", "GET / HTTP/1.1\r\nhOST:127.0.0.1:65535\t\r\n\r\n") {
      ($0.method, $0.path, $0.host, $0.port) = (.get, "/", "127.0.0.1", 65_535)
    },
    good("H21", "an address in brackets", "GET / HTTP/1.1\r\nHost: [::ffff:127.0.0.1]:1\r\n\r\n") {
      ($0.method, $0.path, $0.host, $0.port) = (.get, "/", "[::ffff:127.0.0.1]", 1)
    },
    good("H21", "a host of 255 bytes", "GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 255))\r\n\r\n") {
      ($0.method, $0.path, $0.host) = (.get, "/", String(repeating: "a", count: 255))
    },
    good("H22", "an unknown method", "M-SEARCH / HTTP/1.1\r\nHost: localhost\r\n\r\n") {
      ($0.method, $0.path) = (.other, "/")
    },
    good("H22", "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n") {
      ($0.method, $0.path, $0.host, $0.port) = (.connect, "", "a", 443)
    },
  ]

  private static let wellFormedBodies: [WellFormed] = [
    good("H3", "a length", post("Content-Length: 5\r\n") + "hello") {
      ($0.framing, $0.body) = (.length(5), "hello")
    },
    good("H3", "a length of zero", post("Content-Length: 0\r\n")) { $0.framing = .length(0) },
    good("H3", "a length with zeros before", post("Content-Length: \t 0000000000000000005 \r\n") + "hello") {
      ($0.framing, $0.body) = (.length(5), "hello")
    },
    joined("H11", "one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
    joined("H11", "no data", "0\r\n\r\n", ""),
    joined(
      "H11", "small and large digits", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a"),
    joined("H11", "eight digits", "00000005\r\nhello\r\n00000000\r\n\r\n", "hello"),
    joined("H11", "line ends in data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
    good("H4", "the coding in other letters", post("transfer-encoding:\tChunKed \r\n") + "1\r\nx\r\n0\r\n\r\n") {
      ($0.framing, $0.body) = (.chunked, "x")
    },
    joined("H12", "extensions", "1;a\r\nx\r\n1;a=b;c=\"d\\\";\te\u{e9}\"\r\ny\r\n0;z\r\n\r\n", "xy"),
    joined("H12", "white space in extensions", "1; a = b ; c =\t\"d\" ;e\r\nx\r\n0\r\n\r\n", "x"),
    joined("H12", "256 bytes of extension", "1;\(String(repeating: "a", count: 255))\r\nx\r\n0\r\n\r\n", "x"),
    joined(
      "H12", "4096 bytes of extensions",
      String(repeating: "1;\(String(repeating: "a", count: 255))\r\nx\r\n", count: 16) + "0\r\n\r\n",
      String(repeating: "x", count: 16)),
    joined("H14", "trailers", "1\r\nx\r\n0\r\nX: y\r\nZ:\t\u{e9}\r\n\r\n", "x"),
    joined(
      "H14", "forbidden trailers", "1\r\nx\r\n0\r\nContent-Length: 9\r\nHost: b\r\nAuthorization: c\r\n\r\n", "x"),
    joined("H14", "100 trailers", "1\r\nx\r\n0\r\n\(String(repeating: "a:b\r\n", count: 100))\r\n", "x"),
    joined("H14", "a trailer of 16384 bytes", "0\r\nX:\(String(repeating: "y", count: 16_382))\r\n\r\n", ""),
    get("H23", "a body that GET has no use for", "/v1/models", lines: "Content-Length: 5\r\n") {
      $0.bytes += latin1("hello")
      $0.framing = .length(5)
    },
    get("H23", "chunks that GET has no use for", "/v1/models", lines: "Transfer-Encoding: chunked\r\n") {
      $0.bytes += latin1("5\r\nhello\r\n0\r\n\r\n")
      $0.framing = .chunked
    },
    get("H23", "the longest body that GET is forgiven", "/v1/models", lines: "Content-Length: 65536\r\n") {
      $0.bytes += [UInt8](repeating: 0x20, count: 65_536)
      $0.framing = .length(65_536)
    },
  ]
}
