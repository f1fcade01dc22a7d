import Reactor
import Support
import Testing

@testable import Gateway

/// `/v1/admin/keys` over sockets: orders, and callers that must not give them.
@Suite struct AdminKeysTests {
  /// A gateway with a key file in memory, and the keys of its first callers.
  private final class Desk {
    let world: World
    private(set) var secrets: [String: String] = [:]
    let disk: Disk

    /// The key file, which threads read and change.
    final class Disk: Sendable {
      private let box: Mailbox<KeyFile>

      init(_ file: KeyFile) throws {
        box = try Mailbox(weightMax: 1)
        box.post(file)
      }

      /// Changes the file, as one of several threads.
      func change<Value>(_ body: (inout KeyFile) throws(KeyError) -> Value) throws(KeyError) -> Value {
        var taken = box.take()
        while taken.isEmpty { taken = box.take() }
        defer { box.post(taken[0]) }
        return try body(&taken[0])
      }
    }

    init(toml: String = "", clock: Reactor.Clock = .monotonic) throws {
      var file = KeyFile()
      for (name, terms) in [
        ("boss", KeyRecord.Terms(rights: [.admin])), ("ci", KeyRecord.Terms()),
        ("auditor", KeyRecord.Terms(rights: [.call, .spend])),
        ("narrow", KeyRecord.Terms(models: ["m"], rights: [.admin])),
        ("local", KeyRecord.Terms(providers: ["up0"], rights: [.admin])),
        ("temp", KeyRecord.Terms(rights: [.admin], expiry: 1 << 40)),
      ] { secrets[name] = try file.create(name, terms, at: 0).1.reveal() }
      let disk = try Disk(file)
      world = try World(clock: clock, toml: toml, keys: KeyRing(file), [{ _ in Script.Step.answer }])
      let store = try KeyStore(
        file: nil, load: { Result { () throws(KeyError) in try disk.change { $0 } } },
        perform: { request in
          Result { () throws(KeyError) in
            try disk.change { (file) throws(KeyError) in
              let outcome = try file.perform(
                request.order, at: 1000, reserved: request.reserved, expiryMax: request.expiryMax)
              return (file, outcome)
            }
          }
        })
      try world.gateway.watchKeys(store, since: nil)
      self.disk = disk
    }

    func ask(
      _ method: String, _ path: String, _ body: String? = nil, by caller: String? = "boss", fields: [String] = []
    ) throws -> HTTPMessage {
      let key = caller.map { ["authorization: Bearer \(secrets[$0] ?? $0)"] } ?? []
      let type = body == nil ? [] : ["content-type: application/json", "content-length: \(body?.utf8.count ?? 0)"]
      let lines = (["host: localhost"] + key + type + fields).map { $0 + "\r\n" }.joined()
      return try world.exchange(Array("\(method) \(path) HTTP/1.1\r\n\(lines)\r\n\(body ?? "")".utf8))
    }

    func chat(_ key: String) throws -> Int { try world.exchange(World.chat(fields: ["api-key: \(key)"])).status }
  }

