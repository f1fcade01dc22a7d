import Foundation
import Testing

@testable import Gateway

/// Anthropic requests, read and written.
@Suite struct MessagesRequestTests {
  private typealias Part = Conversation.Part

  private func read(_ text: String) throws -> Conversation {
    let json = Array(text.utf8)
    return try MessagesRequestReader.read(json.span)
  }

  /// Writes a conversation and returns the request with the dropped fields after it.
  private func write(
    _ conversation: Conversation, _ json: [UInt8] = [], model: String = "m", limit: Int? = nil
  ) throws -> String {
    let target = WriteTarget(model: model, maxTokensLimit: limit, streams: false)
    let written = try MessagesRequestWriter.write(conversation, json.span, for: target)
    #expect((try? JSONSerialization.jsonObject(with: Data(written.body))) != nil)
    let dropped = written.dropped.names.isEmpty ? "" : " dropped: " + written.dropped.names.joined(separator: ",")
    return String(decoding: written.body, as: UTF8.self) + dropped
  }

  /// Reads and writes a request.
  private func rewrite(_ text: String, model: String = "m", limit: Int? = nil) throws -> String {
    try write(read(text), Array(text.utf8), model: model, limit: limit)
  }

  private static let hi = #""messages":[{"role":"user","content":"Hi"}]"#
  private static let written = #""messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]"#

  // MARK: Cases

  private static func text(_ text: String) -> Part { .text(EscapedText(text)) }

  private static func turn(_ role: Conversation.Role, _ parts: Part...) -> Conversation.Message {
    Conversation.Message(role: role, parts: parts)
  }

