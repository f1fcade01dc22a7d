/// A chat request in no particular dialect. Request readers create it, and request writers use it.
///
/// Texts are borrowed from the request's body or owned, so a writer also needs the body.
struct Conversation {
  /// The messages in order. System messages may be anywhere.
  var messages: [Message] = []
  var tools: [Tool] = []
  var toolChoice: ToolChoice?
  /// Whether the model may call several tools in one message, or `nil` if the caller did not specify it.
  var allowsParallelCalls: Bool?
  var format: Format?
  var sampling = Sampling()
  var thinking: Thinking?
  /// Whether the model may also decide not to think.
  var isThinkingAdaptive = false
  /// The caller's identifier of its own user.
  var user: EscapedText?
  /// The limit of the answer's tokens.
  var maxTokens: Int64?
  var wantsLogprobs = false
  var topLogprobs: Int64?
  /// For Ollama: the context length, and how long the model stays loaded.
  var contextTokens: Int64?
  var keepAlive: RawJSON?
  /// For OpenAI: the fields of a chat completion that concern the caller's account and caches there.
  var accountFields: [(name: String, value: RawJSON)] = []
  /// The fields that no other dialect has, in the order of the request.
  private(set) var dropped = DroppedFields()

  /// A message.
  struct Message {
    var role: Role
    var parts: [Part] = []
  }

  enum Role: Equatable { case system, user, assistant }

  /// A part of a message.
  enum Part {
    case text(EscapedText)
    case image(Media)
    /// A document or a recording, and its name.
    case file(Media, name: EscapedText?)
    /// The value of `cache_control`, which says that the prompt is cached up to the part before it.
    case cacheControl(RawJSON)
    /// Thinking from an earlier answer, with the signature that its provider checks.
    case thinking(EscapedText, signature: EscapedText?)
    /// Thinking that only the model's provider can read.
    case redactedThinking(EscapedText)
    case toolCall(ToolCall)
    /// The result of a tool, in a user message.
    case toolResult(ToolResult)
  }

  /// An image, a document, or a recording.
  enum Media {
    case url(EscapedText)
    /// The media type, such as `image/png`, and the base64 data.
    case data(media: EscapedText, base64: EscapedText)
  }

  struct ToolCall {
    /// `nil` if the dialect has no IDs and matches tool calls by position.
    var id: EscapedText?
    var name: EscapedText
    /// A JSON object.
    var arguments: RawJSON
    /// The signature that Gemini requires with the tool call.
    var signature: EscapedText?
  }

  struct ToolResult {
    /// The tool call's ID, or `nil` if the dialect matches results by name and position.
    var id: EscapedText?
    var name: EscapedText?
    /// The texts and images of the result.
    var parts: [Part]
    var isError = false
  }

  struct Tool {
    var name: EscapedText
    var description: EscapedText?
    /// A JSON Schema object.
    var parameters: RawJSON?
    var isStrict: Bool?
    var cacheControl: RawJSON?
  }

  enum ToolChoice {
    case auto
    case none
    /// The model must call a tool of its choice.
    case required
    case named(EscapedText)
  }

  enum Format {
    case json
    case schema(RawJSON, name: EscapedText?, isStrict: Bool?)
  }

  /// The sampling parameters. Numbers are kept as the caller wrote them.
  struct Sampling {
    var temperature: RawJSON?
    var topP: RawJSON?
    var topK: RawJSON?
    var minP: RawJSON?
    var seed: RawJSON?
    var frequencyPenalty: RawJSON?
    var presencePenalty: RawJSON?
    var repeatPenalty: RawJSON?
    var stop: [EscapedText] = []
  }

  enum Thinking: Equatable {
    case off
    /// The model decides how much.
    case on
    case effort(Effort)
    /// A limit in tokens.
    case budget(Int64)
  }

  enum Effort: String, CaseIterable { case minimal, low, medium, high }

  /// The error for a request without any content, which most dialects reject.
  static var emptyError: APIError {
    APIError(
      400, .invalidValue, "`messages` says nothing; this model's provider needs a turn with a text or an image.",
      param: "messages")
  }

  /// Records a field that no other dialect can express.
  mutating func drop(_ name: String) { dropped.add(name) }
}

extension Conversation.Media {
  /// Whether the URL is an `http` or `https` URL, which a server can fetch.
  static func isWeb(_ url: Span<UInt8>) -> Bool {
    url.hasPrefix("https://", at: 0, before: url.count) || url.hasPrefix("http://", at: 0, before: url.count)
  }
}

extension Conversation.Part {
  var isCall: Bool {
    if case .toolCall = self { true } else { false }
  }
}

/// The fields of a request that the provider did not receive, by their names in the caller's dialect. Reported in
/// `x-dropped-params`.
struct DroppedFields: Equatable {
  /// The most names that are reported, and the limit of a name's bytes.
  private static let namesMax = 16
  private static let nameBytesMax = 64

  private(set) var names: [String] = []
  /// Whether there are any, reported or not.
  private(set) var isAny = false

  mutating func add(_ name: String) {
    isAny = true
    guard names.count < Self.namesMax, name.utf8.count <= Self.nameBytesMax else { return }
    // The names go into a header field.
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2c && $0 != 0x5c }
    if isPlain, !name.isEmpty, !names.contains(name) { names.append(name) }
  }
}

/// The provider and model for which a request is written.
struct WriteTarget {
  /// The provider's name of the model.
  var model: String
  /// The provider's limit of output tokens.
  var maxTokensLimit: Int?
  var streams: Bool
  /// Whether the provider accepts `stream_options.include_usage`.
  var acceptsUsage = true
  /// Whether the provider is a local server, which accepts more fields than the dialect's own API.
  var isLocal = false
  var rules = ProviderRules()
  /// Whether the model is known to think, or not to; `nil` if that is unknown.
  var thinks: Bool?

  /// Whether the provider would reject settings for thinking.
  var rejectsThinking: Bool {
    guard rules.rejectsUnknownThinking else { return thinks == false }
    return !(thinks ?? CompletionsRequestWriter.isOpenAIReasoner(model))
  }
}

/// A request in the dialect of its provider.
struct WrittenRequest {
  var body: [UInt8] = []
  /// The fields that the provider cannot accept, starting with those that the reader dropped.
  var dropped = DroppedFields()
  /// The tool names that the request does not have as the caller wrote them.
  var toolNames = ToolNames()
}
