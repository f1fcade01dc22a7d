/// Writes an answer in Gemini's format: the events of a stream, the elements of a streamed array, or a non-streaming
/// answer.
///
/// Source: Gemini API reference (v1beta), "GenerateContentResponse". Google's Python client requires `data: ` with
/// exactly one space and fails on comments, event names, and end marks, so there are none. A tool call is written when
/// it is complete.
struct GeminiAnswerWriter {
  /// The form of a stream: SSE events with `alt=sse`, or else one JSON array.
  enum Form { case events, array }

  /// The most bytes of tool calls that are held until they are complete.
  private static let heldMax = SSEReader.eventBytesMax

  private struct OpenCall {
    var id: [UInt8]
    var name: [UInt8]
    var arguments: [UInt8] = []
    var signature: [UInt8] = []
    var isTooLong = false
  }

  private let form: Form
  private let modelToken: [UInt8]
  /// The answer's ID, escaped.
  private var id: [UInt8]
  private var hasWritten = false
  private var open: [Int: OpenCall] = [:]
  private var held = 0
  /// The tool call to which a signature would belong.
  private var newest: Int?
  /// A signature that may be incomplete.
  private var signature: [UInt8] = []
  private var reason = FinishReason.stop
  private var hasBadCall = false
  /// The sources of the text: elements of a list.
  private var sources: [UInt8] = []

  init(_ label: AnswerMetadata, form: Form = .events) {
    self.form = form
    modelToken = label.modelToken
    id = Self.id(of: label)
  }

  // MARK: Streams

  /// Appends one event.
  mutating func write(_ event: ChatEvent, _ json: Span<UInt8>, to out: inout [UInt8]) {
    switch event {
    case .signature(let piece): return sign(piece, json)
    case .usage, .redactedThinking, .logprobs, .failed, .ended: return
    case .citation(let citation):
      if sources.count + citation.textBytes <= Self.heldMax {
        Self.append(citation, json, to: &sources)
      }
      return
    default: writeSignature(to: &out)
    }
    switch event {
    case .began(let given): if let given, !given.isEmpty { id = given.bytes(in: json) }
    case .text(let text), .refusal(let text):
      newest = nil
      writeChunk(to: &out) { Self.append(text: text.bytes(in: json), to: &$0) }
    case .thinking(let text):
      newest = nil
      writeChunk(to: &out) { Self.append(thinking: text.bytes(in: json), signature: [], to: &$0) }
    case .image(let media, let base64):
      newest = nil
      writeChunk(to: &out) { Self.append(image: media.bytes(in: json), base64.bytes(in: json), to: &$0) }
    case .callBegan(let call, let id, let name):
      let begun = OpenCall(id: id.bytes(in: json), name: name.bytes(in: json))
      held += begun.id.count + begun.name.count
      open[call] = begun
      newest = call
    case .arguments(let call, let piece): add(piece, json, to: call)
    case .callEnded(let call): end(call: call, to: &out)
    case .finished(let why): reason = why
    case .signature, .usage, .redactedThinking, .citation, .logprobs, .failed, .ended: break
    }
  }

  /// Appends the last part, with the finish reason and the token counts.
  mutating func end(_ counts: TokenCounts, to out: inout [UInt8]) {
    writeSignature(to: &out)
    beginChunk(to: &out)
    Self.append(text: [], to: &out)
    out.append("],\"role\":\"model\"},\"finishReason\":\"")
    out.append(Self.finishReason(reason, hasBadCall: hasBadCall))
    out.append("\"")
    Self.append(sources: sources, to: &out)
    out.append(",\"index\":0}],")
    Self.append(counts, to: &out)
    endChunk(to: &out)
    if form == .array { out.append("]") }
  }

  /// Appends what precedes the error that breaks off the stream.
  func breakOff(to out: inout [UInt8]) {
    if form == .array { out.append(hasWritten ? ",\r\n" : "[") }
  }

  private mutating func writeChunk(to out: inout [UInt8], _ part: (inout [UInt8]) -> Void) {
    beginChunk(to: &out)
    part(&out)
    out.append("],\"role\":\"model\"},\"index\":0}]")
    endChunk(to: &out)
  }

