/// Reads OpenAI chat completions, streaming or not, into events.
///
/// Only the first choice is read. Beside OpenAI's own fields it reads extensions of other servers: thinking
/// (`reasoning_content` of DeepSeek, llama.cpp, and vLLM, `reasoning` of OpenRouter, `thinking`), its signatures
/// (`thinking_blocks` of LiteLLM, `reasoning_details` of OpenRouter), and images (`images` of OpenRouter).
///
/// Source: OpenAI API reference, "The chat completion object" and "The chat completion chunk object"; the API
/// references of the servers named.
struct CompletionsAnswerReader {
  private var hasBegun = false
  private var isFinished = false
  private var hasRefused = false
  private var counts = TokenCounts()
  private var calls: CompletionsToolCalls

  /// Creates a reader. `request` is the ID of the request, of which tool calls without an ID get a part.
  init(request: String = "") { calls = CompletionsToolCalls(request: request) }

  // MARK: Streams

  /// Appends the events in the data of one SSE event.
  ///
  /// Throws `.malformed` if the data is not a chunk, or if parts of tool calls do not fit together.
  mutating func read(_ json: Span<UInt8>, into events: inout [ChatEvent]) throws(AttemptFailure) {
    if json.equals("[DONE]") {
      // `[DONE]` finishes a stream that has no finish reason.
      if hasBegun { finish(.stop, &events) }
      events.append(.ended)
      return
    }
    let chunk: Chunk
    do throws(JSONError) {
      // Some servers send empty data as a keep-alive.
      if Scanner.skip(in: json, from: 0) == json.count { return }
      chunk = try Chunk(json)
    } catch {
      throw .malformed("an event of the stream is not JSON: \(error.description)")
    }
    if let error = chunk.error { return events.append(.failed(error)) }
    if let choice = try chunk.choice(json) {
      begin(chunk.id, &events)
      let fields = JSONLists.members(of: choice, in: json)
      if !isFinished {
        readLogprobs(fields, of: "delta", json, &events)
        try readMessage(fields.value("delta", in: json), isWhole: false, json, &events)
      }
      let finishReason = fields.value("finish_reason", in: json)
      if let error = try Self.error(of: fields, finishReason, json) { return events.append(.failed(error)) }
      if let reason = Self.reason(finishReason, json) { finish(reason, &events) }
      count(fields.value("usage", in: json), json, &events)
    }
    count(chunk.usage, json, &events)
  }

  private mutating func begin(_ id: EscapedText?, _ events: inout [ChatEvent]) {
    if hasBegun { return }
    hasBegun = true
    events.append(.began(id: id.flatMap { $0.isEmpty ? nil : $0 }))
  }

  private mutating func finish(_ reason: FinishReason, _ events: inout [ChatEvent]) {
    if isFinished { return }
    isFinished = true
    calls.end(&events)
    // Some servers send `stop` after tool calls.
    let isStop = reason == .stop
    events.append(.finished(isStop && !calls.isEmpty ? .toolCalls : isStop && hasRefused ? .refused : reason))
  }

  // MARK: Whole answers

