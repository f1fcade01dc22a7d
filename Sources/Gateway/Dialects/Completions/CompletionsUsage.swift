/// The `usage` object of an answer, as OpenAI and servers with its API write it.
///
/// Source: OpenAI API reference, "The chat completion object"; DeepSeek API reference, "Create Chat Completion".
struct CompletionsUsage {
  private(set) var counts = TokenCounts()
  private(set) var hasTotal = false
  private var total: Int?

  /// Reads the object at a place of a text.
  init(_ object: Slice, in json: Span<UInt8>) throws(JSONError) {
    var fields = try MemberCursor(in: json, at: Int(object.start), depth: 2)
    while let field = try fields.next(in: json) {
      if field.value.kind == .object {
        try readDetails(field, json)
      } else if field.keyEquals("prompt_tokens", in: json) {
        counts.prompt = ChatStream.count(field, json)
      } else if field.keyEquals("completion_tokens", in: json) {
        counts.completion = ChatStream.count(field, json)
      } else if field.keyEquals("total_tokens", in: json) {
        hasTotal = true
        total = ChatStream.count(field, json)
      } else if field.keyEquals("prompt_cache_hit_tokens", in: json) {
        // DeepSeek's name.
        counts.cached = ChatStream.count(field, json)
      }
    }
    // xAI counts thinking apart from the completion, as the total shows.
    if let thinking = counts.thinking, thinking > 0, let completion = counts.completion, let total,
      total == (counts.prompt ?? 0) + completion + thinking
    {
      counts.completion = completion + thinking
    }
  }

  private mutating func readDetails(_ field: Member, _ json: Span<UInt8>) throws(JSONError) {
    let isPrompt = field.keyEquals("prompt_tokens_details", in: json)
    guard isPrompt || field.keyEquals("completion_tokens_details", in: json) else { return }
    var details = try MemberCursor(in: json, at: Int(field.value.slice.start), depth: 3)
    while let detail = try details.next(in: json) {
      guard detail.value.kind == .number, let count = ChatStream.count(detail, json) else { continue }
      switch isPrompt {
      case true where detail.keyEquals("cached_tokens", in: json): counts.cached = count
      case true where detail.keyEquals("cache_write_tokens", in: json): counts.cacheWritten = count
      case true where detail.keyEquals("audio_tokens", in: json): counts.audioIn = count > 0 ? count : nil
      case false where detail.keyEquals("reasoning_tokens", in: json): counts.thinking = count
      case false where detail.keyEquals("audio_tokens", in: json): counts.audioOut = count > 0 ? count : nil
      default: break
      }
    }
  }
}
