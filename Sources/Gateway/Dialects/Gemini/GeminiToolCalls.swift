/// The calls of a conversation so far: Gemini wants the name of a tool with its result and results in their order, and
/// others want the id that its clients leave out.
struct GeminiToolCalls {
  /// A call that was found, and its place among all; one that is not known is the last.
  struct Found {
    /// As it is escaped.
    var name: [UInt8]?
    var id: EscapedText?
    var rank = Int.max
  }

  /// All of them, in their order, and whether they had a result.
  private var made: [Found] = []
  private var areAnswered: [Bool] = []
  /// The latest call of each id, as it reads.
  private var ids: [[UInt8]: Int] = [:]
  /// Calls of the last turn by their names; those before a head had results.
  private var waiting: [[UInt8]: Queue] = [:]
  private var turnStart = 0
  /// The call that a result without an id and a name goes to.
  private var next = 0

  private struct Queue {
    var calls: [Int] = []
    private var head = 0

    /// The first call that had no result.
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

  /// True for the first one of a turn.
  mutating func add(_ call: Conversation.ToolCall, _ json: Span<UInt8>) -> Bool {
    let place = made.count
    made.append(Found(name: call.name.bytes(in: json), id: call.id, rank: place))
    areAnswered.append(false)
    if let id = call.id, !id.isEmpty { ids[id.unescaped(in: json)] = place }
    waiting[call.name.unescaped(in: json), default: Queue()].calls.append(place)
    return place == turnStart
  }

  /// The call that a result is for.
  mutating func find(_ result: Conversation.ToolResult, _ json: Span<UInt8>) -> Found {
    guard let place = place(of: result, json) else { return Found() }
    areAnswered[place] = true
    return made[place]
  }

  private mutating func place(of result: Conversation.ToolResult, _ json: Span<UInt8>) -> Int? {
    if let id = result.id, !id.isEmpty { return ids[id.unescaped(in: json)] }
    if let name = result.name { return waiting[name.unescaped(in: json)]?.next(areAnswered) }
    guard next < made.count else { return nil }
    next += 1
    return next - 1
  }
}
