/// Assembles the tool calls of a stream: assigns each part to its call. Several calls can be open, and alternate.
///
/// A call ends when another begins after it, if its arguments are complete or if it never had any, and otherwise at the
/// end of the message.
struct CompletionsToolCalls {
  /// The most tool calls of one answer.
  static let callsMax = ToolCallTable.callsMax

  private var table: ToolCallTable
  private var progress: [ArgumentsProgress] = []
  /// The calls that have not ended, in order.
  private var open: [Int] = []

  init(request: String = "") { table = ToolCallTable(request: request) }

  var isEmpty: Bool { table.calls.isEmpty }

  /// A part of a tool call.
  private struct Piece {
    var part: ToolCallTable.Part
    var arguments: EscapedText?
    var hasArguments = false
    var signature: EscapedText?
  }

  /// Reads an element of `tool_calls`, which is a complete call in a non-streaming answer.
  mutating func read(
    _ value: JSONValue, at position: Int = 0, of count: Int = 1, isWhole: Bool, _ json: Span<UInt8>,
    _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    guard value.kind == .object else { return }
    let fields = JSONLists.members(of: value, in: json)
    let function = JSONLists.members(of: fields.value("function", in: json), in: json)
    let arguments = function.value("arguments", in: json)
    let part = ToolCallTable.Part(
      index: fields.value("index", in: json)?.integer(in: json), id: fields.value("id", in: json)?.filledString,
      name: function.value("name", in: json)?.filledString, position: position, count: count)
    let piece = Piece(
      part: part, arguments: Self.arguments(arguments, json), hasArguments: arguments != nil,
      signature: CompletionsParts.signature(ofCall: fields, json))
    try take(piece, known: isWhole ? nil : table.find(part, json), json, &events)
  }

  /// Reads a `function_call`, of which an answer has at most one.
  mutating func readFunction(
    _ value: JSONValue, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    let function = JSONLists.members(of: value, in: json)
    let arguments = function.value("arguments", in: json)
    let piece = Piece(
      part: ToolCallTable.Part(name: function.value("name", in: json)?.filledString),
      arguments: Self.arguments(arguments, json), hasArguments: arguments != nil)
    try take(piece, known: isEmpty ? nil : 0, json, &events)
  }

  /// Ends all open calls.
  mutating func end(_ events: inout [ChatEvent]) {
    for call in open { events.append(.callEnded(call: call)) }
    open.removeAll()
  }

  private mutating func take(
    _ piece: Piece, known: Int?, _ json: Span<UInt8>, _ events: inout [ChatEvent]
  ) throws(AttemptFailure) {
    let call: Int
    if let known {
      call = known
    } else {
      guard let name = EscapedText(piece.part.name) else {
        if piece.arguments == nil { return }
        throw .malformed("a part of a tool call came before its name")
      }
      if table.calls.count == Self.callsMax {
        throw .malformed("its message has over \(Self.callsMax) tool calls")
      }
      endComplete(&events)
      call = table.add(piece.part, json)
      open.append(call)
      progress.append(ArgumentsProgress())
      let assigned = table.calls[call].assigned
      let id = assigned.isEmpty ? EscapedText(piece.part.id) : nil
      events.append(.callBegan(call: call, id: id ?? .owned(assigned), name: name))
    }
    if piece.hasArguments { progress[call].hasBegun = true }
    if let arguments = piece.arguments {
      guard open.contains(call) else { throw .malformed("a part of a tool call came after its end") }
      progress[call].take(arguments, json)
      events.append(.arguments(call: call, arguments))
    }
    // A signature belongs to the call that began last.
    if let signature = piece.signature, call == table.calls.count - 1, open.last == call {
      events.append(.signature(signature))
    }
  }

  /// Ends the open calls that receive no more arguments.
  private mutating func endComplete(_ events: inout [ChatEvent]) {
    for call in open where progress[call].isComplete { events.append(.callEnded(call: call)) }
    open.removeAll { progress[$0].isComplete }
  }

  // MARK: Values

  /// Returns a part of the JSON in a string, or `nil` if it is empty. Some servers send the object itself.
  private static func arguments(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText? {
    guard let value, value.kind == .object else { return EscapedText(value?.filledString) }
    return EscapedText(escaping: json.bytes(value.slice))
  }
}
