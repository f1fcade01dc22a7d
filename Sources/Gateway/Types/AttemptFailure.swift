/// The reason why an attempt failed.
enum AttemptFailure: Error, Equatable {
  /// The provider's host name has no address.
  case hostNotFound
  /// The provider's host name resolves to an address that the configuration does not allow.
  case addressNotAllowed
  /// The connection could not be established.
  case unreachable
  /// A timeout.
  case timedOut(Phase)
  /// The TLS handshake failed.
  case tls
  /// The certificate is not trusted, or not valid for the host.
  case certificate
  /// The server does not speak TLS.
  case notTLS
  /// The provider's proxy failed.
  case proxy(ProxyFailure)
  /// The connection was lost before the end of the response.
  case connectionLost
  /// The response is not valid in the provider's dialect.
  case malformed(String)
  /// The response exceeds a limit.
  case tooLarge
  /// An HTTP status that is not a success, with the error in the body.
  case status(Int, UpstreamError)
  /// An error object in a stream or in a 200.
  case error(UpstreamError)

  /// The phase in which a timeout expired, as the end of a sentence.
  enum Phase: String, Sendable {
    case connect = "it did not accept a connection"
    case send = "it did not read the request"
    case head = "it sent no response header"
    case firstEvent = "it sent no event"
    case throughput = "its stream was slower than `bytes_per_sec_min`"
    case stall = "its stream stopped"
    case total = "it did not complete its response"
  }

  /// A failure of a proxy, as the end of a sentence.
  enum ProxyFailure: String, Sendable {
    case unreachable = "cannot be reached"
    case tls = "cannot be reached: the TLS handshake failed, or its certificate was rejected"
    case timedOut = "did not connect to it in time"
    case credentials = "rejected the user and password in `proxy`, or requires some"
    case rejected = "did not connect to it"
  }

  /// Whether another candidate may succeed. An error in the request fails everywhere, except that a prompt may fit into
  /// another model's context, and that another provider may have the model.
  ///
  /// - Parameter model: The model, as the provider names it.
  func allowsFailover(_ model: String) -> Bool {
    switch self {
    case .status(let status, _): ![400, 404, 413, 422].contains(status) || isTooLong || isMissing(model)
    // This timeout applies to all candidates together.
    case .timedOut(.total): false
    default: true
    }
  }

  /// Whether a 404 says that the provider does not have the model.
  func isMissing(_ model: String) -> Bool {
    guard case .status(404, let error) = self else { return false }
    return error.hasModelCode || !model.isEmpty && error.message.namesWord(model)
  }

  /// Whether the status is 404, whatever it is about.
  var isNotFound: Bool {
    if case .status(404, _) = self { true } else { false }
  }

  /// Whether the prompt exceeds the model's context length.
  var isTooLong: Bool {
    guard case .status(400...422, let error) = self else { return false }
    return error.isAboutContext
  }

  /// Whether the provider is loading the model, so that a later attempt can succeed. llama.cpp sends this message.
  var isLoading: Bool {
    guard case .status(503, let error) = self else { return false }
    return error.message.lowercased().contains("loading model")
  }

  /// Whether the same candidate may succeed a moment later.
  var allowsRetry: Bool {
    switch self {
    case .unreachable, .connectionLost, .timedOut(.connect), .proxy(.unreachable), .proxy(.timedOut): true
    // A circle stays one.
    case .status(508, _): false
    case .status(let status, _): status == 408 || status >= 500
    default: false
    }
  }

  /// The failure with the status that the provider meant, for an error in a 200 that says so and that the caller can act
  /// on: a prompt that is too long, an invalid request, a rate limit, or an overload.
  var meant: AttemptFailure {
    guard case .error(let error) = self, let status = error.status else { return self }
    return .status(status, error)
  }

  /// The reason in the access log.
  var reason: String {
    switch self {
    case .hostNotFound: "host_not_found"
    case .addressNotAllowed: "address_not_allowed"
    case .unreachable: "unreachable"
    case .timedOut: "timeout"
    case .tls, .certificate, .notTLS: "tls"
    case .proxy: "proxy"
    case .connectionLost: "connection_lost"
    case .malformed: "malformed"
    case .tooLarge: "too_large"
    case .status(let status, _): "status_\(status)"
    case .error: "error"
    }
  }
}

/// An upstream's error message, cut to a limit and without anything that looks like a credential.
struct UpstreamError: Equatable, Sendable {
  var message: String
  var type: String?
  var param: String?
  var code: String?
  /// Seconds after which the upstream allows a retry.
  var retryAfter: Int?
  /// The body, at most `bodyBytesMax` of it, or `nil`.
  var body: String?

  /// The most bytes of an upstream's body that are kept.
  static let bodyBytesMax = 4096

  /// Whether its code says that the error is about the model, as in `model_not_found`. The message does not count: it may
  /// repeat what the caller wrote.
  var hasModelCode: Bool { code?.hasPrefix("model_") ?? false }

  /// The messages of servers for a prompt that is too long: OpenAI and vLLM, Anthropic, Gemini, llama.cpp.
  private static let contextWords = [
    "maximum context length", "prompt is too long", "exceed context limit", "exceeds the maximum number of tokens",
    "exceeds the available context size",
  ]

  /// The statuses by type: those of Anthropic and of Gemini.
  private static let statuses: [String: Int] = [
    "invalid_request_error": 400, "rate_limit_error": 429, "overloaded_error": 529, "INVALID_ARGUMENT": 400,
    "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503,
  ]

  /// The HTTP status that the error stands for, if the caller can act on it; `nil` for a failure of the provider.
  var status: Int? {
    if isAboutContext { return 400 }
    let status = code.flatMap { Int($0) } ?? type.flatMap { Self.statuses[$0] }
    guard let status, [400, 404, 413, 422, 429, 503, 529].contains(status) else { return nil }
    return status
  }

  /// Whether the error is that the prompt is too long.
  var isAboutContext: Bool {
    if code == "context_length_exceeded" || type == "exceed_context_size_error" { return true }
    let message = message.lowercased()
    return Self.contextWords.contains { message.contains($0) }
  }
}

extension String {
  /// Whether a word occurs in the text, and not only as a part of another.
  fileprivate func namesWord(_ word: String) -> Bool {
    let (text, word) = (Array(utf8), Array(word.utf8))
    func isPart(_ index: Int) -> Bool {
      guard text.indices.contains(index) else { return false }
      let byte = text[index]
      return byte.isDecimal || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
        || byte >= 0x80
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    var start = 0
    while start + word.count <= text.count {
      let end = start + word.count
      if text[start..<end].elementsEqual(word), !isPart(start - 1), !isPart(end) { return true }
      start += 1
    }
    return false
  }
}
