/// Writes models in Gemini's format. Source: Gemini API reference (v1beta), "Models".
enum GeminiModels {
  /// Returns all models, as one page.
  static func list(_ entries: [ModelEntry]) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"models\":[")
    for entry in entries {
      Writer.separate(&out)
      append(entry, to: &out)
    }
    out.append("]}")
    return out
  }

  static func one(_ entry: ModelEntry) -> [UInt8] {
    var out: [UInt8] = []
    append(entry, to: &out)
    return out
  }

  private static func append(_ entry: ModelEntry, to out: inout [UInt8]) {
    out.append("{")
    Writer.member("name", "models/" + entry.id, to: &out)
    Writer.member("displayName", entry.id, to: &out)
    Writer.key("supportedGenerationMethods", to: &out)
    out.append("[\"generateContent\",\"streamGenerateContent\",\"countTokens\"]")
    out.append("}")
  }
}
