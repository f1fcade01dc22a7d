/// Writes answers of Ollama's `/api/chat` and `/api/generate`: lines of NDJSON, or one object.
///
/// Source: Ollama API reference, "Generate a chat message" and "Generate a response". There is never a blank line,
/// which Ollama's Python client rejects. Tool calls are written when their arguments are complete, and omitted if the
/// answer was cut inside the arguments. The format has no place for images or signatures.
struct OllamaAnswerWriter {
  /// Durations in nanoseconds. Unknown ones are 0.
  struct Durations: Equatable {
    var total = 0
    var load = 0
    var prompt = 0
    var completion = 0
  }

  /// The durations in the last line.
  var durations = Durations()

  /// The start of each line, up to its content.
  private let head: [UInt8]
  private let isGenerate: Bool
  private var open: [Int: Call] = [:]
  private var callsWritten = 0
  private var reason = FinishReason.stop
  /// Log probabilities whose text has not come: elements of a list.
  private var logprobs: [UInt8] = []

  private struct Call {
    var id: [UInt8]
    var name: [UInt8]
    var arguments: [UInt8] = []
  }

  init(_ label: AnswerMetadata, isGenerate: Bool = false) {
    var head: [UInt8] = []
    head.append("{\"model\":")
    head.append(contentsOf: label.modelToken)
    head.append(",\"created_at\":")
    CivilDate.appendString(secondsSince1970: label.created, to: &head)
    self.head = head
    self.isGenerate = isGenerate
  }

  // MARK: Streams

  mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, to out: inout [UInt8]) {
    switch event {
    case .text(let text), .refusal(let text):
      if text.isEmpty { return }
      appendHead(&out)
      text.append(to: &out, from: json)
      out.append(isGenerate ? "\",\"done\":false" : "\"},\"done\":false" as StaticString)
      Self.append(logprobs, to: &out)
      logprobs = []
      out.append("}\n")
    case .thinking(let text):
      if text.isEmpty { return }
      appendHead(&out)
      out.append("\",\"thinking\":\"")
      text.append(to: &out, from: json)
      out.append(isGenerate ? "\",\"done\":false}\n" : "\"},\"done\":false}\n" as StaticString)
    case .callBegan(let call, let id, let name):
      open[call] = Call(id: id.bytes(in: json), name: name.bytes(in: json))
    case .arguments(let call, let piece):
      guard var gathered = open.removeValue(forKey: call) else { return }
      piece.append(to: &gathered.arguments, from: json)
      open[call] = gathered
    case .callEnded(let call):
      guard let call = open.removeValue(forKey: call) else { return }
      var calls: [UInt8] = []
      append(call, to: &calls)
      if calls.isEmpty { return }
      appendHead(&out)
      out.append("\",\"tool_calls\":[")
      out.append(contentsOf: calls)
      out.append(isGenerate ? "],\"done\":false}\n" : "]},\"done\":false}\n" as StaticString)
    case .finished(let why): reason = why
    case .logprobs(let elements): TokenLogprobs.hold(elements, in: &logprobs)
    case .began, .signature, .redactedThinking, .image, .citation, .usage, .failed, .ended: break
    }
  }

  mutating func end(_ counts: TokenCounts, to out: inout [UInt8]) {
    appendHead(&out)
    out.append("\"")
    if !isGenerate { out.append("}") }
    appendEnd(Self.finishReason(reason), counts, to: &out)
    out.append("\n")
  }

  // MARK: Whole answers

  static func whole(_ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata) -> [UInt8] {
    whole(answer, counts, label, isGenerate: false)
  }

  static func whole(
    _ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata, isGenerate: Bool,
    durations: Durations = Durations()
  ) -> [UInt8] {
    var writer = OllamaAnswerWriter(label, isGenerate: isGenerate)
    writer.durations = durations
    var text: [UInt8] = []
    var thinking: [UInt8] = []
    var calls: [UInt8] = []
    for block in answer.blocks {
      switch block {
      case .text(let piece), .refusal(let piece): text += piece
      case .thinking(let piece, _): thinking += piece
      case .toolCall(let id, let name, let arguments, _):
        writer.append(Call(id: id, name: name, arguments: arguments), to: &calls)
      case .redactedThinking, .image: break
      }
    }
    var out: [UInt8] = []
    writer.appendHead(&out)
    out.append(contentsOf: text)
    out.append("\"")
    if !thinking.isEmpty {
      out.append(",\"thinking\":\"")
      out.append(contentsOf: thinking)
      out.append("\"")
    }
    if !calls.isEmpty {
      out.append(",\"tool_calls\":[")
      out.append(contentsOf: calls)
      out.append("]")
    }
    if !isGenerate { out.append("}") }
    writer.appendEnd(finishReason(answer.reason ?? .stop), counts, logprobs: answer.allNotes.logprobs, to: &out)
    return out
  }

  /// Returns the answer to a request that only loads or unloads a model.
  static func loaded(_ label: AnswerMetadata, isGenerate: Bool = false, isUnload: Bool = false) -> [UInt8] {
    let writer = OllamaAnswerWriter(label, isGenerate: isGenerate)
    var out: [UInt8] = []
    writer.appendHead(&out)
    out.append("\"")
    if !isGenerate { out.append("}") }
    out.append(",\"done\":true,\"done_reason\":\"")
    out.append(isUnload ? "unload\"}" : "load\"}" as StaticString)
    return out
  }

  // MARK: Parts

  /// Appends the start of a line, up to the inside of its text.
  private func appendHead(_ out: inout [UInt8]) {
    out.append(contentsOf: head)
    out.append(
      isGenerate ? ",\"response\":\"" : ",\"message\":{\"role\":\"assistant\",\"content\":\"" as StaticString)
  }

  /// Appends a tool call as an element of a list, unless its arguments are not an object.
  private mutating func append(_ call: Call, to out: inout [UInt8]) {
    guard let arguments = OllamaArguments.object(in: call.arguments) else { return }
    Writer.separate(&out)
    out.append("{")
    if !call.id.isEmpty {
      out.append("\"id\":\"")
      out.append(contentsOf: call.id)
      out.append("\",")
    }
    out.append("\"function\":{\"index\":")
    out.append(decimal: callsWritten)
    out.append(",\"name\":\"")
    out.append(contentsOf: call.name)
    out.append("\",\"arguments\":")
    out.append(contentsOf: arguments)
    out.append("}}")
    callsWritten += 1
  }

  private func appendEnd(
    _ reason: StaticString, _ counts: TokenCounts, logprobs: [UInt8] = [], to out: inout [UInt8]
  ) {
    Writer.member("done", true, to: &out)
    out.append(",\"done_reason\":\"")
    out.append(reason)
    out.append("\"")
    Writer.member("total_duration", durations.total, to: &out)
    Writer.member("load_duration", durations.load, to: &out)
    Writer.member("prompt_eval_count", counts.prompt ?? 0, to: &out)
    Writer.member("prompt_eval_duration", durations.prompt, to: &out)
    Writer.member("eval_count", counts.completion ?? 0, to: &out)
    Writer.member("eval_duration", durations.completion, to: &out)
    Self.append(logprobs, to: &out)
    out.append("}")
  }

  private static func append(_ logprobs: [UInt8], to out: inout [UInt8]) {
    if logprobs.isEmpty { return }
    out.append(",\"logprobs\":[")
    out += logprobs
    out.append("]")
  }

  /// Returns the `done_reason`. Tool calls end with `stop`. Ollama has no value for filters, so OpenAI's is used.
  private static func finishReason(_ reason: FinishReason) -> StaticString {
    switch reason {
    case .stop, .toolCalls, .refused: "stop"
    case .length: "length"
    case .filtered: "content_filter"
    }
  }
}
