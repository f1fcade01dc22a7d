extension Conversation {
  /// Gives each tool call an ID that no other call of the conversation has, and its result the same one. Servers that
  /// number their calls in each answer repeat IDs, which strict providers reject.
  mutating func separateCalls(_ json: Span<UInt8>) {
    var ids: Set<[UInt8]> = []
    var isRepeated = false
    for message in messages {
      for case .toolCall(let call) in message.parts {
        if let id = call.id, !id.isEmpty, !ids.insert(id.unescaped(in: json)).inserted { isRepeated = true }
      }
    }
    if isRepeated { separate(ids, json) }
  }

  private mutating func separate(_ taken: Set<[UInt8]>, _ json: Span<UInt8>) {
    var renaming = CallRenaming(taken: taken)
    for index in messages.indices {
      for position in messages[index].parts.indices {
        switch messages[index].parts[position] {
        case .toolCall(var call):
          guard let id = call.id, !id.isEmpty else { continue }
          call.id = renaming.id(of: id, call: index, json)
          messages[index].parts[position] = .toolCall(call)
        case .toolResult(var result):
          guard let id = result.id, !id.isEmpty else { continue }
          result.id = renaming.id(ofResult: id, json)
          messages[index].parts[position] = .toolResult(result)
        default: break
        }
      }
    }
  }
}
