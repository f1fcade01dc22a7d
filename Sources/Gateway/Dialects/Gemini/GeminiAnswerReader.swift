/// Reads Gemini's answers, streaming or not, into events. Each event of a stream is an answer with a part of the text.
///
/// Source: Gemini API reference (v1beta), "GenerateContentResponse". There is no end mark: a stream is complete when it
/// has a finish reason.
struct GeminiAnswerReader {
  /// The most bytes of an answer's ID that become part of its tool calls' IDs.
  private static let stemMax = 28

  private var hasBegun = false
  private var hasFinished = false
  private var calls = 0
  private var counts = TokenCounts()
  /// The URLs of the sources that were read. Each part of a stream may repeat those before it.
  private var sources: Set<[UInt8]> = []
  /// The prefix of assigned tool call IDs. It differs for each answer, because clients identify calls by their IDs.
  private var stem: [UInt8] = []
  /// The ID of the request, whose end is the prefix for an answer without an ID.
  private let request: String
  /// The IDs of the tool calls so far, without escapes.
  private var ids: Set<[UInt8]> = []

  /// Creates a reader. `request` is the ID of the request, of which tool calls without an ID get a part, in answers without an ID.
  init(request: String = "") { self.request = request }

  /// Appends the events in the data of one SSE event.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    do throws(JSONError) {
      _ = try readChunk(json, &events)
    } catch {
      throw .malformed("an event of the stream is not JSON: \(error.description)")
    }
  }

  /// Returns the events of a non-streaming answer.
  ///
  /// Throws `.malformed` for other JSON and `.error` for an error object.
  static func whole(_ json: Span<UInt8>, request: String = "") throws(AttemptFailure) -> [ChatEvent] {
    var reader = GeminiAnswerReader(request: request)
    var events: [ChatEvent] = []
    let isAnswer: Bool
    do throws(JSONError) {
      isAnswer = try reader.readChunk(json, &events)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if case .failed(let error)? = events.last { throw .error(error) }
    if !isAnswer { throw .malformed("the answer has no candidates") }
    reader.finish(.stop, &events)
    events.append(.ended)
    return events
  }

  /// The relevant members of an answer.
  private struct Parts {
    var id: EscapedText?
    var candidates: JSONValue?
    var feedback: JSONValue?
    var usage: JSONValue?
    var error: UpstreamError?
  }

  /// Reads an answer and returns false if it has neither candidates nor a reason for their absence.
  private mutating func readChunk(
    _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(JSONError) -> Bool {
    var parts = Parts()
    var members = try MemberCursor(whole: json)
    while let member = try members.next(in: json) {
      if member.keyEquals("responseId", in: json) { parts.id = EscapedText(member.value) }
      if member.keyEquals("candidates", in: json), member.value.kind == .array { parts.candidates = member.value }
      if member.keyEquals("promptFeedback", in: json) { parts.feedback = member.value }
      if member.keyEquals("usageMetadata", in: json), member.value.kind == .object { parts.usage = member.value }
      if member.keyEquals("error", in: json) { parts.error = try Self.error(member, json) }
    }
    if let error = parts.error {
      events.append(.failed(error))
      return false
    }
    let blocked = JSONLists.members(of: parts.feedback, in: json).value("blockReason", in: json)
    let isBlocked = blocked?.kind == .string
    if parts.candidates != nil || parts.usage != nil || isBlocked { begin(parts.id, json, &events) }
    let candidate = Self.first(of: parts.candidates, json)
    if let candidate {
      readContent(candidate.value("content", in: json), json, &events)
      for citation in Citation.sources(ofCandidate: candidate, json) where sources.count < AnswerSequencer.itemsMax
      {
        if sources.insert(citation.url.bytes(in: json)).inserted { events.append(.citation(citation)) }
      }
    }
    if let usage = parts.usage { count(usage, json, &events) }
    if let error = Self.failure(candidate, json) {
      events.append(.failed(error))
      return false
    }
    if let reason = Self.reason(candidate?.value("finishReason", in: json), json) {
      finish(reason, &events)
    } else if isBlocked, candidate == nil {
      finish(.filtered, &events)
    }
    return candidate != nil || isBlocked
  }

  private static func error(_ member: Member, _ json: Span<UInt8>) throws(JSONError) -> UpstreamError? {
    var error = try UpstreamErrorReader.value(member, json)
    let status = JSONLists.members(of: member.value, in: json).value("status", in: json)
    if error?.type == nil, let word = status?.string(in: json) { error?.type = UpstreamErrorReader.clean(word, 64) }
    return error
  }

  /// Returns the members of the first candidate, the only one that was requested.
  private static func first(of candidates: JSONValue?, _ json: Span<UInt8>) -> [Member]? {
    for element in JSONLists.elements(of: candidates, in: json) where element.kind == .object {
      let members = JSONLists.members(of: element, in: json)
      if (members.value("index", in: json)?.integer(in: json) ?? 0) == 0 { return members }
    }
    return nil
  }

  private mutating func begin(_ id: EscapedText?, _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    if hasBegun { return }
    hasBegun = true
    events.append(.began(id: id))
    guard let id else { return }
    for byte in id.bytes(in: json) where stem.count < Self.stemMax {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        stem.append(byte)
      default: break
      }
    }
  }

  // MARK: Parts

  private mutating func readContent(
    _ content: JSONValue?, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) {
    // Parts after the end are ignored.
    if hasFinished { return }
    let parts = JSONLists.members(of: content, in: json).value("parts", in: json)
    for part in JSONLists.elements(of: parts, in: json) {
      readPart(JSONLists.members(of: part, in: json), json, &events)
    }
  }

  private mutating func readPart(_ part: [Member], _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    var signature = EscapedText(part.value("thoughtSignature", in: json))
    if signature?.isEmpty == true { signature = nil }
    if let call = part.value("functionCall", in: json), call.kind == .object {
      readCall(JSONLists.members(of: call, in: json), signature, json, &events)
      return
    }
    if let text = EscapedText(part.value("text", in: json)), !text.isEmpty {
      let isThought = part.value("thought", in: json)?.kind == .true
      events.append(isThought ? .thinking(text) : .text(text))
    } else if let data = part.value("inlineData", in: json) {
      readImage(JSONLists.members(of: data, in: json), json, &events)
    }
    if let signature { events.append(.signature(signature)) }
  }

  private mutating func readCall(
    _ fields: [Member], _ signature: EscapedText?, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) {
    let call = calls
    calls += 1
    var id = EscapedText(fields.value("id", in: json)) ?? .owned([])
    if id.isEmpty || !ids.insert(id.unescaped(in: json)).inserted {
      if stem.isEmpty { stem = ToolCallTable.stem(ofRequest: request) }
      id = .owned(ToolCallTable.assignedID(stem: stem, Int64(call)))
    }
    let name = EscapedText(fields.value("name", in: json)) ?? .owned([])
    events.append(.callBegan(call: call, id: id, name: name))
    if let args = fields.value("args", in: json), args.kind == .object {
      var compact: [UInt8] = []
      CompactJSON.append(json.bytes(args.slice), to: &compact)
      events.append(.arguments(call: call, EscapedText(escaping: compact.span)))
    }
    if let signature { events.append(.signature(signature)) }
    events.append(.callEnded(call: call))
  }

  private func readImage(_ fields: [Member], _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    guard let type = fields.value("mimeType", in: json), let kind = type.unescaped(in: json),
      kind.span.hasPrefix("image/", at: 0, before: kind.count), let media = EscapedText(type),
      let base64 = EscapedText(fields.value("data", in: json)), !base64.isEmpty
    else { return }
    events.append(.image(media: media, base64: base64))
  }

  // MARK: Counts and the end

  private mutating func count(_ usage: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    var later = TokenCounts()
    var tools: Int?
    var answerTokens: Int?
    for field in JSONLists.members(of: usage, in: json) {
      if field.keyEquals("promptTokenCount", in: json) { later.prompt = ChatStream.count(field, json) }
      if field.keyEquals("toolUsePromptTokenCount", in: json) { tools = ChatStream.count(field, json) }
      if field.keyEquals("cachedContentTokenCount", in: json) { later.cached = ChatStream.count(field, json) }
      if field.keyEquals("candidatesTokenCount", in: json) { answerTokens = ChatStream.count(field, json) }
      if field.keyEquals("thoughtsTokenCount", in: json) { later.thinking = ChatStream.count(field, json) }
    }
    // The prompt's count does not include tokens from Google's own tools.
    if let prompt = later.prompt, let tools { later.prompt = min(Usage.tokensMax, prompt + tools) }
    // The candidate's count does not include thinking.
    if answerTokens != nil || later.thinking != nil {
      later.completion = min(Usage.tokensMax, (answerTokens ?? 0) + (later.thinking ?? 0))
    }
    let before = counts
    counts.merge(later)
    if counts != before { events.append(.usage(counts)) }
  }

  private mutating func finish(_ reason: FinishReason, _ events: inout [ChatEvent]) {
    if hasFinished { return }
    hasFinished = true
    events.append(.finished(reason == .stop && calls > 0 ? .toolCalls : reason))
  }

  /// Returns the error that a candidate's reason to finish means, or `nil`: the model's output was not usable.
  private static func failure(_ candidate: [Member]?, _ json: Span<UInt8>) -> UpstreamError? {
    guard let candidate, let reason = candidate.value("finishReason", in: json) else { return nil }
    for word in failures where reason.equals(word, in: json) {
      let message = candidate.value("finishMessage", in: json)?.string(in: json) ?? ""
      let type = String(describing: word)
      let shown = message.isEmpty ? "the answer ended with \(type)" : message
      return UpstreamError(message: UpstreamErrorReader.clean(shown, UpstreamErrorReader.messageMax), type: type)
    }
    return nil
  }

  private static let failures: [StaticString] = [
    "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
  ]

  /// Returns the meaning of a `finishReason`, or `nil` if there is none yet.
  private static func reason(_ value: JSONValue?, _ json: Span<UInt8>) -> FinishReason? {
    guard let value, value.kind == .string else { return nil }
    // All known reasons are shorter.
    switch value.slice.count <= 64 ? value.string(in: json) ?? "" : "OTHER" {
    case "", "FINISH_REASON_UNSPECIFIED": return nil
    case "MAX_TOKENS", "CONTINUATION": return .length
    case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
      "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED":
      return .filtered
    default: return .stop
    }
  }
}
