import Reactor
@testable import Support
import Testing

@testable import Gateway

/// The effect of provider settings and server limits on requests.
@Suite struct ProviderSettingsTests {
  private final class Box { var requests: [UpstreamRequest] = [] }

  /// The requests that a provider with these settings receives: a chat, and a list of models.
  private static func requests(_ lines: String, server: String = "") throws -> [UpstreamRequest] {
    let toml = """
      [server]
      port = 0
      health_check_interval_secs = 0
      models_refresh_secs = 0
      \(server)
      [access_log]
      format = "off"
      [[providers]]
      name = "up"
      type = "OpenAiCompatible"
      base_url = "https://up.test"
      \(lines)
      """
    let configuration = try Configuration.read(text: Array(toml.utf8), file: "t.toml", environment: [:])
    var options = Gateway.reactorOptions(configuration)
    options.clock = .manual
    let reactor = try Reactor(options)
    let box = Box()
    reactor.answer(origin: "https://up.test") { request in
      box.requests.append(request)
      return Script(Script.Step.answer)
    }
    let gateway = try Gateway(configuration, reactor: reactor, seed: 1)
    let client = TestClient(port: try gateway.listen())
    client.send(World.chat())
    client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for _ in 0..<10_000 where box.requests.count < 2 {
      for event in reactor.turn() { gateway.handle(event) }
    }
    return box.requests
  }

  @Test func `a provider's connection settings apply to all of its requests`() throws {
    let requests = try Self.requests(
      "connect_timeout_secs = 3\nidle_timeout_secs = 44\nhttp2 = true\naddress_policy = \"public\"",
      server: "upstream_connect_timeout_secs = 5")
    #expect(requests.map(\.method) == [.post, .get])
    for request in requests {
      #expect(request.connectTimeout == .seconds(3))
      #expect(request.idleMax == .seconds(44))
      #expect(request.http2)
      #expect(request.addresses == .publicOnly)
    }
  }

  @Test func `a provider without its own settings uses the server's timeout, HTTP 1_1, and any address`() throws {
    let requests = try Self.requests("", server: "upstream_connect_timeout_secs = 5")
    #expect(requests.count == 2)
    for request in requests {
      #expect(request.connectTimeout == .seconds(5))
      #expect(request.idleMax == .seconds(600))
      #expect(!request.http2)
      #expect(request.addresses == .any)
    }
  }

  @Test func `the reactor's options come from the server section`() throws {
    let toml = "[server]\noutput_high_water_bytes = 32768\ndns_cache_secs = 7"
    let options = Gateway.reactorOptions(
      try Configuration.read(text: Array(toml.utf8), file: "t.toml", environment: [:]))
    #expect(options.outputHighWater == 32_768)
    #expect(options.dnsTTL == .seconds(7))
  }

  @Test func `a connection above the limit gets a 503 and is closed, and earlier ones stay open`() throws {
    let world = try World(toml: "[server]\nclients_max = 2", [{ _ in Script.Step.answer }])
    let first = (0..<2).map { _ in world.connect() }
    #expect(world.run { world.reactor.clientCount == 2 })
    let refused = try world.exchange(World.chat())
    #expect(refused.status == 503)
    #expect(refused.field("connection") == "close")
    for client in first {
      client.send(World.chat())
      #expect(try world.answer(to: client).status == 200)
    }
  }

  @Test func `a body may be as large as configured, and not one byte larger`() throws {
    let world = try World(toml: "[server]\njson_body_bytes_max = 2048", [{ _ in Script.Step.answer }])
    let head = #"{"model":"m","messages":[{"role":"user","content":""#
    let tail = #""}]}"#
    for (size, status) in [(2048, 200), (2049, 413)] {
      let filling = String(repeating: "x", count: size - head.utf8.count - tail.utf8.count)
      #expect(try world.exchange(World.chat(head + filling + tail)).status == status)
    }
  }

  @Test func `local_first tries local providers before others`() throws {
    let good: World.Play = { _ in Script.Step.answer }
    for (line, expected) in [("local_first = false", [1, 0]), ("local_first = true", [0, 1])] {
      let world = try World(toml: "[server]\n\(line)", [good, good])
      var configuration = world.gateway.settings.configuration
      configuration.providers[1].baseURL = try BaseURL("http://here.localhost")
      var count = 0
      world.reactor.answer(origin: "http://here.localhost") { _ in
        count += 1
        return Script(Script.Step.answer)
      }
      #expect(world.gateway.apply(configuration) == nil)
      #expect(try world.exchange(World.chat()).status == 200)
      #expect([world.seen(0).count, count] == expected)
    }
  }

  @Test func `a provider that does not accept stream options gets none`() throws {
    for (line, isSent) in [("true", true), ("false", false)] {
      let world = try World(
        providers: "type = \"OpenAiCompatible\"\nusage_in_streams = \(line)", [{ _ in Script.Step.shortStream }])
      #expect(try world.exchange(World.streamingChat()).status == 200)
      #expect(world.seen().first?.text.contains("include_usage") == isSent)
    }
  }

  @Test func `a virtual model tries its targets in order, and a pool uses all of them`() throws {
    let good: World.Play = { _ in Script.Step.answer }
    for (line, models) in [
      ("", ["a", "a", "a", "a"]), ("pool = true\nstrategy = \"round_robin\"", ["a", "b", "a", "b"]),
    ] {
      let world = try World(
        toml: "[[virtual_models]]\nname = \"v\"\ntargets = [\"a\", \"b\"]\n\(line)", [good])
      for _ in models {
        #expect(try world.exchange(World.chat(#"{"model":"v","messages":[{}]}"#)).status == 200)
      }
      #expect(world.seen().map { $0.text.contains(#""model":"a""#) ? "a" : "b" } == models)
    }
  }
}
