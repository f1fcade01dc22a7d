/// Combines the items of a request's `input` into messages.
///
/// The model's output is several items (thinking, text, and tool calls), and so are tool results. Consecutive items are
/// joined, so that parallel calls are in one message.
struct ResponsesInputReader {
  var conversation: Conversation
  /// Whether the last message contains only tool results.
  private var takesResults = false
  /// The IDs of dropped calls, whose results are also dropped.
  private var droppedCalls: Set<[UInt8]> = []

  init(_ conversation: Conversation) { self.conversation = conversation }

  mutating func read(_ input: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    let before = conversation.messages.count
    if let text = EscapedText(input) {
      if !text.isEmpty { add(.user, [.text(text)]) }
    } else if input.kind == .array {
      for (index, element) in JSONLists.elements(of: input, in: json).enumerated() {
        try readItem(element, at: "input[\(index)]", json)
      }
    } else {
      throw .invalid("input", "must be a text or an array of items")
    }
    if conversation.messages.count == before {
      throw .invalid("input", "is empty; send at least one message")
    }
  }

  private mutating func readItem(_ element: JSONValue, at path: String, _ json: Span<UInt8>) throws(APIError) {
    guard element.kind == .object else { throw .invalid(path, "must be an object") }
    let item = JSONLists.members(of: element, in: json)
    guard let type = item.value("type", in: json), type.kind != .null else {
      return try readMessage(item, at: path, json)
    }
    if type.equals("message", in: json) {
      try readMessage(item, at: path, json)
    } else if type.equals("function_call", in: json) {
      try readCall(item, at: path, json)
    } else if type.equals("function_call_output", in: json) {
      try readResult(item, at: path, json)
    } else if type.equals("reasoning", in: json) {
      readReasoning(item, json)
    } else if type.equals("item_reference", in: json) {
      throw .invalid(path, "is an item_reference, but hoosh stores no items: send the item itself")
    } else if let name = type.string(in: json) {
      conversation.drop("input.\(name)")
      if let id = item.value("call_id", in: json).flatMap({ EscapedText($0) }) {
        droppedCalls.insert(id.unescaped(in: json))
      }
    } else {
      throw .invalid("\(path).type", "must be a text")
    }
  }

  // MARK: Messages

  private mutating func add(_ role: Conversation.Role, _ parts: [Conversation.Part]) {
    takesResults = false
    // Most models reject an empty message.
    if !parts.isEmpty { conversation.messages.append(.init(role: role, parts: parts)) }
  }

  private mutating func say(_ part: Conversation.Part) {
    takesResults = false
    let last = conversation.messages.count - 1
    if last >= 0, conversation.messages[last].role == .assistant {
      conversation.messages[last].parts.append(part)
    } else {
      conversation.messages.append(.init(role: .assistant, parts: [part]))
    }
  }

  private mutating func readMessage(_ item: [Member], at path: String, _ json: Span<UInt8>) throws(APIError) {
    guard let role = item.value("role", in: json) else {
      throw .invalid(path, "must have a type, or a role and a content")
    }
    let parts = try content(item.value("content", in: json), at: "\(path).content", json)
    if role.equals("user", in: json) {
      add(.user, parts)
    } else if role.equals("assistant", in: json) {
      for part in parts { say(part) }
    } else if role.equals("system", in: json) || role.equals("developer", in: json) {
      add(.system, parts)
    } else {
      throw .invalid("\(path).role", "must be user, assistant, system or developer")
    }
  }

  // MARK: Tool calls

  private mutating func readCall(_ item: [Member], at path: String, _ json: Span<UInt8>) throws(APIError) {
    guard let id = EscapedText(item.value("call_id", in: json)), !id.isEmpty else {
      throw .invalid("\(path).call_id", "must be the id of the call")
    }
    guard let name = EscapedText(item.value("name", in: json)), !name.isEmpty else {
      throw .invalid("\(path).name", "must be the name of a function")
    }
    let namespace = EscapedText(item.value("namespace", in: json))
    let arguments = try arguments(item.value("arguments", in: json), at: path, json)
    say(
      .toolCall(
        Conversation.ToolCall(
          id: id, name: ResponsesTools.flatName(namespace, name, json), arguments: arguments)))
  }

