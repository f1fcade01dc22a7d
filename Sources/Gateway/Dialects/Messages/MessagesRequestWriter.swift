/// Writes a conversation as an Anthropic Messages request.
///
/// Source: Anthropic API reference, "Create a Message". Fields without a place in it are dropped and reported.
enum MessagesRequestWriter {
  /// Returns the body of a request to `/v1/messages/count_tokens` for a request that was written, because that endpoint rejects
  /// the members that do not count. Source: Anthropic API reference, "Count tokens in a Message".
  static func countedMembers(of json: Span<UInt8>) -> [UInt8] {
    let counted: [StaticString] = ["model", "messages", "system", "tools", "tool_choice", "thinking"]
    var out: [UInt8] = []
    out.append("{")
    for member in JSONLists.members(of: JSONLists.root(json), in: json) {
      guard let name = counted.first(where: { member.keyEquals($0, in: json) }) else { continue }
      Writer.member(name, raw: json.bytes(member.value.slice), to: &out)
    }
    out.append("}")
    return out
  }

  static func write(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    var written = WrittenRequest(dropped: conversation.dropped)
    let model = MessagesModel(target.model)
    let thinking = MessagesThinking(conversation, model, limit: target.maxTokensLimit, &written.dropped)
    var turns = MessagesTurnsWriter()
    for (index, message) in conversation.messages.enumerated() { try turns.add(message, json, at: index) }

    written.body.append("{")
    Writer.member("model", target.model, to: &written.body)
    Writer.member("max_tokens", Int(clamping: thinking.maxTokens), to: &written.body)
    if target.streams { Writer.member("stream", true, to: &written.body) }
    try turns.finish(to: &written.body)
    writeSampling(conversation, json, for: target, model, isThinking: thinking.isOn, to: &written)
    if let user = conversation.user {
      Writer.key("metadata", to: &written.body)
      written.body.append("{\"user_id\":")
      user.appendQuoted(to: &written.body, from: json)
      written.body.append("}")
    }
    writeStop(conversation.sampling.stop, json, to: &written.body)
    if !conversation.tools.isEmpty {
      writeTools(conversation.tools, json, to: &written)
      // Anthropic rejects a choice without tools.
      writeToolChoice(conversation, json, to: &written.body)
    }
    if !thinking.json.isEmpty { Writer.member("thinking", raw: thinking.json.span, to: &written.body) }
    writeOutput(conversation.format, thinking.effort, model, json, to: &written)
    if conversation.contextTokens != nil { written.dropped.add("num_ctx") }
    if conversation.keepAlive != nil { written.dropped.add("keep_alive") }
    written.body.append("}")
    return written
  }

  // MARK: Sampling

  private static func writeSampling(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget, _ model: MessagesModel,
    isThinking: Bool, to written: inout WrittenRequest
  ) {
    let sampling = conversation.sampling
    var hasTemperature = false
    if let temperature = sampling.temperature {
      let number = double(temperature, json)
      if model.refusesSampling || isThinking {
        // 1 is the default.
        if number != 1 { written.dropped.add("temperature") }
      } else {
        hasTemperature = true
        Writer.key("temperature", to: &written.body)
        // The maximum is 1.
        if target.isLocal || number.map({ $0 <= 1 }) ?? false {
          temperature.append(to: &written.body, from: json)
        } else {
          written.body.append("1.0")
          written.dropped.add("temperature")
        }
      }
    }
    if let topP = sampling.topP {
      let number = double(topP, json) ?? 0
      if model.refusesSampling || isThinking && number < 0.95 || hasTemperature && model.refusesTwoSamplers {
        if number != 1 { written.dropped.add("top_p") }
      } else {
        Writer.key("top_p", to: &written.body)
        topP.append(to: &written.body, from: json)
      }
    }
    if let topK = sampling.topK {
      if model.refusesSampling || isThinking {
        written.dropped.add("top_k")
      } else {
        Writer.key("top_k", to: &written.body)
        topK.append(to: &written.body, from: json)
      }
    }
    if sampling.seed != nil { written.dropped.add("seed") }
    if conversation.wantsLogprobs { written.dropped.add("logprobs") }
    if conversation.topLogprobs != nil { written.dropped.add("top_logprobs") }
    if sampling.minP != nil { written.dropped.add("min_p") }
    if sampling.frequencyPenalty != nil { written.dropped.add("frequency_penalty") }
    if sampling.presencePenalty != nil { written.dropped.add("presence_penalty") }
    if sampling.repeatPenalty != nil { written.dropped.add("repeat_penalty") }
  }

