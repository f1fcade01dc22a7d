import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// The selection of providers, through the whole gateway.
@Suite struct RoutingTests {
  private static func calls(_ world: World, _ count: Int, to model: String = "m") throws -> [Int] {
    try (0..<count).map { _ in try world.exchange(Self.chat(model)).status }
  }

  private final class Counter { var count = 0 }

  private static var broken: World.Play { { _ in Script.Step.json(#"{"error":{"message":"no"}}"#, status: 500) } }
  private static var good: World.Play { { _ in Script.Step.answer } }

  private static func chat(_ model: String) -> [UInt8] {
    World.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]}"#)
  }

  private static func get(_ path: String) -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
  }

  private static func post(_ path: String, _ body: String) -> [UInt8] {
    Array(
      ("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
  }

  @Test func `round robin alternates between providers`() throws {
    let world = try World(toml: "[server]\nstrategy = \"round_robin\"", [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    configuration.providers[1].priority = configuration.providers[0].priority
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try Self.calls(world, 6) == [Int](repeating: 200, count: 6))
    #expect(world.seen(0).count == 3)
    #expect(world.seen(1).count == 3)
  }

  @Test(arguments: ["cheapest", "priority", "round_robin", "least_in_flight"])
  func `the candidate that an explanation names is the one that gets the next request`(_ strategy: String) throws {
    let world = try World(
      .scripted,
      toml: """
        [server]
        strategy = "\(strategy)"
        [[models]]
        name = "m"
        provider = "up0"
        input_price = 3
        output_price = 3
        [[models]]
        name = "m"
        provider = "up1"
        input_price = 1
        output_price = 1
        """, [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    configuration.providers[1].priority = configuration.providers[0].priority
    #expect(world.gateway.apply(configuration) == nil)
    for _ in 0..<4 {
      let explained = try world.exchange(Self.post("/v1/route/explain", #"{"model":"m"}"#)).text
      let head = explained.components(separatedBy: #""verdict":"chosen""#)[0]
      let chosen = try #require(head.components(separatedBy: #""provider":"up"#).last?.first?.wholeNumberValue)
      let before = (0..<2).map { world.seen($0).count }
      _ = try Self.calls(world, 1)
      #expect(world.seen(chosen).count == before[chosen] + 1, "\(explained)")
    }
  }

  private static let equal = "type = \"OpenAiCompatible\"\nmodels = [\"m\"]"

  @Test func `a provider prefix selects that provider first and is removed from the upstream request`() throws {
    let world = try World(.scripted, [Self.good, Self.good])
    _ = try world.exchange(Self.chat("up1/m"))
    #expect(world.seen(0).isEmpty)
    #expect(world.seen(1).first.map { String(decoding: $0.body, as: UTF8.self).contains(#""model":"m""#) } == true)
  }

  @Test func `an alias and a provider's own name for a model`() throws {
    let world = try World(
      toml: """
        [[aliases]]
        name = "fast"
        model = "m"
        [[aliases]]
        name = "m-deployed"
        model = "m"
        provider = "up0"
        """, providers: Self.equal, [Self.good])
    let answer = try world.exchange(Self.chat("fast"))
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""model":"fast""#))
    #expect(
      world.seen(0).first.map { String(decoding: $0.body, as: UTF8.self).contains(#""model":"m-deployed""#) }
        == true)
  }

  @Test func `a model without a provider is a 404, and a failing only candidate is always tried`() throws {
    let world = try World(toml: "[retry]\nmax_retries = 0", providers: Self.equal, [Self.broken])
    #expect(try world.exchange(Self.chat("other")).status == 404)
    #expect(try Self.calls(world, 9) == [Int](repeating: 502, count: 9))
    #expect(world.seen(0).count == 9)
  }

  @Test func `a failing provider is skipped while others answer, and is reported as unhealthy`() throws {
    let world = try World(toml: "[retry]\nmax_retries = 0", [Self.broken, Self.good])
    #expect(try Self.calls(world, 20) == [Int](repeating: 200, count: 20))
    #expect(world.seen(0).count == 5)
    let health = try world.exchange(Self.get("/v1/health/providers")).text
    #expect(health.contains(#""provider":"up0""#))
    #expect(health.contains(#""status":"unhealthy""#))
    #expect(health.contains(#""status":"healthy""#))
    let events = try world.exchange(Self.get("/v1/events/recent?topics=providers/*")).text
    #expect(events.contains(#""healthy":false"#))
    let explained = try world.exchange(Self.post("/v1/route/explain", #"{"model":"m"}"#)).text
    #expect(explained.contains(#""verdict":"unhealthy""#))
    #expect(explained.contains(#""verdict":"chosen""#))
  }

  private static let tools =
    #"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#

  private static func long(_ characters: Int) -> String {
    #"{"model":"m","messages":[{"role":"user","content":"\#(String(repeating: "word ", count: characters / 5))"}]}"#
  }

  @Test func `a request with tools is not sent to a model without tool support`() throws {
    let world = try World(
      toml: "[[models]]\nname = \"m\"\nprovider = \"up0\"\ncapabilities = [\"chat\"]", [Self.good, Self.good])
    #expect(try world.exchange(World.chat(Self.tools)).status == 200)
    #expect(world.seen(0).isEmpty)
    #expect(world.seen(1).count == 1)
    #expect(try world.exchange(Self.chat("m")).status == 200)
    #expect(world.seen(0).count == 1)
    let explained = try world.exchange(Self.post("/v1/route/explain", Self.tools)).text
    #expect(explained.contains(#""required_capabilities":["tools"]"#))
    #expect(explained.contains(#""verdict":"ineligible","reason":"It lacks required capabilities: tools.""#))
    #expect(explained.contains(#""verdict":"chosen""#))
    let alone = try World(toml: "[[models]]\nname = \"m\"\ncapabilities = [\"chat\"]", [Self.good])
    let refused = try alone.exchange(World.chat(Self.tools))
    #expect(refused.status == 400)
    #expect(refused.text.contains("needs: tools."))
    #expect(alone.seenCount == 0)
  }

  @Test
  func `a prompt that is too long goes to a model with a longer context, or is rejected with the common message`()
    throws
  {
    let toml = "[[models]]\nname = \"m\"\nprovider = \"up0\"\ncontext_tokens = 1000\n"
    let world = try World(toml: toml, [Self.good, Self.good])
    // A prompt that may be too long goes to the other model first. One that is too long never goes to this one.
    for characters in [5000, 9000] {
      #expect(try world.exchange(World.chat(Self.long(characters))).status == 200)
    }
    #expect(world.seen(0).isEmpty)
    #expect(world.seen(1).count == 2)
    #expect(try world.exchange(World.chat(Self.long(3000))).status == 200)
    #expect(world.seen(0).count == 1)
    let alone = try World(toml: toml, [Self.good])
    #expect(try alone.exchange(World.chat(Self.long(5000))).status == 200)
    let refused = try alone.exchange(World.chat(Self.long(9000)))
    #expect(refused.status == 400)
    #expect(refused.text.contains(#""code":"context_length_exceeded""#))
    #expect(refused.text.contains("This model's maximum context length is 1000 tokens."))
    #expect(alone.seenCount == 1)
  }

  @Test(arguments: [
    #"{"error":{"message":"too many","code":"context_length_exceeded"}}"#,
    #"{"error":{"message":"Prompt is too long: 3 > 2","type":"invalid_request_error"}}"#,
  ])
  func `after an error about a long prompt, only models with a longer context are tried`(_ words: String) throws {
    let overflow: World.Play = { _ in Script.Step.json(words, status: 400) }
    func toml(_ contexts: [Int]) -> String {
      contexts.enumerated().map { "[[models]]\nname = \"m\"\nprovider = \"up\($0)\"\ncontext_tokens = \($1)\n" }
        .joined()
    }
    let world = try World(toml: toml([8000, 8000, 9000]), [overflow, Self.good, Self.good])
    #expect(try world.exchange(World.chat()).status == 200)
    #expect([0, 1, 2].map { world.seen($0).count } == [1, 0, 1])
    let largest = try World(toml: toml([8000, 8000]), [overflow, Self.good])
    let refused = try largest.exchange(World.chat())
    #expect(refused.status == 400)
    #expect(largest.seen(1).isEmpty)
    let unknown = try World(toml: "", [overflow, Self.good])
    #expect(try unknown.exchange(World.chat()).status == 400)
    #expect(unknown.seen(1).isEmpty)
  }

  @Test func `names that are equal as text but not as bytes are different models`() throws {
    let world = try World(.scripted, [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    configuration.providers[0].models = ["Kimi"]
    #expect(world.gateway.apply(configuration) == nil)
    for (name, count) in [("\u{212A}imi", 1), ("Kimi", 2), ("\u{212A}imi", 1)] {
      let text = try world.exchange(Self.post("/v1/route/explain", #"{"model":"\#(name)"}"#)).text
      #expect(text.split(separator: #""provider":"#).count - 1 == count)
    }
  }

  @Test func `a prompt that is too long fails over to the larger model across a reload`() throws {
    let overflow: World.Play = { _ in
      [.wait(.milliseconds(300))]
        + Script.Step.json(#"{"error":{"message":"x","code":"context_length_exceeded"}}"#, status: 400)
    }
    let toml = [8000, 9000].enumerated().map {
      "[[models]]\nname = \"m\"\nprovider = \"up\($0)\"\ncontext_tokens = \($1)\n"
    }.joined()
    let world = try World(toml: toml, [overflow, Self.good])
    let client = world.connect()
    client.send(World.chat())
    world.run { world.seen(0).count == 1 }
    #expect(world.gateway.apply(world.gateway.settings.configuration) == nil)
    #expect(try world.answer(to: client).status == 200)
    let explained = try world.exchange(Self.post("/v1/route/explain", #"{"model":"m"}"#)).text
    #expect(explained.contains(#""context":8000"#) && explained.contains(#""context":9000"#))
  }

  @Test func `a model that loads during a reload is retried at its provider`() throws {
    let loading = Script.Step.json(#"{"error":{"message":"Loading model"}}"#, status: 503)
    let asked = Counter()
    let play: World.Play = { _ in
      asked.count += 1
      return asked.count == 1 ? loading : Script.Step.answer
    }
    let world = try World(toml: "", [play])
    let client = world.connect()
    client.send(World.chat())
    world.run { asked.count == 1 && world.reactor.transferCount == 0 }
    #expect(world.gateway.apply(world.gateway.settings.configuration) == nil)
    #expect(try world.answer(to: client).status == 200)
    #expect(world.gateway.dispatcher.balancer.health.providers[0].breaker.failures == 0)
  }

  @Test func `the cheapest candidate by configured prices is selected`() throws {
    let world = try World(
      toml: """
        [server]
        strategy = "cheapest"
        [[models]]
        name = "m"
        provider = "up0"
        input_usd_per_million = 3
        output_usd_per_million = 15
        [[models]]
        name = "m"
        provider = "up1"
        input_usd_per_million = 0.25
        output_usd_per_million = 1.5
        """, [Self.good, Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    for index in configuration.providers.indices { configuration.providers[index].priority = 1 }
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try Self.calls(world, 3) == [200, 200, 200])
    // An unknown price is not cheap.
    #expect([0, 1, 2].map { world.seen($0).count } == [0, 3, 0])
  }

  @Test func `a model can have a longer timeout than others of its provider`() throws {
    let slow: World.Play = { _ in [.wait(.seconds(3))] + Script.Step.answer }
    let world = try World(
      toml: """
        [server]
        upstream_total_timeout_secs = 1
        [[models]]
        name = "slow"
        total_timeout_secs = 10
        [[models]]
        name = "slow"
        provider = "up0"
        connect_timeout_secs = 2
        [[models]]
        name = "usual"
        total_timeout_secs = 10
        [[models]]
        name = "usual"
        provider = "up0"
        total_timeout_secs = 1
        """, [slow])
    for model in ["m", "usual"] { #expect(try world.exchange(Self.chat(model)).status == 504) }
    #expect(try world.exchange(Self.chat("slow")).status == 200)
  }

  @Test func `if all candidates are unhealthy, the response is a 503 with a retry time and no attempt is made`()
    throws
  {
    let world = try World(toml: "[retry]\nmax_retries = 0", [Self.broken, Self.broken])
    _ = try Self.calls(world, 5)
    let seen = world.seenCount
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 503)
    #expect(answer.text.contains("no_provider"))
    #expect((1...6).contains(answer.field("retry-after").flatMap { Int($0) } ?? 0))
    #expect(world.seenCount == seen)
  }

  @Test func `a rate-limited key cools down, and the other key is used`() throws {
    let world = try World(
      providers: "type = \"OpenAiCompatible\"\napi_keys = [\"one-one-one\", \"two-two-two\"]",
      [
        { request in
          let isFirst = request.fields.contains { $0.contains("one-one-one") }
          return isFirst
            ? Script.Step.json(#"{"error":{"message":"slow"}}"#, status: 429, fields: ["retry-after: 60"])
            : Script.Step.answer
        }
      ])
    #expect(try Self.calls(world, 5) == [Int](repeating: 200, count: 5))
    #expect(world.seen(0).filter { $0.fields.contains { $0.contains("one-one-one") } }.count == 1)
    let events = try world.exchange(Self.get("/v1/events/recent?topics=rate_limit")).text
    #expect(events.contains(#""provider":"up0","key":1"#))
  }

  @Test
  func `if all providers are rate limited, the response is a 429 with the shortest wait, and no attempt is made`()
    throws
  {
    func limited(_ seconds: Int) -> World.Play {
      { _ in
        Script.Step.json(#"{"error":{"message":"slow"}}"#, status: 429, fields: ["retry-after: \(seconds)"])
      }
    }
    let world = try World(.scripted, [limited(90), limited(40)])
    let first = try world.exchange(World.chat())
    #expect(first.status == 429)
    #expect(first.field("retry-after") == "40")
    let seen = world.seenCount
    let second = try world.exchange(World.chat())
    #expect(second.status == 429)
    #expect((39...40).contains(second.field("retry-after").flatMap { Int($0) } ?? 0))
    #expect(world.seenCount == seen)
  }

  @Test func `a provider that fails once is retried if there is no other candidate`() throws {
    let counter = Counter()
    let world = try World(
      toml: "[retry]\nbase_delay_ms = 1",
      [
        { _ in
          counter.count += 1
          return counter.count == 1 ? Script.Step.json("{}", status: 503) : Script.Step.answer
        }
      ])
    #expect(try world.exchange(World.chat()).status == 200)
    #expect(world.seen(0).count == 2)
  }

  @Test func `a finished request has its route`() throws {
    let world = try World(.scripted, [Self.broken, Self.good])
    let answer = try world.exchange(World.chat())
    let id = try #require(answer.field("x-request-id"))
    let explained = try world.exchange(Self.get("/v1/route/explain/\(id)")).text
    #expect(explained.contains(#""failed_attempts":["up0:status_500"]"#))
    #expect(explained.contains(#""verdict":"failed""#))
    #expect(explained.contains(#""verdict":"answered""#))
    #expect(try world.exchange(Self.get("/v1/route/explain/none")).status == 404)
  }

  @Test func `a request without a slot waits and is dispatched in order`() throws {
    let slow: World.Play = { _ in [.wait(.milliseconds(50))] + Script.Step.answer }
    let world = try World(providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [slow])
    let clients = (0..<4).map { _ in world.connect() }
    for client in clients { client.send(World.chat()) }
    world.run { world.gateway.dispatcher.queue.count == 3 }
    let status = try world.exchange(Self.get("/v1/queue/status")).text
    #expect(status.contains(#""queued":"#))
    world.run { clients.allSatisfy { $0.responses().contains { $0.isComplete } } }
    for client in clients { #expect(client.responses().first?.status == 200) }
    #expect(world.gateway.dispatcher.queue.count == 0)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0])
  }

  @Test func `a model has its own slots, and other models of its provider continue`() throws {
    let slow: World.Play = { _ in [.wait(.milliseconds(200))] + Script.Step.answer }
    let world = try World(
      toml: """
        [[models]]
        name = "large"
        max_concurrent = 4
        [[models]]
        name = "large"
        provider = "up0"
        max_concurrent = 1
        """, [slow])
    let clients = ["large", "large", "small", "small", "small"].map { model in
      let client = world.connect()
      client.send(Self.chat(model))
      return client
    }
    world.run { world.gateway.dispatcher.queue.count == 1 && world.seenCount == 4 }
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [4])
    world.run { clients.allSatisfy { $0.responses().contains { $0.isComplete } } }
    for client in clients { #expect(client.responses().first?.status == 200) }
    #expect(world.seenCount == 5)
    #expect(world.gateway.dispatcher.balancer.concurrency.hasSlot(0, "large"))
  }

  @Test func `a full queue is a 503 with a retry time`() throws {
    let slow: World.Play = { _ in [.wait(.milliseconds(300))] + Script.Step.answer }
    let world = try World(
      toml: "[queue]\ncapacity = 1", providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [slow])
    let clients = (0..<3).map { _ in world.connect() }
    for client in clients { client.send(World.chat()) }
    world.run { clients.contains { $0.responses().contains { $0.status == 503 } } }
    let refused = clients.flatMap { $0.responses() }.first { $0.status == 503 }
    #expect(refused?.field("retry-after") != nil)
  }

  @Test func `events are published as they happen`() throws {
    let world = try World(.scripted, [Self.good])
    let feed = world.connect()
    feed.send(Self.get("/v1/events?topics=inference"))
    world.run { !feed.responses().isEmpty }
    _ = try world.exchange(World.chat())
    world.run { feed.text.contains(#""provider":"up0""#) }
    #expect(feed.text.contains("event: inference"))
    #expect(try world.exchange(Self.get("/v1/events/recent?topics=weather")).status == 400)
  }

  // MARK: Reload

  @Test func `a reload applies as a whole: new providers, no old keys, and health is kept`() throws {
    let world = try World(toml: "[auth]\ntokens = [\"old\"]\n[retry]\nmax_retries = 0", [Self.good, Self.good])
    let asked = World.chat(fields: ["authorization: Bearer old"])
    #expect(try world.exchange(asked).status == 200)
    var configuration = world.gateway.settings.configuration
    configuration.auth.tokens = [try #require(Secret("new"))]
    configuration.providers.removeFirst()
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(asked).status == 401)
    #expect(try world.exchange(World.chat(fields: ["authorization: Bearer new"])).status == 200)
    #expect(world.seen(0).count == 1)
    #expect(world.seen(1).count == 1)
  }

  @Test func `a request that runs during a reload continues and fails over by the new configuration`() throws {
    let slow: World.Play = { _ in [.wait(.milliseconds(100)), .fail(.truncated)] }
    let world = try World(.scripted, [slow, Self.broken, Self.good])
    let client = world.connect()
    client.send(World.chat())
    world.run { world.seen(0).count == 1 }
    var configuration = world.gateway.settings.configuration
    configuration.providers.remove(at: 1)
    #expect(world.gateway.apply(configuration) == nil)
    let answer = try world.answer(to: client)
    #expect(answer.status == 200)
    #expect(answer.field("x-served-by")?.hasPrefix("up2/") == true)
    #expect(world.seen(1).isEmpty)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0, 0])
  }

  @Test func `a failed reload reports its errors and changes nothing`() throws {
    let world = try World(.scripted, [Self.good])
    #expect(try world.exchange(Self.post("/v1/admin/reload", "")).status == 400)
    let faults = ConfigurationErrors([
      ConfigurationError(file: "x.toml", line: 7, column: 1, message: "is wrong")
    ])
    try world.gateway.watchConfiguration(try Reloader { .failure(faults) })
    let answer = try world.exchange(Self.post("/v1/admin/reload", ""))
    #expect(answer.status == 400)
    #expect(answer.text.contains("line 7"))
    #expect(!answer.text.contains("x.toml") && !answer.text.contains("is wrong"))
    let events = try world.exchange(Self.get("/v1/events/recent?topics=reload")).text
    #expect(events.contains("line 7") && !events.contains("is wrong"))
    #expect(world.gateway.takeNotices().contains { $0.contains("x.toml:7:1: is wrong") })
    #expect(try world.exchange(World.chat()).status == 200)
    #expect(try world.exchange(Self.get("/v1/admin/reload")).status == 405)
  }

  // MARK: Health checks

  @Test func `a health check finds an unreachable provider without a request`() throws {
    let world = try World(
      toml: "[server]\nhealth_check_interval_secs = 0.05\n[health]\nunhealthy_threshold = 2",
      [{ request in request.method == "GET" ? [.fail(.connectFailed)] : Script.Step.answer }, Self.good])
    world.run { !world.gateway.dispatcher.balancer.health.providers[0].checks.isHealthy }
    #expect(world.gateway.dispatcher.balancer.health.providers[1].checks.isHealthy)
    _ = try world.exchange(World.chat())
    #expect(world.seen(0).allSatisfy { $0.method == "GET" })
  }

  // MARK: Affinity

  @Test func `affinity by session takes precedence over affinity by prefix`() throws {
    let world = try World(
      toml: "[server]\naffinity = \"prefix\"\nstrategy = \"weighted\"", [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    for index in configuration.providers.indices { configuration.providers[index].priority = 1 }
    #expect(world.gateway.apply(configuration) == nil)
    for number in 0..<16 {
      let body = #"{"model":"m","messages":[{"role":"user","content":"number \#(number)"}]}"#
      #expect(try world.exchange(World.chat(body, fields: ["x-session-id: one"])).status == 200)
    }
    #expect([0, 16].contains(world.seen(0).count))
  }
}
