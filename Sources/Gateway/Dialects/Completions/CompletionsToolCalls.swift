/// Assembles the tool calls of a stream: assigns each part to its call.
///
/// OpenAI numbers the calls, and the first part of each has an ID and a name. Some servers omit the number or the ID,
/// number every call 0, or give every part its own ID. In these cases a name starts the next call.
struct CompletionsToolCalls {
  /// The most tool calls of one answer.
  static let callsMax = 1024
  /// The most bytes of an ID or name that are stored.
  private static let rememberedMax = 256

  /// The IDs and names of all calls, without escapes. A missing ID is empty.
  private var ids: [[UInt8]] = []
  private var names: [[UInt8]] = []
  private var positions: [Int64: Int] = [:]
  /// The index of the open call, or `nil`.
  private var open: Int?

  var isEmpty: Bool { ids.isEmpty }

  /// A part of a tool call.
  private struct Piece {
    var index: Int64?
    var id: EscapedText?
    var name: EscapedText?
    var arguments: EscapedText?
    var signature: EscapedText?
  }

  /// Reads an element of `tool_calls`, which is a complete call in a non-streaming answer.
  mutating func read(
    _ value: JSONValue, isWhole: Bool, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    guard value.kind == .object else { return }
    let fields = JSONLists.members(of: value, in: json)
    let function = JSONLists.members(of: fields.value("function", in: json), in: json)
    let piece = Piece(
      index: fields.value("index", in: json)?.integer(in: json),
      id: Self.text(fields.value("id", in: json)), name: Self.text(function.value("name", in: json)),
      arguments: Self.arguments(function.value("arguments", in: json), json),
      signature: CompletionsParts.signature(ofCall: fields, json))
    try take(piece, known: isWhole ? nil : index(of: piece, json), json, &events)
  }

  /// Reads a `function_call`, of which an answer has at most one.
  mutating func readFunction(
    _ value: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    let function = JSONLists.members(of: value, in: json)
    let piece = Piece(
      name: Self.text(function.value("name", in: json)),
      arguments: Self.arguments(function.value("arguments", in: json), json))
    try take(piece, known: ids.isEmpty ? nil : 0, json, &events)
  }

  /// Ends the open call.
  mutating func end(_ events: inout [ChatEvent]) {
    guard let call = open else { return }
    open = nil
    events.append(.callEnded(call: call))
  }

  /// Returns the index of the call that a part belongs to, or `nil` if the part starts a call.
  private func index(of piece: Piece, _ json: Span<UInt8>) -> Int? {
    let id = piece.id.map { Self.remembered($0, json) }
    if let index = piece.index {
      guard let known = positions[index] else { return nil }
      guard let name = piece.name else { return known }
      // If every call is numbered 0, another ID starts another call, or another name if there is no ID.
      let isOther = id.map { $0 != ids[known] } ?? (Self.remembered(name, json) != names[known])
      return isOther ? nil : known
    }
    if let id, let open, ids[open] == id { return open }
    return piece.name == nil ? open : nil
  }

  private mutating func take(
    _ piece: Piece, known: Int?, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    let call: Int
    if let known {
      call = known
    } else {
      guard let name = piece.name else {
        if piece.arguments == nil { return }
        throw .malformed("a part of a tool call came before its name")
      }
      call = ids.count
      if call == Self.callsMax { throw .malformed("its message has over \(Self.callsMax) tool calls") }
      end(&events)
      open = call
      ids.append(piece.id.map { Self.remembered($0, json) } ?? [])
      names.append(Self.remembered(name, json))
      if let index = piece.index { positions[index] = call }
      events.append(.callBegan(call: call, id: piece.id ?? EscapedText("call_\(call)"), name: name))
    }
    if let arguments = piece.arguments {
      guard open == call else { throw .malformed("a part of a tool call came after its end") }
      events.append(.arguments(call: call, arguments))
    }
    if let signature = piece.signature, open == call { events.append(.signature(signature)) }
  }

  // MARK: Values

  private static func text(_ value: JSONValue?) -> EscapedText? {
    EscapedText(value).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Returns a part of the JSON in a string, or `nil` if it is empty. Some servers send the object itself.
  private static func arguments(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText? {
    guard let value, value.kind == .object else { return text(value) }
    return EscapedText(escaping: json.bytes(value.slice))
  }

  private static func remembered(_ text: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    Array(text.unescaped(in: json).prefix(rememberedMax))
  }
}
