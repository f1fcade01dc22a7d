/// Writes a conversation as the body of Gemini's `generateContent` and `streamGenerateContent`.
///
/// Source: Gemini API reference (v1beta), "Generating content". The path has the model.
enum GeminiRequestWriter {
  /// The most stop sequences that Gemini accepts.
  private static let stopMax = 5

  static func write(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    let model = GeminiModel(target.model)
    var contents = GeminiContentsWriter(signsCalls: model.isThird)
    contents.dropped = conversation.dropped
    for (index, message) in conversation.messages.enumerated() { try contents.write(message, json, at: index) }
    var request = WrittenRequest()
    try contents.append(to: &request.body)
    request.dropped = contents.dropped
    if !conversation.tools.isEmpty { writeTools(conversation, json, to: &request) }
    writeSettings(conversation, json, target, model, to: &request)
    dropRest(conversation, from: &request.dropped)
    request.body.append("}")
    return request
  }

  // MARK: Tools

  private static func writeTools(
    _ conversation: Conversation, _ json: Span<UInt8>, to request: inout WrittenRequest
  ) {
    request.body.append(",\"tools\":[{\"functionDeclarations\":[")
    for tool in conversation.tools {
      Writer.separate(&request.body)
      request.body.append("{\"name\":")
      tool.name.appendQuoted(to: &request.body, from: json)
      if let description = tool.description {
        Writer.key("description", to: &request.body)
        description.appendQuoted(to: &request.body, from: json)
      }
      if let parameters = tool.parameters {
        Writer.key("parametersJsonSchema", to: &request.body)
        parameters.append(to: &request.body, from: json)
      }
      request.body.append("}")
      if tool.isStrict == true { request.dropped.add("strict") }
    }
    request.body.append("]}]")
    if let choice = conversation.toolChoice { writeChoice(choice, json, to: &request.body) }
  }

  private static func writeChoice(_ choice: Conversation.ToolChoice, _ json: Span<UInt8>, to out: inout [UInt8]) {
    out.append(",\"toolConfig\":{\"functionCallingConfig\":{\"mode\":")
    switch choice {
    case .auto: out.append("\"AUTO\"")
    case .none: out.append("\"NONE\"")
    case .required: out.append("\"ANY\"")
    case .named(let name):
      out.append("\"ANY\",\"allowedFunctionNames\":[")
      name.appendQuoted(to: &out, from: json)
      out.append("]")
    }
    out.append("}}")
  }

  // MARK: Settings

  private static func writeSettings(
    _ conversation: Conversation, _ json: Span<UInt8>, _ target: WriteTarget, _ model: GeminiModel,
    to request: inout WrittenRequest
  ) {
    let sampling = conversation.sampling
    var out: [UInt8] = [UInt8(ascii: "{")]
    func write(_ name: StaticString, _ number: RawJSON?, to out: inout [UInt8]) {
      guard let number else { return }
      Writer.key(name, to: &out)
      number.append(to: &out, from: json)
    }
    write("temperature", sampling.temperature, to: &out)
    write("topP", sampling.topP, to: &out)
    write("topK", sampling.topK, to: &out)
    if let asked = conversation.maxTokens {
      let limit = target.maxTokensLimit.map(Int64.init) ?? .max
      Writer.member("maxOutputTokens", Int(clamping: min(asked, limit)), to: &out)
    }
    writeStop(sampling.stop, json, to: &out, &request.dropped)
    write("seed", sampling.seed, to: &out)
    write("presencePenalty", sampling.presencePenalty, to: &out)
    write("frequencyPenalty", sampling.frequencyPenalty, to: &out)
    if let format = conversation.format {
      Writer.member("responseMimeType", "application/json", to: &out)
      if case .schema(let schema, _, _) = format { write("responseJsonSchema", schema, to: &out) }
    }
    if let thinking = conversation.thinking {
      Writer.key("thinkingConfig", to: &out)
      model.append(thinking, to: &out)
    }
    if out.count == 1 { return }
    request.body.append(",\"generationConfig\":")
    request.body.append(contentsOf: out)
    request.body.append("}")
  }

  private static func writeStop(
    _ stop: [EscapedText], _ json: Span<UInt8>, to out: inout [UInt8], _ dropped: inout DroppedFields
  ) {
    let texts = stop.filter { !$0.isEmpty }
    if texts.isEmpty { return }
    Writer.key("stopSequences", to: &out)
    out.append("[")
    for text in texts.prefix(stopMax) {
      Writer.separate(&out)
      text.appendQuoted(to: &out, from: json)
    }
    out.append("]")
    if texts.count > stopMax { dropped.add("stop") }
  }

  /// Reports the fields that Gemini does not have. It has log probabilities, but hoosh does not translate them in
  /// answers.
  private static func dropRest(_ conversation: Conversation, from dropped: inout DroppedFields) {
    let rest: [(isThere: Bool, name: String)] = [
      (conversation.sampling.minP != nil, "min_p"),
      (conversation.sampling.repeatPenalty != nil, "repeat_penalty"),
      (conversation.user != nil, "user"),
      (conversation.allowsParallelCalls == false, "parallel_tool_calls"),
      (conversation.wantsLogprobs, "logprobs"),
      (conversation.topLogprobs != nil, "top_logprobs"),
      (conversation.contextTokens != nil, "num_ctx"),
      (conversation.keepAlive != nil, "keep_alive"),
      (conversation.toolChoice != nil && conversation.tools.isEmpty, "tool_choice"),
    ]
    for field in rest where field.isThere { dropped.add(field.name) }
  }
}
