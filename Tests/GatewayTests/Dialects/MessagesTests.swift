import Foundation
import Testing

@testable import Gateway

/// Anthropic answers, read and written. The fixtures are what its API sends, and requests as the writer writes them.
@Suite struct MessagesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")

  static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  static func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  static let answers = cases(".anthropic.json").filter { !$0.hasSuffix(".request") }

  // MARK: Answers in

  /// The events of a stream, one per line, whose bytes arrive in parts that end at `cuts`.
  private func told(_ stream: [UInt8], cutAt cuts: [Int] = []) throws -> [String] {
    var reader = MessagesAnswerReader()
    var told: [String] = []
    try forEachEvent(of: stream, in: .anthropic, cutAt: cuts) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      for event in events { told.append(Told.words(event, data.span)) }
    }
    return told
  }

  @Test(arguments: cases(".anthropic.sse"))
  func `a stream gives the same events wherever its bytes are cut`(name: String) throws {
    let stream = try Self.file(name + ".anthropic.sse")
    let whole = try told(stream)
    for cut in 1..<stream.count { #expect(try told(stream, cutAt: [cut]) == whole, "cut at \(cut)") }
    #expect(try told(stream, cutAt: Array(1..<stream.count)) == whole, "byte by byte")
  }

  @Test func `a stream of text and tool calls becomes events in order`() throws {
    #expect(
      try told(Self.file("tools.anthropic.sse")) == [
        "began msg_01XFDUDYJgAACzvnptvVoYEL", "usage 20 1 0 0 -", "text Let me see.",
        "call 0 call_1 get_weather", #"arguments 0 {\"city\":"#, #"arguments 0 \"Paris\"}"#, "ended 0",
        "call 1 call_2 get_time", #"arguments 1 {\"city\":"#, #"arguments 1 \"Paris\"}"#, "ended 1",
        "usage 20 15 0 0 -", "finished toolCalls", "ended",
      ])
  }

  @Test func `thinking, its signature, and the end of each answer are read`() throws {
    #expect(
      try told(Self.file("thinking.anthropic.sse")) == [
        "began msg_01XFDUDYJgAACzvnptvVoYEL", "usage 8 1 0 0 -", "thinking Hmm, ", "thinking well.",
        "signature c2ln",
        "text Yes.", "usage 8 12 0 0 -", "finished stop", "ended",
      ])
    #expect(try told(Self.file("length.anthropic.sse")).suffix(2) == ["finished length", "ended"])
    #expect(try told(Self.file("filtered.anthropic.sse")).suffix(2) == ["finished filtered", "ended"])
    #expect(try told(Self.file("cached.anthropic.sse")).suffix(3).first == "usage 100 5 80 0 -")
    #expect(try told(Self.file("failing.anthropic.sse")).last == "failed overloaded_error Overloaded")
    #expect(try told(Self.file("truncated.anthropic.sse")).last == "text Hel")
  }

  /// The events of each given data of a stream.
  private func told(events data: [String]) throws -> [String] {
    var reader = MessagesAnswerReader()
    var told: [String] = []
    for json in data.map({ Array($0.utf8) }) {
      var events: [ChatEvent] = []
      try reader.read(json.span, into: &events)
      for event in events { told.append(Told.words(event, json.span)) }
    }
    return told
  }

  @Test func `redacted thinking and its tokens are read`() throws {
    #expect(
      try told(events: [
        #"{"type":"message_start","message":{"id":"msg_1"}}"#,
        #"{"type":"message_start","message":{"id":"msg_2"}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"eA=="}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"message_delta","delta":{},"usage":{"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}"#,
      ]) == ["began msg_1", "redacted eA==", "usage - 9 - - 4"])
  }

  @Test func `open tool calls end before the answer, which ends once`() throws {
    #expect(
      try told(events: [
        #"{"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
        #"{"type":"content_block_start","index":7,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}"#,
        #"{"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
        #"{"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":"}"}}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#,
      ]) == [
        "call 0 a f", "call 1 b g", "arguments 1 {", "arguments 0 }", "ended 0", "ended 1", "finished toolCalls",
        "ended",
      ])
  }

  @Test(arguments: [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("pause_turn", "stop"), ("a later word", "stop"),
    ("max_tokens", "length"), ("model_context_window_exceeded", "length"), ("tool_use", "toolCalls"),
    ("refusal", "filtered"),
  ])
  func `each stop reason has its meaning`(word: String, meaning: String) throws {
    #expect(
      try told(events: [#"{"type":"message_delta","delta":{"stop_reason":"\#(word)"}}"#]) == ["finished \(meaning)"]
    )
  }

  @Test(arguments: answers)
  func `a non-streaming answer gives the same as its stream`(name: String) throws {
    let json = try Self.file(name + ".anthropic.json")
    let whole = Answer(try MessagesAnswerReader.whole(json.span), json.span)
    let streamed = try Told.gather(Self.file(name + ".anthropic.sse"))
    #expect(whole.blocks == streamed.blocks)
    #expect(whole.reason == streamed.reason)
    #expect(whole.counts == streamed.counts)
    #expect(whole.id == streamed.id)
  }

  @Test func `an error in a 200 keeps its type, and a missing message is malformed`() throws {
    let error = Array(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#.utf8)
    #expect(throws: AttemptFailure.error(UpstreamError(message: "Overloaded", type: "overloaded_error"))) {
      try MessagesAnswerReader.whole(error.span)
    }
    for text in ["[]", "", #"{"content":7}"#, #"{"type":"message"}"#] {
      let json = Array(text.utf8)
      #expect(throws: AttemptFailure.self, "\(text)") { try MessagesAnswerReader.whole(json.span) }
    }
  }

  // MARK: Answers out

  private var label: AnswerMetadata {
    AnswerMetadata(requestID: "r1", created: 1700, modelToken: Array(#""my-m""#.utf8))
  }

  private func write(_ events: [ChatEvent], _ counts: TokenCounts = TokenCounts()) -> String {
    var writer = MessagesAnswerWriter(label)
    var out: [UInt8] = []
    let lender: [UInt8] = []
    for event in events { writer.write(event, lender.span, to: &out) }
    writer.end(counts, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  @Test(arguments: answers)
  func `written answers read back the same, streaming or not`(name: String) throws {
    let json = try Self.file(name + ".anthropic.json")
    let events = try MessagesAnswerReader.whole(json.span)
    let answer = Answer(events, json.span)
    let whole = MessagesAnswerWriter.whole(answer, answer.counts, label)
    let again = Answer(try MessagesAnswerReader.whole(whole.span), whole.span)
    var writer = MessagesAnswerWriter(label)
    var stream: [UInt8] = []
    for event in events where event != .ended { writer.write(event, json.span, to: &stream) }
    writer.end(answer.counts, to: &stream)
    for read in [again, try Told.gather(stream)] {
      #expect(read.blocks == answer.blocks)
      #expect(read.reason == answer.reason)
      #expect(read.counts.prompt == answer.counts.prompt)
      #expect(read.counts.completion == answer.counts.completion)
      #expect(read.counts.cached == answer.counts.cached)
      #expect(read.id == answer.id)
    }
  }

  @Test func `tool calls that are open at the end of an answer are closed, in their order`() {
    let name = EscapedText("f")
    let out = write([
      .began(id: nil), .callBegan(call: 0, id: EscapedText("a"), name: name),
      .arguments(call: 0, EscapedText("{}")),
      .callBegan(call: 1, id: EscapedText("b"), name: name), .finished(.toolCalls),
    ])
    let stops = out.split(separator: "\n").filter { $0.hasPrefix("data: {\"type\":\"content_block_stop\"") }
    #expect(
      stops == (0...1).map { "data: {\"type\":\"content_block_stop\",\"index\":\($0)}" }, "\(out)")
  }

  @Test func `every event has an event line, and the model has the caller's name`() {
    let out = write(
      [
        .began(id: EscapedText("chatcmpl-1")), .text(EscapedText("a\n")), .text(EscapedText("b")), .finished(.stop),
      ],
      TokenCounts(prompt: 10, completion: 2, cached: 7, cacheWritten: 1))
    #expect(
      out == """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_r1","type":"message","role":"assistant","model":"my-m",\
        "content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,\
        "cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\\n"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":\
        {"input_tokens":2,"cache_creation_input_tokens":1,"cache_read_input_tokens":7,"output_tokens":2}}

        event: message_stop
        data: {"type":"message_stop"}


        """)
  }

  /// A short description of the blocks of a stream.
  private func blocks(_ events: [ChatEvent]) -> [String] {
    write([.began(id: nil)] + events).split(separator: "\n").compactMap { line in
      guard line.hasPrefix("data: {\"type\":\"content_block_") else { return nil }
      return String(line.dropFirst("data: {\"type\":\"content_block_".count).dropLast())
    }
  }

  @Test func `two concurrently open tool calls differ by index`() {
    #expect(
      blocks([
        .text(EscapedText("x")), .callBegan(call: 0, id: EscapedText("a"), name: EscapedText("f")),
        .callBegan(call: 1, id: EscapedText(""), name: EscapedText("g")), .arguments(call: 1, EscapedText("{")),
        .arguments(call: 0, EscapedText("{}")), .arguments(call: 1, EscapedText("}")), .callEnded(call: 1),
        .callEnded(call: 0), .finished(.stop),
      ]) == [
        #"start","index":0,"content_block":{"type":"text","text":""}"#,
        #"delta","index":0,"delta":{"type":"text_delta","text":"x"}"#, #"stop","index":0"#,
        #"start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}"#,
        #"start","index":2,"content_block":{"type":"tool_use","id":"toolu_r1_2","name":"g","input":{}}"#,
        #"delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{"}"#,
        #"delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}"#,
        #"delta","index":2,"delta":{"type":"input_json_delta","partial_json":"}"}"#, #"stop","index":2"#,
        #"stop","index":1"#,
      ])
  }

  @Test func `a signature is in one event, and no thinking follows it in its block`() {
    #expect(
      blocks([
        .thinking(EscapedText("a")), .signature(EscapedText("s")), .signature(EscapedText("t")),
        .thinking(EscapedText("b")), .redactedThinking(EscapedText("r")),
        .image(media: .owned([]), base64: .owned([])),
        .callBegan(call: 0, id: EscapedText("i"), name: EscapedText("f")), .signature(EscapedText("gemini")),
        .callEnded(call: 0), .finished(.toolCalls),
      ]) == [
        #"start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#,
        #"delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}"#,
        #"delta","index":0,"delta":{"type":"signature_delta","signature":"st"}"#, #"stop","index":0"#,
        #"start","index":1,"content_block":{"type":"thinking","thinking":"","signature":""}"#,
        #"delta","index":1,"delta":{"type":"thinking_delta","thinking":"b"}"#, #"stop","index":1"#,
        #"start","index":2,"content_block":{"type":"redacted_thinking","data":"r"}"#, #"stop","index":2"#,
        #"start","index":3,"content_block":{"type":"tool_use","id":"i","name":"f","input":{}}"#,
        #"stop","index":3"#,
      ])
  }

  @Test(arguments: zip(FinishReason.allCases, ["end_turn", "max_tokens", "tool_use", "refusal"]))
  func `every finish reason has its value`(reason: FinishReason, word: String) {
    #expect(write([.began(id: nil), .finished(reason)]).contains(#""stop_reason":"\#(word)""#))
  }

  @Test func `a non-streaming answer is valid JSON even with incomplete arguments`() throws {
    let lender: [UInt8] = []
    var answer = Answer()
    for (call, arguments) in [#"{\"a\":1}"#, #"{\"a\":"#, #"[1]"#].enumerated() {
      answer.take(.callBegan(call: call, id: EscapedText("c\(call)"), name: EscapedText("f")), lender.span)
      answer.take(.arguments(call: call, .owned(Array(arguments.utf8))), lender.span)
      answer.take(.callEnded(call: call), lender.span)
    }
    answer.take(.finished(.stop), lender.span)
    let out = MessagesAnswerWriter.whole(answer, TokenCounts(completion: 3, thinking: 2), label)
    #expect(
      String(decoding: out, as: UTF8.self) == """
        {"id":"msg_r1","type":"message","role":"assistant","model":"my-m","content":[\
        {"type":"tool_use","id":"c0","name":"f","input":{"a":1}},{"type":"tool_use","id":"c1","name":"f","input":{}},\
        {"type":"tool_use","id":"c2","name":"f","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":\
        {"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3,\
        "output_tokens_details":{"thinking_tokens":2}}}
        """)
  }

  @Test(arguments: [
    (400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"), (413, "request_too_large"), (422, "invalid_request_error"), (429, "rate_limit_error"),
    (500, "api_error"), (502, "api_error"), (503, "overloaded_error"), (504, "timeout_error"),
    (529, "overloaded_error"),
  ])
  func `an error has the type of its status`(status: Int, type: String) {
    let out = failure(status, "a \"b\"", in: .anthropic)
    #expect(
      String(decoding: out, as: UTF8.self)
        == #"{"type":"error","error":{"type":"\#(type)","message":"a \"b\""},"request_id":"r1"}"#)
  }

  @Test func `models are listed in Anthropic's format`() {
    let list = MessagesModels.list([
      ModelEntry(id: "a", ownedBy: "x", created: 1_700_000_000),
      ModelEntry(id: "b", ownedBy: "x", created: -1),
    ])
    let b =
      #"{"type":"model","id":"b","display_name":"b","created_at":"1970-01-01T00:00:00Z","lifecycle":"active"}"#
    #expect(
      String(decoding: list, as: UTF8.self) == """
        {"data":[{"type":"model","id":"a","display_name":"a","created_at":"2023-11-14T22:13:20Z",\
        "lifecycle":"active"},\(b)],"has_more":false,"first_id":"a","last_id":"b"}
        """)
    #expect(
      String(decoding: MessagesModels.one(ModelEntry(id: "b", ownedBy: "", created: 0)), as: UTF8.self) == b)
    #expect(
      String(decoding: MessagesModels.list([]), as: UTF8.self)
        == #"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#)
    let last = MessagesModels.one(ModelEntry(id: "b", ownedBy: "", created: .max))
    #expect(String(decoding: last, as: UTF8.self).contains("9999-12-31T23:59:59Z"))
  }

  @Test(arguments: cases(".anthropic.sse"))
  func `an answer with a value of any other type is read or rejected`(name: String) throws {
    let lines = String(decoding: try Self.file(name + ".anthropic.sse"), as: UTF8.self).split(separator: "\n")
    let data = lines.filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    var read = 0
    var rejected = 0
    for place in data.indices {
      for mutant in try Mutants.of(Array(data[place].utf8)) {
        var changed = data
        changed[place] = String(decoding: mutant, as: UTF8.self)
        do {
          #expect(try !told(events: changed).isEmpty || data.count == 1)
          read += 1
        } catch let failure as AttemptFailure {
          #expect(["malformed", "error"].contains(failure.reason))
          rejected += 1
        }
      }
    }
    #expect(read > 10)
    #expect(rejected > 0)
  }

  @Test func `cached tokens stay part of the prompt when only the input is repeated`() throws {
    var reader = MessagesAnswerReader()
    var events: [ChatEvent] = []
    for text in [
      #"{"type":"message_start","message":{"id":"a","usage":{"input_tokens":2,"cache_read_input_tokens":7,"output_tokens":0}}}"#,
      #"{"type":"message_delta","delta":{},"usage":{"input_tokens":2,"output_tokens":5}}"#,
    ] { try reader.read(Array(text.utf8).span, into: &events) }
    guard case .usage(let counts)? = events.last else {
      Issue.record("no usage")
      return
    }
    #expect(counts.prompt == 9)
    #expect(counts.cached == 7)
  }
}

