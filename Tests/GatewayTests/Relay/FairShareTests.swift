import Reactor
import Support
import Testing

@testable import Gateway

/// Strangers and greedy callers leave room for the others.
@Suite struct FairShareTests {
  private static let keys = "[auth]\ntokens = [\"key-of-the-first-caller\", \"key-of-the-second\"]\n"
  private static let first = "authorization: Bearer key-of-the-first-caller"
  private static let second = "authorization: Bearer key-of-the-second"

  private static func world(_ server: String, keys: String = "") throws -> World {
    try World(
      clock: .manual, toml: "[server]\nhealth_check_interval_secs = 0\n\(server)\n\(keys)",
      [
        { _ in Script.Step.answer }
      ])
  }

  /// Returns a chat whose body has at least that many bytes.
  private static func chat(bytes: Int, fields: [String] = []) -> [UInt8] {
    World.chat(
      #"{"model":"m","messages":[{"role":"user","content":""# + String(repeating: "x", count: bytes) + #""}]}"#,
      fields: fields)
  }

  // MARK: Slow bodies

  @Test func `a body that stops is given up soon, however much of it has arrived`() throws {
    let world = try Self.world("body_timeout_secs = 10")
    let client = world.connect()
    client.send(Array(Self.chat(bytes: 2 << 20).dropLast()))
    world.pass(.milliseconds(29_999))
    #expect(client.responses().isEmpty)
    world.pass(.milliseconds(1))
    #expect(client.responses().first?.status == 408)
    #expect(world.gateway.connections.capacity.bodyBytes == 0)
  }

  @Test func `a body that keeps coming at the minimum rate may take as long as it likes`() throws {
    let world = try Self.world("body_timeout_secs = 10")
    let client = world.connect()
    let request = Self.chat(bytes: 600_000)
    for start in stride(from: 0, to: request.count, by: 2048) {
      client.send(Array(request[start..<min(start + 2048, request.count)]))
      world.pass(.seconds(1))
    }
    #expect(client.responses().first?.status == 200)
  }

  @Test func `a body below the minimum rate is given up, also when it was fast at first`() throws {
    let world = try Self.world("body_timeout_secs = 10")
    let client = world.connect()
    let request = Self.chat(bytes: 600_000)
    client.send(Array(request[..<500_000]))
    for start in stride(from: 500_000, to: 550_000, by: 500) {
      client.send(Array(request[start..<start + 500]))
      world.pass(.seconds(1))
    }
    #expect(client.responses().first?.status == 408)
  }

  // MARK: Shares of bodies

  @Test func `the incomplete bodies of one caller leave room for those of another`() throws {
    let world = try Self.world("request_bodies_bytes_max = 1048576", keys: Self.keys)
    let greedy = (0..<3).map { _ in world.connect() }
    for client in greedy { client.send(Array(Self.chat(bytes: 300_000, fields: [Self.first]).dropLast())) }
    world.settle()
    #expect(greedy.map { $0.responses().first?.status }.compactMap { $0 } == [503])
    #expect(greedy.compactMap { $0.responses().first }.allSatisfy { $0.field("retry-after") == "1" })
    let other = world.connect()
    other.send(Self.chat(bytes: 150_000, fields: [Self.second]))
    world.settle()
    #expect(other.responses().first?.status == 200)
  }

  @Test func `a caller's share is free again when its bodies are answered or given up`() throws {
    let world = try Self.world("request_bodies_bytes_max = 1048576\nbody_timeout_secs = 2", keys: Self.keys)
    for round in 0..<4 {
      let client = world.connect()
      let request = Self.chat(bytes: 700_000, fields: [Self.first])
      client.send(round % 2 == 0 ? request : Array(request.dropLast()))
      world.pass(.seconds(10))
      #expect(client.responses().first?.status == (round % 2 == 0 ? 200 : 408))
      client.leave()
    }
    let last = world.connect()
    last.send(Array(Self.chat(bytes: 700_000, fields: [Self.first]).dropLast()))
    last.leave()
    world.pass(.seconds(10))
    #expect(world.gateway.connections.capacity.bodyBytes == 0)
  }

