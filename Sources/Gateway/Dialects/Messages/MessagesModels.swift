/// Writes models in the format of Anthropic's `GET /v1/models`.
///
/// Source: Anthropic API reference, "List models"; `lifecycle` from the types of its Python SDK 2.13.
enum MessagesModels {
  /// Returns the complete list, as one page.
  static func list(_ entries: [ModelEntry]) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"data\":[")
    for entry in entries {
      Writer.separate(&out)
      append(entry, to: &out)
    }
    out.append("],\"has_more\":false,\"first_id\":")
    append(entries.first, to: &out)
    out.append(",\"last_id\":")
    append(entries.last, to: &out)
    out.append("}")
    return out
  }

  static func one(_ entry: ModelEntry) -> [UInt8] {
    var out: [UInt8] = []
    append(entry, to: &out)
    return out
  }

  private static func append(_ entry: ModelEntry?, to out: inout [UInt8]) {
    if let entry { Writer.append(entry.id, to: &out) } else { out.append("null") }
  }

  private static func append(_ entry: ModelEntry, to out: inout [UInt8]) {
    out.append("{\"type\":\"model\"")
    Writer.member("id", entry.id, to: &out)
    Writer.member("display_name", entry.id, to: &out)
    Writer.key("created_at", to: &out)
    CivilDate.appendString(secondsSince1970: UInt64(max(0, entry.created)), to: &out)
    Writer.member("lifecycle", "active", to: &out)
    out.append("}")
  }
}
