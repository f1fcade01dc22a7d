/// The models of all providers: asked side by side, remembered for a short while.
struct ModelList {
  /// One model.
  struct Entry: Equatable {
    var id: String
    var ownedBy: String
    var created: Int64
  }

  /// Bytes of one provider's list.
  static let listBytesMax = 4 * 1024 * 1024
  /// Models taken from one provider.
  static let entriesMax = 10_000

  /// What is known, in the order of the providers, each name once.
  private(set) var entries: [Entry] = []
  /// When it was last asked for; `nil` before the first time.
  private(set) var refreshed: Duration?
  /// Providers whose answer is awaited.
  private(set) var pending: Set<Int> = []
  private var answers: [Int: [Entry]] = [:]

  func isFresh(now: Duration, for time: Duration) -> Bool {
    guard let refreshed else { return false }
    return now - refreshed < time
  }

  /// Begins to ask `providers`.
  mutating func begin(_ providers: [Int]) {
    pending = Set(providers)
    answers = [:]
  }

  /// Takes one provider's models.
  mutating func take(_ provider: Int, _ entries: [Entry]) {
    pending.remove(provider)
    answers[provider] = entries
  }

  /// Puts the answers together; the first provider of a name has it.
  mutating func finish(order: Range<Int>, now: Duration) {
    var seen: Set<String> = []
    entries = []
    for provider in order {
      for entry in answers[provider] ?? [] where seen.insert(entry.id).inserted { entries.append(entry) }
    }
    pending = []
    answers = [:]
    refreshed = now
  }

  /// The models in an upstream's list; `nil` when it is none.
  static func read(_ json: Span<UInt8>, ownedBy provider: String) -> [Entry]? {
    do throws(JSONFault) {
      var found: [Entry]?
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        // OpenAI's and Anthropic's lists are `data`, Ollama's and Gemini's `models`; llama.cpp has both.
        let isData = member.keyEquals("data", in: json)
        guard isData || member.keyEquals("models", in: json) && found == nil, member.value.kind == .array else {
          continue
        }
        var entries: [Entry] = []
        var elements = try ArrayCursor(in: json, at: Int(member.value.slice.start), depth: 2)
        while let element = try elements.next(in: json) {
          guard element.kind == .object, entries.count < entriesMax else { continue }
          if let entry = try entry(element, json, provider) { entries.append(entry) }
        }
        found = entries
      }
      return found
    } catch {
      return nil
    }
  }

  private static func entry(
    _ object: JSONValue, _ json: Span<UInt8>, _ provider: String
  ) throws(JSONFault) -> Entry? {
    var entry = Entry(id: "", ownedBy: provider, created: 0)
    var id: String?
    var name: String?
    var members = try MemberCursor(in: json, at: Int(object.slice.start), depth: 3)
    while let member = try members.next(in: json) {
      if member.keyEquals("id", in: json) { id = member.value.string(in: json) }
      if member.keyEquals("name", in: json) { name = member.value.string(in: json) }
      if member.keyEquals("created", in: json) { entry.created = member.value.integer(in: json) ?? 0 }
      if member.keyEquals("owned_by", in: json), let owner = member.value.string(in: json), !owner.isEmpty {
        entry.ownedBy = owner
      }
    }
    // Gemini's names begin with the kind of thing that they name.
    entry.id = id ?? name.map { $0.hasPrefix("models/") ? String($0.dropFirst(7)) : $0 } ?? ""
    return entry.id.isEmpty || entry.id.utf8.count > ChatRequest.modelBytesMax ? nil : entry
  }

  /// The whole list as OpenAI's API writes it.
  static func write(_ entries: [Entry]) -> String {
    var out: [UInt8] = []
    out.append("{\"object\":\"list\",\"data\":[")
    for (index, entry) in entries.enumerated() {
      if index > 0 { out.append(",") }
      write(entry, into: &out)
    }
    out.append("]}\n")
    return String(decoding: out, as: UTF8.self)
  }

  /// One model.
  static func write(_ entry: Entry) -> String {
    var out: [UInt8] = []
    write(entry, into: &out)
    out.append("\n")
    return String(decoding: out, as: UTF8.self)
  }

  private static func write(_ entry: Entry, into out: inout [UInt8]) {
    out.append("{\"id\":")
    Writer.append(entry.id, to: &out)
    out.append(",\"object\":\"model\",\"created\":")
    out.append(decimal: Int(clamping: entry.created))
    out.append(",\"owned_by\":")
    Writer.append(entry.ownedBy, to: &out)
    out.append("}")
  }
}
