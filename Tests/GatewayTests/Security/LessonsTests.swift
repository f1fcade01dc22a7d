import Digest
import Reactor
import Support
import Testing

@testable import Gateway

/// Mistakes of other gateways and servers, which this one must not repeat. SECURITY.md has the list, with those that cannot
/// apply.
@Suite struct LessonsTests {
  private static let keys = """
    [[keys]]
    name = "ci"
    key = "sk-ci"
    models = ["m"]
    [[keys]]
    name = "other"
    key = "sk-other"


    """

  private static func answer(_: SeenRequest) -> [Script.Step] { Script.Step.answer }

  private static func status(_ world: World, _ text: String) throws -> Int {
    try world.exchange(Array(text.utf8)).status
  }

  private static func reads(_ toml: String, _ environment: [String: String] = [:]) -> Bool {
    (try? Configuration.read(text: Array(toml.utf8), file: "t", environment: environment)) != nil
  }

  @Test(arguments: [
    "' OR '1'='1", "sk-ci' --", "Bearer sk-ci'; DROP TABLE keys; --", "Bearer %27%20OR%201=1", "Bearer sk-ci\"",
    "Bearer *",
    "Bearer sk-c_", "Bearer sk-c%",
  ])
  func `CVE-2026-42208: a credential is only hashed, whatever it contains`(value: String) throws {
    let world = try World(toml: Self.keys, [Self.answer])
    #expect(try world.exchange(World.chat(fields: ["authorization: \(value)"])).status == 401)
    #expect(world.seenCount == 0)
  }

  @Test(arguments: [
    "GET /v1/models HTTP/1.1\r\nHost: localhost/healthz", "GET /v1/models HTTP/1.1\r\nHost: localhost?/healthz",
    "GET /v1/models HTTP/1.1\r\nHost: localhost#/healthz", "GET /healthz/../v1/models HTTP/1.1\r\nHost: localhost",
    "GET http://localhost/v1/models HTTP/1.1\r\nHost: localhost",
    "GET /healthz%2f..%2fv1/models HTTP/1.1\r\nHost: localhost",
    "GET //healthz/..//v1/models HTTP/1.1\r\nHost: localhost",
    "GET /healthz;/v1/models HTTP/1.1\r\nHost: localhost",
  ])
  func `CVE-2026-49468: the path that is authorized is the one that is served`(head: String) throws {
    let world = try World(toml: Self.keys, [Self.answer])
    #expect([400, 401, 404].contains(try Self.status(world, "\(head)\r\n\r\n")))
  }

  @Test func `CVE-2026-35030: callers are told apart by whole keys, not by beginnings`() throws {
    let begin = String(repeating: "a", count: 100)
    let keys = APIKeys(["\(begin)1", "\(begin)2"].compactMap { Secret($0) })
    let callers = ["1", "2", "3", ""].map { keys.caller(presenting: Array((begin + $0).utf8).span, at: 0) }
    #expect(callers.map { $0?.name } == ["key-1", "key-2", nil, nil] && callers[0] != callers[1])
  }

  @Test(arguments: [
    #""api_base":"http://169.254.169.254""#, #""base_url":"http://127.0.0.1:1""#,
    #""provider":{"url":"http://evil.test"}"#,
  ])
  func `CVE-2024-6587: neither fields of the body nor of the head choose where a request goes`(field: String) throws
  {
    let world = try World(.scripted, [Self.answer])
    let answer = try world.exchange(
      World.chat(
        #"{"model":"m",\#(field),"messages":[{"role":"user","content":"hi"}]}"#,
        fields: [
          "x-portkey-custom-host: http://evil.test", "x-forwarded-host: evil.test",
          "x-upstream-url: http://evil.test",
        ]))
    #expect(answer.status == 200)
    #expect(world.seenCount == 1)
    #expect(!world.seen().flatMap(\.fields).joined().contains("evil.test"))
  }

  @Test func `CVE-2026-45401: redirects of a provider are not followed`() throws {
    let world = try World(
      .scripted,
      [
        { _ in
          [
            .head(
              status: 302, fields: ["location: http://upstream-1.test/v1/chat/completions", "content-length: 0"])
          ]
        }
      ])
    #expect(try world.exchange(World.chat()).status == 502)
  }

