/// Makes messages of the parts of turns.
///
/// A part goes where it belongs by its nature, as calls are the model's. Google's clients keep each piece of a stream as
/// a turn of its own, so turns of the model are joined, and so are texts in them that follow each other.
struct GeminiTurns {
  private var messages: [Conversation.Message] = []
  /// The role of the turn that is read, and of the part before.
  private var role = Conversation.Role.user
  private var lastRole: Conversation.Role?
  private var isFresh = true
  private var calls = GeminiToolCalls()
  /// Texts of the model that become one, and whether they are thoughts.
  private var texts: [EscapedText] = []
  private var areThoughts = false

  mutating func begin(_ role: Conversation.Role) {
    self.role = role
    isFresh = true
  }

  /// The messages, at the end of all turns.
  mutating func end(_ json: Span<UInt8>) -> [Conversation.Message] {
    join(json)
    return messages
  }

  // MARK: Parts

  mutating func append(_ part: Conversation.Part, _ json: Span<UInt8>) {
    join(json)
    place(part, role)
  }

  /// A signature that is not a thought's is behind its text.
  mutating func append(text: EscapedText, _ signature: EscapedText?, _ json: Span<UInt8>) {
    if role != .assistant, !text.isEmpty {
      append(.text(text), json)
    } else {
      add(text, isThought: false, json)
    }
    guard let signature else { return }
    join(json)
    place(.thinking(.owned([]), signature: signature), .assistant)
  }

  mutating func append(thought text: EscapedText, _ signature: EscapedText?, _ json: Span<UInt8>) {
    add(text, isThought: true, json)
    if let signature { join(json, signature: signature) }
  }

  mutating func append(_ call: Conversation.ToolCall, _ json: Span<UInt8>) {
    join(json)
    place(.toolCall(call), .assistant)
    _ = calls.add(call, json)
  }

  /// Google's clients leave the id out where they call tools by themselves, and name the tool alone.
  mutating func append(_ result: Conversation.ToolResult, _ json: Span<UInt8>) {
    join(json)
    var result = result
    let found = calls.find(result, json)
    if result.id == nil { result.id = found.id }
    place(.toolResult(result), .user)
  }

  // MARK: Joining

  private mutating func add(_ text: EscapedText, isThought: Bool, _ json: Span<UInt8>) {
    if isThought != areThoughts { join(json) }
    areThoughts = isThought
    if !text.isEmpty { texts.append(text) }
  }

  /// Places the texts so far as one, with what signs them.
  private mutating func join(_ json: Span<UInt8>, signature: EscapedText? = nil) {
    if texts.isEmpty, signature == nil { return }
    var whole = texts.first ?? .owned([])
    if texts.count > 1 {
      var bytes: [UInt8] = []
      for text in texts { text.append(to: &bytes, from: json) }
      whole = .owned(bytes)
    }
    texts.removeAll()
    place(areThoughts ? .thinking(whole, signature: signature) : .text(whole), .assistant)
  }

  private mutating func place(_ part: Conversation.Part, _ role: Conversation.Role) {
    if lastRole != role || (isFresh && role == .user) { messages.append(Conversation.Message(role: role)) }
    if lastRole != role, role == .assistant { calls.beginTurn() }
    isFresh = false
    lastRole = role
    messages[messages.count - 1].parts.append(part)
  }
}
