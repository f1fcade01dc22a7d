import Reactor
import Support
import Testing

@testable import Gateway

/// A caller that holds most of the memory leaves room for the others.
@Suite struct MemoryShareTests {
  private static let keys = "[auth]\ntokens = [\"key-of-the-first-caller\", \"key-of-the-second\"]\n"
  private static let first = "authorization: Bearer key-of-the-first-caller"
  private static let second = "authorization: Bearer key-of-the-second"
  private static let text = String(repeating: "word ", count: 6 << 20)
  private static let message =
    #"{"id":"m1","type":"message","role":"assistant","model":"s","content":[{"type":"text","text":"\#(text.prefix(8 << 20))"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}"#

  private static func world() throws -> World {
    try World(
      .curl, toml: keys, providers: "type = \"Anthropic\"\napi_key = \"a-key\"",
      [{ _ in Script.Step.json(message) }])
  }

  /// Sets a limit at which there is memory left, but nothing for a caller that holds much.
  private static func makeScarce(_ world: World) {
    let resident = 256 << 20
    world.gateway.connections.capacity.residentBytes = { _ in resident }
    world.gateway.connections.capacity.memoryBytesMax = resident * 17 / 16
  }

  /// Connects callers that ask for a large answer and read nothing.
  private static func greedy(_ world: World, _ count: Int, fields: [String] = []) -> [TestClient] {
    let clients = (0..<count).map { _ in world.connect() }
    for client in clients { client.reads = false }
    for client in clients { client.send(World.chat(fields: [first] + fields)) }
    return clients
  }

  private static let events = "GET /v1/events/recent HTTP/1.1\r\nHost: localhost\r\n"

  @Test func `near the memory limit, a caller that reads nothing is rejected, and another is served`() throws {
    let world = try Self.world()
    let greedy = Self.greedy(world, 3)
    #expect(world.run(upTo: .seconds(20)) { world.reactor.clientBytes > 22 << 20 })
    Self.makeScarce(world)
    let rejected = try world.exchange(Array("\(Self.events)\(Self.first)\r\n\r\n".utf8))
    #expect(rejected.status == 503)
    #expect(rejected.text.contains("held for this caller"))
    #expect(rejected.field("retry-after") == "1")
    #expect(try world.exchange(Array("\(Self.events)\(Self.second)\r\n\r\n".utf8)).status == 200)
    for client in greedy { client.reads = true }
    #expect(world.run(upTo: .seconds(20)) { greedy.allSatisfy { $0.responses().first?.isComplete == true } })
    world.run(for: .milliseconds(50))
    #expect(try world.exchange(Array("\(Self.events)\(Self.first)\r\n\r\n".utf8)).status == 200)
  }

  @Test(arguments: [(15, 200), (17, 200), (19, 503)])
  func `an eighth beyond the limit is kept for callers for whom hardly anything is held`(
    sixteenths: Int, status: Int
  ) throws {
    let world = try Self.world()
    let limit = 256 << 20
    world.gateway.connections.capacity.memoryBytesMax = limit
    world.gateway.connections.capacity.residentBytes = { _ in limit / 16 * sixteenths }
    let answer = try world.exchange(Array("\(Self.events)\(Self.second)\r\n\r\n".utf8))
    #expect(answer.status == status)
    if status == 503 { #expect(answer.text.contains("The process uses \(16 * sixteenths) MiB")) }
  }

  @Test func `beyond the limit, a caller for whom much is held is rejected`() throws {
    let world = try Self.world()
    let limit = 256 << 20
    let greedy = Self.greedy(world, 1)
    #expect(world.run(upTo: .seconds(20)) { world.reactor.clientBytes > 6 << 20 })
    world.gateway.connections.capacity.memoryBytesMax = limit
    world.gateway.connections.capacity.residentBytes = { _ in limit / 16 * 17 }
    for (key, status) in [(Self.first, 503), (Self.second, 200)] {
      #expect(try world.exchange(Array("\(Self.events)\(key)\r\n\r\n".utf8)).status == status)
    }
    for client in greedy { client.reads = true }
  }

  @Test func `what waits for a connection that has ended counts until it is read`() throws {
    let world = try Self.world()
    _ = Self.greedy(world, 2, fields: ["connection: close"])
    #expect(world.run(upTo: .seconds(20)) { world.reactor.clientBytes > 14 << 20 })
    #expect(world.run { world.gateway.connections.count == 0 })
    Self.makeScarce(world)
    #expect(try world.exchange(Array("\(Self.events)\(Self.first)\r\n\r\n".utf8)).status == 503)
    #expect(try world.exchange(Array("\(Self.events)\(Self.second)\r\n\r\n".utf8)).status == 200)
  }

  @Test func `beyond its share, a caller's answers are made one after the other, and each arrives`() throws {
    let world = try Self.world()
    let greedy = Self.greedy(world, 6)
    #expect(world.run(upTo: .seconds(20)) { world.seenCount == 6 })
    Self.makeScarce(world)
    let other = world.connect()
    other.send(World.chat(fields: [Self.second]))
    #expect(world.run(upTo: .seconds(20)) { other.responses().first?.isComplete == true })
    #expect(other.responses().first?.status == 200)
    #expect(world.reactor.clientBytes < 40 << 20)
    for client in greedy { client.reads = true }
    #expect(world.run(upTo: .seconds(30)) { greedy.allSatisfy { $0.responses().first?.isComplete == true } })
    #expect(greedy.allSatisfy { $0.responses().first?.status == 200 })
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }
}
