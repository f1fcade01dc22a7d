/// The rules of a provider type for requests that are translated for it: limits that its dialect does not have, and names
/// of its own. A request in the provider's own dialect is not changed by them.
struct ProviderRules: Sendable {
  /// The most bytes of a tool's name, which then consists of letters, digits, `_` and `-`. `nil` accepts every name.
  var toolNameBytesMax: Int?
  var callIDs = CallIDs.any
  /// Whether all system messages are one, at the beginning.
  var hasOneSystemMessage = false
  /// Whether the last message may not be an assistant's that ends in white space.
  var rejectsFinalWhitespace = false
  /// Whether a stop sequence must have more than white space.
  var rejectsBlankStops = false
  /// The most stop sequences.
  var stopsMax: Int?
  var user = User.any
  /// The name of the seed for sampling.
  var seed: StaticString = "seed"
  /// Whether earlier thinking is sent back as `reasoning_content`, also an empty one with tool calls.
  var requiresThinking = false
  /// Whether only models that are known to think accept settings for it.
  var rejectsUnknownThinking = false
  /// Whether parts of a message may have `cache_control`, as in Anthropic's dialect.
  var hasCacheControl = false
  /// Whether requests may have the fields for the caller's account and caches at OpenAI.
  var hasAccountFields = false
  /// The files that messages may have besides images.
  var files: Files = []

  /// Kinds of files.
  struct Files: OptionSet, Sendable {
    var rawValue: UInt8
    /// PDF documents, and PDF documents that the provider fetches.
    static let documents = Files(rawValue: 1)
    static let documentURLs = Files(rawValue: 1 << 1)
    static let audio = Files(rawValue: 1 << 2)
    /// Data of every other type.
    static let others = Files(rawValue: 1 << 3)
  }

  /// The form of tool call IDs.
  enum CallIDs: Sendable {
    case any
    /// At most this number of bytes.
    case bytesMax(Int)
    /// Nine letters and digits.
    case nineAlphanumerics
  }

  /// The form of the ID of the caller's user.
  enum User: Sendable {
    case any
    /// At most this number of bytes, and no e-mail address.
    case anonymous(bytesMax: Int)
    /// The provider has no such field.
    case none
  }
}

// The rules of the providers, as of 2026-11.
extension ProviderRules {
  /// Sources: OpenAI API reference, "Create chat completion" (`tools.function.name`, `stop`), and the errors
  /// `string_above_max_length` for `tool_calls[].id` (40) and `user` (64), and `Unrecognized request argument supplied:
  /// reasoning_effort`.
  static let openAI = ProviderRules(
    toolNameBytesMax: 64, callIDs: .bytesMax(40), stopsMax: 4, user: .anonymous(bytesMax: 64),
    rejectsUnknownThinking: true, hasAccountFields: true, files: [.documents, .audio])

  /// Source: DeepSeek API documentation, "Create Chat Completion" and "Thinking Mode": a turn with tool calls needs its
  /// `reasoning_content`.
  static let deepSeek = ProviderRules(toolNameBytesMax: 64, stopsMax: 16, requiresThinking: true)

  /// Sources: Mistral API reference, "Chat Completion" (`random_seed`; other fields are a 422), and the error 3280 for
  /// tool call IDs.
  static let mistral = ProviderRules(
    toolNameBytesMax: 64, callIDs: .nineAlphanumerics, user: .none, seed: "random_seed",
    rejectsUnknownThinking: true)

  /// Source: Groq API reference, "Create chat completion" (`stop`, `reasoning_effort`).
  static let groq = ProviderRules(toolNameBytesMax: 64, stopsMax: 4, rejectsUnknownThinking: true)

  /// Source: xAI API reference, "Chat completions" (`reasoning_effort` is an error for models without it).
  static let grok = ProviderRules(toolNameBytesMax: 64, stopsMax: 4, rejectsUnknownThinking: true)

  /// Source: OpenRouter documentation, "Prompt Caching".
  static let openRouter = ProviderRules(
    toolNameBytesMax: 64, callIDs: .bytesMax(40), stopsMax: 4, hasCacheControl: true, files: [.documents, .audio])

  /// Sources: Anthropic API reference, "Create a Message" (`tools.name`, `metadata.user_id`), and its errors for a final
  /// assistant content and stop sequences of white space.
  static let anthropic = ProviderRules(
    toolNameBytesMax: 64, rejectsFinalWhitespace: true, rejectsBlankStops: true, user: .anonymous(bytesMax: 256),
    hasCacheControl: true, files: [.documents, .documentURLs])

  /// Source: Gemini API reference (v1beta), `FunctionDeclaration`.
  static let gemini = ProviderRules(
    toolNameBytesMax: 64, files: [.documents, .documentURLs, .audio, .others])

  /// Servers whose chat templates may reject a system message that is not the first.
  static let template = ProviderRules(hasOneSystemMessage: true, files: .audio)
}
