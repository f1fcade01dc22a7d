/// Puts the calls of a streamed completion together: which of its pieces belongs to which call.
///
/// OpenAI numbers the calls and gives each an id and a name in its first piece. Servers exist that leave out the number, or
/// the id, or give every call the number 0, or every piece an id of its own; a name tells where a call begins then.
struct CompletionsToolCalls {
  /// Calls that one answer may have.
  static let callsMax = 1024
  /// Bytes of an id or a name that are remembered.
  private static let rememberedMax = 256

  /// The ids and names of all calls, without escapes; an id is empty where there was none.
  private var ids: [[UInt8]] = []
  private var names: [[UInt8]] = []
  private var places: [Int64: Int] = [:]
  /// The last call, until it has ended.
  private var open: Int?

  var isEmpty: Bool { ids.isEmpty }

  /// A piece of a call.
  private struct Piece {
    var index: Int64?
    var id: EscapedText?
    var name: EscapedText?
    var arguments: EscapedText?
    var signature: EscapedText?
  }

  /// Reads an element of `tool_calls`; in a whole answer each is a call.
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
    try take(piece, known: isWhole ? nil : place(of: piece, json), json, &events)
  }

  /// Reads a `function_call`, which comes once in an answer.
  mutating func readFunction(
    _ value: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    let function = JSONLists.members(of: value, in: json)
    let piece = Piece(
      name: Self.text(function.value("name", in: json)),
      arguments: Self.arguments(function.value("arguments", in: json), json))
    try take(piece, known: ids.isEmpty ? nil : 0, json, &events)
  }

  /// Ends the call that is open.
  mutating func end(_ events: inout [ChatEvent]) {
    guard let call = open else { return }
    open = nil
    events.append(.callEnded(call: call))
  }

  /// The call that a piece belongs to; `nil` where it begins one.
  private func place(of piece: Piece, _ json: Span<UInt8>) -> Int? {
    let id = piece.id.map { Self.remembered($0, json) }
    if let index = piece.index {
      guard let known = places[index] else { return nil }
      guard let name = piece.name else { return known }
      // Where every call has the number 0, another id begins another call, or another name without one.
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
        throw .malformed("a piece of a call came before its name")
      }
      call = ids.count
      if call == Self.callsMax { throw .malformed("its message has over \(Self.callsMax) calls") }
      end(&events)
      open = call
      ids.append(piece.id.map { Self.remembered($0, json) } ?? [])
      names.append(Self.remembered(name, json))
      if let index = piece.index { places[index] = call }
      events.append(.callBegan(call: call, id: piece.id ?? EscapedText("call_\(call)"), name: name))
    }
    if let arguments = piece.arguments {
      guard open == call else { throw .malformed("a piece of a call came behind its end") }
      events.append(.arguments(call: call, arguments))
    }
    if let signature = piece.signature, open == call { events.append(.signature(signature)) }
  }

  // MARK: Values

  private static func text(_ value: JSONValue?) -> EscapedText? {
    EscapedText(value).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A piece of JSON in a string; `nil` for an empty one. Some servers send the object itself.
  private static func arguments(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText? {
    guard let value, value.kind == .object else { return text(value) }
    return EscapedText(escaping: json.bytes(value.slice))
  }

  private static func remembered(_ text: EscapedText, _ json: Span<UInt8>) -> [UInt8] {
    Array(text.unescaped(in: json).prefix(rememberedMax))
  }
}
