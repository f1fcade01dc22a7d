import Foundation
import Testing

@testable import Gateway

@Suite struct GeminiAnswerTests {
  private typealias Pairs = GeminiTests

  private let label = GeminiTests.label

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// An event as text, so that events of different texts can be compared.
  private func words(_ event: ChatEvent, _ json: Span<UInt8>) -> String {
    func say(_ text: EscapedText?) -> String { text.map { self.text($0.bytes(in: json)) } ?? "-" }
    switch event {
    case .began(let id): return "began \(say(id))"
    case .text(let text): return "text \(say(text))"
    case .thinking(let text): return "thinking \(say(text))"
    case .signature(let text): return "signature \(say(text))"
    case .image(let media, let base64): return "image \(say(media)) \(say(base64))"
    case .callBegan(let call, let id, let name): return "call \(call) \(say(id)) \(say(name))"
    case .arguments(let call, let text): return "arguments \(call) \(say(text))"
    case .usage(let counts):
      return
        "usage \(counts.prompt ?? -1)/\(counts.completion ?? -1) \(counts.cached ?? -1) \(counts.thinking ?? -1)"
    case .failed(let error): return "failed \(error.message) \(error.code ?? "-") \(error.type ?? "-")"
    default: return "\(event)"
    }
  }

  /// The events of a stream whose bytes arrive in parts that end at `cuts`.
  private func stream(_ bytes: [UInt8], cutAt cuts: [Int] = []) throws -> [String] {
    var reader = GeminiAnswerReader()
    var out: [String] = []
    try forEachEvent(of: bytes, in: .gemini, cutAt: cuts) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      for event in events { out.append(words(event, data.span)) }
    }
    return out
  }

  private func whole(_ json: String) throws -> [String] {
    let json = Array(json.utf8)
    return try GeminiAnswerReader.whole(json.span).map { words($0, json.span) }
  }

  private static let id = "mAISaPnBGYGmvdIPh7Wd4As"

  /// The events of the pairs' streams, without early counts.
  private static let said: [String: [String]] = [
    "text": ["text Hello", "text , world!", "usage 10/5 -1 -1", "finished(Gateway.FinishReason.stop)"],
    "tools": [
      "text Let me see.", "call 0 call_1 get_weather", #"arguments 0 {\"city\":\"Paris\"}"#, "callEnded(call: 0)",
      "call 1 call_2 get_time", #"arguments 1 {\"city\":\"Paris\"}"#, "callEnded(call: 1)", "usage 20/15 -1 -1",
      "finished(Gateway.FinishReason.toolCalls)",
    ],
    "thinking": [
      "thinking Hmm, ", "thinking well.", "signature c2ln", "text Yes.", "usage 8/12 -1 7",
      "finished(Gateway.FinishReason.stop)",
    ],
    "length": ["text Once upon", "usage 5/2 -1 -1", "finished(Gateway.FinishReason.length)"],
    "cached": ["text Hi", "usage 100/5 80 -1", "finished(Gateway.FinishReason.stop)"],
    "filtered": ["text I", "usage 5/1 -1 -1", "finished(Gateway.FinishReason.filtered)"],
    "failing": ["text Hel", "failed Overloaded 503 UNAVAILABLE"],
    "truncated": ["text Hel"],
  ]

  @Test(arguments: GeminiTests.cases(".gemini.sse"))
  func `a stream gives the same events wherever its bytes are cut`(name: String) throws {
    let bytes = try Pairs.read(name + ".gemini.sse")
    let events = try stream(bytes)
    #expect(events.first == "began \(Self.id)")
    #expect(events.dropFirst().filter { !$0.contains("/-1 ") } == Self.said[name])
    for cut in 1..<bytes.count { #expect(try stream(bytes, cutAt: [cut]) == events, "cut at \(cut)") }
    #expect(try stream(bytes, cutAt: Array(1..<bytes.count)) == events, "byte by byte")
  }

  @Test(arguments: GeminiTests.cases(".gemini.json").filter { !$0.hasSuffix(".request") })
  func `a non-streaming answer gives the same as its stream`(name: String) throws {
    let json = try Pairs.read(name + ".gemini.json")
    let answer = Answer(try GeminiAnswerReader.whole(json.span), json.span)
    var streamed = Answer()
    var reader = GeminiAnswerReader()
    try forEachEvent(of: Pairs.read(name + ".gemini.sse"), in: .gemini) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      for event in events { streamed.take(event, data.span) }
    }
    #expect(answer.blocks == streamed.blocks)
    #expect(answer.counts == streamed.counts)
    #expect(answer.reason == streamed.reason)
    #expect(text(answer.id) == Self.id)
  }

  @Test func `tool calls get IDs and keep their signatures`() throws {
    let events = try whole(
      """
      {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{ "a" : [1,
        "b \\" c"] }},"thoughtSignature":"c2ln"},{"functionCall":{"name":"g"}}]},"finishReason":"STOP"}],
       "responseId":"a/b-C_9"}
      """)
    #expect(
      events == [
        "began a/b-C_9", "call 0 call_ab-C_9_0 f", #"arguments 0 {\"a\":[1,\"b \\\" c\"]}"#, "signature c2ln",
        "callEnded(call: 0)", "call 1 call_ab-C_9_1 g", "callEnded(call: 1)",
        "finished(Gateway.FinishReason.toolCalls)", "ended",
      ])
  }

  @Test func `images, tool tokens, and a blocked prompt are read`() throws {
    #expect(
      try whole(
        #"""
        {"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]}},{"content":{"parts":[
          {"inlineData":{"mimeType":"image/png","data":"aQ=="}},{"inlineData":{"mimeType":"audio/wav","data":"aQ=="}},
          {"executableCode":{}},7,{"text":"x","thoughtSignature":"c2ln"}]}}],
         "usageMetadata":{"promptTokenCount":3,"toolUsePromptTokenCount":4,"thoughtsTokenCount":5}}
        """#) == [
          "began -", "image image/png aQ==", "text x", "signature c2ln", "usage 7/5 -1 5",
          "finished(Gateway.FinishReason.stop)", "ended",
        ])
    #expect(
      try whole(#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}"#)
        == ["began -", "usage 3/-1 -1 -1", "finished(Gateway.FinishReason.filtered)", "ended"])
  }

  @Test func `a response without an answer is an error`() {
    for json in ["", "[]", "{}", #"{"candidates":[]}"#, #"{"candidates":{}}"#, #"{"candidates":[{}]"#, "nonsense"] {
      #expect(throws: AttemptFailure.self, "\(json)") { try whole(json) }
    }
    #expect(
      throws: AttemptFailure.error(UpstreamError(message: "Slow down", type: "RESOURCE_EXHAUSTED", code: "429"))
    ) { try whole(#"{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED"}}"#) }
  }

  @Test func `finish reasons are read`() throws {
    let reasons: [(String, FinishReason)] = [
      ("STOP", .stop), ("MAX_TOKENS", .length), ("SAFETY", .filtered), ("RECITATION", .filtered),
      ("BLOCKLIST", .filtered), ("PROHIBITED_CONTENT", .filtered), ("SPII", .filtered),
      ("SOMETHING_NEW", .stop),
    ]
    for (word, reason) in reasons {
      let events = try whole(#"{"candidates":[{"finishReason":"\#(word)"}]}"#)
      #expect(events == ["began -", "finished(Gateway.FinishReason.\(reason))", "ended"])
    }
  }

  // MARK: Writing

  /// The bytes that a client receives for a pair's stream.
  private func relay(_ name: String, _ form: GeminiAnswerWriter.Form) throws -> String {
    var writer = GeminiAnswerWriter(label, form: form)
    var out: [UInt8] = []
    var counts = TokenCounts()
    var reader = GeminiAnswerReader()
    try forEachEvent(of: Pairs.read(name + ".gemini.sse"), in: .gemini) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      for event in events {
        writer.write(event, data.span, to: &out)
        if case .usage(let later) = event { counts.merge(later) }
        if case .finished = event { writer.end(counts, to: &out) }
        if case .failed(let error) = event {
          writer.breakOff(to: &out)
          ErrorReply.event(
            APIError(503, .upstreamFailed, error.message),
            CallEndpoint(.gemini, form: form == .array ? .array : .events),
            requestID: "", into: &out)
        }
      }
    }
    return text(out)
  }

  @Test(arguments: GeminiTests.cases(".gemini.sse"))
  func `a stream reads back the same after writing`(name: String) throws {
    let events = try relay(name, .events)
    let before = try stream(Pairs.read(name + ".gemini.sse")).filter { !$0.contains("/-1 ") }
    #expect(try stream(Array(events.utf8)) == before)
    for event in events.components(separatedBy: "\r\n\r\n").dropLast() {
      #expect(event.hasPrefix(#"data: {""#) && event.hasSuffix("}") && !event.contains("\n"))
    }
    let array = try relay(name, .array) + (name == "truncated" ? "]" : "")
    let list = try JSONSerialization.jsonObject(with: Data(array.utf8)) as? [NSDictionary]
    let single = events.components(separatedBy: "\r\n\r\n").dropLast().map { $0.dropFirst(6) }
    let parsed = try single.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary }
    #expect(list == parsed)
  }

  @Test(arguments: GeminiTests.cases(".gemini.json").filter { !$0.hasSuffix(".request") })
  func `a non-streaming answer reads back the same after writing`(name: String) throws {
    let json = try Pairs.read(name + ".gemini.json")
    let answer = Answer(try GeminiAnswerReader.whole(json.span), json.span)
    let out = GeminiAnswerWriter.whole(answer, answer.counts, label)
    let again = Answer(try GeminiAnswerReader.whole(out.span), out.span)
    #expect(answer.blocks == again.blocks)
    #expect(answer.counts == again.counts)
    #expect(answer.reason == again.reason)
    #expect(answer.id == again.id)
  }

  @Test func `a stream has these exact bytes`() throws {
    let head = #"data: {"candidates":[{"content":{"parts":["#
    let tail =
      #"],"role":"model"},"index":0}],"modelVersion":"m","responseId":"mAISaPnBGYGmvdIPh7Wd4As"}"# + "\r\n\r\n"
    #expect(
      try relay("tools", .events) == head + #"{"text":"Let me see."}"# + tail + head
        + #"{"functionCall":{"id":"call_1","name":"get_weather","args":{"city":"Paris"}}}"# + tail + head
        + #"{"functionCall":{"id":"call_2","name":"get_time","args":{"city":"Paris"}}}"# + tail + head
        + #"{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"#
        + #""usageMetadata":{"promptTokenCount":20,"#
        + #""candidatesTokenCount":15,"totalTokenCount":35},"modelVersion":"m","responseId":"mAISaPnBGYGmvdIPh7Wd4As"}"#
        + "\r\n\r\n")
    #expect(
      try relay("thinking", .array).hasPrefix(
        #"[{"candidates":[{"content":{"parts":[{"text":"Hmm, ","thought":true}]"#))
  }

  @Test func `two tool calls may be open concurrently, and each keeps its signature`() {
    var writer = GeminiAnswerWriter(label)
    var out: [UInt8] = []
    let json = Array("x".utf8)
    func made(_ text: String) -> EscapedText { EscapedText(text) }
    for event: ChatEvent in [
      .began(id: nil), .callBegan(call: 0, id: made("a"), name: made("f")), .arguments(call: 0, made(#"{"x":"#)),
      .callBegan(call: 1, id: made("b"), name: made("g")), .signature(made("c2")), .signature(made("ln")),
      .arguments(call: 0, made("\n 1}")), .callEnded(call: 1), .callEnded(call: 0), .thinking(made("Hm")),
      .signature(made("c2")), .signature(made("ln")), .text(made("Hi")), .signature(made("no base64!")),
      .image(media: made("image/png"), base64: made("aQ==")), .redactedThinking(made("x")), .finished(.toolCalls),
    ] { writer.write(event, json.span, to: &out) }
    writer.end(TokenCounts(prompt: 1, completion: 2, thinking: 5), to: &out)
    let parts = text(out).components(separatedBy: "\r\n\r\n").dropLast().map { chunk in
      String(chunk.dropFirst(42).prefix(while: { $0 != "]" }))
    }
    #expect(
      parts == [
        #"{"functionCall":{"id":"b","name":"g","args":{}},"thoughtSignature":"c2ln"}"#,
        #"{"functionCall":{"id":"a","name":"f","args":{"x":1}}}"#, #"{"text":"Hm","thought":true}"#,
        #"{"text":"","thought":true,"thoughtSignature":"c2ln"}"#, #"{"text":"Hi"}"#,
        #"{"inlineData":{"mimeType":"image/png","data":"aQ=="}}"#, #"{"text":""}"#,
      ])
    #expect(text(out).contains(#""candidatesTokenCount":0,"totalTokenCount":3,"thoughtsTokenCount":2}"#))
    #expect(text(out).contains(#""responseId":"r1"}"#))
  }

  @Test func `a tool call whose arguments are not an object is omitted`() {
    var writer = GeminiAnswerWriter(label)
    var out: [UInt8] = []
    let json = Array("x".utf8)
    var answer = Answer()
    for event: ChatEvent in [
      .began(id: nil), .callBegan(call: 0, id: EscapedText("a"), name: EscapedText("f")),
      .arguments(call: 0, EscapedText(#"{"x":"#)), .callEnded(call: 0), .finished(.toolCalls),
    ] {
      writer.write(event, json.span, to: &out)
      answer.take(event, json.span)
    }
    writer.end(TokenCounts(), to: &out)
    for body in [text(out), text(GeminiAnswerWriter.whole(answer, TokenCounts(), label))] {
      #expect(!body.contains("functionCall"))
      #expect(body.contains(#""finishReason":"MALFORMED_FUNCTION_CALL""#))
    }
  }

  @Test func `arguments over the size limit are not held`() {
    var writer = GeminiAnswerWriter(label)
    var out: [UInt8] = []
    let piece = [UInt8](repeating: UInt8(ascii: "1"), count: 64 * 1024)
    writer.write(.callBegan(call: 0, id: EscapedText("a"), name: EscapedText("f")), piece.span, to: &out)
    for _ in 0..<100 { writer.write(.arguments(call: 0, .owned(piece)), piece.span, to: &out) }
    writer.write(.callEnded(call: 0), piece.span, to: &out)
    #expect(out.isEmpty)
    writer.write(.callBegan(call: 1, id: EscapedText("b"), name: EscapedText("f")), piece.span, to: &out)
    writer.write(.callEnded(call: 1), piece.span, to: &out)
    #expect(text(out).contains(#""id":"b""#))
  }

  @Test func `a tool call whose arguments exceed the size limit is omitted, although their beginning is an object`()
  {
    var writer = GeminiAnswerWriter(label)
    var out: [UInt8] = []
    let spaces = [UInt8](repeating: 0x20, count: SSEReader.eventBytesMax)
    writer.write(.callBegan(call: 0, id: EscapedText("a"), name: EscapedText("f")), spaces.span, to: &out)
    for piece in [EscapedText.owned(Array("{}".utf8)), .owned(spaces), .owned([0x20])] {
      writer.write(.arguments(call: 0, piece), spaces.span, to: &out)
    }
    writer.write(.callEnded(call: 0), spaces.span, to: &out)
    writer.end(TokenCounts(), to: &out)
    #expect(!text(out).contains("functionCall"))
    #expect(text(out).contains(#""finishReason":"MALFORMED_FUNCTION_CALL""#))
  }

  @Test func `a signature after the end of a tool call is a part of its own`() {
    var writer = GeminiAnswerWriter(label)
    var out: [UInt8] = []
    let json = Array("x".utf8)
    for event: ChatEvent in [
      .callBegan(call: 0, id: EscapedText("a"), name: EscapedText("f")), .callEnded(call: 0),
      .signature(EscapedText("c2ln")), .text(EscapedText("Hi")),
    ] { writer.write(event, json.span, to: &out) }
    #expect(text(out).contains(#"{"functionCall":{"id":"a","name":"f","args":{}}}"#), "\(text(out))")
    #expect(text(out).contains(#"{"text":"","thought":true,"thoughtSignature":"c2ln"}"#), "\(text(out))")
  }

  @Test func `errors and models have Google's format`() {
    #expect(
      text(failure(429, "Slow \"down\"", in: .gemini))
        == #"{"error":{"code":429,"message":"Slow \"down\"","status":"RESOURCE_EXHAUSTED"}}"#)
    for (status, word) in [
      (400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"),
      (413, "INVALID_ARGUMENT"), (500, "INTERNAL"), (501, "UNIMPLEMENTED"), (502, "INTERNAL"), (503, "UNAVAILABLE"),
      (504, "DEADLINE_EXCEEDED"),
    ] {
      #expect(text(failure(status, "", in: .gemini)).contains(#""status":"\#(word)""#))
    }
    #expect(
      text(GeminiModels.list([.init(id: "a", ownedBy: "x", created: 0), .init(id: "b", ownedBy: "x", created: 0)]))
        == #"""
        {"models":[{"name":"models/a","displayName":"a","supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]},{"name":"models/b","displayName":"b","supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}]}
        """#)
    #expect(text(GeminiModels.list([])) == #"{"models":[]}"#)
  }

  // MARK: Hostile input

  /// Variants of a value with one inner value replaced in each, as texts.
  private func variants(_ value: Any) -> [Any] {
    let others: [Any] = [
      NSNull(), true, -1, 0.5, Int64.max, -1e300, "", "x", [Any](), ["x"], [[String: Any]()], [String: Any](),
      ["x": 1],
    ]
    var out = others
    if let object = value as? [String: Any] {
      for (key, member) in object {
        for variant in variants(member) { out.append(object.merging([key: variant]) { $1 }) }
        out.append(object.filter { $0.key != key })
      }
    } else if let list = value as? [Any] {
      for (index, element) in list.enumerated() {
        for variant in variants(element) {
          var changed = list
          changed[index] = variant
          out.append(changed)
        }
      }
    }
    return out
  }

  @Test(arguments: GeminiTests.cases(".gemini.json"))
  func `any value in any position is handled`(name: String) throws {
    let isRequest = name.hasSuffix(".request")
    let original = try JSONSerialization.jsonObject(with: Data(Pairs.read(name + ".gemini.json")))
    var survived = 0
    for variant in variants(original) {
      let json = Array(try JSONSerialization.data(withJSONObject: variant, options: .fragmentsAllowed))
      if isRequest {
        guard let conversation = try? GeminiRequestReader.read(json.span) else { continue }
        let target = WriteTarget(model: "gemini-3-pro", streams: true)
        guard let request = try? GeminiRequestWriter.write(conversation, json.span, for: target) else { continue }
        _ = try JSONSerialization.jsonObject(with: Data(request.body))
      } else {
        guard let events = try? GeminiAnswerReader.whole(json.span) else { continue }
        let answer = Answer(events, json.span)
        let body = GeminiAnswerWriter.whole(answer, answer.counts, label)
        _ = try JSONSerialization.jsonObject(with: Data(body))
      }
      survived += 1
    }
    #expect(survived > 10)
  }

  @Test func `depth and size are handled in linear time`() throws {
    let depth = 61
    let deep = String(repeating: #"{"items":"#, count: depth) + "1" + String(repeating: "}", count: depth)
    let parts = Array(repeating: #"{"functionResponse":{"name":"f","response":{"a":1}}}"#, count: 10_000)
    let calls = Array(repeating: #"{"functionCall":{"name":"f"}}"#, count: 10_000)
    let request = Array(
      """
      {"contents":[{"role":"model","parts":[\(calls.joined(separator: ","))]},
       {"parts":[\(parts.joined(separator: ","))]}],
       "generationConfig":{"responseSchema":\(deep)}}
      """.utf8)
    _ = try Scanner.whole(request.span)
    let clock = ContinuousClock()
    let took = try clock.measure {
      let conversation = try GeminiRequestReader.read(request.span)
      let target = WriteTarget(model: "m", streams: false)
      let body = try GeminiRequestWriter.write(conversation, request.span, for: target).body
      _ = try Scanner.whole(body.span)
    }
    let answer = Array(#"{"candidates":[{"content":{"parts":[\#(calls.joined(separator: ","))]}}]}"#.utf8)
    let read = try clock.measure {
      let events = try GeminiAnswerReader.whole(answer.span)
      #expect(events.count == 20_003)
    }
    #expect(took + read < .seconds(10))
  }
}
