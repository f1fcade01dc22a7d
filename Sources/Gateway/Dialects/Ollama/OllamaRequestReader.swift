/// Reads Ollama's chat and generate requests.
///
/// Source: Ollama API reference, "Generate a chat message" and "Generate a response". Tool calls need no ID in this
/// dialect. Results are matched with calls by ID, name, or position, in this order.
enum OllamaRequestReader {
  /// Reads a body of `/api/chat`. A request to load a model has no messages and gives an empty conversation.
  static func read(_ json: Span<UInt8>) throws(APIError) -> Conversation {
    var conversation = Conversation()
    for member in try members(json) where member.value.kind != .null {
      let value = member.value
      if member.keyEquals("messages", in: json) {
        try readMessages(value, json, into: &conversation)
      } else if member.keyEquals("tools", in: json) {
        conversation.tools = try tools(value, json)
      } else if try !readShared(member, json, into: &conversation) {
        conversation.drop(member.name(in: json))
      }
    }
    conversation.pairResults(json)
    return conversation
  }

  /// Reads a body of `/api/generate`. A request to load a model has no prompt and gives an empty conversation.
  static func readGenerate(_ json: Span<UInt8>) throws(APIError) -> Conversation {
    var conversation = Conversation()
    var system: EscapedText?
    var parts: [Conversation.Part] = []
    var pictures: [Conversation.Part] = []
    for member in try members(json) where member.value.kind != .null {
      let value = member.value
      if member.keyEquals("prompt", in: json) {
        let text = try text(value, "prompt")
        if !text.isEmpty { parts = [.text(text)] }
      } else if member.keyEquals("system", in: json) {
        system = try text(value, "system")
      } else if member.keyEquals("images", in: json) {
        pictures = try images(value, "images", json)
      } else if isEmpty(member, json) {
        continue
      } else if try !readShared(member, json, into: &conversation) {
        conversation.drop(member.name(in: json))
      }
    }
    parts += pictures
    if parts.isEmpty { return conversation }
    if let system, !system.isEmpty {
      conversation.messages.append(Conversation.Message(role: .system, parts: [.text(system)]))
    }
    conversation.messages.append(Conversation.Message(role: .user, parts: parts))
    return conversation
  }

  /// Returns whether a field has an empty value, as clients send it that send all fields.
  private static func isEmpty(_ member: Member, _ json: Span<UInt8>) -> Bool {
    let value = member.value
    if member.keyEquals("raw", in: json) { return value.kind == .false }
    if member.keyEquals("suffix", in: json) || member.keyEquals("template", in: json) {
      return EscapedText(value)?.isEmpty ?? false
    }
    return member.keyEquals("context", in: json) && value.kind == .array && value.elements == 0
  }

  private static func members(_ json: Span<UInt8>) throws(APIError) -> [Member] {
    let start = Scanner.skip(in: json, from: 0)
    guard json.byte(at: start) == UInt8(ascii: "{") else {
      throw APIError(400, .invalidValue, "The body must be a JSON object.")
    }
    return JSONLists.members(of: JSONValue(.object, start: start, end: json.count), in: json)
  }

  // MARK: Fields of both

  /// Reads a field of both kinds of requests, and returns false for other fields.
  private static func readShared(
    _ member: Member, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) -> Bool {
    let value = member.value
    if member.keyEquals("model", in: json) || member.keyEquals("stream", in: json) { return true }
    if member.keyEquals("format", in: json) {
      conversation.format = try format(value, json)
    } else if member.keyEquals("think", in: json) {
      guard let thinking = thinking(value, json) else { return false }
      conversation.thinking = thinking
    } else if member.keyEquals("keep_alive", in: json) {
      guard value.kind == .string || value.kind == .number else { return false }
      conversation.keepAlive = RawJSON(value)
    } else if member.keyEquals("options", in: json) {
      try readOptions(value, json, into: &conversation)
    } else if member.keyEquals("logprobs", in: json) {
      guard let wants = value.bool else { return false }
      conversation.wantsLogprobs = wants
    } else if member.keyEquals("top_logprobs", in: json) {
      guard let count = value.integer(in: json), count >= 0 else { return false }
      if count > 0 { conversation.topLogprobs = count }
    } else {
      return false
    }
    return true
  }

