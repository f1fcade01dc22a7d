/// The parameters that a Gemini model accepts, by its name.
///
/// Source: Gemini API documentation, "Gemini thinking" and "OpenAI compatibility".
struct GeminiModel {
  /// The largest thinking budget that every second-generation model accepts, in tokens.
  private static let budgetMax: Int64 = 24_576
  private static let largeBudgetMax: Int64 = 32_768
  /// The smallest thinking budget of the largest model, in tokens.
  private static let largeBudgetMin: Int64 = 128

  private let name: String

  /// Reads a name such as `gemini-3-pro-preview`, with or without a vendor before it.
  init(_ name: String) { self.name = name.lowercased() }

  /// Whether the model is of the third generation or later, as names with `latest` are.
  var isThird: Bool {
    guard let start = name.firstRange(of: "gemini-")?.upperBound else { return false }
    let rest = name[start...]
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty else { return rest.hasSuffix("latest") }
    return (Int(digits) ?? 0) >= 3
  }

  private var isLarge: Bool { name.contains("-pro") }

  /// Appends the value of `thinkingConfig`.
  func append(_ thinking: Conversation.Thinking, to out: inout [UInt8]) {
    out.append("{")
    switch thinking {
    case .off: appendLeast(to: &out)
    case .on: if !isThird { Writer.member("thinkingBudget", -1, to: &out) }
    case .effort(let effort):
      if isThird {
        Writer.member("thinkingLevel", level(effort), to: &out)
      } else {
        Writer.member("thinkingBudget", budget(effort), to: &out)
      }
    case .budget(let tokens):
      let limit = isLarge ? Self.largeBudgetMax : Self.budgetMax
      let least = isLarge ? Self.largeBudgetMin : 0
      Writer.member("thinkingBudget", Int(clamping: max(least, min(tokens, limit))), to: &out)
    }
    if thinking != .off { Writer.member("includeThoughts", true, to: &out) }
    out.append("}")
  }

  /// Appends the setting for no thinking, or for the least that the model allows.
  private func appendLeast(to out: inout [UInt8]) {
    if isThird {
      Writer.member("thinkingLevel", level(.minimal), to: &out)
    } else {
      Writer.member("thinkingBudget", name.contains("2.5-pro") ? Int(Self.largeBudgetMin) : 0, to: &out)
    }
  }

  /// Returns the level for an effort. Large models have no `minimal`, and the first of them no `medium`.
  private func level(_ effort: Conversation.Effort) -> String {
    switch effort {
    case .minimal where isLarge: Conversation.Effort.low.rawValue
    case .medium where name.contains("gemini-3-pro"): Conversation.Effort.high.rawValue
    default: effort.rawValue
    }
  }

  /// Returns the budget for an effort, as Google defines it for OpenAI's efforts.
  private func budget(_ effort: Conversation.Effort) -> Int {
    switch effort {
    case .minimal, .low: 1024
    case .medium: 8192
    case .high: 24_576
    }
  }
}
