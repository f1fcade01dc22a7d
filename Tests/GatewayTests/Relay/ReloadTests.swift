import Reactor
import Support
import Testing

@testable import Gateway

/// The parts of a running gateway that a reload changes, and those that it keeps.
@Suite struct ReloadTests {
  private static var good: World.Play { { _ in Script.Step.answer } }

  private static func get(_ path: String, _ fields: String = "") -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n".utf8)
  }

  @Test func `after a reload, only the new allowed origins and hosts are accepted`() throws {
    let world = try World(
      toml: "[server]\nallowed_origins = [\"https://old.test\"]\nallowed_hosts = [\"old.test\"]", [Self.good])
    func status(origin: String) throws -> Int {
      try world.exchange(Self.get("/healthz", "Origin: https://\(origin)\r\n")).status
    }
    func status(host: String) throws -> Int {
      try world.exchange(Array("GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)).status
    }
    #expect(try status(origin: "old.test") == 200)
    #expect(try status(origin: "new.test") == 403)
    #expect(try status(host: "old.test") == 200)
    let refused = try status(host: "new.test")
    #expect(refused != 200)
    var configuration = world.gateway.settings.configuration
    configuration.server.allowedOrigins = ["https://new.test"]
    configuration.server.allowedHosts = ["new.test"]
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try status(origin: "old.test") == 403)
    #expect(try status(origin: "new.test") == 200)
    #expect(try status(host: "old.test") == refused)
    #expect(try status(host: "new.test") == 200)
  }

  @Test func `a queued request is served after a reload that changes the order of providers`() throws {
    let slow: World.Play = { _ in [.wait(.milliseconds(200))] + Script.Step.answer }
    let world = try World(
      toml: "[queue]\ntimeout_secs = 2", providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1",
      [Self.good, slow])
    let clients = (0..<2).map { _ in world.connect() }
    var before = world.gateway.settings.configuration
    before.providers[0].models = ["other"]
    #expect(world.gateway.apply(before) == nil)
    for client in clients { client.send(World.chat()) }
    #expect(world.run { world.gateway.dispatcher.queue.count == 1 && world.seen(1).count == 1 })
    var configuration = world.gateway.settings.configuration
    configuration.providers.removeFirst()
    #expect(world.gateway.apply(configuration) == nil)
    for client in clients { #expect(try world.answer(to: client).status == 200) }
  }

  @Test func `a reload of the same configuration is answered and replaces nothing`() throws {
    let world = try World(.scripted, [Self.good])
    let before = world.gateway.settings
    let same = before.configuration
    var other = same
    other.server.allowedHosts = ["new.test"]
    let changed = other
    let post = Array("POST /v1/admin/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".utf8)
    try world.gateway.watchConfiguration(Reloader { .success(same) })
    #expect(try world.exchange(post).status == 200)
    #expect(world.gateway.settings === before)
    let another = try World(.scripted, [Self.good])
    try another.gateway.watchConfiguration(Reloader { .success(changed) })
    #expect(try another.exchange(post).status == 200)
    #expect(another.gateway.settings.configuration.server.allowedHosts == ["new.test"])
  }

  @Test func `a reload discards the cached list of models`() throws {
    let list: (String) -> World.Play = { name in
      { _ in Script.Step.json("{\"object\":\"list\",\"data\":[{\"id\":\"\(name)\",\"object\":\"model\"}]}") }
    }
    let world = try World(.scripted, [list("one"), list("two")])
    #expect(try world.exchange(Self.get("/v1/models")).text.contains("\"one\""))
    var configuration = world.gateway.settings.configuration
    configuration.providers.removeFirst()
    #expect(world.gateway.apply(configuration) == nil)
    let text = try world.exchange(Self.get("/v1/models")).text
    #expect(!text.contains("\"one\""))
    #expect(text.contains("\"two\""))
  }

  @Test func `a queued request that is dispatched and finds no slot keeps its deadline`() throws {
    let slow: World.Play = { _ in [.wait(.seconds(5))] + Script.Step.answer }
    let world = try World(providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [slow])
    let clients = (0..<2).map { _ in world.connect() }
    for client in clients { client.send(World.chat()) }
    #expect(world.run { world.gateway.dispatcher.queue.count == 1 })
    func pause() -> Fetch.Pause? {
      world.gateway.connections.open.lazy.compactMap { $0.exchange?.fetch.pause }.first
    }
    let before = pause()
    world.run(for: .milliseconds(20))
    #expect(world.gateway.apply(world.gateway.settings.configuration) == nil)
    #expect(try world.exchange(Self.get("/healthz")).status == 200)
    #expect(before != nil)
    #expect(pause() == before)
  }

  @Test func `a reload changes the capacity of the queue and the API key of a provider`() throws {
    let slow: World.Play = { _ in [.wait(.seconds(5))] + Script.Step.answer }
    let world = try World(
      toml: "[queue]\ncapacity = 8",
      providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1\napi_key = \"old\"",
      [slow])
    var configuration = world.gateway.settings.configuration
    configuration.routing.queue.capacity = 1
    configuration.providers[0].keys = [try #require(Secret("new"))]
    #expect(world.gateway.apply(configuration) == nil)
    let clients = (0..<3).map { _ in world.connect() }
    for client in clients { client.send(World.chat()) }
    #expect(world.run { clients.contains { $0.responses().contains { $0.status == 503 } } })
    #expect(world.gateway.dispatcher.queue.count == 1)
    #expect(world.seen(0).map { $0.field("authorization") } == ["Bearer new"])
  }

  @Test func `a reload changes neither where the gateway listens nor its access log`() throws {
    let world = try World(.scripted, [Self.good])
    let before = world.gateway.settings.configuration
    var configuration = before
    configuration.server.bind = "::1"
    configuration.server.port = before.server.port + 1
    configuration.accessLog = Configuration.AccessLog(format: .json, path: "/dev/null")
    configuration.server.clientsMax = 7
    #expect(world.gateway.apply(configuration) == nil)
    let after = world.gateway.settings.configuration
    #expect(after.server.bind == before.server.bind && after.server.port == before.server.port)
    #expect(after.accessLog == before.accessLog)
    #expect(after.server.clientsMax == 7)
  }
}
