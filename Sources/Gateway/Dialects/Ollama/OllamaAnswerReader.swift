/// Reads answers of Ollama's `/api/chat`, whole ones and streams, into events.
///
/// Source: Ollama API reference, "Generate a chat message". Calls come whole; one without an id gets `call_` and a
/// number.
struct OllamaAnswerReader {
  /// Calls that one answer may have.
  private static let callsMax = 1024

  private var hasBegun = false
  private var hasFinished = false
  private var calls = 0
  /// The last number in a made id.
  private var number = 0
  private var ids: Set<[UInt8]> = []

  init() {}

  /// Appends what one line says. Throws `.malformed` for what is no JSON object.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    do throws(JSONError) {
      try readLine(json, &events)
    } catch {
      throw .malformed("a line of the stream is not a JSON object: \(error.description)")
    }
    if calls > Self.callsMax { throw .malformed("its message has over \(Self.callsMax) calls") }
  }

  /// What a whole answer says.
  ///
  /// Throws `.malformed` for what is no answer, `.error` for an error object.
  static func whole(_ json: Span<UInt8>) throws(AttemptFailure) -> [ChatEvent] {
    var reader = OllamaAnswerReader()
    var events: [ChatEvent] = []
    let isAnswer: Bool
    do throws(JSONError) {
      isAnswer = try reader.readLine(json, &events)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if case .failed(let error)? = events.last { throw .error(error) }
    if !isAnswer { throw .malformed("the answer has no message") }
    if reader.calls > callsMax { throw .malformed("its message has over \(callsMax) calls") }
    // A server that says nothing of its end has come to it all the same.
    if !reader.hasFinished { events += [.finished(reader.calls > 0 ? .toolCalls : .stop), .ended] }
    return events
  }

  /// The members of a line that say something.
  private struct Parts {
    var message: JSONValue?
    var reason: JSONValue?
    var error: UpstreamError?
    var isDone = false
    var counts = TokenCounts()
  }

  /// False for an object that is no part of an answer.
  @discardableResult
  private mutating func readLine(_ json: Span<UInt8>, _ events: inout [ChatEvent]) throws(JSONError) -> Bool {
    var parts = Parts()
    var members = try MemberCursor(whole: json)
    while let member = try members.next(in: json) {
      if member.keyEquals("message", in: json), member.value.kind == .object { parts.message = member.value }
      if member.keyEquals("done", in: json) { parts.isDone = member.value.kind == .true }
      if member.keyEquals("done_reason", in: json) { parts.reason = member.value }
      if member.keyEquals("prompt_eval_count", in: json) { parts.counts.prompt = ChatStream.count(member, json) }
      if member.keyEquals("eval_count", in: json) { parts.counts.completion = ChatStream.count(member, json) }
      // An empty text is no error, to Ollama's own clients either.
      if member.keyEquals("error", in: json), !member.value.equals("", in: json) {
        parts.error = try UpstreamErrorReader.value(member, json)
      }
    }
    // Nothing follows the end.
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
    if let message = parts.message { try readMessage(message, json, &events) }
    if parts.counts != TokenCounts() { events.append(.usage(parts.counts)) }
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

  /// A call, which nobody can make without a name.
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
      // A server that takes after OpenAI's.
      events.append(.arguments(call: index, text))
    }
    events.append(.callEnded(call: index))
  }

  /// The id that a call has, or one that no other call of the answer has.
  private mutating func id(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText {
    if let id = EscapedText(value), !id.isEmpty, ids.insert(id.unescaped(in: json)).inserted { return id }
    var made: [UInt8] = []
    repeat {
      number += 1
      made = Array("call_\(number)".utf8)
    } while !ids.insert(made).inserted
    return .owned(made)
  }

  private func reason(_ value: JSONValue?, _ json: Span<UInt8>) -> FinishReason {
    if let value, value.equals("length", in: json) { return .length }
    // Not Ollama's own word, but this gateway's where Ollama has none.
    if let value, value.equals("content_filter", in: json) { return .filtered }
    return calls > 0 ? .toolCalls : .stop
  }
}
