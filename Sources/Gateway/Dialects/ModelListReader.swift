/// Reads a provider's list of models in any dialect.
enum ModelListReader {
  /// The most models read from one provider. The rest are ignored.
  static let entriesMax = 10_000

  /// Returns the models of a list, or `nil` if the text is not a list of models.
  ///
  /// The list is a member of an object, or the whole text. Each model is an object, or a name.
  static func read(_ text: Span<UInt8>, ownedBy provider: String) -> [ModelEntry]? {
    // Some servers begin with the byte order mark of UTF-8 (RFC 8259 section 8.1 lets readers ignore it).
    let hasMark = text.count >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf
    let json = text.extracting((hasMark ? 3 : 0)...)
    do throws(JSONError) {
      let start = Scanner.skip(in: json, from: 0)
      if json.byte(at: start) == UInt8(ascii: "[") {
        let (found, end) = try entries(json, at: start, depth: 1, provider)
        return Scanner.skip(in: json, from: end) == json.count ? found : nil
      }
      var found: [ModelEntry]?
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        // OpenAI and Anthropic name the list `data`, Ollama and Gemini `models`. llama.cpp sends both.
        let isData = member.keyEquals("data", in: json)
        guard isData || member.keyEquals("models", in: json) && found == nil, member.value.kind == .array else {
          continue
        }
        found = try entries(json, at: Int(member.value.slice.start), depth: 2, provider).found
      }
      return found
    } catch {
      return nil
    }
  }

  private static func entries(
    _ json: Span<UInt8>, at offset: Int, depth: Int, _ provider: String
  ) throws(JSONError) -> (found: [ModelEntry], end: Int) {
    var entries: [ModelEntry] = []
    var elements = try ArrayCursor(in: json, at: offset, depth: depth)
    while let element = try elements.next(in: json) {
      if entries.count >= entriesMax { continue }
      if element.kind == .object {
        if let entry = try entry(element, json, depth: depth + 1, provider) { entries.append(entry) }
      } else if let name = element.string(in: json), !name.isEmpty, name.utf8.count <= ModelEntry.idBytesMax {
        entries.append(ModelEntry(id: name, ownedBy: provider, created: 0))
      }
    }
    return (entries, elements.offset)
  }

  private static func entry(
    _ object: JSONValue, _ json: Span<UInt8>, depth: Int, _ provider: String
  ) throws(JSONError) -> ModelEntry? {
    var entry = ModelEntry(id: "", ownedBy: provider, created: 0)
    var id: String?
    var name: String?
    var members = try MemberCursor(in: json, at: Int(object.slice.start), depth: depth)
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
