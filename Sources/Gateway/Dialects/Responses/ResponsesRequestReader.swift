/// Reads requests of OpenAI's Responses. hoosh stores no responses, so `input` must contain the complete conversation.
///
/// Source: OpenAI API reference, "Create a model response". Sampling parameters that OpenAI's own servers do not accept
/// in this dialect, but local servers do, have the names that they have in chat completions.
enum ResponsesRequestReader {
  /// Reads a body that was checked as a whole.
  static func read(_ json: Span<UInt8>) throws(APIError) -> Conversation {
    var conversation = Conversation()
    var input: JSONValue?
    var choice: JSONValue?
    for member in members(json) where member.value.kind != .null {
      switch member.name(in: json) {
      case "input": input = member.value
      case "tool_choice": choice = member.value
      case let name: try read(name, member.value, json, into: &conversation)
      }
    }
    if let choice { try ResponsesTools.choose(choice, json, in: &conversation) }
    guard let input else {
      throw APIError(
        400, .missingField, "The field `input` is missing: send a text or an array of items.", param: "input")
    }
    var items = ResponsesInputReader(conversation)
    try items.read(input, json)
    return items.conversation
  }

  /// Returns the members of the request.
  static func members(_ json: Span<UInt8>) -> [Member] {
    JSONLists.members(of: JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count), in: json)
  }

  // MARK: Fields

  private static func read(
    _ name: String, _ value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    switch name {
    case "instructions":
      let text = try text(value, name)
      if !text.isEmpty { conversation.messages.append(.init(role: .system, parts: [.text(text)])) }
    case "tools": try ResponsesTools.read(value, json, into: &conversation)
    case "parallel_tool_calls": conversation.allowsParallelCalls = try flag(value, name)
    case "text": try readFormat(value, json, into: &conversation)
    case "reasoning": try readReasoning(value, json, into: &conversation)
    case "max_output_tokens":
      guard let tokens = value.integer(in: json), tokens >= 1 else {
        throw .invalid(name, "must be a whole number of at least 1")
      }
      conversation.maxTokens = tokens
    case "user": conversation.user = try text(value, name)
    case "safety_identifier": if conversation.user == nil { conversation.user = try text(value, name) }
    case "previous_response_id", "conversation", "prompt", "background": try refuseState(name, value)
    case "truncation": if !value.equals("disabled", in: json) { conversation.drop(name) }
    case "top_logprobs":
      if let limit = value.integer(in: json), limit > 0 { conversation.topLogprobs = limit }
    case "include":
      let names = JSONLists.elements(of: value, in: json)
      if names.contains(where: { $0.equals("message.output_text.logprobs", in: json) }) {
        conversation.wantsLogprobs = true
      }
    default:
      if bookkeeping.contains(name) { return }
      if accountFields.contains(name) { return conversation.accountFields.append((name, RawJSON(value))) }
      if try !readSampling(name, value, json, into: &conversation.sampling) { conversation.drop(name) }
    }
  }

  /// The fields that concern no model.
  private static let bookkeeping: Set<String> = [
    "model", "stream", "stream_options", "client_metadata",
  ]

  /// The fields for the caller's account and caches at OpenAI.
  private static let accountFields: Set<String> = [
    "store", "metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention",
  ]

  /// Rejects fields that refer to a stored response or prompt.
  private static func refuseState(_ name: String, _ value: JSONValue) throws(APIError) {
    switch name {
    case "background":
      if try !flag(value, name) { return }
      throw .invalid(name, "must be false or omitted: hoosh does not store responses. Stream the response instead")
    case "prompt":
      throw .invalid(
        name, "names a stored prompt, but hoosh stores none: send its text in `instructions` and `input`")
    default:
      throw .invalid(
        name, "must be omitted, because hoosh stores no responses: send the complete conversation in `input`")
    }
  }

  /// Reads a sampling parameter and returns false for other fields.
  private static func readSampling(
    _ name: String, _ value: JSONValue, _ json: Span<UInt8>, into sampling: inout Conversation.Sampling
  ) throws(APIError) -> Bool {
    switch name {
    case "temperature": sampling.temperature = try number(value, name, 0...2, json)
    case "top_p": sampling.topP = try number(value, name, 0...1, json)
    case "top_k": sampling.topK = try number(value, name, nil, json)
    case "min_p": sampling.minP = try number(value, name, nil, json)
    case "seed": sampling.seed = try number(value, name, nil, json)
    case "frequency_penalty": sampling.frequencyPenalty = try number(value, name, nil, json)
    case "presence_penalty": sampling.presencePenalty = try number(value, name, nil, json)
    case "stop":
      let texts = value.kind == .string ? [value] : JSONLists.elements(of: value, in: json)
      sampling.stop = texts.compactMap { EscapedText($0) }
      guard value.kind == .string || value.kind == .array, sampling.stop.count == texts.count else {
        throw .invalid(name, "must be a text or an array of texts")
      }
    default: return false
    }
    return true
  }

  private static func readFormat(
    _ text: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard text.kind == .object else { throw .invalid("text", "must be an object") }
    let text = JSONLists.members(of: text, in: json)
    if let verbosity = text.value("verbosity", in: json), verbosity.kind != .null,
      !verbosity.equals("medium", in: json)
    {
      conversation.drop("text.verbosity")
    }
    guard let value = text.value("format", in: json), value.kind != .null else { return }
    let format = JSONLists.members(of: value, in: json)
    guard let type = format.value("type", in: json), type.kind == .string else {
      throw .invalid("text.format", "must have a type: text, json_object or json_schema")
    }
    if type.equals("text", in: json) { return }
    if type.equals("json_object", in: json) {
      conversation.format = .json
    } else if type.equals("json_schema", in: json) {
      guard let schema = format.value("schema", in: json), schema.kind == .object else {
        throw .invalid("text.format.schema", "must be a JSON Schema")
      }
      conversation.format = .schema(
        RawJSON(schema), name: EscapedText(format.value("name", in: json)),
        isStrict: format.value("strict", in: json)?.bool)
    } else {
      throw .invalid("text.format.type", "must be text, json_object or json_schema")
    }
  }

  private static func readReasoning(
    _ value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .object else { throw .invalid("reasoning", "must be an object") }
    for member in JSONLists.members(of: value, in: json) where member.value.kind != .null {
      switch member.name(in: json) {
      case "effort":
        guard let word = member.value.string(in: json) else {
          throw .invalid("reasoning.effort", "must be a text")
        }
        switch word {
        case "none": conversation.thinking = .off
        // Higher than most models allow.
        case "xhigh", "max": conversation.thinking = .effort(.high)
        default:
          guard let effort = Conversation.Effort(rawValue: word) else {
            throw .invalid("reasoning.effort", "must be none, minimal, low, medium, high or xhigh")
          }
          conversation.thinking = .effort(effort)
        }
      // Thinking is always returned as a summary.
      case "summary", "generate_summary": break
      case let name: conversation.drop("reasoning.\(name)")
      }
    }
  }

  // MARK: Values

  private static func text(_ value: JSONValue, _ name: String) throws(APIError) -> EscapedText {
    guard let text = EscapedText(value) else { throw .invalid(name, "must be a text") }
    return text
  }

  private static func flag(_ value: JSONValue, _ name: String) throws(APIError) -> Bool {
    guard let flag = value.bool else { throw .invalid(name, "must be true or false") }
    return flag
  }

  private static func number(
    _ value: JSONValue, _ name: String, _ range: ClosedRange<Double>?, _ json: Span<UInt8>
  ) throws(APIError) -> RawJSON {
    guard value.kind == .number, let number = value.double(in: json) else {
      throw .invalid(name, "must be a number")
    }
    if let range, !range.contains(number) {
      throw .invalid(name, "must be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
    return RawJSON(value)
  }
}
