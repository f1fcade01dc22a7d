/// Mends the tool calls that a relayed answer contains: each gets its number, an ID of its own, and arguments that are a
/// string.
struct ToolCallMender {
  private(set) var table: ToolCallTable

  init(request: String = "") { table = ToolCallTable(request: request) }

  /// Forgets all calls but the first `count`.
  mutating func truncate(to count: Int) { table.truncate(to: count) }

  /// Reads the array `tool_calls` of a choice, records the edits, and returns the bytes of the arguments in it. In a
  /// non-streaming answer (`isWhole`) each element is a call, and needs no number.
  mutating func read(
    _ array: JSONValue, choice: Int64, isWhole: Bool = false, _ json: Span<UInt8>, _ edits: inout Splice
  ) throws(JSONError) -> Int {
    var bytes = 0
    var parts = try ArrayCursor(in: json, at: Int(array.slice.start), depth: 5)
    var position = 0
    while let element = try parts.next(in: json) {
      defer { position += 1 }
      guard element.kind == .object else { continue }
      var part = ToolCallTable.Part(position: position, count: Int(array.elements))
      part.isWhole = isWhole
      bytes += try read(Int(element.slice.start), part, choice, json, &edits)
    }
    return bytes
  }

  private mutating func read(
    _ brace: Int, _ place: ToolCallTable.Part, _ choice: Int64, _ json: Span<UInt8>, _ edits: inout Splice
  ) throws(JSONError) -> Int {
    var part = place
    var bytes = 0
    var index: Member?
    var id: Member?
    var function: Member?
    var fields = try MemberCursor(in: json, at: brace, depth: 6)
    while let field = try fields.next(in: json) {
      if field.keyEquals("index", in: json) { index = field }
      if field.keyEquals("id", in: json) { id = field }
      if field.keyEquals("function", in: json), field.value.kind == .object { function = field }
    }
    part.index = index?.value.integer(in: json)
    part.id = id?.value.filledString
    if let function { bytes = try readFunction(Int(function.value.slice.start), &part, json, &edits) }
    guard let (call, isNew) = find(part, choice, json) else {
      if part.index == nil, !part.isWhole { edits.mend("index", index, String(part.position), brace) }
      return bytes
    }
    let made = table.calls[call]
    if !made.assigned.isEmpty, isNew || part.id != nil {
      edits.mend("id", id, "\"" + String(decoding: made.assigned, as: UTF8.self) + "\"", brace)
    }
    if !part.isWhole, part.index != made.number { edits.mend("index", index, String(made.number), brace) }
    return bytes
  }

  /// Returns the call of a part and whether the part starts it, or `nil` if there are too many calls.
  private mutating func find(
    _ part: ToolCallTable.Part, _ choice: Int64, _ json: Span<UInt8>
  ) -> (call: Int, isNew: Bool)? {
    if !part.isWhole, let known = table.find(part, choice: choice, json) { return (known, false) }
    if table.calls.count == ToolCallTable.callsMax { return nil }
    return (table.add(part, choice: choice, json), true)
  }

  /// Reads a function and stores its name in the part. Returns the bytes of its arguments.
  private func readFunction(
    _ brace: Int, _ part: inout ToolCallTable.Part, _ json: Span<UInt8>, _ edits: inout Splice
  ) throws(JSONError) -> Int {
    var bytes = 0
    var fields = try MemberCursor(in: json, at: brace, depth: 7)
    while let field = try fields.next(in: json) {
      if field.keyEquals("name", in: json) { part.name = field.value.filledString }
      if !field.keyEquals("arguments", in: json) { continue }
      switch field.value.kind {
      case .string: bytes += Int(field.value.slice.count) - 2
      case .null: if !part.isWhole { edits.replace(field, with: "\"\"".utf8.span) }
      case .object:
        // Typed clients accept only the object's text.
        var text: [UInt8] = []
        Writer.append(string: json.bytes(field.value.slice), to: &text)
        edits.replace(field, with: text.span)
        bytes += Int(field.value.slice.count)
      case .array, .number, .true, .false: break
      }
    }
    return bytes
  }
}

extension Splice {
  /// Adds a member, or replaces its unusable value.
  mutating func mend(_ key: String, _ member: Member?, _ json: String, _ brace: Int) {
    if let member {
      replace(member, with: json.utf8.span)
    } else {
      insert(key, json.utf8.span, intoObjectAt: brace)
    }
  }
}
