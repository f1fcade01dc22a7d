/// Everything that hoosh knows about one dialect, apart from the code that runs for every piece of a stream.
struct DialectRow: Sendable {
  var dialect: Dialect

  // MARK: Providers that speak it

  /// Returns the part of a provider's base URL that its paths follow.
  var root: @Sendable (BaseURL) -> String
  /// The calls that a provider offers.
  var calls: [CallPath]
  /// The path of the list of models.
  var modelsPath: String
  /// The questions that a provider answers beside calls.
  var questions: [QuestionPath] = []
  /// Returns the header fields that carry an API key, and those that every request needs.
  var credentialFields: @Sendable (_ secret: String?) -> [String]
  /// Returns the header fields of a caller's request that a provider of the same dialect also receives. `nil` forwards
  /// none.
  var forwardedFields: (@Sendable (RequestHead, Span<UInt8>) -> [String])?
  /// Whether requests may have `stream_options`, which ask for usage in the stream.
  var hasStreamOptions = false
  /// The rules of its providers, where their type has none for it.
  var rules = ProviderRules()
  /// How the events of a stream are separated.
  var framing = Framing.sse

  enum Framing { case sse, ndjson }

  // MARK: Callers that speak it

  /// The prefix of the paths that only this dialect has.
  var pathPrefix: StaticString?
  /// The parameter of the query that may have the caller's API key.
  var keyParameter: StaticString?
  /// Returns whether a request's header fields identify a client of this dialect, for paths that dialects share.
  var isSpoken: @Sendable (RequestHead) -> Bool = { _ in false }
  /// The members of a chat request that are read in place; `nil` for OpenAI's, which `ChatRequest` checks one by one.
  var chatMembers: ChatMembers?
  /// Returns the media type of a stream.
  var streamType: @Sendable (CallEndpoint.Form) -> StaticString = { _ in StreamWriter.eventStream }
  /// Whether its streams may contain comments.
  var allowsComments = true
  /// Appends an error object, as the body of a response or the data of an event.
  var writeError: @Sendable (_ error: APIError, _ requestID: String, _ out: inout [UInt8]) -> Void
  /// Appends what is left of a caller's limits as response fields.
  var writeRateLimits: @Sendable (_ limits: RateLimits, _ out: inout [UInt8]) -> Void = RateLimitFields
    .appendDurations
  /// Returns what surrounds an error object at the end of a stream.
  var errorFrame: @Sendable (CallEndpoint.Form) -> (before: StaticString, after: StaticString) = { _ in
    ("data: ", "\n\n")
  }
  /// Returns the list of models, and one model.
  var writeModels: @Sendable ([ModelEntry]) -> [UInt8]
  var writeModel: @Sendable (ModelEntry) -> [UInt8]
  /// The member that holds the number of tokens in the response to a request to count them.
  var tokenCountKey = "input_tokens"
  /// Returns the message for a prompt that no candidate can read, in the words by which agents know that they have to
  /// shorten it.
  var contextTooLong: @Sendable (_ tokens: Int, _ contextTokens: Int) -> String = { tokens, contextTokens in
    "This model's maximum context length is \(contextTokens) tokens. However, your messages resulted in about "
      + "\(tokens) tokens. Please reduce the length of the messages."
  }
  /// Returns the members that a response repeats of its request.
  var echo: (@Sendable (Span<UInt8>) -> [UInt8])?
  /// Returns the response to a request that only loads or unloads a model; `nil` for a dialect that has no such requests.
  var writeLoaded: (@Sendable (AnswerMetadata, CallEndpoint, _ isUnload: Bool) -> [UInt8])?

  // MARK: Translation

  /// The requests and answers for embeddings; `nil` for a dialect without them.
  var embeddings: EmbeddingsFormat?
  /// Reads a request's body, which was checked as a whole.
  var readRequest: @Sendable (Span<UInt8>, CallEndpoint.Form) throws(APIError) -> Conversation
  /// Writes the body of a request.
  var writeRequest: @Sendable (Conversation, Span<UInt8>, WriteTarget) throws(APIError) -> WrittenRequest
  /// Reads a non-streaming response. `request` is the ID of the request, of which tool calls
  /// without an ID get a part.
  var readWhole: @Sendable (Span<UInt8>, _ request: String) throws(AttemptFailure) -> [ChatEvent]
  /// Writes a non-streaming response.
  var writeAnswer: @Sendable (Answer, TokenCounts, AnswerMetadata, CallEndpoint.Form) -> [UInt8]

  /// Reads a non-streaming response.
  func readAnswer(_ json: Span<UInt8>, request: String = "") throws(AttemptFailure) -> [ChatEvent] {
    try readWhole(json, request)
  }

  /// Returns where a provider offers a kind of call, or `nil` if it does not.
  func path(of kind: CallKind) -> CallPath? { calls.first { $0.kind == kind } }
}

/// Where the providers of a dialect offer a kind of call.
struct CallPath: Sendable {
  var kind: CallKind
  /// The form of the callers that are served here, if they speak the provider's dialect; `nil` for all others.
  var form: CallEndpoint.Form?
  /// The path below the root.
  var path: String
  /// Returns the rest of the path, for dialects that have the model there.
  var rest: (@Sendable (_ model: String, _ streams: Bool) -> String)?
  /// The dialect of the call, where it is another than the row's.
  var dialect: Dialect?
  /// Whether a request to complete texts may have only one, and has one answer.
  var takesOnePrompt = false

  /// Returns whether a call is served here; `form` is that of a caller who speaks the provider's dialect.
  func serves(_ kind: CallKind, _ form: CallEndpoint.Form?) -> Bool {
    self.kind == kind && (self.form == nil || self.form == form)
  }
}

/// The members of a chat request that hoosh reads in place, without translating the request.
struct ChatMembers: Sendable {
  /// The member that holds the prompt, and the one for requests to complete a text.
  var prompt: StaticString
  var completionPrompt: StaticString?
  /// Whether the prompt must be an array with at least one message.
  var requiresMessages = false
  /// Whether one message may stand in place of the array.
  var acceptsOneMessage = false
  /// Whether a request without a prompt is valid, and loads or unloads its model.
  var loadsModel = false
  /// The member that holds instructions beside the prompt.
  var instructions: StaticString?
  /// The member that limits the tokens of the answer.
  var maxTokens: StaticString?
  /// The limits inside of objects.
  var limits: [LimitPath] = []
  /// The members inside of objects that hold the number of answers.
  var choices: [LimitPath] = []
  /// The names that a provider may read in any case of letters. Another case than here is rejected.
  var strictNames: [StaticString] = []
  /// The member that says how long the model stays loaded; 0 unloads it.
  var keepAlive: StaticString?
  /// Whether a request streams that does not say.
  var streamsByDefault = false
  /// Whether the path has the model and says whether the request streams, so that the body does not.
  var pathHasModel = false
}