  /// Returns the events of a non-streaming completion.
  ///
  /// Throws `.malformed` for other JSON and `.error` for an error object.
  static func whole(_ json: Span<UInt8>, request: String = "") throws(AttemptFailure) -> [ChatEvent] {
    let answer: Chunk
    do throws(JSONError) {
      answer = try Chunk(json)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let error = answer.error { throw .error(error) }
    guard let choice = try answer.choice(json) else { throw .malformed("the answer has no choices") }
    var reader = CompletionsAnswerReader(request: request)
    var events: [ChatEvent] = []
    reader.begin(answer.id, &events)
    let fields = JSONLists.members(of: choice, in: json)
    if let error = try error(of: fields, fields.value("finish_reason", in: json), json) { throw .error(error) }
    reader.readLogprobs(fields, of: "message", limit: ResponsesOutput.bytesMax, json, &events)
    try reader.readMessage(fields.value("message", in: json), isWhole: true, json, &events)
    reader.calls.end(&events)
    reader.count(fields.value("usage", in: json), json, &events)
    reader.count(answer.usage, json, &events)
    reader.finish(reason(fields.value("finish_reason", in: json), json) ?? .stop, &events)
    events.append(.ended)
    return events
  }

  // MARK: Parts

  /// The relevant members of a chunk or of a completion.
  private struct Chunk {
    var id: EscapedText?
    var choices: JSONValue?
    var usage: JSONValue?
    var error: UpstreamError?

    init(_ json: Span<UInt8>) throws(JSONError) {
      var isError = false
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        if member.keyEquals("id", in: json) { id = EscapedText(member.value) }
        if member.keyEquals("choices", in: json), member.value.kind == .array { choices = member.value }
        if member.keyEquals("usage", in: json), member.value.kind == .object { usage = member.value }
        if member.keyEquals("error", in: json) { error = try UpstreamErrorReader.value(member, json) ?? error }
        if member.keyEquals("error_message", in: json), member.value.filledString != nil {
          error = try UpstreamErrorReader.value(member, json) ?? error
        }
        if member.keyEquals("object", in: json) { isError = member.value.equals("error", in: json) }
      }
      // Errors of earlier vLLM versions are top-level objects.
      if isError, error == nil { error = UpstreamErrorReader.whole(json) }
    }

    /// Returns the choice with index 0, or the first choice if it has no index.
    func choice(_ json: Span<UInt8>) throws(AttemptFailure) -> JSONValue? {
      guard let choices else { return nil }
      if choices.elements > ChatStream.choicesMax { throw .malformed("a chunk has \(choices.elements) choices") }
      for (position, element) in JSONLists.elements(of: choices, in: json).enumerated()
      where element.kind == .object {
        let told = JSONLists.members(of: element, in: json).value("index", in: json)?.integer(in: json)
        if told ?? Int64(position) == 0 { return element }
      }
      return nil
    }
  }

  private mutating func readMessage(
    _ message: JSONValue?, isWhole: Bool, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    var thought: EscapedText?
    var blocks: JSONValue?
    var content: JSONValue?
    var refusal: EscapedText?
    var images: JSONValue?
    var toolCalls: JSONValue?
    var functionCall: JSONValue?
    var annotations: JSONValue?
    for member in JSONLists.members(of: message, in: json) where member.value.kind != .null {
      let value = member.value
      if member.keyEquals("content", in: json) {
        content = value
      } else if member.keyEquals("tool_calls", in: json) {
        toolCalls = value
      } else if member.keyEquals("reasoning_content", in: json) || member.keyEquals("reasoning", in: json)
        || member.keyEquals("thinking", in: json)
      {
        // A server may send the same thinking under two names.
        if let text = EscapedText(value), !text.isEmpty { thought = text }
      } else if member.keyEquals("thinking_blocks", in: json) || member.keyEquals("reasoning_details", in: json) {
        if value.kind == .array, value.elements > 0 { blocks = value }
      } else if member.keyEquals("refusal", in: json) {
        refusal = EscapedText(value)
      } else if member.keyEquals("images", in: json) {
        images = value
      } else if member.keyEquals("function_call", in: json), value.kind == .object {
        functionCall = value
      } else if member.keyEquals("annotations", in: json) {
        annotations = value
      }
    }
    for part in CompletionsParts.thinking(plain: thought, blocks, json) { Self.append(part, &events) }
    Self.readContent(content, json, &events)
    if let refusal, !refusal.isEmpty {
      hasRefused = true
      events.append(.refusal(refusal))
    }
    for annotation in JSONLists.elements(of: annotations, in: json) {
      if let citation = Citation(annotation, json) { events.append(.citation(citation)) }
    }
    for image in JSONLists.elements(of: images, in: json) { Self.readImage(image, json, &events) }
    let parts = JSONLists.elements(of: toolCalls, in: json)
    for (position, part) in parts.enumerated() {
      try calls.read(part, at: position, of: parts.count, isWhole: isWhole, json, &events)
    }
    // The older form, with a single call. Some servers send both.
    if toolCalls == nil, let functionCall { try calls.readFunction(functionCall, json, &events) }
  }

