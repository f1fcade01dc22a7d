/// The texts of a request as one text, for a server that counts the tokens of texts. The marks that a model's template puts
/// between messages are not in it.
enum PromptText {
  /// Returns the body of a request to llama.cpp's `/tokenize`; `nil` for a prompt that has more than texts. Source: README of llama.cpp's server, "POST /tokenize".
  static func question(_ conversation: Conversation, _ json: Span<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    out.append("{\"content\":\"")
    for tool in conversation.tools {
      append(tool.name, json, to: &out)
      if let description = tool.description { append(description, json, to: &out) }
      if let parameters = tool.parameters { append(parameters, json, to: &out) }
    }
    for message in conversation.messages {
      guard append(message.parts, json, to: &out) else { return nil }
    }
    out.append("\",\"add_special\":true}")
    LoneSurrogates.mend(&out)
    return out
  }

  /// Appends the texts of parts, or returns false if there are other parts.
  private static func append(_ parts: [Conversation.Part], _ json: Span<UInt8>, to out: inout [UInt8]) -> Bool {
    for part in parts {
      switch part {
      case .text(let text): append(text, json, to: &out)
      case .toolCall(let call):
        append(call.name, json, to: &out)
        append(call.arguments, json, to: &out)
      case .toolResult(let result): if !append(result.parts, json, to: &out) { return false }
      // Templates leave earlier thinking out.
      case .thinking, .redactedThinking, .cacheControl: break
      // Their tokens are the model's own.
      case .image, .file: return false
      }
    }
    return true
  }

  private static func append(_ text: EscapedText, _ json: Span<UInt8>, to out: inout [UInt8]) {
    text.append(to: &out, from: json)
    out.append("\\n")
  }

  private static func append(_ value: RawJSON, _ json: Span<UInt8>, to out: inout [UInt8]) {
    Writer.appendEscaped(value.bytes(in: json).span, to: &out)
    out.append("\\n")
  }
}

/// Reads the number of tokens in the answer to a question for it: Anthropic's `input_tokens`, or llama.cpp's list of `tokens`.
enum TokenCountReader {
  /// Returns the count, or `nil` if there is none.
  static func read(_ json: Span<UInt8>) -> Int? {
    guard JSONLists.isObject(json) else { return nil }
    let members = JSONLists.members(of: JSONLists.root(json), in: json)
    if let tokens = members.value("tokens", in: json), tokens.kind == .array {
      return min(Int(tokens.elements), Usage.tokensMax)
    }
    guard let count = members.value("input_tokens", in: json)?.integer(in: json), count >= 0 else { return nil }
    return min(Int(clamping: count), Usage.tokensMax)
  }
}
