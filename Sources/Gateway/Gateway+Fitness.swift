/// What a request needs of a model, read from its body where it could make a difference.
extension Gateway {
  /// Tokens of an answer that nobody has bounded, for an estimate of what it costs.
  private static let usualAnswer = 1024
  /// The most tokens of an answer that a bound is believed about.
  private static let believedAnswer = Int64(1_000_000)
  /// Bytes of a body that is read for its needs: more would take the loop milliseconds.
  private static let readMax = 2 << 20

  /// Fits a plan to what the request needs.
  func fit(_ plan: inout RoutePlan, _ call: Call, _ body: Span<UInt8>, mayReadMore: Bool = false) {
    plan.requirements = needs(call, body, balancer.profile(plan))
    plan.requirements?.mayReadMore = mayReadMore
    plan.expectedTokens.input = plan.requirements?.tokens ?? call.promptBytes / Requirements.charactersPerToken
    // Ollama's -1 is "as many as you like", and so is whatever nobody will write.
    let asked = call.outputTokensMax ?? 0
    plan.expectedTokens.output = (1...Self.believedAnswer).contains(asked) ? Int(asked) : Self.usualAnswer
    balancer.applyRequirements(&plan)
  }

  /// What the request needs, unless all candidates can do it, whatever it is: most need nothing special, and are not read
  /// for it.
  private func needs(_ call: Call, _ body: Span<UInt8>, _ profile: KnownModels.Profile) -> Requirements? {
    guard body.count <= Self.readMax else { return nil }
    let mayBeLong = body.count / Requirements.charactersPerToken > profile.contextMin
    guard mayBeLong || Self.mayNeed(profile.missing, body) else { return nil }
    // What cannot be read is not known: whoever is asked will judge.
    guard let conversation = call.conversation(body) else { return nil }
    return Requirements(conversation, body)
  }

  /// Whether words are in the body without which it cannot need any of it, in any dialect.
  private static func mayNeed(_ capabilities: ModelCapabilities, _ body: Span<UInt8>) -> Bool {
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
    // Who may not call any does not need any.
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
      // As many tokens as the model makes of it; few beside its bytes.
      case .image: capabilities.insert(.vision)
      case .redactedThinking: break
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

  /// Adds the characters of a text as it stands between quotes; an escape is one, and so is a run of the same, as of
  /// spaces, which may be one token.
  private mutating func count(_ text: Span<UInt8>) {
    var index = 0
    var last: UInt8 = 0
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\\") {
        let kind = text.byte(at: index + 1)
        index += kind == UInt8(ascii: "u") ? 6 : 2
        // An escaped letter is never the same as the one before.
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
