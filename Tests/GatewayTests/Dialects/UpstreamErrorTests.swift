@testable import Gateway
import Testing

@Suite struct UpstreamErrorTests {
  static func read(_ body: String, retryAfter: Int? = nil) -> UpstreamError {
    UpstreamErrorReader.read(Array(body.utf8).span, retryAfter: retryAfter)
  }

  @Test(
    arguments: [
      (
        #"{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        "too long", "invalid_request_error", "messages", "context_length_exceeded"
      ),
      (#"{"error":{"code":400,"message":"bad","param":null,"type":null}}"#, "bad", nil, nil, "400"),
      (#"{"error":"plain"}"#, "plain", nil, nil, nil), (#"{"detail":"not there"}"#, "not there", nil, nil, nil),
      (#"{"object":"error","message":"old","code":40001}"#, "old", nil, nil, nil),
      (#"{"message":"outer","error":{"message":"inner"}}"#, "inner", nil, nil, nil),
      (#"{"detail":[{"msg":"a"}]}"#, #"{"detail":[{"msg":"a"}]}"#, nil, nil, nil),
      ("<html>Bad Gateway</html>", "<html>Bad Gateway</html>", nil, nil, nil),
      ("", "no explanation was given", nil, nil, nil), (#"{"error":{}}"#, #"{"error":{}}"#, nil, nil, nil),
      (#"{"error":null}"#, #"{"error":null}"#, nil, nil, nil),
      (#"{"error":{"message":"cut"#, #"{"error":{"message":"cut"#, nil, nil, nil),
      (#"{"error":{"message":7}}"#, "7", nil, nil, nil),
      (#"{"err\u006fr":{"m\u0065ssage":"\u0041"}}"#, "A", nil, nil, nil),
    ] as [(String, String, String?, String?, String?)])
  func `an error message is read in every format`(
    _ body: String, _ message: String, _ type: String?, _ param: String?, _ code: String?
  ) {
    let error = Self.read(body, retryAfter: 5)
    #expect(error.message == message)
    #expect(error.type == type)
    #expect(error.param == param)
    #expect(error.code == code)
    #expect(error.retryAfter == 5)
    // An escape could hide a key.
    #expect(error.body == (body.isEmpty || body.contains(#"\u"#) ? nil : body))
  }

  @Test func `an error message has a limit`() {
    let long = String(repeating: "\u{e9}", count: 50_000)
    let error = Self.read(
      #"{"error":{"message":"\#(long)","type":"\#(long)","param":"\#(long)","code":"\#(long)"}}"#)
    #expect(error.message.utf8.count == UpstreamErrorReader.messageMax)
    #expect(error.type?.utf8.count == 64)
    #expect(error.param?.utf8.count == 256)
    #expect(error.code?.utf8.count == 64)
    #expect(try! #require(error.body).utf8.count <= 4100)
    #expect(Self.read(long).message.utf8.count <= 310)
  }

  @Test(arguments: [
    ("Incorrect API key: sk-abcdefgh12345678.", "Incorrect API key: sk-***"), ("sk-proj-ab_cd-ef12 x", "sk-*** x"),
    ("Authorization: Bearer abcdefgh1234", "Authorization: Bearer ***"),
    ("bearer abcdefgh1234, no", "bearer ***, no"),
    ("sk-short", "sk-short"), ("task-abcdefghij", "task-***"), ("Bearer of bad news", "Bearer of bad news"),
    ("two sk-aaaaaaaaaa and sk-bbbbbbbbbb", "two sk-*** and sk-***"),
    ("nothing here at all", "nothing here at all"),
    ("é sk-abcdefghij é", "é sk-*** é"), ("sk-", "sk-"), ("", ""),
  ])
  func `text that looks like a credential is masked`(_ text: String, _ masked: String) {
    #expect(UpstreamErrorReader.mask(text) == masked)
    #expect(UpstreamErrorReader.mask(masked) == masked)
  }

  @Test func `a credential is masked in every field`() {
    let error = Self.read(#"{"error":{"message":"key sk-0123456789"},"also":"Bearer 0123456789"}"#)
    #expect(error.message == "key sk-***")
    #expect(error.body?.contains("0123456789") == false)
    #expect(!Self.read("<p>sk-0123456789</p>").message.contains("0123456789"))
    #expect(!Self.read(#"{"error":"sk-0123456789"}"#).message.contains("0123456789"))
  }

  @Test func `the key of the request is removed from an error, unless it is shorter than 8 bytes`() {
    for (key, isShown) in [("seven77", true), ("eight888", false), ("a-much-longer-one", false)] {
      let error = UpstreamError(message: "the key \(key) is bad", body: "{\(key)}")
      for failure in [AttemptFailure.status(401, error).without(secret: key), .error(error).without(secret: key)] {
        #expect("\(failure)".contains(key) == isShown)
      }
    }
    #expect(AttemptFailure.tooLarge.without(secret: "eight888") == .tooLarge)
  }

  @Test(arguments: [#"\u0073k-0123456789abc"#, #"sk-01234\/56789abc"#, #"Bearer\t0123456789abc"#])
  func `a credential that is spelled with escapes is not shown`(_ spelled: String) {
    for body in [#"{"error":{"message":"x","also":"\#(spelled)"}}"#, #"{"also":"\#(spelled)"}"#] {
      let error = Self.read(body)
      #expect(error.body == nil)
      #expect(!error.message.contains("789abc"))
    }
  }

  @Test func `a credential at the cut of a text is masked`() {
    let text = String(repeating: "x", count: 290) + " sk-0123456789"
    #expect(!Self.read(text).message.contains("012"))
  }

  @Test func `no part of the request's key is left where a text is cut`() {
    let key = "Zq7provkeyWITHOUTprefix0123456789abcdefXYZ"
    for count in 250...310 {
      let failure = AttemptFailure.status(500, Self.read(String(repeating: "x", count: count) + key))
      #expect(!"\(failure.without(secret: key))".contains(key.prefix(4)), "\(count)")
    }
    for count in 1950...2010 {
      let json = #"{"error":{"message":"\#(String(repeating: "x", count: count))\#(key)"}}"#
      #expect(!"\(AttemptFailure.error(Self.read(json)).without(secret: key))".contains(key.prefix(4)), "\(count)")
    }
  }

  @Test func `the request's key is removed before anything else is masked`() {
    let key = "beginning-sk-0123456789"
    let body = Array(#"{"error":"the key \#(key) is bad"}"#.utf8)
    #expect(UpstreamErrorReader.read(body.span).message == "the key beginning-sk-*** is bad")
    let removed = UpstreamErrorReader.removing(key, from: body)
    #expect(UpstreamErrorReader.read(removed.span).message == "the key *** is bad")
    #expect(UpstreamErrorReader.removing("seven77", from: Array("seven77".utf8)) == Array("seven77".utf8))
    #expect(UpstreamErrorReader.removing(nil, from: body) == body)
  }

  @Test(arguments: ["Bearer abc+defghijklmn", "Bearer abcdefgh/secretpart", "Bearer abc~def=ghijkl"])
  func `a bearer of any alphabet is masked`(_ text: String) {
    #expect(UpstreamErrorReader.mask(text) == "Bearer ***")
  }

  // MARK: The caller's error

  @Test(arguments: [
    (400, 400, "upstream_rejected_request"), (404, 404, "upstream_rejected_request"),
    (413, 413, "upstream_rejected_request"), (422, 422, "upstream_rejected_request"),
    (401, 502, "upstream_credentials_rejected"), (402, 402, "upstream_rejected_request"),
    (403, 403, "upstream_rejected_request"), (429, 429, "upstream_rate_limited"),
    (408, 504, "upstream_timeout"),
    (504, 504, "upstream_timeout"), (503, 503, "upstream_failed"), (529, 503, "upstream_failed"),
    (500, 502, "upstream_failed"), (502, 502, "upstream_failed"), (301, 502, "upstream_failed"),
    (418, 502, "upstream_failed"), (100, 502, "upstream_failed"), (0, 502, "upstream_failed"),
    (999, 502, "upstream_failed"),
  ])
  func `an upstream status becomes a gateway status`(_ status: Int, _ shown: Int, _ code: String) {
    let error = UpstreamError(message: "words", param: "p", retryAfter: 9, body: "body")
    let failure = AttemptFailure.status(status, error)
    let apiError = failure.apiError(provider: "x")
    #expect(apiError.status == shown)
    #expect(apiError.code.rawValue == code)
    let isTheirs = [400, 404, 413, 422].contains(status)
    #expect(apiError.message.contains("`x`") == !isTheirs)
    #expect((apiError.param == "p") == isTheirs)
    #expect(apiError.retryAfter == ([429, 503, 529].contains(status) ? 9 : nil))
    if shown == 502, code != "upstream_failed" {
      #expect(!apiError.message.contains("words"))
      #expect(apiError.upstreamBody == nil)
    }
    #expect(failure.allowsFailover("m") == !isTheirs)
  }

  @Test(arguments: [
    (AttemptFailure.hostNotFound, 502, "upstream_unreachable"), (.unreachable, 502, "upstream_unreachable"),
    (.tls, 502, "upstream_unreachable"), (.timedOut(.connect), 504, "upstream_timeout"),
    (.timedOut(.firstEvent), 504, "upstream_timeout"), (.timedOut(.stall), 504, "upstream_timeout"),
    (.timedOut(.total), 504, "upstream_timeout"), (.connectionLost, 502, "upstream_truncated"),
    (.malformed("x"), 502, "upstream_malformed_response"), (.tooLarge, 502, "upstream_malformed_response"),
    (.error(UpstreamError(message: "x")), 502, "upstream_failed"),
  ])
  func `a failure becomes a gateway status`(_ failure: AttemptFailure, _ status: Int, _ code: String) {
    let apiError = failure.apiError(provider: "name")
    #expect(apiError.status == status)
    #expect(apiError.code.rawValue == code)
    #expect(apiError.message.contains("`name`"))
    // The next candidate would have no time left.
    #expect(failure.allowsFailover("m") == (failure != .timedOut(.total)))
    #expect(!failure.reason.isEmpty)
  }

  @Test func `the same provider is asked again only after a failure that may pass in a moment`() {
    let passing = [408, 500, 501, 502, 503, 504, 529].map { AttemptFailure.status($0, UpstreamError(message: "x")) }
    for failure in passing + [.unreachable, .connectionLost, .timedOut(.connect)] { #expect(failure.allowsRetry) }
    let lasting = [301, 400, 401, 403, 404, 407, 409, 413, 422, 429, 499].map {
      AttemptFailure.status($0, UpstreamError(message: "x"))
    }
    let others = [
      AttemptFailure.hostNotFound, .addressNotAllowed, .tls, .malformed("x"), .tooLarge, .timedOut(.send),
      .timedOut(.head), .timedOut(.firstEvent), .timedOut(.stall), .timedOut(.total),
      .error(UpstreamError(message: "x")),
    ]
    for failure in lasting + others { #expect(!failure.allowsRetry, "\(failure)") }
  }

  @Test func `a rate limited caller gets the time to wait`() {
    for status in [429, 503] {
      #expect(AttemptFailure.status(status, UpstreamError(message: "x")).apiError(provider: "p").retryAfter == 1)
    }
  }

  @Test(arguments: ["%2B", "%2b"])
  func `a key that is percent-encoded is removed like the plain one`(plus: String) {
    let key = "sk-one+two/three=four"
    let encoded = "sk-one\(plus)two\(plus == "%2B" ? "%2F" : "%2f")three\(plus == "%2B" ? "%3D" : "%3d")four"
    let body = Array("GET /v1?key=\(encoded)&x=\(key)".utf8)
    #expect(UpstreamErrorReader.removing(key, from: body) == Array("GET /v1?key=***&x=***".utf8))
    #expect(UpstreamErrorReader.removing(key, from: "at \(encoded).") == "at ***.")
  }
}
