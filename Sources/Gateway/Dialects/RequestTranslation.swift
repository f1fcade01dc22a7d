/// Writes a request in another dialect than the caller's.
enum RequestTranslation {
  static func write(
    _ json: Span<UInt8>, as endpoint: CallEndpoint, in dialect: Dialect, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    let conversation = try read(json, as: endpoint)
    return switch dialect {
    case .openAI, .responses: try CompletionsRequestWriter.write(conversation, json, for: target)
    case .anthropic: try MessagesRequestWriter.write(conversation, json, for: target)
    case .ollama: try OllamaRequestWriter.write(conversation, json, for: target)
    case .gemini: try GeminiRequestWriter.write(conversation, json, for: target)
    }
  }

  /// A body that was checked as a whole.
  static func read(_ json: Span<UInt8>, as endpoint: CallEndpoint) throws(APIError) -> Conversation {
    switch (endpoint.dialect, endpoint.form) {
    case (.openAI, _): try CompletionsRequestReader.read(json)
    case (.responses, _): try ResponsesRequestReader.read(json)
    case (.anthropic, _): try MessagesRequestReader.read(json)
    case (.ollama, .generate): try OllamaRequestReader.readGenerate(json)
    case (.ollama, _): try OllamaRequestReader.read(json)
    case (.gemini, _): try GeminiRequestReader.read(json)
    }
  }
}

/// Where Gemini has a model's answers, behind `models/`.
enum GeminiPath {
  static func of(_ model: String, streams: Bool) -> String {
    var path = ""
    // A name comes from callers, too: whatever a path gives a meaning is escaped.
    for byte in model.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "@"):
        path.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        path += byte < 16 ? "%0" + digits : "%" + digits
      }
    }
    return path + (streams ? ":streamGenerateContent?alt=sse" : ":generateContent")
  }
}
