@testable import Gateway

/// A habit of an upstream: how its answers differ from the dialect's description, without another meaning.
struct UpstreamHabit: Sendable {
  var name: String
  var dialects: [Dialect]
  /// At most one habit of a group is applied, because two of them would leave nothing to tell calls apart by.
  var group = ""
  var style: @Sendable (inout UpstreamStyle) -> Void = { _ in }
  var edit: @Sendable (inout [JSONTree]) -> Void = { _ in }

  private static let all: [Dialect] = [.openAI, .anthropic, .ollama, .gemini]
  private static let events: [Dialect] = [.openAI, .anthropic, .gemini]
  private static let call = ["choices", "*", "delta", "tool_calls", "*"]

  /// Changes the values along a path in every event.
  private static func each(_ path: [String], _ body: @escaping @Sendable (inout JSONTree) -> Void)
    -> @Sendable (inout [JSONTree]) -> Void
  {
    { events in for index in events.indices { events[index].change(path, body) } }
  }

  private static func inserting(_ event: JSONTree, every step: Int) -> @Sendable (inout [JSONTree]) -> Void {
    { events in
      for index in stride(from: events.count - 1, to: 0, by: -step) { events.insert(event, at: index) }
    }
  }

  private static func isFinish(_ event: JSONTree) -> Bool {
    event["choices"]?.elements.first?["finish_reason"].map { $0 != .null } ?? false
  }

  private static let emptyChunk = JSONTree.make([
    "id": .text("c1"), "object": .text("chat.completion.chunk"), "created": .number(1700), "model": .text("s"),
    "choices": .array([]),
  ])