  @Test func `when several callers take all they can, there is room for the small bodies of the next`() throws {
    var capacity = Capacity(try read("").server, descriptorsMax: 20_000)
    func add(_ bytes: Int, of caller: Int) -> Bool {
      capacity.bodyBytes += bytes
      if capacity.addShare(bytes, of: caller) { return true }
      capacity.bodyBytes -= bytes
      capacity.removeShare(bytes, of: caller)
      return false
    }
    for caller in 1...8 {
      var taken = 0
      while add(65_536, of: caller) { taken += 1 }
      #expect(taken >= 64, "the caller \(caller)")
    }
    #expect(add(1 << 20, of: 9))
    #expect(capacity.bodyBytes < capacity.bodiesBytesMax)
  }

  // MARK: Connections

  @Test func `when all connections are taken, the oldest one without an API key makes room`() throws {
    let world = try Self.world("clients_max = 3\nheader_timeout_secs = 60", keys: Self.keys)
    let known = world.connect()
    known.send(World.chat(fields: [Self.first]))
    world.settle()
    #expect(known.responses().first?.status == 200)
    let oldest = world.connect()
    oldest.send("POST /v1/chat/completions HTTP/1.1\r\n")
    world.settle()
    let newer = world.connect()
    world.settle()
    let caller = world.connect()
    caller.send(World.chat(fields: [Self.second]))
    world.settle()
    #expect(caller.responses().first?.status == 200)
    #expect(oldest.responses().first?.status == 503)
    #expect(oldest.hasEnded)
    #expect(!newer.hasEnded)
    #expect(!known.hasEnded)
  }

  @Test func `connections of callers with API keys never make room, and a stranger gets 503`() throws {
    let world = try Self.world("clients_max = 2", keys: Self.keys)
    let known = (0..<2).map { _ in world.connect() }
    for client in known { client.send(World.chat(fields: [Self.first])) }
    world.settle()
    let stranger = world.connect()
    world.settle()
    #expect(stranger.responses().first?.status == 503)
    #expect(known.allSatisfy { !$0.hasEnded })
  }

  @Test func `without API keys nothing makes room`() throws {
    let world = try Self.world("clients_max = 2")
    let first = (0..<2).map { _ in world.connect() }
    world.settle()
    let late = world.connect()
    world.settle()
    #expect(late.responses().first?.status == 503)
    #expect(first.allSatisfy { !$0.hasEnded })
  }

  @Test func `the list of strangers does not grow with connections that are gone`() throws {
    let world = try Self.world("clients_max = 2", keys: Self.keys)
    let open = world.connect()
    world.settle()
    for _ in 0..<20 {
      let client = world.connect()
      world.settle()
      client.leave()
      world.settle()
      #expect(world.gateway.connections.strangers.count <= 5)
    }
    #expect(!open.hasEnded)
  }

  @Test func `another machine may open 1024 connections by default, and this one any number`() throws {
    var capacity = Capacity(try read("").server, descriptorsMax: 20_000)
    func add(_ address: IPAddress?) -> Bool { capacity.addConnection(address) }
    let remote = try #require(IPAddress("192.168.1.7"))
    let local = try #require(IPAddress("127.0.0.1"))
    for _ in 0..<1024 { #expect(add(remote)) }
    #expect(!add(remote))
    #expect(add(IPAddress("192.168.1.8")))
    for _ in 0..<2000 { #expect(add(local)) }
    for _ in 0..<2 { capacity.removeConnection(remote) }
    #expect(add(remote))
  }

  @Test(arguments: [("", 2000), ("[server]\nclients_per_address_max = 0\n", 2000)])
  func `zero is no limit of connections, for any address`(toml: String, count: Int) throws {
    var capacity = Capacity(try read(toml).server, descriptorsMax: 20_000)
    func add(_ address: IPAddress?) -> Bool { capacity.addConnection(address) }
    let address = toml.isEmpty ? IPAddress("::1") : IPAddress("192.168.1.7")
    for _ in 0..<count { #expect(add(address)) }
  }

  @Test func `a host cannot evade its limit with the addresses of its network in IPv6`() throws {
    var capacity = Capacity(
      try read("[server]\nclients_per_address_max = 2\n").server, descriptorsMax: 20_000)
    func add(_ address: IPAddress?) -> Bool { capacity.addConnection(address) }
    #expect(add(IPAddress("2001:db8::1")))
    #expect(add(IPAddress("2001:db8::2")))
    #expect(!add(IPAddress("2001:db8::3")))
    #expect(add(IPAddress("2001:db8:0:1::1")))
    #expect(add(IPAddress("::ffff:192.0.2.1")))
    #expect(add(IPAddress("::ffff:192.0.2.2")))
    #expect(add(IPAddress("::ffff:192.0.2.3")))
  }
}