  private static func double(_ number: RawJSON, _ json: Span<UInt8>) -> Double? {
    let bytes = number.bytes(in: json)
    return JSONValue(.number, start: 0, end: bytes.count).double(in: bytes.span)
  }

  private static func writeStop(_ stop: [EscapedText], _ json: Span<UInt8>, to out: inout [UInt8]) {
    if stop.isEmpty { return }
    Writer.key("stop_sequences", to: &out)
    out.append("[")
    for text in stop {
      Writer.separate(&out)
      text.appendQuoted(to: &out, from: json)
    }
    out.append("]")
  }

  // MARK: Tools

  private static func writeTools(
    _ tools: [Conversation.Tool], _ json: Span<UInt8>, to written: inout WrittenRequest
  ) {
    Writer.key("tools", to: &written.body)
    written.body.append("[")
    for tool in tools {
      Writer.separate(&written.body)
      written.body.append("{\"name\":")
      tool.name.appendQuoted(to: &written.body, from: json)
      if let text = tool.description {
        Writer.key("description", to: &written.body)
        text.appendQuoted(to: &written.body, from: json)
      }
      Writer.key("input_schema", to: &written.body)
      ToolSchema.append(tool.parameters, requiresProperties: false, json, to: &written.body)
      if let value = tool.cacheControl {
        Writer.key("cache_control", to: &written.body)
        value.append(to: &written.body, from: json)
      }
      written.body.append("}")
      // Anthropic has strict tools, but limits their number and format in ways that callers of other dialects do not
      // expect.
      if tool.isStrict == true { written.dropped.add("tools.strict") }
    }
    written.body.append("]")
  }

  private static func writeToolChoice(_ conversation: Conversation, _ json: Span<UInt8>, to out: inout [UInt8]) {
    let isParallel = conversation.allowsParallelCalls ?? true
    if conversation.toolChoice == nil, isParallel { return }
    Writer.key("tool_choice", to: &out)
    switch conversation.toolChoice {
    case .none?: return out.append("{\"type\":\"none\"}")
    case .auto?, nil: out.append("{\"type\":\"auto\"")
    case .required?: out.append("{\"type\":\"any\"")
    case .named(let name)?:
      out.append("{\"type\":\"tool\",\"name\":")
      name.appendQuoted(to: &out, from: json)
    }
    if !isParallel { out.append(",\"disable_parallel_tool_use\":true") }
    out.append("}")
  }

  // MARK: The form of the answer

  private static func writeOutput(
    _ format: Conversation.Format?, _ effort: StaticString?, _ model: MessagesModel, _ json: Span<UInt8>,
    to written: inout WrittenRequest
  ) {
    var schema: RawJSON?
    switch format {
    case .json?: written.dropped.add("response_format")
    case .schema(let raw, _, _)?:
      if model.takesSchemas { schema = raw } else { written.dropped.add("response_format") }
    case nil: break
    }
    if effort == nil, schema == nil { return }
    Writer.key("output_config", to: &written.body)
    written.body.append("{")
    if let effort {
      Writer.key("effort", to: &written.body)
      written.body.append("\"")
      written.body.append(effort)
      written.body.append("\"")
    }
    if let schema {
      Writer.key("format", to: &written.body)
      written.body.append("{\"type\":\"json_schema\",\"schema\":")
      schema.append(to: &written.body, from: json)
      written.body.append("}")
    }
    written.body.append("}")
  }
}
