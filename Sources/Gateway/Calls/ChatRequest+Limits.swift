// The limits of a request: each is read in every form that a provider accepts, or the request is rejected.

extension ChatRequest {
  /// The limits beside `max_tokens` that servers with OpenAI's API read: llama.cpp's, and those of thinking.
  private static let openLimits = [
    LimitPath("n_predict"), LimitPath("thinking_budget", isMaxTokens: false),
    LimitPath("thinking_budget_tokens", isMaxTokens: false),
    LimitPath("thinking", "budget_tokens", isMaxTokens: false),
    LimitPath("reasoning", "max_tokens", isMaxTokens: false),
  ]
  private static let strictNames: [StaticString] = [
    "n", "max_tokens", "max_completion_tokens", "n_predict", "best_of",
  ]

  /// Reads a limit that OpenAI's own API does not have, and rejects a name in another case of letters.
  mutating func readOpenLimits(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    for path in Self.openLimits { try readLimit(path.keys[...], of: path, member, json) }
    if member.keyEquals("best_of", in: json) {
      generatedCount = try choiceCount(member, "best_of", json)
    }
    try Self.check(spelling: member, Self.strictNames, json)
  }

  /// Reads a limit if the member is on its path. Every one of repeated members counts, because providers differ in which
  /// they read. A limit below 1 means no limit.
  mutating func readLimit(
    _ keys: ArraySlice<StaticString>, of path: LimitPath, _ member: Member, _ json: Span<UInt8>
  ) throws(APIError) {
    for value in Self.values(on: keys, member, json) {
      guard let tokens = TokenLimit.read(value, json) else {
        throw .invalid(path.name, "must be a whole number of tokens")
      }
      let limit = (value: value.slice, tokens: tokens > 0 ? tokens : Int64.max)
      if path.isMaxTokens {
        maxTokens.append(limit)
      } else if tokens > 0 {
        // 0 and less turn thinking off, or leave it to the model.
        thinkingTokens.append(limit)
      }
    }
  }

  /// Returns the values at the end of a path that begins with the member; none if the member is not on it.
  private static func values(
    on keys: ArraySlice<StaticString>, _ member: Member, _ json: Span<UInt8>
  ) -> [JSONValue] {
    guard let key = keys.first, member.keyEquals(key, in: json), member.value.kind != .null else { return [] }
    if keys.count == 1 { return [member.value] }
    var found: [JSONValue] = []
    for inner in JSONLists.members(of: member.value, in: json) {
      found.append(contentsOf: values(on: keys.dropFirst(), inner, json))
    }
    return found
  }

  /// Reads the number of answers if the member is on its path.
  mutating func readChoices(
    _ keys: ArraySlice<StaticString>, of path: LimitPath, _ member: Member, _ json: Span<UInt8>
  ) throws(APIError) {
    for value in Self.values(on: keys, member, json) {
      // 0 is the default of protocol buffers.
      guard let count = TokenLimit.read(value, json), (0...Int64(Self.choicesMax)).contains(count) else {
        throw .invalid(path.name, "must be a whole number from 1 to \(Self.choicesMax)")
      }
      generatedCount = max(generatedCount, Int(clamping: count))
    }
  }

  /// Rejects a name in another case of letters, which a provider would read and hoosh would not.
  static func check(
    spelling member: Member, _ names: [StaticString], _ json: Span<UInt8>
  ) throws(APIError) {
    for name in names where member.keyFolds(to: name, in: json) && !member.keyEquals(name, in: json) {
      throw .invalid(String(describing: name), "must be written in lower case")
    }
  }
}
