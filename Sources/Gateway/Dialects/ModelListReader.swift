/// Reads a provider's list of models in any dialect.
enum ModelListReader {
  /// The most models read from one provider. The rest are ignored.
  static let entriesMax = 10_000

  /// Returns the models of a list, or `nil` if the text is not a list of models.
  static func read(_ json: Span<UInt8>, ownedBy provider: String) -> [ModelEntry]? {
    do throws(JSONError) {
      var found: [ModelEntry]?
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        // OpenAI and Anthropic name the list `data`, Ollama and Gemini `models`. llama.cpp sends both.
        let isData = member.keyEquals("data", in: json)
        guard isData || member.keyEquals("models", in: json) && found == nil, member.value.kind == .array else {
          continue
        }
        var entries: [ModelEntry] = []
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
  ) throws(JSONError) -> ModelEntry? {
    var entry = ModelEntry(id: "", ownedBy: provider, created: 0)
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
    // Gemini prefixes names with the type of resource.
    entry.id = id ?? name.map { $0.hasPrefix("models/") ? String($0.dropFirst(7)) : $0 } ?? ""
    return entry.id.isEmpty || entry.id.utf8.count > ModelEntry.idBytesMax ? nil : entry
  }
}