  /// The table: a new habit is a new row.
  static let table: [UpstreamHabit] = [
    // Framing.
    UpstreamHabit(name: "CRLF", dialects: all, style: { ($0.lineEnd, $0.separator) = ("\r\n", "\r\n\r\n") }),
    UpstreamHabit(name: "no space after the colon", dialects: events, style: { $0.afterColon = "" }),
    UpstreamHabit(name: "comments", dialects: events, style: { $0.beforeEvents += ": ping\n\n" }),
    UpstreamHabit(name: "comments without an empty line", dialects: events, style: { $0.beforeEvents += ":\n" }),
    UpstreamHabit(name: "empty data lines", dialects: events, style: { $0.beforeEvents += "data:\n\n" }),
    UpstreamHabit(name: "white space as data", dialects: events, style: { $0.beforeEvents += "data:   \n\n" }),
    UpstreamHabit(name: "IDs of events", dialects: events, style: { $0.beforeEvents += "id: 7\n" }),
    UpstreamHabit(name: "retry lines", dialects: events, style: { $0.beforeEvents += "retry: 100\n" }),
    UpstreamHabit(name: "unknown lines", dialects: events, style: { $0.beforeEvents += "colour: red\n" }),
    UpstreamHabit(name: "empty lines at the beginning", dialects: all, style: { $0.beginning += "\n\n" }),
    UpstreamHabit(
      name: "a byte order mark", dialects: events, group: "beginning",
      style: { $0.beginning = "\u{feff}" + $0.beginning }),
    UpstreamHabit(
      name: "empty lines between events", dialects: events, style: { $0.separator += "\n" }),
    UpstreamHabit(name: "spaces in the JSON", dialects: all, style: { $0.json.isSpaced = true }),
    UpstreamHabit(name: "escapes for every other script", dialects: all, style: { $0.json.escapesAll = true }),
    UpstreamHabit(name: "one character at a time", dialects: all, group: "pieces", style: { $0.pieceMax = 1 }),
    UpstreamHabit(name: "all in one piece", dialects: all, group: "pieces", style: { $0.pieceMax = 10_000 }),
    UpstreamHabit(
      name: "unknown members", dialects: all, edit: each([]) { $0["x_unknown"] = .make(["a": .array([.null])]) }),
    UpstreamHabit(name: "no event names", dialects: [.anthropic], style: { $0.hasEventNames = false }),
    UpstreamHabit(
      name: "space around [DONE]", dialects: [.openAI], group: "done", style: { $0.done = "  [DONE] " }),
    UpstreamHabit(name: "no [DONE]", dialects: [.openAI], group: "done", style: { $0.hasDone = false }),
    UpstreamHabit(name: "more after [DONE]", dialects: [.openAI], group: "done", style: { $0.end += ": bye\n\n" }),

    // Chat completions: members of chunks.
    UpstreamHabit(name: "no ID", dialects: [.openAI], edit: each([]) { $0["id"] = nil }),
    UpstreamHabit(name: "an empty ID", dialects: [.openAI], group: "id", edit: each([]) { $0["id"] = .text("") }),
    UpstreamHabit(name: "no object", dialects: [.openAI], edit: each([]) { $0["object"] = nil }),
    UpstreamHabit(
      name: "no created", dialects: [.openAI], group: "created", edit: each([]) { $0["created"] = nil }),
    UpstreamHabit(
      name: "a fractional created", dialects: [.openAI], group: "created",
      edit: each([]) { $0["created"] = .raw("1700.25") }),
    UpstreamHabit(
      name: "created as text", dialects: [.openAI], group: "created",
      edit: each([]) { $0["created"] = .text("1700") }),
    UpstreamHabit(name: "no model", dialects: [.openAI], edit: each([]) { $0["model"] = nil }),
    UpstreamHabit(
      name: "no index of choices", dialects: [.openAI], edit: each(["choices", "*"]) { $0["index"] = nil }),
    UpstreamHabit(
      name: "an empty finish_reason in pieces", dialects: [.openAI],
      edit: each(["choices", "*"]) {
        if $0["finish_reason"] == .null { $0["finish_reason"] = .text("") }
      }),
    UpstreamHabit(
      name: "no finish_reason in pieces", dialects: [.openAI],
      edit: each(["choices", "*"]) {
        if $0["finish_reason"] == .null { $0["finish_reason"] = nil }
      }),
    UpstreamHabit(
      name: "a role in every piece", dialects: [.openAI],
      edit: each(["choices", "*", "delta"]) { $0["role"] = .text("assistant") }),
    UpstreamHabit(
      name: "null for absent content", dialects: [.openAI],
      edit: each(["choices", "*", "delta"]) {
        if $0["content"] == nil { $0["content"] = .null }
      }),
    UpstreamHabit(
      name: "null for absent calls and refusals", dialects: [.openAI],
      edit: each(["choices", "*", "delta"]) {
        if $0["tool_calls"] == nil { $0["tool_calls"] = .null }
        $0["refusal"] = .null
      }),
    UpstreamHabit(
      name: "an empty list of calls", dialects: [.openAI], group: "nulls",
      edit: each(["choices", "*", "delta"]) {
        if $0["tool_calls"] == nil { $0["tool_calls"] = .array([]) }
      }),
    UpstreamHabit(
      name: "logprobs null", dialects: [.openAI], edit: each(["choices", "*"]) { $0["logprobs"] = .null }),
    UpstreamHabit(
      name: "no delta at the end", dialects: [.openAI],
      edit: each(["choices", "*"]) {
        if case .text(let reason)? = $0["finish_reason"], !reason.isEmpty { $0["delta"] = nil }
      }),
    UpstreamHabit(
      name: "thinking as reasoning", dialects: [.openAI], group: "thinking",
      style: { $0.thinkingKeys = ["reasoning"] }),
    UpstreamHabit(name: "chunks without choices", dialects: [.openAI], edit: inserting(emptyChunk, every: 3)),
    UpstreamHabit(
      name: "a filter's chunk at first", dialects: [.openAI],
      edit: { events in
        var first = emptyChunk
        first["prompt_filter_results"] = .array([])
        events.insert(first, at: 0)
      }),
    UpstreamHabit(
      name: "two finishes", dialects: [.openAI],
      edit: { events in
        if let index = events.firstIndex(where: isFinish) { events.insert(events[index], at: index) }
      }),
    UpstreamHabit(
      name: "stop after tool calls", dialects: [.openAI],
      edit: each(["choices", "*"]) {
        if $0["finish_reason"] == .text("tool_calls") { $0["finish_reason"] = .text("stop") }
      }),
    // Chat completions: calls.
    UpstreamHabit(name: "whole calls", dialects: [.openAI], style: { $0.hasWholeCalls = true }),
    UpstreamHabit(
      name: "calls that alternate", dialects: [.openAI], group: "identity", style: { $0.interleavesCalls = true }),
    UpstreamHabit(
      name: "no index of calls", dialects: [.openAI], group: "identity", edit: each(call) { $0["index"] = nil }),
    UpstreamHabit(
      name: "index 0 for all calls", dialects: [.openAI], group: "identity",
      edit: each(call) { $0["index"] = .number(0) }),
    UpstreamHabit(
      name: "no IDs of calls", dialects: [.openAI], group: "identity", edit: each(call) { $0["id"] = nil }),
    UpstreamHabit(
      name: "empty IDs of calls", dialects: [.openAI], group: "identity", edit: each(call) { $0["id"] = .text("") }),
    UpstreamHabit(
      name: "one ID for all calls", dialects: [.openAI], group: "identity",
      edit: each(call) {
        if $0["id"] != nil { $0["id"] = .text("same") }
      }),
    UpstreamHabit(name: "no type of calls", dialects: [.openAI], edit: each(call) { $0["type"] = nil }),
    UpstreamHabit(
      name: "arguments as an object", dialects: [.openAI], group: "pieces",
      style: { ($0.hasWholeCalls, $0.pieceMax) = (true, 7) },
      edit: each(call + ["function"]) {
        if case .text(let text)? = $0["arguments"], !text.isEmpty { $0["arguments"] = .raw(text) }
      }),
    UpstreamHabit(
      name: "null for no arguments yet", dialects: [.openAI],
      edit: each(call + ["function"]) {
        if $0["arguments"] == .text("") { $0["arguments"] = .null }
      }),
    // Chat completions: usage.
    UpstreamHabit(
      name: "usage null in pieces", dialects: [.openAI], group: "usage",
      edit: each([]) {
        if $0["usage"] == nil { $0["usage"] = .null }
      }),
    UpstreamHabit(
      name: "usage with the finish", dialects: [.openAI], group: "usage",
      edit: { events in
        guard let usage = events.last?["usage"], let index = events.firstIndex(where: isFinish) else { return }
        events.removeLast()
        events[index]["usage"] = usage
      }),
    UpstreamHabit(
      name: "usage in every chunk", dialects: [.openAI], group: "usage",
      edit: { events in
        guard let usage = events.last?["usage"] else { return }
        for index in events.indices { events[index]["usage"] = usage }
      }),
    UpstreamHabit(
      name: "usage twice", dialects: [.openAI], group: "usage",
      edit: { events in
        if let last = events.last { events.append(last) }
      }),
    UpstreamHabit(
      name: "a small usage at first", dialects: [.openAI], group: "usage",
      edit: { events in
        events[0]["usage"] = .make([
          "prompt_tokens": .number(1), "completion_tokens": .number(0), "total_tokens": .number(1),
        ])
      }),

    // Messages.
    UpstreamHabit(name: "pings", dialects: [.anthropic], edit: inserting(.make(["type": .text("ping")]), every: 2)),
    UpstreamHabit(
      name: "unknown events", dialects: [.anthropic],
      edit: inserting(.make(["type": .text("novelty"), "a": .number(1)]), every: 4)),
    UpstreamHabit(
      name: "no usage at the start", dialects: [.anthropic],
      edit: { events in
        guard let prompt = events[0]["message"]?["usage"]?["input_tokens"] else { return }
        events[0].change(["message"]) { $0["usage"] = nil }
        for index in events.indices where events[index]["type"] == .text("message_delta") {
          events[index].change(["usage"]) { $0["input_tokens"] = prompt }
        }
      }),
    UpstreamHabit(
      name: "empty deltas", dialects: [.anthropic],
      edit: { events in
        for index in events.indices.reversed() where events[index]["delta"]?["type"] == .text("text_delta") {
          var empty = events[index]
          empty.change(["delta"]) { $0["text"] = .text("") }
          events.insert(empty, at: index)
        }
      }),
    UpstreamHabit(
      name: "an empty piece of arguments", dialects: [.anthropic],
      edit: { events in
        for index in events.indices.reversed() where events[index]["content_block"]?["type"] == .text("tool_use") {
          guard let block = events[index]["index"] else { continue }
          events.insert(
            .make([
              "type": .text("content_block_delta"), "index": block,
              "delta": .make(["type": .text("input_json_delta"), "partial_json": .text("")]),
            ]), at: index + 1)
        }
      }),
    UpstreamHabit(name: "no message_stop", dialects: [.anthropic], edit: { $0.removeLast() }),
    UpstreamHabit(
      name: "signatures of thinking", dialects: [.anthropic],
      edit: { events in
        for index in events.indices.reversed() where events[index]["content_block"]?["type"] == .text("thinking") {
          guard let block = events[index]["index"],
            let stop = events.firstIndex(where: {
              $0["type"] == .text("content_block_stop") && $0["index"] == block
            })
          else { continue }
          events.insert(
            .make([
              "type": .text("content_block_delta"), "index": block,
              "delta": .make(["type": .text("signature_delta"), "signature": .text("c2ln")]),
            ]), at: stop)
        }
      }),

    // Ollama.
    UpstreamHabit(name: "no time", dialects: [.ollama], edit: each([]) { $0["created_at"] = nil }),
    UpstreamHabit(name: "no message at the end", dialects: [.ollama], edit: { $0[$0.count - 1]["message"] = nil }),
    UpstreamHabit(
      name: "no reason", dialects: [.ollama],
      edit: each([]) { if $0["done_reason"] == .text("stop") { $0["done_reason"] = nil } }),
    UpstreamHabit(
      name: "IDs of calls", dialects: [.ollama],
      edit: { events in
        for index in events.indices {
          events[index].change(["message", "tool_calls", "*"]) { $0["id"] = .text("call_\(index)") }
        }
      }),
    UpstreamHabit(
      name: "the same ID for all calls", dialects: [.ollama], group: "identity",
      edit: each(["message", "tool_calls", "*"]) { $0["id"] = .text("one") }),
    UpstreamHabit(name: "empty lines", dialects: [.ollama], style: { $0.lineEnd += $0.lineEnd }),
    UpstreamHabit(
      name: "null for absent members", dialects: [.ollama],
      edit: each(["message"]) {
        for key in ["thinking", "tool_calls", "images"] where $0[key] == nil { $0[key] = .null }
      }),

    // Gemini.
    UpstreamHabit(
      name: "usage in every event", dialects: [.gemini],
      edit: { events in
        guard let usage = events.last?["usageMetadata"] else { return }
        for index in events.indices { events[index]["usageMetadata"] = usage }
      }),
    UpstreamHabit(
      name: "no role", dialects: [.gemini], edit: each(["candidates", "*", "content"]) { $0["role"] = nil }),
    UpstreamHabit(name: "no index", dialects: [.gemini], edit: each(["candidates", "*"]) { $0["index"] = nil }),
    UpstreamHabit(
      name: "no parts at the end", dialects: [.gemini], group: "end",
      edit: { events in
        events[events.count - 1].change(["candidates", "*", "content"]) { $0["parts"] = nil }
      }),
    UpstreamHabit(
      name: "no content at the end", dialects: [.gemini], group: "end",
      edit: { events in
        events[events.count - 1].change(["candidates", "*"]) { $0["content"] = nil }
      }),
    UpstreamHabit(
      name: "signatures", dialects: [.gemini],
      edit: each(["candidates", "*", "content", "parts", "*"]) {
        if $0["functionCall"] != nil { $0["thoughtSignature"] = .text("c2ln") }
      }),
    UpstreamHabit(
      name: "IDs of function calls", dialects: [.gemini],
      edit: { events in
        for index in events.indices {
          events[index].change(["candidates", "*", "content", "parts", "*", "functionCall"]) {
            $0["id"] = .text("f\(index)")
          }
        }
      }),
    UpstreamHabit(
      name: "no args where there are none", dialects: [.gemini],
      edit: each(["candidates", "*", "content", "parts", "*", "functionCall"]) {
        if $0["args"] == .object([]) { $0["args"] = nil }
      }),
    UpstreamHabit(
      name: "safety ratings", dialects: [.gemini],
      edit: each(["candidates", "*"]) { $0["safetyRatings"] = .array([]) }),
    UpstreamHabit(
      name: "an event without candidates", dialects: [.gemini],
      edit: { $0.insert(.make(["modelVersion": .text("s")]), at: 0) }),
  ]
}
