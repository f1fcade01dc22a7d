/// Assigns IDs to tool calls without one, and finds them again for their results, by name or else by position.
///
/// IDs that the provider would reject are replaced. IDs and names are compared without escapes.
struct CompletionsCallIDs {
  private let form: ProviderRules.CallIDs
  /// The IDs that replace others, by those.
  private var replaced: [[UInt8]: [UInt8]] = [:]
  /// The IDs in use.
  private var taken: Set<[UInt8]> = []
  private var made = 0
  /// The tool calls of the last message that had any, by position: the escaped ID, and whether the call has a result.
  private var calls: [(id: [UInt8], isDone: Bool)] = []
  private var positions: [[UInt8]: Int] = [:]
  private var names: [[UInt8]: (positions: [Int], next: Int)] = [:]
  private var next = 0

  init(_ form: ProviderRules.CallIDs) { self.form = form }

  /// Records the IDs in use, so that no new ID repeats one.
  mutating func avoid(_ turns: [Conversation.Message], _ json: Span<UInt8>) {
    for turn in turns {
      for case .toolCall(let call) in turn.parts {
        if let id = call.id { taken.insert(id.unescaped(in: json)) }
      }
    }
  }

  /// Starts a message with tool calls. Earlier calls receive no more results.
  mutating func begin() {
    calls.removeAll()
    positions.removeAll()
    names.removeAll()
    next = 0
  }

  mutating func id(of call: Conversation.ToolCall, _ json: Span<UInt8>) -> [UInt8] {
    let position = calls.count
    let id: [UInt8]
    if let given = call.id, !given.isEmpty {
      id = accepted(given, json)
      positions[given.unescaped(in: json)] = position
    } else {
      id = make()
      positions[id] = position
    }
    calls.append((id, false))
    names[call.name.unescaped(in: json), default: ([], 0)].positions.append(position)
    return id
  }

  mutating func id(of result: Conversation.ToolResult, _ json: Span<UInt8>) -> [UInt8] {
    if let given = result.id, !given.isEmpty {
      if let position = positions[given.unescaped(in: json)] { calls[position].isDone = true }
      return accepted(given, json)
    }
    if let name = result.name?.unescaped(in: json), var found = names[name] {
      while found.next < found.positions.count, calls[found.positions[found.next]].isDone { found.next += 1 }
      // Removed while it changes, because a second reference would copy it.
      names[name] = found
      if found.next < found.positions.count { return take(found.positions[found.next]) }
    }
    while next < calls.count, calls[next].isDone { next += 1 }
    return next < calls.count ? take(next) : make()
  }

  private mutating func take(_ position: Int) -> [UInt8] {
    calls[position].isDone = true
    return calls[position].id
  }

  /// Returns an ID, with escapes, or the one that replaces it.
  private mutating func accepted(_ id: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    let plain = id.unescaped(in: json)
    switch form {
    case .any: return id.bytes(in: json)
    case .bytesMax(let most) where plain.count <= most: return id.bytes(in: json)
    case .nineAlphanumerics where plain.count == 9 && plain.allSatisfy(\.isAlphanumeric): return plain
    case .bytesMax, .nineAlphanumerics: break
    }
    if let known = replaced[plain] { return known }
    let new = make()
    replaced[plain] = new
    return new
  }

  private mutating func make() -> [UInt8] {
    while true {
      made += 1
      let digits = String(made)
      let id =
        switch form {
        case .any, .bytesMax: "call_\(digits)"
        case .nineAlphanumerics: "call" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
        }
      if taken.insert(Array(id.utf8)).inserted { return Array(id.utf8) }
    }
  }
}