  private static func format(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) -> Conversation.Format? {
    if value.kind == .object { return .schema(RawJSON(value), name: nil, isStrict: nil) }
    if value.equals("json", in: json) { return .json }
    if value.equals("", in: json) { return nil }
    throw apiError("format", "must be \"json\" or a JSON Schema")
  }

  private static func thinking(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Thinking? {
    if let truth = value.bool { return truth ? .on : .off }
    if value.equals("low", in: json) { return .effort(.low) }
    if value.equals("medium", in: json) { return .effort(.medium) }
    // The highest level of some models has no equivalent in other dialects.
    if value.equals("high", in: json) || value.equals("max", in: json) { return .effort(.high) }
    return nil
  }

  // MARK: Options

  private static func readOptions(
    _ options: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard options.kind == .object else { throw apiError("options", "must be an object") }
    for option in JSONLists.members(of: options, in: json) where option.value.kind != .null {
      if option.keyEquals("stop", in: json) {
        conversation.sampling.stop = try stops(option.value, json)
      } else if option.keyEquals("num_predict", in: json) {
        // A negative value means no limit.
        guard let tokens = TokenLimit.read(option.value, json) else {
          throw apiError("options.num_predict", "must be a whole number of tokens")
        }
        conversation.maxTokens = tokens > 0 ? tokens : nil
      } else if option.keyEquals("num_ctx", in: json) {
        conversation.contextTokens = try count(option, json)
      } else if try !readSampling(option, json, into: &conversation.sampling) {
        conversation.drop("options." + option.name(in: json))
      }
    }
  }

  private static func readSampling(
    _ option: Member, _ json: Span<UInt8>, into sampling: inout Conversation.Sampling
  ) throws(APIError) -> Bool {
    if option.keyEquals("temperature", in: json) {
      sampling.temperature = try number(option, json)
    } else if option.keyEquals("top_p", in: json) {
      sampling.topP = try number(option, json)
    } else if option.keyEquals("top_k", in: json) {
      sampling.topK = try number(option, json)
    } else if option.keyEquals("min_p", in: json) {
      sampling.minP = try number(option, json)
    } else if option.keyEquals("seed", in: json) {
      sampling.seed = try number(option, json)
    } else if option.keyEquals("frequency_penalty", in: json) {
      sampling.frequencyPenalty = try number(option, json)
    } else if option.keyEquals("presence_penalty", in: json) {
      sampling.presencePenalty = try number(option, json)
    } else if option.keyEquals("repeat_penalty", in: json) {
      sampling.repeatPenalty = try number(option, json)
    } else {
      return false
    }
    return true
  }

  private static func number(_ option: Member, _ json: Span<UInt8>) throws(APIError) -> RawJSON {
    guard option.value.kind == .number else {
      throw apiError("options." + option.name(in: json), "must be a number")
    }
    return RawJSON(option.value)
  }

  /// Returns a number of tokens, or `nil` for values below 1.
  private static func count(_ option: Member, _ json: Span<UInt8>) throws(APIError) -> Int64? {
    // Some programs write 100 as 100.0.
    guard
      let count = option.value.integer(in: json)
        ?? option.value.double(in: json).flatMap({ Int64(exactly: $0.rounded(.towardZero)) })
    else { throw apiError("options." + option.name(in: json), "must be a number of tokens") }
    return count > 0 ? count : nil
  }

  private static func stops(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) -> [EscapedText] {
    if let text = EscapedText(value) { return text.isEmpty ? [] : [text] }
    guard value.kind == .array else { throw apiError("options.stop", "must be a string or an array of strings") }
    var stops: [EscapedText] = []
    for element in JSONLists.elements(of: value, in: json) {
      let text = try text(element, "options.stop")
      if !text.isEmpty { stops.append(text) }
    }
    return stops
  }

  // MARK: Errors

  static func text(_ value: JSONValue, _ position: String) throws(APIError) -> EscapedText {
    guard let text = EscapedText(value) else { throw apiError(position, "must be a string") }
    return text
  }

  static func apiError(_ position: String, _ rule: String) -> APIError {
    APIError(400, .invalidValue, "`\(position)` \(rule).", param: position)
  }
}
