/// Makes of what one attempt's upstream says what the caller reads, whole or as a stream.
///
/// OpenAI's completions for OpenAI's callers pass through `ChatStream`; another dialect that is the caller's own passes
/// with its model renamed; all others become events and are written anew.
struct AnswerStream {
  /// What the data of one event came to.
  typealias Verdict = ChatStream.Verdict

  let endpoint: CallEndpoint
  /// What the upstream speaks.
  let dialect: Dialect
  let label: AnswerMetadata
  let promptBytes: Int

  /// The stream of a caller who reads completions; `nil` when a whole answer was asked for.
  private var chat: ChatStream?
  /// Between another dialect and completions.
  private var chunks = CompletionsAnswerWriter()
  private var reader: AnswerReader?
  private var writer: AnswerWriter?
  private var course = AnswerSequencer()
  /// Whether the upstream's own end has been passed on.
  private var hasEnded = false
  /// Elements of Gemini's array that have been passed on.
  private var elements = 0

  /// What the caller of an answer wants of it.
  struct Wanted {
    var streams: Bool
    var usage: Bool
    var runningUsage: Bool
  }

  init(
    for endpoint: CallEndpoint, from dialect: Dialect, isSame: Bool, promptBytes: Int, _ wanted: Wanted,
    _ label: AnswerMetadata
  ) {
    self.endpoint = endpoint
    self.dialect = dialect
    self.label = label
    self.promptBytes = promptBytes
    self.isSame = isSame
    if wanted.streams {
      if !isChat { reader = AnswerReader(dialect) }
      writer = AnswerWriter(endpoint, label, promptBytes: promptBytes)
      if endpoint.dialect == .openAI {
        chat = ChatStream(
          modelToken: label.modelToken, wantsUsage: wanted.usage, wantsRunningUsage: wanted.runningUsage,
          id: label.requestID, created: label.created)
      }
    }
  }

  /// Whether the caller reads what the upstream writes.
  private var isSame: Bool
  private var isChat: Bool { endpoint.dialect == .openAI && dialect == .openAI }

  var usage: Usage? { isChat ? chat?.usage : course.usage }
  var textBytes: Int { isChat ? chat?.textBytes ?? 0 : course.textBytes }
  /// Choices that finished, and whether all that began have.
  var finishedCount: Int { isChat ? chat?.finishedCount ?? 0 : course.isFinished ? 1 : 0 }
  var isFinished: Bool { isChat ? chat?.isFinished ?? false : course.isFinished }

  // MARK: Streams

  /// Appends what is to be relayed of one event, in the caller's frames; `name` is the event's, if it has one.
  mutating func take(
    _ data: Span<UInt8>, named name: Span<UInt8>, into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    if isChat { return try chat?.take(data, into: &out) ?? .silent }
    var events: [ChatEvent] = []
    try reader?.read(data, into: &events)
    if isSame { return try pass(data, named: name, events, into: &out) }
    return try write(events, data, into: &out)
  }

  /// Appends the events of a stream that says the same as a whole answer, and its end.
  mutating func restream(_ json: Span<UInt8>, into out: inout [UInt8]) throws(AttemptFailure) {
    if isChat {
      for event in try ChatAnswer.restream(json) { _ = try chat?.take(event.span, into: &out) }
    } else {
      isSame = false
      _ = try write(try dialect.row.readAnswer(json), json, into: &out)
    }
    finish(into: &out)
  }

  private mutating func write(
    _ events: [ChatEvent], _ json: Span<UInt8>, into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    var verdict = Verdict.silent
    for event in events {
      if event == .ended { return .done }
      if !course.hasBegun, event.needsBeginning { try write(.began(id: nil), json, into: &out) }
      if case .finished = event { try endCalls(into: &out) }
      guard try course.takes(event, json) else { continue }
      try put(event, json, into: &out)
      if event.isVisible { verdict = .visible }
    }
    return verdict
  }

