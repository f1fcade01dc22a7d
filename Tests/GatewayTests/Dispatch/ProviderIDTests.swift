import Reactor
import Support
import Testing

@testable import Gateway

/// Providers whose index is changed by a reload.
@Suite struct ProviderIDTests {
  @Test func `an ID depends only on the name`() {
    #expect(ProviderID(name: "ollama").value == 0x76e3c7bfe641ea12)
    #expect(ProviderID(name: "ollama") == ProviderID(name: "ollama"))
    #expect(Set(["a", "A", "", "a ", "b"].map { ProviderID(name: $0) }).count == 5)
  }

  private static var good: World.Play { { _ in Script.Step.answer } }
  private static var slowFailure: World.Play { { _ in [.wait(.milliseconds(100)), .fail(.truncated)] } }

  private static func failures(_ world: World) -> [Int] {
    world.gateway.dispatcher.balancer.health.providers.map(\.breaker.failures)
  }

  @Test func `a reload that reorders providers keeps slots and failures at the right ones`() throws {
    let world = try World(
      toml: "[retry]\nmax_retries = 0", providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1",
      [Self.slowFailure, Self.good, Self.good])
    let client = world.connect()
    client.send(World.chat())
    world.run { world.seen(0).count == 1 }
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [1, 0, 0])
    var configuration = world.gateway.settings.configuration
    configuration.providers.reverse()
    #expect(world.gateway.apply(configuration) == nil)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0, 0, 1])
    #expect(world.gateway.dispatcher.balancer.concurrency.saturated == BitSet128([2]))
    let answer = try world.answer(to: client)
    #expect(answer.status == 200)
    // Selected by priority, without the provider that has failed.
    #expect(answer.field("x-served-by")?.hasPrefix("up1/") == true)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0, 0, 0])
    #expect(world.gateway.dispatcher.balancer.concurrency.saturated.isEmpty)
    #expect(Self.failures(world) == [0, 0, 1])
  }

  @Test func `an attempt at a removed provider does not affect the remaining ones`() throws {
    let world = try World(
      toml: "[retry]\nmax_retries = 0", providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1",
      [Self.slowFailure, Self.good])
    let client = world.connect()
    client.send(World.chat())
    world.run { world.seen(0).count == 1 }
    let before = world.gateway.settings.configuration
    var configuration = before
    configuration.providers.removeFirst()
    #expect(world.gateway.apply(configuration) == nil)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0])
    // Restored while the request is still running there.
    #expect(world.gateway.apply(before) == nil)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [1, 0])
    #expect(try world.answer(to: client).status == 200)
    #expect(world.gateway.dispatcher.balancer.concurrency.inFlight == [0, 0])
    #expect(Self.failures(world) == [0, 0])
    #expect(world.seen(1).count == 1)
  }
}
