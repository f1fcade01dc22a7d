import Foundation
import Testing

@testable import Gateway

@Suite struct CompletionsRequestTests {
  private typealias Files = CompletionsFixtures
  private static let hosted = WriteTarget(model: "m", streams: false)
  private static let local = WriteTarget(model: "m", streams: false, isLocal: true)

  private func read(_ fields: String) throws -> (json: [UInt8], conversation: Conversation) {
    let json = Array(#"{"model":"x",\#(fields)}"#.utf8)
    return (json, try CompletionsRequestReader.read(json.span))
  }

  /// Translates a request and returns the result without the model's name.
  private func write(_ fields: String, for target: WriteTarget = hosted) throws -> String {
    let (json, conversation) = try read(fields)
    let out = String(
      decoding: try CompletionsRequestWriter.write(conversation, json.span, for: target).body, as: UTF8.self)
    #expect((try? JSONSerialization.jsonObject(with: Data(out.utf8))) != nil, "\(out)")
    return String(out.dropFirst(#"{"model":"m","#.count).dropLast())
  }

  private func dropped(_ fields: String, for target: WriteTarget = hosted) throws -> [String] {
    let (json, conversation) = try read(fields)
    return try CompletionsRequestWriter.write(conversation, json.span, for: target).dropped.names
  }

  private static let hi = #""messages":[{"role":"user","content":"Hi"}]"#

  // MARK: Both ways

  @Test(arguments: Files.cases(".request.openai.json"))
  func `a request is written as it was read`(name: String) throws {
    let json = try Files.read(name + ".request.openai.json")
    let conversation = try CompletionsRequestReader.read(json.span)
    let written = try CompletionsRequestWriter.write(conversation, json.span, for: Self.hosted)
    #expect(written.body + [0x0a] == json)
    #expect(written.dropped.names.isEmpty)
    _ = try ChatRequest.read(written.body.span)
  }

  /// Requests and their translations. `HI` is a message, and nil is an error.
  private static let same: [(String, String?)] = [
    // Legacy functions become tools, and their results find the call.
    (
      #""messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"r"}],"functions":[{"name":"f"}],"function_call":{"name":"f"}"#,
      #""messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"tool_choice":{"type":"function","function":{"name":"f"}}"#
    ),
    // Texts become one text; empty texts and messages are omitted.
    (
      #""messages":[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":""},{"type":"text","text":"b"}]},{"role":"user","content":""},{"role":"user","content":"c"},{"role":"system","content":"d"}]"#,
      #""messages":[{"role":"system","content":"a\nb"},{"role":"user","content":"c"},{"role":"system","content":"d"}]"#
    ),
    (
      #""messages":[{"role":"assistant","content":null,"refusal":"No."},{"role":"assistant","content":[{"type":"refusal","refusal":"No!"}]}]"#,
      #""messages":[{"role":"assistant","content":"No."},{"role":"assistant","content":"No!"}]"#
    ),
    // A data URL with escapes and a parameter.
    (
      #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/png;x=y;base64,a\/b=","detail":"low"}}]}]"#,
      #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,a/b="}}]}]"#
    ),
    (
      #""messages":[{"role":"user","content":[{"type":"image_url","image_url":"http://a/b"}]}]"#,
      #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a/b"}}]}]"#
    ),
    // Images of results follow all results.
    (
      #""messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":" "}},{"id":"b","function":{"name":"f","arguments":{"x":1}}}]},{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"http://a/b"}}]},{"role":"tool","tool_call_id":"b","content":null}]"#,
      #""messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},{"role":"tool","tool_call_id":"a","content":"t"},{"role":"tool","tool_call_id":"b","content":""},{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a/b"}}]}]"#
    ),
    // A limit to some tools.
    (
      #"HI,"tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}},{"type":"function","function":{"name":"g","strict":true}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
      #"HI,"tools":[{"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}},"strict":true}}],"tool_choice":"required""#
    ),
    (#"HI,"tool_choice":"none","parallel_tool_calls":true"#, "HI"),
    (#"HI,"max_tokens":5,"max_completion_tokens":7,"stop":"x""#, #"HI,"stop":["x"],"max_tokens":7"#),
    (#"HI,"stop":["",null]"#, nil), (#"HI,"stop":7"#, nil), (#"HI,"stop":"","n":1,"logit_bias":{}"#, "HI"),
    (#"HI,"response_format":{"type":"text"}"#, "HI"),
    (#"HI,"response_format":{"type":"json_object"}"#, #"HI,"response_format":{"type":"json_object"}"#),
    (
      #"HI,"response_format":{"type":"json_object","schema":{"a":1}}"#,
      #"HI,"response_format":{"type":"json_schema","json_schema":{"name":"response","schema":{"a":1}}}"#
    ),
    (#"HI,"response_format":"json""#, nil), (#"HI,"tool_choice":"some""#, nil),
    (#"HI,"tool_choice":{"type":"function","function":{"name":"f"}}"#, "HI"),
    (#"HI,"tool_choice":{"type":"custom","custom":{"name":"f"}}"#, nil), (#"HI,"tools":{}"#, nil),
    (#"HI,"tools":[{"type":"function"}]"#, nil), (#"HI,"max_tokens":0"#, nil),
    (#"HI,"user":"u","safety_identifier":"s""#, #"HI,"user":"u""#),
    (#"HI,"safety_identifier":"s""#, #"HI,"user":"s""#),
    (#"HI,"logprobs":true,"top_logprobs":2"#, #"HI,"logprobs":true,"top_logprobs":2"#),
  ]

  @Test(arguments: same)
  func `equivalent requests are written the same way`(fields: String, expected: String?) throws {
    let fields = fields.replacing("HI", with: Self.hi)
    if let expected {
      #expect(try write(fields) == expected.replacing("HI", with: Self.hi))
    } else {
      #expect(throws: APIError.self) { try write(fields) }
    }
  }

  // MARK: Thinking

  private static let words: [(String, Conversation.Thinking?)] = [
    (#""reasoning_effort":"none""#, Conversation.Thinking.off),
    (#""reasoning_effort":"minimal""#, .effort(.minimal)),
    (#""reasoning_effort":"xhigh""#, .effort(.high)), (#""reasoning_effort":null"#, nil),
    (#""thinking":{"type":"enabled","budget_tokens":1024}"#, .budget(1024)),
    (#""thinking":{"type":"disabled"}"#, .off),
    (#""thinking":{"type":"enabled"}"#, .on), (#""reasoning":{"effort":"low"}"#, .effort(.low)),
    (#""reasoning":{"max_tokens":9}"#, .budget(9)), (#""reasoning":{"enabled":false,"effort":"low"}"#, .off),
    (#""reasoning":{"enabled":true}"#, .on), (#""chat_template_kwargs":{"enable_thinking":false}"#, .off),
    (#""chat_template_kwargs":{"thinking":true,"reasoning_effort":"low"}"#, .effort(.low)),
    (#""enable_thinking":true"#, .on), (#""thinking_budget":5"#, .budget(5)),
    (#""reasoning_effort":"high","thinking":{"type":"enabled","budget_tokens":7}"#, .budget(7)),
  ]

  @Test(arguments: words)
  func `thinking settings are read in every server's format`(
    fields: String, expected: Conversation.Thinking?
  ) throws {
    let conversation = try read(Self.hi + "," + fields).conversation
    #expect(conversation.thinking == expected)
    #expect(conversation.dropped.names.isEmpty)
  }

  @Test(arguments: [
    (#""reasoning_effort":"low""#, #","reasoning_effort":"low""#, #","reasoning_effort":"low""#),
    (#""reasoning_effort":"none""#, "", #","chat_template_kwargs":{"enable_thinking":false}"#),
    (
      #""enable_thinking":true"#, #","reasoning_effort":"medium""#,
      #","chat_template_kwargs":{"enable_thinking":true}"#
    ),
    (
      #""thinking":{"type":"enabled","budget_tokens":2048}"#, #","reasoning_effort":"low""#,
      #","reasoning_effort":"low","thinking_budget_tokens":2048"#
    ),
    (
      #""thinking":{"type":"enabled","budget_tokens":8192}"#, #","reasoning_effort":"medium""#,
      #","reasoning_effort":"medium","thinking_budget_tokens":8192"#
    ),
    (
      #""thinking":{"type":"enabled","budget_tokens":99999}"#, #","reasoning_effort":"high""#,
      #","reasoning_effort":"high","thinking_budget_tokens":99999"#
    ),
  ])
  func `thinking is requested in the provider's format`(
    fields: String, hosted: String, local: String
  ) throws {
    #expect(try write(Self.hi + "," + fields) == Self.hi + hosted)
    #expect(try write(Self.hi + "," + fields, for: Self.local) == Self.hi + local)
  }

  @Test(arguments: [
    #""reasoning_content":"a","thinking_blocks":[{"type":"thinking","thinking":"a","signature":"s"}]"#,
    #""reasoning_content":"a","thinking_blocks":[{"index":0,"type":"thinking","thinking":"","signature":"s"}]"#,
    #""reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"s"}]"#,
  ])
  func `returned thinking has its signature`(fields: String) throws {
    let turn = #""messages":[{"role":"assistant","content":"b",\#(fields)}]"#
    let (json, conversation) = try read(turn)
    guard case .thinking(let text, let signature?)? = conversation.messages.first?.parts.first else {
      return #expect(Bool(false), "\(conversation.messages)")
    }
    let (thought, proof) = (text.bytes(in: json.span), signature.bytes(in: json.span))
    #expect(thought == Array("a".utf8) && proof == Array("s".utf8))
    #expect(try write(turn) == #""messages":[{"role":"assistant","content":"b"}]"#)
    #expect(
      try write(turn, for: Self.local)
        == #""messages":[{"role":"assistant","content":"b","reasoning_content":"a"}]"#)
    #expect(conversation.dropped.names.isEmpty)
  }

  // MARK: Omitted fields

  @Test func `fields without an equivalent are reported, and irrelevant ones are not`() throws {
    let fields =
      #","n":2,"logit_bias":{"5":1},"verbosity":"low","modalities":["text","audio"],"audio":{},"x y":1,"prediction":{},"options":{"num_ctx":5,"mirostat":1},"stream":true,"stream_options":{"include_usage":true},"store":true,"metadata":{"a":"b"},"service_tier":"auto","prompt_cache_key":"k","reasoning_effort":"much","tools":[{"type":"web_search"}],"seed":"7","user":5,"response_format":{"type":"regex"}"#
    let conversation = try read(Self.hi + fields).conversation
    #expect(conversation.contextTokens == 5)
    #expect(
      conversation.dropped.names == [
        "n", "logit_bias", "verbosity", "modalities", "audio", "prediction", "options", "reasoning_effort",
        "tools.web_search", "seed", "user", "response_format",
      ])
    let turn = #""messages":[{"role":"user","name":"Ann","content":"a","id":"1","mood":"good"}]"#
    #expect(try read(turn).conversation.dropped.names == ["messages.mood", "messages.name"])
  }

  @Test func `only local servers get fields that OpenAI does not have`() throws {
    let fields =
      Self.hi
      + #","top_k":40,"min_p":0.1,"repetition_penalty":1.1,"top_logprobs":3,"keep_alive":"5m","num_ctx":4096,"frequency_penalty":1e-1"#
    #expect(try write(fields) == Self.hi + #","frequency_penalty":1e-1"#)
    #expect(
      try dropped(fields) == ["top_k", "min_p", "repetition_penalty", "top_logprobs", "num_ctx", "keep_alive"])
    #expect(
      try write(fields, for: Self.local) == Self.hi
        + #","top_k":40,"min_p":0.1,"frequency_penalty":1e-1,"repetition_penalty":1.1,"repeat_penalty":1.1"#)
    #expect(try dropped(fields, for: Self.local) == ["top_logprobs", "num_ctx", "keep_alive"])
  }

  // MARK: Targets

  @Test func `a local server gets only the tool that must be called`() throws {
    func tool(_ name: String) -> String {
      #"{"type":"function","function":{"name":"\#(name)","parameters":{"type":"object","properties":{}}}}"#
    }
    let named = #","tool_choice":{"type":"function","function":{"name":"g"}}"#
    let fields = Self.hi + #","tools":[\#(tool("f")),\#(tool("g"))]"# + named
    #expect(try write(fields) == fields)
    #expect(try write(fields, for: Self.local) == Self.hi + #","tools":[\#(tool("g"))],"tool_choice":"required""#)
  }

  @Test func `a stream is requested with usage where the provider accepts it`() throws {
    var target = WriteTarget(model: "m", streams: true)
    #expect(try write(Self.hi, for: target) == Self.hi + #","stream":true,"stream_options":{"include_usage":true}"#)
    target.acceptsUsage = false
    #expect(try write(Self.hi, for: target) == Self.hi + #","stream":true"#)
  }

  @Test(arguments: [
    ("m", "max_tokens"), ("gpt-4o", "max_tokens"), ("gpt-oss-20b", "max_tokens"), ("gpt-4.1", "max_tokens"),
    ("o3-mini", "max_completion_tokens"), ("openai/o1", "max_completion_tokens"), ("olmo", "max_tokens"),
    ("gpt-5.1", "max_completion_tokens"), ("gpt-10", "max_completion_tokens"), ("o", "max_tokens"),
    ("gpt-", "max_tokens"), ("", "max_tokens"), ("a/", "max_tokens"),
  ])
  func `the token limit has the name that the model accepts`(model: String, name: String) throws {
    let (json, conversation) = try read(Self.hi + #","max_tokens":50"#)
    for (limit, tokens) in [(nil, 50), (20, 20), (100, 50)] {
      let target = WriteTarget(model: model, maxTokensLimit: limit, streams: false)
      let body = try CompletionsRequestWriter.write(conversation, json.span, for: target).body
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
      #expect(fields[name] as? Int == tokens)
      #expect(fields.count == 3)
    }
  }

  @Test func `tool calls without IDs get IDs, and results match by name and position`() throws {
    func text(_ text: String) -> EscapedText { EscapedText(text) }
    func call(_ id: String?, _ name: String) -> Conversation.Part {
      .toolCall(Conversation.ToolCall(id: id.map(text), name: text(name), arguments: .owned(Array("{}".utf8))))
    }
    func result(_ id: String?, _ name: String?) -> Conversation.Part {
      .toolResult(Conversation.ToolResult(id: id.map(text), name: name.map(text), parts: []))
    }
    var conversation = Conversation()
    conversation.messages = [
      .init(role: .assistant, parts: [call(nil, "f"), call("call_1", "g"), call(nil, "f"), call(nil, "h")]),
      .init(
        role: .user,
        parts: [
          result(nil, "h"), .text(text("so")), result(nil, "f"), result("call_1", nil), result(nil, nil),
          result(nil, "z"),
        ]),
      .init(role: .assistant, parts: [call(nil, "f")]), .init(role: .user, parts: [result(nil, "f")]),
    ]
    let nothing: [UInt8] = []
    let body = try CompletionsRequestWriter.write(conversation, nothing.span, for: Self.hosted).body
    let json = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    let messages = try #require(json["messages"] as? [[String: Any]])
    let ids = messages.flatMap { message in
      (message["tool_calls"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }
    #expect(ids == ["call_2", "call_1", "call_3", "call_4", "call_6"])
    let results = messages.compactMap { $0["tool_call_id"] as? String }
    #expect(results == ["call_4", "call_2", "call_1", "call_3", "call_5", "call_6"])
    #expect(
      messages.map { $0["role"] as? String ?? "" }.joined(separator: " ")
        == "assistant tool tool tool tool tool user assistant tool")
  }

  // MARK: Errors

  @Test(arguments: [
    (#"[{"role":"critic","content":"x"}]"#, "messages[0].role"), (#"[{"content":"x"}]"#, "messages[0].role"),
    (#"[7]"#, "messages[0].role"), (#"[{"role":"tool","content":"x"}]"#, "messages[0].tool_call_id"),
    (#"[{"role":"function","content":"x"}]"#, "messages[0].name"),
    (#"[{"role":"user","content":7}]"#, "messages[0].content"),
    (#"[{"role":"user","content":[7]}]"#, "messages[0].content"),
    (#"[{"role":"user","content":[{"type":"image_url"}]}]"#, "messages[0].content"),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:;base64,"}}]}]"#,
      "messages[0].content"
    ),
    (#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]"#, "messages[0].content"),
    (
      #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:a;base64"}}]}]"#,
      "messages[0].content"
    ),
    (
      #"[{"role":"system","content":[{"type":"image_url","image_url":{"url":"http://a"}}]}]"#, "messages[0].content"
    ),
    (#"[{"role":"assistant","tool_calls":[7]}]"#, "messages[0].tool_calls"),
    (
      #"[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"7"}}]}]"#,
      "messages[0].tool_calls"
    ),
    (#"[{"role":"user","content":"a"},{"role":"user","content":[{"type":"input_audio"}]}]"#, "messages[1].content"),
  ])
  func `an invalid field is rejected by its path`(messages: String, place: String) {
    do throws(APIError) {
      let json = Array(#"{"messages":\#(messages)}"#.utf8)
      _ = try CompletionsRequestReader.read(json.span)
      #expect(Bool(false), "\(messages)")
    } catch {
      #expect(error.status == 400)
      #expect(error.param == place)
      #expect(error.message.contains(place))
    }
  }
}
