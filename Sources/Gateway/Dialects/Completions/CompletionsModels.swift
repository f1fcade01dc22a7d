/// Writes models in the format of OpenAI's `GET /v1/models`. Source: OpenAI API reference, "List models".
enum CompletionsModels {
  static func list(_ entries: [ModelEntry]) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"object\":\"list\",\"data\":[")
    for entry in entries {
      Writer.separate(&out)
      append(entry, to: &out)
    }
    out.append("]}\n")
    return out
  }

  static func one(_ entry: ModelEntry) -> [UInt8] {
    var out: [UInt8] = []
    append(entry, to: &out)
    out.append("\n")
    return out
  }

  private static func append(_ entry: ModelEntry, to out: inout [UInt8]) {
    out.append("{\"id\":")
    Writer.append(entry.id, to: &out)
    out.append(",\"object\":\"model\",\"created\":")
    out.append(decimal: Int(clamping: entry.created))
    out.append(",\"owned_by\":")
    Writer.append(entry.ownedBy, to: &out)
    // Mistral's SDK requires these, and offers a model without `completion_chat` for no chat.
    out.append(",\"type\":\"base\",\"capabilities\":{\"completion_chat\":true}}")
  }
}
