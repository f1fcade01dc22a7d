/// The tool calls of a conversation so far. Gemini requires the tool's name in a result and results in order; other
/// dialects require the ID that Gemini's clients omit.
struct GeminiToolCalls {
  /// A matched call and its position. An unknown call comes last.
  struct Found {
    /// The name, escaped.
    var name: [UInt8]?
    var id: EscapedText?
    var rank = Int.max
  }

  /// All calls in order, and whether they have a result.
  private var made: [Found] = []
  private var areAnswered: [Bool] = []
  /// The latest call of each ID, without escapes.
  private var ids: [[UInt8]: Int] = [:]
  /// The calls of the last message by name. Those before a queue's head have results.
  private var waiting: [[UInt8]: Queue] = [:]
  private var turnStart = 0
  /// The next call for a result with neither ID nor name.
  private var next = 0

  private struct Queue {
    var calls: [Int] = []
    private var head = 0

    /// Returns the first unanswered call, or `nil`.
    mutating func next(_ areAnswered: [Bool]) -> Int? {
      while head < calls.count, areAnswered[calls[head]] { head += 1 }
      return head < calls.count ? calls[head] : nil
    }
  }

  mutating func beginTurn() {
    turnStart = made.count
    next = turnStart
    waiting.removeAll()
  }

  /// Adds a call and returns true for the first call of a message.
  mutating func add(_ call: Conversation.ToolCall, _ json: Span<UInt8>) -> Bool {
    let position = made.count
    made.append(Found(name: call.name.bytes(in: json), id: call.id, rank: position))
    areAnswered.append(false)
    if let id = call.id, !id.isEmpty { ids[id.unescaped(in: json)] = position }
    waiting[call.name.unescaped(in: json), default: Queue()].calls.append(position)
    return position == turnStart
  }

  /// Returns the call of a result.
  mutating func find(_ result: Conversation.ToolResult, _ json: Span<UInt8>) -> Found {
    guard let position = position(of: result, json) else { return Found() }
    areAnswered[position] = true
    return made[position]
  }

  private mutating func position(of result: Conversation.ToolResult, _ json: Span<UInt8>) -> Int? {
    if let id = result.id, !id.isEmpty { return ids[id.unescaped(in: json)] }
    if let name = result.name { return waiting[name.unescaped(in: json)]?.next(areAnswered) }
    guard next < made.count else { return nil }
    next += 1
    return next - 1
  }
}
