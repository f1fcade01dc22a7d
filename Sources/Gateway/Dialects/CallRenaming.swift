/// The new IDs of tool calls whose own IDs are repeated.
struct CallRenaming {
  /// The calls of one message that have the same ID, and how many of them have a result.
  private struct Calls {
    var message: Int
    var ids: [EscapedText]
    var answered = 0
  }

  private var taken: Set<[UInt8]>
  private var number: Int64 = 0
  private var calls: [[UInt8]: Calls] = [:]

  init(taken: Set<[UInt8]>) { self.taken = taken }

  /// Returns the ID of a call: its own for the first call that has it, and a new one for all others.
  mutating func id(of id: EscapedText, call message: Int, _ json: Span<UInt8>) -> EscapedText {
    let key = id.unescaped(in: json)
    guard let known = calls[key] else {
      calls[key] = Calls(message: message, ids: [id])
      return id
    }
    let made = make()
    if known.message == message {
      calls[key]?.ids.append(made)
    } else {
      calls[key] = Calls(message: message, ids: [made])
    }
    return made
  }

  /// Returns the ID of a result: that of the first call without one, or of the last call.
  mutating func id(ofResult id: EscapedText, _ json: Span<UInt8>) -> EscapedText {
    let key = id.unescaped(in: json)
    guard let known = calls[key] else { return id }
    calls[key]?.answered += 1
    return known.ids[min(known.answered, known.ids.count - 1)]
  }

  private mutating func make() -> EscapedText {
    while true {
      number += 1
      let id = ToolCallTable.assignedID(stem: [], number)
      if taken.insert(id).inserted { return .owned(id) }
    }
  }
}
