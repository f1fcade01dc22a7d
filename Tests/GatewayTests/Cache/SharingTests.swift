import Reactor
import Support
import Testing

@testable import Gateway

/// Answers that several callers get: kept ones, and those that arrive while others ask the same.
@Suite struct SharingTests {
  private static let cache = "[cache]\nenabled = true\ntemperature_max = 2\n"

  private static func answer(_: SeenRequest) -> [Script.Step] { Script.Step.answer }
  private static func stream(_: SeenRequest) -> [Script.Step] { Script.Step.shortStream }

  private static func anthropic(_ more: String = "", _ fields: [String] = []) -> [UInt8] {
    World.post(
      "/v1/messages", #"{"max_tokens":9,"messages":[{"content":"hi","role":"user"}],"model":"m"\#(more)}"#,
      fields: ["anthropic-version: 2023-06-01"] + fields)
  }

  private static func chat(_ more: String = "", _ fields: [String] = []) -> [UInt8] {
    World.chat(
      #"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9\#(more)}"#, fields: fields)
  }

  /// A response without the fields and members that differ from request to request.
  private static func content(_ message: HTTPMessage) -> String {
    message.text.replacing(/"id":"[^"]*"/, with: "").replacing(/"created":[0-9]*/, with: "")
  }

  // MARK: Kept answers

  @Test func `a kept answer is given again, and says so`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    let first = try world.exchange(Self.chat())
    let second = try world.exchange(Self.chat())
    #expect(first.status == 200)
    #expect(first.field("x-cache") == "miss")
    #expect(second.field("x-cache") == "hit")
    #expect(second.field("age") == "0")
    #expect(second.field("x-cost-micro-usd") == "0")
    #expect(second.field("x-served-by") == first.field("x-served-by"))
    #expect(Self.content(second) == Self.content(first))
    #expect(world.seenCount == 1)
  }

