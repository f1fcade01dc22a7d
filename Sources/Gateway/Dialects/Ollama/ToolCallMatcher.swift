/// Tells which call a tool's result answers, for dialects in which calls need no id.
///
/// A result that has an id answers the last call of that id; one with a name the first call of that name that has no
/// result yet; one with neither the first call that has none. Calls wait until the user speaks again, or until a model
/// calls again after results.
struct ToolCallMatcher {
  /// A call that was made.
  struct Call {
    var id: EscapedText?
    var name: EscapedText
  }

  private var waiting: [Call] = []
  private var isAnswered: [Bool] = []
  /// The first one that may have no result yet.
  private var first = 0
  /// Those of one name, in their order, and how many of them are known to be answered.
  private var named: [[UInt8]: (places: [Int], answered: Int)] = [:]
  /// Ids live as long as the conversation.
  private var ids: [[UInt8]: Call] = [:]
  private var places: [[UInt8]: Int] = [:]
  private var hasResults = false

  /// The user spoke.
  mutating func close() {
    if waiting.isEmpty { return }
    waiting = []
    isAnswered = []
    first = 0
    named = [:]
    places = [:]
    hasResults = false
  }

  /// A model called.
  mutating func add(_ call: Call, _ json: Span<UInt8>) {
    if hasResults { close() }
    let place = waiting.count
    waiting.append(call)
    isAnswered.append(false)
    named[call.name.unescaped(in: json), default: ([], 0)].places.append(place)
    if let id = call.id?.unescaped(in: json) {
      ids[id] = call
      places[id] = place
    }
  }

  /// The call that a result answers; `nil` where there is none.
  mutating func take(id: EscapedText?, name: EscapedText?, _ json: Span<UInt8>) -> Call? {
    hasResults = hasResults || !waiting.isEmpty
    if let id {
      let key = id.unescaped(in: json)
      if let place = places[key] { isAnswered[place] = true }
      return ids[key]
    }
    if let name {
      let key = name.unescaped(in: json)
      while let call = named[key], call.answered < call.places.count {
        named[key]?.answered += 1
        if let found = take(call.places[call.answered]) { return found }
      }
      return nil
    }
    while first < waiting.count {
      first += 1
      if let found = take(first - 1) { return found }
    }
    return nil
  }

  private mutating func take(_ place: Int) -> Call? {
    if isAnswered[place] { return nil }
    isAnswered[place] = true
    return waiting[place]
  }
}

extension Conversation {
  /// Says of each result of a tool what is known of its call: its id, if it has one, and its name.
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

  /// Gives an id to each call that has none, and the same one to its result, for dialects that know calls by their id.
  mutating func giveCallIDs(_ json: Span<UInt8>) {
    var taken: Set<[UInt8]> = []
    walkCalls { part in
      if case .toolCall(let call) = part, let id = call.id { taken.insert(id.unescaped(in: json)) }
    }
    var calls = ToolCallMatcher()
    var number = 0
    func next() -> EscapedText {
      var id: [UInt8] = []
      repeat {
        number += 1
        id = Array("call_\(number)".utf8)
      } while taken.contains(id)
      return .owned(id)
    }
    walkCalls { part in
      switch part {
      case .toolCall(var call):
        let id = call.id ?? next()
        call.id = id
        calls.add(ToolCallMatcher.Call(id: id, name: call.name), json)
        part = .toolCall(call)
      case .toolResult(var result):
        let call = calls.take(id: result.id, name: result.name, json)
        result.id = result.id ?? call?.id ?? next()
        result.name = result.name ?? call?.name
        part = .toolResult(result)
      default: calls.close()
      }
    }
  }

  /// Visits each call and each result, and the first other part of each turn of the user.
  private mutating func walkCalls(_ visit: (inout Part) -> Void) {
    for index in messages.indices {
      var hasSpoken = messages[index].role != .user
      for place in messages[index].parts.indices {
        switch messages[index].parts[place] {
        case .toolCall, .toolResult: visit(&messages[index].parts[place])
        default:
          if hasSpoken { continue }
          hasSpoken = true
          visit(&messages[index].parts[place])
        }
      }
    }
  }
}
