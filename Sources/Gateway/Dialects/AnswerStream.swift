/// Converts the response of one attempt into the caller's response, streaming or not.
///
/// Chat completions for callers that use them pass through `ChatStream`. If caller and provider share another dialect,
/// only the model's name is replaced. All other answers are read as events and written in the caller's dialect.
struct AnswerStream {
  /// Bytes of the longest event of an answer. Models that draw send an image in one event.
  static let eventBytesMax = 32 * 1024 * 1024

  /// The result of relaying one event.
  typealias Verdict = ChatStream.Verdict

  let endpoint: CallEndpoint
  /// The provider's dialect.
  let dialect: Dialect
  let label: AnswerMetadata
  let promptBytes: Int
  /// The tool names that the provider received in place of the caller's.
  var toolNames = ToolNames()

  /// The relay of chat completions; `nil` for callers of other dialects and for non-streaming requests.
  private var chat: ChatStream?
  /// Writes events as chat completion chunks for `chat`.
  private var chunks = CompletionsAnswerWriter()
  private var reader: AnswerReader?
  /// The form of the vectors, if the call is for embeddings.
  private var embeddings: EmbeddingsForm?
  private var writer: AnswerWriter?
  private var course = AnswerSequencer()
  /// Whether the end of the upstream's stream has been relayed.
  private var hasEnded = false
  /// The number of elements relayed as a Gemini array.
  private var elements = 0

  /// The caller's options for its answer.
  struct Wanted {
    var streams = false
    var usage = false
    var runningUsage = false
    var embeddings: EmbeddingsForm?
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
    embeddings = wanted.embeddings
    if wanted.streams {
      if !isChat { reader = AnswerReader(dialect, request: label.requestID) }
      writer = AnswerWriter(endpoint, label, promptBytes: promptBytes)
      if endpoint.dialect == .openAI {
        chat = ChatStream(
          modelToken: label.modelToken, wantsUsage: wanted.usage, wantsRunningUsage: wanted.runningUsage,
          id: label.requestID, created: label.created, isCompletion: endpoint.kind == .completions,
          request: label.requestID)
        chat?.holdsEarlyUsage = true
      }
    }
  }

  /// Whether caller and provider use the same dialect.
  private var isSame: Bool
  private var isChat: Bool { endpoint.dialect == .openAI && dialect == .openAI }

  var usage: Usage? { isChat ? chat?.usage : course.usage }
  var textBytes: Int { isChat ? chat?.textBytes ?? 0 : course.textBytes }
  /// The number of finished choices.
  var finishedCount: Int { isChat ? chat?.finishedCount ?? 0 : course.isFinished ? 1 : 0 }
  var isFinished: Bool { isChat ? chat?.isFinished ?? false : course.isFinished }

  // MARK: Streams

  /// Appends one event in the caller's dialect and framing. `name` is the SSE event's name, or empty.
  ///
  /// Empty data is a keep-alive and has no effect. Bytes that are not UTF-8 become U+FFFD.
  mutating func take(
    _ raw: Span<UInt8>, named name: Span<UInt8>, into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    let data = raw.trimmed
    if data.isEmpty { return .silent }
    let verdict: Verdict
    do throws(AttemptFailure) {
      verdict = try takeValid(data, named: name, into: &out)
    } catch {
      guard case .malformed = error, let mended = UTF8Text.mended(data) else { throw error }
      verdict = try takeValid(mended.span, named: name, into: &out)
    }
    if verdict == .done, !hasBegun { throw .malformed("its stream ended without an answer") }
    return verdict
  }

  /// Whether a part of the answer has arrived.
  private var hasBegun: Bool { isChat ? chat.map { $0.started != 0 } ?? false : course.hasBegun }

  private mutating func takeValid(
    _ data: Span<UInt8>, named name: Span<UInt8>, into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    let start = out.count
    defer { OutputCheck.stream(out, from: start, endpoint) }
    if isChat { return try chat?.take(data, into: &out) ?? .silent }
    var events: [ChatEvent] = []
    try reader?.read(data, into: &events)
    if isSame { return try pass(data, named: name, events, into: &out) }
    return try write(events, data, into: &out)
  }

  /// Appends a non-streaming answer as a complete stream.
  mutating func restream(_ json: Span<UInt8>, into out: inout [UInt8]) throws(AttemptFailure) {
    let start = out.count
    defer { OutputCheck.stream(out, from: start, endpoint) }
    if isChat {
      for event in try ChatAnswer.restream(json) { _ = try chat?.take(event.span, into: &out) }
    } else {
      isSame = false
      _ = try write(try dialect.row.readAnswer(json, request: label.requestID), json, into: &out)
    }
    finish(into: &out)
  }

