import Reactor
import Support
import Testing

@testable import Gateway

/// The requests of a key that is revoked or rotated.
@Suite struct KeyRevocationTests {
  /// Keys of a key file, and the secrets by name.
  private struct Filed {
    var file = KeyFile()
    var secrets: [String: String] = [:]

    init(_ names: [String] = ["ci", "other"], _ rights: [Configuration.Key.Right] = [.call]) throws {
      for name in names {
        secrets[name] = try file.create(name, KeyRecord.Terms(rights: rights), at: 0).1.reveal()
      }
    }

    var ring: KeyRing { KeyRing(file) }

    func field(_ name: String) -> String { "authorization: Bearer \(secrets[name] ?? "")" }

    func without(_ name: String) throws -> KeyRing {
      var file = file
      _ = try file.revoke(name)
      return KeyRing(file)
    }
  }

  private static func slow(_: SeenRequest) -> [Script.Step] { [.wait(.seconds(1))] + Script.Step.answer }
  private static let one = "type = \"OpenAiCompatible\"\nmax_concurrent = 1"

  @Test(arguments: ["Authorization: Bearer ", "x-api-key: ", "api-key: ", "x-goog-api-key: "])
  func `a key of the file is accepted in every field, and never reaches the provider`(field: String) throws {
    let filed = try Filed()
    let world = try World(keys: filed.ring, [{ _ in Script.Step.answer }])
    #expect(try world.exchange(World.chat(fields: [field + (filed.secrets["ci"] ?? "")])).status == 200)
    #expect(try world.exchange(World.chat(fields: [field + "sk-hoosh-0"])).status == 401)
    #expect(try world.exchange(World.chat()).status == 401)
    #expect(!world.seen().flatMap(\.fields).joined().contains("sk-hoosh"))
  }

  @Test func `a revoked key is rejected with the next request, on a connection that it has used, too`() throws {
    let filed = try Filed()
    let world = try World(keys: filed.ring, [{ _ in Script.Step.answer }])
    let client = world.connect()
    client.send(World.chat(fields: [filed.field("ci")]))
    #expect(try world.answer(to: client).status == 200)
    world.gateway.hold(try filed.without("ci"))
    client.clear()
    client.send(World.chat(fields: [filed.field("ci")]))
    #expect(try world.answer(to: client).status == 401)
    #expect(try world.exchange(World.chat(fields: [filed.field("other")])).status == 200)
  }

  @Test func `a call that waits for a slot is rejected when its key is revoked, and never sent`() throws {
    let filed = try Filed()
    let world = try World(clock: .manual, providers: Self.one, keys: filed.ring, [Self.slow])
    let clients = ["other", "ci", "other"].map { name in
      let client = world.connect()
      client.send(World.chat(fields: [filed.field(name)]))
      world.settle()
      return client
    }
    #expect(world.seenCount == 1)
    world.gateway.hold(try filed.without("ci"))
    world.settle()
    #expect(clients[1].responses().first?.status == 401)
    #expect(clients[1].text.contains("was revoked"))
    world.pass(.seconds(3))
    #expect(clients.map { $0.responses().first?.status } == [200, 401, 200])
    #expect(world.seenCount == 2)
  }

  @Test func `an answer that arrives goes on when its key is revoked, and a failed one is not tried again`() throws
  {
    let filed = try Filed()
    let failing: World.Play = { _ in [.wait(.seconds(1)), .fail(.connectFailed)] }
    for (play, status) in [(Self.slow, 200), (failing, 401)] {
      let world = try World(clock: .manual, keys: filed.ring, [play, Self.slow])
      let client = world.connect()
      client.send(World.chat(fields: [filed.field("ci")]))
      world.settle()
      world.gateway.hold(try filed.without("ci"))
      world.pass(.seconds(5))
      #expect(client.responses().first?.status == status)
      #expect(world.seen(1).isEmpty)
    }
  }

  @Test func `a call that waits for a retry is rejected when its key is revoked`() throws {
    let filed = try Filed()
    let world = try World(
      clock: .manual,
      toml: "[server]\nhealth_check_interval_secs = 0\n[retry]\nbase_delay_ms = 60000\nmax_delay_ms = 60000",
      keys: filed.ring,
      [{ _ in [.fail(.connectFailed)] }])
    let client = world.connect()
    client.send(World.chat(fields: [filed.field("ci")]))
    world.settle()
    #expect(client.responses().isEmpty && world.seenCount == 1)
    world.gateway.hold(try filed.without("ci"))
    world.settle()
    #expect(client.responses().first?.status == 401)
    world.pass(.seconds(60))
    #expect(world.seenCount == 1)
  }

  @Test func `a body on its way is no longer read when the key is revoked`() throws {
    let filed = try Filed()
    let world = try World(keys: filed.ring, [{ _ in Script.Step.answer }])
    let client = world.connect()
    client.send(Array(World.chat(fields: [filed.field("ci")]).dropLast()))
    world.run(for: .milliseconds(20))
    world.gateway.hold(try filed.without("ci"))
    #expect(try world.answer(to: client).status == 401)
    world.run { client.hasEnded }
    #expect(client.hasEnded && world.seenCount == 0)
  }

