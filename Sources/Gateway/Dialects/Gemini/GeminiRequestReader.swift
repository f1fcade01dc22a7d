/// Reads bodies of Gemini's `generateContent`, `streamGenerateContent`, and `countTokens`.
///
/// Source: Gemini API reference (v1beta), "Generating content" and "Counting tokens". The path has the model and
/// determines whether the answer streams.
enum GeminiRequestReader {
  /// The fields that do not affect the answer.
  private static let bookkeeping: [StaticString] = ["model", "store"]

  /// Reads a body that was checked as a whole.
  static func read(_ json: Span<UInt8>) throws(APIError) -> Conversation {
    let root = JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
    var conversation = Conversation()
    try read(JSONLists.members(of: root, in: json).set(), json, into: &conversation)
    return conversation
  }

  private static func read(
    _ members: [Member], _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    // A request to `countTokens` may contain a complete request.
    if let whole = members.value("generateContentRequest", or: "generate_content_request", in: json),
      whole.kind == .object
    {
      let inside = JSONLists.members(of: whole, in: json).set()
      guard inside.value("generateContentRequest", or: "generate_content_request", in: json) == nil else {
        throw GeminiFieldPath.field("generateContentRequest").apiError("must not hold another one")
      }
      return try read(inside, json, into: &conversation)
    }
    guard let contents = members.value("contents", in: json) else {
      throw GeminiFieldPath.field("contents").apiError("is missing; it is the list of messages", .missingField)
    }
    if let system = members.value("systemInstruction", or: "system_instruction", in: json) {
      try GeminiContentsReader.read(system: system, json, into: &conversation)
    }
    try GeminiContentsReader.read(contents, json, into: &conversation)
    for member in members {
      let value = member.value
      if member.keyEquals("tools", in: json) {
        try GeminiToolsReader.read(value, json, into: &conversation)
      } else if member.isNamed("generationConfig", or: "generation_config", in: json) {
        try readSettings(value, json, into: &conversation)
      } else if !member.keyEquals("contents", in: json), !isElsewhere(member, json) {
        conversation.drop(member.name(in: json))
      }
    }
    // The choice may name tools, so it is read after them.
    if let choice = members.value("toolConfig", or: "tool_config", in: json) {
      try GeminiToolsReader.read(choice: choice, json, into: &conversation)
    }
  }

  private static func isElsewhere(_ member: Member, _ json: Span<UInt8>) -> Bool {
    member.isNamed("systemInstruction", or: "system_instruction", in: json)
      || member.isNamed("toolConfig", or: "tool_config", in: json)
      || bookkeeping.contains { member.keyEquals($0, in: json) }
  }

  // MARK: Settings

  private static func readSettings(
    _ value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .object else {
      throw GeminiFieldPath.field("generationConfig").apiError("must be an object")
    }
    var form = Form()
    for member in JSONLists.members(of: value, in: json).set() {
      if try readSampling(member, json, into: &conversation.sampling) { continue }
      let value = member.value
      if member.isNamed("maxOutputTokens", or: "max_output_tokens", in: json) {
        guard let tokens = TokenLimit.read(value, json), tokens > 0 else {
          throw GeminiFieldPath.field("generationConfig.maxOutputTokens").apiError("must be a whole number above 0")
        }
        conversation.maxTokens = tokens
      } else if member.isNamed("responseMimeType", or: "response_mime_type", in: json) {
        form.media = value
      } else if member.isNamed("responseSchema", or: "response_schema", in: json) {
        form.schema = value
      } else if member.isNamed("responseJsonSchema", or: "response_json_schema", in: json)
        || member.keyEquals("_responseJsonSchema", in: json)
      {
        form.jsonSchema = value
      } else if member.isNamed("responseLogprobs", or: "response_logprobs", in: json) {
        conversation.wantsLogprobs = value.kind == .true
      } else if member.keyEquals("logprobs", in: json) {
        conversation.topLogprobs = whole(value, json)
      } else if member.isNamed("thinkingConfig", or: "thinking_config", in: json) {
        try readThinking(value, json, into: &conversation)
      } else if !isDefault(member, json) {
        conversation.drop(member.name(in: json))
      }
    }
    form.read(json, into: &conversation)
  }

  /// Returns whether the member has its default: one answer, of text.
  private static func isDefault(_ member: Member, _ json: Span<UInt8>) -> Bool {
    if member.isNamed("candidateCount", or: "candidate_count", in: json) { return whole(member.value, json) == 1 }
    guard member.isNamed("responseModalities", or: "response_modalities", in: json) else { return false }
    return JSONLists.elements(of: member.value, in: json).allSatisfy {
      $0.equals("TEXT", in: json) || $0.equals("text", in: json) || $0.equals("Text", in: json)
    }
  }

