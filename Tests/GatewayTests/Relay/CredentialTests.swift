import Reactor
import Support
import Testing

@testable import Gateway

@Suite struct CredentialTests {
  private static func world() throws -> World {
    try World(
      toml: "[auth]\ntokens = [\"the-key\"]\n[server]\nallowed_origins = [\"app://page.md\"]",
      [{ _ in Script.Step.answer }])
  }

  @Test(arguments: [
    (["Authorization: Bearer the-key"], 200), (["x-api-key: the-key"], 200), (["x-goog-api-key: the-key"], 200),
    (["Authorization: Bearer of-another-service", "x-api-key: the-key"], 200),
    (["Authorization: Bearer the-key", "x-api-key: stale"], 200),
    (["Authorization: Basic dXNlcjpwYXNz", "x-api-key: the-key"], 200),
    (["Authorization: ", "x-goog-api-key: the-key"], 200),
    (["x-api-key: stale", "x-goog-api-key: the-key"], 200),
    (["x-api-key: wrong", "x-goog-api-key: wrong", "Authorization: Bearer wrong"], 401),
    (["Authorization: the-key"], 401), (["Authorization: Basic the-key"], 401), (["x-api-key: the-key "], 200),
    (["x-api-key: the-key,the-key"], 401), (["Cookie: key=the-key"], 401), ([], 401),
  ])
  func `one valid key admits a caller, whatever else it sends`(fields: [String], status: Int) throws {
    #expect(try Self.world().exchange(World.chat(fields: fields)).status == status)
  }

  @Test func `neither the caller's key nor what came beside it reaches the provider`() throws {
    let world = try Self.world()
    _ = try world.exchange(World.chat(fields: ["Authorization: Bearer sk-ant-else", "x-api-key: the-key"]))
    let sent = world.seen().flatMap(\.fields).joined(separator: "\n")
    #expect(!sent.contains("sk-ant-else") && !sent.contains("the-key"))
  }

  private static func preflight(_ asked: String?, origin: String = "app://page.md") throws -> HTTPMessage {
    let line = asked.map { "Access-Control-Request-Headers: \($0)\r\n" } ?? ""
    return try world().exchange(
      Array("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n\(line)\r\n".utf8))
  }

  @Test(arguments: ["x-stainless-os,x-stainless-retry-count, authorization", "X-New-Field", "a"])
  func `a preflight of an allowed origin allows every field that it asks for`(asked: String) throws {
    let answer = try Self.preflight(asked)
    #expect(answer.status == 204 && answer.field("access-control-allow-headers") == asked)
  }

  @Test func `a preflight that asks for nothing, or for no names, gets the usual fields`() throws {
    for asked in [nil, "", "a: b", "a;b", String(repeating: "a", count: 4097)] {
      #expect(try Self.preflight(asked).field("access-control-allow-headers")?.hasPrefix("authorization, ") == true)
    }
  }

  @Test func `a preflight of another origin allows nothing`() throws {
    let answer = try Self.preflight("authorization", origin: "https://evil.test")
    #expect(answer.status == 403 && answer.field("access-control-allow-headers") == nil)
  }
}
