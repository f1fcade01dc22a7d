/// Reads an OpenAI chat completion request as a conversation, for providers of other dialects.
///
/// Beside OpenAI's own fields it reads extensions of llama.cpp, vLLM, DeepSeek, OpenRouter, LiteLLM, and Ollama. Fields
/// that no other dialect has are dropped and reported.
///
/// Source: OpenAI API reference, "Create chat completion"; the API references of the servers named.
enum CompletionsRequestReader {
  /// Reads a request that `ChatRequest` has checked.
  static func read(_ json: Span<UInt8>) throws(APIError) -> Conversation {
    let root = JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
    var request = CompletionsRequest()
    for member in JSONLists.members(of: root, in: json) where member.value.kind != .null {
      if try request.readTurns(member, json) { continue }
      if try request.readLimits(member, json) { continue }
      if request.readSampling(member, json) { continue }
      if request.readThinking(member, json) { continue }
      request.readRest(member, json)
    }
    try request.end(json)
    return request.conversation
  }
}

/// A request while it is read. Fields may come in any order, and some have several names.
struct CompletionsRequest {
  var conversation = Conversation()
  var tools = CompletionsTools()

  private var maxTokens: Int64?
  private var maxCompletionTokens: Int64?
  private var user: EscapedText?
  private var safetyIdentifier: EscapedText?
  private var messages: JSONValue?
  /// The caller's settings for thinking, the most specific first.
  private var thinking: Conversation.Thinking?
  private var reasoning: Conversation.Thinking?
  private var effort: Conversation.Thinking?
  private var template: Conversation.Thinking?

  /// The fields that do not concern the model.
  private static let bookkeeping: [StaticString] = [
    "model", "pool", "stream", "stream_options", "usage",
  ]

  /// The fields for the caller's account and caches at OpenAI.
  private static let accountFields: [StaticString] = [
    "store", "metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention",
  ]

  fileprivate mutating func readTurns(_ member: Member, _ json: Span<UInt8>) throws(APIError) -> Bool {
    let value = member.value
    if member.keyEquals("messages", in: json) {
      messages = value
    } else if member.keyEquals("tools", in: json) {
      try tools.read(value, json, &conversation)
    } else if member.keyEquals("functions", in: json) {
      try tools.readFunctions(value, json)
    } else if member.keyEquals("tool_choice", in: json) {
      tools.choice = try CompletionsTools.choice(value, "tool_choice", json, &tools.allowed)
    } else if member.keyEquals("function_call", in: json) {
      let choice = try CompletionsTools.choice(value, "function_call", json, &tools.allowed)
      tools.choice = tools.choice ?? choice
    } else if member.keyEquals("parallel_tool_calls", in: json) {
      conversation.allowsParallelCalls = value.bool
    } else if member.keyEquals("response_format", in: json) {
      conversation.format = try readFormat(value, json)
    } else {
      return false
    }
    return true
  }

  fileprivate mutating func readLimits(_ member: Member, _ json: Span<UInt8>) throws(APIError) -> Bool {
    let value = member.value
    if member.keyEquals("max_tokens", in: json) {
      maxTokens = try Self.tokens(value, "max_tokens", json)
    } else if member.keyEquals("max_completion_tokens", in: json) {
      maxCompletionTokens = try Self.tokens(value, "max_completion_tokens", json)
    } else if member.keyEquals("stop", in: json) {
      conversation.sampling.stop = try Self.stop(value, json)
    } else {
      return false
    }
    return true
  }

  fileprivate mutating func readSampling(_ member: Member, _ json: Span<UInt8>) -> Bool {
    let value = member.value
    guard value.kind == .number else { return false }
    let number = RawJSON(value)
    if member.keyEquals("temperature", in: json) {
      conversation.sampling.temperature = number
    } else if member.keyEquals("top_p", in: json) {
      conversation.sampling.topP = number
    } else if member.keyEquals("top_k", in: json) {
      conversation.sampling.topK = number
    } else if member.keyEquals("min_p", in: json) {
      conversation.sampling.minP = number
    } else if member.keyEquals("seed", in: json) {
      conversation.sampling.seed = number
    } else if member.keyEquals("frequency_penalty", in: json) {
      conversation.sampling.frequencyPenalty = number
    } else if member.keyEquals("presence_penalty", in: json) {
      conversation.sampling.presencePenalty = number
    } else if member.keyEquals("repetition_penalty", in: json) || member.keyEquals("repeat_penalty", in: json) {
      conversation.sampling.repeatPenalty = number
    } else {
      return false
    }
    return true
  }

  fileprivate mutating func readThinking(_ member: Member, _ json: Span<UInt8>) -> Bool {
    let value = member.value
    var drops: [String] = []
    if member.keyEquals("thinking", in: json) {
      guard let told = CompletionsThinking.thinking(value, json) else { return false }
      thinking = told
    } else if member.keyEquals("reasoning", in: json) {
      guard value.kind == .object else { return false }
      reasoning = CompletionsThinking.reasoning(value, json, &drops)
    } else if member.keyEquals("reasoning_effort", in: json) {
      guard let told = CompletionsThinking.effort(value, json) else { return false }
      effort = told
    } else if member.keyEquals("chat_template_kwargs", in: json) {
      guard value.kind == .object else { return false }
      template = CompletionsThinking.template(value, json, &drops)
    } else if member.keyEquals("enable_thinking", in: json) {
      guard let isOn = value.bool else { return false }
      template = isOn ? .on : .off
    } else if member.keyEquals("thinking_budget", in: json) || member.keyEquals("thinking_budget_tokens", in: json)
    {
      // The name of Qwen and llama.cpp.
      guard let budget = value.integer(in: json) else { return false }
      thinking = thinking ?? CompletionsThinking.budget(budget)
    } else {
      return false
    }
    for name in drops { conversation.drop(name) }
    return true
  }

