internal import HTTPText

/// Writes the messages of a Messages request.
///
/// System messages are separate. Consecutive messages of one role become one: Anthropic joins them anyway, and other
/// servers of the dialect may require alternating roles. Tool results come first, because they must follow their calls
/// directly, in one message.
struct MessagesTurnsWriter {
  private var system: [UInt8] = []
  private var messages: [UInt8] = []
  /// The role of the message that is not written yet.
  private var role: Conversation.Role?
  private var results: [UInt8] = []
  private var blocks: [UInt8] = []
  private var calls = Calls()

  /// Appends the members for the messages, each after a comma.
  mutating func finish(to out: inout [UInt8]) throws(APIError) {
    flush()
    if messages.isEmpty { throw Conversation.emptyError }
    if !system.isEmpty {
      out.append(",\"system\":[")
      out.append(contentsOf: system)
      out.append("]")
    }
    out.append(",\"messages\":[")
    out.append(contentsOf: messages)
    out.append("]")
  }

  mutating func add(_ message: Conversation.Message, _ json: Span<UInt8>, at index: Int) throws(APIError) {
    if message.role == .system {
      for part in message.parts {
        switch part {
        case .text(let text): Self.write(text, json, to: &system)
        case .cacheControl(let value): CacheControl.append(value, json, to: &system)
        default: throw Self.apiError(index, "may only have text, as a system's turn")
        }
      }
      return
    }
    for part in message.parts {
      if case .cacheControl(let value) = part {
        // Of a part that is left out, it means nothing.
        if role == message.role { mark(value, json) }
        continue
      }
      guard Self.isBlock(part, json) else { continue }
      if role != message.role {
        flush()
        role = message.role
        if message.role == .assistant { calls = Calls(count: calls.count) }
      }
      try write(part, json, at: index)
    }
  }

  /// Returns whether a part becomes a block. Anthropic rejects blank texts and empty messages, and thinking is useless
  /// without its signature.
  private static func isBlock(_ part: Conversation.Part, _ json: Span<UInt8>) -> Bool {
    switch part {
    case .text(let text): !text.isBlank(in: json)
    case .thinking(_, let signature): signature.map { !$0.isEmpty } ?? false
    case .redactedThinking(let data): !data.isEmpty
    case .image, .file, .toolCall, .toolResult: true
    case .cacheControl: false
    }
  }

  private mutating func flush() {
    guard let role, !(results.isEmpty && blocks.isEmpty) else { return }
    Writer.separate(&messages)
    messages.append(
      role == .assistant ? "{\"role\":\"assistant\",\"content\":[" : "{\"role\":\"user\",\"content\":[")
    messages.append(contentsOf: results)
    if !results.isEmpty, !blocks.isEmpty { messages.append(",") }
    messages.append(contentsOf: blocks)
    messages.append("]}")
    results.removeAll(keepingCapacity: true)
    blocks.removeAll(keepingCapacity: true)
  }

  // MARK: Parts

  private mutating func write(_ part: Conversation.Part, _ json: Span<UInt8>, at index: Int) throws(APIError) {
    switch part {
    case .text(let text): Self.write(text, json, to: &blocks)
    case .image(let image): try Self.write(image, "image", json, to: &blocks, at: index)
    case .file(let media, _): try Self.write(media, "document", json, to: &blocks, at: index)
    case .cacheControl: break
    case .thinking(let text, let signature):
      Writer.separate(&blocks)
      blocks.append("{\"type\":\"thinking\",\"thinking\":")
      text.appendQuoted(to: &blocks, from: json)
      blocks.append(",\"signature\":")
      (signature ?? .owned([])).appendQuoted(to: &blocks, from: json)
      blocks.append("}")
    case .redactedThinking(let data):
      Writer.separate(&blocks)
      blocks.append("{\"type\":\"redacted_thinking\",\"data\":")
      data.appendQuoted(to: &blocks, from: json)
      blocks.append("}")
    case .toolCall(let call): write(call, json)
    case .toolResult(let result): try write(result, json, at: index)
    }
  }

  /// Adds `cache_control` to the last block.
  private mutating func mark(_ value: RawJSON, _ json: Span<UInt8>) {
    if blocks.isEmpty {
      CacheControl.append(value, json, to: &results)
    } else {
      CacheControl.append(value, json, to: &blocks)
    }
  }

  private mutating func write(_ call: Conversation.ToolCall, _ json: Span<UInt8>) {
    let id = calls.add(Self.id(call.id, json), name: call.name.unescaped(in: json))
    Writer.separate(&blocks)
    blocks.append("{\"type\":\"tool_use\",\"id\":\"")
    blocks.append(contentsOf: id)
    blocks.append("\",\"name\":")
    call.name.appendQuoted(to: &blocks, from: json)
    blocks.append(",\"input\":")
    call.arguments.append(to: &blocks, from: json)
    blocks.append("}")
  }

