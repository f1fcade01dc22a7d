import Foundation
import Testing

@testable import Gateway

/// Ollama's answers, read and written.
@Suite struct OllamaTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")
  private static let label = AnswerMetadata(
    requestID: "r1", created: 1_787_307_330, modelToken: Array(#""m""#.utf8))

  private static let wholes = ["text", "tools", "thinking", "length", "cached", "filtered"]

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.folder.appending(path: name)))
  }

  /// An event that owns its texts.
  private static func owned(_ event: ChatEvent, _ json: Span<UInt8>) -> ChatEvent {
    func own(_ text: EscapedText) -> EscapedText { .owned(text.bytes(in: json)) }
    switch event {
    case .text(let text): return .text(own(text))
    case .thinking(let text): return .thinking(own(text))
    case .callBegan(let call, let id, let name): return .callBegan(call: call, id: own(id), name: own(name))
    case .arguments(let call, let text): return .arguments(call: call, own(text))
    default: return event
    }
  }

  /// The events of a stream whose bytes arrive in parts that end at `cuts`.
  private static func events(_ stream: [UInt8], cutAt cuts: [Int] = []) throws -> [ChatEvent] {
    var lines = NDJSONReader()
    var reader = OllamaAnswerReader()
    var all: [ChatEvent] = []
    var start = 0
    func take() throws(AttemptFailure) {
      var events: [ChatEvent] = []
      try reader.read(lines.data.span, into: &events)
      all += events.map { owned($0, lines.data.span) }
    }
    for end in cuts + [stream.count] {
      let piece = Array(stream[start..<end])
      start = end
      var offset = 0
      while try lines.next(in: piece.span, from: &offset) { try take() }
    }
    if try lines.finish() { try take() }
    return all
  }

  private static func events(_ stream: String) throws -> [ChatEvent] { try events(Array(stream.utf8)) }

  private static func text(_ text: String) -> EscapedText { .owned(Array(text.utf8)) }

  // MARK: Reading

  @Test func `every case has its distinguishing content`() throws {
    func counts(_ prompt: Int, _ completion: Int) -> ChatEvent {
      .usage(TokenCounts(prompt: prompt, completion: completion))
    }
    let arguments = Self.text(#"{\"city\":\"Paris\"}"#)
    let expected: [(String, [ChatEvent])] = [
      ("text", [.text(Self.text("Hello")), .text(Self.text(", world!")), counts(10, 5), .finished(.stop), .ended]),
      (
        "tools",
        [
          .text(Self.text("Let me see.")),
          .callBegan(call: 0, id: Self.text("call_1"), name: Self.text("get_weather")),
          .arguments(call: 0, arguments), .callEnded(call: 0),
          .callBegan(call: 1, id: Self.text("call_2"), name: Self.text("get_time")),
          .arguments(call: 1, arguments), .callEnded(call: 1), counts(20, 15), .finished(.toolCalls), .ended,
        ]
      ),
      (
        "thinking",
        [
          .thinking(Self.text("Hmm, ")), .thinking(Self.text("well.")), .text(Self.text("Yes.")), counts(8, 12),
          .finished(.stop), .ended,
        ]
      ),
      ("length", [.text(Self.text("Once upon")), counts(5, 2), .finished(.length), .ended]),
      ("cached", [.text(Self.text("Hi")), counts(100, 5), .finished(.stop), .ended]),
      ("filtered", [.text(Self.text("I")), counts(5, 1), .finished(.filtered), .ended]),
      ("failing", [.text(Self.text("Hel")), .failed(UpstreamError(message: "Overloaded"))]),
      ("truncated", [.text(Self.text("Hel"))]),
    ]
    for (name, events) in expected {
      #expect(try Self.events(try bytes(name + ".ollama.ndjson")) == [.began(id: nil)] + events, "\(name)")
    }
  }

  @Test(arguments: wholes + ["failing", "truncated"])
  func `a stream gives the same events wherever its bytes are cut`(name: String) throws {
    let stream = try bytes(name + ".ollama.ndjson")
    let whole = try Self.events(stream)
    for cut in 1..<stream.count { #expect(try Self.events(stream, cutAt: [cut]) == whole, "cut at \(cut)") }
    #expect(try Self.events(stream, cutAt: Array(1..<stream.count)) == whole)
  }

  @Test(arguments: wholes)
  func `a non-streaming answer gives the same as its stream`(name: String) throws {
    let json = try bytes(name + ".ollama.json")
    let nothing: [UInt8] = []
    let whole = Answer(try OllamaAnswerReader.whole(json.span), json.span)
    let stream = Answer(try Self.events(try bytes(name + ".ollama.ndjson")), nothing.span)
    #expect(whole.reason == stream.reason && whole.counts == stream.counts)
    // A non-streaming answer has one field each for thinking, text, and tool calls, so their order is lost.
    #expect(whole.blocks == stream.blocks)
  }

  @Test func `tool calls without an ID get a unique one`() throws {
    let events = try Self.events(
      #"{"message":{"tool_calls":[{"function":{"name":"a"}},{"id":"call_2","function":{"name":"b","arguments":""}}]}}"#
        + "\n"
        + #"{"message":{"tool_calls":[{"id":"","function":{"name":"c"}},{"id":"call_2","function":{"name":"d"}},"#
        + #"{"function":{}},7]}}"# + "\n" + #"{"done":true}"#)
    let ids = events.compactMap { event -> String? in
      guard case .callBegan(let call, .owned(let id), .owned(let name)) = event else { return nil }
      return "\(call) \(String(decoding: name, as: UTF8.self)) \(String(decoding: id, as: UTF8.self))"
    }
    #expect(ids == ["0 a call_1", "1 b call_2", "2 c call_3", "3 d call_4"])
    #expect(events.suffix(2) == [.finished(.toolCalls), .ended])
    #expect(events.filter { if case .callEnded = $0 { true } else { false } }.count == 4)
  }

  @Test func `arguments are escaped for their destination`() throws {
    let events = try Self.events(
      #"{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":"\"\n\u00e9"}}}]}}"#)
    #expect(events.contains(.arguments(call: 0, Self.text(#"{\"a\":\"\\\"\\n\\u00e9\"}"#))))
  }

  @Test(arguments: [
    ("stop", FinishReason.stop), ("length", .length), ("load", .stop), ("unload", .stop), ("new", .stop),
  ])
  func `every finish reason is known`(word: String, reason: FinishReason) throws {
    let line = #"{"message":{"content":""},"done":true,"done_reason":"\#(word)"}"#
    #expect(try Self.events(line) == [.began(id: nil), .finished(reason), .ended])
  }

  @Test func `nothing follows the end or an error`() throws {
    let end = #"{"done":true,"done_reason":"stop"}"# + "\n"
    #expect(
      try Self.events(end + end + #"{"message":{"content":"a"}}"#) == [.began(id: nil), .finished(.stop), .ended])
    #expect(try Self.events(#"{"error":{"message":"a","code":500}}"# + "\n" + end).count == 1)
    #expect(
      try Self.events(#"{"error":"","message":{"content":"a"}}"#) == [.began(id: nil), .text(Self.text("a"))])
  }

  @Test(arguments: ["", "[]", "data: {}", "{", "1", #"{"message":{"content":"\#u{1}"}}"#])
  func `an invalid line is an upstream failure`(line: String) {
    #expect(throws: AttemptFailure.self) {
      var reader = OllamaAnswerReader()
      var events: [ChatEvent] = []
      try reader.read(Array(line.utf8).span, into: &events)
    }
    #expect(throws: AttemptFailure.self) { _ = try OllamaAnswerReader.whole(Array(line.utf8).span) }
  }

  @Test func `a response without an answer is a failure, and an error object is the upstream's`() {
    for (text, failure) in [
      (#"{"error":"model not found"}"#, AttemptFailure.error(UpstreamError(message: "model not found"))),
      ("{}", .malformed("the answer has no message")),
      (#"{"message":null,"done":false}"#, .malformed("the answer has no message")),
    ] {
      #expect(throws: failure) { _ = try OllamaAnswerReader.whole(Array(text.utf8).span) }
    }
  }

  @Test func `too many tool calls are a failure`() {
    let calls = (0..<2000).map { _ in #"{"function":{"name":"f"}}"# }.joined(separator: ",")
    #expect(throws: AttemptFailure.self) { _ = try Self.events(#"{"message":{"tool_calls":[\#(calls)]}}"#) }
  }

  @Test func `random values in every field are skipped`() throws {
    let values = [
      "null", "1", "-1", "1e999", "9223372036854775807", "\"a\"", "true", "[]", "{}", "[[{}]]", "[null]",
    ]
    let fields = [
      #""message":$"#, #""message":{"content":$,"thinking":$,"tool_calls":$}"#, #""done":$,"done_reason":$"#,
      #""message":{"tool_calls":[{"id":$,"function":$}]}"#, #""message":{"tool_calls":[$]}"#,
      #""message":{"tool_calls":[{"function":{"name":$,"arguments":$}}]}"#,
      #""prompt_eval_count":$,"eval_count":$"#,
      #""message":{"tool_calls":[{"function":{"name":"f","arguments":$}}]}"#, #""model":$,"created_at":$"#,
    ]
    for field in fields {
      for value in values {
        let line = "{\(field.replacing("$", with: value))}"
        _ = try Self.events(line)
        _ = try? OllamaAnswerReader.whole(Array(line.utf8).span)
      }
    }
    let deep = String(repeating: #"{"message":"#, count: 63) + "{}" + String(repeating: "}", count: 63)
    #expect(try Self.events(deep) == [.began(id: nil)])
  }

  // MARK: Writing

  private static func relay(_ stream: [UInt8], isGenerate: Bool = false) throws -> String {
    let nothing: [UInt8] = []
    var writer = OllamaAnswerWriter(label, isGenerate: isGenerate)
    var counts = TokenCounts()
    var out: [UInt8] = []
    for event in try events(stream) {
      if case .usage(let later) = event { counts.merge(later) }
      if case .failed(let error) = event {
        return String(decoding: out + failure(200, error.message, in: .ollama) + [0x0a], as: UTF8.self)
      }
      if event == .ended { writer.end(counts, to: &out) } else { writer.write(event, nothing.span, to: &out) }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Removes the members with times.
  private static func timeless(_ text: String) -> String {
    text.replacing(#/"created_at":"[^"]*"/#, with: "").replacing(#/_duration":\d+/#, with: "_duration\":0")
  }

  @Test(arguments: wholes)
  func `an answer is written in Ollama's format`(name: String) throws {
    let stream = try bytes(name + ".ollama.ndjson")
    #expect(Self.timeless(try Self.relay(stream)) == Self.timeless(String(decoding: stream, as: UTF8.self)))
    let json = try bytes(name + ".ollama.json")
    let answer = Answer(try OllamaAnswerReader.whole(json.span), json.span)
    let out = String(decoding: OllamaAnswerWriter.whole(answer, answer.counts, Self.label), as: UTF8.self)
    #expect(Self.timeless(out) + "\n" == Self.timeless(String(decoding: json, as: UTF8.self)))
  }

  @Test func `every line has the time and the model, and the last one the counts`() throws {
    let out = try Self.relay(try bytes("text.ollama.ndjson"))
    let lines = out.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 4 && lines.last == "")
    #expect(
      lines[0]
        == #"{"model":"m","created_at":"2026-08-21T10:15:30Z","message":{"role":"assistant","content":"Hello"},"#
        + #""done":false}"#)
    #expect(
      lines[2] == #"{"model":"m","created_at":"2026-08-21T10:15:30Z","message":{"role":"assistant","content":""},"#
        + #""done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_count":10,"#
        + #""prompt_eval_duration":0,"eval_count":5,"eval_duration":0}"#)
    #expect(try Self.relay(try bytes("failing.ollama.ndjson")).hasSuffix("\n{\"error\":\"Overloaded\"}\n"))
  }

  @Test func `an answer to generate has its text in response`() throws {
    let out = try Self.relay(try bytes("thinking.ollama.ndjson"), isGenerate: true)
    let lines = out.split(separator: "\n").map { $0.replacing(#/"created_at":"[^"]*",/#, with: "") }
    #expect(lines[0] == #"{"model":"m","response":"","thinking":"Hmm, ","done":false}"#)
    #expect(lines[2] == #"{"model":"m","response":"Yes.","done":false}"#)
    #expect(lines[3].hasPrefix(#"{"model":"m","response":"","done":true,"done_reason":"stop","total_duration":0"#))
    let json = try bytes("thinking.ollama.json")
    let answer = Answer(try OllamaAnswerReader.whole(json.span), json.span)
    let whole = OllamaAnswerWriter.whole(
      answer, answer.counts, Self.label, isGenerate: true,
      durations: .init(total: 9, load: 1, prompt: 2, completion: 6))
    #expect(
      String(decoding: whole, as: UTF8.self)
        == #"{"model":"m","created_at":"2026-08-21T10:15:30Z","response":"Yes.","#
        + #""thinking":"Hmm, well.","done":true,"done_reason":"stop","total_duration":9,"load_duration":1,"#
        + #""prompt_eval_count":8,"prompt_eval_duration":2,"eval_count":12,"eval_duration":6}"#)
  }

  /// The output for one tool call whose arguments arrive in parts.
  private static func call(_ pieces: [String], id: String = "x") -> String {
    let nothing: [UInt8] = []
    var writer = OllamaAnswerWriter(label)
    var out: [UInt8] = []
    writer.write(.callBegan(call: 3, id: EscapedText(id), name: EscapedText("f")), nothing.span, to: &out)
    for piece in pieces { writer.write(.arguments(call: 3, text(piece)), nothing.span, to: &out) }
    #expect(out.isEmpty)
    writer.write(.callEnded(call: 3), nothing.span, to: &out)
    return String(decoding: out, as: UTF8.self).split(separator: "tool_calls").dropFirst().joined()
  }

  @Test func `a tool call is written complete and on one line`() {
    let call = Self.call([#"{\"a\":"#, #"\n [1,\r\n2],\"b\":\"\\n\"}"#])
    #expect(
      call
        == #"":[{"id":"x","function":{"index":0,"name":"f","arguments":{"a":  [1,  2],"b":"\n"}}}]},"#
        + "\"done\":false}\n")
    #expect(Self.call([], id: "").hasPrefix(#"":[{"function":{"index":0,"name":"f","arguments":{}}}]"#))
  }

  @Test(arguments: [#"{\"a\":"#, "[]", "1", #"{} {}"#, " ", #"\"{}\""#])
  func `a tool call whose arguments are not an object is omitted`(arguments: String) {
    #expect(Self.call([arguments]) == "")
  }

  @Test func `two open tool calls do not mix`() throws {
    let nothing: [UInt8] = []
    var writer = OllamaAnswerWriter(Self.label)
    var out: [UInt8] = []
    for event in [
      ChatEvent.callBegan(call: 0, id: Self.text("a"), name: Self.text("f")),
      .callBegan(call: 1, id: Self.text("b"), name: Self.text("g")), .arguments(call: 0, Self.text("{")),
      .arguments(call: 1, Self.text(#"{\"x\":1}"#)), .arguments(call: 0, Self.text("}")), .callEnded(call: 1),
      .callEnded(call: 0), .signature(Self.text("s")), .image(media: Self.text("a"), base64: Self.text("b")),
      .redactedThinking(Self.text("r")), .text(Self.text("")),
    ] { writer.write(event, nothing.span, to: &out) }
    let events = try Self.events(out)
    #expect(events.contains(.callBegan(call: 0, id: Self.text("b"), name: Self.text("g"))))
    #expect(events.contains(.arguments(call: 0, Self.text(#"{\"x\":1}"#))))
    #expect(events.count == 1 + 3 + 2)
  }

  @Test func `the answer to a model load has its reason`() {
    #expect(
      String(decoding: OllamaAnswerWriter.loaded(Self.label), as: UTF8.self)
        == #"{"model":"m","created_at":"2026-08-21T10:15:30Z","message":{"role":"assistant","content":""},"done":true,"#
        + #""done_reason":"load"}"#)
    #expect(
      String(decoding: OllamaAnswerWriter.loaded(Self.label, isGenerate: true, isUnload: true), as: UTF8.self)
        == #"{"model":"m","created_at":"2026-08-21T10:15:30Z","response":"","done":true,"done_reason":"unload"}"#)
  }

  // MARK: Models

  private static func object(_ body: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
  }

  private static func entry(_ id: String, _ created: Int64 = 0) -> ModelEntry {
    ModelEntry(id: id, ownedBy: "p", created: created)
  }

  @Test func `the list of models has every member that clients require`() throws {
    let body = try Self.object(
      OllamaModels.list([Self.entry("a\"b", 1_787_307_330), Self.entry("c", -5), Self.entry("d", .max)]))
    let models = try #require(body["models"] as? [[String: Any]])
    #expect(models.map { $0["name"] as? String } == ["a\"b", "c", "d"])
    #expect(models.map { $0["model"] as? String } == ["a\"b", "c", "d"])
    let times = ["2026-08-21T10:15:30Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    #expect(models.map { $0["modified_at"] as? String } == times)
    #expect(models.allSatisfy { ($0["digest"] as? String)?.count == 64 && $0["size"] as? Int == 0 })
    #expect(models.allSatisfy { ($0["details"] as? [String: Any])?["families"] as? [String] == ["hoosh"] })
    #expect(String(decoding: OllamaModels.list([]), as: UTF8.self) == #"{"models":[]}"#)
  }

  @Test func `a model's details have its context length where clients expect it`() throws {
    let body = try Self.object(
      OllamaModels.show(Self.entry("a"), contextTokens: 32_768, capabilities: [.completion, .vision]))
    let info = try #require(body["model_info"] as? [String: Any])
    let architecture = try #require(info["general.architecture"] as? String)
    #expect(info[architecture + ".context_length"] as? Int == 32_768)
    #expect(body["capabilities"] as? [String] == ["completion", "vision"])
    let unknown = try Self.object(OllamaModels.show(Self.entry("a")))
    let usual = try #require(unknown["model_info"] as? [String: Any])
    #expect(usual[architecture + ".context_length"] as? Int == 32_768)
  }

  @Test func `running models and the version have Ollama's format`() throws {
    var loaded = OllamaModels.Loaded()
    #expect(String(decoding: loaded.text, as: UTF8.self) == #"{"models":[]}"#)
    let told = Array(
      #"{"models":[{"model":"a:latest","name":"a:latest","size":7},{"name":"other"},{"size":1},5]}"#.utf8)
    loaded.add(told.span) { $0 == "a:latest" ? "a" : nil }
    loaded.add(Array(#"{"models":[{"name":"b","model":"b"}"#.utf8).span) { $0 }
    loaded.add(Array(#"{"models":[{"model":"b"}]}"#.utf8).span) { $0 }
    #expect(
      String(decoding: loaded.text, as: UTF8.self)
        == #"{"models":[{"name":"a","model":"a","size":7},{"name":"b","model":"b"}]}"#)
    #expect(String(decoding: OllamaModels.version, as: UTF8.self) == #"{"version":"0.13.5"}"#)
  }
}
