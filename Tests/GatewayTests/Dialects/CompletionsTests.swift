import Foundation
import Testing

@testable import Gateway

/// The files of `Pairs/` and the events that a dialect's reader reads from them.
enum CompletionsFixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")

  static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  static func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  /// Events that own their texts, because those of a stream borrow from many.
  static func owned(_ events: [ChatEvent], _ json: Span<UInt8>) -> [ChatEvent] {
    var owned: [ChatEvent] = []
    for event in events {
      switch event {
      case .began(let id): owned.append(.began(id: id.map { .owned($0.bytes(in: json)) }))
      case .text(let text): owned.append(.text(.owned(text.bytes(in: json))))
      case .refusal(let text): owned.append(.refusal(.owned(text.bytes(in: json))))
      case .thinking(let text): owned.append(.thinking(.owned(text.bytes(in: json))))
      case .signature(let text): owned.append(.signature(.owned(text.bytes(in: json))))
      case .redactedThinking(let text): owned.append(.redactedThinking(.owned(text.bytes(in: json))))
      case .image(let media, let base64):
        owned.append(.image(media: .owned(media.bytes(in: json)), base64: .owned(base64.bytes(in: json))))
      case .callBegan(let call, let id, let name):
        owned.append(.callBegan(call: call, id: .owned(id.bytes(in: json)), name: .owned(name.bytes(in: json))))
      case .arguments(let call, let text): owned.append(.arguments(call: call, .owned(text.bytes(in: json))))
      case .citation(let citation): owned.append(.citation(citation.owned(from: json)))
      case .logprobs, .callEnded, .usage, .finished, .failed, .ended: owned.append(event)
      }
    }
    return owned
  }

  /// The events of a stream whose bytes arrive in parts that end at `cuts`.
  static func events(_ stream: [UInt8], cutAt cuts: [Int] = []) throws -> [ChatEvent] {
    var reader = CompletionsAnswerReader()
    var out: [ChatEvent] = []
    try forEachEvent(of: stream, in: .openAI, cutAt: cuts) { data, _ in
      var events: [ChatEvent] = []
      try reader.read(data.span, into: &events)
      out += owned(events, data.span)
    }
    return out
  }

  /// The events of chunks, each given as its JSON.
  static func events(_ chunks: [String]) throws -> [ChatEvent] {
    try events(Array(chunks.map { "data: " + $0 + "\n\n" }.joined().utf8))
  }

  /// The answer made of events that own their texts.
  static func answer(_ events: [ChatEvent]) -> Answer {
    let nothing: [UInt8] = []
    return Answer(events, nothing.span)
  }

  /// A short description of an answer, for comparison.
  static func told(_ answer: Answer) -> [String] {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let blocks = answer.blocks.map { block in
      switch block {
      case .text(let said): "text " + text(said)
      case .refusal(let said): "refusal " + text(said)
      case .thinking(let thought, let signature): "thinking " + text(thought) + " / " + text(signature)
      case .redactedThinking(let data): "redacted " + text(data)
      case .image(let media, let base64): "image " + text(media) + " " + text(base64)
      case .toolCall(let id, let name, let arguments, let signature):
        "call \(text(id)) \(text(name)) \(text(arguments)) / \(text(signature))"
      }
    }
    return blocks + [answer.reason.map { "\($0)" } ?? "unfinished"]
  }
}

@Suite struct CompletionsAnswerTests {
  private typealias Files = CompletionsFixtures

