/// Writes an answer as an OpenAI chat completion, streaming or not.
///
/// `ChatStream` completes the chunks according to its contract. Data without a place in the dialect is written where
/// other servers put it, so that clients that send back complete messages keep it: signatures of thinking in LiteLLM's
/// `thinking_blocks`, signatures of tool calls in Google's `extra_content`, and images in OpenRouter's `images`.
struct CompletionsAnswerWriter {
  private var counts = TokenCounts()
  /// The tool calls that have no arguments yet.
  private var bare: Set<Int> = []
  /// The last kind of output, to which a signature belongs.
  private var last = Last.other
  /// The number of entries in each list so far. Clients that assemble a message need an index for each entry.
  private var thinkingBlocks = 0
  /// The thinking since the last text or tool call, if it is not the first that is signed.
  private var thinking: [UInt8] = []
  private var images = 0
  /// Log probabilities whose text has not come: elements of a list.
  private var logprobs: [UInt8] = []

  /// The most bytes of the thinking of a block that are repeated with its signature.
  private static let thinkingBytesMax = 1024 * 1024

  private enum Last {
    case toolCall(Int)
    case thinking
    /// A signature of thinking, which may come in several parts.
    case signature
    case other
  }

  init() {}

  // MARK: Streams

  /// Returns the data of the chunks for an event, often none. `json` is the text that the event borrows from.
  mutating func chunks(of event: ChatEvent, _ json: Span<UInt8>) throws(AttemptFailure) -> [[UInt8]] {
    switch event {
    case .began(let id): return [Self.begin(id, json)]
    case .text(let text):
      last = .other
      var out = Self.delta("\"content\":\"", text, "\"", json)
      if !logprobs.isEmpty {
        // Behind the delta, before the rest of the choice.
        out.removeLast(Self.behindDelta.utf8CodeUnitCount)
        Self.append(list: "},\"logprobs\":{\"content\":[", logprobs, to: &out)
        out.append(Self.behindDelta)
        logprobs = []
      }
      return [out]
    case .refusal(let text):
      last = .other
      return [Self.delta("\"refusal\":\"", text, "\"", json)]
    case .thinking(let text):
      if case .thinking = last {} else { thinking = [] }
      last = .thinking
      if thinkingBlocks > 0, thinking.count + text.count <= Self.thinkingBytesMax {
        text.append(to: &thinking, from: json)
      }
      return [Self.delta("\"reasoning_content\":\"", text, "\"", json)]
    case .signature(let text): return [sign(text, json)]
    case .redactedThinking(let data):
      last = .other
      return [thinkingBlock(Array("\"redacted_thinking\",\"data\":\"".utf8), data, json)]
    case .image(let media, let base64):
      last = .other
      return [image(media, base64, json)]
    case .citation(let citation):
      var out: [UInt8] = []
      out.append("{\"choices\":[{\"index\":0,\"delta\":{\"annotations\":[")
      citation.appendChatAnnotation(to: &out, from: json)
      out.append("]")
      out.append(Self.behindDelta)
      return [out]
    case .logprobs(let elements):
      TokenLogprobs.hold(elements, in: &logprobs)
      return []
    case .callBegan(let call, let id, let name):
      bare.insert(call)
      last = .toolCall(call)
      var out = Self.open(call)
      out.append(",")
      Self.openFunction(id.bytes(in: json), name.bytes(in: json), to: &out)
      out.append("\"}}]},\"finish_reason\":null}]}")
      return [out]
    case .arguments(let call, let text):
      bare.remove(call)
      return [Self.arguments(call, text, json)]
    case .callEnded(let call):
      // Arguments are JSON, so empty arguments become an object without members.
      return bare.remove(call) == nil ? [] : [Self.arguments(call, .owned(Array("{}".utf8)), json)]
    case .usage(let later):
      counts.merge(later)
      return []
    case .finished(let reason):
      var out: [UInt8] = []
      out.append("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"")
      out.append(Self.finishReason(reason))
      out.append("\"}]}")
      return [out]
    case .failed(let error): throw .error(error)
    case .ended: return end()
    }
  }

  private static func begin(_ id: EscapedText?, _ json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{")
    if let id, !id.isEmpty {
      out.append("\"id\":")
      id.appendQuoted(to: &out, from: json)
      out.append(",")
    }
    out.append(
      "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}")
    return out
  }

  private func end() -> [[UInt8]] {
    let done = Array("[DONE]".utf8)
    if counts == TokenCounts() { return [done] }
    var out: [UInt8] = []
    out.append("{\"choices\":[],")
    Self.append(counts, to: &out)
    out.append("}")
    return [out, done]
  }

  private static func delta(
    _ before: StaticString, _ text: EscapedText, _ behind: StaticString, _ json: Span<UInt8>
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"choices\":[{\"index\":0,\"delta\":{")
    out.append(before)
    text.append(to: &out, from: json)
    out.append(behind)
    out.append(behindDelta)
    return out
  }

  /// The end of a chunk, behind the members of its delta.
  private static let behindDelta: StaticString = "},\"finish_reason\":null}]}"

  private static func arguments(_ call: Int, _ text: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    var out = open(call)
    out.append(",\"function\":{\"arguments\":\"")
    text.append(to: &out, from: json)
    out.append("\"}}]},\"finish_reason\":null}]}")
    return out
  }

  private static func open(_ call: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":")
    out.append(decimal: call)
    return out
  }

