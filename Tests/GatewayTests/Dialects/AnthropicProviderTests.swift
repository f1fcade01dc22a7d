import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// OpenAI clients in front of an Anthropic provider.
@Suite struct AnthropicProviderTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  private func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.folder.appending(path: name)))
  }

  /// A world with one Anthropic provider that answers with the given bytes.
  private func world(
    _ transport: Transport, status: Int = 200, type: String, _ body: [UInt8], _ more: [Script.Step] = []
  ) throws -> World {
    try World(
      transport, providers: "type = \"Anthropic\"\napi_key = \"sk-ant-1\"",
      [{ _ in [.head(status: status, fields: ["content-type: \(type)"]), .bytes(body)] + more }])
  }

  @Test(arguments: Transport.allCases)
  func `a non-streaming answer is requested and returned in each side's dialect`(transport: Transport) throws {
    let world = try world(transport, type: "application/json", try fixture("tools.anthropic.json"))
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 200)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    #expect(json["model"] as? String == "m")
    let choice = try #require((json["choices"] as? [[String: Any]])?.first)
    #expect(choice["finish_reason"] as? String == "tool_calls")
    let request = try #require(world.seen(0).first)
    #expect(request.target.hasSuffix("/v1/messages"))
    #expect(request.field("x-api-key") == "sk-ant-1")
    #expect(request.field("authorization") == nil)
    #expect(request.field("anthropic-version") == "2023-06-01")
    let asked = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(asked["max_tokens"] as? Int == 4096)
  }

  @Test(arguments: Transport.allCases)
  func `a stream arrives as chunks, with its end mark`(transport: Transport) throws {
    let world = try world(transport, type: "text/event-stream", try fixture("tools.anthropic.sse"))
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.status == 200)
    #expect(answer.isComplete)
    #expect(answer.text.contains(#""arguments":"{\"city\": \"Par""#))
    #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
  }

  @Test(arguments: Transport.allCases)
  func `a stream with an error and a stream that breaks off are failures`(transport: Transport) throws {
    let broken = try fixture("text.anthropic.sse").prefix(600)
    for (bytes, more) in [
      (try fixture("failing.anthropic.sse"), []), (Array(broken), [Script.Step.fail(.truncated)]),
    ] {
      let world = try world(transport, type: "text/event-stream", bytes, more)
      let answer = try world.exchange(World.streamingChat())
      #expect(answer.text.contains(#"data: {"error""#))
      #expect(!answer.text.contains("[DONE]"))
      #expect(!answer.isComplete)
    }
  }

  @Test func `a non-streaming answer to a streaming request becomes a stream`() throws {
    let world = try world(.scripted, type: "application/json", try fixture("text.anthropic.json"))
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""content":"Hello "#) || answer.text.contains("Hello"))
    #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
  }

  @Test func `a provider's errors reach the caller in the caller's dialect`() throws {
    let body = Array(
      #"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too large"}}"#.utf8)
    let world = try world(.scripted, status: 400, type: "application/json", body)
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 400)
    #expect(answer.text.contains("max_tokens: too large"))
    #expect(answer.text.contains(#""error":{"#))
  }

  @Test func `fields that the model does not receive are reported`() throws {
    for stream in [false, true] {
      let name = stream ? "text.anthropic.sse" : "text.anthropic.json"
      let world = try world(
        .scripted, type: stream ? "text/event-stream" : "application/json", try fixture(name))
      let answer = try world.exchange(
        World.chat(#"{"model":"m","messages":[{"role":"user","content":"x"}],"seed":7,"stream":\#(stream)}"#))
      #expect(answer.field("x-dropped-params") == "seed")
    }
  }

  @Test(arguments: [
    #"[{"role":"critic","content":"x"}]"#, #"[{"role":"tool","content":"x"}]"#,
    #"[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]"#,
    #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]"#,
    #"[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"[1"}}]}]"#,
    #"[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}]"#,
  ])
  func `a field that cannot be translated is rejected by name, without an attempt`(messages: String) throws {
    let world = try world(.scripted, type: "application/json", [])
    let answer = try world.exchange(World.chat(#"{"model":"m","messages":\#(messages)}"#))
    #expect(answer.status == 400)
    #expect(answer.text.contains("messages[0]."))
    #expect(world.seen(0).isEmpty)
  }
}