  @Test(arguments: Files.cases(".openai.sse"))
  func `a stream gives the same events wherever its bytes are cut`(name: String) throws {
    let stream = try Files.read(name + ".openai.sse")
    let whole = try Files.events(stream)
    for cut in 1..<stream.count { #expect(try Files.events(stream, cutAt: [cut]) == whole, "cut at \(cut)") }
    #expect(try Files.events(stream, cutAt: Array(1..<stream.count)) == whole, "byte by byte")
  }

  @Test(arguments: Files.cases(".openai.json").filter { !$0.hasSuffix(".request") })
  func `a non-streaming answer gives the same as its stream`(name: String) throws {
    let json = try Files.read(name + ".openai.json")
    let whole = Files.owned(try CompletionsAnswerReader.whole(json.span), json.span)
    let stream = try Files.events(try Files.read(name + ".openai.sse"))
    let (one, other) = (Files.answer(whole), Files.answer(stream))
    #expect(Files.told(one) == Files.told(other))
    #expect(one.counts == other.counts)
    #expect(one.id == other.id)
    #expect(whole.last == .ended && stream.last == .ended)
  }

  @Test(arguments: Files.cases(".openai.json").filter { !$0.hasSuffix(".request") })
  func `written answers read back the same, streaming or not`(name: String) throws {
    let json = try Files.read(name + ".openai.json")
    let events = Files.owned(try CompletionsAnswerReader.whole(json.span), json.span)
    let answer = Files.answer(events)
    let label = AnswerMetadata(requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8))
    let whole = CompletionsAnswerWriter.whole(answer, answer.counts, label)
    #expect((try? JSONSerialization.jsonObject(with: Data(whole))) != nil)
    let again = Files.answer(Files.owned(try CompletionsAnswerReader.whole(whole.span), whole.span))
    #expect(Files.told(again) == Files.told(answer))
    #expect(again.counts == answer.counts)
    #expect(again.id == answer.id)

    var writer = CompletionsAnswerWriter()
    let nothing: [UInt8] = []
    var chunks: [String] = []
    for event in events {
      chunks += try writer.chunks(of: event, nothing.span).map { String(decoding: $0, as: UTF8.self) }
    }
    let streamed = Files.answer(try Files.events(chunks))
    #expect(Files.told(streamed) == Files.told(answer))
    #expect(streamed.counts == answer.counts)
  }