  @Test func `a large call that a thread reads or writes is not sent when its key is revoked`() throws {
    let filed = try Filed()
    let text = String(repeating: "x", count: 2 * Call.inlineBytesMax)
    for providers in ["type = \"OpenAiCompatible\"", "type = \"OpenAiCompatible\"\ndialect = \"anthropic\""] {
      let world = try World(clock: .manual, providers: providers, keys: filed.ring, [{ _ in Script.Step.answer }])
      let client = world.connect()
      client.send(
        World.chat(
          #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#, fields: [filed.field("ci")]))
      while !world.gateway.isTranslatingOnThread { world.step() }
      world.gateway.hold(try filed.without("ci"))
      world.settle()
      #expect(client.responses().first?.status == 401)
      #expect(world.seenCount == 0)
    }
  }

  @Test func `events end for a key that is revoked, and go on for others`() throws {
    let filed = try Filed(["boss", "other"], [.admin])
    let world = try World(keys: filed.ring, [{ _ in Script.Step.answer }])
    let clients = ["boss", "other"].map { name in
      let client = world.connect()
      client.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\(filed.field(name))\r\n\r\n")
      world.run { client.text.contains("200 OK") }
      return client
    }
    world.gateway.hold(try filed.without("boss"))
    world.run { clients[0].hasEnded }
    world.run(for: .milliseconds(20))
    #expect(clients.map(\.hasEnded) == [true, false])
  }

  @Test func `a change of keys loses nothing of a model list that a caller waits for`() throws {
    let filed = try Filed()
    func list(_ name: String, after time: Duration) -> World.Play {
      { _ in [.wait(time)] + Script.Step.json(#"{"data":[{"id":"\#(name)"}]}"#) }
    }
    let world = try World(
      clock: .manual, toml: "[server]\nhealth_check_interval_secs = 0\n", keys: filed.ring,
      [list("early", after: .zero), list("late", after: .seconds(1))])
    let client = world.connect()
    client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\(filed.field("ci"))\r\n\r\n")
    world.settle()
    world.gateway.hold(try filed.without("other"))
    world.pass(.seconds(2))
    #expect(client.text.contains("early") && client.text.contains("late"))
  }

  @Test func `a rotation changes no counter of the caller`() throws {
    var filed = try Filed()
    let world = try World(
      toml: "[[limits]]\nnames = [\"ci\"]\nrequests_per_minute = 2\n", keys: filed.ring,
      [{ _ in Script.Step.answer }])
    #expect(try world.exchange(World.chat(fields: [filed.field("ci")])).status == 200)
    let old = filed.field("ci")
    filed.secrets["ci"] = try filed.file.rotate("ci", grace: 1000, at: 1 << 40).1.reveal()
    world.gateway.hold(filed.ring)
    #expect(try world.exchange(World.chat(fields: [filed.field("ci")])).status == 200)
    for field in [old, filed.field("ci")] { #expect(try world.exchange(World.chat(fields: [field])).status == 429) }
  }

  @Test func `a reload keeps the keys of the file, and never opens a gateway that has one`() throws {
    let filed = try Filed()
    let world = try World(toml: "[auth]\nkey_file = \"keys\"\n", keys: filed.ring, [{ _ in Script.Step.answer }])
    var configuration = world.gateway.settings.configuration
    configuration.server.allowedHosts = ["new.test"]
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(World.chat(fields: [filed.field("ci")])).status == 200)
    // The key file is that of the start, so one without it changes nothing before a restart.
    configuration.auth.keyFile = ""
    _ = world.gateway.apply(configuration)
    #expect(try world.exchange(World.chat()).status == 401)
    configuration.auth.keys = [Configuration.Key(name: "ci", secrets: ["x"].compactMap { Secret($0) })]
    #expect(world.gateway.apply(configuration)?.contains("`ci`") == true)
  }

  @Test func `a key file that only a reload names does not replace the keys that there are`() throws {
    let world = try World(toml: "[auth]\ntokens = [\"a-token\"]\n", [{ _ in Script.Step.answer }])
    var configuration = world.gateway.settings.configuration
    configuration.auth.tokens = []
    configuration.auth.keyFile = "keys"
    #expect(world.gateway.apply(configuration)?.contains("auth.key_file") == true)
    #expect(try world.exchange(World.chat()).status == 401)
    #expect(try world.exchange(World.chat(fields: ["x-api-key: a-token"])).status == 200)
  }

  @Test func `a gateway whose key file was not read admits no caller`() throws {
    let world = try World(toml: "[auth]\nkey_file = \"keys\"\n", [{ _ in Script.Step.answer }])
    #expect(try world.exchange(World.chat()).status == 401)
  }
}
