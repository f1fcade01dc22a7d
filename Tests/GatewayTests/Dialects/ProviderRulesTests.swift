import Testing

@testable import Gateway

/// The rules of provider types, in requests that are translated for them.
@Suite struct ProviderRulesTests {
  private static func written(
    _ members: String, from caller: Dialect = .anthropic, to kind: ProviderKind, model: String = "m",
    thinks: Bool? = nil
  ) throws(APIError) -> (body: String, dropped: [String], names: ToolNames) {
    let json = Array("{\"model\":\"a\",\(members)}".utf8)
    let row = kind.row
    let target = WriteTarget(model: model, streams: false, isLocal: row.isLocal, rules: row.rules, thinks: thinks)
    let written = try RequestTranslation.write(json.span, as: CallEndpoint(caller), in: row.dialect, for: target)
    return (String(decoding: written.body, as: UTF8.self), written.dropped.names, written.toolNames)
  }

  private static let hi = #""max_tokens":9,"messages":[{"role":"user","content":"hi"}]"#

  // MARK: Tools

  @Test(arguments: ["a tool", "über", String(repeating: "x", count: 65), "mcp.server/tool"])
  func `a tool name that a provider rejects is changed in the request and restored in the answer`(name: String)
    throws
  {
    for kind in [ProviderKind.openAi, .google, .mistral] {
      let sent = try Self.written(#"\#(Self.hi),"tools":[{"name":"\#(name)","input_schema":{}}]"#, to: kind)
      #expect(!sent.body.contains("\"\(name)\""))
      let changed = try #require(
        sent.body.split(separator: "\"").first { $0.dropLast(8).hasSuffix("_") && $0.utf8.count > 9 })
      #expect(changed.utf8.count <= 64 && changed.utf8.allSatisfy(ToolNames.isAccepted))
      let nothing: [UInt8] = []
      let event = ChatEvent.callBegan(call: 0, id: EscapedText("c"), name: EscapedText(String(changed)))
      #expect(
        sent.names.restored(event, nothing.span)
          == .callBegan(call: 0, id: EscapedText("c"), name: .owned(Array(name.utf8))))
    }
  }

  @Test func `two long names with one beginning stay two, and a name is the same in each request`() throws {
    let long = String(repeating: "x", count: 80)
    let tools = #""tools":[{"name":"\#(long)a","input_schema":{}},{"name":"\#(long)b","input_schema":{}}]"#
    let once = try Self.written(Self.hi + "," + tools, to: .openAi)
    #expect(try Self.written(Self.hi + "," + tools, to: .openAi).body == once.body)
    let names = once.body.split(separator: "\"").filter { $0.hasPrefix("xxx") }
    #expect(Set(names).count == 2)
    #expect(names.allSatisfy { $0.utf8.count == 64 })
  }

  @Test func `a local server gets the names and IDs that the caller sent`() throws {
    let sent = try Self.written(#"\#(Self.hi),"tools":[{"name":"a tool","input_schema":{}}]"#, to: .llamaCpp)
    #expect(sent.body.contains(#""name":"a tool""#))
    #expect(sent.names.isEmpty)
  }

  @Test func `a call and its result have one ID of the provider's form`() throws {
    let call =
      #"{"role":"assistant","content":[{"type":"tool_use","id":"\#(String(repeating: "y", count: 41))","name":"f","input":{}}]}"#
    let result =
      #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"\#(String(repeating: "y", count: 41))","content":"ok"}]}"#
    let history = #""max_tokens":9,"messages":[{"role":"user","content":"hi"},\#(call),\#(result)]"#
    let openAI = try Self.written(history, to: .openAi).body
    #expect(openAI.contains(#""id":"call_1""#) && openAI.contains(#""tool_call_id":"call_1""#))
    let mistral = try Self.written(history, to: .mistral).body
    #expect(mistral.contains(#""id":"call00001""#) && mistral.contains(#""tool_call_id":"call00001""#))
    let nine = history.replacing(String(repeating: "y", count: 41), with: "abcDEF123")
    #expect(try Self.written(nine, to: .mistral).body.contains(#""tool_call_id":"abcDEF123""#))
  }

  // MARK: Fields

  @Test func `stop sequences beyond the provider's number are named`() throws {
    let responses = #""input":"hi","stop":["a","b","c","d","e"]"#
    let sent = try Self.written(responses, from: .responses, to: .groq)
    #expect(sent.body.contains(#""stop":["a","b","c","d"]"#))
    #expect(sent.dropped == ["stop"])
  }

  @Test func `a user ID that a provider rejects becomes a hash, the same for the same user`() throws {
    let asked = #"\#(Self.hi),"metadata":{"user_id":"ann@example.org"}"#
    let one = try Self.written(asked, to: .openAi)
    #expect(try Self.written(asked, to: .openAi).body == one.body)
    #expect(!one.body.contains("ann"))
    #expect(one.body.contains("\"user\":\""))
    #expect(one.dropped.isEmpty)
  }

  @Test(arguments: [
    (ProviderKind.openAi, "gpt-4.1", false), (.openAi, "gpt-5.2", true), (.openAi, "o3", true),
    (.grok, "grok-9-unknown", false), (.openRouter, "any/model", true), (.llamaCpp, "qwen", true),
  ])
  func `settings for thinking reach the models that accept them, and are named otherwise`(
    kind: ProviderKind, model: String, isSent: Bool
  ) throws {
    let sent = try Self.written(
      #"\#(Self.hi),"thinking":{"type":"enabled","budget_tokens":2000}"#, to: kind, model: model)
    #expect(sent.body.contains("reasoning_effort") == isSent)
    #expect(sent.dropped == (isSent ? [] : ["thinking"]))
    let adaptive = try Self.written(#"\#(Self.hi),"thinking":{"type":"adaptive"}"#, to: kind, model: model)
    #expect(!adaptive.body.contains("reasoning_effort"))
    #expect(adaptive.dropped.isEmpty)
  }

  @Test func `a model that is known not to think is not asked to, also by Gemini and Ollama`() throws {
    for kind in [ProviderKind.google, .ollama, .llamaCpp] {
      let asked = #"\#(Self.hi),"thinking":{"type":"enabled","budget_tokens":2000}"#
      let sent = try Self.written(asked, to: kind, thinks: false)
      #expect(!sent.body.contains("think"))
      #expect(sent.dropped == ["thinking"])
    }
  }

  @Test func `fields for OpenAI's accounts stay at OpenAI, and metadata need a stored answer`() throws {
    let fields = #""input":"hi","store":true,"metadata":{"a":"b"},"service_tier":"flex","prompt_cache_key":"k""#
    let openAI = try Self.written(fields, from: .responses, to: .openAi)
    #expect(openAI.dropped.isEmpty)
    #expect(openAI.body.contains(#""metadata":{"a":"b"}"#) && openAI.body.contains(#""prompt_cache_key":"k""#))
    let unstored = try Self.written(fields.replacing("true", with: "false"), from: .responses, to: .openAi)
    #expect(unstored.dropped == ["metadata"])
    let other = try Self.written(fields, from: .responses, to: .groq)
    #expect(other.dropped == ["store", "metadata", "service_tier", "prompt_cache_key"])
  }

  // MARK: Messages

  @Test func `a schema gets the members that OpenAI requires, and keeps its own`() throws {
    for (schema, sent) in [
      ("{}", #"{"type":"object","properties":{}}"#), (#"{"type":"object"}"#, #"{"properties":{},"type":"object"}"#),
      (#"{"properties":{"a":{}}}"#, #"{"type":"object","properties":{"a":{}}}"#),
      (#"{"type":"object","properties":{}}"#, #"{"type":"object","properties":{}}"#),
    ] {
      let body = try Self.written(#"\#(Self.hi),"tools":[{"name":"f","input_schema":\#(schema)}]"#, to: .openAi)
        .body
      #expect(body.contains(#""parameters":\#(sent)"#), "\(schema): \(body)")
    }
  }

  @Test(arguments: [("Oslo: ", "Oslo:"), (#"Oslo\n\t \r"#, "Oslo"), (#"back\\n"#, #"back\\n"#), ("x", "x")])
  func `white space at the end of a begun answer does not reach Anthropic`(text: String, sent: String) throws {
    let body = try Self.written(
      #""messages":[{"role":"user","content":"?"},{"role":"assistant","content":"\#(text)"}]"#, from: .openAI,
      to: .anthropic
    ).body
    #expect(body.contains(#""text":"\#(sent)"}"#), "\(body)")
  }

  @Test func `marks for caching reach Anthropic at their parts, and are named elsewhere`() throws {
    let mark = #""cache_control":{"type":"ephemeral","ttl":"1h"}"#
    let asked =
      #""messages":[{"role":"system","content":[{"type":"text","text":"rules",\#(mark)}]},{"role":"user","content":[{"type":"text","text":"a",\#(mark)},{"type":"text","text":"b"}]}]"#
    let sent = try Self.written(asked, from: .openAI, to: .anthropic)
    #expect(sent.body.contains(#"{"type":"text","text":"rules",\#(mark)}"#))
    #expect(sent.body.contains(#"{"type":"text","text":"a",\#(mark)},{"type":"text","text":"b"}"#))
    #expect(sent.dropped.isEmpty)
    #expect(try Self.written(asked, from: .openAI, to: .google).dropped == ["cache_control"])
    let messages =
      #""max_tokens":9,"system":[{"type":"text","text":"rules",\#(mark)}],"messages":[{"role":"user","content":"hi"}]"#
    #expect(try Self.written(messages, to: .openRouter).body.contains(#""text":"rules",\#(mark)}"#))
  }

  @Test func `a mark on a blank text changes nothing`() throws {
    let blank = #"{"role":"user","content":[{"type":"text","text":" ","cache_control":{"type":"ephemeral"}}]}"#
    let asked =
      #""messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"a"},\#(blank),{"role":"assistant","content":"b"}]"#
    let body = try Self.written(asked, from: .openAI, to: .anthropic).body
    #expect(
      body.contains(#"{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#))
    #expect(!body.contains("cache_control"))
  }

  @Test func `a file that the provider does not read is rejected with an alternative`() throws {
    let wav = #"{"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}}"#
    let pdf = #"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}"#
    for (part, kind, advice) in [
      (wav, ProviderKind.anthropic, "transcript"), (wav, .ollama, "transcript"), (pdf, .ollama, "the file's text"),
    ] {
      let error = #expect(throws: APIError.self) {
        try Self.written(#""messages":[{"role":"user","content":[\#(part)]}]"#, from: .openAI, to: kind)
      }
      #expect(error?.param == "messages[0].content")
      #expect(error?.message.contains(advice) == true)
    }
    let gemini =
      #""contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"JVBE"}},{"inlineData":{"mimeType":"audio/mp3","data":"SUQz"}}]}]"#
    let sent = try Self.written(gemini, from: .gemini, to: .openAi).body
    #expect(
      sent.contains(
        #"{"type":"file","file":{"filename":"file.pdf","file_data":"data:application/pdf;base64,JVBE"}}"#))
    #expect(sent.contains(#"{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}}"#))
  }
}
