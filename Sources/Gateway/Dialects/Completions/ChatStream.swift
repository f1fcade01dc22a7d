/// Relays the chunks of an OpenAI chat completion stream, and repairs only what breaks the contract.
///
/// Valid chunks pass unchanged except for the model's name. The contract is what official SDKs and agents accept:
/// - `id`, `object`, `created`, and `model` do not change, and `choices` is an array.
/// - Choices and tool calls have an `index`. A choice's first delta has `role` and `content`.
/// - `finish_reason` is null until it has exactly one value. Tool arguments are never null.
/// - Requested usage has `total_tokens` and is sent once, without choices, because clients add up the counts.
struct ChatStream {
  /// The result of relaying one event.
  enum Verdict: Equatable {
    /// No visible output: a role, an empty delta, or a usage chunk.
    case silent
    /// Text, a tool call, or a finish reason.
    case visible
    /// `[DONE]`.
    case done
  }

  /// The caller's name of the model as a JSON string.
  let modelToken: [UInt8]
  /// Whether the stream completes a text, and its choices have a text instead of a delta.
  let isCompletion: Bool
  let wantsUsage: Bool
  /// Whether the caller also requested counts in chunks with choices.
  private let wantsRunningUsage: Bool

  /// The upstream's token counts, merged over its chunks.
  private(set) var usage: Usage?
  /// The bytes of text and arguments relayed so far.
  private(set) var textBytes = 0
  private(set) var hasToolCalls = false
  /// The choices that started and those that finished, as bits by index.
  private(set) var started: UInt64 = 0
  private(set) var finished: UInt64 = 0
  var sentUsage = false
  /// The last usage in a chunk with choices, held until the end.
  private(set) var heldUsage: (json: [UInt8], usage: Usage)?
  /// The values for chunks that lack them, taken from the first chunk that has them.
  private(set) var id: [UInt8]
  private(set) var created: [UInt8]
  private var edits = Splice()
  private var toolCalls: ToolCallMender
  /// Whether usage before the end of every choice waits for the end, because more may follow.
  var holdsEarlyUsage = false

  /// The highest index of choices that are tracked. Chunks with others pass without repair.
  private static let indexMax: Int64 = 63
  /// The most choices in a chunk or an answer. Callers cannot request as many.
  static let choicesMax = 128
  /// The most bytes of an `id` or `created` that is copied into chunks without one.
  private static let adoptedBytesMax = 256
  /// The most bytes of a held usage that is relayed with all its details.
  private static let heldBytesMax = 4096

  init(
    modelToken: [UInt8], wantsUsage: Bool, wantsRunningUsage: Bool = false, id: String, created: UInt64,
    isCompletion: Bool = false, request: String = ""
  ) {
    toolCalls = ToolCallMender(request: request)
    self.modelToken = modelToken
    self.isCompletion = isCompletion
    self.wantsUsage = wantsUsage
    self.wantsRunningUsage = wantsRunningUsage
    self.id = Writer.string((isCompletion ? "cmpl-" : "chatcmpl-") + id)
    self.created = Array(String(created).utf8)
  }

  /// The `object` of each event.
  var object: StaticString { isCompletion ? "text_completion" : "chat.completion.chunk" }

  /// The number of finished choices.
  var finishedCount: Int { finished.nonzeroBitCount }

  /// Whether every choice that started has finished.
  var isFinished: Bool { started != 0 && started & ~finished == 0 }

  /// Appends one event as `data: …` and an empty line.
  mutating func take(_ data: Span<UInt8>, into out: inout [UInt8]) throws(AttemptFailure) -> Verdict {
    if data.equals("[DONE]") { return .done }
    edits.removeAll()
    var chunk = Chunk()
    let before = (started, finished, textBytes, toolCalls.table.calls.count)
    do throws(JSONError) {
      try read(data, &chunk)
    } catch {
      // The caller may mend the event, and then it is read again.
      (started, finished, textBytes, _) = before
      toolCalls.truncate(to: before.3)
      throw .malformed("an event of the stream is not JSON: \(error.description)")
    }
    if let error = chunk.error { throw .error(error) }
    if chunk.choices > Self.choicesMax { throw .malformed("a chunk has \(chunk.choices) choices") }
    if chunk.isOnlyUsage {
      if !wantsUsage { return .silent }
      // Callers add up the counts, so they are sent once.
      if holdsEarlyUsage, !wantsRunningUsage, sentUsage || !isFinished {
        placeUsage(chunk, data)
        return .silent
      }
      sentUsage = true
    }
    addMissing(chunk)
    placeUsage(chunk, data)
    out.append("data: ")
    let start = out.count
    edits.apply(to: data, into: &out)
    // A line end between JSON tokens would end the event's data, so it becomes a space.
    for index in start..<out.count where out[index] == 0x0a || out[index] == 0x0d { out[index] = 0x20 }
    out.append("\n\n")
    return chunk.isVisible ? .visible : .silent
  }

  // MARK: One chunk

