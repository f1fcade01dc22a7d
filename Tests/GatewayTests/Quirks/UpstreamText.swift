@testable import Gateway

/// How an upstream writes an answer, before habits change its events.
struct UpstreamStyle {
  var json = JSONTree.Style()
  /// The most characters of a piece of text or arguments.
  var pieceMax = 7
  var hasWholeCalls = false
  /// Whether the pieces of several calls alternate.
  var interleavesCalls = false
  var thinkingKeys = ["reasoning_content"]
  var lineEnd = "\n"
  var separator = "\n\n"
  var afterColon = " "
  var done = "[DONE]"
  var hasDone = true
  var hasEventNames = true
  /// Lines that stand before each event, and at the beginning of the stream.
  var beforeEvents = ""
  var beginning = ""
  var end = ""
}

/// Writes a speech as an upstream of a dialect does: the events of a stream, or one answer.
struct UpstreamText {
  let speech: Speech
  let style: UpstreamStyle

  private func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(style.pieceMax)))
      rest = rest.dropFirst(style.pieceMax)
    }
    return pieces
  }

  private var calls: [(name: String, arguments: JSONTree)] {
    speech.pieces.compactMap { if case .call(let name, let arguments) = $0 { (name, arguments) } else { nil } }
  }

  func events(_ dialect: Dialect) -> [JSONTree] {
    switch dialect {
    case .openAI, .responses: completionEvents
    case .anthropic: messageEvents
    case .ollama: ollamaLines
    case .gemini: geminiEvents
    }
  }

  // MARK: Chat completions

  private static func chunk(_ delta: JSONTree, finish: JSONTree = .null) -> JSONTree {
    .make([
      "id": .text("c1"), "object": .text("chat.completion.chunk"), "created": .number(1700), "model": .text("s"),
      "choices": .array([.make(["index": .number(0), "delta": delta, "finish_reason": finish])]),
    ])
  }

  private var completionEvents: [JSONTree] {
    var events = [Self.chunk(.make(["role": .text("assistant"), "content": .text("")]))]
    for piece in speech.pieces {
      switch piece {
      case .text(let text): events += pieces(text).map { Self.chunk(.make(["content": .text($0)])) }
      case .thinking(let text):
        events += pieces(text).map { piece in
          Self.chunk(.object(style.thinkingKeys.map { JSONTree.Member(key: $0, value: .text(piece)) }))
        }
      case .call: break
      }
    }
    var parts: [[JSONTree]] = []
    for (index, call) in calls.enumerated() {
      let arguments = call.arguments.written(JSONTree.Style())
      func part(_ function: JSONTree, isFirst: Bool) -> JSONTree {
        var part = JSONTree.make(["index": .number(index)])
        if isFirst {
          part["id"] = .text("call_up_\(index)")
          part["type"] = .text("function")
        }
        part["function"] = function
        return Self.chunk(.make(["tool_calls": .array([part])]))
      }
      if style.hasWholeCalls {
        parts.append([part(.make(["name": .text(call.name), "arguments": .text(arguments)]), isFirst: true)])
      } else {
        parts.append(
          [part(.make(["name": .text(call.name), "arguments": .text("")]), isFirst: true)]
            + pieces(arguments).map { part(.make(["arguments": .text($0)]), isFirst: false) })
      }
    }
    if style.interleavesCalls {
      for round in 0..<(parts.map(\.count).max() ?? 0) {
        events += parts.compactMap { round < $0.count ? $0[round] : nil }
      }
    } else {
      events += parts.flatMap { $0 }
    }
    events.append(
      Self.chunk(
        .make([:]), finish: .text(speech.hasCalls ? "tool_calls" : speech.isCutByLength ? "length" : "stop")))
    var usage = Self.chunk(.make([:]))
    usage["choices"] = .array([])
    usage["usage"] = completionUsage
    return events + [usage]
  }

  var completionUsage: JSONTree {
    .make([
      "prompt_tokens": .number(speech.promptTokens), "completion_tokens": .number(speech.completionTokens),
      "total_tokens": .number(speech.promptTokens + speech.completionTokens),
    ])
  }

  // MARK: Messages

  private static func event(_ type: String, _ members: KeyValuePairs<String, JSONTree>) -> JSONTree {
    var event = JSONTree.make(members)
    event["type"] = .text(type)
    return event
  }

  private var messageEvents: [JSONTree] {
    var events = [
      Self.event(
        "message_start",
        [
          "message": .make([
            "id": .text("msg_1"), "type": .text("message"), "role": .text("assistant"), "model": .text("s"),
            "content": .array([]), "stop_reason": .null,
            "usage": .make(["input_tokens": .number(speech.promptTokens), "output_tokens": .number(1)]),
          ])
        ])
    ]
    for (index, piece) in speech.pieces.enumerated() {
      let start: JSONTree
      let deltas: [JSONTree]
      switch piece {
      case .text(let text):
        start = .make(["type": .text("text"), "text": .text("")])
        deltas = pieces(text).map { .make(["type": .text("text_delta"), "text": .text($0)]) }
      case .thinking(let text):
        start = .make(["type": .text("thinking"), "thinking": .text(""), "signature": .text("")])
        deltas = pieces(text).map { .make(["type": .text("thinking_delta"), "thinking": .text($0)]) }
      case .call(let name, let arguments):
        start = .make([
          "type": .text("tool_use"), "id": .text("toolu_\(index)"), "name": .text(name), "input": .make([:]),
        ])
        deltas = pieces(arguments.written(JSONTree.Style())).map {
          .make(["type": .text("input_json_delta"), "partial_json": .text($0)])
        }
      }
      events.append(Self.event("content_block_start", ["index": .number(index), "content_block": start]))
      events += deltas.map { Self.event("content_block_delta", ["index": .number(index), "delta": $0]) }
      events.append(Self.event("content_block_stop", ["index": .number(index)]))
    }
    let reason = speech.hasCalls ? "tool_use" : speech.isCutByLength ? "max_tokens" : "end_turn"
    events.append(
      Self.event(
        "message_delta",
        [
          "delta": .make(["stop_reason": .text(reason), "stop_sequence": .null]),
          "usage": .make(["output_tokens": .number(speech.completionTokens)]),
        ]))
    return events + [Self.event("message_stop", [:])]
  }

  // MARK: Ollama

  private static func line(_ message: JSONTree) -> JSONTree {
    var message = message
    message["role"] = .text("assistant")
    if message["content"] == nil { message["content"] = .text("") }
    return .make([
      "model": .text("s"), "created_at": .text("2026-11-30T00:00:00Z"), "message": message, "done": .raw("false"),
    ])
  }

  private var ollamaLines: [JSONTree] {
    var lines: [JSONTree] = []
    for piece in speech.pieces {
      switch piece {
      case .text(let text): lines += pieces(text).map { Self.line(.make(["content": .text($0)])) }
      case .thinking(let text): lines += pieces(text).map { Self.line(.make(["thinking": .text($0)])) }
      case .call(let name, let arguments):
        let call = JSONTree.make(["function": .make(["name": .text(name), "arguments": arguments])])
        lines.append(Self.line(.make(["tool_calls": .array([call])])))
      }
    }
    var last = Self.line(.make([:]))
    last["done"] = .raw("true")
    last["done_reason"] = .text(speech.isCutByLength ? "length" : "stop")
    last["prompt_eval_count"] = .number(speech.promptTokens)
    last["eval_count"] = .number(speech.completionTokens)
    return lines + [last]
  }

  // MARK: Gemini

  private static func candidate(_ parts: [JSONTree]) -> JSONTree {
    .make([
      "candidates": .array([
        .make(["content": .make(["parts": .array(parts), "role": .text("model")]), "index": .number(0)])
      ]), "modelVersion": .text("s"), "responseId": .text("r"),
    ])
  }

  private var geminiEvents: [JSONTree] {
    var events: [JSONTree] = []
    for piece in speech.pieces {
      switch piece {
      case .text(let text): events += pieces(text).map { Self.candidate([.make(["text": .text($0)])]) }
      case .thinking(let text):
        events += pieces(text).map { Self.candidate([.make(["text": .text($0), "thought": .raw("true")])]) }
      case .call(let name, let arguments):
        events.append(Self.candidate([.make(["functionCall": .make(["name": .text(name), "args": arguments])])]))
      }
    }
    var last = Self.candidate([.make(["text": .text("")])])
    last.change(["candidates", "*"]) { $0["finishReason"] = .text(speech.isCutByLength ? "MAX_TOKENS" : "STOP") }
    last["usageMetadata"] = .make([
      "promptTokenCount": .number(speech.promptTokens), "candidatesTokenCount": .number(speech.completionTokens),
      "totalTokenCount": .number(speech.promptTokens + speech.completionTokens),
    ])
    return events + [last]
  }

  // MARK: Bytes

  /// The stream with its events.
  func stream(_ events: [JSONTree], _ dialect: Dialect) -> [UInt8] {
    var out = style.beginning
    for event in events {
      let data = event.written(style.json)
      if dialect == .ollama {
        out += data + style.lineEnd
        continue
      }
      out += style.beforeEvents
      if dialect == .anthropic, style.hasEventNames, case .text(let type)? = event["type"] {
        out += "event:" + style.afterColon + type + style.lineEnd
      }
      out += "data:" + style.afterColon + data + style.separator
    }
    if dialect == .openAI, style.hasDone { out += "data:" + style.afterColon + style.done + style.separator }
    return Array((out + style.end).utf8)
  }
}
