/// Why one attempt at one upstream came to nothing, in the words that routing and callers need.
enum AttemptFailure: Error, Equatable {
  /// Its name has no address.
  case hostNotFound
  /// Its name leads to an address that the configuration does not allow.
  case addressNotAllowed
  /// No connection.
  case unreachable
  /// No connection, or no event, within the time allowed.
  case timedOut(Phase)
  /// TLS could not be agreed, or the certificate is not the host's.
  case tls
  /// The connection broke; nothing or only a part of the answer came.
  case connectionLost
  /// What came is not what the dialect says.
  case malformed(String)
  /// A bound was passed.
  case tooLarge
  /// An HTTP status that is not success, with what the body says.
  case status(Int, UpstreamError)
  /// An error object inside a stream or a 200.
  case error(UpstreamError)

  /// What the upstream was doing when the time ran out.
  enum Phase: String, Sendable {
    case connect = "its connection"
    case send = "reading the request"
    case head = "the head of its answer"
    case firstEvent = "the first event"
    case pace = "its stream, which was slower than it may be"
    case stall = "the next byte"
    case total = "the whole answer"
  }

  /// Whether another candidate may do better. What is wrong with the request stays wrong; only a prompt that is too long
  /// for one need not be for another.
  var allowsFailover: Bool {
    switch self {
    case .status(let status, _): ![400, 404, 413, 422].contains(status) || isTooLong
    // The time is used up, whoever else there is.
    case .timedOut(.total): false
    default: true
    }
  }

  /// Whether the prompt has more tokens than the model reads.
  var isTooLong: Bool {
    guard case .status(400...422, let error) = self else { return false }
    return error.isAboutContext
  }

  /// Whether the model is being loaded, so that it can be asked when that is done: llama.cpp's word for it.
  var isLoading: Bool {
    guard case .status(503, let error) = self else { return false }
    return error.message.lowercased().contains("loading model")
  }

  /// Whether the same candidate may do better a moment later.
  var allowsRetry: Bool {
    switch self {
    case .unreachable, .connectionLost, .timedOut(.connect): true
    case .status(let status, _): status == 408 || status >= 500
    default: false
    }
  }

  /// One word for the journal.
  var reason: String {
    switch self {
    case .hostNotFound: "host_not_found"
    case .addressNotAllowed: "address_not_allowed"
    case .unreachable: "unreachable"
    case .timedOut: "timeout"
    case .tls: "tls"
    case .connectionLost: "connection_lost"
    case .malformed: "malformed"
    case .tooLarge: "too_large"
    case .status(let status, _): "status_\(status)"
    case .error: "error"
    }
  }
}

/// What an upstream said went wrong: bounded, and without what looks like a secret.
struct UpstreamError: Equatable, Sendable {
  var message: String
  var type: String?
  var param: String?
  var code: String?
  /// Seconds after which it wants to be asked again.
  var retryAfter: Int?
  /// The body as it came, at most `bodyBytesMax` of it.
  var body: String?

  /// Bytes of an upstream's body that are kept and shown.
  static let bodyBytesMax = 4096

  /// What servers say of a prompt that is too long: OpenAI and vLLM, Anthropic, Gemini, llama.cpp.
  private static let contextWords = [
    "maximum context length", "prompt is too long", "exceed context limit", "exceeds the maximum number of tokens",
    "exceeds the available context size",
  ]

  /// Whether it says that the prompt has too many tokens.
  var isAboutContext: Bool {
    if code == "context_length_exceeded" || type == "exceed_context_size_error" { return true }
    let message = message.lowercased()
    return Self.contextWords.contains { message.contains($0) }
  }
}