  @Test func `a failed stream has its error, and one that breaks off does not finish`() throws {
    let failing = try Files.events(try Files.read("failing.openai.sse"))
    guard case .failed(let error)? = failing.last else { return #expect(Bool(false), "\(failing)") }
    #expect(error.message == "Overloaded")
    let truncated = try Files.events(try Files.read("truncated.openai.sse"))
    #expect(Files.told(Files.answer(truncated)) == ["text Hel", "unfinished"])
    #expect(truncated.last != .ended)
  }

  @Test func `the first of several choices is read, in any position`() throws {
    let events = try Files.events([
      #"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}]}"#,
      #"{"choices":[{"delta":{"content":"!"},"finish_reason":""}]}"#,
      #"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
      #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
      #"{"choices":[{"index":0,"delta":{"content":"late"},"finish_reason":"length"}]}"#, "[DONE]",
    ])
    #expect(Files.told(Files.answer(events)) == ["text yes!", "stop"])
    #expect(events.filter { if case .finished = $0 { true } else { false } }.count == 1)
  }

  private static let additions: [(String, [String])] = [
    (#"{"reasoning_content":"a","reasoning":"a"}"#, ["thinking a / "]),
    (#"{"thinking":"a","content":"b"}"#, ["thinking a / ", "text b"]),
    (
      #"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"s"}]}"#,
      ["thinking a / s"]
    ),
    (#"{"reasoning_details":[{"type":"reasoning.summary","summary":"a"}]}"#, ["thinking a / "]),
    (#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}"#, ["redacted x"]),
    (#"{"thinking_blocks":[{"type":"redacted_thinking","data":"x"}]}"#, ["redacted x"]),
    (
      #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]},{"type":"text","text":"b"}]}"#,
      ["thinking a / ", "text b"]
    ),
    (#"{"content":null,"refusal":"no"}"#, ["refusal no"]),
    (
      #"{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
      ["image image/png AA=="]
    ),
    (#"{"images":[{"image_url":{"url":"https://example.com/a.png"}},{},null]}"#, []),
    (#"{"function_call":{"name":"f","arguments":"{}"}}"#, ["call call_0 f {} / "]),
    (
      #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":null},"extra_content":{"google":{"thought_signature":"s"}}}]}"#,
      ["call a f {} / s"]
    ),
    (
      #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":"y"}}}]}"#, [#"call a f {\"x\":\"y\"} / "#]
    ),
  ]

  @Test(arguments: additions)
  func `servers' extensions are read, streaming or not`(
    message: String, expected: [String]
  ) throws {
    let chunks = [#"{"choices":[{"index":0,"delta":"# + message + "}]}", "[DONE]"]
    let streamed = Files.told(Files.answer(try Files.events(chunks)))
    #expect(streamed.dropLast() == expected[...])
    let json = Array((#"{"choices":[{"message":"# + message + "}]}").utf8)
    let whole = Files.told(Files.answer(Files.owned(try CompletionsAnswerReader.whole(json.span), json.span)))
    #expect(whole == streamed)
  }

  @Test(arguments: [
    // As OpenAI sends them.
    [
      #"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
      #"{"index":0,"function":{"arguments":"{}"}}"#,
      #"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}"#,
      #"{"index":1,"function":{"arguments":"{}"}}"#,
    ],
    // Without a number, complete.
    [
      #"{"id":"a","function":{"name":"f","arguments":"{}"}}"#,
      #"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    ],
    // Without a number, in parts, some of which repeat the ID.
    [
      #"{"id":"a","function":{"name":"f"}}"#, #"{"id":"a","function":{"arguments":"{"}}"#,
      #"{"function":{"arguments":"}"}}"#, #"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    ],
    // All with the number 0.
    [
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
      #"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    ],
    // A new ID in each part, a name only in the first.
    [
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
      #"{"index":0,"id":"x","function":{"arguments":"}"}}"#,
      #"{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}"#,
      #"{"index":1,"id":"y","function":{"name":null,"arguments":"}"}}"#,
      #"{"index":0,"function":{"arguments":""}}"#,
    ],
    // The name in each part, as Mistral's client expects it.
    [
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
      #"{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}"#,
      #"{"index":1,"id":"b","function":{"name":"g","arguments":""}}"#,
    ],
  ])
  func `tool calls are assembled from every server's parts`(pieces: [String]) throws {
    let expected = ["call a f {} / ", "call b g {} / ", "toolCalls"]
    let apart = pieces.map { #"{"choices":[{"index":0,"delta":{"tool_calls":["# + $0 + "]}}]}" }
    let end = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
    #expect(Files.told(Files.answer(try Files.events(apart + [end]))) == expected)
    let together = #"{"choices":[{"index":0,"delta":{"tool_calls":["# + pieces.joined(separator: ",") + "]}}]}"
    #expect(Files.told(Files.answer(try Files.events([together, "[DONE]"]))) == expected)
  }

  @Test func `a tool call without a name is ignored`() throws {
    let nothing = #"{"choices":[{"delta":{"tool_calls":[{},{"index":0,"id":"a"},{"index":9,"function":{}}]}}]}"#
    #expect(Files.told(Files.answer(try Files.events([nothing]))) == ["unfinished"])
    let some = #"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"arguments":"{}"}}]}}]}"#
    #expect(throws: AttemptFailure.self) { try Files.events([some]) }
  }

  @Test func `a part of a closed tool call is an error, and so are too many calls`() throws {
    let late = [
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g"}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
    ]
    #expect(throws: AttemptFailure.malformed("a part of a tool call came after its end")) { try Files.events(late) }
    let calls = (0...1024).map { #"{"index":\#($0),"function":{"name":"f"}}"# }.joined(separator: ",")
    #expect(throws: AttemptFailure.self) {
      try Files.events([#"{"choices":[{"delta":{"tool_calls":["# + calls + "]}}]}"])
    }
  }

  @Test(arguments: [
    ("stop", FinishReason.stop), ("length", .length), ("model_length", .length), ("tool_calls", .toolCalls),
    ("function_call", .toolCalls), ("content_filter", .filtered), ("eos", .stop),
  ])
  func `every finish reason is read`(word: String, reason: FinishReason) throws {
    let chunk = #"{"choices":[{"delta":{},"finish_reason":"\#(word)"}]}"#
    #expect(Files.answer(try Files.events([chunk])).reason == reason)
  }

  @Test func `token counts are merged from every server and position`() throws {
    let events = try Files.events([
      #"{"choices":[{"delta":{"content":"x"},"usage":{"prompt_tokens":9,"completion_tokens":1}}]}"#,
      #"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":3,"prompt_cache_hit_tokens":4}}"#,
      #"{"usage":{"completion_tokens_details":{"reasoning_tokens":2},"prompt_tokens_details":null}}"#,
      #"{"choices":null,"usage":{"prompt_tokens":"x","completion_tokens":-5}}"#,
    ])
    let counts = Files.answer(events).counts
    #expect(counts == TokenCounts(prompt: 9, completion: 3, cached: 4, thinking: 2))
  }

  @Test(arguments: [
    "", " ", "{}", #"{"choices":[]}"#, #"{"choices":[null,3]}"#, #"{"choices":{},"id":7,"usage":[]}"#,
  ])
  func `an empty event is skipped`(data: String) throws {
    var reader = CompletionsAnswerReader()
    var events: [ChatEvent] = []
    let json = Array(data.utf8)
    try reader.read(json.span, into: &events)
    #expect(events.isEmpty)
  }

  @Test func `invalid JSON differs from an error object`() {
    for (json, expected) in [
      ("[]", "malformed"), ("{}", "malformed"), (#"{"choices":[]}"#, "malformed"), ("", "malformed"),
      (#"{"error":"no"}"#, "error"), (#"{"error":{"message":"no","code":5}}"#, "error"),
      (#"{"object":"error","message":"no"}"#, "error"),
    ] {
      let bytes = Array(json.utf8)
      do throws(AttemptFailure) {
        _ = try CompletionsAnswerReader.whole(bytes.span)
        #expect(Bool(false), "\(json)")
      } catch {
        #expect(error.reason == expected, "\(json)")
      }
    }
  }

  @Test func `signatures, redacted thinking, and images keep their order in a stream`() throws {
    var writer = CompletionsAnswerWriter()
    let nothing: [UInt8] = []
    func text(_ text: String) -> EscapedText { EscapedText(text) }
    let events: [ChatEvent] = [
      .began(id: nil), .thinking(text("a")), .signature(text("s")), .signature(text("t")),
      .redactedThinking(text("x")), .thinking(text("b")), .signature(text("u")),
      .image(media: text("image/png"), base64: text("AA==")),
      .image(media: text("image/png"), base64: text("BB==")),
      .callBegan(call: 0, id: text("c"), name: text("f")), .callBegan(call: 1, id: text("d"), name: text("g")),
      .signature(text("v")), .arguments(call: 0, text("{}")), .callEnded(call: 0), .callEnded(call: 1),
      .finished(.toolCalls), .ended,
    ]
    var lists: [String: [Int]] = [:]
    for event in events {
      for chunk in try writer.chunks(of: event, nothing.span) where !chunk.span.equals("[DONE]") {
        let json = try #require(try JSONSerialization.jsonObject(with: Data(chunk)) as? [String: Any])
        let delta = (json["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any]
        for (key, value) in delta ?? [:] {
          for entry in value as? [[String: Any]] ?? [] {
            lists[key, default: []].append(entry["index"] as? Int ?? -1)
          }
        }
      }
    }
    #expect(lists == ["thinking_blocks": [0, 0, 1, 2], "images": [0, 1], "tool_calls": [0, 1, 1, 0, 1]])
  }

  @Test func `parts with the same ID and name are one tool call`() throws {
    var reader = CompletionsAnswerReader()
    var events: [ChatEvent] = []
    for piece in [#"{\"a\":"#, "1}"] {
      let text =
        #"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"\#(piece)"}}]}}]}"#
      try reader.read(Array(text.utf8).span, into: &events)
    }
    #expect(events.count { if case .callBegan = $0 { true } else { false } } == 1)
  }
}
