/// Combines the parts of contents into messages.
///
/// The type of a part determines its role, so that tool calls are always the model's. Google's clients keep each part
/// of a stream as a separate content, so consecutive model contents are joined, and so are consecutive texts in them.
struct GeminiTurns {
  private var messages: [Conversation.Message] = []
  /// The role of the current content and of the previous part.
  private var role = Conversation.Role.user
  private var lastRole: Conversation.Role?
  private var isFresh = true
  private var calls = GeminiToolCalls()
  /// The model's texts that will be joined, and whether they are thinking.
  private var texts: [EscapedText] = []
  private var areThoughts = false

  mutating func begin(_ role: Conversation.Role) {
    self.role = role
    isFresh = true
  }

  /// Returns the messages after the last content.
  mutating func end(_ json: Span<UInt8>) -> [Conversation.Message] {
    join(json)
    return messages
  }

  // MARK: Parts

  mutating func append(_ part: Conversation.Part, _ json: Span<UInt8>) {
    join(json)
    add(part, role)
  }

  /// Adds a text. A signature that does not belong to thinking follows its text.
  mutating func append(text: EscapedText, _ signature: EscapedText?, _ json: Span<UInt8>) {
    if role != .assistant, !text.isEmpty {
      append(.text(text), json)
    } else {
      add(text, isThought: false, json)
    }
    guard let signature else { return }
    join(json)
    add(.thinking(.owned([]), signature: signature), .assistant)
  }

  mutating func append(thought text: EscapedText, _ signature: EscapedText?, _ json: Span<UInt8>) {
    add(text, isThought: true, json)
    if let signature { join(json, signature: signature) }
  }

  mutating func append(_ call: Conversation.ToolCall, _ json: Span<UInt8>) {
    join(json)
    add(.toolCall(call), .assistant)
    _ = calls.add(call, json)
  }

  /// Adds a tool result. Google's clients omit the ID when they call tools automatically, and send only the tool's
  /// name.
  mutating func append(_ result: Conversation.ToolResult, _ json: Span<UInt8>) {
    join(json)
    var result = result
    let found = calls.find(result, json)
    if result.id == nil { result.id = found.id }
    add(.toolResult(result), .user)
  }

  // MARK: Joining

  private mutating func add(_ text: EscapedText, isThought: Bool, _ json: Span<UInt8>) {
    if isThought != areThoughts { join(json) }
    areThoughts = isThought
    if !text.isEmpty { texts.append(text) }
  }

  /// Adds the pending texts as one part, with their signature.
  private mutating func join(_ json: Span<UInt8>, signature: EscapedText? = nil) {
    if texts.isEmpty, signature == nil { return }
    var whole = texts.first ?? .owned([])
    if texts.count > 1 {
      var bytes: [UInt8] = []
      for text in texts { text.append(to: &bytes, from: json) }
      whole = .owned(bytes)
    }
    texts.removeAll()
    add(areThoughts ? .thinking(whole, signature: signature) : .text(whole), .assistant)
  }

  private mutating func add(_ part: Conversation.Part, _ role: Conversation.Role) {
    if lastRole != role || (isFresh && role == .user) { messages.append(Conversation.Message(role: role)) }
    if lastRole != role, role == .assistant { calls.beginTurn() }
    isFresh = false
    lastRole = role
    messages[messages.count - 1].parts.append(part)
  }
}
