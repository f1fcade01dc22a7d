import Reactor
import Support
import Testing

@testable import Gateway

@Suite struct HopsTests {
  private static var good: World.Play { { _ in Script.Step.answer } }

  private static func hops(_ world: World) -> [String?] { world.seen().map { $0.field("x-hoosh-hops") } }

  @Test(arguments: [
    ([], "1"), (["x-hoosh-hops: 0"], "1"), (["x-hoosh-hops: 1"], "2"), (["X-Hoosh-Hops: 6"], "7"),
    (["x-hoosh-hops: nonsense"], "1"), (["x-hoosh-hops: -3"], "1"), (["x-hoosh-hops:"], "1"),
  ])
  func `every gateway adds one to the hops of a request`(fields: [String], sent: String) throws {
    let world = try World(.scripted, [Self.good])
    #expect(try world.exchange(World.chat(fields: fields)).status == 200)
    #expect(Self.hops(world) == [sent])
  }

  @Test(arguments: ["7", "8", "99999999999999999999"])
  func `a request that has passed through too many gateways goes no further, and the error names both ends`(
    hops: String
  ) throws {
    let world = try World(.scripted, [Self.good])
    let answer = try world.exchange(World.chat(fields: ["x-hoosh-hops: \(hops)"]))
    #expect(answer.status == 508)
    #expect(answer.text.contains("loop_detected"))
    #expect(answer.text.contains("127.0.0.1:\(world.port)"))
    #expect(answer.text.contains("`up0` at http://upstream-0.test"))
    #expect(world.seenCount == 0)
  }

  @Test func `the hops go to a provider of another dialect too`() throws {
    let world = try World(providers: "type = \"OpenAiCompatible\"\ndialect = \"anthropic\"", [Self.good])
    _ = try world.exchange(World.chat(fields: ["x-hoosh-hops: 3"]))
    #expect(Self.hops(world) == ["4"])
  }

  @Test func `a circle that another gateway ended is told as it is, and not tried again`() throws {
    let loop: World.Play = { _ in
      Script.Step.json("{\"error\":{\"message\":\"hoosh at 10.0.0.1:1 would send it to itself\"}}", status: 508)
    }
    let world = try World(toml: "[retry]\nmax_retries = 3\nbase_delay_ms = 1", [loop])
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 508)
    #expect(answer.text.contains("hoosh at 10.0.0.1:1 would send it to itself"))
    #expect(world.seenCount == 1)
  }

  @Test func `a circle at one provider does not keep another from answering`() throws {
    let loop: World.Play = { _ in Script.Step.json("{\"error\":{\"message\":\"a circle\"}}", status: 508) }
    let world = try World(.scripted, [loop, Self.good])
    #expect(try world.exchange(World.chat()).status == 200)
  }
}