  @Test(arguments: [
    "-1", "-9223372036854775808", "9223372036854775807", "18446744073709551616", "1e300", "0.5", "\"1\"",
  ])
  func `CVE-2026-71479: no number of tokens makes a cost negative or gives anything back`(number: String) throws {
    let toml = """
      [[budgets]]
      name = "all"
      per = "everyone"
      capacity = 1_000_000
      [[models]]
      name = "m"
      provider = "up0"
      input_usd_per_million = 1000000
      output_usd_per_million = 1000000

      """
    let world = try World(
      toml: toml,
      [
        { _ in
          Script.Step.json(
            #"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":\#(number),"completion_tokens":\#(number),"total_tokens":\#(number)}}"#
          )
        }
      ])
    _ = try world.exchange(World.chat())
    let costs = try world.exchange(Array("GET /v1/costs HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).text
    #expect(costs.firstMatch(of: #/:-\d/#) == nil, "\(costs)")
    let own = try world.exchange(Array("GET /v1/keys/me HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).text
    let used = try #require(own.firstMatch(of: #/"used":(\d+),"held":(\d+)/#).flatMap { Int($0.1) })
    #expect((used > 0 || number.hasPrefix("-")) && own.contains(#""held":0"#), "\(own)")
  }

  @Test func `CVE-2026-41432: an empty secret is an error, and no key is there by default`() {
    #expect(!Self.reads("[auth]\ntokens = [\"\"]\n"))
    #expect(!Self.reads("[auth]\ntokens = [\"$EMPTY\"]\n", ["EMPTY": ""]))
    #expect(!Self.reads("[auth]\ntokens = [\"$UNSET\"]\n"))
    #expect(!Self.reads("[[keys]]\nname = \"a\"\nkey = \"\"\n"))
    #expect(APIKeys([], areNeeded: true).caller(presenting: Array("".utf8).span, at: 0) == nil)
    #expect(KeyFile().hashKey.count == KeyFile.secretBytes && KeyFile().hashKey != KeyFile().hashKey)
  }

  @Test func `CVE-2026-30886: a caller reads and ends nothing of another one`() throws {
    let toml = Self.keys + "[[budgets]]\nname = \"default\"\ncapacity = 1000\n"
    let world = try World(toml: toml, [Self.answer])
    func ask(_ path: String, _ body: String, _ key: String) throws -> String {
      try world.exchange(World.post(path, body, fields: ["x-api-key: \(key)"])).text
    }
    _ = try ask("/v1/tokens/reserve", #"{"tokens":900}"#, "sk-ci")
    // A report of tokens that another caller has reserved frees none of them.
    _ = try ask("/v1/tokens/report", #"{"reserved":900,"actual":0}"#, "sk-other")
    #expect(try ask("/v1/tokens/check", #"{"tokens":101}"#, "sk-other").contains(#""allowed":false"#))
    let own = try world.exchange(
      Array("GET /v1/keys/me HTTP/1.1\r\nHost: localhost\r\nx-api-key: sk-other\r\n\r\n".utf8))
    #expect(own.text.contains("\"other\"") && !own.text.contains("\"ci\""))
  }

  @Test(arguments: [
    (#"{"model":"m","n":1000000000,"messages":[{"role":"user","content":"hi"}]}"#, 400),
    (#"{"model":"m","messages":\#(String(repeating: "[", count: 5000))"#, 400),
    (#"{"model":"\#(String(repeating: "m", count: 257))","messages":[{"role":"user","content":"hi"}]}"#, 400),
  ])
  func `CVE-2026-34756: every number and every depth of a request has a limit`(body: String, status: Int) throws {
    let world = try World(.scripted, [Self.answer])
    #expect(try world.exchange(World.chat(body)).status == status)
    #expect(world.seenCount == 0)
  }

  @Test func `CVE-2025-48956: a giant header field is rejected before it is all there`() throws {
    let world = try World(.scripted, [Self.answer])
    let client = world.connect()
    client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nx: " + String(repeating: "a", count: 40_000))
    #expect(try world.answer(to: client).status == 431)
  }

  @Test func `CVE-2025-59425: digests are compared in constant time, and every byte of them counts`() {
    let digest = SHA256.hash(Array("key".utf8).span)
    for index in 0..<32 {
      var other = digest
      other.bytes[index] ^= 1
      #expect(digest != other)
    }
  }

  @Test func `CVE-2026-45339: a key's limits hold in whichever field it comes`() throws {
    let world = try World(toml: Self.keys, [Self.answer])
    let body = #"{"model":"forbidden","messages":[{"role":"user","content":"hi"}]}"#
    for field in ["authorization: Bearer ", "x-api-key: ", "api-key: ", "x-goog-api-key: "] {
      #expect(try world.exchange(World.chat(body, fields: [field + "sk-ci"])).status == 403)
    }
    let gemini = #"{"contents":[{"parts":[{"text":"hi"}]}]}"#
    #expect(
      try world.exchange(World.post("/v1beta/models/forbidden:generateContent?key=sk-ci", gemini)).status == 403)
    #expect(try world.exchange(World.chat(fields: ["api-key: sk-ci", "x-api-key: sk-other"])).status == 400)
    #expect(world.seenCount == 0)
  }

  @Test(arguments: [
    ("Host: evil.test", 421), ("Host: localhost\r\nOrigin: http://evil.test", 403),
    ("Host: localhost\r\nOrigin: null", 403), ("Host: localhost\r\nSec-Fetch-Site: cross-site", 403),
  ])
  func `CVE-2024-28224: a web page reaches nothing, neither by a rebound name nor directly`(
    fields: String, status: Int
  ) throws {
    let world = try World(.scripted, [Self.answer])
    #expect(try Self.status(world, "GET /v1/models HTTP/1.1\r\n\(fields)\r\n\r\n") == status)
  }

  @Test func `CVE-2026-7482: other machines reach a gateway only with keys, or if that is said`() {
    #expect(Configuration.defaults.server.bind == "127.0.0.1")
    for bind in ["0.0.0.0", "::", "10.1.2.3"] {
      #expect(!Self.reads("[server]\nbind = \"\(bind)\"\n"))
      #expect(Self.reads("[server]\nbind = \"\(bind)\"\n[auth]\ntokens = [\"t\"]\n"))
      #expect(Self.reads("[server]\nbind = \"\(bind)\"\n[auth]\nopen = true\n"))
    }
  }

  @Test func `a malicious relay: an answer in the caller's dialect reaches it byte by byte`() throws {
    let body =
      #"{"id":"c1",  "object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\u00e9","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{ \"a\" : 1 }"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4},"x":[ 1 ]}"#
    let world = try World(.scripted, [{ _ in Script.Step.json(body) }])
    #expect(try world.exchange(World.chat()).text.hasSuffix(body))
  }

  @Test func `the mixed-up answers of 2023: a connection whose answer was given up is not used again`() throws {
    let world = try World(
      .plain,
      [
        { request in
          request.body.count > 80
            ? [.streamHead, .text("of the first caller"), .wait(.milliseconds(50)), .text("late")]
            : Script.Step.answer
        }
      ])
    let first = world.connect()
    first.send(World.streamingChat(",\"user\":\"the one that leaves before the end\""))
    world.run { first.text.contains("of the first caller") }
    first.leave()
    world.run(for: .milliseconds(20))
    let second = try world.exchange(World.chat())
    #expect(second.status == 200 && second.text.contains("hello") && !second.text.contains("late"))
    #expect(world.acceptedConnections() == 2)
  }

  @Test func `CVE-2026-96437: a check holds for a body of any size`() throws {
    let world = try World(toml: Self.keys, [Self.answer])
    let text = String(repeating: "x", count: 2 * Call.inlineBytesMax)
    let body = #"{"messages":[{"role":"user","content":"\#(text)"}],"model":"forbidden"}"#
    #expect(try world.exchange(World.chat(body, fields: ["x-api-key: sk-ci"])).status == 403)
    #expect(world.seenCount == 0)
  }

  @Test(arguments: [
    "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \r\n\r\n",
  ])
  func `CVE-2026-2835: framing that two readers could understand differently is rejected`(request: String) throws {
    let world = try World(.scripted, [Self.answer])
    let answer = try world.exchange(Array(request.utf8))
    #expect(answer.status == 400 && answer.field("connection") == "close")
    #expect(world.seenCount == 0)
  }

  @Test func `CVE-2026-2833: bytes after an upgrade are another request, not passed on`() throws {
    let world = try World(toml: Self.keys, [Self.answer])
    let client = world.connect()
    client.send(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        + "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    world.run { client.responses().count == 2 }
    #expect(client.responses().map(\.status) == [200, 401])
    #expect(world.seenCount == 0)
  }

  @Test func `a truncated stream is not a success`() throws {
    let world = try World(.scripted, [{ _ in [.streamHead, .text("hel")] }])
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.text.contains("upstream_truncated") && !answer.text.contains("[DONE]"))
  }

  @Test func `CVE-2022-3215: no text of a caller makes a field of a response`() throws {
    let world = try World(.scripted, [Self.answer])
    for id in ["a\u{7f}b", "a b", "a:b", String(repeating: "a", count: 129)] {
      let answer = try world.exchange(World.chat(fields: ["x-request-id: \(id)"]))
      #expect(answer.field("x-request-id") != id && answer.field("x-request-id")?.isEmpty == false)
    }
    let model = #"{"model":"m\r\nset-cookie: a=b","messages":[{"role":"user","content":"hi"}]}"#
    #expect(try world.exchange(World.chat(model)).field("set-cookie") == nil)
  }

  @Test func `the confused deputy: a caller's credential goes to no provider`() throws {
    for dialect in ["", "\ndialect = \"anthropic\"", "\ndialect = \"gemini\""] {
      let world = try World(
        toml: Self.keys, providers: "type = \"OpenAiCompatible\"\napi_key = \"sk-provider\"\(dialect)",
        [Self.answer])
      _ = try world.exchange(
        World.chat(fields: [
          "authorization: Bearer sk-ci", "x-api-key: canary", "api-key: canary", "cookie: canary",
          "x-goog-api-key: sk-ci",
        ]))
      let sent = world.seen().map { $0.target + $0.fields.joined() }.joined()
      #expect(sent.contains("sk-provider") && !sent.contains("sk-ci") && !sent.contains("canary"))
    }
  }
}
