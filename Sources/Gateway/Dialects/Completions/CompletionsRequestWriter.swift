/// Writes a conversation as an OpenAI chat completion request.
///
/// Local servers receive fields that OpenAI does not have. llama.cpp, vLLM, and SGLang accept them, and others ignore
/// unknown fields. OpenAI rejects such fields, so hosted providers do not receive them.
///
/// Settings for thinking become an effort. A model decides by itself unless it is asked, and not every model accepts
/// the question. So the settings "on" and "off" go only to local servers, as parameters of their templates.
///
/// Source: OpenAI API reference, "Create chat completion"; llama.cpp, `tools/server/README.md`.
enum CompletionsRequestWriter {
  static func write(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    var out = WrittenRequest(dropped: conversation.dropped)
    var turns = CompletionsTurnsWriter(target)
    out.body.append("{")
    Writer.member("model", target.model, to: &out.body)
    Writer.key("messages", to: &out.body)
    try turns.write(conversation.messages, json, to: &out.body)
    if turns.hasLeftOutImages { out.dropped.add("messages.images") }
    writeTools(conversation, json, target, to: &out.body)
    if let format = conversation.format { write(format, json, to: &out.body) }
    write(conversation.sampling, json, target, to: &out)
    if let asked = conversation.maxTokens, asked >= 1 { write(maxTokens: asked, target, to: &out.body) }
    // A model decides by itself whether it thinks, unless it is asked.
    if let thinking = conversation.thinking, !(conversation.isThinkingAdaptive && thinking == .on) {
      write(thinking, target, to: &out.body)
      // There is no way to turn it off.
      if thinking == .off, !target.isLocal { out.dropped.add("thinking") }
    }
    if let user = conversation.user {
      Writer.key("user", to: &out.body)
      user.appendQuoted(to: &out.body, from: json)
    }
    for field in conversation.accountFields {
      Writer.separate(&out.body)
      Writer.append(field.name, to: &out.body)
      out.body.append(":")
      field.value.append(to: &out.body, from: json)
    }
    writeLogprobs(conversation, to: &out)
    if conversation.contextTokens != nil { out.dropped.add("num_ctx") }
    if conversation.keepAlive != nil { out.dropped.add("keep_alive") }
    if target.streams {
      Writer.member("stream", true, to: &out.body)
      if target.acceptsUsage {
        Writer.member("stream_options", raw: #"{"include_usage":true}"#.utf8.span, to: &out.body)
      }
    }
    out.body.append("}")
    return out
  }

  // MARK: Tools

  private static func writeTools(
    _ conversation: Conversation, _ json: Span<UInt8>, _ target: WriteTarget, to out: inout [UInt8]
  ) {
    var tools = conversation.tools
    var choice = conversation.toolChoice
    // llama.cpp ignores a choice by name but understands `required` with one tool.
    if target.isLocal, case .named(let name)? = choice {
      let wanted = name.unescaped(in: json)
      tools = tools.filter { $0.name.unescaped(in: json) == wanted }
      choice = .required
    }
    // Providers reject a choice without tools.
    if tools.isEmpty { return }
    Writer.key("tools", to: &out)
    out.append("[")
    for tool in tools { write(tool, json, to: &out) }
    out.append("]")
    if let choice { write(choice, json, to: &out) }
    if let allows = conversation.allowsParallelCalls { Writer.member("parallel_tool_calls", allows, to: &out) }
  }

  private static func write(_ tool: Conversation.Tool, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.separate(&out)
    out.append("{\"type\":\"function\",\"function\":{\"name\":")
    tool.name.appendQuoted(to: &out, from: json)
    if let description = tool.description {
      out.append(",\"description\":")
      description.appendQuoted(to: &out, from: json)
    }
    // Some servers reject a tool without parameters.
    out.append(",\"parameters\":")
    ToolSchema.append(tool.parameters, requiresProperties: true, json, to: &out)
    if let isStrict = tool.isStrict { Writer.member("strict", isStrict, to: &out) }
    out.append("}")
    if let value = tool.cacheControl {
      Writer.key("cache_control", to: &out)
      value.append(to: &out, from: json)
    }
    out.append("}")
  }

  private static func write(_ choice: Conversation.ToolChoice, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.key("tool_choice", to: &out)
    switch choice {
    case .auto: out.append("\"auto\"")
    case .none: out.append("\"none\"")
    case .required: out.append("\"required\"")
    case .named(let name):
      out.append("{\"type\":\"function\",\"function\":{\"name\":")
      name.appendQuoted(to: &out, from: json)
      out.append("}}")
    }
  }

  // MARK: Settings

  private static func write(_ format: Conversation.Format, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.key("response_format", to: &out)
    switch format {
    case .json: out.append("{\"type\":\"json_object\"}")
    case .schema(let schema, let name, let isStrict):
      out.append("{\"type\":\"json_schema\",\"json_schema\":{\"name\":")
      // The name is required.
      if let name, !name.isEmpty { name.appendQuoted(to: &out, from: json) } else { out.append("\"response\"") }
      out.append(",\"schema\":")
      schema.append(to: &out, from: json)
      if let isStrict { Writer.member("strict", isStrict, to: &out) }
      out.append("}}")
    }
  }

  private static func write(
    _ sampling: Conversation.Sampling, _ json: Span<UInt8>, _ target: WriteTarget, to out: inout WrittenRequest
  ) {
    write("temperature", sampling.temperature, json, to: &out.body)
    write("top_p", sampling.topP, json, to: &out.body)
    if target.isLocal {
      write("top_k", sampling.topK, json, to: &out.body)
      write("min_p", sampling.minP, json, to: &out.body)
    } else {
      if sampling.topK != nil { out.dropped.add("top_k") }
      if sampling.minP != nil { out.dropped.add("min_p") }
    }
    write(target.rules.seed, sampling.seed, json, to: &out.body)
    write("frequency_penalty", sampling.frequencyPenalty, json, to: &out.body)
    write("presence_penalty", sampling.presencePenalty, json, to: &out.body)
    if target.isLocal {
      // The names of vLLM and SGLang, and of llama.cpp.
      write("repetition_penalty", sampling.repeatPenalty, json, to: &out.body)
      write("repeat_penalty", sampling.repeatPenalty, json, to: &out.body)
    } else if sampling.repeatPenalty != nil {
      out.dropped.add("repetition_penalty")
    }
    if sampling.stop.isEmpty { return }
    Writer.key("stop", to: &out.body)
    out.body.append("[")
    for text in sampling.stop {
      Writer.separate(&out.body)
      text.appendQuoted(to: &out.body, from: json)
    }
    out.body.append("]")
  }

  private static func write(
    _ name: StaticString, _ value: RawJSON?, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    guard let value else { return }
    Writer.key(name, to: &out)
    value.append(to: &out, from: json)
  }

  private static func write(maxTokens asked: Int64, _ target: WriteTarget, to out: inout [UInt8]) {
    let limit = Int(clamping: min(asked, Int64(target.maxTokensLimit ?? .max)))
    if !target.isLocal, isOpenAIReasoner(target.model) {
      Writer.member("max_completion_tokens", limit, to: &out)
    } else {
      Writer.member("max_tokens", limit, to: &out)
    }
  }

  /// Returns whether a model's name is that of an OpenAI reasoning model. These models reject `max_tokens`, the only
  /// name that many other providers know.
  static func isOpenAIReasoner(_ model: String) -> Bool {
    let whole = Array(model.utf8)
    // Some providers put the vendor's name before the model's.
    let start = whole.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let name = Array(whole[start...])
    let digits: ClosedRange<UInt8> = UInt8(ascii: "0")...UInt8(ascii: "9")
    if name.count > 1, name[0] == UInt8(ascii: "o") { return digits.contains(name[1]) }
    guard name.count > 4, name.starts(with: "gpt-".utf8), digits.contains(name[4]) else { return false }
    // GPT-5 is the first reasoning model of that name.
    return name[4] >= UInt8(ascii: "5") || (name.count > 5 && digits.contains(name[5]))
  }

  private static func write(_ thinking: Conversation.Thinking, _ target: WriteTarget, to out: inout [UInt8]) {
    switch thinking {
    case .effort(let effort): Writer.member("reasoning_effort", effort.rawValue, to: &out)
    case .budget(let tokens):
      let effort: Conversation.Effort = tokens <= 2048 ? .low : tokens <= 8192 ? .medium : .high
      Writer.member("reasoning_effort", effort.rawValue, to: &out)
      if target.isLocal { Writer.member("thinking_budget_tokens", Int(clamping: tokens), to: &out) }
    case .on where !target.isLocal:
      // The caller specified no effort, and there is no other way to request thinking.
      Writer.member("reasoning_effort", Conversation.Effort.medium.rawValue, to: &out)
    case .on, .off:
      if !target.isLocal { return }
      Writer.key("chat_template_kwargs", to: &out)
      out.append("{\"enable_thinking\":")
      Writer.append(thinking == .on, to: &out)
      out.append("}")
    }
  }

  private static func writeLogprobs(_ conversation: Conversation, to out: inout WrittenRequest) {
    guard conversation.wantsLogprobs else {
      // Providers reject `top_logprobs` without `logprobs`.
      if conversation.topLogprobs != nil { out.dropped.add("top_logprobs") }
      return
    }
    Writer.member("logprobs", true, to: &out.body)
    if let limit = conversation.topLogprobs { Writer.member("top_logprobs", Int(clamping: limit), to: &out.body) }
  }
}