/// Events as lines of text, so that events of different texts can be compared.
enum Told {
  static func words(_ event: ChatEvent, _ json: Span<UInt8>) -> String {
    func text(_ escaped: EscapedText?) -> String {
      escaped.map { String(decoding: $0.bytes(in: json), as: UTF8.self) } ?? "-"
    }
    func number(_ count: Int?) -> String { count.map(String.init) ?? "-" }
    switch event {
    case .began(let id): return "began \(text(id))"
    case .text(let piece): return "text \(text(piece))"
    case .refusal(let piece): return "refusal \(text(piece))"
    case .thinking(let piece): return "thinking \(text(piece))"
    case .signature(let piece): return "signature \(text(piece))"
    case .redactedThinking(let data): return "redacted \(text(data))"
    case .image(let media, _): return "image \(text(media))"
    case .citation(let citation): return "citation \(text(citation.url))"
    case .logprobs(let elements): return "logprobs \(String(decoding: elements, as: UTF8.self))"
    case .callBegan(let call, let id, let name): return "call \(call) \(text(id)) \(text(name))"
    case .arguments(let call, let piece): return "arguments \(call) \(text(piece))"
    case .callEnded(let call): return "ended \(call)"
    case .usage(let counts):
      let all = [counts.prompt, counts.completion, counts.cached, counts.cacheWritten, counts.thinking]
      return "usage " + all.map(number).joined(separator: " ")
    case .finished(let reason): return "finished \(reason)"
    case .failed(let error): return "failed \(error.type ?? "-") \(error.message)"
    case .ended: return "ended"
    }
  }

  /// The answer of an Anthropic stream.
  static func gather(_ stream: [UInt8]) throws -> Answer {
    var reader = MessagesAnswerReader()
    var answer = Answer()
    try forEachEvent(of: stream, in: .anthropic) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      for event in events { answer.take(event, data.span) }
    }
    return answer
  }
}

/// Variants of a JSON text with one value of another type, for each value and type.
enum Mutants {
  static let kinds = [
    "null", "true", "-7", "1e400", "9223372036854775808", "\"\"", "\"\\ud800\"", "[]", "{}", "[[{}]]",
  ]

  static func of(_ json: [UInt8]) throws -> [[UInt8]] {
    var places: [Slice] = []
    collect(try Scanner.whole(json.span), json.span, &places)
    return places.flatMap { place in
      kinds.map { Array(json[..<place.range.lowerBound]) + Array($0.utf8) + Array(json[place.range.upperBound...]) }
    }
  }

  private static func collect(_ value: JSONValue, _ json: Span<UInt8>, _ places: inout [Slice]) {
    places.append(value.slice)
    for member in JSONLists.members(of: value, in: json) { collect(member.value, json, &places) }
    for element in JSONLists.elements(of: value, in: json) { collect(element, json, &places) }
  }
}
