import Reactor
import Support
import Testing

@testable import Gateway

/// Identical requests that run at the same time share one upstream request.
@Suite struct FlightTests {
  private static let cache = "[cache]\nenabled = true\ntemperature_max = 2\n"

  private static func slowStream(_: SeenRequest) -> [Script.Step] {
    [
      .wait(.seconds(1)), .streamHead, .wait(.seconds(1)), .text("hel"), .wait(.seconds(1)),
      .text("lo", finish: #""stop""#), .wait(.seconds(1)), .done,
    ]
  }

  private static func slowAnswer(_: SeenRequest) -> [Script.Step] { [.wait(.seconds(2))] + Script.Step.answer }

  private static func chat(stream: Bool, key: String? = nil, fields: [String] = []) -> [UInt8] {
    World.chat(
      #"{"model":"m","stream":\#(stream),"messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#,
      fields: fields + (key.map { ["authorization: Bearer \($0)"] } ?? []))
  }

  private static func messages(stream: Bool) -> [UInt8] {
    World.post(
      "/v1/messages",
      #"{"model":"m","stream":\#(stream),"messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#,
      fields: ["anthropic-version: 2023-06-01"])
  }

  private static let forms: [[UInt8]] = [
    chat(stream: true), chat(stream: false), messages(stream: true), messages(stream: false),
  ]

  private static func begin(_ world: World, _ request: [UInt8]) -> TestClient {
    let client = world.connect()
    client.send(request)
    world.settle()
    return client
  }

  /// The text of an answer in any form.
  static func text(_ message: HTTPMessage) -> String {
    message.text.matches(of: /"(?:content|text)":"([a-z]*)"/).map { String($0.1) }.joined()
  }

  @Test(arguments: [2, 100])
  func `requests that are the same make one upstream request`(count: Int) throws {
    for play in [Self.slowStream, Self.slowAnswer] as [World.Play] {
      let world = try World(clock: .manual, toml: Self.cache + "[server]\nclients_per_address_max = 0\n", [play])
      let clients = (0..<count).map { Self.begin(world, Self.forms[$0 % 4]) }
      world.pass(.seconds(10))
      for (number, client) in clients.enumerated() {
        let answer = try world.answer(to: client)
        #expect(answer.isComplete && answer.status == 200)
        #expect(answer.field("x-cache") == (number == 0 ? "miss" : "shared"))
        #expect(Self.text(answer) == "hello", "\(answer.text)")
      }
      #expect(world.seenCount == 1)
    }
  }

  @Test(arguments: 0..<4, 0..<4)
  func `when the first caller leaves, the next one gets the answer of the same upstream request`(
    seconds: Int, form: Int
  ) throws {
    let world = try World(clock: .manual, toml: Self.cache, [Self.slowStream])
    let first = Self.begin(world, Self.chat(stream: true))
    let others = (0..<2).map { _ in Self.begin(world, Self.forms[form]) }
    world.pass(.seconds(seconds))
    first.leave()
    world.settle()
    let late = Self.begin(world, Self.forms[form])
    world.pass(.seconds(10))
    for client in others + [late] {
      let answer = try world.answer(to: client)
      #expect(answer.isComplete && answer.status == 200)
      #expect(Self.text(answer) == "hello", "\(answer.text)")
    }
    #expect(world.seenCount == 1)
  }

  @Test func `when the last caller leaves, the upstream request ends`() throws {
    let world = try World(clock: .manual, toml: Self.cache, [Self.slowStream])
    let clients = (0..<3).map { _ in Self.begin(world, Self.chat(stream: true)) }
    world.pass(.milliseconds(1500))
    for client in clients {
      #expect(world.gateway.transfers.count == 1)
      client.leave()
      world.settle()
    }
    #expect(world.gateway.transfers.count == 0)
    #expect(world.gateway.relay.shared.flights.isEmpty)
    let next = Self.begin(world, Self.chat(stream: true))
    world.pass(.seconds(10))
    #expect(try Self.text(world.answer(to: next)) == "hello")
    #expect(world.seenCount == 2)
  }

  @Test func `a failure before visible output is one failover for all`() throws {
    let world = try World(
      clock: .manual, toml: Self.cache,
      [{ _ in [.wait(.seconds(1))] + Script.Step.json("{}", status: 500) }, Self.slowStream])
    let clients = Self.forms.map { Self.begin(world, $0) }
    world.pass(.seconds(10))
    for client in clients { #expect(try Self.text(world.answer(to: client)) == "hello") }
    #expect(world.seen(0).count == 1)
    #expect(world.seen(1).count == 1)
  }

  @Test func `an error that no candidate mends is the error of all`() throws {
    let world = try World(
      clock: .manual, toml: Self.cache,
      [{ _ in [.wait(.seconds(1))] + Script.Step.json(#"{"error":{"message":"no such thing"}}"#, status: 400) }])
    let clients = Self.forms.map { Self.begin(world, $0) }
    world.pass(.seconds(10))
    for client in clients {
      let answer = try world.answer(to: client)
      #expect(answer.status == 400)
      #expect(answer.text.contains("no such thing"))
    }
    #expect(world.seenCount == 1)
  }

  @Test func `a stream that breaks off breaks off for all`() throws {
    let world = try World(
      clock: .manual, toml: Self.cache,
      [{ _ in [.streamHead, .text("hel"), .wait(.seconds(1)), .fail(.truncated)] }])
    let clients = (0..<3).map { _ in Self.begin(world, Self.chat(stream: true)) }
    world.pass(.seconds(10))
    for client in clients {
      let answer = try world.answer(to: client)
      #expect(answer.text.contains("hel"))
      #expect(answer.text.contains("upstream_truncated"))
      #expect(!answer.text.contains("[DONE]"))
    }
    #expect(world.seenCount == 1)
  }

  @Test func `a caller that does not read stops no other`() throws {
    let word = String(repeating: "a", count: 1000)
    let world = try World(
      clock: .manual, toml: Self.cache,
      [
        { _ in
          [.streamHead] + (0..<8000).flatMap { _ in [Script.Step.text(word)] }
            + [.text("", finish: #""stop""#), .done]
        }
      ])
    let clients = (0..<3).map { _ in world.connect() }
    clients[0].reads = false
    clients[1].reads = false
    for client in clients { client.send(Self.chat(stream: true)) }
    world.pass(.seconds(5))
    #expect(try world.answer(to: clients[2]).text.hasSuffix("data: [DONE]\n\n"))
    #expect(world.seenCount == 1)
  }

  @Test func `the first caller pays, and the others pay nothing`() throws {
    let keys = (1...3).map { "[[keys]]\nname = \"k\($0)\"\nkey = \"sk-\($0)\"\nrights = [\"admin\"]\n" }
    let world = try World(
      clock: .manual, toml: Self.cache + "scope = \"everyone\"\n" + keys.joined(), [Self.slowAnswer])
    let clients = (1...3).map { Self.begin(world, Self.chat(stream: false, key: "sk-\($0)")) }
    world.pass(.seconds(5))
    for (number, client) in clients.enumerated() {
      let cost = try world.answer(to: client).field("x-cost-micro-usd")
      #expect(cost == (number == 0 ? "unknown" : "0"))
    }
    #expect(world.gateway.admission.spending.all.requests == 1)
    #expect(world.gateway.admission.spending.callers.used.map(\.name) == ["k1"])
  }

  @Test func `if the first caller leaves, the next one that can pay does`() throws {
    let keys = (1...4).map { "[[keys]]\nname = \"k\($0)\"\nkey = \"sk-\($0)\"\n" }.joined()
    let budgets = "[[budgets]]\nname = \"small\"\nper = \"key\"\nnames = [\"k2\"]\ncapacity = 1\n"
    let world = try World(
      clock: .manual, toml: Self.cache + "scope = \"everyone\"\n" + keys + budgets, [Self.slowAnswer])
    let clients = (1...4).map { Self.begin(world, Self.chat(stream: false, key: "sk-\($0)")) }
    clients[0].leave()
    world.pass(.seconds(5))
    #expect(try world.answer(to: clients[1]).status == 429)
    for client in clients[2...] { #expect(try Self.text(world.answer(to: client)) == "hello") }
    #expect(world.seenCount == 1)
    #expect(world.gateway.admission.spending.callers.used.map(\.name) == ["k3"])
  }

  @Test func `a reload that removes the provider does not stop the answer that it brings`() throws {
    let world = try World(clock: .manual, toml: Self.cache, [Self.slowStream, Self.slowStream])
    let first = Self.begin(world, Self.chat(stream: true))
    let second = Self.begin(world, Self.chat(stream: true))
    var configuration = world.gateway.settings.configuration
    configuration.providers.removeFirst()
    #expect(world.gateway.apply(configuration) == nil)
    first.leave()
    world.pass(.seconds(10))
    #expect(try Self.text(world.answer(to: second)) == "hello")
    #expect(world.seenCount == 1)
  }

  @Test func `at the end of the process each caller is told, and no request is begun`() throws {
    let world = try World(clock: .manual, toml: Self.cache, [Self.slowStream])
    let clients = (0..<3).map { _ in Self.begin(world, Self.chat(stream: true)) }
    world.pass(.milliseconds(2500))
    world.gateway.stopNow()
    world.settle()
    for client in clients { #expect(try world.answer(to: client).text.contains("shutting_down")) }
    #expect(world.seenCount == 1)
  }

  @Test func `an upstream that falls silent after its first caller has left is noticed`() throws {
    let world = try World(
      clock: .manual, toml: Self.cache + "[server]\nupstream_stall_timeout_secs = 5\nkeep_alive_comment_secs = 0\n",
      [{ _ in [.streamHead, .text("hel"), .hang] }])
    let clients = (0..<2).map { _ in Self.begin(world, Self.chat(stream: true)) }
    clients[0].leave()
    world.pass(.seconds(60))
    #expect(try world.answer(to: clients[1]).text.contains("upstream_truncated"))
  }

  @Test func `an emptied cache keeps no answer that was begun before`() throws {
    let world = try World(clock: .manual, toml: Self.cache, [Self.slowStream])
    let first = Self.begin(world, Self.chat(stream: true))
    _ = try world.exchange(Array("DELETE /v1/cache HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    world.pass(.seconds(10))
    #expect(try Self.text(world.answer(to: first)) == "hello")
    let second = Self.begin(world, Self.chat(stream: true))
    world.pass(.seconds(10))
    #expect(try world.answer(to: second).field("x-cache") == "miss")
  }

  @Test func `what was shared is kept for the next`() throws {
    for play in [Self.slowStream, Self.slowAnswer] as [World.Play] {
      let world = try World(clock: .manual, toml: Self.cache, [play])
      _ = (0..<2).map { _ in Self.begin(world, Self.chat(stream: true)) }
      world.pass(.seconds(10))
      let next = try world.answer(to: Self.begin(world, Self.chat(stream: true)))
      #expect(next.field("x-cache") == "hit")
      #expect(Self.text(next) == "hello")
    }
  }
}