  fileprivate mutating func readRest(_ member: Member, _ json: Span<UInt8>) {
    let value = member.value
    if member.keyEquals("user", in: json), value.kind == .string {
      user = EscapedText(value)
    } else if member.keyEquals("safety_identifier", in: json), value.kind == .string {
      safetyIdentifier = EscapedText(value)
    } else if member.keyEquals("logprobs", in: json), let wants = value.bool {
      conversation.wantsLogprobs = wants
    } else if member.keyEquals("top_logprobs", in: json), let limit = value.integer(in: json) {
      conversation.topLogprobs = limit
    } else if member.keyEquals("keep_alive", in: json), value.kind == .string || value.kind == .number {
      conversation.keepAlive = RawJSON(value)
    } else if member.keyEquals("num_ctx", in: json), let tokens = value.integer(in: json) {
      conversation.contextTokens = tokens
    } else if member.keyEquals("options", in: json), value.kind == .object {
      readOptions(value, json)
    } else if let name = Self.accountFields.first(where: { member.keyEquals($0, in: json) }) {
      conversation.accountFields.append(("\(name)", RawJSON(value)))
    } else if !isIrrelevant(member, json) {
      drop(member, json)
    }
  }

  /// Reads Ollama's options, which its clients also send in this dialect.
  private mutating func readOptions(_ options: JSONValue, _ json: Span<UInt8>) {
    for option in JSONLists.members(of: options, in: json) where option.value.kind != .null {
      if option.keyEquals("num_ctx", in: json), let tokens = option.value.integer(in: json) {
        conversation.contextTokens = tokens
      } else {
        conversation.drop("options")
      }
    }
  }

  /// Returns whether a field can be omitted without a report, because it does not concern the model or has the default
  /// value.
  private func isIrrelevant(_ member: Member, _ json: Span<UInt8>) -> Bool {
    if Self.bookkeeping.contains(where: { member.keyEquals($0, in: json) }) { return true }
    if member.keyEquals("n", in: json) { return member.value.integer(in: json) == 1 }
    if member.keyEquals("logit_bias", in: json) {
      return member.value.kind == .object && member.value.elements == 0
    }
    guard member.keyEquals("modalities", in: json) else { return false }
    return JSONLists.elements(of: member.value, in: json).allSatisfy { $0.equals("text", in: json) }
  }

  private mutating func drop(_ member: Member, _ json: Span<UInt8>) {
    // A longer name would not be reported.
    if member.key.count <= 256 { conversation.drop(member.name(in: json)) }
  }

  /// Resolves settings that depend on several fields.
  fileprivate mutating func end(_ json: Span<UInt8>) throws(APIError) {
    if let messages {
      var turns = CompletionsTurns()
      try turns.read(messages, json, &conversation)
    }
    tools.end(json, &conversation)
    conversation.maxTokens = maxCompletionTokens ?? maxTokens
    conversation.user = user ?? safetyIdentifier
    conversation.thinking = thinking ?? reasoning ?? effort ?? template
  }

  // MARK: Values

  private static func tokens(_ value: JSONValue, _ field: String, _ json: Span<UInt8>) throws(APIError) -> Int64 {
    guard let tokens = value.integer(in: json), tokens >= 1 else {
      throw APIError(400, .invalidValue, "`\(field)` must be a whole number of at least 1.", param: field)
    }
    return tokens
  }

  /// Returns the stop sequences without empty ones, which never match.
  private static func stop(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) -> [EscapedText] {
    if let text = EscapedText(value) { return text.isEmpty ? [] : [text] }
    var texts: [EscapedText] = []
    for element in JSONLists.elements(of: value, in: json) {
      guard let text = EscapedText(element) else { throw stopError }
      if !text.isEmpty { texts.append(text) }
    }
    if value.kind != .array { throw stopError }
    return texts
  }

  private static var stopError: APIError {
    APIError(400, .invalidValue, "`stop` must be a text or a list of texts.", param: "stop")
  }

  private mutating func readFormat(
    _ value: JSONValue, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Format? {
    let format = JSONLists.members(of: value, in: json)
    guard let type = format.value("type", in: json), type.kind == .string else {
      throw APIError(
        400, .invalidValue, "`response_format` must be an object with a `type`.", param: "response_format")
    }
    if type.equals("text", in: json) { return nil }
    if type.equals("json_object", in: json) {
      // llama.cpp also accepts a schema here, and clients of Text Generation Inference send it as the value.
      guard let schema = format.value("schema", in: json) ?? format.value("value", in: json), schema.kind == .object
      else { return .json }
      return .schema(RawJSON(schema), name: nil, isStrict: nil)
    }
    guard type.equals("json_schema", in: json) else {
      conversation.drop("response_format")
      return nil
    }
    let wanted = JSONLists.members(of: format.value("json_schema", in: json), in: json)
    guard let schema = wanted.value("schema", in: json), schema.kind == .object else { return .json }
    let name = EscapedText(wanted.value("name", in: json))
    return .schema(RawJSON(schema), name: name, isStrict: wanted.value("strict", in: json)?.bool)
  }
}
