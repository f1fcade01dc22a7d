/// The requirements of a request, read from its body where they could make a difference.
extension Dispatcher {
  /// Tokens of an answer without a limit, to estimate its cost.
  private static let defaultAnswerTokens = 1024
  /// The highest limit of output tokens that an estimate uses.
  private static let answerTokensMax = Int64(1_000_000)

  /// Applies a request's requirements to its plan; `known` are those of a body that was read before.
  func applyRequirements(
    _ plan: inout RoutePlan, _ call: Call, _ body: Span<UInt8>, known: Requirements? = nil,
    mayReadMore: Bool = false
  ) {
    plan.requirements = known ?? requirements(call, body, balancer.profile(plan))
    plan.requirements?.mayReadMore = mayReadMore
    let tokens = plan.requirements?.tokens ?? 0
    plan.expectedTokens.input = tokens > 0 ? tokens : call.promptBytes / Requirements.charactersPerToken
    // Ollama's -1 means no limit, and a limit that no answer reaches means the same.
    let outputMax = call.outputTokensMax ?? 0
    plan.expectedTokens.output =
      (1...Self.answerTokensMax).contains(outputMax) ? Int(outputMax) : Self.defaultAnswerTokens
    balancer.applyRequirements(&plan)
  }

  /// Estimates the cost at each candidate of a request of which only the model is known.
  func applyDefaultRequirements(_ plan: inout RoutePlan) {
    plan.expectedTokens.output = Self.defaultAnswerTokens
    balancer.applyRequirements(&plan)
  }

  /// Returns the requirements; `nil` if every candidate meets them anyway. Most requests need nothing special, and are
  /// not read for it.
  private func requirements(
    _ call: Call, _ body: Span<UInt8>, _ profile: KnownModels.Profile
  ) -> Requirements? {
    let kind = call.endpoint.kind
    if kind != .chat { return Requirements(call: kind) }
    guard body.count <= Call.inlineBytesMax else { return nil }
    let mayBeLong = body.count / Requirements.charactersPerToken > profile.contextMin
    guard mayBeLong || Self.mayRequire(profile.missing, body) else { return nil }
    // The requirements of a body that cannot be read are unknown; the provider judges it.
    guard let conversation = call.conversation(body) else { return nil }
    return Requirements(conversation, body)
  }

  /// Whether the body contains a word without which it cannot require any of the capabilities, in any dialect.
  private static func mayRequire(_ capabilities: ModelCapabilities, _ body: Span<UInt8>) -> Bool {
    if capabilities.contains(.vision), Search.contains("image", in: body) { return true }
    if capabilities.contains(.tools), Search.contains("tool", in: body) || Search.contains("unction", in: body) {
      return true
    }
    return capabilities.contains(.schema)
      && (Search.contains("chema", in: body) || Search.contains("format", in: body))
  }
}

extension Requirements {
  init(_ conversation: Conversation, _ json: Span<UInt8>) {
    // A caller that forbids tool calls does not require them.
    if case .none? = conversation.toolChoice {} else if !conversation.tools.isEmpty { capabilities.insert(.tools) }
    if case .schema? = conversation.format { capabilities.insert(.schema) }
    for message in conversation.messages { note(message.parts, json) }
    for tool in conversation.tools {
      if let description = tool.description { note(description, json) }
      if let parameters = tool.parameters { note(parameters, json) }
    }
  }

  private mutating func note(_ parts: [Conversation.Part], _ json: Span<UInt8>) {
    for part in parts {
      switch part {
      case .text(let text), .thinking(let text, signature: _): note(text, json)
      // Its tokens depend on the model, and are few beside its bytes.
      case .image: capabilities.insert(.vision)
      case .redactedThinking, .file, .cacheControl: break
      case .toolCall(let call): note(call.arguments, json)
      case .toolResult(let result): note(result.parts, json)
      }
    }
  }

  private mutating func note(_ text: EscapedText, _ json: Span<UInt8>) {
    switch text {
    case .borrowed(let slice): count(json.bytes(slice))
    case .owned(let bytes): count(bytes.span)
    }
  }

  private mutating func note(_ value: RawJSON, _ json: Span<UInt8>) {
    switch value {
    case .borrowed(let slice): count(json.bytes(slice))
    case .owned(let bytes): count(bytes.span)
    }
  }

  /// Adds the characters of a text as it stands between quotes. An escape is one character, and so is a run of the same
  /// character, as of spaces, which may be one token.
  private mutating func count(_ text: Span<UInt8>) {
    var index = 0
    var last: UInt8 = 0
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\\") {
        let kind = text.byte(at: index + 1)
        index += kind == UInt8(ascii: "u") ? 6 : 2
        // An escaped letter never equals the one before.
        if kind == UInt8(ascii: "u") || last != kind | 0x80 { characters += 1 }
        last = kind | 0x80
      } else {
        // The first byte of a character of UTF-8, not those that continue it.
        if byte & 0xc0 != 0x80, byte >= 0x80 || byte != last { characters += 1 }
        last = byte
        index += 1
      }
    }
  }
}
