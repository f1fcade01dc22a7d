/// The parameters that an Anthropic model accepts, by its name.
///
/// Source: Anthropic's documentation, "Thinking" (adaptive thinking from 4.6 on, budgets rejected from 4.7 on, sampling
/// parameters rejected from 4.7 on) and "Structured outputs"; the API's own messages for a temperature beside `top_p`.
struct MessagesModel {
  /// The version as major times 100 plus minor, such as 406. `nil` for another vendor's model and for a name without a
  /// version.
  private let version: Int?
  private let alwaysThinks: Bool

  init(_ name: String) {
    let words = Self.words(behindMakerIn: Array(name.utf8))
    version = words.flatMap { Self.version($0) }
    alwaysThinks = (words ?? []).contains { $0 == Array("fable".utf8) || $0 == Array("mythos".utf8) }
  }

  /// Whether the model decides how much it thinks, guided by an effort, and has no budget.
  var isAdaptive: Bool { isAtLeast(406) }

  /// Whether the model thinks by default and accepts that thinking is disabled.
  var takesOff: Bool { version == nil || isAtLeast(500) && !alwaysThinks }

  /// Whether thinking cannot be disabled.
  var refusesOff: Bool { isAtLeast(500) && alwaysThinks }

  /// Whether the model rejects `temperature`, `top_p`, and `top_k`.
  var refusesSampling: Bool { isAtLeast(407) }

  /// Whether the model rejects `top_p` beside a temperature.
  var refusesTwoSamplers: Bool { isAtLeast(401) }

  /// Whether the model accepts a schema for its answer.
  var takesSchemas: Bool { version == nil || isAtLeast(401) }

  private func isAtLeast(_ least: Int) -> Bool { version.map { $0 >= least } ?? false }

  /// Returns the runs of letters and digits after `claude`, or `nil` for another name.
  private static func words(behindMakerIn name: [UInt8]) -> [[UInt8]]? {
    let name = name.map(\.lowercased)
    let maker: StaticString = "claude"
    guard let start = name.indices.first(where: { name.span.hasPrefix(maker, at: $0, before: name.count) }) else {
      return nil
    }
    return name[(start + maker.utf8CodeUnitCount)...].split { !isWord($0) }.map { Array($0) }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// Returns the version from the first number and the one directly after it. A date has more digits and is not a
  /// version.
  private static func version(_ words: [[UInt8]]) -> Int? {
    guard let position = words.firstIndex(where: { number($0) != nil }), let major = number(words[position]) else {
      return nil
    }
    let minor = position + 1 < words.count ? number(words[position + 1]) ?? 0 : 0
    return major * 100 + minor
  }

  private static func number(_ word: [UInt8]) -> Int? {
    word.count <= 2 ? Int(String(decoding: word, as: UTF8.self)) : nil
  }
}

/// The thinking parameters of an Anthropic request.
///
/// Source: Anthropic's documentation, "Thinking" and "Extended thinking": a budget has at least 1024 tokens and fewer
/// than `max_tokens`. It cannot be combined with forced tools or with a tool loop that started without thinking.
struct MessagesThinking {
  /// The minimum of a budget, in tokens.
  private static let budgetMin: Int64 = 1024
  /// The largest budget that is sent. Every model rejects larger ones.
  private static let budgetMax: Int64 = 1 << 24
  /// The tokens requested besides thinking if the caller sets no limit, because `max_tokens` is required.
  static let maxTokensDefault: Int64 = 4096

  /// The value of `thinking`, or empty to omit it.
  private(set) var json: [UInt8] = []
  /// The value of `output_config.effort`, or `nil` to omit it.
  private(set) var effort: StaticString?
  private(set) var maxTokens: Int64

  /// Whether the model thinks in a way that allows only its default sampling.
  private(set) var isOn = false

  init(_ conversation: Conversation, _ model: MessagesModel, limit: Int?, _ dropped: inout DroppedFields) {
    let limit = max(1, limit.map { Int64($0) } ?? .max)
    let asked = conversation.maxTokens.map { max(1, min($0, limit)) }
    maxTokens = asked ?? min(Self.maxTokensDefault, limit)
    guard let thinking = conversation.thinking else { return }
    if thinking == .off {
      if model.takesOff { json.append("{\"type\":\"disabled\"}") }
      if model.refusesOff { dropped.add("reasoning_effort") }
      return
    }
    let wanted = Self.budget(thinking)
    if asked == nil { maxTokens = min(Self.maxTokensDefault + wanted, limit) }
    if Self.forcesTools(conversation) || !model.isAdaptive && Self.isInLoopWithout(conversation) {
      dropped.add("reasoning_effort")
    } else if model.isAdaptive {
      // The newest models omit their thinking unless it is requested.
      json.append("{\"type\":\"adaptive\",\"display\":\"summarized\"}")
      if thinking != .on { effort = Self.effort(wanted) }
      isOn = true
    } else if maxTokens <= Self.budgetMin {
      dropped.add("reasoning_effort")
    } else {
      let budget = wanted < maxTokens ? wanted : max(Self.budgetMin, maxTokens / 2)
      json.append("{\"type\":\"enabled\",\"budget_tokens\":")
      json.append(decimal: Int(budget))
      json.append("}")
      isOn = true
    }
  }

  private static func budget(_ thinking: Conversation.Thinking) -> Int64 {
    switch thinking {
    case .off: 0
    case .effort(.minimal), .effort(.low): budgetMin
    case .on, .effort(.medium): 4096
    case .effort(.high): 16_384
    case .budget(let tokens): max(budgetMin, min(tokens, budgetMax))
    }
  }

  private static func effort(_ budget: Int64) -> StaticString {
    if budget < 4096 { return "low" }
    return budget < 16_384 ? "medium" : "high"
  }

  private static func forcesTools(_ conversation: Conversation) -> Bool {
    if conversation.tools.isEmpty { return false }
    switch conversation.toolChoice {
    case .required?, .named?: return true
    case .auto?, .none?, nil: return false
    }
  }

  /// Whether the conversation ends with tool results whose calls lack the thinking that must precede them.
  private static func isInLoopWithout(_ conversation: Conversation) -> Bool {
    var hasResults = false
    var first: Conversation.Part?
    for message in conversation.messages.reversed() where message.role != .system {
      if message.role == .user {
        if first != nil { break }
        hasResults =
          hasResults
          || message.parts.contains {
            if case .toolResult = $0 { return true }
            return false
          }
      } else {
        if !hasResults { return false }
        first = message.parts.first(where: isWritten) ?? first
      }
    }
    switch first {
    case .thinking?, .redactedThinking?, nil: return false
    default: return hasResults
    }
  }

  private static func isWritten(_ part: Conversation.Part) -> Bool {
    switch part {
    case .text(let text): !text.isEmpty
    case .thinking(_, let signature): signature != nil
    default: true
    }
  }
}