  private static func key(_ answer: HTTPMessage) throws -> String {
    String(try #require(answer.text.firstMatch(of: #/"key":"(sk-hoosh-[0-9a-f]{64})"/#)?.1))
  }

  // MARK: Orders

  @Test func `a key is created, used, rotated, and revoked over HTTP`() throws {
    let desk = try Desk()
    let created = try desk.ask(
      "POST", "/v1/admin/keys",
      #"{"name":"new","team":"build","models":["m"],"rights":["call"],"expires":"2099-01-31"}"#)
    #expect(created.status == 200)
    #expect(created.field("cache-control") == "no-store")
    #expect(
      created.text.contains(#""expires":"2099-02-01T00:00:00Z""#) && created.text.contains(#""team":"build""#))
    let first = try Self.key(created)
    // The response comes after the change has its effect.
    #expect(try desk.chat(first) == 200)
    let second = try Self.key(try desk.ask("POST", "/v1/admin/keys/new/rotate"))
    #expect(
      try [first, second].map(desk.chat) == [401, 200], "the clock of the file is in 1970, so the grace is over")
    let third = try Self.key(try desk.ask("POST", "/v1/admin/keys/new/rotate", #"{"grace_secs":31622400}"#))
    #expect(try desk.chat(third) == 200)
    let revoked = try desk.ask("POST", "/v1/admin/keys/new/revoke")
    #expect(revoked.status == 200 && !revoked.text.contains("sk-hoosh"))
    #expect(try desk.chat(third) == 401)
    #expect(try desk.ask("POST", "/v1/admin/keys/new/revoke").status == 404)
  }

  @Test func `keys are listed and shown without the keys and their hashes`() throws {
    let desk = try Desk()
    let record = try desk.disk.change { (file) throws(KeyError) in try file.find("ci") }
    var text = ""
    for path in ["/v1/admin/keys", "/v1/admin/keys/ci", "/v1/admin/keys/\(record.idText)"] {
      let answer = try desk.ask("GET", path)
      #expect(answer.status == 200 && answer.text.contains(record.idText), "\(path)")
      text += answer.text
    }
    for secret in desk.secrets.values { #expect(!text.contains(secret.suffix(64))) }
    #expect(!text.contains("\(record.hash)") && !text.contains("hash"))
    let page = try desk.ask("GET", "/v1/admin/keys?limit=2&after=boss")
    #expect(page.text.contains(#""name":"ci""#) && page.text.contains(#""name":"auditor""#))
    #expect(!page.text.contains(#""name":"boss""#) && page.text.contains(#""has_more":true"#))
    #expect(try desk.ask("HEAD", "/v1/admin/keys").status == 200)
  }

  @Test(arguments: [
    ("{}", 400, "`name` is missing"), ("[]", 400, "must be a JSON object"), ("", 400, "must be a JSON object"),
    (#"{"name":"ci"}"#, 409, "already"), (#"{"name":"fixed"}"#, 409, "of the configuration"),
    (#"{"name":"a b"}"#, 400, "the name must be"), (#"{"name":1}"#, 400, "must be a string"),
    (#"{"name":"a","rights":["root"]}"#, 400, "must be among call, spend, admin"),
    (#"{"name":"a","rights":[]}"#, 400, "at least one right"),
    (#"{"name":"a","id":"0000000000000001"}"#, 400, "is not a field"),
    (#"{"name":"a","user_role":"x"}"#, 400, "is not a field"),
    (#"{"name":"a","name":"b"}"#, 400, "must be a JSON object"),
    (#"{"name":"a","models":"m"}"#, 400, "list of strings"),
    (#"{"name":"a","expires":"2099-02-30"}"#, 400, "must be a day"),
    (#"{"name":"a","expires_in_secs":-1}"#, 400, "from 0"), (#"{"name":"a","expires_in_secs":0.5}"#, 400, "from 0"),
    (#"{"name":"a","expires_in_secs":9223372036854775807}"#, 400, "too large"),
    (#"{"name":"a","expires":"2099-01-01","expires_in_secs":1}"#, 400, "set one of"),
  ])
  func `a wrong order changes nothing and says what is wrong`(body: String, status: Int, message: String) throws {
    let desk = try Desk(toml: "[[keys]]\nname = \"fixed\"\nkey = \"x\"\n")
    let before = try desk.disk.change { $0.text }
    let answer = try desk.ask("POST", "/v1/admin/keys", body)
    #expect(answer.status == status)
    #expect(answer.text.contains(message), "\(answer.text)")
    #expect(try desk.disk.change { $0.text } == before)
  }

  @Test func `other methods and paths are told apart`() throws {
    let desk = try Desk()
    let put = try desk.ask("PUT", "/v1/admin/keys", "{}")
    #expect(put.status == 405 && put.field("allow") == "GET, HEAD, POST, OPTIONS")
    #expect(try desk.ask("GET", "/v1/admin/keys/ci/revoke").status == 404)
    #expect(try desk.ask("POST", "/v1/admin/keys/ci").status == 405)
    #expect(try desk.ask("GET", "/v1/admin/keys?limit=0").status == 400)
    #expect(try desk.ask("GET", "/v1/admin/keys?limit=1001").status == 400)
    #expect(try desk.ask("GET", "/v1/admin/keys/nothing").status == 404)
  }

  @Test func `changes are reported to the operator and as events, without the key`() throws {
    let desk = try Desk()
    let key = try Self.key(try desk.ask("POST", "/v1/admin/keys", #"{"name":"new"}"#))
    let notices = desk.world.gateway.takeNotices().joined()
    #expect(notices.contains("the key `new` was created by boss") && !notices.contains(key))
    let events = try desk.ask("GET", "/v1/events/recent?topics=keys")
    #expect(events.text.contains(#""change":"created""#) && events.text.contains(#""caller":"boss""#))
    #expect(!events.text.contains(key))
  }

  @Test func `many orders at the same time are all carried out, or rejected because too many wait`() throws {
    let desk = try Desk()
    let clients = (0..<100).map { number in
      let client = desk.world.connect()
      let body = #"{"name":"k\#(number)"}"#
      client.send(
        World.post("/v1/admin/keys", body, fields: ["authorization: Bearer \(desk.secrets["boss"] ?? "")"]))
      return client
    }
    desk.world.run { clients.allSatisfy { !$0.responses().isEmpty } }
    let statuses = clients.compactMap { $0.responses().first?.status }
    let made = statuses.count { $0 == 200 }
    #expect(made >= KeyFileWork.waitingMax && statuses.count { $0 == 503 } == 100 - made)
    #expect(try desk.disk.change { $0.records.count } == 6 + made)
  }

  @Test func `without a key file there is nothing to manage`() throws {
    let world = try World(toml: "[auth]\ntokens = [\"t\"]\n", [{ _ in Script.Step.answer }])
    let answer = try world.exchange(
      Array("GET /v1/admin/keys HTTP/1.1\r\nHost: localhost\r\nx-api-key: t\r\n\r\n".utf8))
    #expect(answer.status == 400 && answer.text.contains("auth.key_file"))
  }

  // MARK: Callers

  private static let orders: [(String, String, String?)] = [
    ("GET", "/v1/admin/keys", nil), ("GET", "/v1/admin/keys/ci", nil),
    ("POST", "/v1/admin/keys", #"{"name":"new"}"#),
    ("POST", "/v1/admin/keys/ci/rotate", "{}"), ("POST", "/v1/admin/keys/ci/revoke", nil),
  ]

  @Test(arguments: ["ci", "auditor", "narrow", "local"])
  func `a key without the right, or one that is itself limited, manages no keys`(caller: String) throws {
    let desk = try Desk()
    let before = try desk.disk.change { $0.text }
    for (method, path, body) in Self.orders {
      let answer = try desk.ask(method, path, body, by: caller)
      #expect(answer.status == 403 && answer.text.contains("permission_denied"), "\(method) \(path)")
    }
    #expect(try desk.disk.change { $0.text } == before)
  }

  @Test func `a caller without a key manages no keys`() throws {
    let desk = try Desk()
    for (method, path, body) in Self.orders {
      #expect(try desk.ask(method, path, body, by: nil).status == 401)
    }
  }

  @Test func `a key that expires hands out none that expires later`() throws {
    let desk = try Desk()
    let made = try desk.ask("POST", "/v1/admin/keys", #"{"name":"child"}"#, by: "temp")
    #expect(made.status == 200)
    let child = try desk.disk.change { (file) throws(KeyError) in try file.find("child") }
    #expect(child.terms.expiry == 1 << 40)
    #expect(try desk.ask("POST", "/v1/admin/keys/boss/rotate", "{}", by: "temp").status == 400)
  }

  @Test func `an order that waits is not carried out when its caller's key is revoked`() throws {
    let desk = try Desk()
    let clients = (0..<3).map { number in
      let client = desk.world.connect()
      client.send(
        World.post(
          "/v1/admin/keys", #"{"name":"k\#(number)"}"#,
          fields: ["authorization: Bearer \(desk.secrets["boss"] ?? "")"]))
      return client
    }
    // All three arrive in one turn, and the first is on its thread.
    desk.world.run { desk.world.gateway.connections.open.count { $0.phase == .response } == 3 }
    var file = try desk.disk.change { $0 }
    _ = try file.revoke("boss")
    desk.world.gateway.hold(KeyRing(file))
    desk.world.run { clients.allSatisfy { !$0.responses().isEmpty } }
    #expect(clients.filter { $0.responses().first?.status == 401 }.count >= 2)
    #expect(try desk.disk.change { $0.records.count } <= 7)
  }

  // MARK: Web pages

  @Test(arguments: [
    ["origin: https://evil.test"], ["origin: null"], ["sec-fetch-site: cross-site"], ["sec-fetch-site: same-site"],
    ["origin: http://localhost:8088"], ["sec-fetch-site: cross-site", "sec-fetch-mode: no-cors"],
  ])
  func `a page of another site reads and changes nothing, even with a key`(fields: [String]) throws {
    let desk = try Desk()
    let before = try desk.disk.change { $0.text }
    for (method, path, body) in Self.orders {
      let answer = try desk.ask(method, path, body, fields: fields)
      #expect(answer.status == 403 && answer.text.contains("forbidden_origin"), "\(method) \(path)")
      #expect(answer.field("access-control-allow-origin") == nil)
    }
    #expect(try desk.disk.change { $0.text } == before)
  }

  @Test func `a form, a key in the query, and a host of another name change nothing`() throws {
    let desk = try Desk()
    let boss = try #require(desk.secrets["boss"])
    for (field, path, status) in [
      ("content-type: text/plain", "/v1/admin/keys", 415), ("host: evil.test", "/v1/admin/keys", 421),
      ("x-nothing: 1", "/v1/admin/keys?key=\(boss)", 401),
    ] {
      let host = field.hasPrefix("host") ? "" : "host: localhost\r\n"
      let key = status == 401 ? "" : "authorization: Bearer \(boss)\r\n"
      let body = #"{"name":"new"}"#
      let answer = try desk.world.exchange(
        Array(
          "POST \(path) HTTP/1.1\r\n\(host)\(key)\(field)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)".utf8
        ))
      #expect(answer.status == status)
    }
    #expect(try desk.disk.change { $0.records.count } == 6)
  }

  // MARK: Guesses

  @Test func `after a few wrong keys an address must wait, and even its right key is not looked up`() throws {
    let desk = try Desk(clock: .manual)
    func status(_ caller: String?) throws -> HTTPMessage {
      let client = desk.world.connect()
      let key = caller.map { "x-api-key: \(desk.secrets[$0] ?? $0)\r\n" } ?? ""
      client.send("GET /v1/admin/keys/ci HTTP/1.1\r\nhost: localhost\r\n\(key)\r\n")
      for _ in 0..<200 where client.responses().isEmpty { desk.world.step() }
      return try #require(client.responses().first)
    }
    for _ in 0...KeyGuesses.freeMax { #expect(try status("wrong").status == 401) }
    for caller in ["wrong", "boss", nil] {
      let answer = try status(caller)
      #expect(answer.status == 429 && answer.field("retry-after") == "1")
    }
    // Calls are not affected: other callers may share the address.
    #expect(try desk.chat(desk.secrets["ci"] ?? "") == 200)
    desk.world.pass(.seconds(1))
    #expect(try status("wrong").status == 401)
    #expect(try status("boss").field("retry-after") == "2")
    desk.world.pass(.seconds(2))
    // Neither a key without the right nor no key at all is a guess.
    for _ in 0..<10 { #expect(try [status("ci").status, status(nil).status] == [403, 401]) }
  }
}
