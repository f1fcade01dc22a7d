import Foundation
import Testing

@testable import Gateway

/// Answers in OpenAI's Responses format: `<case>.responses.sse` and `<case>.responses.json` among the pairs.
/// `HOOSH_WRITE_FIXTURES=1` writes the output to the files, for review.
@Suite struct ResponsesAnswerTests {
  private static let writes = ProcessInfo.processInfo.environment["HOOSH_WRITE_FIXTURES"] != nil

  struct Case: CustomTestStringConvertible {
    var name: String
    var events: [ChatEvent]
    var counts = TokenCounts()
    var testDescription: String { name }
  }

  private static func text(_ text: String) -> EscapedText { .owned(Array(text.utf8)) }

  private static func call(_ number: Int, _ name: String) -> [ChatEvent] {
    [
      .callBegan(call: number, id: text("call_\(number + 1)"), name: text(name)),
      .arguments(call: number, text(#"{\"city\":"#)), .arguments(call: number, text(#"\"Paris\"}"#)),
      .callEnded(call: number),
    ]
  }

  static let cases: [Case] = [
    Case(
      name: "text", events: [.text(text("Hello")), .text(text(", world!")), .finished(.stop)],
      counts: TokenCounts(prompt: 10, completion: 5)),
    Case(
      name: "tools",
      events: [.text(text("Let me see."))] + call(0, "get_weather") + call(1, "get_time") + [.finished(.toolCalls)],
      counts: TokenCounts(prompt: 20, completion: 15)),
    Case(
      name: "thinking",
      events: [
        .thinking(text("Hmm, ")), .thinking(text("well.")), .signature(text("c2ln")), .text(text("Yes.")),
        .finished(.stop),
      ], counts: TokenCounts(prompt: 8, completion: 12)),
    Case(
      name: "length", events: [.text(text("Once upon")), .finished(.length)],
      counts: TokenCounts(prompt: 5, completion: 2)),
    Case(
      name: "cached", events: [.text(text("Hi")), .finished(.stop)],
      counts: TokenCounts(prompt: 100, completion: 5, cached: 80)),
    Case(
      name: "filtered", events: [.text(text("I")), .finished(.filtered)],
      counts: TokenCounts(prompt: 5, completion: 1)),
  ]

  private static func label(_ request: String = "{}") -> AnswerMetadata {
    AnswerMetadata(
      requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8),
      echo: ResponsesRequestReader.echo(Array(request.utf8).span))
  }

  private static func stream(
    _ events: [ChatEvent], _ counts: TokenCounts = TokenCounts(), _ label: AnswerMetadata = label(),
    bytesMax: Int = ResponsesOutput.bytesMax
  ) -> [UInt8] {
    var writer = ResponsesAnswerWriter(label, bytesMax: bytesMax)
    var out: [UInt8] = []
    let json: [UInt8] = []
    for event in [.began(id: nil)] + events { writer.write(event, json.span, to: &out) }
    if events.contains(where: { if case .finished = $0 { true } else { false } }) { writer.end(counts, to: &out) }
    return out
  }

  private static func whole(_ events: [ChatEvent], _ counts: TokenCounts) -> [UInt8] {
    let json: [UInt8] = []
    return ResponsesAnswerWriter.whole(.init(events, json.span), counts, label())
  }

  /// The data of a stream's events. Each event has its type as its name.
  private static func read(_ stream: [UInt8]) throws -> [[String: Any]] {
    var reader = SSEReader()
    var offset = 0
    var events: [[String: Any]] = []
    while try reader.next(in: stream.span, from: &offset) {
      let event = try #require(try JSONSerialization.jsonObject(with: Data(reader.data)) as? [String: Any])
      #expect(event["type"] as? String == String(decoding: reader.name, as: UTF8.self))
      events.append(event)
    }
    #expect(!reader.hasPartialInput)
    return events
  }

  private static func expect(_ out: [UInt8], isIn name: String) throws {
    let path = ResponsesTests.folder.appending(path: "Pairs/" + name)
    if writes {
      try Data(out).write(to: path)
      Issue.record("\(path.lastPathComponent) was written; read it, and run the tests without HOOSH_WRITE_FIXTURES")
    }
    #expect(out == Array(try Data(contentsOf: path)), "\(name): \(String(decoding: out, as: UTF8.self))")
  }

  // MARK: Fixtures

  @Test(arguments: cases) func `an answer is written as a stream and non-streaming`(answer: Case) throws {
    let stream = Self.stream(answer.events, answer.counts)
    try Self.expect(stream, isIn: answer.name + ".responses.sse")
    let whole = Self.whole(answer.events, answer.counts)
    try Self.expect(whole + [0x0a], isIn: answer.name + ".responses.json")
    // A stream ends with the complete non-streaming answer.
    let last = try #require(try Self.read(stream).last?["response"] as? NSDictionary)
    #expect(last == (try JSONSerialization.jsonObject(with: Data(whole)) as? NSDictionary))
  }

  @Test func `a failure is the response's own event and ends the stream`() throws {
    var writer = ResponsesAnswerWriter(Self.label())
    var out: [UInt8] = []
    let json: [UInt8] = []
    writer.write(.began(id: nil), json.span, to: &out)
    writer.write(.text(Self.text("Hel")), json.span, to: &out)
    try Self.expect(out, isIn: "truncated.responses.sse")
    writer.fail(code: "server_error", message: "Overloaded", to: &out)
    try Self.expect(out, isIn: "failing.responses.sse")
    try Self.follow(try Self.read(out), endsWith: "response.failed")
  }

  @Test func `a failure before any output has the events of a start`() throws {
    var writer = ResponsesAnswerWriter(Self.label())
    var out: [UInt8] = []
    writer.fail(code: "server_error", message: "a \"b\"\n", to: &out)
    let events = try Self.read(out)
    #expect(
      events.map { $0["type"] as? String } == ["response.created", "response.in_progress", "response.failed"])
    let error = (events.last?["response"] as? [String: Any])?["error"] as? [String: Any]
    #expect(error?["message"] as? String == "a \"b\"\n")
  }

