import Reactor
import Support
import Testing

@testable import Gateway

extension RoutingTests {
  private static func failing(_ status: Int, _ code: String = "x", after time: Duration = .zero) -> World.Play {
    { _ in
      [.wait(time)] + Script.Step.json(#"{"error":{"message":"no","code":"\#(code)"}}"#, status: status)
    }
  }

  private static func answering(_: SeenRequest) -> [Script.Step] { Script.Step.answer }

  @Test func `each longer context that was too short rules out the models up to it`() throws {
    let toml = [8000, 9000, 9000, 8500, 10_000].enumerated().map {
      "[[models]]\nname = \"m\"\nprovider = \"up\($0)\"\ncontext_tokens = \($1)\n"
    }.joined()
    let overflow = Self.failing(400, "context_length_exceeded")
    let world = try World(toml: toml, [overflow, overflow, Self.answering, Self.answering, Self.answering])
    #expect(try world.exchange(World.chat()).status == 200)
    #expect((0..<5).map { world.seen($0).count } == [1, 1, 0, 0, 1])
  }

  @Test func `a price may differ by less than a cent`() throws {
    func prices(_ dollars: [Double]) -> String {
      dollars.enumerated().map {
        "[[models]]\nname = \"m\"\nprovider = \"up\($0)\"\ninput_usd_per_million = \($1)\n"
          + "output_usd_per_million = \($1)\n"
      }.joined()
    }
    let world = try World(
      toml: "[server]\nstrategy = \"cheapest\"\n" + prices([0.253, 0.252, 0.251]),
      [Self.answering, Self.answering, Self.answering])
    var configuration = world.gateway.settings.configuration
    for index in configuration.providers.indices { configuration.providers[index].priority = 1 }
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(World.chat()).status == 200)
    #expect((0..<3).map { world.seen($0).count } == [0, 0, 1])
  }

  @Test func `a failure that will not pass in a moment is not retried`() throws {
    let plays: [(World.Play, status: Int)] =
      [(401, 502), (402, 402), (403, 403), (409, 502)].map { (Self.failing($0), $1) } + [
        ({ _ in Script.Step.json("<html>") }, 502), ({ _ in [.fail(.tlsFailed)] }, 502),
        ({ _ in [.fail(.hostNotFound)] }, 502),
      ]
    for (play, status) in plays {
      let world = try World(clock: .manual, toml: "[retry]\nmax_retries = 2\nbase_delay_ms = 1\n", [play])
      let client = world.connect()
      client.send(World.chat())
      world.pass(.seconds(1))
      #expect(client.responses().map(\.status) == [status])
      #expect(world.seenCount == 1)
    }
  }

  @Test func `a provider gets one retry for ten requests, not counting the retries`() throws {
    let world = try World(
      clock: .manual, toml: "[retry]\nmax_retries = 1\nbase_delay_ms = 1\n", [Self.failing(500)])
    for _ in 0..<29 {
      let client = world.connect()
      client.send(World.chat())
      world.pass(.milliseconds(2))
      #expect(client.responses().map(\.status) == [502])
    }
    #expect(world.seenCount == 29 + 2)
  }

  @Test func `a reload leaves the retries of a provider as they were`() throws {
    let world = try World(
      clock: .manual, toml: "[retry]\nmax_retries = 1\nbase_delay_ms = 1\n", [Self.failing(500)])
    for round in 0..<4 {
      let client = world.connect()
      client.send(World.chat())
      world.pass(.milliseconds(2))
      #expect(client.responses().map(\.status) == [502])
      #expect(world.seenCount == round + 2)
      #expect(world.gateway.apply(world.gateway.settings.configuration) == nil)
    }
  }

  @Test func `a provider that fails during a reload is not asked again by the same request`() throws {
    let world = try World(
      toml: "[retry]\nmax_retries = 0\n", [Self.failing(500, after: .milliseconds(50)), Self.answering])
    let client = world.connect()
    client.send(World.chat())
    #expect(world.run { world.seen(0).count == 1 })
    #expect(world.gateway.apply(world.gateway.settings.configuration) == nil)
    #expect(try world.answer(to: client).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [1, 1])
  }

  @Test func `a client that leaves gives up its place in the queue and its slot`() throws {
    let world = try World(
      providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [{ _ in [.wait(.seconds(60))] }])
    let clients = (0..<3).map { _ in world.connect() }
    for client in clients {
      client.send(World.chat())
      world.run(for: .milliseconds(5))
    }
    #expect(world.run { world.seenCount == 1 && world.gateway.dispatcher.queue.count == 2 })
    clients[1].leave()
    #expect(world.run { world.gateway.dispatcher.queue.count == 1 })
    #expect(world.seenCount == 1)
    clients[0].leave()
    #expect(world.run { world.seenCount == 2 && world.gateway.dispatcher.queue.count == 0 })
    clients[2].leave()
    #expect(world.run { world.gateway.dispatcher.balancer.concurrency.inFlight == [0] })
  }
}