  /// The properties that were found in a chunk.
  private struct Chunk {
    var brace = 0
    var hasID = false
    var hasObject = false
    var hasCreated = false
    var hasModel = false
    var hasChoices = false
    var choices = 0
    var usage: Usage?
    /// The member that holds the usage, and whether it has a total.
    var usageMember: Member?
    var hasTotal = false
    var isVisible = false
    var error: UpstreamError?

    var isOnlyUsage: Bool { choices == 0 && usage != nil }
  }

  /// Reads a chunk and records the edits.
  ///
  /// Of repeated `id`, `created`, and `model` members only the first is kept. A replacement may be longer, and the
  /// number of members must not make a chunk grow.
  private mutating func read(_ json: Span<UInt8>, _ chunk: inout Chunk) throws(JSONError) {
    var members = try MemberCursor(whole: json)
    chunk.brace = members.offset - 1
    while let member = try members.next(in: json) {
      if member.keyEquals("choices", in: json) {
        chunk.hasChoices = true
        if member.value.kind == .array {
          chunk.choices = max(chunk.choices, Int(member.value.elements))
          if chunk.choices > Self.choicesMax { continue }
          try readChoices(member.value.slice, json, &chunk)
        } else {
          edits.replace(member, with: "[]".utf8.span)
        }
      } else if member.keyEquals("model", in: json) {
        if chunk.hasModel {
          edits.remove(member)
        } else if !json.bytes(member.value.slice).equals(modelToken.span) {
          replace(member, with: modelToken)
        }
        chunk.hasModel = true
      } else if member.keyEquals("id", in: json) {
        if chunk.hasID {
          edits.remove(member)
        } else if member.value.kind != .string || (started != 0 && member.value.filledString == nil) {
          replace(member, with: id)
        } else if started == 0, member.value.slice.count <= Self.adoptedBytesMax {
          id.removeAll(keepingCapacity: true)
          id.append(json.bytes(member.value.slice))
        }
        chunk.hasID = true
      } else if member.keyEquals("created", in: json) {
        if chunk.hasCreated {
          edits.remove(member)
        } else if let whole = ChatTime.seconds(member.value, json) {
          if started == 0, whole.count <= Self.adoptedBytesMax {
            created.removeAll(keepingCapacity: true)
            created.append(json.bytes(whole))
          }
          if whole.count < member.value.slice.count { replace(member, with: created) }
        } else {
          replace(member, with: created)
        }
        chunk.hasCreated = true
      } else if member.keyEquals("object", in: json) {
        if chunk.hasObject {
          edits.remove(member)
        } else if started != 0, member.value.filledString == nil {
          edits.replace(member, with: "\"\(object)\"".utf8.span)
        } else if member.value.equals("error", in: json) {
          chunk.error = UpstreamErrorReader.whole(json)
        }
        chunk.hasObject = true
      } else if member.keyEquals("usage", in: json) {
        if let read = try readUsage(member, json, &chunk) { chunk.usage = read }
        if !wantsUsage || chunk.usageMember != nil {
          edits.remove(member)
        } else if member.value.kind == .object {
          chunk.usageMember = member
        }
      } else if member.keyEquals("error", in: json) {
        chunk.error = try UpstreamErrorReader.value(member, json) ?? chunk.error
      } else if member.keyEquals("error_message", in: json), member.value.filledString != nil {
        chunk.error = try UpstreamErrorReader.value(member, json) ?? chunk.error
      }
    }
  }

  private mutating func addMissing(_ chunk: Chunk) {
    if !chunk.hasID { insert("id", id, chunk.brace) }
    if !chunk.hasObject { insert("object", "\"\(object)\"", chunk.brace) }
    if !chunk.hasCreated { insert("created", created, chunk.brace) }
    if !chunk.hasModel { insert("model", modelToken, chunk.brace) }
    if !chunk.hasChoices { insert("choices", "[]", chunk.brace) }
  }

  // The replacements are parameters, because a span of one property would block changes to all others.

  private mutating func insert(_ key: String, _ json: [UInt8], _ brace: Int) {
    edits.insert(key, json.span, intoObjectAt: brace)
  }

  private mutating func replace(_ member: Member, with json: [UInt8]) { edits.replace(member, with: json.span) }

  private mutating func insert(_ key: String, _ json: String, _ brace: Int) {
    edits.insert(key, json.utf8.span, intoObjectAt: brace)
  }

  /// Holds usage in a chunk with choices until the end; adds a missing total to other usage.
  private mutating func placeUsage(_ chunk: Chunk, _ json: Span<UInt8>) {
    guard wantsUsage, let member = chunk.usageMember, let usage = chunk.usage else { return }
    if chunk.choices > 0 || !sentUsage, !wantsRunningUsage {
      edits.remove(member)
      let isKept = chunk.hasTotal && member.value.slice.count <= Self.heldBytesMax
      guard isKept else { return heldUsage = nil }
      var held: [UInt8] = []
      held.append(json.bytes(member.value.slice))
      for index in held.indices where held[index] == 0x0a || held[index] == 0x0d { held[index] = 0x20 }
      heldUsage = (held, usage)
    } else if !chunk.hasTotal {
      insert("total_tokens", String(usage.total), Int(member.value.slice.start))
    }
  }

