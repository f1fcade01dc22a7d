import Support
import Testing

@testable import Gateway
@testable import Reactor

extension ProviderTimeTests {
  private final class Asked { var requests: [UpstreamRequest] = [] }

  private static let checks =
    "[server]\nhealth_check_interval_secs = 10\ndrain_timeout_secs = 500\n[health]\ntimeout_secs = 3\nunhealthy_threshold = 1\n"

  @Test(arguments: [
    (200, true), (204, true), (301, true), (401, true), (404, true), (429, true), (499, true), (500, false),
    (503, false), (599, false),
  ])
  func `a provider that answers a health check is healthy unless it has an error of its own`(
    status: Int, isHealthy: Bool
  ) throws {
    let world = try World(clock: .manual, toml: Self.checks, [{ _ in Script.Step.json("{}", status: status) }])
    world.pass(.seconds(11))
    #expect(world.seenCount == 1)
    #expect(world.gateway.dispatcher.balancer.health.providers[0].checks.isHealthy == isHealthy)
  }

  @Test func `a health check that is late is cancelled, and has its timeout for the connection too`() throws {
    let world = try World(clock: .manual, toml: Self.checks, [{ _ in [.hang] }])
    let asked = Asked()
    world.reactor.answer(origin: "http://upstream-0.test") { request in
      asked.requests.append(request)
      return Script([.hang])
    }
    world.pass(.seconds(10))
    #expect(asked.requests.map(\.connectTimeout) == [.seconds(3)])
    #expect(world.reactor.transferCount == 1)
    world.pass(.milliseconds(2999))
    #expect(world.reactor.transferCount == 1)
    world.pass(.milliseconds(1))
    #expect(world.reactor.transferCount == 0)
    #expect(!world.gateway.dispatcher.balancer.health.providers[0].checks.isHealthy)
  }

  @Test func `there are no health checks in a drain`() throws {
    let world = try World(
      clock: .manual, toml: Self.checks,
      [{ $0.method == "GET" ? Script.Step.answer : [.streamHead, .text("hi"), .hang] }])
    let client = world.connect()
    client.send(World.streamingChat())
    world.pass(.seconds(31))
    #expect(world.seen().filter { $0.method == "GET" }.count == 3)
    world.gateway.stop()
    // A reload does not begin them again.
    _ = world.gateway.apply(world.gateway.settings.configuration)
    world.pass(.seconds(60))
    #expect(!world.gateway.isOver)
    #expect(world.seen().filter { $0.method == "GET" }.count == 3)
  }

  @Test func `the queue shows how long each request has waited`() throws {
    let world = try World(
      clock: .manual, toml: "[queue]\ntimeout_secs = 60\n",
      providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [{ _ in [.hang] }])
    world.pass(.seconds(3))
    let clients = (0..<3).map { _ in world.connect() }
    for client in clients {
      client.send(World.chat())
      world.pass(.seconds(2))
    }
    let reader = world.connect()
    reader.send("GET /v1/queue/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    world.settle()
    let waited = reader.text.matches(of: #/"waited_ms":(\d+)/#).compactMap { Int($0.1) }
    #expect(waited == [4000, 2000], "\(reader.text)")
  }
}