  /// Reads a sampling parameter and returns false for other members.
  private static func readSampling(
    _ member: Member, _ json: Span<UInt8>, into sampling: inout Conversation.Sampling
  ) throws(APIError) -> Bool {
    if member.keyEquals("temperature", in: json) {
      sampling.temperature = try number(member, json)
    } else if member.isNamed("topP", or: "top_p", in: json) {
      sampling.topP = try number(member, json)
    } else if member.isNamed("topK", or: "top_k", in: json) {
      let topK = try number(member, json)
      // Google's clients write 40 as 40.0, which other servers reject.
      sampling.topK = whole(member.value, json).map { .owned(Array(String($0).utf8)) } ?? topK
    } else if member.keyEquals("seed", in: json) {
      sampling.seed = try number(member, json)
    } else if member.isNamed("presencePenalty", or: "presence_penalty", in: json) {
      sampling.presencePenalty = try number(member, json)
    } else if member.isNamed("frequencyPenalty", or: "frequency_penalty", in: json) {
      sampling.frequencyPenalty = try number(member, json)
    } else if member.isNamed("stopSequences", or: "stop_sequences", in: json) {
      let position = GeminiFieldPath.field("generationConfig.stopSequences")
      guard member.value.kind == .array else { throw position.apiError("must be a list of strings") }
      for element in JSONLists.elements(of: member.value, in: json) {
        guard let text = EscapedText(element) else { throw position.apiError("must be a list of strings") }
        sampling.stop.append(text)
      }
    } else {
      return false
    }
    return true
  }

  private static func number(_ member: Member, _ json: Span<UInt8>) throws(APIError) -> RawJSON {
    guard member.value.kind == .number else {
      throw GeminiFieldPath.field("generationConfig." + member.name(in: json)).apiError("must be a number")
    }
    return RawJSON(member.value)
  }

  /// Returns an integer, which may be written with a fraction of 0.
  private static func whole(_ value: JSONValue, _ json: Span<UInt8>) -> Int64? {
    if let integer = value.integer(in: json) { return integer }
    guard let number = value.double(in: json), number.magnitude < 0x1p53 else { return nil }
    return Int64(exactly: number)
  }

  private static func readThinking(
    _ value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .object else {
      throw GeminiFieldPath.field("generationConfig.thinkingConfig").apiError("must be an object")
    }
    let members = JSONLists.members(of: value, in: json).set()
    if let level = members.value("thinkingLevel", or: "thinking_level", in: json) {
      let word = (level.string(in: json) ?? "").lowercased()
      if let effort = Conversation.Effort(rawValue: word) { return conversation.thinking = .effort(effort) }
      if word == "xhigh" { return conversation.thinking = .effort(.high) }
      guard word == "thinking_level_unspecified" else {
        throw GeminiFieldPath.field("generationConfig.thinkingConfig.thinkingLevel")
          .apiError("must be MINIMAL, LOW, MEDIUM, or HIGH")
      }
    }
    if let budget = members.value("thinkingBudget", or: "thinking_budget", in: json) {
      guard let tokens = TokenLimit.read(budget, json), tokens >= -1 else {
        throw GeminiFieldPath.field("generationConfig.thinkingConfig.thinkingBudget")
          .apiError("must be a number of tokens, 0 for no thinking, or -1 to let the model decide")
      }
      conversation.thinking = tokens == 0 ? .off : tokens < 0 ? .on : .budget(tokens)
    } else if members.value("includeThoughts", or: "include_thoughts", in: json)?.kind == .true {
      conversation.thinking = .on
    }
  }

  /// The required format of the answer.
  private struct Form {
    var media: JSONValue?
    var schema: JSONValue?
    var jsonSchema: JSONValue?

    func read(_ json: Span<UInt8>, into conversation: inout Conversation) {
      if let media, !media.equals("application/json", in: json) {
        // One of a list of words without quotes. A schema alone would request quotes.
        if !media.equals("text/plain", in: json) {
          conversation.drop("responseMimeType")
          return
        }
      }
      if let jsonSchema, jsonSchema.kind == .object {
        conversation.format = .schema(RawJSON(jsonSchema), name: nil, isStrict: nil)
      } else if let schema, schema.kind == .object {
        conversation.format = .schema(.owned(GeminiSchema.jsonSchema(schema, json)), name: nil, isStrict: nil)
      } else if let media, media.equals("application/json", in: json) {
        conversation.format = .json
      }
    }
  }
}
