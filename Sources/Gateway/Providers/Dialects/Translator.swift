/// Makes an answer in another dialect one of OpenAI's, for one attempt.
enum Translator {
  case messages(MessagesReader, CompletionWriter)

  /// `nil` for what needs no translation.
  init?(from dialect: Dialect) {
    switch dialect {
    case .openAI, .responses, .ollama, .gemini: return nil
    case .anthropic: self = .messages(MessagesReader(), CompletionWriter())
    }
  }

  /// The data of the OpenAI events that the data of one event come to.
  mutating func translate(_ json: Span<UInt8>) throws(UpstreamFailure) -> [[UInt8]] {
    switch self {
    case .messages(var reader, var writer):
      var events: [ChatEvent] = []
      try reader.read(json, into: &events)
      var out: [[UInt8]] = []
      for event in events { out += try writer.chunks(of: event, json) }
      self = .messages(reader, writer)
      return out
    }
  }

  /// A whole answer; `id` and `created` where it has none.
  func whole(_ json: Span<UInt8>, id: String, created: UInt64) throws(UpstreamFailure) -> [UInt8] {
    switch self {
    case .messages: CompletionWriter.whole(try MessagesReader.whole(json), json, id: id, created: created)
    }
  }
}
