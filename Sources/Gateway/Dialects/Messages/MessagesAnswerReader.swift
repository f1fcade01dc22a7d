/// Reads Anthropic Messages answers, streaming or not, into events.
///
/// Source: Anthropic API reference, "Create a Message" and "Streaming messages". Unknown types of events and blocks are
/// skipped, as the reference asks.
struct MessagesAnswerReader {
  /// The type of an open block.
  private enum Block: Equatable {
    case toolCall(Int)
    case other
  }

  /// The most blocks of one message.
  private static let blocksMax = 1024

  private var blocks: [Int64: Block] = [:]
  private var calls = 0
  private var counts = TokenCounts()
  private var hasBegun = false
  private var hasFinished = false

  init() {}

  // MARK: Streams

  /// Appends the events in the data of one SSE event.
  ///
  /// Throws `.malformed` if the data is not such an event.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    do throws(JSONError) {
      try readEvent(json, &events)
    } catch {
      throw .malformed("an event of the stream is not JSON: \(error.description)")
    }
    if blocks.count > Self.blocksMax { throw .malformed("its message has over \(Self.blocksMax) blocks") }
  }

  private mutating func readEvent(_ json: Span<UInt8>, _ events: inout [ChatEvent]) throws(JSONError) {
    var type: Member?
    var parts = Parts()
    var members = try MemberCursor(whole: json)
    while let member = try members.next(in: json) {
      if member.keyEquals("type", in: json) { type = member }
      if member.keyEquals("index", in: json) { parts.index = member.value.integer(in: json) ?? 0 }
      if member.value.kind != .object { continue }
      if member.keyEquals("message", in: json) { parts.message = member.value }
      if member.keyEquals("content_block", in: json) { parts.block = member.value }
      if member.keyEquals("delta", in: json) { parts.delta = member.value }
      if member.keyEquals("usage", in: json) { parts.usage = member.value }
      if member.keyEquals("error", in: json) { parts.error = try UpstreamErrorReader.value(member, json) }
    }
    guard let type, type.value.kind == .string else { return }
    if type.value.equals("message_start", in: json) {
      try begin(parts.message, json, &events)
    } else if type.value.equals("content_block_start", in: json) {
      if let block = parts.block { try open(parts.index, block, json, &events) }
    } else if type.value.equals("content_block_delta", in: json) {
      if let delta = parts.delta { try readDelta(parts.index, delta, json, &events) }
    } else if type.value.equals("content_block_stop", in: json) {
      close(parts.index, &events)
    } else if type.value.equals("message_delta", in: json) {
      if let usage = parts.usage { try count(usage, json, &events) }
      if let delta = parts.delta, let value = try Self.stopReason(in: delta, json) {
        if let error = UpstreamErrorReader.finish(value, json) {
          events.append(.failed(error))
        } else if let reason = Self.reason(value, json) {
          finish(reason, &events)
        }
      }
    } else if type.value.equals("message_stop", in: json) {
      events.append(.ended)
    } else if type.value.equals("error", in: json) {
      events.append(.failed(parts.error ?? UpstreamError(message: "")))
    }
  }

  /// The relevant members of an event.
  private struct Parts {
    var index: Int64 = 0
    var message: JSONValue?
    var block: JSONValue?
    var delta: JSONValue?
    var usage: JSONValue?
    var error: UpstreamError?
  }

  private mutating func begin(
    _ message: JSONValue?, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) {
    var id: EscapedText?
    var usage: JSONValue?
    if let message {
      var fields = try MemberCursor(in: json, at: Int(message.slice.start), depth: 2)
      while let field = try fields.next(in: json) {
        if field.keyEquals("id", in: json) { id = Self.text(field.value) }
        if field.keyEquals("usage", in: json), field.value.kind == .object { usage = field.value }
      }
    }
    if !hasBegun { events.append(.began(id: id)) }
    hasBegun = true
    if let usage { try count(usage, json, &events) }
  }

  /// Ends a block. The end of a tool call becomes an event.
  private mutating func close(_ index: Int64, _ events: inout [ChatEvent]) {
    if case .toolCall(let call)? = blocks[index] { events.append(.callEnded(call: call)) }
    blocks[index] = .other
  }

  /// Finishes the answer. Some servers omit the ends of blocks, and some finish twice.
  private mutating func finish(_ reason: FinishReason, _ events: inout [ChatEvent]) {
    if hasFinished { return }
    hasFinished = true
    var open: [Int] = []
    for case .toolCall(let call) in blocks.values { open.append(call) }
    for call in open.sorted() { events.append(.callEnded(call: call)) }
    blocks.removeAll()
    events.append(.finished(reason))
  }

  /// Starts a block, which is empty in a stream and complete otherwise.
  private mutating func open(
    _ index: Int64, _ block: JSONValue, depth: Int = 2, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) {
    var type: JSONValue?
    var text: EscapedText?
    var signature: EscapedText?
    var id: EscapedText?
    var name: EscapedText?
    var input: JSONValue?
    var data: EscapedText?
    var citations: JSONValue?
    var members = try MemberCursor(in: json, at: Int(block.slice.start), depth: depth)
    while let member = try members.next(in: json) {
      if member.keyEquals("type", in: json) { type = member.value }
      if member.keyEquals("text", in: json) || member.keyEquals("thinking", in: json) {
        text = Self.text(member.value)
      }
      if member.keyEquals("signature", in: json) { signature = Self.text(member.value) }
      if member.keyEquals("id", in: json) { id = Self.text(member.value) }
      if member.keyEquals("name", in: json) { name = Self.text(member.value) }
      if member.keyEquals("input", in: json) { input = member.value }
      if member.keyEquals("data", in: json) { data = Self.text(member.value) }
      if member.keyEquals("citations", in: json) { citations = member.value }
    }
    close(index, &events)
    guard let type else { return }
    if type.equals("text", in: json) {
      if let text, !text.isEmpty { events.append(.text(text)) }
      for citation in JSONLists.elements(of: citations, in: json) {
        if let citation = Citation(citation, json) { events.append(.citation(citation)) }
      }
    } else if type.equals("thinking", in: json) {
      if let text, !text.isEmpty { events.append(.thinking(text)) }
      if let signature, !signature.isEmpty { events.append(.signature(signature)) }
    } else if type.equals("redacted_thinking", in: json) {
      if let data, !data.isEmpty { events.append(.redactedThinking(data)) }
    } else if type.equals("tool_use", in: json) {
      let call = calls
      calls += 1
      blocks[index] = .toolCall(call)
      events.append(.callBegan(call: call, id: id ?? .owned([]), name: name ?? .owned([])))
      // In a stream the block starts with an empty object, and the input follows in parts.
      if let input, input.elements > 0 {
        var escaped: [UInt8] = []
        Writer.appendEscaped(json.bytes(input.slice), to: &escaped)
        events.append(.arguments(call: call, .owned(escaped)))
      }
    }
  }

  private mutating func readDelta(
    _ index: Int64, _ delta: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) {
    var fields = try MemberCursor(in: json, at: Int(delta.slice.start), depth: 2)
    while let field = try fields.next(in: json) {
      if field.value.kind == .object, field.keyEquals("citation", in: json) {
        if let citation = Citation(field.value, json) { events.append(.citation(citation)) }
      }
      guard let text = Self.text(field.value), !text.isEmpty else { continue }
      if field.keyEquals("text", in: json) {
        events.append(.text(text))
      } else if field.keyEquals("thinking", in: json) {
        events.append(.thinking(text))
      } else if field.keyEquals("signature", in: json) {
        events.append(.signature(text))
      } else if field.keyEquals("partial_json", in: json), case .toolCall(let call)? = blocks[index] {
        events.append(.arguments(call: call, text))
      }
    }
  }

  // MARK: Whole answers

  /// Returns the events of a non-streaming message.
  ///
  /// Throws `.malformed` for other JSON and `.error` for an error object.
  static func whole(_ json: Span<UInt8>) throws(AttemptFailure) -> [ChatEvent] {
    var reader = MessagesAnswerReader()
    var events: [ChatEvent] = []
    let isMessage: Bool
    do throws(JSONError) {
      isMessage = try reader.readMessage(json, &events)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if case .failed(let error)? = events.last { throw .error(error) }
    if !isMessage { throw .malformed("the answer has no content") }
    return events
  }

  /// Reads a message and returns false if the object is not one.
  private mutating func readMessage(
    _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) -> Bool {
    var id: EscapedText?
    var content: JSONValue?
    var usage: JSONValue?
    var reason: FinishReason?
    var error: UpstreamError?
    var members = try MemberCursor(whole: json)
    while let member = try members.next(in: json) {
      if member.keyEquals("id", in: json) { id = Self.text(member.value) }
      if member.keyEquals("content", in: json), member.value.kind == .array { content = member.value }
      if member.keyEquals("usage", in: json), member.value.kind == .object { usage = member.value }
      if member.keyEquals("stop_reason", in: json) {
        reason = Self.reason(member.value, json)
        error = UpstreamErrorReader.finish(member.value, json) ?? error
      }
      if member.keyEquals("error", in: json) { error = try UpstreamErrorReader.value(member, json) ?? error }
    }
    if let error {
      events.append(.failed(error))
      return false
    }
    guard let content, content.elements <= Self.blocksMax else { return false }
    events.append(.began(id: id))
    var index: Int64 = 0
    var elements = try ArrayCursor(in: json, at: Int(content.slice.start), depth: 2)
    while let element = try elements.next(in: json) {
      if element.kind == .object {
        try open(index, element, depth: 3, json, &events)
        close(index, &events)
      }
      index += 1
    }
    if let usage { try count(usage, json, &events) }
    events.append(.finished(reason ?? .stop))
    events.append(.ended)
    return true
  }

  // MARK: Parts

  private mutating func count(
    _ usage: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) {
    var input: Int?
    var later = TokenCounts()
    var fields = try MemberCursor(in: json, at: Int(usage.slice.start), depth: 2)
    while let field = try fields.next(in: json) {
      if field.keyEquals("input_tokens", in: json) { input = ChatStream.count(field, json) }
      if field.keyEquals("output_tokens", in: json) { later.completion = ChatStream.count(field, json) }
      if field.keyEquals("cache_read_input_tokens", in: json) { later.cached = ChatStream.count(field, json) }
      if field.keyEquals("cache_creation_input_tokens", in: json) {
        later.cacheWritten = ChatStream.count(field, json)
      }
      if field.keyEquals("cache_creation", in: json), field.value.kind == .object {
        let long = try number("ephemeral_1h_input_tokens", in: field.value, json) ?? 0
        later.cacheWrittenLong = long > 0 ? long : nil
      }
      if field.keyEquals("output_tokens_details", in: json), field.value.kind == .object {
        later.thinking = try number("thinking_tokens", in: field.value, json)
      }
    }
    // `input_tokens` does not include cached tokens.
    later.prompt = input.map {
      min(
        Usage.tokensMax,
        $0 + (later.cached ?? counts.cached ?? 0) + (later.cacheWritten ?? counts.cacheWritten ?? 0))
    }
    counts.merge(later)
    events.append(.usage(counts))
  }

  private func number(
    _ name: StaticString, in details: JSONValue, _ json: Span<UInt8>
  ) throws(JSONError) -> Int? {
    var fields = try MemberCursor(in: json, at: Int(details.slice.start), depth: 3)
    while let field = try fields.next(in: json) {
      if field.keyEquals(name, in: json) { return ChatStream.count(field, json) }
    }
    return nil
  }

  /// Returns the stop reason of a `message_delta`, or `nil` if it has none.
  private static func stopReason(in delta: JSONValue, _ json: Span<UInt8>) throws(JSONError) -> JSONValue? {
    var fields = try MemberCursor(in: json, at: Int(delta.slice.start), depth: 2)
    while let field = try fields.next(in: json) {
      if field.keyEquals("stop_reason", in: json) { return field.value }
    }
    return nil
  }

  /// Returns the meaning of a `stop_reason`, or `nil` for null.
  private static func reason(_ value: JSONValue, _ json: Span<UInt8>) -> FinishReason? {
    guard value.kind == .string else { return nil }
    if value.equals("max_tokens", in: json) || value.equals("model_context_window_exceeded", in: json) {
      return .length
    }
    if value.equals("tool_use", in: json) { return .toolCalls }
    return value.equals("refusal", in: json) ? .filtered : .stop
  }

  /// Returns the inside of a string, or `nil` for other values.
  private static func text(_ value: JSONValue) -> EscapedText? {
    guard value.kind == .string else { return nil }
    return .borrowed(Slice(start: Int(value.slice.start) + 1, count: Int(value.slice.count) - 2))
  }
}