  private mutating func write(
    _ events: [ChatEvent], _ json: Span<UInt8>, into out: inout [UInt8]
  ) throws(AttemptFailure) -> Verdict {
    var verdict = Verdict.silent
    for event in events {
      let event = toolNames.restored(event, json)
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

  /// Passes one event to the caller's writer.
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

  /// Appends the end of the stream, and any events before it that the upstream omitted.
  mutating func finish(into out: inout [UInt8]) {
    let start = out.count
    defer { OutputCheck.stream(out, from: start, endpoint) }
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
      // These events contain no upstream data, so they cannot fail.
    }
    if isSame {
      out.append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    } else if chat != nil {
      chat?.finish(promptBytes: promptBytes, into: &out)
    } else {
      writer?.end(course.counts(promptBytes: promptBytes), to: &out)
    }
  }

  /// Appends what precedes the error event of a stream that breaks off. Returns true if the dialect has its own error
  /// events and needs no other.
  mutating func breakOff(_ apiError: APIError, into out: inout [UInt8]) -> Bool {
    if case .responses(var writer)? = writer {
      // Responses clients accept only OpenAI's error codes.
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

  /// Appends an event unchanged except for the model's name.
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
      // Anthropic clients require the event's name, and some servers omit it.
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
    // A line end between JSON tokens would end the event or line, so it becomes a space.
    for index in start..<out.count where out[index] == 0x0a || out[index] == 0x0d { out[index] = 0x20 }
  }

  private func closeArray(into out: inout [UInt8]) {
    if endpoint.form == .array { out.append(elements == 0 ? "[]" : "]") }
  }

  // MARK: Whole answers

  /// A non-streaming answer for the caller.
  enum Whole {
    /// The upstream's bytes with some spans replaced.
    case edited(Splice)
    case owned([UInt8])
  }

  mutating func whole(_ json: Span<UInt8>) throws(AttemptFailure) -> (answer: Whole, usage: Usage?) {
    let made = try make(json)
    switch made.answer {
    case .edited(let edits): OutputCheck.edited(edits, json)
    case .owned(let text): OutputCheck.whole(text.span)
    }
    return made
  }

  private mutating func make(_ json: Span<UInt8>) throws(AttemptFailure) -> (answer: Whole, usage: Usage?) {
    if let embeddings { return try whole(json, as: embeddings) }
    if endpoint.kind == .chat, let pieces = try EventText.pieces(json, in: dialect) { return try joined(pieces) }
    if isChat {
      let (found, edits) = try ChatAnswer.relay(json, modelToken: label.modelToken, request: label.requestID)
      return (.edited(edits), found.usage)
    }
    let events = try dialect.row.readAnswer(json, request: label.requestID)
    var answer = Answer()
    for event in events where try course.takes(event, json) { answer.take(toolNames.restored(event, json), json) }
    if isSame { return (.edited(ModelName.edits(json, in: dialect, to: label.modelToken)), course.usage) }
    return (.owned(write(answer)), course.usage)
  }

  /// Writes an answer in the caller's dialect.
  private func write(_ answer: Answer) -> [UInt8] {
    let counts = course.counts(promptBytes: promptBytes)
    var written = endpoint.dialect.row.writeAnswer(answer, counts, label, endpoint.form)
    LoneSurrogates.mend(&written)
    return written
  }

  /// Puts the events of a stream together, which some servers send to a caller who asked for none.
  private mutating func joined(_ pieces: [[UInt8]]) throws(AttemptFailure) -> (answer: Whole, usage: Usage?) {
    var answer = Answer()
    var reader = AnswerReader(dialect, request: label.requestID)
    for data in pieces {
      let json = data.span.trimmed
      if json.isEmpty { continue }
      var events: [ChatEvent] = []
      try reader.read(json, into: &events)
      for event in events where try course.takes(event, json) { answer.take(toolNames.restored(event, json), json) }
    }
    guard course.isFinished else { throw .connectionLost }
    return (.owned(write(answer)), course.usage)
  }

  private func whole(
    _ json: Span<UInt8>, as form: EmbeddingsForm
  ) throws(AttemptFailure) -> (answer: Whole, usage: Usage?) {
    let answer = try EmbeddingsAnswer.read(json, in: dialect, count: form.count)
    var usage = Usage.estimated(promptBytes: promptBytes, completionBytes: 0)
    if let tokens = answer.promptTokens { usage = Usage(prompt: tokens, completion: 0, source: .reported) }
    if isSame { return (.edited(try answer.edits(json, as: form, modelToken: label.modelToken)), usage) }
    return (.owned(try answer.write(json, as: form, usage, label)), usage)
  }
}

/// Finds the model's name in an answer.
private enum ModelName {
  /// Returns the edits that replace the provider's name of the model with the caller's.
  static func edits(_ json: Span<UInt8>, in dialect: Dialect, to token: [UInt8]) -> Splice {
    var edits = Splice()
    var hasName = false
    for member in JSONLists.members(of: JSONLists.root(json), in: json) {
      if member.keyEquals(dialect == .gemini ? "modelVersion" : "model", in: json) {
        // The caller's name may be longer. Repeated members are removed so that their number cannot make the answer
        // grow.
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
  /// Whether a writer must receive `began` before this event.
  fileprivate var needsBeginning: Bool {
    switch self {
    case .began, .usage, .failed, .ended: false
    default: true
    }
  }
}
