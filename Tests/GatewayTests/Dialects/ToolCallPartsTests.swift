@testable import Gateway
import Testing

@Suite struct ToolCallPartsTests {
  private typealias Files = CompletionsFixtures

  private static func chunk(_ parts: String) -> String {
    #"{"choices":[{"index":0,"delta":{"tool_calls":[\#(parts)]}}]}"#
  }

  private static let end = #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#

  /// The IDs, names, and arguments of the calls in relayed chunks, put together as SDKs do it.
  private static func relayed(_ parts: [String], request: String = "") throws -> [String] {
    var feed = ChatFeed()
    feed.chat = ChatStream(
      modelToken: Array(#""m""#.utf8), wantsUsage: false, id: "r1", created: 7, request: request)
    var reader = CompletionsToolCallsReader()
    for part in parts { try reader.take(feed.relay(chunk(part))) }
    return reader.told
  }

  @Test func `calls that alternate are told apart`() throws {
    let parts = [
      #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
      #"{"index":1,"id":"b","function":{"name":"g","arguments":""}}"#,
      #"{"index":0,"function":{"arguments":"{\"x\":"}}"#, #"{"index":1,"function":{"arguments":"{\"y\":"}}"#,
      #"{"index":0,"function":{"arguments":"\"}{\"}"}}"#, #"{"index":1,"function":{"arguments":"2}"}}"#,
    ]
    let told = Files.told(Files.answer(try Files.events(parts.map(Self.chunk) + [Self.end])))
    #expect(told == [#"call a f {\"x\":\"}{\"} / "#, #"call b g {\"y\":2} / "#, "toolCalls"])
    #expect(try Self.relayed(parts) == [#"0 a f {"x":"}{"}"#, #"1 b g {"y":2}"#])
  }

  @Test func `a call whose arguments are complete ends when the next begins`() throws {
    let events = try Files.events([
      Self.chunk(#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":\"\\\"}\"}"}}"#),
      Self.chunk(#"{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}"#),
    ])
    #expect(events.contains(.callEnded(call: 0)))
    #expect(!events.contains(.callEnded(call: 1)))
  }

  @Test func `calls without an index are told apart by ID, by name, and by position`() throws {
    #expect(
      try Self.relayed([
        #"{"id":"a","function":{"name":"f","arguments":"1"}}"#,
        #"{"id":"b","function":{"name":"f","arguments":"2"}}"#,
        #"{"function":{"arguments":"3"}}"#, #"{"id":"a","function":{"arguments":"4"}}"#,
      ]) == ["0 a f 14", "1 b f 23"])
    #expect(
      try Self.relayed([
        #"{"function":{"name":"f","arguments":"1"}},{"function":{"name":"f","arguments":"2"}}"#,
        #"{"function":{"arguments":"3"}},{"function":{"arguments":"4"}}"#,
      ]) == ["0 call_0 f 13", "1 call_1 f 24"])
  }

  @Test func `calls that all have number 0 get numbers of their own`() throws {
    #expect(
      try Self.relayed([
        #"{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}"#,
        #"{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}"#,
        #"{"index":0,"function":{"arguments":"3"}}"#,
      ]) == ["0 a f 1", "1 b g 23"])
  }

  @Test func `missing, empty, and repeated IDs become unique`() throws {
    let parts = [
      #"{"index":0,"id":"","function":{"name":"f"}}"#, #"{"index":1,"function":{"name":"f"}}"#,
      #"{"index":2,"id":"call_0","function":{"name":"f"}}"#, #"{"index":3,"id":"call_0","function":{"name":"g"}}"#,
    ]
    #expect(try Self.relayed(parts) == ["0 call_0 f ", "1 call_1 f ", "2 call_2 f ", "3 call_3 g "])
    let request = "0190-abcd-efghijklmnopqrst"
    #expect(try Self.relayed([parts[0]], request: request) == ["0 call_efghijklmnopqrst_0 f "])
    let json = Array(#"{"choices":[{"message":{"tool_calls":[\#(parts[0])]}}]}"#.utf8)
    let ids = try CompletionsAnswerReader.whole(json.span, request: request).compactMap { event in
      if case .callBegan(_, let id, _) = event {
        String(decoding: id.bytes(in: json.span), as: UTF8.self)
      } else {
        nil
      }
    }
    #expect(ids == ["call_efghijklmnopqrst_0"])
  }

  @Test func `arguments that are an object become a string`() throws {
    #expect(
      try Self.relayed([#"{"index":0,"id":"a","function":{"name":"f","arguments":{"z":"U"}}}"#])
        == [#"0 a f {"z":"U"}"#])
    let whole =
      #"{"choices":[{"message":{"tool_calls":[{"id":"","function":{"name":"f","arguments":{"z":1}}}]}}],"created":1.5}"#
    #expect(
      try ChatAnswerTests.relay(whole).text
        == #"{"model":"m","choices":[{"message":{"tool_calls":[{"id":"call_0","function":{"name":"f","#
        + #""arguments":"{\"z\":1}"}}]}}],"created":1}"#)
  }

  @Test func `more calls than the limit pass without repair`() {
    var feed = ChatFeed()
    let calls = (0...ToolCallTable.callsMax).map { _ in #"{"id":"","function":{"name":"f"}}"# }.joined(
      separator: ",")
    let relayed = feed.relay(Self.chunk(calls))
    #expect(relayed.ranges(of: #""id":"""#).count == 1)
    #expect(ChatFeed.hasUniqueKeys(relayed) == true)
  }

  // MARK: Histories

  private static func anthropic(_ messages: String) throws -> String {
    let json = Array(#"{"model":"m","messages":[\#(messages)]}"#.utf8)
    let target = WriteTarget(model: "m", streams: false)
    let written = try RequestTranslation.write(json.span, as: CallEndpoint(.openAI), in: .anthropic, for: target)
    return String(decoding: written.body, as: UTF8.self)
  }

  private static func call(_ id: String, _ arguments: String = "{}") -> String {
    #"{"id":"\#(id)","function":{"name":"f","arguments":"\#(arguments)"}}"#
  }

  @Test func `calls of a history that share an ID get IDs of their own, and so do their results`() throws {
    let written = try Self.anthropic(
      #"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[\#(Self.call("c")),\#(Self.call("c"))]},"#
        + #"{"role":"tool","tool_call_id":"c","content":"1"},{"role":"tool","tool_call_id":"c","content":"2"},"#
        + #"{"role":"assistant","tool_calls":[\#(Self.call("c"))]},{"role":"tool","tool_call_id":"c","content":"3"}"#
    )
    let ids = written.matches(of: #/"(?:id|tool_use_id)":"([^"]*)"/#).map { String($0.1) }
    #expect(ids == ["c", "call_1", "c", "call_1", "call_2", "call_2"])
  }

  @Test func `half an object in a history is passed on as an object`() throws {
    let written = try Self.anthropic(
      #"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[\#(Self.call("c", #"{\"p\":"#))]},"#
        + #"{"role":"tool","tool_call_id":"c","content":"no"}"#)
    #expect(written.contains(#""input":{"arguments":"{\"p\":"}"#))
  }

  @Test func `half of a surrogate pair becomes U+FFFD, and a pair stays`() throws {
    let text = #"a \ud83d b \ude00 c \ud83d\ude00 d \\ud83d e \ud83d\n\udead"#
    let written = try Self.anthropic(#"{"role":"user","content":"\#(text)"}"#)
    #expect(written.contains(#"a \ufffd b \ufffd c \ud83d\ude00 d \\ud83d e \ufffd\n\ufffd"#))
  }
}

/// Puts the tool calls of relayed chunks together.
private struct CompletionsToolCallsReader {
  private var calls: [Int: (id: String, name: String, arguments: String)] = [:]

  var told: [String] {
    calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.id) \($0.value.name) \($0.value.arguments)" }
  }

  mutating func take(_ chunk: String) throws {
    let json = Array(chunk.utf8)
    let span = json.span
    let choices = JSONLists.members(of: JSONLists.root(span), in: span).value("choices", in: span)
    for choice in JSONLists.elements(of: choices, in: span) {
      let delta = JSONLists.members(of: choice, in: span).value("delta", in: span)
      let parts = JSONLists.members(of: delta, in: span).value("tool_calls", in: span)
      for part in JSONLists.elements(of: parts, in: span) {
        let fields = JSONLists.members(of: part, in: span)
        let number = fields.value("index", in: span)?.integer(in: span)
        let index = try #require(number)
        let function = JSONLists.members(of: fields.value("function", in: span), in: span)
        var call = calls[Int(index)] ?? ("", "", "")
        call.id += call.id.isEmpty ? fields.value("id", in: span)?.string(in: span) ?? "" : ""
        call.name += function.value("name", in: span)?.string(in: span) ?? ""
        call.arguments += function.value("arguments", in: span)?.string(in: span) ?? ""
        calls[Int(index)] = call
      }
    }
  }
}