  // MARK: Order

  /// Checks that events have the order that clients require: one response with one ID, consecutive numbers, items and
  /// parts that are added before they grow and are done once, and texts that are the sum of their deltas.
  private static func follow(_ events: [[String: Any]], endsWith end: String) throws {
    #expect(events.map { $0["sequence_number"] as? Int } == Array(0..<events.count))
    #expect(events.first?["type"] as? String == "response.created")
    #expect(events.last?["type"] as? String == end)
    var ids: [Int: String] = [:]
    var grown: [String: String] = [:]
    var done: [NSDictionary] = []
    for event in events {
      let type = try #require(event["type"] as? String)
      if let response = event["response"] as? [String: Any] {
        #expect(response["id"] as? String == "resp_r1")
        for member in ["parallel_tool_calls", "tool_choice", "tools", "output", "model", "created_at", "object"] {
          #expect(response[member] != nil, "\(member)")
        }
        continue
      }
      let index = try #require(event["output_index"] as? Int)
      if let item = event["item"] as? [String: Any] {
        let id = try #require(item["id"] as? String)
        if type == "response.output_item.added" {
          #expect(ids[index] == nil && index == ids.count)
          ids[index] = id
        } else {
          #expect(type == "response.output_item.done" && ids[index] == id)
          done.append(item as NSDictionary)
        }
        continue
      }
      let id = try #require(event["item_id"] as? String)
      #expect(ids[index] == id)
      if let delta = event["delta"] as? String { grown[id, default: ""] += delta }
      if let text = (event["text"] ?? event["arguments"]) as? String { #expect(grown[id] == text) }
      if type.hasSuffix("part.done"), let part = event["part"] as? [String: Any] {
        #expect(part["text"] as? String == grown[id])
      }
    }
    guard end != "response.failed" else { return }
    #expect(done.count == ids.count)
    let output = (events.last?["response"] as? [String: Any])?["output"] as? [NSDictionary] ?? []
    #expect(Set(output) == Set(done))
    #expect(output.compactMap { $0["id"] as? String } == ids.sorted { $0.key < $1.key }.map(\.value))
  }

  @Test(arguments: cases) func `a stream has the order that clients require`(answer: Case) throws {
    let isCut = answer.name == "length" || answer.name == "filtered"
    try Self.follow(
      try Self.read(Self.stream(answer.events, answer.counts)),
      endsWith: isCut ? "response.incomplete" : "response.completed")
  }

  @Test func `every kind of output has the required order, and the non-streaming answer is the same`() throws {
    let events: [ChatEvent] = [
      .redactedThinking(Self.text("cmVk")), .thinking(Self.text("A")), .signature(Self.text("s1")),
      .thinking(Self.text("B")), .signature(Self.text("s2")), .text(Self.text("")), .text(Self.text("Hi")),
      .image(media: Self.text("image/png"), base64: Self.text("iVBORw0KGgo=")), .usage(TokenCounts(prompt: 1)),
      .callBegan(call: 0, id: Self.text(""), name: Self.text("a")),
      .callBegan(call: 1, id: Self.text("c1"), name: Self.text("b")), .signature(Self.text("s3")),
      .arguments(call: 0, Self.text(#"{\"x\":"#)), .arguments(call: 1, Self.text("{}")),
      .arguments(call: 0, Self.text("1}")), .callEnded(call: 1), .callEnded(call: 0),
      .callBegan(call: 2, id: Self.text("c2"), name: Self.text("c")), .callEnded(call: 2),
      .text(Self.text("Bye")), .signature(Self.text("s4")), .finished(.toolCalls),
    ]
    let counts = TokenCounts(prompt: 3, completion: 4, cached: 1, cacheWritten: 2, thinking: 3)
    let told = try Self.read(Self.stream(events, counts))
    try Self.follow(told, endsWith: "response.completed")
    let last = try #require(told.last?["response"] as? NSDictionary)
    let whole = Self.whole(events, counts)
    let other = try #require(try JSONSerialization.jsonObject(with: Data(whole)) as? NSDictionary)
    #expect(last["usage"] as? NSDictionary == other["usage"] as? NSDictionary)
    let output = try #require(last["output"] as? [[String: Any]])
    #expect(
      output.map { ($0["encrypted_content"] ?? $0["name"] ?? $0["type"]) as? String } == [
        "hoosh1-redacted:cmVk", "hoosh1:s1", "hoosh1:s2", "message", "image_generation_call", "a", "b",
        "hoosh1-call:s3", "c", "message", "hoosh1:s4",
      ])
    #expect(output[5]["call_id"] as? String == "call_r1_5")
    #expect(output[8]["arguments"] as? String == "{}")
    #expect(last["output"] as? NSArray == other["output"] as? NSArray)
  }

  @Test func `every stream has the events that Codex requires`() throws {
    // Texts are in completed items, and the end is a separate event.
    let events = try Self.read(Self.stream([.text(Self.text("Hel")), .text(Self.text("lo")), .finished(.stop)]))
    let items = events.filter { $0["type"] as? String == "response.output_item.done" }
    let item = try #require(items.first?["item"] as? [String: Any])
    let part = try #require((item["content"] as? [[String: Any]])?.first)
    #expect(items.count == 1)
    #expect(item["role"] as? String == "assistant")
    #expect(part["type"] as? String == "output_text")
    #expect(part["text"] as? String == "Hello")
    #expect(events.last?["type"] as? String == "response.completed")
    let response = try #require(events.last?["response"] as? [String: Any])
    #expect(response["usage"] is NSNull)
  }

  @Test func `a call of a function in a namespace has both parts of its name`() throws {
    let request = String(
      decoding: try ResponsesTests.fixture("Fixtures/codex.request.responses.json"), as: UTF8.self)
    let events: [ChatEvent] = [
      .callBegan(call: 0, id: Self.text("c0"), name: Self.text("multi_agent_v1__close_agent")), .callEnded(call: 0),
      .callBegan(call: 1, id: Self.text("c1"), name: Self.text("get_goal")), .callEnded(call: 1),
      .finished(.toolCalls),
    ]
    let told = try Self.read(Self.stream(events, TokenCounts(), Self.label(request)))
    let output = try #require((told.last?["response"] as? [String: Any])?["output"] as? [[String: Any]])
    #expect(output.map { $0["name"] as? String } == ["close_agent", "get_goal"])
    #expect(output.map { $0["namespace"] as? String } == ["multi_agent_v1", nil])
  }

  // MARK: Limits

  @Test func `an answer over the size limit ends as incomplete, and all of its events agree`() throws {
    let events: [ChatEvent] = [
      .text(Self.text("Hello")), .callBegan(call: 0, id: Self.text("c"), name: Self.text("f")),
      .arguments(call: 0, Self.text(String(repeating: "x", count: 600))), .arguments(call: 0, Self.text("y")),
      .callEnded(call: 0), .text(Self.text("!")), .callBegan(call: 1, id: Self.text("d"), name: Self.text("g")),
      .callEnded(call: 1), .redactedThinking(Self.text("z")),
      .image(media: Self.text("a/b"), base64: Self.text("c")),
      .signature(Self.text("s")), .finished(.toolCalls),
    ]
    let told = try Self.read(Self.stream(events, TokenCounts(), bytesMax: 1000))
    let response = try #require(told.last?["response"] as? [String: Any])
    #expect(told.last?["type"] as? String == "response.incomplete")
    #expect((response["incomplete_details"] as? [String: Any])?["reason"] as? String == "max_output_tokens")
    let output = try #require(response["output"] as? [[String: Any]])
    #expect(output.map { $0["status"] as? String } == ["completed", "incomplete"])
    #expect(output.last?["arguments"] as? String == "")
  }

  @Test(.timeLimit(.minutes(1))) func `a long answer in small parts takes time in proportion to its length`() throws
  {
    var writer = ResponsesAnswerWriter(Self.label())
    let json = Array("a".utf8)
    var out: [UInt8] = []
    for _ in 0..<500_000 {
      writer.write(.text(.borrowed(Slice(start: 0, count: 1))), json.span, to: &out)
      out.removeAll(keepingCapacity: true)
    }
    writer.write(.finished(.stop), json.span, to: &out)
    writer.end(TokenCounts(prompt: .max, completion: .max), to: &out)
    #expect(out.count > 2_000_000)
  }
}
