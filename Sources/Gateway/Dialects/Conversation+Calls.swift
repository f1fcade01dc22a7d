extension [Conversation.Message] {
  /// The messages with consecutive assistant messages joined. A tool result must follow the message with its call, and some
  /// clients send every call as a separate message.
  var joiningCalls: [Conversation.Message] {
    var joined: [Conversation.Message] = []
    joined.reserveCapacity(count)
    var isOpen = false
    for message in self {
      let isAssistant = message.role == .assistant
      if isOpen, isAssistant {
        joined[joined.count - 1].parts.append(contentsOf: message.parts)
      } else {
        joined.append(message)
        isOpen = false
      }
      isOpen = isOpen || isAssistant && message.parts.contains(where: \.isCall)
    }
    return joined
  }
}

extension Conversation {
  /// Puts the results of a message into the order of their calls, because dialects without IDs tell calls of one name apart
  /// by position.
  mutating func orderResults(_ json: Span<UInt8>) {
    var ranks: [[UInt8]: Int] = [:]
    for index in messages.indices {
      let parts = messages[index].parts
      if messages[index].role == .assistant {
        if index > 0, messages[index - 1].role != .assistant { ranks.removeAll() }
        for case .toolCall(let call) in parts {
          if let id = call.id { ranks[id.unescaped(in: json)] = ranks.count }
        }
        continue
      }
      let places = parts.indices.filter { if case .toolResult = parts[$0] { true } else { false } }
      if places.count < 2 { continue }
      let ranked = places.enumerated().map { offset, place in
        guard case .toolResult(let result) = parts[place], let id = result.id,
          let rank = ranks[id.unescaped(in: json)]
        else { return (rank: offset, offset: offset, place: place) }
        return (rank: rank, offset: offset, place: place)
      }
      for (place, source) in zip(places, ranked.sorted { ($0.rank, $0.offset) < ($1.rank, $1.offset) }) {
        messages[index].parts[place] = parts[source.place]
      }
    }
  }
}