  @Test func `white space, the order of members, and escapes change nothing`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    _ = try world.exchange(Self.chat())
    let other = try world.exchange(
      World.chat(#"{ "max_tokens":9, "messages" : [ {"content":"\u0068i" , "role":"user"} ], "model":"m" }"#))
    #expect(other.field("x-cache") == "hit")
  }

  @Test(arguments: [
    #","temperature":0.5"#, #","seed":1"#, #","top_p":0.9"#, #","stop":["x"]"#, #","max_tokens":8"#, #","n":2"#,
    #","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]"#,
    #","response_format":{"type":"json_object"}"#, #","reasoning_effort":"low"#, #","some_extension":1"#,
    #","logprobs":true"#, #","user":"u""#,
  ])
  func `what can change the answer makes another request`(member: String) throws {
    let world = try World(toml: Self.cache, [Self.answer])
    let plain = #"{"model":"m","messages":[{"role":"user","content":"hi"}]"#
    _ = try world.exchange(World.chat(plain + "}"))
    let other = try world.exchange(World.chat(plain + member + "}"))
    #expect(other.field("x-cache") != "hit")
  }

  @Test func `a member inside of a message that the gateway does not know makes another request`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    _ = try world.exchange(World.chat(#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#))
    let other = try world.exchange(
      World.chat(#"{"model":"m","messages":[{"role":"user","content":"hi","mood":"bad"}]}"#))
    #expect(other.field("x-cache") == "miss")
  }

  @Test func `a chat that one dialect stored is found in another`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    _ = try world.exchange(Self.chat())
    let other = try world.exchange(Self.anthropic())
    #expect(other.field("x-cache") == "hit")
    #expect(other.text.contains(#""type":"message""#))
    #expect(other.text.contains("hello"))
    #expect(world.seenCount == 1)
  }

  @Test func `a stream is given again as a stream and as a whole`() throws {
    let world = try World(toml: Self.cache, [Self.stream])
    let first = try world.exchange(Self.chat(#","stream":true"#))
    let again = try world.exchange(Self.chat(#","stream":true"#))
    let whole = try world.exchange(Self.chat())
    #expect(again.field("x-cache") == "hit")
    #expect(Self.content(again) == Self.content(first))
    #expect(whole.field("x-cache") == "hit")
    #expect(whole.text.contains(#""content":"hello""#))
    #expect(world.seenCount == 1)
  }

  @Test func `a stream of lines is given again as a whole`() throws {
    let lines = [
      #"{"model":"served","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"hel"},"done":false}"#,
      #"{"model":"served","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"lo"},"done":false}"#,
      #"{"model":"served","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}"#,
    ]
    let world = try World(
      toml: Self.cache, providers: "type = \"Ollama\"",
      [
        { _ in
          [.head(status: 200, fields: ["content-type: application/x-ndjson"])]
            + lines.map { .bytes(Array(($0 + "\n").utf8)) }
        }
      ])
    _ = try world.exchange(Self.chat(#","stream":true"#))
    for request in [Self.chat(), Self.anthropic()] {
      let whole = try world.exchange(request)
      #expect(whole.status == 200)
      #expect(whole.field("x-cache") == "hit")
      #expect(whole.text.contains("hello"), "\(whole.text)")
    }
    #expect(world.seenCount == 1)
  }

  @Test func `a whole answer is given again as a stream`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    _ = try world.exchange(Self.chat())
    let stream = try world.exchange(Self.chat(#","stream":true"#))
    #expect(stream.field("x-cache") == "hit")
    #expect(stream.text.contains("hello"))
    #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
  }

  @Test(arguments: [
    (#""finish_reason":"length""#, 200), (#""finish_reason":"content_filter""#, 200),
  ])
  func `an answer that was cut off is not kept`(reason: String, status: Int) throws {
    let body =
      #"{"id":"c1","object":"chat.completion","created":1,"model":"served","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},\#(reason)}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
    let world = try World(toml: Self.cache, [{ _ in Script.Step.json(body, status: status) }])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat()).field("x-cache") == "miss") }
    #expect(world.seenCount == 2)
  }

  @Test func `an error is not kept`() throws {
    let world = try World(
      toml: Self.cache, [{ _ in Script.Step.json(#"{"error":{"message":"bad"}}"#, status: 400) }])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat()).status == 400) }
    #expect(world.seenCount == 2)
  }

  @Test func `an answer that calls a tool is kept only where that is configured`() throws {
    let body =
      #"{"id":"c1","object":"chat.completion","created":1,"model":"served","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
    for (line, count) in [("", 2), ("tool_calls = true\n", 1)] {
      let world = try World(toml: Self.cache + line, [{ _ in Script.Step.json(body) }])
      for _ in 0..<2 { _ = try world.exchange(Self.chat()) }
      #expect(world.seenCount == count)
    }
  }

  @Test func `a sampled answer is kept only on request`() throws {
    let world = try World(toml: "[cache]\nenabled = true\n", [Self.answer])
    for (more, fields, status) in [
      ("", [], "bypass"), ("", ["cache-control: max-age=60"], "miss"),
      ("", ["cache-control: max-age=60"], "hit"), (#","temperature":0"#, [], "miss"),
      (#","temperature":0"#, [], "hit"),
    ] {
      #expect(try world.exchange(Self.chat(more, fields)).field("x-cache") == status, "\(more) \(fields)")
    }
  }

  @Test func `a caller decides with cache-control`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    for (directive, status) in [
      ("only-if-cached", nil), ("no-store", "bypass"), ("no-cache", "miss"), ("no-cache", "miss"),
      ("only-if-cached", "hit"), ("max-age=0", "miss"), ("No-Store , max-age=1", "bypass"),
    ] {
      let response = try world.exchange(Self.chat("", ["cache-control: \(directive)"]))
      #expect(response.field("x-cache") == status, "\(directive)")
      #expect(response.status == (status == nil ? 504 : 200))
    }
  }

  @Test func `of two lines of cache-control the second is not overlooked`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    for _ in 0..<2 {
      let response = try world.exchange(Self.chat("", ["cache-control: max-age=60", "cache-control: no-store"]))
      #expect(response.field("x-cache") == "bypass")
    }
  }

  @Test func `a namespace is a cache of its own`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    for (name, status) in [("a", "miss"), ("b", "miss"), ("a", "hit"), ("b", "hit")] {
      #expect(try world.exchange(Self.chat("", ["x-cache-namespace: \(name)"])).field("x-cache") == status)
    }
  }

  @Test(arguments: [("key", [1, 2, 3, 4]), ("team", [1, 1, 2, 3]), ("everyone", [1, 1, 1, 1])])
  func `answers are shared by those whom the scope names`(scope: String, requests: [Int]) throws {
    var toml = Self.cache + "scope = \"\(scope)\"\n"
    for (name, team) in [("a", "x"), ("b", "x"), ("c", "y"), ("d", nil)] as [(String, String?)] {
      toml += "[[keys]]\nname = \"\(name)\"\nkey = \"sk-\(name)\"\n\(team.map { "team = \"\($0)\"\n" } ?? "")"
    }
    let world = try World(toml: toml, [Self.answer])
    for (name, count) in zip(["a", "b", "c", "d"], requests) {
      _ = try world.exchange(Self.chat("", ["authorization: Bearer sk-\(name)"]))
      #expect(world.seenCount == count, "\(name)")
    }
  }

  @Test func `an answer is kept for its time`() throws {
    let world = try World(clock: .manual, toml: Self.cache + "ttl_secs = 60\n", [Self.answer])
    _ = try world.exchange(Self.chat())
    world.pass(.seconds(59))
    let hit = try world.exchange(Self.chat())
    #expect(hit.field("x-cache") == "hit")
    #expect(hit.field("age") == "59")
    world.pass(.seconds(1))
    #expect(try world.exchange(Self.chat()).field("x-cache") == "miss")
  }

  @Test func `the cache says what it did, and is emptied`() throws {
    let world = try World(toml: Self.cache, [Self.answer])
    for _ in 0..<3 { _ = try world.exchange(Self.chat()) }
    let stats = try world.exchange(Array("GET /v1/cache/stats HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    for part in [
      #""enabled":true"#, #""entries":1"#, #""hits":2"#, #""misses":1"#, #""hit_rate":0.66"#, #""saved_tokens":8"#,
    ] {
      #expect(stats.text.contains(part), "\(part) in \(stats.text)")
    }
    let emptied = try world.exchange(Array("DELETE /v1/cache HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(emptied.status == 200)
    #expect(try world.exchange(Self.chat()).field("x-cache") == "miss")
  }

  @Test func `without a cache nothing is said of one`() throws {
    let world = try World(toml: "", [Self.answer])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat()).field("x-cache") == nil) }
    #expect(world.seenCount == 2)
  }
}