  private static func call(_ id: String?, _ name: String) -> Part {
    .toolCall(
      Conversation.ToolCall(
        id: id.map { EscapedText($0) }, name: EscapedText(name), arguments: .owned(Array(#"{"city":"Paris"}"#.utf8))
      )
    )
  }

  private static func result(_ id: String?, _ name: String?, _ said: String) -> Part {
    .toolResult(
      Conversation.ToolResult(
        id: id.map { EscapedText($0) }, name: name.map { EscapedText($0) }, parts: [text(said)]))
  }

  private static func tool(_ name: String, _ description: String) -> Conversation.Tool {
    let schema = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    return Conversation.Tool(
      name: EscapedText(name), description: EscapedText(description), parameters: .owned(Array(schema.utf8)))
  }

  private static func number(_ text: String) -> RawJSON { .owned(Array(text.utf8)) }

  private static func conversation(_ name: String) -> Conversation? {
    var made = Conversation()
    let tools = [tool("get_weather", "The weather of a city"), tool("get_time", "The time of a city")]
    switch name {
    case "text":
      made.messages = [turn(.user, text("Hello, how are you?"))]
      made.maxTokens = 100
      made.sampling.temperature = number("0.5")
      made.sampling.topP = number("0.9")
      made.sampling.stop = [EscapedText("END"), EscapedText("STOP")]
    case "system": made.messages = [turn(.system, text("Be brief.")), turn(.user, text("Hi"))]
    case "turns":
      made.messages = [
        turn(.system, text("You are a pirate.")), turn(.user, text("Hi")), turn(.assistant, text("Arr!")),
        turn(.user, text("Who?")),
      ]
    case "tools":
      made.tools = tools
      made.messages = [
        turn(.user, text("Weather and time in Paris?")),
        turn(.assistant, call("call_1", "get_weather"), call("call_2", "get_time")),
        turn(.user, result("call_1", nil, "sunny")), turn(.user, result("call_2", nil, "12:00")),
        turn(.user, text("Thanks")),
      ]
    case "tool-choice":
      made.tools = [tools[0]]
      made.toolChoice = .named(EscapedText("get_weather"))
      made.allowsParallelCalls = false
      made.messages = [turn(.user, text("Weather in Paris?"))]
    case "images":
      let image = Conversation.Media.data(media: EscapedText("image/png"), base64: EscapedText("iVBORw0KGgo="))
      made.messages = [turn(.user, text("What is this?"), .image(image))]
    case "image-url":
      made.messages = [
        turn(.user, text("What is this?"), .image(.url(EscapedText("https://example.com/a.png"))))
      ]
    case "thinking":
      made.thinking = .effort(.high)
      made.messages = [
        turn(.user, text("Hi")),
        turn(.assistant, .thinking(EscapedText("Let me see."), signature: EscapedText("c2ln")), text("Hello.")),
        turn(.user, text("Go on.")),
      ]
    case "schema":
      let schema = #"{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"#
      made.format = .schema(
        .owned(Array((schema + #""additionalProperties":false}"#).utf8)), name: EscapedText("person"),
        isStrict: true
      )
      made.messages = [turn(.user, text("Who?"))]
    case "sampling":
      made.messages = [turn(.user, text("Hi"))]
      made.sampling.seed = number("7")
      made.sampling.frequencyPenalty = number("0.1")
      made.sampling.presencePenalty = number("0.2")
      made.sampling.topK = number("40")
    default: return nil
    }
    return made
  }

  @Test(arguments: MessagesTests.cases(".request.anthropic.json"))
  func `a conversation becomes a request, and reading it gives the same conversation`(name: String) throws {
    let file = try MessagesTests.file(name + ".request.anthropic.json")
    let golden = String(decoding: file.dropLast(), as: UTF8.self)
    let conversation = try #require(Self.conversation(name))
    let dropped = name == "sampling" ? " dropped: seed,frequency_penalty,presence_penalty" : ""
    #expect(try write(conversation) == golden + dropped)
    #expect(try rewrite(golden) == golden)
  }

  // MARK: Claude Code

  @Test func `Claude Code's request becomes a conversation without Anthropic's own blocks`() throws {
    let json = try MessagesTests.file("claude-code.anthropic.recorded.json")
    let read = try MessagesRequestReader.read(json.span)
    func text(_ part: Part?) -> String? {
      guard case .text(let text)? = part else { return nil }
      return String(decoding: text.unescaped(in: json.span), as: UTF8.self)
    }
    #expect(read.messages.map(\.role) == [.system, .user, .system, .assistant, .user])
    #expect(
      read.messages[0].parts.compactMap { text($0) } == [
        "You are an agent that writes programs.", "\nSay little, and do what you are asked.",
      ])
    #expect(read.messages[1].parts.compactMap { text($0) }.last == "List the files here.")
    #expect(text(read.messages[2].parts.first) == "The user has a plan of the smallest kind.")
    guard case .thinking(let thought, let signature) = read.messages[3].parts[0],
      case .toolCall(let call) = read.messages[3].parts[2], case .toolResult(let result) = read.messages[4].parts[0]
    else {
      Issue.record("other parts")
      return
    }
    #expect(thought.isEmpty)
    #expect(signature?.bytes(in: json.span) == Array("RXJvQg==".utf8))
    #expect(call.id?.bytes(in: json.span) == Array("toolu_01A".utf8))
    #expect(call.name.bytes(in: json.span) == Array("Bash".utf8))
    #expect(try JSONSerialization.jsonObject(with: Data(call.arguments.bytes(in: json.span))) is [String: String])
    #expect(result.id?.bytes(in: json.span) == Array("toolu_01A".utf8))
    #expect(text(result.parts.first) == "a.txt\nb.txt")
    #expect(!result.isError)
    #expect(read.tools.count == 12)
    #expect(read.tools.allSatisfy { $0.parameters != nil && $0.description != nil })
    #expect(read.maxTokens == 32_000)
    #expect(read.thinking == .effort(.high))
    #expect(read.user?.unescaped(in: json.span).starts(with: Array(#"{"device_id""#.utf8)) == true)
    #expect(read.dropped.names == ["context_management"])
    #expect(try write(read, json, model: "m").hasSuffix(" dropped: context_management"))
  }

  // MARK: Reading

  @Test(arguments: [
    (#"{\#(hi)}"#, "max_tokens"), (#"{"max_tokens":0,\#(hi)}"#, "max_tokens"),
    (#"{"max_tokens":"9",\#(hi)}"#, "max_tokens"), (#"{"max_tokens":9}"#, "messages"),
    (#"{"max_tokens":9,"messages":[]}"#, "messages"), (#"{"max_tokens":9,"messages":{}}"#, "messages"),
    (#"{"max_tokens":9,"messages":[7]}"#, "messages[0].role"),
    (#"{"max_tokens":9,"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role"),
    (#"{"max_tokens":9,"messages":[{"role":"user"}]}"#, "messages[0].content"),
    (#"{"max_tokens":9,"messages":[{"role":"user","content":[{"text":"x"}]}]}"#, "messages[0].content[0].type"),
    (
      #"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"b"}]}]}"#,
      "messages[0].content[0]"
    ),
    (
      #"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64"}}]}]}"#,
      "messages[0].content[0].source"
    ),
    (
      #"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file"}}]}]}"#,
      "messages[0].content[0].source"
    ),
    (
      #"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{}]}]}]}"#,
      "messages[0].content[0].content[0].type"
    ),
    (#"{"max_tokens":9,"system":7,\#(hi)}"#, "system"),
    (
      #"{"max_tokens":9,"system":[{"type":"image","source":{"type":"url","url":"https://x"}}],\#(hi)}"#,
      "system[0].type"
    ),
    (#"{"max_tokens":9,"temperature":"hot",\#(hi)}"#, "temperature"),
    (#"{"max_tokens":9,"stop_sequences":[7],\#(hi)}"#, "stop_sequences"),
    (#"{"max_tokens":9,"tools":{},\#(hi)}"#, "tools"), (#"{"max_tokens":9,"tools":[7],\#(hi)}"#, "tools[0].name"),
    (#"{"max_tokens":9,"tools":[{"name":"a","input_schema":7}],\#(hi)}"#, "tools[0].input_schema"),
    (#"{"max_tokens":9,"tool_choice":"auto",\#(hi)}"#, "tool_choice.type"),
    (#"{"max_tokens":9,"thinking":{"type":"enabled","budget_tokens":"x"},\#(hi)}"#, "thinking.budget_tokens"),
  ])
  func `an invalid field is rejected by its path`(body: String, place: String) {
    let apiError = #expect(throws: APIError.self, "\(body)") { try read(body) }
    #expect(apiError?.param == place)
    #expect(apiError?.status == 400)
    #expect(apiError?.message.contains("`\(place)`") == true)
  }

  @Test func `fields without an equivalent are reported, and unknown ones are not rejected`() throws {
    let read = try read(
      #"""
      {"max_tokens":9,"model":"x","stream":true,"service_tier":"auto","container":"c","mcp_servers":[],"safeguards":{},
      "cache_control":{},"speed":null,"output_config":{"effort":"none","task_budget":{}},"thinking":{"type":"odd"},
      "tools":[{"type":"web_search_20250305","name":"web_search"},{"type":"custom","name":"f","strict":true}],
      "messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
      {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
      {"type":"web_search_tool_result","tool_use_id":"s","content":[]}]}]}
      """#)
    #expect(
      read.dropped.names == [
        "service_tier", "container", "mcp_servers", "safeguards", "cache_control", "output_config.effort",
        "output_config.task_budget",
        "thinking", "tools.web_search_20250305", "server_tool_use", "web_search_tool_result",
      ])
    #expect(read.tools.count == 1)
    #expect(read.tools.first?.isStrict == true)
  }

  @Test func `a request to count tokens needs no token limit`() throws {
    let json = Array("{\(Self.hi)}".utf8)
    #expect(try MessagesRequestReader.read(json.span, isCount: true).messages.count == 1)
  }

  @Test func `text documents, search results, and tool errors are translated`() throws {
    let body = #"""
      {"max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a.1","name":"f"}]},
      {"role":"user","content":[{"type":"document","title":"T","source":{"type":"text","data":"D"}},
      {"type":"document","source":{"type":"content","content":[{"type":"text","text":"E"}]}},
      {"type":"tool_result","tool_use_id":"a.1","is_error":true,"content":[{"type":"text","text":"no"},
      {"type":"image","source":{"type":"url","url":"https://x/y"}},{"type":"tool_reference","tool_name":"g"},
      {"type":"search_result","title":"S","source":"s","content":[{"type":"text","text":"F"}]}]}]}]}
      """#
    func text(_ text: String) -> String { #"{"type":"text","text":"\#(text)"}"# }
    let image = #"{"type":"image","source":{"type":"url","url":"https://x/y"}}"#
    #expect(
      try rewrite(body) == """
        {"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a_1",\
        "name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a_1","content":[\
        \(text("no")),\(image),\(text("g")),\(text("S")),\(text("s")),\(text("F"))],"is_error":true},\
        \(text("T")),\(text("D")),\(text("E"))]}]}
        """)
  }

  @Test(arguments: [
    (#""thinking":{"type":"disabled"}"#, Conversation.Thinking.off), (#""thinking":{"type":"adaptive"}"#, .on),
    (#""thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"low"}"#, .budget(2000)),
    (#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#, .effort(.high)),
    (#""output_config":{"effort":"low"}"#, .effort(.low)),
    (#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#, .off),
  ])
  func `every form of thinking is read`(field: String, thinking: Conversation.Thinking) throws {
    #expect(try read(#"{"max_tokens":9,\#(field),\#(Self.hi)}"#).thinking == thinking)
  }

  // MARK: Writing

  private func conversation(
    _ thinking: Conversation.Thinking? = nil, maxTokens: Int64? = nil,
    _ change: (inout Conversation) -> Void = { _ in }
  ) -> Conversation {
    var made = Conversation()
    made.messages = [Self.turn(.user, Self.text("Hi"))]
    made.thinking = thinking
    made.maxTokens = maxTokens
    change(&made)
    return made
  }

  @Test func `a thinking budget is at least 1024 and below the answer's limit`() throws {
    func expect(_ thinking: Conversation.Thinking, _ maxTokens: Int64?, limit: Int? = nil, _ tokens: String) throws
    {
      let out = try write(conversation(thinking, maxTokens: maxTokens), limit: limit)
      #expect(out == #"{"model":"m","max_tokens":\#(tokens)"#)
    }
    let none = "," + Self.written + "} dropped: reasoning_effort"
    func with(_ budget: Int) -> String {
      ",\(Self.written),\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":\(budget)}}"
    }
    try expect(.effort(.low), nil, "5120" + with(1024))
    try expect(.effort(.minimal), nil, "5120" + with(1024))
    try expect(.on, nil, "8192" + with(4096))
    try expect(.budget(5), 20_000, "20000" + with(1024))
    try expect(.effort(.high), 8000, "8000" + with(4000))
    try expect(.effort(.high), 1500, "1500" + with(1024))
    try expect(.effort(.high), 1024, "1024" + none)
    try expect(.effort(.high), nil, limit: 10_000, "10000" + with(5000))
    try expect(.budget(.max), nil, limit: 500, "500" + none)
    try expect(.budget(.max), .max, limit: 3000, "3000" + with(1500))
    try expect(.off, nil, "4096,\(Self.written),\"thinking\":{\"type\":\"disabled\"}}")
  }

  @Test func `newer models get an effort instead of a budget`() throws {
    func thinking(_ model: String, _ thinking: Conversation.Thinking) throws -> String {
      let out = try write(conversation(thinking, maxTokens: 9000), model: model)
      return String(out.dropFirst("{\"model\":\"\(model)\",\"max_tokens\":9000,".count + Self.written.count))
    }
    let adaptive = #","thinking":{"type":"adaptive","display":"summarized"}"#
    for model in ["claude-opus-4-6", "claude-sonnet-5", "anthropic.claude-opus-4.7", "claude-fable-5-2"] {
      #expect(try thinking(model, .effort(.low)) == adaptive + #","output_config":{"effort":"low"}}"#)
      #expect(try thinking(model, .budget(20_000)) == adaptive + #","output_config":{"effort":"high"}}"#)
      #expect(try thinking(model, .on) == adaptive + "}")
    }
    for model in ["claude-haiku-4-5-20251001", "claude-3-7-sonnet-20250219", "claude-opus-4-20250514", "glm-5"] {
      #expect(try thinking(model, .effort(.low)) == #","thinking":{"type":"enabled","budget_tokens":1024}}"#)
    }
    #expect(try thinking("claude-opus-5", .off) == #","thinking":{"type":"disabled"}}"#)
    #expect(try thinking("claude-opus-4-5", .off) == "}")
    #expect(try thinking("claude-fable-5", .off) == "} dropped: reasoning_effort")
  }

  @Test func `thinking is omitted where it would be an error`() throws {
    let forced = conversation(.effort(.low)) {
      $0.tools = [Self.tool("f", "x")]
      $0.toolChoice = .required
    }
    #expect(try write(forced).hasSuffix(#""tool_choice":{"type":"any"}} dropped: reasoning_effort"#))
    #expect(try write(forced, model: "claude-opus-5").hasSuffix("dropped: reasoning_effort"))
    let loop = conversation(.effort(.low)) {
      $0.messages += [Self.turn(.assistant, Self.call("a", "f")), Self.turn(.user, Self.result("a", nil, "x"))]
    }
    #expect(try write(loop).hasSuffix("dropped: reasoning_effort"))
    #expect(try !write(loop, model: "claude-opus-5").contains("dropped"))
    let signed = conversation(.effort(.low)) {
      let thought = Part.thinking(EscapedText("x"), signature: EscapedText("s"))
      $0.messages += [Self.turn(.assistant, thought), Self.turn(.assistant, Self.call("a", "f"))]
      $0.messages += [Self.turn(.user, Self.result("a", nil, "x"))]
    }
    #expect(try !write(signed).contains("dropped"))
  }

  @Test func `only sampling parameters that the model accepts are sent`() throws {
    func sampling(
      _ model: String, _ temperature: String?, _ topP: String?, _ thinking: Conversation.Thinking? = nil
    )
      throws -> String
    {
      let made = conversation(thinking, maxTokens: 9000) {
        $0.sampling.temperature = temperature.map { Self.number($0) }
        $0.sampling.topP = topP.map { Self.number($0) }
        $0.sampling.topK = Self.number("5")
      }
      let out = try write(made, model: model)
      return String(out.dropFirst("{\"model\":\"\(model)\",\"max_tokens\":9000,".count + Self.written.count))
    }
    #expect(try sampling("m", "1.5", "0.5") == #","temperature":1.0,"top_p":0.5,"top_k":5} dropped: temperature"#)
    #expect(try sampling("m", "1e400", nil) == #","temperature":1.0,"top_k":5} dropped: temperature"#)
    #expect(try sampling("claude-sonnet-4-5", "0.2", "0.5") == #","temperature":0.2,"top_k":5} dropped: top_p"#)
    #expect(try sampling("claude-sonnet-4-5", nil, "0.5") == #","top_p":0.5,"top_k":5}"#)
    #expect(try sampling("claude-sonnet-4-5", "0.2", "1") == #","temperature":0.2,"top_k":5}"#)
    #expect(try sampling("claude-opus-4-7", "0.2", "0.5") == "} dropped: temperature,top_p,top_k")
    #expect(try sampling("claude-opus-4-7", "1", "1.0") == "} dropped: top_k")
    let thinking = #","thinking":{"type":"enabled","budget_tokens":1024}}"#
    #expect(try sampling("m", "0.2", "0.5", .effort(.low)) == thinking + " dropped: temperature,top_p,top_k")
    #expect(try sampling("m", "1", "0.97", .effort(.low)) == #","top_p":0.97"# + thinking + " dropped: top_k")
  }

  @Test func `tool calls without IDs get IDs, and results match by name and order`() throws {
    let made = conversation {
      $0.messages += [
        Self.turn(.assistant, Self.call(nil, "f"), Self.call(nil, "g"), Self.call(nil, "f")),
        Self.turn(.user, Self.result(nil, "g", "1"), Self.result(nil, "f", "2"), Self.result(nil, nil, "3")),
        Self.turn(.assistant, Self.call(nil, "f")),
        Self.turn(.user, Self.text("so"), Self.result(nil, "other", "4")),
      ]
    }
    let out = try write(made)
    let ids = out.matches(of: /"(?:tool_use_)?id":"(call_\d)"/).map { String($0.1) }
    #expect(ids == ["call_1", "call_2", "call_3", "call_2", "call_1", "call_3", "call_4", "call_4"])
    #expect(out.contains(#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_4","content":"#))
    let orphan = conversation { $0.messages += [Self.turn(.user, Self.result(nil, "f", "1"))] }
    #expect(throws: APIError.self) { try write(orphan) }
  }

  @Test func `blank texts and unsigned thinking are omitted, and messages of one role are joined`() throws {
    let made = conversation {
      $0.messages = [
        Self.turn(.user, Self.text("a"), Self.text("")), Self.turn(.assistant, Self.text(" \n\t")),
        Self.turn(.user, Self.text("b")), Self.turn(.system, Self.text("s")),
        Self.turn(.assistant, .thinking(EscapedText("x"), signature: nil), .redactedThinking(EscapedText("r"))),
        Self.turn(.assistant, Self.text("c")),
      ]
    }
    #expect(
      try write(made) == """
        {"model":"m","max_tokens":4096,"system":[{"type":"text","text":"s"}],"messages":[\
        {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},\
        {"role":"assistant","content":[{"type":"redacted_thinking","data":"r"},{"type":"text","text":"c"}]}]}
        """)
  }

  @Test func `a tool's schema gets its required type, and a choice needs tools`() throws {
    let made = conversation {
      $0.tools = ["{}", #"{ "properties":{}}"#, #"{"type":"object"}"#].map {
        Conversation.Tool(name: EscapedText("f"), parameters: .owned(Array($0.utf8)), isStrict: true)
      }
      $0.tools.append(Conversation.Tool(name: EscapedText("g")))
      $0.allowsParallelCalls = false
    }
    #expect(
      try write(made).hasSuffix(
        #"""
        "tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"f","input_schema":{"type":"object", "properties":{}}},{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}} dropped: tools.strict
        """#))
    #expect(try !write(conversation { $0.toolChoice = .required }).contains("tool_choice"))
  }

  @Test func `an image that is neither a web URL nor data is rejected`() {
    let made = conversation {
      $0.messages.append(Self.turn(.user, .image(.url(EscapedText("file:///etc/passwd")))))
    }
    let apiError = #expect(throws: APIError.self) { try write(made) }
    #expect(apiError?.message == "`messages[1].content` has an image that is neither a URL nor base64 data.")
  }

  @Test func `dropped fields are reported by OpenAI's names`() throws {
    let made = conversation {
      $0.drop("n")
      $0.format = .json
      $0.sampling.seed = Self.number("7")
      $0.wantsLogprobs = true
      $0.topLogprobs = 3
      $0.sampling.minP = Self.number("0.1")
      $0.sampling.repeatPenalty = Self.number("1.1")
      $0.contextTokens = 8192
      $0.keepAlive = Self.number("-1")
    }
    #expect(
      try write(made).hasSuffix(
        "dropped: n,seed,logprobs,top_logprobs,min_p,repeat_penalty,response_format,num_ctx,keep_alive"))
  }

  // MARK: Hostile bodies

  @Test(
    arguments: MessagesTests.cases(".request.anthropic.json").map { $0 + ".request.anthropic.json" }
      + ["claude-code.anthropic.recorded.json"])
  func `a request with a value of any other type is read or rejected`(name: String) throws {
    var written = 0
    for mutant in try Mutants.of(try MessagesTests.file(name)) {
      guard let conversation = try? MessagesRequestReader.read(mutant.span) else { continue }
      let target = WriteTarget(model: "claude-opus-4-5", streams: true)
      guard let request = try? MessagesRequestWriter.write(conversation, mutant.span, for: target) else { continue }
      let text = String(decoding: mutant, as: UTF8.self)
      #expect(throws: Never.self, "\(text)") { _ = try Scanner.whole(request.body.span) }
      written += 1
    }
    #expect(written > 10)
  }

  @Test func `ten thousand elements take time in proportion to their bytes`() throws {
    let blocks = (0..<10_000).map { #"{"type":"tool_use","id":"i\#($0)","name":"f","input":{"a":[\#($0)]}}"# }
    let results = (0..<10_000).map { #"{"type":"tool_result","tool_use_id":"i\#($0)","content":"x"}"# }
    let odd = (0..<10_000).map { #"{"type":"odd\#($0)"}"# }
    let turns = (0..<10_000).map { #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"x"}"# }
    let deep = String(repeating: "[", count: 50) + String(repeating: "]", count: 50)
    let body = """
      {"max_tokens":9,"messages":[\(turns.joined(separator: ",")),
      {"role":"assistant","content":[\(blocks.joined(separator: ","))]},
      {"role":"user","content":[\(results.joined(separator: ",")),\(odd.joined(separator: ","))]}],"odd":\(deep)}
      """
    var nameless = Conversation()
    nameless.messages = [
      Conversation.Message(role: .assistant, parts: (0..<10_000).map { Self.call(nil, "f\($0 % 7)") }),
      Conversation.Message(role: .user, parts: (0..<10_000).map { Self.result(nil, "f\($0 % 5)", "x") }),
    ]
    let took = try ContinuousClock().measure {
      #expect(try rewrite(body).contains("dropped: odd,odd0,odd1,"))
      _ = try write(nameless)
    }
    // A debug build on a slow machine takes a second or two; quadratic code takes minutes.
    #expect(took < .seconds(30))
  }
}
