import Reactor
import Support
import Testing

@testable import Gateway

/// Clients that read events as they happen, and the state of the gateway.
@Suite struct EventSubscriptionTests {
  private static func get(_ path: String) -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
  }

  private static func world() throws -> World { try World(.scripted, [{ _ in Script.Step.answer }]) }

  /// A client that has subscribed.
  private static func subscriber(_ world: World, _ query: String = "") -> TestClient {
    let client = world.connect()
    client.send(get("/v1/events" + query))
    world.run { client.text.contains("\r\n\r\n") }
    return client
  }

  private static func ids(_ client: TestClient) -> [Int] {
    client.text.matches(of: #/id: (\d+)\nevent: /#).compactMap { Int($0.1) }
  }

  @Test func `a subscriber gets each event once, from its subscription on`() throws {
    let world = try Self.world()
    _ = try world.exchange(World.chat())
    let before = Int(world.gateway.recorder.events.newest)
    #expect(before > 0)
    let client = Self.subscriber(world)
    for _ in 0..<3 { _ = try world.exchange(World.chat()) }
    let all = Array(before + 1...Int(world.gateway.recorder.events.newest))
    #expect(all.count >= 3)
    #expect(world.run { Self.ids(client).count >= all.count })
    world.run(for: .milliseconds(20))
    #expect(Self.ids(client) == all)
  }

  @Test func `a subscriber that names its last event gets those after it`() throws {
    let world = try Self.world()
    for _ in 0..<3 { _ = try world.exchange(World.chat()) }
    let newest = Int(world.gateway.recorder.events.newest)
    let client = Self.subscriber(world, "?since=\(newest - 2)")
    #expect(world.run { Self.ids(client) == [newest - 1, newest] })
  }

  @Test func `a page has at most 1000 events, and the next begins after it`() throws {
    let world = try Self.world()
    for _ in 0..<1010 { world.gateway.recorder.publish(.reload, at: 1) { _ in } }
    func page(_ since: Int, _ limit: Int) throws -> (count: Int, text: String) {
      let text = try world.exchange(Self.get("/v1/events/recent?since=\(since)&limit=\(limit)")).text
      return (text.split(separator: #"{"sequence":"#).count - 1, text)
    }
    let first = try page(0, 5000)
    #expect(first.count == 1000)
    #expect(first.text.contains(#""next":1000,"#))
    #expect(try page(1000, 5000).count == 10)
    #expect(try page(0, 7).count == 7)
  }

  @Test(arguments: [(0, 0...0), (0.02, 2...100)] as [(Double, ClosedRange<Int>)])
  func `a silent subscription gets comments at their interval, and none at an interval of 0`(
    _ seconds: Double, _ comments: ClosedRange<Int>
  ) throws {
    let world = try World(
      .scripted, toml: "[server]\nkeep_alive_comment_secs = \(seconds)\n", [{ _ in Script.Step.answer }])
    let client = Self.subscriber(world)
    world.run(for: .milliseconds(200))
    #expect(comments.contains(client.text.matches(of: #/: keep-alive\n\n/#).count))
    _ = try world.exchange(World.chat())
    #expect(world.run { !Self.ids(client).isEmpty })
  }

  @Test func `at most 64 clients read events, and one that left makes room`() throws {
    let world = try Self.world()
    let clients = (0..<64).map { _ in Self.subscriber(world) }
    #expect(clients.allSatisfy { $0.text.hasPrefix("HTTP/1.1 200 ") })
    let refused = try world.exchange(Self.get("/v1/events"))
    #expect(refused.status == 503)
    #expect(refused.text.contains("Too many clients read events."))
    clients[0].reset()
    #expect(world.run { world.gateway.endpoints.subscribers.count == 63 })
    #expect(Self.subscriber(world).text.hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `a gateway that drains is not ready`() throws {
    let world = try World(.scripted, [{ _ in [.wait(.milliseconds(200))] + Script.Step.answer }])
    let running = world.connect()
    running.send(World.chat())
    let late = world.connect()
    #expect(world.run { world.seenCount == 1 && world.reactor.clientCount == 2 })
    late.send("GET /readyz HTTP/1.1\r\n")
    world.run(for: .milliseconds(10))
    world.gateway.stop()
    late.send("Host: localhost\r\n\r\n")
    let answer = try world.answer(to: late)
    #expect(answer.status == 503)
    #expect(answer.text.contains("shutting_down"))
    #expect(try world.answer(to: running).status == 200)
  }

  @Test func `the status has the seconds since the start`() throws {
    let world = try World(clock: .manual, [{ _ in Script.Step.answer }])
    world.pass(.milliseconds(12_340))
    let client = world.connect()
    client.send(Self.get("/v1/status"))
    world.settle()
    #expect(client.text.contains(#""uptime_seconds":12.3,"#), "\(client.text)")
  }

  @Test func `a model list shows the models that the provider's patterns include`() throws {
    let list = #"{"object":"list","data":[{"id":"a1"},{"id":"b1"},{"id":"a2"}]}"#
    let world = try World(
      providers: "type = \"OpenAiCompatible\"\nmodels = [\"a*\"]", [{ _ in Script.Step.json(list) }])
    let text = try world.exchange(Self.get("/v1/models")).text
    #expect(text.contains(#""a1""#) && text.contains(#""a2""#) && !text.contains(#""b1""#), "\(text)")
  }

  @Test func `a client that left no longer waits for the model list`() throws {
    let world = try World(.scripted, [{ _ in [.hang] }])
    let client = world.connect()
    client.send(Self.get("/v1/models"))
    #expect(world.run { world.gateway.endpoints.modelLists.waiting.count == 1 })
    client.reset()
    #expect(world.run(upTo: .seconds(1)) { world.reactor.clientCount == 0 })
    #expect(world.gateway.endpoints.modelLists.waiting.isEmpty)
  }
}
