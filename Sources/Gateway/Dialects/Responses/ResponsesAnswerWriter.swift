/// Writes an answer in OpenAI's Responses format.
///
/// Source: OpenAI API reference, "Streaming events" of Responses, for events and their order. Codex 0.163 reads text
/// only from `response.output_item.done` and ends its turn at `response.completed`; other clients read the deltas.
///
/// Thinking is written as a summary. OpenAI uses `response.reasoning_text` for models with open thinking, but Codex
/// shows that only if its settings request it, and most clients expect summaries.
struct ResponsesAnswerWriter {
  let label: AnswerMetadata
  /// The request's ID, escaped.
  let request: [UInt8]
  private var sequence = 0
  private var hasBegun = false
  private(set) var output: ResponsesOutput
  private var reason = FinishReason.stop
  /// Log probabilities whose text has not come: elements of a list.
  private var logprobs: [UInt8] = []
  /// The functions in namespaces, by the names that the model knows. Read at the first tool call.
  private var qualifiedNames: [[UInt8]: ResponsesTools.QualifiedName]?

  init(_ label: AnswerMetadata) { self.init(label, bytesMax: ResponsesOutput.bytesMax) }

  init(_ label: AnswerMetadata, bytesMax: Int) {
    self.label = label
    request = EscapedText(label.requestID).bytes(in: "".utf8.span)
    output = ResponsesOutput(request: request, bytesMax: bytesMax)
  }

  /// Whether the answer reached its size limit. The rest is dropped, and the answer ends as incomplete.
  var isFull: Bool { output.isFull }

  // MARK: Streams

  mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, to out: inout [UInt8]) {
    begin(&out)
    switch event {
    case .text(let piece): write(piece, .message, json, to: &out)
    case .refusal(let piece): write(piece, .refusal, json, to: &out)
    case .thinking(let piece): write(piece, .reasoning, json, to: &out)
    case .signature(let piece): sign(piece, json, to: &out)
    case .redactedThinking(let data):
      close(to: &out)
      guard let position = output.begin(.reasoning, .redacted) else { return }
      output.sign(data, json, at: position)
      add(position, to: &out)
      close(to: &out)
    case .image(let media, let base64):
      close(to: &out)
      let media = media.bytes(in: json)
      guard let position = output.addImage(media: media, base64: base64.bytes(in: json)) else { return }
      writeImage(position, to: &out)
    case .citation(let citation): annotate(citation, json, to: &out)
    case .logprobs(let elements): TokenLogprobs.hold(elements, in: &logprobs)
    case .callBegan(let call, let id, let name):
      close(to: &out)
      let (namespace, name) = qualifiedName(of: name, json)
      let began = output.beginCall(call, id: id.bytes(in: json), name: name, namespace: namespace)
      if let began { add(began, to: &out) }
    case .arguments(let call, let piece):
      if let position = output.calls[call] { writeArguments(piece, at: position, json, to: &out) }
    case .callEnded(let call): endCall(call, to: &out)
    case .finished(let why):
      reason = why
      close(why == .length || why == .filtered ? .incomplete : .completed, to: &out)
    case .began, .usage, .failed, .ended: break
    }
  }

  /// Appends the end of a stream, which repeats the complete answer.
  mutating func end(_ counts: TokenCounts, to out: inout [UInt8]) {
    begin(&out)
    close(to: &out)
    let status = Self.status(reason, output.isFull)
    event(status == "completed" ? "response.completed" : "response.incomplete", to: &out)
    Writer.key("response", to: &out)
    append(status: status, reason, counts, to: &out)
    finish(&out)
  }

  /// Appends the end of a failed stream, in place of `end`. Codex ignores an `error` event.
  ///
  /// The event does not repeat the output, which was already sent.
  mutating func fail(code: String, message: String, to out: inout [UInt8]) {
    begin(&out)
    event("response.failed", to: &out)
    Writer.key("response", to: &out)
    var error: [UInt8] = []
    error.append("{")
    Writer.member("code", code, to: &error)
    Writer.member("message", message, to: &error)
    error.append("}")
    append(status: "failed", nil, nil, error: error, to: &out)
    finish(&out)
  }

  // MARK: Whole answers

  static func whole(_ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata) -> [UInt8] {
    var writer = ResponsesAnswerWriter(label)
    writer.reason = answer.reason ?? .stop
    for (index, block) in answer.blocks.enumerated() { writer.keep(block, answer.notes[index]) }
    _ = writer.output.close(writer.reason == .length || writer.reason == .filtered ? .incomplete : .completed)
    var out: [UInt8] = []
    writer.append(status: status(writer.reason, writer.output.isFull), writer.reason, counts, to: &out)
    return out
  }

  /// Adds the items for a block.
  private mutating func keep(_ block: Answer.Block, _ notes: Answer.Notes?) {
    let nothing: [UInt8] = []
    let json = nothing.span
    _ = output.close()
    switch block {
    case .text(let text):
      keep(text, .message)
      guard let notes, let position = output.open else { return }
      output.add(logprobs: notes.logprobs, at: position)
      for citation in notes.citations {
        var annotation: [UInt8] = []
        citation.appendResponsesAnnotation(to: &annotation, from: json)
        _ = output.annotate(annotation, at: position)
      }
    case .refusal(let text): keep(text, .refusal)
    case .thinking(let text, let signature):
      guard !text.isEmpty || !signature.isEmpty, let position = output.begin(.reasoning) else { return }
      _ = output.append(.owned(text), json, to: position)
      output.sign(.owned(signature), json, at: position)
    case .redactedThinking(let data):
      if let position = output.begin(.reasoning, .redacted) { output.sign(.owned(data), json, at: position) }
    case .image(let media, let base64): _ = output.addImage(media: media, base64: base64)
    case .toolCall(let id, let name, let arguments, let signature):
      let (namespace, name) = qualifiedName(of: .owned(name), json)
      if let position = output.beginCall(0, id: id, name: name, namespace: namespace) {
        _ = output.append(.owned(arguments), json, to: position)
        _ = output.endCall(0)
      }
      if !signature.isEmpty, let position = output.begin(.reasoning, .toolCall) {
        output.sign(.owned(signature), json, at: position)
      }
    }
  }

  private mutating func keep(_ text: [UInt8], _ kind: ResponsesItem.Kind) {
    if !text.isEmpty, let position = output.begin(kind) {
      _ = output.append(.owned(text), "".utf8.span, to: position)
    }
  }

  private static func status(_ reason: FinishReason, _ isFull: Bool) -> String {
    isFull || reason == .length || reason == .filtered ? "incomplete" : "completed"
  }

  // MARK: Items

  private mutating func write(
    _ piece: EscapedText, _ kind: ResponsesItem.Kind, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    if piece.isEmpty { return }
    if !output.takes(kind) {
      close(to: &out)
      guard let position = output.begin(kind) else { return }
      add(position, to: &out)
    }
    guard let position = output.open else { return }
    // No copy of the item is kept, because then every append would copy its text.
    let isFirst = output.items[position].text.isEmpty
    guard output.append(piece, json, to: position) else { return }
    if isFirst { addPart(position, to: &out) }
    event(kind.textEvents.delta, to: &out)
    Self.appendPosition(of: output.items[position], at: position, to: &out)
    Writer.key("delta", to: &out)
    piece.appendQuoted(to: &out, from: json)
    if kind == .message {
      output.items[position].appendLogprobs(logprobs, to: &out)
      output.add(logprobs: logprobs, at: position)
      logprobs = []
    }
    finish(&out)
  }

  /// Adds a source to the open message.
  private mutating func annotate(_ citation: Citation, _ json: Span<UInt8>, to out: inout [UInt8]) {
    guard let position = output.open, output.items[position].kind == .message else { return }
    var annotation: [UInt8] = []
    citation.appendResponsesAnnotation(to: &annotation, from: json)
    let number = output.items[position].annotationCount
    guard output.annotate(annotation, at: position) else { return }
    event("response.output_text.annotation.added", to: &out)
    Self.appendPosition(of: output.items[position], at: position, to: &out)
    Writer.member("annotation_index", number, to: &out)
    Writer.member("annotation", raw: annotation.span, to: &out)
    finish(&out)
  }

  /// Adds a signature to the thinking or the tool call before it. A tool call has no place for one, so its signature
  /// becomes a separate item.
  private mutating func sign(_ piece: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    if let position = output.open, output.items[position].kind == .reasoning {
      return output.sign(piece, json, at: position)
    }
    let isCall = output.items.last?.kind == .toolCall
    close(to: &out)
    guard let position = output.begin(.reasoning, isCall ? .toolCall : .thinking) else { return }
    add(position, to: &out)
    output.sign(piece, json, at: position)
  }

  private mutating func writeArguments(
    _ piece: EscapedText, at position: Int, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    guard !piece.isEmpty, output.append(piece, json, to: position) else { return }
    event("response.function_call_arguments.delta", to: &out)
    Self.appendPosition(of: output.items[position], at: position, hasPart: false, to: &out)
    Writer.key("delta", to: &out)
    piece.appendQuoted(to: &out, from: json)
    finish(&out)
  }

  private mutating func endCall(_ call: Int, to out: inout [UInt8]) {
    // Arguments are JSON, so empty arguments become an object without members.
    if let position = output.calls[call], output.items[position].text.isEmpty {
      writeArguments(.owned(Array("{}".utf8)), at: position, "".utf8.span, to: &out)
    }
    guard let position = output.endCall(call) else { return }
    let item = output.items[position]
    event("response.function_call_arguments.done", to: &out)
    Self.appendPosition(of: item, at: position, hasPart: false, to: &out)
    ResponsesItem.member("name", item.name, to: &out)
    ResponsesItem.member("arguments", item.text, to: &out)
    finish(&out)
    done(position, to: &out)
  }

  private mutating func writeImage(_ position: Int, to out: inout [UInt8]) {
    var item = output.items[position]
    item.status = .inProgress
    item.text = []
    event("response.output_item.added", to: &out)
    Writer.member("output_index", position, to: &out)
    Writer.key("item", to: &out)
    item.append(to: &out)
    finish(&out)
    event("response.image_generation_call.completed", to: &out)
    Self.appendPosition(of: item, at: position, hasPart: false, to: &out)
    finish(&out)
    done(position, to: &out)
  }

  private mutating func close(_ status: ResponsesItem.Status = .completed, to out: inout [UInt8]) {
    guard let position = output.close(status) else { return }
    let item = output.items[position]
    if !item.text.isEmpty {
      event(item.kind.textEvents.done, to: &out)
      Self.appendPosition(of: item, at: position, to: &out)
      ResponsesItem.member(item.kind == .refusal ? "refusal" : "text", item.text, to: &out)
      if item.kind == .message { item.appendLogprobs(item.logprobs, to: &out) }
      finish(&out)
      let isReasoning = item.kind == .reasoning
      event(isReasoning ? "response.reasoning_summary_part.done" : "response.content_part.done", to: &out)
      Self.appendPosition(of: item, at: position, to: &out)
      Writer.key("part", to: &out)
      item.appendPart(item.text, isComplete: true, to: &out)
      finish(&out)
    }
    done(position, to: &out)
  }

  /// Returns the parts of the name that a model called, escaped.
  private mutating func qualifiedName(of name: EscapedText, _ json: Span<UInt8>) -> (
    namespace: [UInt8], name: [UInt8]
  ) {
    let qualifiedNames = qualifiedNames ?? ResponsesTools.qualifiedNames(label.echo)
    self.qualifiedNames = qualifiedNames
    guard !qualifiedNames.isEmpty, let position = qualifiedNames[name.unescaped(in: json)] else {
      return ([], name.bytes(in: json))
    }
    var parts: (namespace: [UInt8], name: [UInt8]) = ([], [])
    Writer.appendEscaped(position.namespace.span, to: &parts.namespace)
    Writer.appendEscaped(position.name.span, to: &parts.name)
    return parts
  }

  // MARK: Events

  private mutating func begin(_ out: inout [UInt8]) {
    if hasBegun { return }
    hasBegun = true
    for type in ["response.created", "response.in_progress"] as [StaticString] {
      event(type, to: &out)
      Writer.key("response", to: &out)
      append(status: "in_progress", nil, nil, to: &out)
      finish(&out)
    }
  }

  private mutating func add(_ position: Int, to out: inout [UInt8]) {
    item("response.output_item.added", position, to: &out)
  }

  private mutating func done(_ position: Int, to out: inout [UInt8]) {
    item("response.output_item.done", position, to: &out)
  }

  /// Appends an event with the current state of an item.
  private mutating func item(_ type: StaticString, _ position: Int, to out: inout [UInt8]) {
    event(type, to: &out)
    Writer.member("output_index", position, to: &out)
    Writer.key("item", to: &out)
    output.items[position].append(to: &out)
    finish(&out)
  }

  private mutating func addPart(_ position: Int, to out: inout [UInt8]) {
    let isReasoning = output.items[position].kind == .reasoning
    event(isReasoning ? "response.reasoning_summary_part.added" : "response.content_part.added", to: &out)
    Self.appendPosition(of: output.items[position], at: position, to: &out)
    Writer.key("part", to: &out)
    output.items[position].appendPart([], to: &out)
    finish(&out)
  }

  /// Starts an event. Its members follow.
  private mutating func event(_ type: StaticString, to out: inout [UInt8]) {
    out.append("event: ")
    out.append(type)
    out.append("\ndata: {\"type\":\"")
    out.append(type)
    out.append("\",\"sequence_number\":")
    out.append(decimal: sequence)
    sequence += 1
  }

  private func finish(_ out: inout [UInt8]) { out.append("}\n\n") }

  /// Appends the members with the position of an item and its part.
  private static func appendPosition(
    of item: ResponsesItem, at position: Int, hasPart: Bool = true, to out: inout [UInt8]
  ) {
    ResponsesItem.member("item_id", item.id, to: &out)
    Writer.member("output_index", position, to: &out)
    if hasPart { Writer.member(item.kind == .reasoning ? "summary_index" : "content_index", 0, to: &out) }
  }
}

extension ResponsesItem.Kind {
  /// The events for the pieces of its text and for the end of it.
  fileprivate var textEvents: (delta: StaticString, done: StaticString) {
    switch self {
    case .reasoning: ("response.reasoning_summary_text.delta", "response.reasoning_summary_text.done")
    case .refusal: ("response.refusal.delta", "response.refusal.done")
    case .message, .toolCall, .image: ("response.output_text.delta", "response.output_text.done")
    }
  }
}