  private mutating func beginPiece(to out: inout [UInt8]) {
    switch form {
    case .events: out.append("data: ")
    case .array: out.append(hasWritten ? ",\r\n" : "[")
    }
    hasWritten = true
  }

  private mutating func beginChunk(to out: inout [UInt8]) {
    beginPiece(to: &out)
    out.append("{\"candidates\":[{\"content\":{\"parts\":[")
  }

  private func endChunk(to out: inout [UInt8]) {
    Self.append(model: modelToken, id: id, to: &out)
    if form == .events { out.append("\r\n\r\n") }
  }

  // MARK: Tool calls and signatures

  private mutating func add(_ piece: EscapedText, _ json: Span<UInt8>, to call: Int) {
    guard open[call]?.isTooLong == false else { return }
    let bytes = piece.bytes(in: json)
    held += bytes.count
    guard held <= Self.heldMax else {
      open[call]?.isTooLong = true
      return
    }
    open[call]?.arguments += bytes
  }

  private mutating func end(call: Int, to out: inout [UInt8]) {
    guard let ended = open.removeValue(forKey: call) else { return }
    if newest == call { newest = nil }
    held = open.isEmpty ? 0 : held
    let text = ended.arguments.isEmpty ? Array("{}".utf8) : ended.arguments
    guard !ended.isTooLong, let args = CompactJSON.object(in: text) else {
      hasBadCall = true
      return
    }
    writeChunk(to: &out) {
      Self.append(call: ended.id, name: ended.name, args: args, signature: ended.signature, to: &$0)
    }
  }

  /// Holds a signature until it is complete.
  private mutating func sign(_ piece: EscapedText, _ json: Span<UInt8>) {
    let bytes = piece.bytes(in: json)
    guard held + signature.count + bytes.count <= Self.heldMax else { return }
    if let newest {
      held += bytes.count
      open[newest]?.signature += bytes
    } else {
      signature += bytes
    }
  }

  private mutating func writeSignature(to out: inout [UInt8]) {
    if signature.isEmpty { return }
    let whole = signature
    signature = []
    if !Self.isValid(whole) { return }
    writeChunk(to: &out) { Self.append(thinking: [], signature: whole, to: &$0) }
  }

  private static func isValid(_ signature: [UInt8]) -> Bool {
    GeminiSignature.isValid(EscapedText.owned(signature).unescaped(in: signature.span).span)
  }

  // MARK: Whole answers