  private func arguments(
    _ value: JSONValue?, at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> RawJSON {
    guard let value, value.kind != .null else { return .owned(Array("{}".utf8)) }
    if value.kind == .object { return RawJSON(value) }
    var text: [UInt8] = []
    guard value.append(to: &text, from: json) else {
      throw .invalid("\(path).arguments", "must be JSON in a text")
    }
    if text.isEmpty { return .owned(Array("{}".utf8)) }
    return .owned(JSONLists.isObject(text.span) ? text : Conversation.ToolCall.wrapped(value, json))
  }

  private mutating func readResult(_ item: [Member], at path: String, _ json: Span<UInt8>) throws(APIError) {
    let id = EscapedText(item.value("call_id", in: json))
    var name = EscapedText(item.value("name", in: json))
    if let plain = name {
      name = ResponsesTools.flatName(EscapedText(item.value("namespace", in: json)), plain, json)
    }
    guard id != nil || name != nil else {
      throw .invalid("\(path).call_id", "must be the id of a call")
    }
    if let id, !droppedCalls.isEmpty, droppedCalls.contains(id.unescaped(in: json)) { return }
    let parts = try content(item.value("output", in: json), at: "\(path).output", json)
    let result = Conversation.Part.toolResult(.init(id: id, name: name, parts: parts))
    if takesResults {
      conversation.messages[conversation.messages.count - 1].parts.append(result)
    } else {
      add(.user, [result])
      takesResults = true
    }
  }

  // MARK: Thinking

  private mutating func readReasoning(_ item: [Member], _ json: Span<UInt8>) {
    let texts = Self.texts(item.value("content", in: json), json)
    let text = texts.isEmpty ? Self.texts(item.value("summary", in: json), json) : texts
    guard let (prefix, signature) = SignaturePrefix.open(item.value("encrypted_content", in: json), json) else {
      if let text = Self.joined(text, json) { say(.thinking(text, signature: nil)) }
      if EscapedText(item.value("encrypted_content", in: json)) != nil {
        conversation.drop("input.reasoning.encrypted_content")
      }
      return
    }
    switch prefix {
    case .thinking: say(.thinking(Self.joined(text, json) ?? .owned([]), signature: signature))
    case .redacted: say(.redactedThinking(signature))
    case .toolCall: sign(signature)
    }
  }

  /// Adds a signature to the preceding tool call.
  private mutating func sign(_ signature: EscapedText) {
    let last = conversation.messages.count - 1
    guard last >= 0, conversation.messages[last].role == .assistant,
      let position = conversation.messages[last].parts.indices.last,
      case .toolCall(var call) = conversation.messages[last].parts[position]
    else { return conversation.drop("input.reasoning.encrypted_content") }
    call.signature = signature
    conversation.messages[last].parts[position] = .toolCall(call)
  }

  /// Returns the texts of a reasoning item's content or summary, by part.
  private static func texts(_ parts: JSONValue?, _ json: Span<UInt8>) -> [EscapedText] {
    JSONLists.elements(of: parts, in: json).compactMap { part in
      EscapedText(JSONLists.members(of: part, in: json).value("text", in: json))
    }.filter { !$0.isEmpty }
  }

  private static func joined(_ texts: [EscapedText], _ json: Span<UInt8>) -> EscapedText? {
    guard let first = texts.first else { return nil }
    if texts.count == 1 { return first }
    var whole = first.bytes(in: json)
    for text in texts.dropFirst() {
      whole.append("\\n\\n")
      text.append(to: &whole, from: json)
    }
    return .owned(whole)
  }
}
