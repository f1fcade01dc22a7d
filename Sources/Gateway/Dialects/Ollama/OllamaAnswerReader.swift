/// Reads answers of Ollama's `/api/chat`, streaming or not, into events.
///
/// Source: Ollama API reference, "Generate a chat message". Tool calls arrive complete. One without an ID gets `call_`
/// and a number.
struct OllamaAnswerReader {
  /// The most tool calls of one answer.
  private static let callsMax = 1024

  private var hasBegun = false
  private var hasFinished = false
  private var calls = 0
  /// The last number in an assigned ID.
  private var number = 0
  private var ids: Set<[UInt8]> = []
  private let request: String

  /// Creates a reader. `request` is the ID of the request, of which tool calls without an ID get a part.
  init(request: String = "") { self.request = request }

  /// Appends the events of one line. Throws `.malformed` if the line is not a JSON object.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    do throws(JSONError) {
      try readLine(json, &events)
    } catch {
      throw .malformed("a line of the stream is not a JSON object: \(error.description)")
    }
    if calls > Self.callsMax { throw .malformed("its message has over \(Self.callsMax) tool calls") }
  }

  /// Returns the events of a non-streaming answer.
  ///
  /// Throws `.malformed` for other JSON and `.error` for an error object.
  static func whole(_ json: Span<UInt8>, request: String = "") throws(AttemptFailure) -> [ChatEvent] {
    var reader = OllamaAnswerReader(request: request)
    var events: [ChatEvent] = []
    let isAnswer: Bool
    do throws(JSONError) {
      isAnswer = try reader.readLine(json, &events)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if case .failed(let error)? = events.last { throw .error(error) }
    if !isAnswer { throw .malformed("the answer has no message") }
    if reader.calls > callsMax { throw .malformed("its message has over \(callsMax) tool calls") }
    // An answer without `done` is still complete.
    if !reader.hasFinished { events += [.finished(reader.calls > 0 ? .toolCalls : .stop), .ended] }
    return events
  }

  /// The relevant members of a line.
  private struct Parts {
    var message: JSONValue?
    var reason: JSONValue?
    var logprobs: JSONValue?
    var error: UpstreamError?
    var isDone = false
    var counts = TokenCounts()
  }

  /// Reads the members of an object and returns false if it is not part of an answer.
  @discardableResult
  private mutating func readLine(_ json: Span<UInt8>, _ events: inout [ChatEvent]) throws(JSONError) -> Bool {
    var parts = Parts()
    var members = try MemberCursor(whole: json)
    while let member = try members.next(in: json) {
      if member.keyEquals("message", in: json), member.value.kind == .object { parts.message = member.value }
      if member.keyEquals("done", in: json) { parts.isDone = member.value.kind == .true }
      if member.keyEquals("done_reason", in: json) { parts.reason = member.value }
      if member.keyEquals("logprobs", in: json), member.value.kind == .array { parts.logprobs = member.value }
      if member.keyEquals("prompt_eval_count", in: json) { parts.counts.prompt = ChatStream.count(member, json) }
      if member.keyEquals("eval_count", in: json) { parts.counts.completion = ChatStream.count(member, json) }
      // Ollama's own clients also ignore an empty error.
      if member.keyEquals("error", in: json), !member.value.equals("", in: json) {
        parts.error = try UpstreamErrorReader.value(member, json)
      }
    }
    // Lines after the end are ignored.
    if hasFinished { return true }
    if let error = parts.error {
      hasFinished = true
      events.append(.failed(error))
      return false
    }
    if !hasBegun, parts.message != nil || parts.isDone {
      hasBegun = true
      events.append(.began(id: nil))
    }
    let logprobs = TokenLogprobs.elements(of: parts.logprobs, json)
    if !logprobs.isEmpty { events.append(.logprobs(logprobs)) }
    if let message = parts.message { try readMessage(message, json, &events) }
    if parts.counts != TokenCounts() { events.append(.usage(parts.counts)) }
    if let error = UpstreamErrorReader.finish(parts.reason, json) {
      hasFinished = true
      events.append(.failed(error))
      return false
    }
    if parts.isDone {
      hasFinished = true
      events += [.finished(reason(parts.reason, json)), .ended]
    }
    return parts.message != nil || parts.isDone
  }

  private mutating func readMessage(
    _ message: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) {
    var text: EscapedText?
    var thinking: EscapedText?
    var calls: JSONValue?
    var members = try MemberCursor(in: json, at: Int(message.slice.start), depth: 2)
    while let member = try members.next(in: json) {
      if member.keyEquals("content", in: json) { text = EscapedText(member.value) }
      if member.keyEquals("thinking", in: json) { thinking = EscapedText(member.value) }
      if member.keyEquals("tool_calls", in: json) { calls = member.value }
    }
    if let thinking, !thinking.isEmpty { events.append(.thinking(thinking)) }
    if let text, !text.isEmpty { events.append(.text(text)) }
    for call in JSONLists.elements(of: calls, in: json) where self.calls <= Self.callsMax {
      readCall(JSONLists.members(of: call, in: json), json, &events)
    }
  }

  /// Reads a tool call, which must have a name.
  private mutating func readCall(_ call: [Member], _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    let function = JSONLists.members(of: call.value("function", in: json), in: json)
    guard let name = EscapedText(function.value("name", in: json)), !name.isEmpty else { return }
    let index = calls
    calls += 1
    events.append(.callBegan(call: index, id: id(call.value("id", in: json), json), name: name))
    let arguments = function.value("arguments", in: json)
    if let arguments, arguments.kind == .object, arguments.elements > 0 {
      events.append(.arguments(call: index, EscapedText(escaping: json.bytes(arguments.slice))))
    } else if let text = EscapedText(arguments), !text.isEmpty {
      // Some servers send the arguments as a string, as OpenAI does.
      events.append(.arguments(call: index, text))
    }
    events.append(.callEnded(call: index))
  }

  /// Returns the tool call's ID, or a new one that no other call of the answer has.
  private mutating func id(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText {
    if let id = EscapedText(value), !id.isEmpty, ids.insert(id.unescaped(in: json)).inserted { return id }
    var made: [UInt8] = []
    repeat {
      number += 1
      made = ToolCallTable.assignedID(stem: ToolCallTable.stem(ofRequest: request), Int64(number))
    } while !ids.insert(made).inserted
    return .owned(made)
  }

  private func reason(_ value: JSONValue?, _ json: Span<UInt8>) -> FinishReason {
    if let value, value.equals("length", in: json) { return .length }
    // Ollama has no such value; hoosh sends it to its own clients.
    if let value, value.equals("content_filter", in: json) { return .filtered }
    return calls > 0 ? .toolCalls : .stop
  }
}