  private mutating func write(
    _ result: Conversation.ToolResult, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) {
    let name = result.name.map { $0.unescaped(in: json) }
    guard let id = calls.answer(Self.id(result.id, json), name: name) else {
      throw Self.apiError(index, "is the result of a call that is not in the turn before it")
    }
    Writer.separate(&results)
    results.append("{\"type\":\"tool_result\",\"tool_use_id\":\"")
    results.append(contentsOf: id)
    results.append("\",\"content\":[")
    for part in result.parts {
      if case .cacheControl(let value) = part { CacheControl.append(value, json, to: &results) }
      guard Self.isBlock(part, json) else { continue }
      switch part {
      case .text(let text): Self.write(text, json, to: &results)
      case .image(let image): try Self.write(image, "image", json, to: &results, at: index)
      case .file(let media, _): try Self.write(media, "document", json, to: &results, at: index)
      default: break
      }
    }
    results.append("]")
    if result.isError { results.append(",\"is_error\":true") }
    results.append("}")
  }

  private static func write(_ text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    if text.isBlank(in: json) { return }
    Writer.separate(&out)
    out.append("{\"type\":\"text\",\"text\":")
    text.appendQuoted(to: &out, from: json)
    out.append("}")
  }

  private static func write(
    _ media: Conversation.Media, _ type: StaticString, _ json: Span<UInt8>, to out: inout [UInt8], at index: Int
  ) throws(APIError) {
    Writer.separate(&out)
    out.append("{\"type\":\"")
    out.append(type)
    out.append("\",\"source\":{\"type\":")
    switch media {
    case .url(let url):
      let bytes = url.unescaped(in: json)
      guard Conversation.Media.isWeb(bytes.span) else {
        throw apiError(index, "has an image that is neither a URL nor base64 data")
      }
      out.append("\"url\",\"url\":")
      url.appendQuoted(to: &out, from: json)
    case .data(let media, let base64):
      out.append("\"base64\",\"media_type\":")
      media.appendQuoted(to: &out, from: json)
      out.append(",\"data\":")
      base64.appendQuoted(to: &out, from: json)
    }
    out.append("}}")
  }

  /// Returns an ID with only the characters that Anthropic allows. Other providers use more.
  private static func id(_ id: EscapedText?, _ json: Span<UInt8>) -> [UInt8]? {
    guard let id, !id.isEmpty else { return nil }
    return id.unescaped(in: json).map { ToolNames.isAccepted($0) ? $0 : UInt8(ascii: "_") }
  }

  private static func apiError(_ index: Int, _ rule: String) -> APIError {
    let position = "messages[\(index)].content"
    return APIError(400, .invalidValue, "`\(position)` \(rule).", param: position)
  }
}

extension MessagesTurnsWriter {
  /// The tool calls of the last assistant message, to match results without an ID.
  private struct Calls {
    /// The number of tool calls in the conversation so far.
    private(set) var count = 0
    private var ids: [[UInt8]] = []
    private var isAnswered: [Bool] = []
    private var byID: [[UInt8]: Int] = [:]
    private var byName: [[UInt8]: Queue] = [:]
    /// The index of the first call that may lack a result.
    private var next = 0

    /// The calls of one name, in order.
    private struct Queue {
      var calls: [Int] = []
      var next = 0
    }

    init(count: Int = 0) { self.count = count }

    /// Records a call and returns its ID, which is new if the call has none.
    mutating func add(_ id: [UInt8]?, name: [UInt8]) -> [UInt8] {
      count += 1
      let id = id ?? Array("call_\(count)".utf8)
      byID[id] = ids.count
      byName[name, default: Queue()].calls.append(ids.count)
      ids.append(id)
      isAnswered.append(false)
      return id
    }

    /// Returns the ID of the call for a result: the result's own, or that of the first unanswered call of its name, or
    /// of the first unanswered call.
    mutating func answer(_ id: [UInt8]?, name: [UInt8]?) -> [UInt8]? {
      if let id {
        if let call = byID[id] { isAnswered[call] = true }
        return id
      }
      if let name {
        while let queue = byName[name], queue.next < queue.calls.count {
          let call = queue.calls[queue.next]
          byName[name]?.next += 1
          if !isAnswered[call] { return answer(call) }
        }
      }
      while next < ids.count, isAnswered[next] { next += 1 }
      return next < ids.count ? answer(next) : nil
    }

    private mutating func answer(_ call: Int) -> [UInt8] {
      isAnswered[call] = true
      return ids[call]
    }
  }
}
