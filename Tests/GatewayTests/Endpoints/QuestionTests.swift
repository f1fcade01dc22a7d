import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// Questions that a provider answers better than hoosh: tokens of a prompt, details of a model, models in memory.
@Suite struct QuestionTests {
  private static let anthropic = "type = \"Anthropic\"\napi_key = \"a-key\""
  private static let counted = #"{"model":"m","messages":[{"role":"user","content":"Hello there"}]}"#

  private static func last(_ world: World) -> String { world.seen().last?.text ?? "" }

  // MARK: Tokens

  @Test(arguments: Transport.allCases)
  func `Anthropic counts the tokens of a prompt`(transport: Transport) throws {
    let world = try World(
      transport, providers: Self.anthropic, [{ _ in Script.Step.json(#"{"input_tokens":2095}"#) }])
    let answer = try world.exchange(
      World.post("/v1/messages/count_tokens", Self.counted, fields: ["anthropic-beta: b-1"]))
    #expect(answer.status == 200)
    #expect(answer.text == "{\"input_tokens\":2095}\n")
    #expect(answer.field("x-token-count") == "reported")
    #expect(Self.last(world) == Self.counted)
  }

  @Test func `a request of another dialect is counted without the members that Anthropic rejects there`() throws {
    let world = try World(
      .scripted, providers: Self.anthropic, [{ _ in Script.Step.json(#"{"input_tokens":7}"#) }])
    let answer = try world.exchange(
      World.post(
        "/v1beta/models/m:countTokens",
        #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"temperature":1,"maxOutputTokens":5}}"#
      ))
    #expect(answer.text == "{\"totalTokens\":7}\n")
    let body = Self.last(world)
    #expect(body.contains(#""model":"m""#) && body.contains("\"Hi\""), "\(body)")
    #expect(!body.contains("max_tokens") && !body.contains("temperature") && !body.contains("stream"), "\(body)")
  }

  @Test func `llama.cpp counts the tokens of the texts`() throws {
    let world = try World(
      .scripted, providers: "type = \"LlamaCpp\"", [{ _ in Script.Step.json(#"{"tokens":[1,2,3,44]}"#) }])
    let body =
      #"{"model":"m","system":"Be \"brief\".","messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}"#
    let answer = try world.exchange(World.post("/v1/messages/count_tokens", body))
    #expect(answer.text == "{\"input_tokens\":4}\n")
    #expect(answer.field("x-token-count") == "reported")
    #expect(Self.last(world) == #"{"content":"f\n{\"type\":\"object\"}\nBe \"brief\".\nHi\n","add_special":true}"#)
  }

  @Test func `a long prompt of llama.cpp is counted whole, and one with an image is estimated`() throws {
    let tokens = (0..<200_000).map { "\($0)" }.joined(separator: ",")
    let world = try World(
      .plain, providers: "type = \"LlamaCpp\"", [{ _ in Script.Step.json(#"{"tokens":[\#(tokens)]}"#) }])
    let answer = try world.exchange(World.post("/v1/messages/count_tokens", Self.counted))
    #expect(answer.text == "{\"input_tokens\":200000}\n")
    let image = #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}"#
    let asked = world.seenCount
    let estimated = try world.exchange(
      World.post("/v1/messages/count_tokens", #"{"model":"m","messages":[{"role":"user","content":[\#(image)]}]}"#))
    #expect(estimated.field("x-token-count") == "estimated")
    #expect(world.seenCount == asked)
  }

  @Test(arguments: [
    Script.Step.json(#"{"input_tokens":-1}"#), Script.Step.json(#"{"input_tokens":"9"}"#),
    Script.Step.json("nothing"),
    Script.Step.json(#"{"type":"error","error":{"type":"not_found_error","message":"no"}}"#, status: 404),
    [.fail(.connectFailed)],
  ])
  func `without a usable answer the count is an estimate, and says so`(script: [Script.Step]) throws {
    let world = try World(.scripted, providers: Self.anthropic, [{ _ in script }])
    let answer = try world.exchange(World.post("/v1/messages/count_tokens", Self.counted))
    #expect(answer.status == 200)
    #expect(answer.field("x-token-count") == "estimated")
    #expect(answer.text.hasPrefix("{\"input_tokens\":"))
  }

  @Test(arguments: ["/v1/messages/count_tokens", "/v1beta/models/m:countTokens"])
  func `a provider that cannot be asked is not`(path: String) throws {
    let world = try World(.scripted, [{ _ in [] }])
    let text = String(repeating: "x", count: 400)
    let answer = try world.exchange(
      World.post(
        path,
        path.hasPrefix("/v1/")
          ? #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#
          : #"{"contents":[{"parts":[{"text":"\#(text)"}]}]}"#))
    let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Int])
    let count = try #require(json["input_tokens"] ?? json["totalTokens"])
    #expect((100...130).contains(count))
    #expect(answer.field("x-token-count") == "estimated")
    #expect(world.seen().isEmpty)
  }

  @Test func `a count beyond all sense is bounded`() throws {
    let world = try World(
      .scripted, providers: Self.anthropic, [{ _ in Script.Step.json(#"{"input_tokens":9223372036854775807}"#) }])
    let answer = try world.exchange(World.post("/v1/messages/count_tokens", Self.counted))
    #expect(answer.text == "{\"input_tokens\":\(Usage.tokensMax)}\n")
  }

  @Test func `a provider that does not answer in time leaves an estimate`() throws {
    let world = try World(.scripted, clock: .manual, providers: Self.anthropic, [{ _ in [.hang] }])
    let client = world.connect()
    client.send(World.post("/v1/messages/count_tokens", Self.counted))
    world.pass(ProviderQuestions.timeout - .milliseconds(100))
    #expect(client.responses().isEmpty)
    world.pass(.milliseconds(200))
    #expect(client.responses().first?.field("x-token-count") == "estimated")
    #expect(world.gateway.transfers.count == 0)
  }

  @Test func `a caller who leaves takes its question back`() throws {
    let world = try World(.scripted, providers: Self.anthropic, [{ _ in [.hang] }])
    let client = world.connect()
    client.send(World.post("/v1/messages/count_tokens", Self.counted))
    #expect(world.run { world.seen().count == 1 })
    client.leave()
    #expect(world.run { world.gateway.transfers.count == 0 })
  }

  // MARK: Ollama's models

  private static let list = #"{"models":[{"name":"m:latest","model":"m:latest"}]}"#

  private static func ollama(
    _ transport: Transport = .scripted, _ answers: @escaping (String) -> [Script.Step]
  ) throws -> World {
    try World(transport, providers: "type = \"Ollama\"", [{ answers($0.target) }])
  }

  @Test(arguments: Transport.allCases, [10, 900_000])
  func `a model's details are its provider's, however long`(transport: Transport, length: Int) throws {
    let license = String(repeating: "a", count: length)
    let details =
      #"{"license":"\#(license)","details":{"family":"llama"},"model_info":{"llama.context_length":8192}}"#
    let world = try Self.ollama(transport) { Script.Step.json($0 == "/api/show" ? details : Self.list) }
    let answer = try world.exchange(World.post("/api/show", #"{"name":"m","verbose":true}"#))
    #expect(answer.status == 200)
    let isSame = answer.text == details
    #expect(isSame)
    #expect(Self.last(world) == #"{"model":"m:latest","verbose":true}"#)
  }

  @Test func `details beyond all sense are left out`() throws {
    let details = #"{"license":"\#(String(repeating: "a", count: 5_000_000))","details":{}}"#
    let world = try Self.ollama(.plain) { Script.Step.json($0 == "/api/show" ? details : Self.list) }
    let answer = try world.exchange(World.post("/api/show", #"{"model":"m"}"#))
    #expect(answer.status == 200 && answer.body.count < 10_000)
    #expect(world.gateway.transfers.count == 0)
  }

  @Test(arguments: [Script.Step.json("[1]"), Script.Step.json(#"{"error":"no"}"#, status: 500)])
  func `a model whose provider tells nothing has the usual details`(script: [Script.Step]) throws {
    let world = try Self.ollama { $0 == "/api/show" ? script : Script.Step.json(Self.list) }
    let answer = try world.exchange(World.post("/api/show", #"{"model":"m"}"#))
    #expect(answer.status == 200)
    #expect(answer.text.contains("\"capabilities\":["))
  }

  @Test func `the loaded models are those of all providers, by the callers' names`() throws {
    let loaded =
      #"{"models":[{"name":"m:latest","model":"m:latest","size":5,"digest":"d","expires_at":"2026-01-01T00:00:00Z","size_vram":5}]}"#
    let world = try Self.ollama { Script.Step.json($0 == "/api/ps" ? loaded : Self.list) }
    let answer = try world.exchange(Array("GET /api/ps HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
    #expect(
      answer.text
        == #"{"models":[{"name":"m:latest","model":"m:latest","size":5,"digest":"d","expires_at":"2026-01-01T00:00:00Z","size_vram":5}]}"#
    )
  }

  @Test func `no models are loaded where no provider tells`() throws {
    let world = try World(.scripted, [{ _ in [] }])
    let answer = try world.exchange(Array("GET /api/ps HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
    #expect(answer.text == #"{"models":[]}"#)
  }
}
