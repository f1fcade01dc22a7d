/// A non-streaming answer, collected from its events. Texts are escaped, as between the quotes of a JSON string.
struct Answer {
  /// A part of the answer. Parts are in the order in which the model produced them.
  enum Block: Equatable {
    case text([UInt8])
    case refusal([UInt8])
    case thinking([UInt8], signature: [UInt8])
    case redactedThinking([UInt8])
    case image(media: [UInt8], base64: [UInt8])
    /// `arguments` is the inside of a JSON string that contains an object. It is never empty.
    case toolCall(id: [UInt8], name: [UInt8], arguments: [UInt8], signature: [UInt8])
  }

  /// The sources and the log probabilities of a text.
  struct Notes: Equatable {
    var citations: [Citation] = []
    /// The log probabilities of its tokens: elements of a list.
    var logprobs: [UInt8] = []
  }

  private(set) var id: [UInt8] = []
  private(set) var blocks: [Block] = []
  private(set) var counts = TokenCounts()
  private(set) var reason: FinishReason?
  /// The notes on texts, by the indices of their blocks.
  private(set) var notes: [Int: Notes] = [:]
  /// Log probabilities whose text has not come.
  private var logprobs: [UInt8] = []
  /// The index of each tool call's block.
  private var calls: [Int: Int] = [:]

  init() {}

  init(_ events: [ChatEvent], _ json: Span<UInt8>) {
    for event in events { take(event, json) }
  }

  mutating func take(_ event: ChatEvent, _ json: Span<UInt8>) {
    switch event {
    case .began(let id): self.id = id?.bytes(in: json) ?? self.id
    case .text(let piece):
      if case .text(var text)? = blocks.last {
        // Removed while it grows, because a second reference would make every append copy it.
        blocks.removeLast()
        piece.append(to: &text, from: json)
        blocks.append(.text(text))
      } else {
        blocks.append(.text(piece.bytes(in: json)))
      }
      if logprobs.isEmpty { return }
      TokenLogprobs.add(logprobs, to: &notes[blocks.count - 1, default: Notes()].logprobs)
      logprobs = []
    case .refusal(let piece):
      guard case .refusal(var text)? = blocks.last else { return blocks.append(.refusal(piece.bytes(in: json))) }
      blocks.removeLast()
      piece.append(to: &text, from: json)
      blocks.append(.refusal(text))
    case .thinking(let piece):
      guard case .thinking(var text, let signature)? = blocks.last, signature.isEmpty else {
        return blocks.append(.thinking(piece.bytes(in: json), signature: []))
      }
      blocks.removeLast()
      piece.append(to: &text, from: json)
      blocks.append(.thinking(text, signature: signature))
    case .signature(let piece): sign(piece, json)
    case .redactedThinking(let data): blocks.append(.redactedThinking(data.bytes(in: json)))
    case .image(let media, let base64):
      blocks.append(.image(media: media.bytes(in: json), base64: base64.bytes(in: json)))
    case .citation(let citation):
      guard let index = blocks.lastIndex(where: \.isText) else { return }
      notes[index, default: Notes()].citations.append(citation.owned(from: json))
    case .logprobs(let elements):
      TokenLogprobs.add(elements, to: &logprobs)
    case .callBegan(let call, let id, let name):
      calls[call] = blocks.count
      blocks.append(.toolCall(id: id.bytes(in: json), name: name.bytes(in: json), arguments: [], signature: []))
    case .arguments(let call, let piece):
      guard let index = calls[call], case .toolCall(let id, let name, var arguments, let signature) = blocks[index]
      else {
        return
      }
      blocks[index] = .text([])
      piece.append(to: &arguments, from: json)
      blocks[index] = .toolCall(id: id, name: name, arguments: arguments, signature: signature)
    case .callEnded(let call):
      // Arguments are JSON, so empty arguments become an object without members.
      guard let index = calls[call], case .toolCall(let id, let name, let arguments, let signature) = blocks[index],
        arguments.isEmpty
      else { return }
      blocks[index] = .toolCall(id: id, name: name, arguments: Array("{}".utf8), signature: signature)
    case .usage(let later): counts.merge(later)
    case .finished(let why): reason = why
    case .failed, .ended: break
    }
  }

  /// Adds a signature to the last block, which is thinking or a tool call.
  private mutating func sign(_ piece: EscapedText, _ json: Span<UInt8>) {
    // As in `take`, the block is removed while it grows.
    switch blocks.last {
    case .thinking(let text, var signature)?:
      blocks.removeLast()
      piece.append(to: &signature, from: json)
      blocks.append(.thinking(text, signature: signature))
    case .toolCall(let id, let name, let arguments, var signature)?:
      blocks.removeLast()
      piece.append(to: &signature, from: json)
      blocks.append(.toolCall(id: id, name: name, arguments: arguments, signature: signature))
    default: blocks.append(.thinking([], signature: piece.bytes(in: json)))
    }
  }

  var hasCalls: Bool { !calls.isEmpty }

  /// The notes on all texts, in order.
  var allNotes: Notes {
    var all = Notes()
    for (_, notes) in notes.sorted(by: { $0.key < $1.key }) {
      all.citations.append(contentsOf: notes.citations)
      TokenLogprobs.add(notes.logprobs, to: &all.logprobs)
    }
    return all
  }
}

extension Answer.Block {
  fileprivate var isText: Bool {
    if case .text = self { true } else { false }
  }
}

/// The parts of an answer that do not come from the model.
struct AnswerMetadata {
  /// The request's ID. Missing IDs in the answer are derived from it.
  var requestID: String
  /// Seconds since 1970.
  var created: UInt64
  /// The model's name as the caller wrote it, as a JSON string.
  var modelToken: [UInt8]
  /// The members of the request that a response repeats, each after a comma. Empty for most dialects.
  var echo: [UInt8] = []
}
