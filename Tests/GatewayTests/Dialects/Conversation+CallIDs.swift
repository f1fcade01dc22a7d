@testable import Gateway

extension Conversation {
  /// Gives an ID to each tool call that has none, and the same one to its result, so that a test sees the pairs.
  mutating func giveCallIDs(_ json: Span<UInt8>) {
    let positions = messages.indices.flatMap { turn in messages[turn].parts.indices.map { (turn: turn, part: $0) } }
    var taken: Set<[UInt8]> = []
    for position in positions {
      if case .toolCall(let call) = messages[position.turn].parts[position.part], let id = call.id {
        taken.insert(id.unescaped(in: json))
      }
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
    for position in positions {
      switch messages[position.turn].parts[position.part] {
      case .toolCall(var call):
        let id = call.id ?? next()
        call.id = id
        calls.add(ToolCallMatcher.Call(id: id, name: call.name), json)
        messages[position.turn].parts[position.part] = .toolCall(call)
      case .toolResult(var result):
        let call = calls.take(id: result.id, name: result.name, json)
        result.id = result.id ?? call?.id ?? next()
        result.name = result.name ?? call?.name
        messages[position.turn].parts[position.part] = .toolResult(result)
      default: if messages[position.turn].role == .user { calls.close() }
      }
    }
  }
}
