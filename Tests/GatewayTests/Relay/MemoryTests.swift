import Reactor
import Support
import Testing

@testable import Gateway

/// One account for what the gateway holds for clients and providers.
@Suite struct MemoryTests {
  private static let answer =
    #"{"model":"s","choices":[{"index":0,"message":{"content":"\#(String(repeating: "x", count: 3 << 20))"},"finish_reason":"stop"}]}"#

  private static let piecewise: [Script.Step] = {
    let bytes = Array(answer.utf8)
    var steps: [Script.Step] = [
      .head(status: 200, fields: ["content-type: application/json", "content-length: \(bytes.count)"])
    ]
    for start in stride(from: 0, to: bytes.count, by: 100_000) {
      steps.append(.bytes(Array(bytes[start..<min(start + 100_000, bytes.count)])))
    }
    return steps
  }()

  @Test func `what a client does not read counts, whatever endpoint made it, until the client has read it`() throws
  {
    let world = try World(.scripted, [{ _ in Script.Step.json(Self.answer) }])
    let client = world.connect()
    client.reads = false
    client.send(World.chat())
    #expect(world.run { world.reactor.clientBytes > 1 << 20 })
    let events = world.connect()
    events.reads = false
    for _ in 0..<40 { events.send("GET /v1/hardware/models HTTP/1.1\r\nHost: localhost\r\n\r\n") }
    events.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    world.run(for: .milliseconds(50))
    #expect(world.reactor.clientBytes > 1 << 20)
    #expect(world.reactor.clientBytes == world.reactor.waitingBytes.input + world.reactor.waitingBytes.output)
    client.reads = true
    #expect(try world.answer(to: client).body.count > 3 << 20)
    events.leave()
    #expect(world.run { world.reactor.clientBytes == 0 })
  }

  @Test func `at the limit, requests of every endpoint with a large response are rejected`() throws {
    let world = try World(toml: "[server]\nmemory_bytes_max = 1\n", [{ _ in Script.Step.answer }])
    for path in [
      "/v1/models", "/v1/events/recent", "/v1/events", "/api/tags", "/v1/hardware/models", "/v1/queue/status",
    ] {
      let answer = try world.exchange(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      #expect(answer.status == 503, "\(path)")
      #expect(answer.text.contains("memory limit"), "\(path)")
    }
  }

  @Test(arguments: Transport.allCases)
  func `at the limit, long answers are collected one after the other, and each arrives`(transport: Transport) throws
  {
    let world = try World(transport, [{ _ in Self.piecewise }])
    let limit = 1 << 20
    let clients = (0..<4).map { _ in world.connect() }
    for client in clients { client.send(World.chat()) }
    #expect(world.run { world.seenCount == 4 })
    // From here on, as other tests of this process use more memory than that.
    world.gateway.connections.capacity.memoryBytesMax = limit
    var most = 0
    let isOver = world.run {
      most = max(most, world.gateway.connections.capacity.exchangeBytes)
      return clients.allSatisfy { $0.responses().first?.isComplete == true }
    }
    #expect(isOver)
    #expect(clients.allSatisfy { $0.responses().first?.status == 200 })
    if transport == .curl { #expect(most < limit + Self.answer.utf8.count + (512 << 10)) }
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }

  @Test func `an answer that stalls at the limit does not hold up the others`() throws {
    let stalling = Array(Self.piecewise.prefix(4)) + [.wait(.seconds(20))]
    var isFirst = true
    let world = try World(
      .curl,
      [
        { _ in
          defer { isFirst = false }
          return isFirst ? stalling : Self.piecewise
        }
      ])
    let stalled = world.connect()
    stalled.send(World.chat())
    #expect(world.run { world.gateway.connections.capacity.exchangeBytes > 200_000 })
    world.gateway.connections.capacity.memoryBytesMax = 100_000
    let others = (0..<2).map { _ in world.connect() }
    for client in others { client.send(World.chat(fields: ["x-hoosh: 1"])) }
    world.gateway.connections.capacity.memoryBytesMax = 0
    #expect(world.run { world.seenCount == 3 })
    world.gateway.connections.capacity.memoryBytesMax = 100_000
    #expect(world.run(upTo: .seconds(15)) { others.allSatisfy { $0.responses().first?.isComplete == true } })
  }

  @Test func `a translated request counts until its attempt is over`() throws {
    let world = try World(
      providers: "type = \"Anthropic\"\napi_key = \"a-key\"", [{ _ in [.streamHead, .hang] }])
    let client = world.connect()
    let text = String(repeating: "x", count: 300_000)
    client.send(
      World.chat(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"\#(text)"}]}"#))
    #expect(world.run { world.gateway.connections.capacity.exchangeBytes > 300_000 })
    client.leave()
    #expect(world.run { world.gateway.connections.capacity.exchangeBytes == 0 })
  }
}
