/// Writes the turns of a conversation as those of a Messages request.
///
/// What the system says stands apart. Turns of one role that follow each other become one, as Anthropic makes them one
/// anyway, and other servers of the dialect may want roles to take turns. Results of tools come first in theirs: they
/// must be directly behind their calls, all in one turn.
struct MessagesTurnsWriter {
  private var system: [UInt8] = []
  private var messages: [UInt8] = []
  /// The turn that is not written yet.
  private var role: Conversation.Role?
  private var results: [UInt8] = []
  private var blocks: [UInt8] = []
  private var calls = Calls()

  /// Appends the members that the turns come to, each behind a comma.
  mutating func finish(to out: inout [UInt8]) throws(APIError) {
    flush()
    if messages.isEmpty { throw Conversation.saysNothing }
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
        guard case .text(let text) = part else {
          throw Self.apiError(index, "may only have text, as a system's turn")
        }
        Self.write(text, json, to: &system)
      }
      return
    }
    for part in message.parts {
      guard Self.says(part, json) else { continue }
      if role != message.role {
        flush()
        role = message.role
        if message.role == .assistant { calls = Calls(count: calls.count) }
      }
      try write(part, json, at: index)
    }
  }

  /// Whether a part becomes a block. A text of blanks is an error there, and so is a turn that says nothing; thinking
  /// without its proof is no use.
  private static func says(_ part: Conversation.Part, _ json: Span<UInt8>) -> Bool {
    switch part {
    case .text(let text): !isBlank(text, json)
    case .thinking(_, let signature): signature.map { !$0.isEmpty } ?? false
    case .redactedThinking(let data): !data.isEmpty
    case .image, .toolCall, .toolResult: true
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
    case .image(let image): try Self.write(image, json, to: &blocks, at: index)
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
    for part in result.parts where Self.says(part, json) {
      switch part {
      case .text(let text): Self.write(text, json, to: &results)
      case .image(let image): try Self.write(image, json, to: &results, at: index)
      default: break
      }
    }
    results.append("]")
    if result.isError { results.append(",\"is_error\":true") }
    results.append("}")
  }

  private static func write(_ text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    if isBlank(text, json) { return }
    Writer.separate(&out)
    out.append("{\"type\":\"text\",\"text\":")
    text.appendQuoted(to: &out, from: json)
    out.append("}")
  }

  private static func write(
    _ image: Conversation.Image, _ json: Span<UInt8>, to out: inout [UInt8], at index: Int
  ) throws(APIError) {
    Writer.separate(&out)
    out.append("{\"type\":\"image\",\"source\":{\"type\":")
    switch image {
    case .url(let url):
      let bytes = url.unescaped(in: json)
      guard Conversation.Image.isWeb(bytes.span) else {
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

  /// Whether it has nothing but blanks, escaped ones too.
  private static func isBlank(_ text: EscapedText, _ json: Span<UInt8>) -> Bool {
    switch text {
    case .borrowed(let slice): isBlank(json.bytes(slice))
    case .owned(let bytes): isBlank(bytes.span)
    }
  }

  private static func isBlank(_ text: Span<UInt8>) -> Bool {
    var at = 0
    while at < text.count {
      if text[at] == UInt8(ascii: " ") {
        at += 1
      } else if text[at] == UInt8(ascii: "\\"), at + 1 < text.count,
        [UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r")].contains(text[at + 1])
      {
        at += 2
      } else {
        return false
      }
    }
    return true
  }

  /// An id with the characters that are allowed there; others have more in theirs.
  private static func id(_ id: EscapedText?, _ json: Span<UInt8>) -> [UInt8]? {
    guard let id, !id.isEmpty else { return nil }
    return id.unescaped(in: json).map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        byte
      default: UInt8(ascii: "_")
      }
    }
  }

  private static func apiError(_ index: Int, _ rule: String) -> APIError {
    let place = "messages[\(index)].content"
    return APIError(400, .invalidValue, "`\(place)` \(rule).", param: place)
  }
}

extension MessagesTurnsWriter {
  /// The calls of the last turn of the assistant, so that results without an id find theirs.
  private struct Calls {
    /// Calls of the whole conversation so far.
    private(set) var count = 0
    private var ids: [[UInt8]] = []
    private var isAnswered: [Bool] = []
    private var byID: [[UInt8]: Int] = [:]
    private var byName: [[UInt8]: Queue] = [:]
    /// The first call that may be without its result.
    private var next = 0

    /// Calls of one name, in their order.
    private struct Queue {
      var calls: [Int] = []
      var next = 0
    }

    init(count: Int = 0) { self.count = count }

    /// Notes a call; its id, which is made where it has none.
    mutating func add(_ id: [UInt8]?, name: [UInt8]) -> [UInt8] {
      count += 1
      let id = id ?? Array("call_\(count)".utf8)
      byID[id] = ids.count
      byName[name, default: Queue()].calls.append(ids.count)
      ids.append(id)
      isAnswered.append(false)
      return id
    }

    /// The id of the call that a result is for: its own, or that of the first call of its name without a result, or of
    /// the first call at all.
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
