/// Writes models as Anthropic's `GET /v1/models` gives them.
///
/// Source: Anthropic API reference, "List models"; `lifecycle` from the types of its Python SDK 2.13.
enum MessagesModels {
  /// The whole list, which is never cut into pages.
  static func list(_ entries: [ModelList.Entry]) -> [UInt8] {
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

  static func one(_ entry: ModelList.Entry) -> [UInt8] {
    var out: [UInt8] = []
    append(entry, to: &out)
    return out
  }

  private static func append(_ entry: ModelList.Entry?, to out: inout [UInt8]) {
    if let entry { Writer.append(entry.id, to: &out) } else { out.append("null") }
  }

  private static func append(_ entry: ModelList.Entry, to out: inout [UInt8]) {
    out.append("{\"type\":\"model\"")
    Writer.member("id", entry.id, to: &out)
    Writer.member("display_name", entry.id, to: &out)
    Writer.member("created_at", time(entry.created), to: &out)
    Writer.member("lifecycle", "active", to: &out)
    out.append("}")
  }

  /// A time as RFC 3339 has it; the year has four digits there.
  private static func time(_ seconds: Int64) -> String {
    let seconds = Int(max(0, min(seconds, 253_402_300_799)))
    let (year, month, day) = CivilDate.of(days: seconds / 86_400)
    let rest = seconds % 86_400
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
  }
}