  /// Reads the log probabilities of a choice, unless its tokens are thinking or a tool call.
  private func readLogprobs(
    _ choice: [Member], of message: StaticString, limit: Int = TokenLogprobs.heldBytesMax, _ json: Span<UInt8>,
    _ events: inout [ChatEvent]
  ) {
    guard let logprobs = choice.value("logprobs", in: json), logprobs.kind == .object,
      let text = JSONLists.members(of: choice.value(message, in: json), in: json).value("content", in: json),
      text.filledString != nil
    else { return }
    let list = JSONLists.members(of: logprobs, in: json).value("content", in: json)
    let elements = TokenLogprobs.elements(of: list, json, limit: limit)
    if !elements.isEmpty { events.append(.logprobs(elements)) }
  }

  /// Returns the error of a choice, or `nil`. It is an object, and some servers only finish with the reason `error`.
  private static func error(
    of choice: [Member], _ finishReason: JSONValue?, _ json: Span<UInt8>
  ) throws(AttemptFailure) -> UpstreamError? {
    do throws(JSONError) {
      for member in choice where member.keyEquals("error", in: json) {
        if let error = try UpstreamErrorReader.value(member, json) { return error }
      }
    } catch {
      throw .malformed("an event of the stream is not JSON: \(error.description)")
    }
    return UpstreamErrorReader.finish(finishReason, json)
  }

  private static func append(_ part: Conversation.Part, _ events: inout [ChatEvent]) {
    switch part {
    case .text(let text): events.append(.text(text))
    case .thinking(let text, let signature):
      if !text.isEmpty { events.append(.thinking(text)) }
      if let signature { events.append(.signature(signature)) }
    case .redactedThinking(let data): events.append(.redactedThinking(data))
    case .image, .file, .toolCall, .toolResult, .cacheControl: break
    }
  }

  /// Reads content that is a text, or a list of parts as Mistral sends it.
  private static func readContent(_ content: JSONValue?, _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    if let text = EscapedText(content) {
      if !text.isEmpty { events.append(.text(text)) }
      return
    }
    for element in JSONLists.elements(of: content, in: json) {
      let part = JSONLists.members(of: element, in: json)
      if part.value("thinking", in: json) != nil {
        for block in CompletionsParts.thinking(part, json) { append(block, &events) }
      } else if let text = EscapedText(part.value("text", in: json)) {
        if !text.isEmpty { events.append(.text(text)) }
      } else {
        readImage(element, json, &events)
      }
    }
  }

  private static func readImage(_ value: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    let url = JSONLists.members(of: value, in: json).value("image_url", in: json)
    do throws(CompletionsImage.Fault) {
      guard case .data(let media, let base64) = try CompletionsImage.read(url, json) else { return }
      events.append(.image(media: media, base64: base64))
    } catch {
      // Other parts are skipped, like all unknown fields.
    }
  }

  /// Returns the meaning of a `finish_reason`, including values of Mistral and other servers, or `nil` for none.
  private static func reason(_ value: JSONValue?, _ json: Span<UInt8>) -> FinishReason? {
    guard let value, value.kind == .string, value.slice.count > 2 else { return nil }
    if value.slice.count > 64 { return .stop }
    return switch value.string(in: json) {
    case "length", "max_tokens", "model_length", "insufficient_system_resource": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter", "safety", "sensitive", "refusal": .filtered
    default: .stop
    }
  }

  private mutating func count(_ usage: JSONValue?, _ json: Span<UInt8>, _ events: inout [ChatEvent]) {
    guard let usage, usage.kind == .object else { return }
    // The text was checked as a whole, so this does not fail.
    guard var later = try? CompletionsUsage(usage.slice, in: json).counts else { return }
    // Some servers count up, and some omit a count at the end.
    later.prompt = later.prompt.map { max($0, counts.prompt ?? 0) }
    later.completion = later.completion.map { max($0, counts.completion ?? 0) }
    counts.merge(later)
    if counts != TokenCounts() { events.append(.usage(counts)) }
  }
}
