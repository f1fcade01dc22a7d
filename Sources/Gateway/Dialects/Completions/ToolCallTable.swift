/// The tool calls of an answer in OpenAI's format, which tells the parts of different calls apart.
///
/// A part belongs to the call with its index, or else with its ID; one with neither belongs to the call at its position
/// or to the last one. Servers omit, repeat, and empty each of these, so a name starts a call where they do not decide.
struct ToolCallTable {
  /// The most tool calls of one answer.
  static let callsMax = 1024
  /// The most bytes of an ID or name that are stored.
  private static let rememberedMax = 256

  /// The members of a part by which its call is found.
  struct Part {
    var index: Int64?
    /// A string that is not empty.
    var id: JSONValue?
    /// A string that is not empty.
    var name: JSONValue?
    /// The place among the parts of its chunk, and their number.
    var position = 0
    var count = 1
    /// Whether the part is a complete call.
    var isWhole = false
  }

  /// A tool call.
  struct Call {
    /// The choice that the call belongs to.
    var choice: Int64
    /// The number that the server gave it.
    var index: Int64?
    /// The number that no other call of the choice has.
    var number: Int64
    /// The server's ID and the name, without escapes. Missing ones are empty.
    var id: [UInt8]
    var name: [UInt8]
    /// The ID that hoosh assigned, escaped; empty if the server's own is unique.
    var assigned: [UInt8] = []
  }

  private(set) var calls: [Call] = []
  /// The ID of the request, of which assigned IDs have a part, so that they are unique among all answers.
  private let request: String
  /// The call of the last part.
  private var last: Int?
  /// The number of the next assigned ID whose own number is in use.
  private var next: Int64 = 0

  /// Creates a table. Assigned IDs have a part of the ID of the request.
  init(request: String = "") { self.request = request }

  /// Returns the stem for an answer to a request: the end of its ID, which is random.
  static func stem(ofRequest id: String) -> [UInt8] {
    id.utf8.filter { $0.isDecimal || ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")) }.suffix(16)
  }

  /// Returns the ID for a tool call without one. `number` tells it apart from the other calls of its answer.
  static func assignedID(stem: [UInt8], _ number: Int64) -> [UInt8] {
    var id: [UInt8] = []
    id.append("call_")
    id.append(contentsOf: stem)
    if !stem.isEmpty { id.append(UInt8(ascii: "_")) }
    id.append(contentsOf: String(number).utf8)
    return id
  }

  /// Returns the call of a part, or `nil` if the part starts a call.
  mutating func find(_ part: Part, choice: Int64 = 0, _ json: Span<UInt8>) -> Int? {
    let found = search(part, choice, json)
    if let found { last = found }
    return found
  }

  private func search(_ part: Part, _ choice: Int64, _ json: Span<UInt8>) -> Int? {
    if let index = part.index {
      guard let known = calls.lastIndex(where: { $0.choice == choice && $0.index == index }) else { return nil }
      guard let name = part.name else { return known }
      // If every call is numbered 0, another ID starts another call, or another name if there is no ID.
      let isOther =
        part.id.map { !Self.equals($0, calls[known].id, json) } ?? !Self.equals(name, calls[known].name, json)
      return isOther ? nil : known
    }
    if let id = part.id,
      let known = calls.lastIndex(where: { $0.choice == choice && Self.equals(id, $0.id, json) })
    {
      return known
    }
    if part.name != nil { return nil }
    if part.count > 1 {
      if part.id != nil { return nil }
      if let known = at(part.position, choice) { return known }
    }
    if let last, calls[last].choice == choice { return last }
    return calls.lastIndex { $0.choice == choice }
  }

  /// Returns the call at a position among those of its choice.
  private func at(_ position: Int, _ choice: Int64) -> Int? {
    var rest = position
    for (index, call) in calls.enumerated() where call.choice == choice {
      if rest == 0 { return index }
      rest -= 1
    }
    return nil
  }

  /// Adds the call that a part starts, with an ID of its own.
  mutating func add(_ part: Part, choice: Int64 = 0, _ json: Span<UInt8>) -> Int {
    let number = number(for: part.index, choice)
    var call = Call(
      choice: choice, index: part.index, number: number, id: part.id.map { Self.remembered($0, json) } ?? [],
      name: part.name.map { Self.remembered($0, json) } ?? [])
    if call.id.isEmpty || isTaken(call.id, choice) {
      call.assigned = Self.assignedID(stem: Self.stem(ofRequest: request), number)
      while isTaken(call.assigned, choice) {
        call.assigned = Self.assignedID(stem: Self.stem(ofRequest: request), next)
        next += 1
      }
    }
    calls.append(call)
    last = calls.count - 1
    return calls.count - 1
  }

  /// Returns the server's number, or another if there is none or if it is in use.
  private func number(for index: Int64?, _ choice: Int64) -> Int64 {
    var isInUse = index == nil
    var highest: Int64 = -1
    for call in calls where call.choice == choice {
      isInUse = isInUse || call.number == index
      highest = max(highest, call.number)
    }
    if let index, !isInUse { return index }
    return highest < .max ? highest + 1 : Int64(calls.count)
  }

  private func isTaken(_ id: [UInt8], _ choice: Int64) -> Bool {
    calls.contains { $0.choice == choice && ($0.assigned.isEmpty ? $0.id == id : $0.assigned == id) }
  }

  /// Forgets all calls but the first `count`, because the chunk that added the others is read again.
  mutating func truncate(to count: Int) {
    if calls.count > count { calls.removeSubrange(count...) }
    if let last, last >= count { self.last = nil }
  }

  /// Returns whether a string has the stored text of an ID or name.
  private static func equals(_ value: JSONValue, _ text: [UInt8], _ json: Span<UInt8>) -> Bool {
    if value.hasEscapes { return remembered(value, json) == text }
    let inside = json.extracting(Int(value.slice.start) + 1..<value.end - 1)
    return inside.extracting(first: min(inside.count, rememberedMax)).equals(text.span)
  }

  private static func remembered(_ value: JSONValue, _ json: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    value.append(to: &text, from: json)
    return text.count > rememberedMax ? Array(text.prefix(rememberedMax)) : text
  }
}

extension JSONValue {
  /// The value if it is a string that is not empty.
  var filledString: JSONValue? { kind == .string && slice.count > 2 ? self : nil }
}
