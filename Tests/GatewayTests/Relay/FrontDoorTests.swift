import Reactor
import Support
import Testing

@testable import Gateway

/// HTTP as a client sees it: responses, errors, and the state of the connection after them.
@Suite struct FrontDoorTests {
  private func world(_ toml: String = "", _ delivery: Delivery = .whole) throws -> World {
    try World(.scripted, delivery: delivery, toml: toml, [{ _ in Script.Step.answer }])
  }

  private func get(_ path: String, _ fields: String = "Host: localhost\r\n") -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\n\(fields)\r\n".utf8)
  }

  @Test func `liveness and readiness need no provider`() throws {
    let world = try world("[auth]\ntokens = [\"secret\"]")
    for path in ["/healthz", "/health", "/v1/health", "/ping", "/readyz"] {
      #expect(try world.exchange(get(path)).status == 200)
    }
    #expect(world.seenCount == 0)
  }

  @Test func `every response has the request's ID under both names`() throws {
    let world = try world()
    for (request, status) in [
      (get("/healthz", "Host: localhost\r\nX-Request-Id: abc.DEF_1-2\r\n"), 200),
      (get("/nowhere", "Host: localhost\r\nX-Request-Id: abc.DEF_1-2\r\n"), 404),
      (World.chat(fields: ["X-Request-Id: abc.DEF_1-2"]), 200),
      (World.chat("{", fields: ["X-Request-Id: abc.DEF_1-2"]), 400),
    ] {
      let answer = try world.exchange(request)
      #expect(answer.status == status)
      #expect(answer.field("x-request-id") == "abc.DEF_1-2")
      #expect(answer.field("request-id") == "abc.DEF_1-2")
    }
    // H31: an invalid ID is replaced and never repeated.
    for id in ["a b", "a\u{e9}", String(repeating: "x", count: 129), "", "<x>"] {
      let answer = try world.exchange(get("/healthz", "Host: localhost\r\nX-Request-Id: \(id)\r\n"))
      #expect(answer.field("x-request-id")?.count == 36)
    }
  }

  @Test(arguments: Delivery.allCases)
  func `H31 a hostile model name never reaches a header`(delivery: Delivery) throws {
    let world = try world("", delivery)
    let answer = try world.exchange(World.chat(#"{"model":"m\r\nX-Evil: 1","messages":[{}]}"#))
    #expect(answer.status == 400)
    #expect(answer.field("x-evil") == nil)
    let path = try world.exchange(get("/v1/models/%0d%0aX-Evil:%201"))
    #expect(path.status == 404 || path.status == 400)
    #expect(path.field("x-evil") == nil)
  }

  @Test(arguments: Delivery.allCases)
  func `H34 safety headers are on every response`(delivery: Delivery) throws {
    let world = try world("", delivery)
    for request in [get("/healthz"), get("/nowhere"), World.chat(), get("/v1/models")] {
      let answer = try world.exchange(request)
      #expect(answer.field("x-content-type-options") == "nosniff")
      #expect(answer.field("cache-control") == "no-store")
      #expect(answer.field("content-type")?.hasPrefix("application/json") == true)
      #expect(answer.field("server") == nil)
      #expect(answer.field("date")?.hasSuffix("GMT") == true)
    }
  }

  @Test(arguments: Delivery.allCases)
  func `H25 a client that waits for 100 gets it only if the body is read`(delivery: Delivery) throws {
    let world = try world("[auth]\ntokens = [\"secret\"]\n[server]\njson_body_bytes_max = 2048", delivery)
    let body = #"{"model":"m","messages":[{}]}"#
    func head(_ fields: String, _ count: Int) -> String {
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(count)\r\nExpect: 100-continue\r\n\(fields)\r\n"
    }
    let client = world.connect()
    client.send(head("Authorization: Bearer secret\r\n", body.utf8.count))
    #expect(world.run { client.text == "HTTP/1.1 100 Continue\r\n\r\n" })
    client.send(body)
    #expect(try world.answer(to: client).status == 200)

    for (fields, count, status) in [
      ("", body.utf8.count, 401), ("Authorization: Bearer secret\r\n", 4096, 413),
      ("Authorization: Bearer secret\r\nOrigin: https://evil.test\r\n", 10, 403),
    ] {
      let refused = world.connect()
      refused.send(head(fields, count))
      #expect(world.run { refused.hasEnded })
      #expect(refused.responses().map(\.status) == [status])
    }
    let other = try world.exchange(Array(head("", 5).replacing("100-continue", with: "magic").utf8))
    #expect(other.status == 417)
  }

  @Test(arguments: Delivery.allCases)
  func `H26 a response to HEAD has the head of GET and no body`(delivery: Delivery) throws {
    let world = try world("", delivery)
    for path in ["/healthz", "/v1/models", "/nowhere"] {
      let full = try world.exchange(get(path))
      let client = world.connect()
      client.send(String(decoding: get(path), as: UTF8.self).replacing("GET", with: "HEAD"))
      let head = try world.answer(to: client, head: true)
      world.run(for: .milliseconds(5))
      #expect(head.status == full.status)
      #expect(client.text.hasSuffix("\r\n\r\n"))
      #expect(client.responses(head: true).count == 1)
      if path == "/healthz" { #expect(head.field("content-length") == full.field("content-length")) }
    }
  }

  @Test(arguments: Delivery.allCases)
  func `H27 a client of HTTP 1_0 gets no chunks and a closed connection`(delivery: Delivery) throws {
    let world = try World(.scripted, delivery: delivery, [{ _ in Script.Step.shortStream }])
    let request = String(decoding: World.streamingChat(), as: UTF8.self).replacing("HTTP/1.1", with: "HTTP/1.0")
    let client = world.connect()
    client.send(request)
    #expect(world.run { client.hasEnded })
    let answer = try #require(client.responses().first)
    #expect(answer.isDelimitedByClose)
    #expect(answer.field("connection") == "close")
    #expect(answer.events.last == "[DONE]")
  }

  @Test(arguments: Delivery.allCases)
  func `H28 the client decides whether the connection stays open`(delivery: Delivery) throws {
    let world = try world("", delivery)
    for (version, field, closes) in [
      ("1.1", "", false), ("1.1", "Connection: close\r\n", true), ("1.1", "Connection: keep-alive\r\n", false),
      ("1.0", "", true), ("1.0", "Connection: keep-alive\r\n", false), ("1.1", "Connection: x, CLOSE\r\n", true),
    ] {
      let client = world.connect()
      client.send("GET /healthz HTTP/\(version)\r\nHost: localhost\r\n\(field)\r\n")
      #expect(try world.answer(to: client).status == 200)
      world.run(upTo: .milliseconds(30)) { client.hasEnded }
      #expect(client.hasEnded == closes)
    }
  }

  @Test(arguments: Delivery.allCases)
  func `H29 a hundred pipelined requests are answered in order`(delivery: Delivery) throws {
    let world = try World(
      .scripted,
      [
        { request in
          let name = request.text.split(separator: "\"").first { $0.hasPrefix("n-") } ?? "?"
          return Script.Step.json(#"{"model":"x","choices":[],"n":"\#(name)"}"#)
        }
      ])
    let client = world.connect()
    for number in 0..<100 { client.send(World.chat(#"{"model":"m","user":"n-\#(number)","messages":[{}]}"#)) }
    #expect(world.run { client.responses().filter(\.isComplete).count == 100 })
    for (number, answer) in client.responses().enumerated() { #expect(answer.text.contains("\"n-\(number)\"")) }
  }

  @Test func `H29 the gateway stops reading a flood of pipelined bytes`() throws {
    let world = try World(.scripted, [{ _ in [.hang] }])
    let client = world.connect()
    client.send(World.chat())
    world.run { world.seenCount == 1 }
    let junk = [UInt8](repeating: 0x41, count: 4 * 1024 * 1024)
    client.send(junk)
    world.run(for: .milliseconds(100))
    #expect(world.reactor.waitingBytes.input < 512 * 1024)
  }

  @Test(arguments: Delivery.allCases)
  func `H30 a half-closed client is answered in full`(delivery: Delivery) throws {
    let world = try World(.scripted, delivery: delivery, [{ _ in [.wait(.milliseconds(30))] + Script.Step.answer }])
    let client = world.connect()
    client.send(World.chat())
    client.finish()
    #expect(world.run { client.hasEnded })
    let answer = client.responses().first { $0.status >= 200 }
    #expect(answer?.isComplete == true)
    #expect(answer?.text.contains("hello") == true)
  }

  @Test(arguments: Delivery.allCases)
  func `H30 a half-closed client gets its whole stream`(delivery: Delivery) throws {
    let world = try World(
      .scripted,
      [{ _ in [.streamHead, .text("a"), .wait(.milliseconds(40)), .text("b", finish: #""stop""#), .done] }])
    let client = world.connect()
    client.send(World.streamingChat())
    world.run { client.text.contains("\"a\"") }
    client.finish()
    #expect(world.run { client.hasEnded })
    #expect(client.responses().first?.events.last == "[DONE]")
  }

  @Test(arguments: Delivery.allCases)
  func `H15 and H30 a request that ends too early is never dispatched`(delivery: Delivery) throws {
    let world = try world("", delivery)
    let whole = World.chat()
    for cut in stride(from: 1, to: whole.count, by: 7) {
      let client = world.connect()
      client.send(Array(whole[..<cut]))
      client.finish()
      #expect(world.run { client.hasEnded })
      #expect(client.received.isEmpty)
    }
    #expect(world.seenCount == 0)
    #expect(world.reactor.clientCount == 0)
  }

  @Test(arguments: Delivery.allCases)
  func `H32 an error response is readable although the body was never read`(delivery: Delivery) throws {
    let world = try world("[server]\njson_body_bytes_max = 1024", delivery)
    let client = world.connect()
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000\r\n\r\n")
    client.send([UInt8](repeating: 0x20, count: delivery == .whole ? 40000 : 1500))
    #expect(world.run { client.hasEnded })
    #expect(client.responses().map(\.status) == [413])
    #expect(!client.wasReset)
  }

  @Test(arguments: Delivery.allCases)
  func `H33 forwarded fields change nothing`(delivery: Delivery) throws {
    let world = try world("", delivery)
    let answer = try world.exchange(
      World.chat(fields: ["X-Forwarded-Host: evil.test", "X-Forwarded-For: 6.6.6.6", "Forwarded: host=evil"]))
    #expect(answer.status == 200)
    #expect(world.seen()[0].fields.allSatisfy { !$0.contains("evil") && !$0.contains("6.6.6.6") })
  }

  @Test func `unknown paths and unsupported methods have different errors`() throws {
    let world = try world()
    for (line, status, allow) in [
      ("GET /v1/nothing", 404, nil), ("POST /v1/models", 405, "GET, HEAD, OPTIONS"),
      ("GET /v1/chat/completions", 405, "POST, OPTIONS"), ("TRACE /healthz", 405, "GET, HEAD, POST, OPTIONS"),
      ("BREW /healthz", 501, nil), ("DELETE /v1/models/x", 405, "GET, HEAD, OPTIONS"),
      ("GET /v1/%2e%2e/healthz", 400, nil), ("GET /%68ealthz", 404, nil),
    ] {
      let answer = try world.exchange(Array("\(line) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      #expect(answer.status == status, "\(line)")
      #expect(answer.field("allow") == allow)
      #expect(answer.text.contains("\"error\":{\"message\":"))
    }
  }

  @Test func `hosts and origins that are not on the allowlists are rejected`() throws {
    let world = try world("[server]\nallowed_hosts = [\"gate.test\"]\nallowed_origins = [\"https://app.test\"]")
    for (host, status) in [
      ("localhost", 200), ("LOCALHOST:8088", 200), ("127.0.0.1", 200), ("[::1]:1", 200), ("gate.test", 200),
      ("evil.test", 421), ("localhost.evil.test", 421), ("10.0.0.1", 421),
    ] {
      #expect(try world.exchange(get("/healthz", "Host: \(host)\r\n")).status == status, "\(host)")
    }
    let allowed = try world.exchange(get("/healthz", "Host: localhost\r\nOrigin: https://app.test\r\n"))
    #expect(allowed.field("access-control-allow-origin") == "https://app.test")
    #expect(try world.exchange(get("/healthz", "Host: localhost\r\nOrigin: https://evil.test\r\n")).status == 403)
    #expect(try world.exchange(get("/healthz", "Host: localhost\r\nOrigin: null\r\n")).status == 403)
    let preflight = try world.exchange(
      Array("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.test\r\n\r\n".utf8))
    #expect(preflight.status == 204)
    #expect(preflight.field("access-control-allow-methods")?.contains("POST") == true)
    #expect(preflight.field("content-length") == nil)
  }

  @Test func `a web page of another site needs an allowed origin, whatever the method`() throws {
    let world = try world("[server]\nallowed_origins = [\"https://app.test\"]")
    func status(_ fields: String, _ path: String = "/v1/models") throws -> Int {
      try world.exchange(get(path, "Host: localhost\r\n" + fields)).status
    }
    for site in ["cross-site", "same-site", "Cross-Site", "", "other"] {
      #expect(try status("Sec-Fetch-Site: \(site)\r\n") == 403, "\(site)")
      #expect(try status("Sec-Fetch-Site: \(site)\r\nOrigin: https://app.test\r\n") == 200, "\(site)")
      #expect(try status("Sec-Fetch-Site: \(site)\r\nOrigin: https://evil.test\r\n") == 403, "\(site)")
    }
    for path in ["/healthz", "/v1/status", "/nowhere"] {
      #expect(try status("Sec-Fetch-Site: cross-site\r\n", path) == 403, "\(path)")
    }
    for site in ["none", "same-origin", "None"] { #expect(try status("Sec-Fetch-Site: \(site)\r\n") == 200) }
    #expect(try status("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n") == 400)
    let post = try world.exchange(World.chat(fields: ["Sec-Fetch-Site: cross-site"]))
    #expect(post.status == 403)
  }

  @Test func `a key is required, accepted in any of its fields, and rejected if two differ`() throws {
    let world = try world("[auth]\ntokens = [\"first-key\", \"second-key\"]")
    for (fields, status) in [
      ([], 401), (["Authorization: Bearer first-key"], 200), (["authorization: bearer second-key"], 200),
      (["X-Api-Key: second-key"], 200), (["Authorization: Bearer first-ke"], 401),
      (["Authorization: Bearer first-keyy"], 401), (["Authorization: Basic first-key"], 401),
      (["Authorization: Bearer first-key", "X-Api-Key: second-key"], 400),
      (["Authorization: Bearer first-key", "X-Api-Key: first-key"], 200),
      (["Authorization: Bearer first-key", "Authorization: Bearer first-key"], 400),
    ] as [([String], Int)] {
      let answer = try world.exchange(World.chat(fields: fields))
      #expect(answer.status == status, "\(fields)")
      if status == 401 {
        #expect(answer.text.contains("\"code\":\"unauthorized\""))
        #expect(answer.field("www-authenticate") == "Bearer")
        #expect(answer.field("x-should-retry") == "false")
      }
    }
    #expect(world.seenCount == 4)
    #expect(try world.exchange(get("/v1/models")).status == 401)
  }

  @Test func `a body of another type or encoding is rejected`() throws {
    let world = try world()
    for (field, status) in [
      ("Content-Type: application/json; charset=utf-8", 200), ("Content-Type: application/vnd.api+json", 200),
      ("Content-Type: text/plain", 415), ("Content-Type: application/x-www-form-urlencoded", 415),
      ("Content-Encoding: gzip", 415), ("Content-Encoding: identity", 200),
    ] {
      let body = #"{"model":"m","messages":[{}]}"#
      let request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n\(field)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      #expect(try world.exchange(Array(request.utf8)).status == status, "\(field)")
    }
  }

  @Test func `a chunked request body is read like any other`() throws {
    let world = try world()
    let request = """
      POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
      9;x=y\r\n{"model":\r\n14\r\n"m","messages":[{}]}\r\n0\r\nTrailer: gone\r\n\r\n
      """
    let whole = try world.exchange(Array(request.utf8))
    #expect(whole.status == 200)
    #expect(world.seen()[0].text == #"{"model":"m","messages":[{}]}"#)
    let client = world.connect()
    for byte in request.utf8 {
      client.send([byte])
      world.step()
    }
    #expect(try world.answer(to: client).status == 200)
    #expect(world.seen()[1].text == world.seen()[0].text)
  }

  @Test func `after an error that keeps the connection open, the next request is answered`() throws {
    let world = try world()
    let client = world.connect()
    client.send(get("/nowhere") + World.chat("{\"model\":\"m\"}") + World.chat() + get("/healthz"))
    #expect(world.run { client.responses().filter(\.isComplete).count == 4 })
    #expect(client.responses().map(\.status) == [404, 400, 200, 200])
  }

  @Test func `a thousand pipelined errors do not accumulate`() throws {
    let world = try world()
    let client = world.connect()
    let request = World.chat("[]")
    for _ in 0..<1000 { client.send(request) }
    #expect(world.run { client.responses().filter(\.isComplete).count == 1000 })
  }

  @Test func `H27 a stream to a client of HTTP 1_0 ends with the connection even with keep-alive`()
    throws
  {
    let world = try World(.scripted, [{ _ in Script.Step.shortStream }])
    let request = String(decoding: World.streamingChat(fields: ["Connection: keep-alive"]), as: UTF8.self)
    let client = world.connect()
    client.send(request.replacing("HTTP/1.1", with: "HTTP/1.0"))
    #expect(world.run(upTo: .seconds(2)) { client.hasEnded })
    #expect(client.responses().first?.field("connection") == "close")
  }

  @Test func `unread responses delay the next requests`() throws {
    let body = #"{"model":"s","choices":[],"pad":"\#(String(repeating: "x", count: 200_000))"}"#
    let world = try World(.scripted, [{ _ in Script.Step.json(body) }])
    let client = world.connect()
    client.reads = false
    for _ in 0..<100 { client.send(World.chat()) }
    world.run(for: .milliseconds(300))
    #expect(world.seenCount < 60, "socket buffers and the high-water mark, not every answer")
    client.reads = true
    world.run { client.received.count >= 100 * body.utf8.count }
    world.run(for: .milliseconds(20))
    #expect(client.responses().filter(\.isComplete).count == 100)
  }

  @Test func `a client that keeps sending while its connection closes uses no time`() throws {
    let body = #"{"model":"s","choices":[],"pad":"\#(String(repeating: "x", count: 8_000_000))"}"#
    let world = try World(.scripted, [{ _ in Script.Step.json(body) }])
    let client = world.connect()
    client.reads = false
    client.send(World.chat(fields: ["Connection: close"]))
    world.run { world.seenCount == 1 }
    world.run(for: .milliseconds(50))
    client.send("more")
    var turns = 0
    let end = ContinuousClock.now + .milliseconds(200)
    while ContinuousClock.now < end {
      _ = world.reactor.turn(atMost: .milliseconds(50))
      turns += 1
    }
    #expect(turns < 20)
  }
}
