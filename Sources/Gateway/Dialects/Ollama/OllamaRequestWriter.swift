/// Writes requests of Ollama's `/api/chat`.
///
/// Source: Ollama API reference, "Generate a chat message". A message has one text. Several texts are joined with an
/// empty line between them, as Ollama joins messages of one role. The format has no place for signatures and for
/// encrypted thinking, which mean nothing to another model.
enum OllamaRequestWriter {
  /// The prefix of the models with levels of thinking. Other models can only turn it on or off.
  private static let leveled: StaticString = "gpt-oss"

  static func write(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    var written = WrittenRequest(dropped: conversation.dropped)
    written.body.append("{")
    Writer.member("model", target.model, to: &written.body)
    var messages = OllamaMessagesWriter()
    for message in conversation.messages.joiningCalls { try messages.write(message, json) }
    messages.append(to: &written)
    // Ollama streams by default.
    Writer.member("stream", target.streams, to: &written.body)
    writeTools(conversation, json, to: &written)
    writeFormat(conversation.format, json, to: &written)
    // A model that does not think rejects the request, and adaptive thinking requires nothing of it.
    if !conversation.isThinkingAdaptive { writeThinking(conversation.thinking, target.model, to: &written.body) }
    if let time = conversation.keepAlive {
      Writer.key("keep_alive", to: &written.body)
      time.append(to: &written.body, from: json)
    }
    writeOptions(conversation, json, target, to: &written.body)
    if conversation.wantsLogprobs { Writer.member("logprobs", true, to: &written.body) }
    if let count = conversation.topLogprobs {
      Writer.member("top_logprobs", Int(clamping: count), to: &written.body)
    }
    if conversation.user != nil { written.dropped.add("user") }
    written.body.append("}")
    return written
  }

  // MARK: Tools

  private static func writeTools(
    _ conversation: Conversation, _ json: Span<UInt8>, to written: inout WrittenRequest
  ) {
    if conversation.tools.isEmpty { return }
    switch conversation.toolChoice {
    // Only omitting the tools keeps a model from calling them.
    case .some(.none): return
    case nil, .auto: break
    case .required, .named: written.dropped.add("tool_choice")
    }
    if conversation.allowsParallelCalls == false { written.dropped.add("parallel_tool_calls") }
    Writer.key("tools", to: &written.body)
    written.body.append("[")
    for tool in conversation.tools {
      write(tool, json, to: &written.body)
      if tool.isStrict == true { written.dropped.add("strict") }
    }
    written.body.append("]")
  }

  private static func write(_ tool: Conversation.Tool, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.separate(&out)
    out.append("{\"type\":\"function\",\"function\":{\"name\":")
    tool.name.appendQuoted(to: &out, from: json)
    if let text = tool.description {
      Writer.key("description", to: &out)
      text.appendQuoted(to: &out, from: json)
    }
    Writer.key("parameters", to: &out)
    if let schema = tool.parameters {
      schema.append(to: &out, from: json)
    } else {
      out.append("{\"type\":\"object\",\"properties\":{}}")
    }
    out.append("}}")
  }

  // MARK: The answer's form

  private static func writeFormat(
    _ format: Conversation.Format?, _ json: Span<UInt8>, to written: inout WrittenRequest
  ) {
    switch format {
    case nil: break
    case .json: Writer.member("format", "json", to: &written.body)
    // Ollama always enforces the schema, so that `strict` needs no field.
    case .schema(let schema, _, _):
      Writer.key("format", to: &written.body)
      schema.append(to: &written.body, from: json)
    }
  }

  private static func writeThinking(_ thinking: Conversation.Thinking?, _ model: String, to out: inout [UInt8]) {
    guard let thinking else { return }
    switch thinking {
    case .off: Writer.member("think", false, to: &out)
    case .on, .budget: Writer.member("think", true, to: &out)
    case .effort(let effort):
      if !model.utf8.span.hasPrefix(leveled, at: 0, before: model.utf8.count) {
        Writer.member("think", true, to: &out)
      } else {
        // Ollama has no level below low.
        Writer.member("think", effort == .minimal ? Conversation.Effort.low.rawValue : effort.rawValue, to: &out)
      }
    }
  }

  // MARK: Options

  private static func writeOptions(
    _ conversation: Conversation, _ json: Span<UInt8>, _ target: WriteTarget, to out: inout [UInt8]
  ) {
    let sampling = conversation.sampling
    var options: [UInt8] = [UInt8(ascii: "{")]
    write("temperature", sampling.temperature, json, to: &options)
    write("top_p", sampling.topP, json, to: &options)
    write("top_k", sampling.topK, json, to: &options)
    write("min_p", sampling.minP, json, to: &options)
    write("seed", sampling.seed, json, to: &options)
    write("frequency_penalty", sampling.frequencyPenalty, json, to: &options)
    write("presence_penalty", sampling.presencePenalty, json, to: &options)
    write("repeat_penalty", sampling.repeatPenalty, json, to: &options)
    if !sampling.stop.isEmpty {
      Writer.key("stop", to: &options)
      options.append("[")
      for text in sampling.stop {
        Writer.separate(&options)
        text.appendQuoted(to: &options, from: json)
      }
      options.append("]")
    }
    if let asked = conversation.maxTokens {
      // A value below 1 would mean no limit.
      let limit = max(1, min(asked, Int64(target.maxTokensLimit ?? .max)))
      Writer.member("num_predict", Int(clamping: limit), to: &options)
    }
    if let context = conversation.contextTokens {
      Writer.member("num_ctx", Int(clamping: context), to: &options)
    }
    if options.count == 1 { return }
    options.append("}")
    Writer.member("options", raw: options.span, to: &out)
  }

  private static func write(
    _ name: StaticString, _ number: RawJSON?, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    guard let number else { return }
    Writer.key(name, to: &out)
    number.append(to: &out, from: json)
  }
}