  private mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, into out: inout [UInt8])
    throws(AttemptFailure)
  {
    if try course.takes(event, json) { try put(event, json, into: &out) }
  }

  /// Hands one event to the caller's writer.
  private mutating func put(_ event: ChatEvent, _ json: Span<UInt8>, into out: inout [UInt8])
    throws(AttemptFailure)
  {
    guard chat != nil else {
      writer?.write(event, json, to: &out)
      return
    }
    for chunk in try chunks.chunks(of: event, json) { _ = try chat?.take(chunk.span, into: &out) }
  }

  private mutating func endCalls(into out: inout [UInt8]) throws(AttemptFailure) {
    let nothing: [UInt8] = []
    for call in course.open { try write(.callEnded(call: call), nothing.span, into: &out) }
  }

  /// Appends what a stream needs at its end, beginning with what its upstream left out.
  mutating func finish(into out: inout [UInt8]) {
    if isChat {
      chat?.finish(promptBytes: promptBytes, into: &out)
      return
    }
    if isSame, hasEnded || dialect != .anthropic { return closeArray(into: &out) }
    let nothing: [UInt8] = []
    do throws(AttemptFailure) {
      if !course.isFinished {
        _ = try write([.finished(course.hasCalls ? .toolCalls : .stop)], nothing.span, into: &out)
      }
      if chat != nil { try put(.ended, nothing.span, into: &out) }
    } catch {
      // Nothing of the upstream's is read here.
    }
    if isSame {
      out.append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    } else if chat != nil {
      chat?.finish(promptBytes: promptBytes, into: &out)
    } else {
      writer?.end(course.counts(promptBytes: promptBytes), to: &out)
    }
  }

  /// Appends what stands before the error event of a stream that is broken off; true where the dialect tells of errors in
  /// events of its own, and nothing else is needed.
  mutating func breakOff(_ apiError: APIError, into out: inout [UInt8]) -> Bool {
    if case .responses(var writer)? = writer {
      // Its clients know no other codes than OpenAI's.
      let code = apiError.status == 429 ? "rate_limit_exceeded" : "server_error"
      writer.fail(code: code, message: apiError.message, to: &out)
      return true
    }
    if case .gemini(let writer)? = writer, !isSame {
      writer.breakOff(to: &out)
    } else if endpoint.form == .array {
      out.append(elements == 0 ? "[" : ",\r\n")
    }
    return false
  }

  // MARK: The caller's own dialect

  /// Appends an event as it came, but for the model's name.
  private mutating func pass(
    _ data: Span<UInt8>, named name: Span<UInt8>, _ events: [ChatEvent], into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    var verdict = Verdict.silent
    for event in events {
      if event == .ended { hasEnded = true }
      if try course.takes(event, data), event.isVisible { verdict = .visible }
    }
    switch (dialect, endpoint.form) {
    case (.anthropic, _):
      // Its clients want it, and some servers leave it out.
      out.append("event: ")
      if name.isEmpty { Self.type(of: data)?.append(to: &out, from: data) } else { out.append(name) }
      out.append("\ndata: ")
      appendLine(data, into: &out)
      out.append("\n\n")
    case (.gemini, .array):
      out.append(elements == 0 ? "[" : ",\r\n")
      appendLine(data, into: &out)
    case (.gemini, _):
      out.append("data: ")
      appendLine(data, into: &out)
      out.append("\r\n\r\n")
    default:
      appendLine(data, into: &out)
      out.append("\n")
    }
    elements += 1
    return hasEnded ? .done : verdict
  }

  private static func type(of data: Span<UInt8>) -> EscapedText? {
    EscapedText(JSONLists.members(of: JSONLists.root(data), in: data).value("type", in: data))
  }

  private func appendLine(_ data: Span<UInt8>, into out: inout [UInt8]) {
    let start = out.count
    ModelName.edits(data, in: dialect, to: label.modelToken).apply(to: data, into: &out)
    // Between tokens of JSON a line end is a space; here it would be the end of the event.
    for index in start..<out.count where out[index] == 0x0a || out[index] == 0x0d { out[index] = 0x20 }
  }

  private func closeArray(into out: inout [UInt8]) {
    if endpoint.form == .array { out.append(elements == 0 ? "[]" : "]") }
  }

  // MARK: Whole answers

  /// A whole answer for the caller.
  enum Whole {
    /// The upstream's text, changed here and there.
    case edited(Splice)
    case owned([UInt8])
  }

  mutating func whole(_ json: Span<UInt8>) throws(AttemptFailure) -> (answer: Whole, usage: Usage?) {
    if isChat {
      let (found, edits) = try ChatAnswer.relay(json, modelToken: label.modelToken)
      return (.edited(edits), found.usage)
    }
    let events = try dialect.row.readAnswer(json)
    var answer = Answer()
    for event in events where try course.takes(event, json) { answer.take(event, json) }
    if isSame { return (.edited(ModelName.edits(json, in: dialect, to: label.modelToken)), course.usage) }
    let counts = course.counts(promptBytes: promptBytes)
    return (.owned(endpoint.dialect.row.writeAnswer(answer, counts, label, endpoint.form)), course.usage)
  }
}

/// Where an answer names its model.
private enum ModelName {
  /// Puts the name that the caller used in place of the upstream's.
  static func edits(_ json: Span<UInt8>, in dialect: Dialect, to token: [UInt8]) -> Splice {
    var edits = Splice()
    var hasName = false
    for member in JSONLists.members(of: JSONLists.root(json), in: json) {
      if member.keyEquals(dialect == .gemini ? "modelVersion" : "model", in: json) {
        // The caller's name may be longer, and an answer must not grow with the number of such members.
        if hasName { edits.remove(member) } else { edits.replace(member, with: token.span) }
        hasName = true
      }
      if dialect == .anthropic, member.keyEquals("message", in: json) {
        for field in JSONLists.members(of: member.value, in: json) where field.keyEquals("model", in: json) {
          if hasName { edits.remove(field) } else { edits.replace(field, with: token.span) }
          hasName = true
        }
      }
    }
    return edits
  }
}

extension ChatEvent {
  /// Whether a writer wants to have been told that the answer begins.
  fileprivate var needsBeginning: Bool {
    switch self {
    case .began, .usage, .failed, .ended: false
    default: true
    }
  }
}
