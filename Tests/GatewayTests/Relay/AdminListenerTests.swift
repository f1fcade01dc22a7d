import Reactor
import Support
import Testing

@testable import Gateway

/// The listener for administration.
@Suite struct AdminListenerTests {
  private static let toml = "[auth]\ntokens = [\"boss\"]\n[admin]\nport = 0\n"

  private static func status(
    _ world: World, _ port: Int?, _ line: String, host: String = "localhost", key: String? = "boss"
  ) throws -> Int {
    let client = world.connect(to: port)
    let key = key.map { "x-api-key: \($0)\r\n" } ?? ""
    client.send("\(line) HTTP/1.1\r\nhost: \(host)\r\n\(key)\r\n")
    return try world.answer(to: client).status
  }

  @Test func `each listener serves its own endpoints, and both the health checks`() throws {
    let world = try World(toml: Self.toml, [{ _ in Script.Step.answer }])
    let admin = try #require(world.adminPort)
    #expect(admin != world.port)
    for (line, main, own) in [
      ("GET /v1/admin/keys", 404, 400), ("POST /v1/admin/reload", 404, 400), ("GET /v1/models", 200, 404),
      ("POST /v1/chat/completions", 400, 404), ("GET /v1/events/recent", 200, 404), ("GET /healthz", 200, 200),
      ("GET /readyz", 200, 200), ("GET /nothing", 404, 404),
    ] {
      #expect(try Self.status(world, world.port, line) == main, "\(line)")
      #expect(try Self.status(world, admin, line) == own, "\(line)")
    }
  }

  @Test func `administration needs a key, an own host, and no other site's page`() throws {
    let world = try World(toml: Self.toml, [{ _ in Script.Step.answer }])
    #expect(try Self.status(world, world.adminPort, "GET /v1/admin/keys", key: nil) == 401)
    #expect(try Self.status(world, world.adminPort, "GET /v1/admin/keys", host: "evil.test") == 421)
    let client = world.connect(to: world.adminPort)
    client.send(
      "GET /v1/admin/keys HTTP/1.1\r\nhost: localhost\r\nx-api-key: boss\r\norigin: https://evil.test\r\n\r\n")
    #expect(try world.answer(to: client).status == 403)
  }

  @Test func `without a listener of its own, administration is where everything else is`() throws {
    let world = try World(toml: "[auth]\ntokens = [\"boss\"]\n", [{ _ in Script.Step.answer }])
    #expect(world.adminPort == nil)
    #expect(try Self.status(world, nil, "GET /v1/admin/keys") == 400)
  }

  @Test func `both listeners end with the drain`() throws {
    let world = try World(toml: Self.toml, [{ _ in Script.Step.answer }])
    #expect(try Self.status(world, world.adminPort, "GET /healthz") == 200)
    world.gateway.stop()
    #expect(world.reactor.listenerPort == nil && world.reactor.secondListenerPort == nil)
  }

  @Test func `an address in use is tried again until it is free`() throws {
    let first = try World(toml: Self.toml, [{ _ in Script.Step.answer }])
    let port = try #require(first.adminPort)
    var configuration = try Configuration.read(
      text: Array("[admin]\nport = \(port)\n[access_log]\nformat = \"off\"\n".utf8), file: "t", environment: [:])
    configuration.server.port = 0
    let reactor = try Reactor()
    let second = try Gateway(configuration, reactor: reactor, seed: 1)
    #expect(throws: SystemError.self) { try second.listenForAdministration() }
    #expect(try second.listenForAdministration(waits: true) == nil)
    first.gateway.stop()
    let end = ContinuousClock.now + .seconds(5)
    while ContinuousClock.now < end, second.administrationTries < 3 {
      for event in reactor.turn(atMost: .milliseconds(10)) { second.handle(event) }
      if reactor.secondListenerPort != nil { break }
    }
    #expect(reactor.secondListenerPort == UInt16(port))
  }

  private static func read(_ text: String) throws -> Configuration {
    try Configuration.read(text: Array(text.utf8), file: "t", environment: [:])
  }

  private static func allows(_ host: String, _ configuration: Configuration) -> Bool {
    Settings(configuration).hosts.allows(Array(host.utf8).span)
  }

  @Test func `other machines reach administration only with keys, also where the gateway is open`() throws {
    #expect(try Self.read("").admin == nil)
    #expect(try Self.read("[admin]\nport = 1\n").admin == Configuration.Admin(bind: "127.0.0.1", port: 1))
    #expect(throws: ConfigurationErrors.self) { try Self.read("[admin]\nbind = \"127.0.0.1\"\n") }
    #expect(throws: ConfigurationErrors.self) { try Self.read("[admin]\nport = 1\nbind = \"0.0.0.0\"\n") }
    #expect(throws: ConfigurationErrors.self) {
      try Self.read("[admin]\nport = 1\nbind = \"0.0.0.0\"\n[auth]\nopen = true\n")
    }
    let keyed = try Self.read("[admin]\nport = 1\nbind = \"0.0.0.0\"\n[auth]\nkey_file = \"k\"\n")
    #expect(Self.allows("10.1.2.3", keyed))
    let other = try Self.read("[admin]\nport = 1\nbind = \"::1\"\n")
    #expect(Self.allows("[::1]", other))
    #expect(
      keyed.keysNeedingRestart(since: try Self.read("[auth]\nkey_file = \"k\"\n")) == ["admin.port", "admin.bind"])
  }

  @Test func `a reload moves no listener`() throws {
    let world = try World(toml: Self.toml, [{ _ in Script.Step.answer }])
    var configuration = world.gateway.settings.configuration
    configuration.admin = nil
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try Self.status(world, world.port, "GET /v1/admin/keys") == 404)
    #expect(try Self.status(world, world.adminPort, "GET /v1/admin/keys") == 400)
  }
}
