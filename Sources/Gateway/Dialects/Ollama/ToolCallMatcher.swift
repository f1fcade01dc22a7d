/// Matches tool results with their calls, for dialects in which calls need no ID.
///
/// A result with an ID belongs to the last call with that ID. One with a name belongs to the first unanswered call of
/// that name, and one without either to the first unanswered call. Calls stay open until a user message, or until the
/// model makes more calls after results.
struct ToolCallMatcher {
  /// A tool call.
  struct Call {
    var id: EscapedText?
    var name: EscapedText
  }

  private var waiting: [Call] = []
  private var isAnswered: [Bool] = []
  /// The index of the first call that may lack a result.
  private var first = 0
  /// The positions of the calls of one name in order, and how many of them are known to be answered.
  private var named: [[UInt8]: (positions: [Int], answered: Int)] = [:]
  /// The calls by ID. IDs are valid for the whole conversation.
  private var ids: [[UInt8]: Call] = [:]
  private var positions: [[UInt8]: Int] = [:]
  private var hasResults = false

  /// Closes all open calls, because a user message follows.
  mutating func close() {
    if waiting.isEmpty { return }
    waiting = []
    isAnswered = []
    first = 0
    named = [:]
    positions = [:]
    hasResults = false
  }

  /// Adds a tool call.
  mutating func add(_ call: Call, _ json: Span<UInt8>) {
    if hasResults { close() }
    let position = waiting.count
    waiting.append(call)
    isAnswered.append(false)
    named[call.name.unescaped(in: json), default: ([], 0)].positions.append(position)
    if let id = call.id?.unescaped(in: json) {
      ids[id] = call
      positions[id] = position
    }
  }

  /// Returns the call of a result and marks it as answered, or returns `nil` if there is none.
  mutating func take(id: EscapedText?, name: EscapedText?, _ json: Span<UInt8>) -> Call? {
    hasResults = hasResults || !waiting.isEmpty
    if let id {
      let key = id.unescaped(in: json)
      if let position = positions[key] { isAnswered[position] = true }
      return ids[key]
    }
    if let name {
      let key = name.unescaped(in: json)
      while let call = named[key], call.answered < call.positions.count {
        named[key]?.answered += 1
        if let found = take(call.positions[call.answered]) { return found }
      }
      return nil
    }
    while first < waiting.count {
      first += 1
      if let found = take(first - 1) { return found }
    }
    return nil
  }

  private mutating func take(_ position: Int) -> Call? {
    if isAnswered[position] { return nil }
    isAnswered[position] = true
    return waiting[position]
  }
}

extension Conversation {
  /// Completes each tool result with the ID and the name of its call.
  mutating func pairResults(_ json: Span<UInt8>) {
    var calls = ToolCallMatcher()
    walkCalls { part in
      switch part {
      case .toolCall(let call): calls.add(ToolCallMatcher.Call(id: call.id, name: call.name), json)
      case .toolResult(var result):
        if let call = calls.take(id: result.id, name: result.name, json) {
          result.id = result.id ?? call.id
          result.name = result.name ?? call.name
        }
        part = .toolResult(result)
      default: calls.close()
      }
    }
  }

  /// Visits each tool call and result, and the first other part of each user message.
  private mutating func walkCalls(_ visit: (inout Part) -> Void) {
    for index in messages.indices {
      var hasSpoken = messages[index].role != .user
      for position in messages[index].parts.indices {
        switch messages[index].parts[position] {
        case .toolCall, .toolResult: visit(&messages[index].parts[position])
        default:
          if hasSpoken { continue }
          hasSpoken = true
          visit(&messages[index].parts[position])
        }
      }
    }
  }
}
