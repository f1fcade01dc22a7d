import Foundation
import Testing

@testable import Gateway

@Suite struct OllamaRequestTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")

  private static let cases = [
    "text", "system", "turns", "tools", "tool-choice", "images", "thinking", "schema", "sampling",
  ]

  private func read(_ text: String) throws(APIError) -> Conversation {
    try OllamaRequestReader.read(Array(text.utf8).span)
  }

  /// Reads and writes a request for another Ollama server.
  private func rewrite(_ text: String, model: String = "m", limit: Int? = nil) throws(APIError) -> String {
    let json = Array(text.utf8)
    let conversation = try OllamaRequestReader.read(json.span)
    return try write(conversation, json, model: model, limit: limit)
  }

  private func write(
    _ conversation: Conversation, _ json: [UInt8] = [], model: String = "m", limit: Int? = nil,
    streams: Bool = false
  ) throws(APIError) -> String {
    let target = WriteTarget(model: model, maxTokensLimit: limit, streams: streams)
    let written = try OllamaRequestWriter.write(conversation, json.span, for: target)
    #expect((try? JSONSerialization.jsonObject(with: Data(written.body))) != nil)
    let dropped = written.dropped.names.joined(separator: ",")
    return String(decoding: written.body, as: UTF8.self) + (dropped.isEmpty ? "" : " dropped: " + dropped)
  }

  private func apiError(_ text: String) -> String? {
    do throws(APIError) {
      _ = try read(text)
      return nil
    } catch {
      return error.status == 400 ? error.param : "status \(error.status)"
    }
  }

  // MARK: Both ways

  @Test(arguments: cases)
  func `a request survives a round trip`(name: String) throws {
    let json = try Data(contentsOf: Self.folder.appending(path: name + ".request.ollama.json"))
    #expect(try rewrite(String(decoding: json, as: UTF8.self)) + "\n" == String(decoding: json, as: UTF8.self))
  }

  @Test func `every option is translated, and Ollama's own are reported`() throws {
    let out = try rewrite(
      #"""
      {"options":{"temperature":0.50,"top_p":1,"top_k":40,"min_p":0.05,"seed":7,"frequency_penalty":0.1,"stop":"a",
      "presence_penalty":-0.2,"repeat_penalty":1.1,"num_predict":64.0,"num_ctx":8192,"mirostat":2,"num_gpu":1,"x":null},
      "keep_alive":"10m","logprobs":true,"top_logprobs":3,"think":false,"format":"json","truncate":true,"model":"a",
      "messages":[{"role":"USER","content":"Hi"}]}
      """#)
    #expect(
      out
        == #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":false,"format":"json","think":false,"#
        + #""keep_alive":"10m","options":{"temperature":0.50,"top_p":1,"top_k":40,"min_p":0.05,"seed":7,"#
        + #""frequency_penalty":0.1,"presence_penalty":-0.2,"repeat_penalty":1.1,"stop":["a"],"num_predict":64,"#
        + #""num_ctx":8192},"logprobs":true,"top_logprobs":3} dropped: options.mirostat,options.num_gpu,truncate"#)
  }

  @Test(arguments: [
    "{}", #"{"messages":[]}"#, #"{"messages":null,"options":{},"tools":[],"format":"","think":null}"#,
  ])
  func `a request that only loads a model is an empty conversation`(text: String) throws {
    #expect(try rewrite(text) == #"{"model":"m","messages":[],"stream":false}"#)
    #expect(
      try OllamaRequestReader.readGenerate(Array(text.replacing("messages", with: "prompt_").utf8).span)
        .messages.isEmpty)
  }

  @Test(arguments: [-2, -1, 0]) func `a limit below 1 is no limit`(count: Int) throws {
    let conversation = try read(#"{"options":{"num_predict":\#(count),"num_ctx":\#(count)}}"#)
    #expect(conversation.maxTokens == nil && conversation.contextTokens == nil)
  }

  @Test func `a request streams unless it says otherwise`() throws {
    for (text, streams) in [("", true), (#","stream":false"#, false), (#","stream":null"#, true)] {
      let json = Array("{\"model\":\"m\"\(text)}".utf8)
      #expect(try ChatRequest.read(json.span, for: CallEndpoint(.ollama)).streams == streams)
    }
  }

  @Test func `the provider's token limit is not exceeded`() throws {
    let text = #"{"messages":[],"options":{"num_predict":100}}"#
    #expect(try rewrite(text, limit: 60).hasSuffix(#""options":{"num_predict":60}}"#))
    #expect(try rewrite(text, limit: 200).hasSuffix(#""options":{"num_predict":100}}"#))
  }

  // MARK: Reading

  @Test(arguments: [
    ("iVBORw0KGgo=", "image/png"), ("\\/9j\\/4AAQ", "image/jpeg"), ("/9j/4AAQ", "image/jpeg"),
    ("R0lGODlhAQAB", "image/gif"), ("UklGRiQAAABXRUJQVlA4", "image/webp"),
    ("data:image/png;base64,iVBORw0KGgo=", "image/png"), ("data:image\\/jpeg;base64,\\/9j\\/4AAQ", "image/jpeg"),
  ])
  func `an image's media type is read from its first bytes`(base64: String, media: String) throws {
    let json = Array(#"{"messages":[{"role":"user","images":["\#(base64)"]}]}"#.utf8)
    let conversation = try OllamaRequestReader.read(json.span)
    guard case .image(.data(let type, let data))? = conversation.messages[0].parts.first else {
      Issue.record("no picture")
      return
    }
    #expect(String(decoding: type.unescaped(in: json.span), as: UTF8.self) == media)
    let plain = base64.replacing("\\/", with: "/").split(separator: ",").last
    #expect(String(decoding: data.unescaped(in: json.span), as: UTF8.self) == plain.map(String.init))
  }

  @Test(arguments: [
    "", "x", "UklGRiQAAABXQVZF", "https://example.com/a.png", "data:image/png;base64,", "data:", "\\u0000",
  ])
  func `data that is not an image is rejected`(base64: String) {
    #expect(apiError(#"{"messages":[{"role":"user","images":["\#(base64)"]}]}"#) == "messages[0].images[0]")
  }

  @Test(
    arguments: [
      (#"[]"#, nil), (#"{"messages":{}}"#, "messages"), (#"{"messages":[1]}"#, "messages[0]"),
      (#"{"messages":[{"content":"a"}]}"#, "messages[0].role"),
      (#"{"messages":[{"role":"user","content":"a"},{"role":"robot"}]}"#, "messages[1].role"),
      (#"{"messages":[{"role":1}]}"#, "messages[0].role"),
      (#"{"messages":[{"role":"user","content":[]}]}"#, "messages[0].content"),
      (#"{"messages":[{"role":"user","images":"a"}]}"#, "messages[0].images"),
      (#"{"messages":[{"role":"user","images":[1]}]}"#, "messages[0].images[0]"),
      (#"{"messages":[{"role":"assistant","thinking":1}]}"#, "messages[0].thinking"),
      (#"{"messages":[{"role":"assistant","tool_calls":{}}]}"#, "messages[0].tool_calls"),
      (#"{"messages":[{"role":"assistant","tool_calls":[1]}]}"#, "messages[0].tool_calls[0].function.name"),
      (
        #"{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":[]}}]}]}"#,
        "messages[0].tool_calls[0].function.arguments"
      ),
      (
        #"{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[]"}}]}]}"#,
        "messages[0].tool_calls[0].function.arguments"
      ),
      (#"{"tools":{}}"#, "tools"), (#"{"tools":[{}]}"#, "tools[0].function.name"),
      (#"{"tools":[{"function":{"name":"f","parameters":1}}]}"#, "tools[0].function.parameters"),
      (#"{"format":"xml"}"#, "format"), (#"{"format":[]}"#, "format"), (#"{"options":[]}"#, "options"),
      (#"{"options":{"temperature":"1"}}"#, "options.temperature"), (#"{"options":{"stop":1}}"#, "options.stop"),
      (#"{"options":{"stop":[1]}}"#, "options.stop"), (#"{"options":{"num_ctx":1e300}}"#, "options.num_ctx"),
      (#"{"options":{"num_predict":true}}"#, "options.num_predict"),
    ] as [(String, String?)])
  func `an invalid field is rejected by its path`(text: String, place: String?) {
    #expect(throws: APIError.self) { try read(text) }
    #expect(apiError(text) == place)
  }

  @Test func `irrelevant fields of a wrong type are dropped`() throws {
    let conversation = try read(
      #"{"think":"deeply","keep_alive":[],"logprobs":1,"top_logprobs":-1,"a b":1,"c":{}}"#)
    #expect(conversation.dropped.names == ["think", "keep_alive", "logprobs", "top_logprobs", "c"])
  }

  @Test func `a generate request is one message`() throws {
    let json = Array(
      #"""
      {"model":"m","prompt":"What?","system":"Be brief.","images":["iVBORw0KGgo="],"suffix":"","template":"",
      "context":[],"raw":false,"stream":true,"options":{"seed":1},"think":"low"}
      """#.utf8)
    let conversation = try OllamaRequestReader.readGenerate(json.span)
    #expect(
      try write(conversation, json, model: "gpt-oss:20b")
        == #"{"model":"gpt-oss:20b","messages":[{"role":"system","#
        + #""content":"Be brief."},{"role":"user","content":"What?","images":["iVBORw0KGgo="]}],"stream":false,"#
        + #""think":"low","options":{"seed":1}}"#)
    let dropped = try OllamaRequestReader.readGenerate(
      Array(#"{"prompt":"a","suffix":"b","template":"c","context":[1],"raw":true,"width":1}"#.utf8).span)
    #expect(dropped.dropped.names == ["suffix", "template", "context", "raw", "width"])
    #expect(throws: APIError.self) { try OllamaRequestReader.readGenerate(Array(#"{"prompt":1}"#.utf8).span) }
  }

  // MARK: Tool calls and results

  private static let calls =
    #"{"role":"assistant","tool_calls":[{"function":{"name":"f"}},{"function":{"name":"g","arguments":"{}"}},"#
    + #"{"function":{"name":"f","arguments":{"n":2}}}]}"#

  /// The names of the results' calls, and their IDs after every call has one.
  private func results(_ messages: String) throws -> String {
    let json = Array("{\"messages\":[\(messages)]}".utf8)
    var conversation = try OllamaRequestReader.read(json.span)
    conversation.giveCallIDs(json.span)
    let results = conversation.messages.flatMap(\.parts).compactMap { part -> String? in
      guard case .toolResult(let result) = part else { return nil }
      let id = result.id.map { String(decoding: $0.unescaped(in: json.span), as: UTF8.self) } ?? "-"
      return id + " " + (result.name.map { String(decoding: $0.unescaped(in: json.span), as: UTF8.self) } ?? "-")
    }
    return results.joined(separator: ", ")
  }

  @Test(arguments: [
    (#"{"role":"tool"},{"role":"tool"},{"role":"tool"}"#, "call_1 f, call_2 g, call_3 f"),
    (
      #"{"role":"tool","tool_name":"g"},{"role":"tool","name":"f"},{"role":"tool","tool_name":"\u0066"}"#,
      "call_2 g, call_1 f, call_3 f"
    ),
    (#"{"role":"tool","tool_name":"f"},{"role":"tool"},{"role":"tool"}"#, "call_1 f, call_2 g, call_3 f"),
    (#"{"role":"tool","tool_name":"h"},{"role":"tool","tool_call_id":"z"}"#, "call_4 h, z -"),
    (#"{"role":"user","content":"no"},{"role":"tool"}"#, "call_4 -"),
  ])
  func `a result without an ID matches a call by name, then by position`(text: String, found: String) throws {
    #expect(try results(Self.calls + "," + text) == found)
  }

  @Test func `later tool calls are not confused with unanswered ones`() throws {
    let tool = #"{"role":"tool"}"#
    #expect(try results([Self.calls, tool, Self.calls, tool].joined(separator: ",")) == "call_1 f, call_4 f")
    #expect(try results([Self.calls, Self.calls, tool].joined(separator: ",")) == "call_1 f")
  }

  @Test func `a call with a result of its ID is not that of a later result without one`() throws {
    let calls =
      #"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"f"}}]}"#
    let first = #"{"role":"tool","tool_call_id":"a"}"#
    for second in [#"{"role":"tool","tool_name":"f"}"#, #"{"role":"tool"}"#] {
      #expect(try results([calls, first, second].joined(separator: ",")) == "a f, b f")
    }
  }

  @Test func `assigned IDs differ from given ones`() throws {
    let given =
      #"{"role":"assistant","tool_calls":[{"id":"call_1","function":{"name":"a"}},{"function":{"name":"b"}}]}"#
    #expect(try results(given + #",{"role":"tool"},{"role":"tool"}"#) == "call_1 a, call_2 b")
  }

  @Test func `a result has the name of the call with its ID, and a message with results becomes several`()
    throws
  {
    var conversation = Conversation()
    let call = Conversation.ToolCall(
      id: EscapedText("a\""), name: EscapedText("f"), arguments: .owned(Array("{}".utf8)))
    conversation.messages = [
      Conversation.Message(
        role: .assistant, parts: [.thinking(EscapedText("Hm."), signature: nil), .toolCall(call)]),
      Conversation.Message(
        role: .user,
        parts: [
          .text(EscapedText("First.")),
          .toolResult(
            Conversation.ToolResult(
              id: .owned(Array(#"a\u0022"#.utf8)), parts: [.text(EscapedText("x"))], isError: true)
          ),
          .text(EscapedText("And")), .text(EscapedText("now?")),
        ]),
    ]
    #expect(
      try write(conversation, streams: true)
        == #"{"model":"m","messages":[{"role":"assistant","content":"","thinking":"Hm.","#
        + #""tool_calls":[{"id":"a\"","function":{"name":"f","arguments":{}}}]},{"role":"user","content":"First."},"#
        + #"{"role":"tool","content":"x","tool_name":"f","tool_call_id":"a\u0022"},"#
        + #"{"role":"user","content":"And\n\nnow?"}],"stream":true} dropped: is_error"#)
  }

  // MARK: Writing

  @Test func `an image URL is rejected with an alternative`() {
    var conversation = Conversation()
    conversation.messages = [
      Conversation.Message(role: .user, parts: [.image(.url(EscapedText("https://example.com/a.png")))])
    ]
    do throws(APIError) {
      _ = try write(conversation)
      Issue.record("it was written")
    } catch {
      #expect(error.status == 400 && error.message.contains("base64"))
    }
  }

  @Test func `fields that Ollama does not have are dropped by OpenAI's names`() throws {
    var conversation = Conversation()
    conversation.drop("n")
    conversation.user = EscapedText("u")
    conversation.allowsParallelCalls = false
    conversation.toolChoice = .required
    #expect(try write(conversation).hasSuffix("dropped: n,user"))
    conversation.tools = [Conversation.Tool(name: EscapedText("f"), isStrict: true)]
    #expect(
      try write(conversation).hasSuffix(
        #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]} "#
          + "dropped: n,tool_choice,parallel_tool_calls,strict,user"))
    conversation.toolChoice = Conversation.ToolChoice.none
    #expect(try write(conversation) == #"{"model":"m","messages":[],"stream":false} dropped: n,user"#)
  }

  @Test(
    arguments: [
      (.off, "false", "false"), (.on, "true", "true"), (.budget(1024), "true", "true"),
      (.effort(.minimal), "true", "\"low\""), (.effort(.low), "true", "\"low\""),
      (.effort(.medium), "true", "\"medium\""), (.effort(.high), "true", "\"high\""),
    ] as [(Conversation.Thinking, String, String)])
  func `levels of thinking go to models that have them`(
    thinking: Conversation.Thinking, usual: String, leveled: String
  )
    throws
  {
    var conversation = Conversation()
    conversation.thinking = thinking
    #expect(try write(conversation).hasSuffix("\"think\":\(usual)}"))
    #expect(try write(conversation, model: "gpt-oss:120b").hasSuffix("\"think\":\(leveled)}"))
  }

  // MARK: Limits

  @Test func `a long conversation takes little time`() throws {
    let count = 10_000
    let calls = (0..<count).map { _ in #"{"function":{"name":"f"}}"# }.joined(separator: ",")
    let results = (0..<count).map { _ in #"{"role":"tool","tool_name":"f"}"# }.joined(separator: ",")
    let json = Array(#"{"messages":[{"role":"assistant","tool_calls":[\#(calls)]},\#(results)]}"#.utf8)
    let took = try ContinuousClock().measure {
      var conversation = try OllamaRequestReader.read(json.span)
      _ = try OllamaRequestWriter.write(conversation, json.span, for: WriteTarget(model: "m", streams: true))
      conversation.giveCallIDs(json.span)
    }
    #expect(took < .seconds(10))
  }

  @Test func `random values in every field are read or rejected`() {
    let values = [
      "null", "1", "-1e30", "\"\"", "\"a\"", "true", "[]", "{}", "[[]]", "[{}]", #"[{"function":{}}]"#, "[null]",
    ]
    let fields = [
      #""messages":$"#, #""messages":[$]"#, #""messages":[{"role":$}]"#,
      #""messages":[{"role":"user","content":$}]"#,
      #""messages":[{"role":"user","images":$}]"#, #""messages":[{"role":"tool","tool_name":$,"tool_call_id":$}]"#,
      #""messages":[{"role":"assistant","tool_calls":$,"thinking":$}]"#, #""tools":$"#, #""options":$"#,
      #""think":$"#,
      #""options":{"stop":$}"#, #""options":{"seed":$}"#, #""options":{"num_ctx":$}"#, #""format":$"#,
      #""prompt":$"#,
      #""messages":[{"role":"assistant","tool_calls":[{"id":$,"function":{"name":"f","arguments":$}}]}]"#,
      #""keep_alive":$"#, #""raw":$"#, #""context":$"#, #""images":$"#, #""system":$"#, #""top_logprobs":$"#,
    ]
    var written = 0
    var rejected = 0
    for field in fields {
      for value in values {
        let text = field.replacing("$", with: value)
        let json = Array("{\(text)}".utf8)
        for isGenerate in [false, true] {
          do throws(APIError) {
            let conversation =
              isGenerate ? try OllamaRequestReader.readGenerate(json.span) : try OllamaRequestReader.read(json.span)
            let target = WriteTarget(model: "m", streams: true)
            let body = try OllamaRequestWriter.write(conversation, json.span, for: target).body
            #expect(throws: Never.self, "\(text)") { _ = try Scanner.whole(body.span) }
            written += 1
          } catch {
            #expect(error.status == 400, "\(text)")
            rejected += 1
          }
        }
      }
    }
    #expect(written > 100)
    #expect(rejected > 100)
  }
}
