/// A chat request, whatever dialect it came in: what the readers of requests make and the writers of requests take.
///
/// Texts are lent by the request's body or made for the occasion; who writes needs the body too. Each dialect reads
/// into it and writes out of it, and none knows another.
struct Conversation {
  /// Turns in their order; those of the system may stand anywhere.
  var messages: [Message] = []
  var tools: [Tool] = []
  var toolChoice: ToolChoice?
  /// Whether a model may call several tools at once; `nil` where the caller did not say.
  var allowsParallelCalls: Bool?
  var format: Format?
  var sampling = Sampling()
  var thinking: Thinking?
  /// Who asks, as the caller's program names its own user.
  var user: EscapedText?
  /// The most tokens of an answer.
  var maxTokens: Int64?
  var wantsLogprobs = false
  var topLogprobs: Int64?
  /// Ollama's: the size of the context, and how long the model stays in memory.
  var contextTokens: Int64?
  var keepAlive: RawJSON?
  /// Fields that no other dialect has, in the order in which they were met.
  private(set) var dropped = DroppedFields()

  /// A turn.
  struct Message {
    var role: Role
    var parts: [Part] = []
  }

  enum Role: Equatable { case system, user, assistant }

  /// A piece of a turn.
  enum Part {
    case text(EscapedText)
    case image(Image)
    /// What a model thought in an earlier turn. The signature proves it to the model's maker.
    case thinking(EscapedText, signature: EscapedText?)
    /// The same, readable for its maker alone.
    case redactedThinking(EscapedText)
    case toolCall(ToolCall)
    /// In a turn of the user.
    case toolResult(ToolResult)
  }

  enum Image {
    case url(EscapedText)
    /// `media` is the type, as in `image/png`; `base64` the bytes.
    case data(media: EscapedText, base64: EscapedText)
  }

  struct ToolCall {
    /// `nil` where the dialect has none: a call is then known by its place.
    var id: EscapedText?
    var name: EscapedText
    /// An object.
    var arguments: RawJSON
    /// What Gemini wants back with the call.
    var signature: EscapedText?
  }

  struct ToolResult {
    /// The call's; `nil` where the dialect knows calls by name and place.
    var id: EscapedText?
    var name: EscapedText?
    /// Texts and images.
    var parts: [Part]
    var isError = false
  }

  struct Tool {
    var name: EscapedText
    var description: EscapedText?
    /// A JSON Schema, an object.
    var parameters: RawJSON?
    var isStrict: Bool?
  }

  enum ToolChoice {
    case auto
    case none
    /// Some tool, whichever.
    case required
    case named(EscapedText)
  }

  enum Format {
    case json
    case schema(RawJSON, name: EscapedText?, isStrict: Bool?)
  }

  /// How the next token is chosen. Numbers are as the caller wrote them.
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
    /// As much as the model sees fit.
    case on
    case effort(Effort)
    /// At most so many tokens.
    case budget(Int64)
  }

  enum Effort: String, CaseIterable { case minimal, low, medium, high }

  /// For what comes to no turns: an error in most dialects, told in words that name the fix.
  static var saysNothing: APIError {
    APIError(
      400, .invalidValue, "`messages` says nothing; this model's provider needs a turn with a text or an image.",
      param: "messages")
  }

  /// Notes a field that no other dialect can express.
  mutating func drop(_ name: String) { dropped.add(name) }
}

extension Conversation.Image {
  /// Whether it is an address that a server can fetch, and neither a file's nor data.
  static func isWeb(_ url: Span<UInt8>) -> Bool {
    url.hasPrefix("https://", at: 0, before: url.count) || url.hasPrefix("http://", at: 0, before: url.count)
  }
}

extension Conversation.Part {
  var isCall: Bool {
    if case .toolCall = self { true } else { false }
  }
}

/// What of a request a model did not get, by the names of the fields in the caller's dialect; for `x-dropped-params`.
struct DroppedFields: Equatable {
  /// Names that are told, and bytes of the longest.
  private static let namesMax = 16
  private static let nameBytesMax = 64

  private(set) var names: [String] = []

  mutating func add(_ name: String) {
    guard names.count < Self.namesMax, name.utf8.count <= Self.nameBytesMax else { return }
    // They go into a header field.
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2c && $0 != 0x5c }
    if isPlain, !name.isEmpty, !names.contains(name) { names.append(name) }
  }
}

/// What a request is written for.
struct WriteTarget {
  /// The model's name there.
  var model: String
  /// The most tokens that it may be asked for.
  var maxTokensLimit: Int?
  var streams: Bool
  /// Whether it accepts `stream_options.include_usage`.
  var acceptsUsage = true
  /// Whether it is a server of one's own, which knows more fields than the maker of the dialect.
  var isLocal = false
}

/// A request in the dialect of its target.
struct WrittenRequest {
  var body: [UInt8] = []
  /// Fields that the target cannot take, those that its reader dropped first.
  var dropped = DroppedFields()
}
