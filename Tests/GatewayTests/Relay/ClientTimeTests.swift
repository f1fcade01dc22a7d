import Reactor
import Support
import Testing

@testable import Gateway

/// Client timeouts, on a manual clock.
@Suite struct ClientTimeTests {
  private static var good: World.Play { { _ in Script.Step.answer } }

  private static func get(_ path: String) -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
  }

  private static func world(_ lines: String, _ play: @escaping World.Play = good) throws -> World {
    try World(clock: .manual, toml: "[server]\nhealth_check_interval_secs = 0\n" + lines, [play])
  }

  @Test func `a request head has its own timeout, from its first byte to its last`() throws {
    let world = try Self.world("header_timeout_secs = 5\nidle_timeout_secs = 60\nbody_timeout_secs = 90")
    let client = world.connect()
    world.pass(.seconds(20))
    client.send("GET /healthz")
    world.pass(.milliseconds(4900))
    client.send(" HTTP/1.1\r\nHost")
    world.pass(.milliseconds(99))
    #expect(client.responses().isEmpty)
    world.pass(.milliseconds(1))
    #expect(client.responses().first?.status == 408)
    #expect(client.responses().first?.field("connection") == "close")
    #expect(client.hasEnded)
  }

  @Test func `a connection without a request is closed after the idle timeout, which restarts after each response`()
    throws
  {
    let world = try Self.world("header_timeout_secs = 60\nidle_timeout_secs = 10\nbody_timeout_secs = 60")
    let silent = world.connect()
    let client = world.connect()
    client.send(Self.get("/healthz"))
    world.pass(.milliseconds(9999))
    #expect(!silent.hasEnded)
    client.send(Self.get("/healthz"))
    world.pass(.milliseconds(1))
    #expect(silent.hasEnded)
    #expect(silent.received.isEmpty)
    #expect(client.responses().count == 2)
    world.pass(.milliseconds(9998))
    #expect(!client.hasEnded)
    world.pass(.milliseconds(1))
    #expect(client.hasEnded)
    #expect(!client.wasReset)
  }

  @Test func `a body has its timeout plus one second for each 1024 bytes received`() throws {
    let world = try Self.world("header_timeout_secs = 60\nidle_timeout_secs = 60\nbody_timeout_secs = 10")
    let body =
      #"{"model":"m","messages":[{"role":"user","content":""# + String(repeating: "x", count: 5000) + #""}]}"#
    let request = World.chat(body)
    let late = world.connect()
    let slow = world.connect()
    let silent = world.connect()
    // Worth four more seconds.
    let first = request.count - body.utf8.count + 4096
    for client in [late, slow] { client.send(Array(request[..<first])) }
    silent.send(Array(request[..<(request.count - body.utf8.count)]))
    world.pass(.milliseconds(9999))
    #expect(silent.responses().isEmpty)
    world.pass(.milliseconds(1))
    #expect(silent.responses().first?.status == 408)
    world.pass(.milliseconds(3999))
    #expect(late.responses().isEmpty)
    slow.send(Array(request[first...]))
    world.pass(.milliseconds(1))
    #expect(late.responses().first?.status == 408)
    #expect(slow.responses().first?.status == 200)
  }

  @Test func `a response may take longer than the idle timeout`() throws {
    let world = try Self.world(
      "header_timeout_secs = 1\nidle_timeout_secs = 1\nbody_timeout_secs = 1",
      { _ in [.wait(.seconds(30))] + Script.Step.answer })
    let client = world.connect()
    client.send(World.chat())
    world.pass(.milliseconds(29_999))
    #expect(!client.hasEnded)
    world.pass(.milliseconds(1))
    #expect(client.responses().first?.status == 200)
  }

  @Test func `a client above the high-water mark is reset when it stops reading, not when it reads slowly`() throws
  {
    let long = String(repeating: "x", count: 14 << 20)
    let body = #"{"model":"s","choices":[{"index":0,"message":{"content":"\#(long)"},"finish_reason":"stop"}]}"#
    let world = try Self.world(
      "client_read_timeout_secs = 10\nidle_timeout_secs = 60", { _ in Script.Step.json(body) })
    let client = world.connect()
    client.reads = false
    client.send(World.chat())
    world.pass(.milliseconds(9900))
    #expect(world.reactor.clientCount == 1)
    client.reads = true
    world.stepPeers()
    client.reads = false
    let read = client.received.count
    #expect(read > 0)
    world.pass(.seconds(5))
    #expect(world.reactor.clientCount == 1)
    world.pass(.seconds(10))
    #expect(world.reactor.clientCount == 0)
    client.reads = true
    world.settle()
    #expect(client.received.count < body.utf8.count)
  }

  @Test func `an event subscription gets a keep-alive comment after each silent interval`() throws {
    let world = try Self.world("keep_alive_comment_secs = 7")
    let client = world.connect()
    client.send(Self.get("/v1/events"))
    func comments() -> Int {
      client.text.split(separator: ": keep-alive\n\n", omittingEmptySubsequences: false).count - 1
    }
    world.pass(.milliseconds(6999))
    #expect(comments() == 0)
    world.pass(.milliseconds(1))
    #expect(comments() == 1)
    world.pass(.seconds(14))
    #expect(comments() == 3)
  }

  // MARK: Draining

  @Test func `a drain waits for running streams until its timeout, then ends them with an error event`() throws {
    let world = try Self.world("drain_timeout_secs = 20", { _ in [.streamHead, .text("hi"), .hang] })
    let client = world.connect()
    client.send(World.streamingChat())
    world.settle()
    world.gateway.stop()
    world.pass(.milliseconds(19_999))
    #expect(!world.gateway.isOver)
    #expect(!client.hasEnded)
    world.pass(.milliseconds(1))
    #expect(world.gateway.isOver)
    #expect(client.text.contains("shutting_down"))
  }

  @Test func `after a drain begins, idle connections have a short grace period, and new connections a longer one`()
    throws
  {
    let world = try Self.world("drain_timeout_secs = 20")
    let old = world.connect()
    let late = world.connect()
    for client in [old, late] { client.send(Self.get("/healthz")) }
    world.pass(.seconds(1))
    let fresh = world.connect()
    world.settle()
    world.gateway.stop()
    world.pass(.milliseconds(99))
    #expect(!old.hasEnded && !late.hasEnded && !fresh.hasEnded)
    late.send(World.chat())
    world.pass(.milliseconds(1))
    #expect(old.hasEnded)
    #expect(late.responses().last?.status == 200)
    #expect(late.responses().last?.field("connection") == "close")
    world.pass(.milliseconds(399))
    #expect(!fresh.hasEnded)
    world.pass(.milliseconds(1))
    #expect(fresh.hasEnded)
    #expect(world.gateway.isOver)
  }
}
