import Reactor
import Support
import Testing

@testable import Gateway

/// The completion of texts: requests, and answers through the whole gateway.
@Suite struct TextCompletionTests {
  private static let endpoint = CallEndpoint(.openAI, .completions)

  private static func post(_ body: String) -> [UInt8] { World.post("/v1/completions", body) }

  private static func error(_ body: String) -> APIError? {
    let bytes = Array(body.utf8)
    do throws(APIError) {
      _ = try Call.read(bytes.span, for: endpoint)
      return nil
    } catch {
      return error
    }
  }

  private static func written(_ body: String, in dialect: Dialect) throws -> (text: String, dropped: [String]) {
    let bytes = Array(body.utf8)
    let call = try Call.read(bytes.span, for: endpoint)
    switch try call.body(bytes.span, in: dialect, for: WriteTarget(model: "served", streams: call.streams)) {
    case .edited(let edits): return (String(decoding: edits.text(of: bytes.span), as: UTF8.self), [])
    case .translated(let written):
      return (String(decoding: written.body, as: UTF8.self), written.dropped.names)
    }
  }

  // MARK: Requests

  @Test(arguments: [
    (#""a""#, 1), (#""""#, 1), (#"["a"]"#, 1), (#"["a","b"]"#, 2), ("[1,2]", 1), ("[[1],[2,3]]", 2),
  ])
  func `a prompt is a text, texts, token IDs, or lists of them`(prompt: String, count: Int) throws {
    let body = Array(#"{"model":"m","prompt":\#(prompt),"n":3}"#.utf8)
    let call = try Call.read(body.span, for: Self.endpoint)
    #expect(call.choiceCount == 3 * count)
    #expect(call.promptBytes == prompt.utf8.count)
  }

  @Test(arguments: [
    (#"{"model":"m"}"#, "prompt"), (#"{"model":"m","messages":[{}]}"#, "prompt"), (#"{"prompt":"a"}"#, "model"),
    (#"{"model":"m","prompt":null}"#, "prompt"), (#"{"model":"m","prompt":[]}"#, "prompt"),
    (#"{"model":"m","prompt":{}}"#, "prompt"), (#"{"model":"m","prompt":[1,"a"]}"#, "prompt"),
    (#"{"model":"m","prompt":[-1]}"#, "prompt"), (#"{"model":"m","prompt":[[]]}"#, "prompt"),
    (#"{"model":"m","prompt":"a","n":129}"#, "n"), (#"{"model":"m","prompt":["a","b"],"n":65}"#, "prompt"),
    (#"{"model":"m","prompt":"a","max_tokens":0}"#, "max_tokens"),
    (#"{"model":"m","prompt":"a","stream":1}"#, "stream"),
  ])
  func `what is wrong is named`(body: String, field: String) {
    let error = Self.error(body)
    #expect(error?.status == 400)
    #expect(error?.param == field)
  }

  @Test func `an upstream that speaks OpenAI's dialect gets the caller's bytes`() throws {
    let body = #"{ "model":"m","prompt":["é\u00e9",""],"n":2,"best_of":3,"logprobs":1,"suffix":"x" }"#
    #expect(try Self.written(body, in: .openAI) == (body.replacing(#""m""#, with: #""served""#), []))
    let stream = #"{"model":"m","prompt":"a","stream":true}"#
    #expect(
      try Self.written(stream, in: .openAI).text
        == #"{"stream_options":{"include_usage":true},"model":"served","prompt":"a","stream":true}"#)
  }

  @Test func `Ollama gets one text, and what it does not read is named`() throws {
    #expect(
      try Self.written(
        #"{"model":"m","prompt":[ "a" ],"n":2,"echo":true,"logprobs":null,"best_of":4}"#, in: .ollama)
        == (
          #"{"model":"served","prompt":"a","n":2,"echo":true,"logprobs":null,"best_of":4}"#,
          ["n", "echo", "best_of"]
        ))
    #expect(try Self.written(#"{"model":"m","prompt":"a"}"#, in: .ollama).dropped.isEmpty)
    for prompt in [#"["a","b"]"#, "[1]", "[[1]]"] {
      #expect(throws: APIError.self) { try Self.written(#"{"model":"m","prompt":\#(prompt)}"#, in: .ollama) }
    }
  }

  // MARK: Answers

  private static func event(_ choices: String, _ more: String = "") -> Script.Step {
    .event(
      #"{"id":"cmpl-1","object":"text_completion","created":1,"choices":[\#(choices)],"model":"served"\#(more)}"#)
  }

  private static func text(_ text: String, finish: String = "null", index: Int = 0) -> Script.Step {
    event(#"{"text":"\#(text)","index":\#(index),"logprobs":null,"finish_reason":\#(finish)}"#)
  }

  @Test(arguments: Transport.allCases)
  func `an answer arrives with the model's name as the caller wrote it`(transport: Transport) throws {
    let body =
      #"{"id":"cmpl-1","object":"text_completion","created":1,"model":"served","choices":[{"text":"b","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#
    let world = try World(transport, [{ _ in Script.Step.json(body) }])
    let answer = try world.exchange(Self.post(#"{"model":"m","prompt":"a"}"#))
    #expect(answer.status == 200)
    #expect(answer.text == body.replacing(#""served""#, with: #""m""#))
    #expect(world.seen()[0].target == "/v1/completions")
  }

  @Test(arguments: Transport.allCases)
  func `a stream arrives event by event, with usage for who asked`(transport: Transport) throws {
    let usage = Self.event("", #","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#)
    let steps: [Script.Step] = [.streamHead, Self.text("a"), Self.text("b", finish: #""stop""#), usage, .done]
    let world = try World(transport, [{ _ in steps }])
    let hidden = try world.exchange(Self.post(#"{"model":"m","prompt":"a","stream":true}"#))
    #expect(hidden.events.count == 3)
    #expect(hidden.events[0].contains(#""text":"a""#))
    #expect(hidden.events[0].contains(#""model":"m""#))
    #expect(!hidden.text.contains("usage"))
    #expect(hidden.events.last == "[DONE]")
    let shown = try world.exchange(
      Self.post(#"{"model":"m","prompt":"a","stream":true,"stream_options":{"include_usage":true}}"#))
    #expect(shown.events.count == 4)
    #expect(shown.events[2].contains(#""total_tokens":3"#))
  }

  @Test func `a stream without its end gets one, and missing members`() throws {
    let bare = Script.Step.event(#"{"choices":[{"text":"a"}]}"#)
    let end = Script.Step.event(#"{"choices":[{"text":"","finish_reason":"stop"}]}"#)
    let world = try World(.scripted, [{ _ in [.streamHead, bare, end] }])
    let answer = try world.exchange(
      Self.post(#"{"model":"m","prompt":"abcd","stream":true,"stream_options":{"include_usage":true}}"#))
    #expect(answer.isComplete)
    #expect(answer.events.count == 4)
    #expect(answer.events[0].contains(#""object":"text_completion""#))
    #expect(answer.events[0].contains(#""id":"cmpl-"#))
    #expect(answer.events[0].contains(#""index":0"#))
    #expect(answer.events[0].contains(#""finish_reason":null"#))
    #expect(answer.events[2].contains(#""x_usage_source":"estimated""#))
    let done = try World(.scripted, [{ _ in [.streamHead, Self.text("a"), .done] }])
    let repaired = try done.exchange(Self.post(#"{"model":"m","prompt":"a","stream":true}"#))
    #expect(repaired.events[1].contains(#""text":"","finish_reason":"stop""#))
  }

  @Test func `a stream that breaks ends with an error and without DONE`() throws {
    let world = try World(.scripted, [{ _ in [.streamHead, Self.text("a"), .fail(.truncated)] }])
    let answer = try world.exchange(Self.post(#"{"model":"m","prompt":"a","stream":true}"#))
    #expect(answer.text.contains("upstream_truncated"))
    #expect(!answer.text.contains("[DONE]"))
  }

  @Test func `every choice must finish`() throws {
    let both = [Self.text("a"), Self.text("b", index: 1), Self.text("", finish: #""stop""#)]
    let world = try World(.scripted, [{ _ in [.streamHead] + both }])
    let cut = try world.exchange(Self.post(#"{"model":"m","prompt":["x","y"],"stream":true}"#))
    #expect(!cut.text.contains("[DONE]"))
    let whole = try World(
      .scripted, [{ _ in [.streamHead] + both + [Self.text("", finish: #""length""#, index: 1)] }])
    let answer = try whole.exchange(Self.post(#"{"model":"m","prompt":["x","y"],"stream":true}"#))
    #expect(answer.events.last == "[DONE]")
  }

  @Test func `a whole answer to a stream request becomes a stream`() throws {
    let body =
      #"{"id":"cmpl-1","object":"text_completion","created":1,"model":"served","choices":[{"text":"b","index":0,"finish_reason":"stop"}]}"#
    let world = try World(.scripted, [{ _ in Script.Step.json(body) }])
    let answer = try world.exchange(Self.post(#"{"model":"m","prompt":"a","stream":true}"#))
    #expect(answer.events.count == 2)
    #expect(answer.events[0].contains(#""text":"b""#))
    #expect(answer.events[0].contains(#""object":"text_completion""#))
  }

  @Test func `Ollama completes texts at its OpenAI side, in server-sent events`() throws {
    let world = try World(
      providers: "type = \"Ollama\"", [{ _ in [.streamHead, Self.text("a", finish: #""stop""#), .done] }])
    let answer = try world.exchange(Self.post(#"{"model":"m","prompt":"x","n":2,"stream":true}"#))
    #expect(world.seen()[0].target == "/v1/completions")
    #expect(answer.events.count == 2)
    #expect(answer.events[0].contains(#""text":"a""#))
    #expect(answer.field("x-dropped-params") == "n")
  }

  @Test(arguments: ["Anthropic", "Google"])
  func `a provider without completions is not asked`(type: String) throws {
    let world = try World(providers: "type = \"\(type)\"\napi_key = \"k\"", [{ _ in Script.Step.answer }])
    let answer = try world.exchange(Self.post(#"{"model":"m","prompt":"a"}"#))
    #expect(answer.status == 400)
    #expect(answer.text.contains("completions"))
    #expect(world.seenCount == 0)
    let explained = try world.exchange(
      World.post("/v1/route/explain", #"{"model":"m","prompt":"a"}"#))
    #expect(explained.text.contains("does not offer completions"))
  }

  @Test func `the demo provider completes texts`() throws {
    let world = try World(toml: "[[providers]]\nname = \"demo\"\ntype = \"Demo\"\nmodels = [\"demo*\"]", [])
    let model = "demo-tokens3-rate0-first0"
    let whole = try world.exchange(Self.post(#"{"model":"\#(model)","prompt":"a"}"#))
    #expect(whole.text.contains(#""object":"text_completion""#))
    #expect(whole.text.contains(#""text":"This answer comes""#))
    let stream = try world.exchange(Self.post(#"{"model":"\#(model)","prompt":"a","stream":true}"#))
    #expect(stream.events.count == 5)
    #expect(stream.events.dropLast().allSatisfy { $0.contains(#""text":"#) && !$0.contains("delta") })
    #expect(stream.events.last == "[DONE]")
  }
}