  private mutating func readUsage(
    _ member: Member, _ json: Span<UInt8>, _ chunk: inout Chunk
  ) throws(JSONError) -> Usage? {
    guard member.value.kind == .object else { return nil }
    let read = try CompletionsUsage(member.value.slice, in: json)
    var merged = read.counts.usage ?? Usage(prompt: 0, completion: 0, source: .reported)
    if let usage { merged.merge(usage) }
    usage = merged
    if chunk.usageMember == nil { chunk.hasTotal = read.hasTotal }
    return merged
  }

  /// Returns a plausible number of tokens, or `nil` if the value is not an integer.
  static func count(_ field: Member, _ json: Span<UInt8>) -> Int? {
    guard let value = field.value.integer(in: json) else { return nil }
    return Int(max(0, min(value, Int64(Usage.tokensMax))))
  }

  private mutating func readChoices(_ array: Slice, _ json: Span<UInt8>, _ chunk: inout Chunk) throws(JSONError) {
    var elements = try ArrayCursor(in: json, at: Int(array.start), depth: 2)
    var position: Int64 = 0
    while let element = try elements.next(in: json) {
      if element.kind == .object { try readChoice(Int(element.slice.start), position, json, &chunk) }
      position += 1
    }
  }

  private mutating func readChoice(
    _ brace: Int, _ position: Int64, _ json: Span<UInt8>, _ chunk: inout Chunk
  ) throws(JSONError) {
    var index: Member?
    var delta: Member?
    var finish: Member?
    var error: UpstreamError?
    var fields = try MemberCursor(in: json, at: brace, depth: 3)
    while let field = try fields.next(in: json) {
      if field.keyEquals("index", in: json) { index = field }
      if field.keyEquals("delta", in: json) { delta = field }
      if field.keyEquals("finish_reason", in: json) { finish = field }
      if field.keyEquals("error", in: json) { error = try UpstreamErrorReader.value(field, json) }
      if isCompletion, field.keyEquals("text", in: json) { see(field, &chunk) }
    }
    let told = index?.value.integer(in: json)
    let number = told ?? position
    if told == nil { edits.mend("index", index, String(number), brace) }
    guard number >= 0, number <= Self.indexMax else {
      chunk.isVisible = true
      return
    }
    let bit: UInt64 = 1 << UInt64(number)
    if let delta, delta.value.kind == .object {
      try readDelta(Int(delta.value.slice.start), choice: number, isFirst: started & bit == 0, json, &chunk)
    } else if !isCompletion {
      // SDKs read `choice.delta.content`.
      edits.mend("delta", delta, started & bit == 0 ? #"{"role":"assistant","content":""}"# : "{}", brace)
    }
    started |= bit
    let isFinal = finish.map { $0.value.kind == .string && $0.value.slice.count > 2 } ?? false
    if let error = error ?? (isFinal ? UpstreamErrorReader.finish(finish?.value, json) : nil) {
      chunk.error = error
    }
    if isFinal, finished & bit == 0 {
      finished |= bit
      chunk.isVisible = true
    } else if let finish, finish.value.kind != .null {
      // Agents treat the first value as the end, so a second or empty one is replaced by null.
      edits.replace(finish, with: "null".utf8.span)
    } else if finish == nil {
      insert("finish_reason", "null", brace)
    }
  }

  private mutating func readDelta(
    _ brace: Int, choice: Int64, isFirst: Bool, _ json: Span<UInt8>, _ chunk: inout Chunk
  ) throws(JSONError) {
    var role: Member?
    var hasContent = false
    var hasTools = false
    var fields = try MemberCursor(in: json, at: brace, depth: 4)
    while let field = try fields.next(in: json) {
      if field.keyEquals("role", in: json) {
        role = field
      } else if field.keyEquals("content", in: json) {
        hasContent = true
        see(field, &chunk)
      } else if field.keyEquals("tool_calls", in: json) {
        if field.value.kind == .array, field.value.elements > 0 {
          hasTools = true
          hasToolCalls = true
          chunk.isVisible = true
          textBytes += try toolCalls.read(field.value, choice: choice, json, &edits)
        }
      } else if field.value.kind == .string {
        // Covers `reasoning_content`, `reasoning`, `refusal`, and future members.
        see(field, &chunk)
      } else if field.value.kind == .object || (field.value.kind == .array && field.value.elements > 0) {
        chunk.isVisible = true
      }
    }
    guard isFirst else { return }
    if !hasContent {
      insert("content", hasTools ? "null" : "\"\"", brace)
    }
    if role?.value.kind != .string { edits.mend("role", role, "\"assistant\"", brace) }
  }

  private mutating func see(_ field: Member, _ chunk: inout Chunk) {
    guard field.value.kind == .string, field.value.slice.count > 2 else { return }
    chunk.isVisible = true
    textBytes += Int(field.value.slice.count) - 2
  }
}
