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
    /// The table's entries for the choice, the index and the ID, from before this call.
    fileprivate var before = Before()

    /// The ID that the caller sees.
    fileprivate var shownID: Text { Text(choice: choice, text: assigned.isEmpty ? id : assigned) }
  }

  /// The entries that a call replaced, which return when it is forgotten.
  fileprivate struct Before {
    var highest: Int64?
    var sameIndex: Int?
    var sameID: Int?
  }

  /// A number of a choice.
  private struct Number: Hashable {
    var choice: Int64
    var number: Int64
  }

  /// An ID in a choice.
  fileprivate struct Text: Hashable {
    var choice: Int64
    var text: [UInt8]
  }

  private(set) var calls: [Call] = []
  /// The last call with an index, and with an ID, of the server.
  private var byIndex: [Number: Int] = [:]
  private var byID: [Text: Int] = [:]
  /// The numbers and the IDs that calls have for the caller.
  private var numbers: Set<Number> = []
  private var shownIDs: Set<Text> = []
  /// The highest number of each choice, and its calls in order.
  private var highest: [Int64: Int64] = [:]
  private var callsOf: [Int64: [Int]] = [:]
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
      guard let known = byIndex[Number(choice: choice, number: index)] else { return nil }
      guard let name = part.name else { return known }
      // If every call is numbered 0, another ID starts another call, or another name if there is no ID.
      let isOther =
        part.id.map { !Self.equals($0, calls[known].id, json) } ?? !Self.equals(name, calls[known].name, json)
      return isOther ? nil : known
    }
    if let id = part.id, let known = byID[Text(choice: choice, text: Self.remembered(id, json))] { return known }
    if part.name != nil { return nil }
    let ofChoice = callsOf[choice] ?? []
    if part.count > 1 {
      if part.id != nil { return nil }
      if part.position < ofChoice.count { return ofChoice[part.position] }
    }
    if let last, calls[last].choice == choice { return last }
    return ofChoice.last
  }

  /// Adds the call that a part starts, with an ID of its own.
  mutating func add(_ part: Part, choice: Int64 = 0, _ json: Span<UInt8>) -> Int {
    let number = number(for: part.index, choice)
    var call = Call(
      choice: choice, index: part.index, number: number, id: part.id.map { Self.remembered($0, json) } ?? [],
      name: part.name.map { Self.remembered($0, json) } ?? [])
    if call.id.isEmpty || shownIDs.contains(call.shownID) {
      call.assigned = Self.assignedID(stem: Self.stem(ofRequest: request), number)
      while shownIDs.contains(call.shownID) {
        call.assigned = Self.assignedID(stem: Self.stem(ofRequest: request), next)
        next += 1
      }
    }
    remember(&call)
    calls.append(call)
    last = calls.count - 1
    return calls.count - 1
  }

  /// Returns the server's number, or another if there is none or if it is in use.
  private func number(for index: Int64?, _ choice: Int64) -> Int64 {
    if let index, !numbers.contains(Number(choice: choice, number: index)) { return index }
    let highest = highest[choice] ?? -1
    return highest < .max ? highest + 1 : Int64(calls.count)
  }

  /// Enters the next call everywhere.
  private mutating func remember(_ call: inout Call) {
    let place = calls.count
    call.before.highest = highest[call.choice]
    highest[call.choice] = max(call.number, call.before.highest ?? call.number)
    if let index = call.index {
      call.before.sameIndex = byIndex.updateValue(place, forKey: Number(choice: call.choice, number: index))
    }
    if !call.id.isEmpty {
      call.before.sameID = byID.updateValue(place, forKey: Text(choice: call.choice, text: call.id))
    }
    numbers.insert(Number(choice: call.choice, number: call.number))
    shownIDs.insert(call.shownID)
    callsOf[call.choice, default: []].append(place)
  }

  /// Forgets all calls but the first `count`, because the chunk that added the others is read again.
  mutating func truncate(to count: Int) {
    while calls.count > count, let call = calls.popLast() {
      highest[call.choice] = call.before.highest
      if let index = call.index { byIndex[Number(choice: call.choice, number: index)] = call.before.sameIndex }
      if !call.id.isEmpty { byID[Text(choice: call.choice, text: call.id)] = call.before.sameID }
      numbers.remove(Number(choice: call.choice, number: call.number))
      shownIDs.remove(call.shownID)
      callsOf[call.choice]?.removeLast()
    }
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