  private mutating func sign(_ text: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    if case .toolCall(let call) = last {
      var out = Self.open(call)
      // OpenAI's own client fails on a tool call delta without a function.
      out.append(",\"function\":{\"arguments\":\"\"}")
      Self.sign(text.bytes(in: json), to: &out)
      out.append("}]},\"finish_reason\":null}]}")
      return out
    }
    if case .signature = last { thinkingBlocks -= 1 }
    last = .signature
    // The first block is found again as the rest of all thinking, so it has no text of its own.
    var before: [UInt8] = []
    before.append("\"thinking\",\"thinking\":")
    Self.append(quoted: thinking, to: &before)
    before.append(",\"signature\":\"")
    thinking = []
    return thinkingBlock(before, text, json)
  }

  private mutating func thinkingBlock(
    _ before: [UInt8], _ text: EscapedText, _ json: Span<UInt8>
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"choices\":[{\"index\":0,\"delta\":{\"thinking_blocks\":[{\"index\":")
    out.append(decimal: thinkingBlocks)
    out.append(",\"type\":")
    out += before
    text.append(to: &out, from: json)
    out.append("\"}]},\"finish_reason\":null}]}")
    thinkingBlocks += 1
    return out
  }

  private mutating func image(_ media: EscapedText, _ base64: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"choices\":[{\"index\":0,\"delta\":{\"images\":[{\"index\":")
    out.append(decimal: images)
    out.append(",")
    Self.image(media.bytes(in: json), base64.bytes(in: json), to: &out)
    out.append("}]},\"finish_reason\":null}]}")
    images += 1
    return out
  }

  // MARK: Whole answers

  /// Returns a non-streaming completion. A missing ID is derived from the request's.
  static func whole(_ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"id\":")
    if answer.id.isEmpty {
      Writer.append("chatcmpl-" + label.requestID, to: &out)
    } else {
      EscapedText.owned(answer.id).appendQuoted(to: &out, from: answer.id.span)
    }
    out.append(",\"object\":\"chat.completion\",\"created\":")
    out.append(contentsOf: String(label.created).utf8)
    out.append(",\"model\":")
    out.append(contentsOf: label.modelToken)
    out.append(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    append(message: answer, to: &out)
    let notes = answer.allNotes
    let nothing: [UInt8] = []
    var annotations: [UInt8] = []
    for citation in notes.citations {
      annotations.append(annotations.isEmpty ? "" : ",")
      citation.appendChatAnnotation(to: &annotations, from: nothing.span)
    }
    append(list: ",\"annotations\":[", annotations, to: &out)
    out.append("},\"logprobs\":")
    if notes.logprobs.isEmpty { out.append("null") }
    append(list: "{\"content\":[", notes.logprobs, to: &out)
    if !notes.logprobs.isEmpty { out.append("}") }
    out.append(",\"finish_reason\":\"")
    out.append(finishReason(answer.reason ?? .stop))
    out.append("\"}],")
    append(counts, to: &out)
    out.append("}")
    return out
  }

  /// Appends the message, starting with its content.
  private static func append(message answer: Answer, to out: inout [UInt8]) {
    var text: [UInt8] = []
    var refusal: [UInt8] = []
    var thinking: [UInt8] = []
    var thinkingBlocks: [UInt8] = []
    var images: [UInt8] = []
    var calls: [UInt8] = []
    var isProven = false
    for block in answer.blocks {
      switch block {
      case .text(let piece): text += piece
      case .refusal(let piece): refusal += piece
      case .thinking(let piece, let signature):
        thinking += piece
        isProven = isProven || !signature.isEmpty
        append(thinking: piece, signature, to: &thinkingBlocks)
      case .redactedThinking(let data):
        isProven = true
        thinkingBlocks.append(thinkingBlocks.isEmpty ? "" : ",")
        thinkingBlocks.append("{\"type\":\"redacted_thinking\",\"data\":\"")
        thinkingBlocks += data
        thinkingBlocks.append("\"}")
      case .image(let media, let base64):
        images.append(images.isEmpty ? "{" : ",{")
        image(media, base64, to: &images)
        images.append("}")
      case .toolCall(let id, let name, let arguments, let signature):
        calls.append(calls.isEmpty ? "{" : ",{")
        openFunction(id, name, to: &calls)
        calls += arguments
        calls.append("\"}")
        if !signature.isEmpty { sign(signature, to: &calls) }
        calls.append("}")
      }
    }
    if text.isEmpty, !calls.isEmpty || !refusal.isEmpty {
      out.append("null")
    } else {
      append(quoted: text, to: &out)
    }
    if !refusal.isEmpty {
      out.append(",\"refusal\":")
      append(quoted: refusal, to: &out)
    }
    if !thinking.isEmpty {
      out.append(",\"reasoning_content\":")
      append(quoted: thinking, to: &out)
    }
    // Without signatures the blocks would only repeat the thinking.
    if isProven { append(list: ",\"thinking_blocks\":[", thinkingBlocks, to: &out) }
    append(list: ",\"images\":[", images, to: &out)
    append(list: ",\"tool_calls\":[", calls, to: &out)
  }

  private static func append(thinking text: [UInt8], _ signature: [UInt8], to out: inout [UInt8]) {
    out.append(out.isEmpty ? "" : ",")
    out.append("{\"type\":\"thinking\",\"thinking\":")
    append(quoted: text, to: &out)
    if !signature.isEmpty {
      out.append(",\"signature\":")
      append(quoted: signature, to: &out)
    }
    out.append("}")
  }

  private static func append(list name: StaticString, _ elements: [UInt8], to out: inout [UInt8]) {
    if elements.isEmpty { return }
    out.append(name)
    out += elements
    out.append("]")
  }

  /// Appends escaped text as a JSON string.
  private static func append(quoted text: [UInt8], to out: inout [UInt8]) {
    out.append("\"")
    out += text
    out.append("\"")
  }

  /// Appends the members of a tool call up to its arguments, whose string stays open.
  private static func openFunction(_ id: [UInt8], _ name: [UInt8], to out: inout [UInt8]) {
    out.append("\"id\":\"")
    out += id
    out.append("\",\"type\":\"function\",\"function\":{\"name\":\"")
    out += name
    out.append("\",\"arguments\":\"")
  }

  /// Appends the signature that Gemini requires with a tool call.
  private static func sign(_ signature: [UInt8], to out: inout [UInt8]) {
    out.append(",\"extra_content\":{\"google\":{\"thought_signature\":\"")
    out += signature
    out.append("\"}}")
  }

  private static func image(_ media: [UInt8], _ base64: [UInt8], to out: inout [UInt8]) {
    out.append("\"type\":\"image_url\",\"image_url\":{\"url\":\"data:")
    out += media
    out.append(";base64,")
    out += base64
    out.append("\"}")
  }

  private static func append(_ counts: TokenCounts, to out: inout [UInt8]) {
    let (prompt, completion) = (counts.prompt ?? 0, counts.completion ?? 0)
    let (total, isOver) = prompt.addingReportingOverflow(completion)
    out.append("\"usage\":{\"prompt_tokens\":")
    out.append(decimal: prompt)
    out.append(",\"completion_tokens\":")
    out.append(decimal: completion)
    out.append(",\"total_tokens\":")
    out.append(decimal: isOver ? .max : total)
    if let cached = counts.cached {
      out.append(",\"prompt_tokens_details\":{\"cached_tokens\":")
      out.append(decimal: cached)
      if let written = counts.cacheWritten {
        out.append(",\"cache_write_tokens\":")
        out.append(decimal: written)
      }
      out.append("}")
    }
    if let thinking = counts.thinking {
      out.append(",\"completion_tokens_details\":{\"reasoning_tokens\":")
      out.append(decimal: thinking)
      out.append("}")
    }
    out.append("}")
  }

  private static func finishReason(_ reason: FinishReason) -> StaticString {
    switch reason {
    case .stop, .refused: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .filtered: "content_filter"
    }
  }
}
