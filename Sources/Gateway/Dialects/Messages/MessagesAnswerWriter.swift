/// Writes an answer in Anthropic's Messages format, streaming or not.
///
/// Source: Anthropic API reference, "Create a Message" and "Streaming messages"; the stream reader of its Python SDK
/// 2.13, which identifies a block by its index in the order of their starts and expects a signature in one event. Every
/// event has an `event` line, because clients ignore events without one. The format has no place for images or for
/// signatures of tool calls.
struct MessagesAnswerWriter {
  /// The block to which text or thinking is added.
  private enum Open {
    case none
    case text
    /// Thinking, with its signature so far.
    case thinking(signature: [UInt8])
    /// A tool call started last. The open calls are in `calls`.
    case toolCall
  }

  private let label: AnswerMetadata
  private var counts: TokenCounts
  private var reason = FinishReason.stop
  private var open = Open.none
  /// The number of blocks that started.
  private var blocks = 0
  /// The block index of each open tool call.
  private var calls: [Int: Int] = [:]
  private var hasCalls = false

  /// Creates a writer. `counts` are the token counts known before the answer, which clients show while it streams.
  init(_ label: AnswerMetadata, counts: TokenCounts = TokenCounts()) {
    self.label = label
    self.counts = counts
  }

  // MARK: Streams

  mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, to out: inout [UInt8]) {
    switch event {
    case .began(let id): begin(id, json, to: &out)
    case .text(let text), .refusal(let text):
      if text.isEmpty { return }
      if case .text = open {} else { start("{\"type\":\"text\",\"text\":\"\"}", .text, to: &out) }
      delta(blocks - 1, "text_delta\",\"text", text, json, to: &out)
    case .thinking(let text):
      if text.isEmpty { return }
      startThinking(isSigned: false, to: &out)
      delta(blocks - 1, "thinking_delta\",\"thinking", text, json, to: &out)
    case .signature(let piece):
      // The signature of a tool call is Gemini's, so this dialect has no use for it.
      if case .toolCall = open { return }
      startThinking(isSigned: true, to: &out)
      guard case .thinking(var signature) = open else { return }
      open = .none
      piece.append(to: &signature, from: json)
      open = .thinking(signature: signature)
    case .redactedThinking(let data):
      var block: [UInt8] = []
      block.append("{\"type\":\"redacted_thinking\",\"data\":")
      data.appendQuoted(to: &block, from: json)
      block.append("}")
      start(block, .none, to: &out)
      stop(blocks - 1, to: &out)
    case .callBegan(let call, let id, let name): begin(call, id, name, json, to: &out)
    case .arguments(let call, let piece):
      guard let index = calls[call], !piece.isEmpty else { return }
      delta(index, "input_json_delta\",\"partial_json", piece, json, to: &out)
    case .callEnded(let call):
      guard let index = calls.removeValue(forKey: call) else { return }
      stop(index, to: &out)
    case .usage(let later): counts.merge(later)
    case .finished(let reason):
      close(to: &out)
      self.reason = reason
    case .citation(let citation):
      guard case .text = open else { return }
      beginDelta(blocks - 1, "citations_delta\",\"citation", to: &out)
      citation.appendMessagesCitation(to: &out, from: json)
      out.append("}}\n\n")
    case .image, .logprobs, .failed, .ended: break
    }
  }

  mutating func end(_ counts: TokenCounts, to out: inout [UInt8]) {
    close(to: &out)
    self.counts.merge(counts)
    Self.event("message_delta", to: &out)
    out.append(",\"delta\":{\"stop_reason\":\"")
    out.append(Self.finishReason(reason, hasCalls: hasCalls))
    out.append("\",\"stop_sequence\":null},\"usage\":")
    Self.append(self.counts, to: &out)
    out.append("}\n\n")
    Self.event("message_stop", to: &out)
    out.append("}\n\n")
  }

  /// Appends the start of an event up to its type. Its object stays open.
  private static func event(_ type: StaticString, to out: inout [UInt8]) {
    out.append("event: ")
    out.append(type)
    out.append("\ndata: {\"type\":\"")
    out.append(type)
    out.append("\"")
  }

  private func begin(_ id: EscapedText?, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Self.event("message_start", to: &out)
    out.append(",\"message\":{\"id\":")
    out.append(contentsOf: Self.id(id?.bytes(in: json) ?? [], label))
    out.append(",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
    out.append(contentsOf: label.modelToken)
    out.append(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":")
    Self.append(counts, to: &out)
    out.append("}}\n\n")
  }

  private mutating func begin(
    _ call: Int, _ id: EscapedText, _ name: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    var block: [UInt8] = []
    block.append("{\"type\":\"tool_use\",\"id\":")
    block.append(contentsOf: Self.callID(id.bytes(in: json), blocks, label))
    block.append(",\"name\":")
    name.appendQuoted(to: &block, from: json)
    block.append(",\"input\":{}}")
    start(block, .toolCall, to: &out)
    calls[call] = blocks - 1
    hasCalls = true
  }

  /// Starts a thinking block unless an open one can continue. Nothing can follow a signature in a block.
  private mutating func startThinking(isSigned: Bool, to out: inout [UInt8]) {
    if case .thinking(let signature) = open, isSigned || signature.isEmpty { return }
    start("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}", .thinking(signature: []), to: &out)
  }

  private mutating func start(_ block: StaticString, _ next: Open, to out: inout [UInt8]) {
    var bytes: [UInt8] = []
    bytes.append(block)
    start(bytes, next, to: &out)
  }

  private mutating func start(_ block: [UInt8], _ next: Open, to out: inout [UInt8]) {
    closeText(to: &out)
    open = next
    Self.event("content_block_start", to: &out)
    out.append(",\"index\":")
    out.append(decimal: blocks)
    out.append(",\"content_block\":")
    out.append(contentsOf: block)
    out.append("}\n\n")
    blocks += 1
  }

  /// Appends a delta. `kind` is the delta's type and, with quotes between them, the name of its text.
  private func delta(
    _ index: Int, _ kind: StaticString, _ text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    beginDelta(index, kind, to: &out)
    text.appendQuoted(to: &out, from: json)
    out.append("}}\n\n")
  }

  private func beginDelta(_ index: Int, _ kind: StaticString, to out: inout [UInt8]) {
    Self.event("content_block_delta", to: &out)
    out.append(",\"index\":")
    out.append(decimal: index)
    out.append(",\"delta\":{\"type\":\"")
    out.append(kind)
    out.append("\":")
  }

  private func stop(_ index: Int, to out: inout [UInt8]) {
    Self.event("content_block_stop", to: &out)
    out.append(",\"index\":")
    out.append(decimal: index)
    out.append("}\n\n")
  }

  /// Ends the block of text or thinking. Tool calls end with their own event.
  private mutating func closeText(to out: inout [UInt8]) {
    switch open {
    case .none, .toolCall: break
    case .text: stop(blocks - 1, to: &out)
    case .thinking(let signature):
      if !signature.isEmpty {
        let lender: [UInt8] = []
        delta(blocks - 1, "signature_delta\",\"signature", .owned(signature), lender.span, to: &out)
      }
      stop(blocks - 1, to: &out)
    }
    open = .none
  }

  private mutating func close(to out: inout [UInt8]) {
    closeText(to: &out)
    for index in calls.values.sorted() { stop(index, to: &out) }
    calls.removeAll()
  }

  // MARK: Whole answers

  static func whole(_ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"id\":")
    out.append(contentsOf: id(answer.id, label))
    out.append(",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
    out.append(contentsOf: label.modelToken)
    out.append(",\"content\":[")
    for (index, block) in answer.blocks.enumerated() {
      append(block, index, answer.notes[index]?.citations ?? [], label, to: &out)
    }
    out.append("],\"stop_reason\":\"")
    out.append(finishReason(answer.reason ?? .stop, hasCalls: answer.hasCalls))
    out.append("\",\"stop_sequence\":null,\"usage\":")
    append(counts, to: &out)
    out.append("}")
    return out
  }

  private static func append(
    _ block: Answer.Block, _ index: Int, _ citations: [Citation], _ label: AnswerMetadata, to out: inout [UInt8]
  ) {
    switch block {
    case .text(let text), .refusal(let text):
      if text.isEmpty { return }
      Writer.separate(&out)
      out.append("{\"type\":\"text\",\"text\":\"")
      out.append(contentsOf: text)
      out.append("\"")
      append(citations, to: &out)
      out.append("}")
    case .thinking(let text, let signature):
      Writer.separate(&out)
      out.append("{\"type\":\"thinking\",\"thinking\":\"")
      out.append(contentsOf: text)
      out.append("\",\"signature\":\"")
      out.append(contentsOf: signature)
      out.append("\"}")
    case .redactedThinking(let data):
      Writer.separate(&out)
      out.append("{\"type\":\"redacted_thinking\",\"data\":\"")
      out.append(contentsOf: data)
      out.append("\"}")
    case .toolCall(let id, let name, let arguments, _):
      Writer.separate(&out)
      out.append("{\"type\":\"tool_use\",\"id\":")
      out.append(contentsOf: callID(id, index, label))
      out.append(",\"name\":\"")
      out.append(contentsOf: name)
      out.append("\",\"input\":")
      out.append(contentsOf: input(arguments))
      out.append("}")
    case .image: break
    }
  }

  private static func append(_ citations: [Citation], to out: inout [UInt8]) {
    if citations.isEmpty { return }
    let nothing: [UInt8] = []
    out.append(",\"citations\":[")
    for citation in citations {
      Writer.separate(&out)
      citation.appendMessagesCitation(to: &out, from: nothing.span)
    }
    out.append("]")
  }

  /// Returns arguments as an object. Incomplete arguments become an empty object, so that the answer is valid JSON.
  private static func input(_ arguments: [UInt8]) -> [UInt8] {
    let lender: [UInt8] = []
    let input = EscapedText.owned(arguments).unescaped(in: lender.span)
    return JSONLists.isObject(input.span) ? input : Array("{}".utf8)
  }

  /// Returns the answer's ID as a JSON string: the upstream's if it has this dialect's format, or else one derived from
  /// the request's.
  private static func id(_ given: [UInt8], _ label: AnswerMetadata) -> [UInt8] {
    guard given.span.hasPrefix("msg_", at: 0, before: given.count) else {
      return Writer.string("msg_" + label.requestID)
    }
    return [UInt8(ascii: "\"")] + given + [UInt8(ascii: "\"")]
  }

  /// Returns a tool call's ID as a JSON string. A missing ID is derived from its block's position.
  private static func callID(_ given: [UInt8], _ position: Int, _ label: AnswerMetadata) -> [UInt8] {
    if given.isEmpty { return Writer.string("toolu_\(label.requestID)_\(position)") }
    return [UInt8(ascii: "\"")] + given + [UInt8(ascii: "\"")]
  }

  private static func finishReason(_ reason: FinishReason, hasCalls: Bool) -> StaticString {
    switch reason {
    // Some servers also send `stop` after tool calls, and agents would then not make the calls.
    case .stop: hasCalls ? "tool_use" : "end_turn"
    case .length: "max_tokens"
    case .toolCalls: "tool_use"
    case .filtered, .refused: "refusal"
    }
  }

  /// Appends the usage. In this dialect `input_tokens` does not include cached tokens.
  private static func append(_ counts: TokenCounts, to out: inout [UInt8]) {
    let cached = max(0, counts.cached ?? 0)
    let written = max(0, counts.cacheWritten ?? 0)
    let input = (counts.prompt ?? 0).subtractingReportingOverflow(cached).partialValue
    out.append("{\"input_tokens\":")
    out.append(decimal: max(0, input.subtractingReportingOverflow(written).partialValue))
    out.append(",\"cache_creation_input_tokens\":")
    out.append(decimal: written)
    out.append(",\"cache_read_input_tokens\":")
    out.append(decimal: cached)
    out.append(",\"output_tokens\":")
    out.append(decimal: max(0, counts.completion ?? 0))
    if let thinking = counts.thinking {
      out.append(",\"output_tokens_details\":{\"thinking_tokens\":")
      out.append(decimal: max(0, thinking))
      out.append("}")
    }
    out.append("}")
  }
}
