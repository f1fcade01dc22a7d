/// Writes events as an OpenAI chat completion: the chunks of a stream, or a whole answer.
///
/// What the contract asks of every chunk beyond that, `ChatStream` adds as it does for every upstream. A signature has no
/// place in this dialect.
struct CompletionWriter {
  private var counts = TokenCounts()
  /// Whether the call that is open has no arguments yet.
  private var isBare = false

  // MARK: Streams

  /// The data of the chunks that an event comes to, none for most; `json` lends the event's texts.
  mutating func chunks(of event: ChatEvent, _ json: Span<UInt8>) throws(UpstreamFailure) -> [[UInt8]] {
    switch event {
    case .began(let id):
      var out: [UInt8] = []
      out.append("{")
      if let id, !id.isEmpty {
        out.append("\"id\":\"")
        id.append(to: &out, from: json)
        out.append("\",")
      }
      out.append(
        "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}")
      return [out]
    case .text(let text): return [Self.delta("\"content\":\"", text, "\"", json)]
    case .thinking(let text): return [Self.delta("\"reasoning_content\":\"", text, "\"", json)]
    case .callBegan(let call, let id, let name):
      var out = Self.open(call)
      out.append(",")
      Self.openFunction(id, name, json, to: &out)
      out.append("\"}}]},\"finish_reason\":null}]}")
      isBare = true
      return [out]
    case .arguments(let call, let text):
      isBare = false
      return [Self.arguments(call, text, json)]
    case .callEnded(let call):
      // Arguments are JSON: none are an object without members.
      guard isBare else { return [] }
      isBare = false
      return [Self.arguments(call, .made(Array("{}".utf8)), json)]
    case .usage(let later):
      counts.merge(later)
      return []
    case .finished(let reason):
      var out: [UInt8] = []
      out.append("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"")
      out.append(Self.word(reason))
      out.append("\"}]}")
      return [out]
    case .failed(let error): throw .error(error)
    case .ended:
      var last: [[UInt8]] = []
      if counts != TokenCounts() {
        var out: [UInt8] = []
        out.append("{\"choices\":[],")
        Self.append(counts, to: &out)
        out.append("}")
        last.append(out)
      }
      return last + [Array("[DONE]".utf8)]
    case .signature, .redactedThinking, .image: return []
    }
  }

  private static func delta(
    _ before: StaticString, _ text: EscapedText, _ behind: StaticString, _ json: Span<UInt8>
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"choices\":[{\"index\":0,\"delta\":{")
    out.append(before)
    text.append(to: &out, from: json)
    out.append(behind)
    out.append("},\"finish_reason\":null}]}")
    return out
  }

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

  // MARK: Whole answers

  /// A whole completion; `id` and `created` where the events have none.
  static func whole(_ events: [ChatEvent], _ json: Span<UInt8>, id: String, created: UInt64) -> [UInt8] {
    var text: [UInt8] = []
    var thinking: [UInt8] = []
    var calls: [UInt8] = []
    var isCallOpen = false
    var counts = TokenCounts()
    var reason = FinishReason.stop
    var ownID = Writer.string("chatcmpl-" + id)
    for event in events {
      switch event {
      case .began(let given?) where !given.isEmpty:
        ownID = [UInt8(ascii: "\"")]
        given.append(to: &ownID, from: json)
        ownID.append(UInt8(ascii: "\""))
      case .text(let piece): piece.append(to: &text, from: json)
      case .thinking(let piece): piece.append(to: &thinking, from: json)
      case .callBegan(_, let id, let name):
        if !calls.isEmpty { calls.append(",") }
        calls.append("{")
        openFunction(id, name, json, to: &calls)
        isCallOpen = true
      case .arguments(_, let piece):
        piece.append(to: &calls, from: json)
        isCallOpen = false
      case .callEnded:
        // Arguments are JSON, so none are an object without members.
        if isCallOpen { calls.append("{}") }
        isCallOpen = false
        calls.append("\"}}")
      case .usage(let later): counts.merge(later)
      case .finished(let why): reason = why
      case .began, .signature, .redactedThinking, .image, .failed, .ended: break
      }
    }
    var out: [UInt8] = []
    out.append("{\"id\":")
    out.append(contentsOf: ownID)
    out.append(",\"object\":\"chat.completion\",\"created\":")
    out.append(contentsOf: String(created).utf8)
    out.append(",\"model\":\"\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    if text.isEmpty, !calls.isEmpty {
      out.append("null")
    } else {
      out.append("\"")
      out.append(contentsOf: text)
      out.append("\"")
    }
    if !thinking.isEmpty {
      out.append(",\"reasoning_content\":\"")
      out.append(contentsOf: thinking)
      out.append("\"")
    }
    if !calls.isEmpty {
      out.append(",\"tool_calls\":[")
      out.append(contentsOf: calls)
      out.append("]")
    }
    out.append("},\"logprobs\":null,\"finish_reason\":\"")
    out.append(word(reason))
    out.append("\"}],")
    append(counts, to: &out)
    out.append("}")
    return out
  }

  // MARK: Words

  /// The members of a call up to its arguments, whose string is open.
  private static func openFunction(
    _ id: EscapedText, _ name: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    out.append("\"id\":\"")
    id.append(to: &out, from: json)
    out.append("\",\"type\":\"function\",\"function\":{\"name\":\"")
    name.append(to: &out, from: json)
    out.append("\",\"arguments\":\"")
  }

  private static func append(_ counts: TokenCounts, to out: inout [UInt8]) {
    let (prompt, completion) = (counts.prompt ?? 0, counts.completion ?? 0)
    out.append("\"usage\":{\"prompt_tokens\":")
    out.append(decimal: prompt)
    out.append(",\"completion_tokens\":")
    out.append(decimal: completion)
    out.append(",\"total_tokens\":")
    out.append(decimal: prompt + completion)
    if let cached = counts.cached {
      out.append(",\"prompt_tokens_details\":{\"cached_tokens\":")
      out.append(decimal: cached)
      if let written = counts.cacheWritten {
        out.append(",\"cache_write_tokens\":")
        out.append(decimal: written)
      }
      out.append("}")
    }
    out.append("}")
  }

  private static func word(_ reason: FinishReason) -> StaticString {
    switch reason {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .filtered: "content_filter"
    }
  }
}