  /// Returns a non-streaming answer.
  static func whole(_ answer: Answer, _ counts: TokenCounts, _ label: AnswerMetadata) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"candidates\":[{\"content\":{\"parts\":[")
    var hasBadCall = false
    var isEmpty = true
    for block in answer.blocks {
      let start = out.count
      if !isEmpty { out.append(",") }
      if append(block, to: &out) {
        isEmpty = false
        continue
      }
      out.removeSubrange(start...)
      if case .toolCall = block { hasBadCall = true }
    }
    if isEmpty { append(text: [], to: &out) }
    out.append("],\"role\":\"model\"},\"finishReason\":\"")
    out.append(finishReason(answer.reason ?? .stop, hasBadCall: hasBadCall))
    out.append("\"")
    let nothing: [UInt8] = []
    var sources: [UInt8] = []
    for citation in answer.allNotes.citations { append(citation, nothing.span, to: &sources) }
    append(sources: sources, to: &out)
    out.append(",\"index\":0}],")
    append(counts, to: &out)
    let id = answer.id.isEmpty ? self.id(of: label) : answer.id
    append(model: label.modelToken, id: id, to: &out)
    return out
  }

  /// Appends a block and returns false if the dialect cannot express it.
  private static func append(_ block: Answer.Block, to out: inout [UInt8]) -> Bool {
    switch block {
    case .text(let text), .refusal(let text): append(text: text, to: &out)
    case .thinking(let text, let signature):
      let signature = isValid(signature) ? signature : []
      if text.isEmpty, signature.isEmpty { return false }
      append(thinking: text, signature: signature, to: &out)
    case .redactedThinking: return false
    case .image(let media, let base64): append(image: media, base64, to: &out)
    case .toolCall(let id, let name, let arguments, let signature):
      guard let args = CompactJSON.object(in: arguments) else { return false }
      append(call: id, name: name, args: args, signature: signature, to: &out)
    }
    return true
  }

  // MARK: Parts

  private static func append(_ citation: Citation, _ json: Span<UInt8>, to sources: inout [UInt8]) {
    if !sources.isEmpty { sources.append(",") }
    citation.appendGroundingChunk(to: &sources, from: json)
  }

  private static func append(sources: [UInt8], to out: inout [UInt8]) {
    if sources.isEmpty { return }
    out.append(",\"groundingMetadata\":{\"groundingChunks\":[")
    out += sources
    out.append("]}")
  }

  private static func append(text: [UInt8], to out: inout [UInt8]) {
    out.append("{\"text\":\"")
    out.append(contentsOf: text)
    out.append("\"}")
  }

  private static func append(thinking text: [UInt8], signature: [UInt8], to out: inout [UInt8]) {
    out.append("{\"text\":\"")
    out.append(contentsOf: text)
    out.append("\",\"thought\":true")
    append(signature: signature, to: &out)
    out.append("}")
  }

  private static func append(image media: [UInt8], _ base64: [UInt8], to out: inout [UInt8]) {
    out.append("{\"inlineData\":{\"mimeType\":\"")
    out.append(contentsOf: media)
    out.append("\",\"data\":\"")
    out.append(contentsOf: base64)
    out.append("\"}}")
  }

  private static func append(
    call id: [UInt8], name: [UInt8], args: [UInt8], signature: [UInt8], to out: inout [UInt8]
  ) {
    out.append("{\"functionCall\":{")
    if !id.isEmpty {
      out.append("\"id\":\"")
      out.append(contentsOf: id)
      out.append("\",")
    }
    out.append("\"name\":\"")
    out.append(contentsOf: name)
    out.append("\",\"args\":")
    out.append(contentsOf: args)
    out.append("}")
    if isValid(signature) { append(signature: signature, to: &out) }
    out.append("}")
  }

  private static func append(signature: [UInt8], to out: inout [UInt8]) {
    if signature.isEmpty { return }
    out.append(",\"thoughtSignature\":\"")
    out.append(contentsOf: signature)
    out.append("\"")
  }

  /// Returns an ID for an answer without one.
  private static func id(of label: AnswerMetadata) -> [UInt8] {
    var id: [UInt8] = []
    var text = label.requestID
    text.makeContiguousUTF8()
    Writer.appendEscaped(text.utf8.span, to: &id)
    return id
  }

  private static func append(_ counts: TokenCounts, to out: inout [UInt8]) {
    let (prompt, completion) = (counts.prompt ?? 0, counts.completion ?? 0)
    let thoughts = min(counts.thinking ?? 0, completion)
    out.append("\"usageMetadata\":{")
    Writer.member("promptTokenCount", prompt, to: &out)
    Writer.member("candidatesTokenCount", completion - thoughts, to: &out)
    Writer.member("totalTokenCount", prompt + completion, to: &out)
    if let cached = counts.cached, cached > 0 { Writer.member("cachedContentTokenCount", cached, to: &out) }
    if thoughts > 0 { Writer.member("thoughtsTokenCount", thoughts, to: &out) }
    out.append("}")
  }

  private static func append(model: [UInt8], id: [UInt8], to out: inout [UInt8]) {
    out.append(",\"modelVersion\":")
    out.append(contentsOf: model)
    out.append(",\"responseId\":\"")
    out.append(contentsOf: id)
    out.append("\"}")
  }

  /// Returns the finish reason. `hasBadCall` means that a tool call had arguments that are not an object, which this
  /// dialect cannot express.
  private static func finishReason(_ reason: FinishReason, hasBadCall: Bool) -> StaticString {
    switch reason {
    case .length: "MAX_TOKENS"
    case .filtered, .refused: "SAFETY"
    case .stop, .toolCalls: hasBadCall ? "MALFORMED_FUNCTION_CALL" : "STOP"
    }
  }
}
