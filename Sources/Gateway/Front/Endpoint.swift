/// What a request is for, by its path.
///
/// Paths are compared as they came, undecoded, so that what was authorized is what is served. OpenAI's API
/// answers with and without `/v1`, with `/v1` doubled, under `/openai` and with one slash at the end, because
/// clients differ in what they take for a base URL.
/// So do Anthropic's and Gemini's; Ollama's are under `/api`.
enum Endpoint: Equatable {
  case root
  /// The process is alive: `/healthz`, `/health`, `/v1/health`, `/ping`.
  case liveness
  /// New requests are welcome: `/readyz`.
  case readiness
  /// What the gateway holds, and how its loop fares: `/v1/status`.
  case status
  /// What the machine has and what fits on it: `/v1/hardware` and what is below it.
  case hardware(HardwareEndpoint)
  case chat(CallEndpoint)
  /// How many tokens a chat's prompt has.
  case countTokens(CallEndpoint)
  case models
  /// One model; its name is the slice of the path, percent-encoded as it came.
  case model(Slice)
  /// Ollama's: the models, one of them, those in memory, and the version.
  case ollamaTags, ollamaShow, ollamaLoaded, ollamaVersion
  /// Claude Code asks whether anybody is there.
  case hello
  /// How the providers are, each and in numbers: `/v1/health/providers`, `/v1/health/heartbeat`.
  case healthProviders, healthHeartbeat
  /// What happened: `/v1/events/recent`, and as a stream `/v1/events`.
  case recentEvents(EventQuery), events(EventQuery)
  /// Who waits: `/v1/queue/status`.
  case queueStatus
  /// Where a model would go, and where a request went: `/v1/route/explain`, with the request's id behind it.
  case routeExplain
  case routeOf(Slice)
  /// The configuration is read again: `/v1/admin/reload`.
  case reload

  /// The endpoint at a path; `nil` is a 404.
  static func at(_ path: Slice, query: Slice = .empty, in bytes: Span<UInt8>) -> Endpoint? {
    var rest = path.range
    if rest.count > 1, bytes[rest.upperBound - 1] == UInt8(ascii: "/") { rest.removeLast() }
    switch true {
    case bytes.equals("/", in: rest): return .root
    case bytes.equals("/healthz", in: rest), bytes.equals("/health", in: rest),
      bytes.equals("/v1/health", in: rest),
      bytes.equals("/ping", in: rest):
      return .liveness
    case bytes.equals("/readyz", in: rest): return .readiness
    case bytes.equals("/v1/status", in: rest): return .status
    default: break
    }
    if bytes.drop("/api", from: &rest) { return ofOllama(rest, in: bytes) }
    bytes.drop("/openai", from: &rest)
    bytes.drop("/v1", from: &rest)
    bytes.drop("/v1", from: &rest)
    bytes.drop("/v1beta", from: &rest)
    if bytes.equals("/chat/completions", in: rest) { return .chat(CallEndpoint(.openAI)) }
    if bytes.equals("/responses", in: rest) { return .chat(CallEndpoint(.responses)) }
    if bytes.equals("/messages", in: rest) { return .chat(CallEndpoint(.anthropic)) }
    if bytes.equals("/messages/count_tokens", in: rest) { return .countTokens(CallEndpoint(.anthropic)) }
    if bytes.equals("/models", in: rest) { return .models }
    if let endpoint = ofRouting(rest, query, in: bytes) { return endpoint }
    if bytes.hasPrefix("/hardware", at: rest.lowerBound, before: rest.upperBound) {
      return ofHardware(rest, in: bytes)
    }
    guard bytes.drop("/models", from: &rest), rest.count > 1 else { return nil }
    return ofModel(rest.dropFirst(), query, in: bytes)
  }

  private static func ofHardware(_ rest: Range<Int>, in bytes: Span<UInt8>) -> Endpoint? {
    let below = bytes.bytes(Slice(rest)).text.dropFirst("/hardware".utf8.count)
    return HardwareEndpoint(rawValue: String(below)).map(Endpoint.hardware)
  }

  private static func ofRouting(_ rest: Range<Int>, _ query: Slice, in bytes: Span<UInt8>) -> Endpoint? {
    var rest = rest
    switch true {
    case bytes.equals("/health/providers", in: rest): return .healthProviders
    case bytes.equals("/health/heartbeat", in: rest): return .healthHeartbeat
    case bytes.equals("/events/recent", in: rest): return .recentEvents(EventQuery(bytes.bytes(query)))
    case bytes.equals("/events", in: rest): return .events(EventQuery(bytes.bytes(query)))
    case bytes.equals("/queue/status", in: rest): return .queueStatus
    case bytes.equals("/route/explain", in: rest): return .routeExplain
    case bytes.equals("/admin/reload", in: rest): return .reload
    default: break
    }
    guard bytes.drop("/route/explain", from: &rest), rest.count > 1 else { return nil }
    return .routeOf(Slice(rest.dropFirst()))
  }

  private static func ofOllama(_ rest: Range<Int>, in bytes: Span<UInt8>) -> Endpoint? {
    switch true {
    case bytes.equals("/chat", in: rest): .chat(CallEndpoint(.ollama))
    case bytes.equals("/generate", in: rest): .chat(CallEndpoint(.ollama, form: .generate))
    case bytes.equals("/tags", in: rest): .ollamaTags
    case bytes.equals("/show", in: rest): .ollamaShow
    case bytes.equals("/ps", in: rest): .ollamaLoaded
    case bytes.equals("/version", in: rest): .ollamaVersion
    case bytes.equals("/hello", in: rest): .hello
    default: nil
    }
  }

  /// A model by itself, or what Gemini's clients do with it: the verb follows the last colon, and a model's own name may
  /// have others.
  private static func ofModel(_ rest: Range<Int>, _ query: Slice, in bytes: Span<UInt8>) -> Endpoint {
    guard let colon = rest.last(where: { bytes[$0] == UInt8(ascii: ":") }), colon > rest.lowerBound else {
      return .model(Slice(rest))
    }
    let name = Slice(rest.lowerBound..<colon)
    let verb = colon + 1..<rest.upperBound
    switch true {
    case bytes.equals("generateContent", in: verb): return .chat(CallEndpoint(.gemini, model: name))
    case bytes.equals("streamGenerateContent", in: verb):
      let form: CallEndpoint.Form = asksForEvents(query, in: bytes) ? .events : .array
      return .chat(CallEndpoint(.gemini, form: form, model: name))
    case bytes.equals("countTokens", in: verb): return .countTokens(CallEndpoint(.gemini, model: name))
    default: return .model(Slice(rest))
    }
  }

  /// Whether a query has `alt=sse`.
  private static func asksForEvents(_ query: Slice, in bytes: Span<UInt8>) -> Bool {
    var start = query.range.lowerBound
    while start < query.range.upperBound {
      var end = start
      while end < query.range.upperBound, bytes[end] != UInt8(ascii: "&") { end += 1 }
      if bytes.equals("alt=sse", in: start..<end) { return true }
      start = end + 1
    }
    return false
  }

  /// The methods that the endpoint has; `nil` when `method` is one of them.
  func allowedMethods(unless method: RequestHead.Method) -> String? {
    switch (self, method) {
    case (.chat, .post), (.countTokens, .post), (.ollamaShow, .post), (.routeExplain, .post), (.reload, .post): nil
    case (.hardware(let question), .post) where question.isPost: nil
    case (.hardware(let question), _) where question.isPost: "POST, OPTIONS"
    case (.chat, _), (.countTokens, _), (.ollamaShow, _), (.routeExplain, _), (.reload, _): "POST, OPTIONS"
    case (_, .get), (_, .head): nil
    default: "GET, HEAD, OPTIONS"
    }
  }

  /// Whether its request has a body of JSON.
  var takesBody: Bool {
    switch self {
    case .chat, .countTokens, .ollamaShow, .routeExplain: true
    case .hardware(let question): question.isPost
    default: false
    }
  }

  /// Whether a body that is said to be something else than JSON is refused unread.
  var requiresJSON: Bool {
    if case .hardware = self { return false }
    let path = name.utf8.span
    return path.hasPrefix("/v1", at: 0, before: path.count)
  }

  /// The model's name in the path, percent-encoded as it came.
  var modelSlice: Slice? {
    switch self {
    case .model(let name), .routeOf(let name): name
    case .chat(let call), .countTokens(let call): call.model
    default: nil
    }
  }

  /// The path as the journal and metrics write it: one word for all spellings.
  var name: String {
    switch self {
    case .root: "/"
    case .liveness: "/healthz"
    case .readiness: "/readyz"
    case .status: "/v1/status"
    case .hardware(let question): "/v1/hardware" + question.rawValue
    case .chat(let call): call.name
    case .countTokens(let call):
      call.dialect == .gemini ? "/v1beta/models/{id}:countTokens" : "/v1/messages/count_tokens"
    case .models: "/v1/models"
    case .model: "/v1/models/{id}"
    case .ollamaTags: "/api/tags"
    case .ollamaShow: "/api/show"
    case .ollamaLoaded: "/api/ps"
    case .ollamaVersion: "/api/version"
    case .hello: "/api/hello"
    case .healthProviders: "/v1/health/providers"
    case .healthHeartbeat: "/v1/health/heartbeat"
    case .recentEvents: "/v1/events/recent"
    case .events: "/v1/events"
    case .queueStatus: "/v1/queue/status"
    case .routeExplain: "/v1/route/explain"
    case .routeOf: "/v1/route/explain/{id}"
    case .reload: "/v1/admin/reload"
    }
  }

  /// Whether anybody may ask, with a key or without.
  var needsNoKey: Bool { self == .liveness || self == .readiness || self == .hello }
}

extension Span where Element == UInt8 {
  /// Whether the bytes of `range` are exactly `text`.
  func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
    range.count == text.utf8CodeUnitCount && hasPrefix(text, at: range.lowerBound, before: range.upperBound)
  }

  /// Takes one leading path segment off `range` if it is there, and says whether it was.
  @discardableResult
  func drop(_ segment: StaticString, from range: inout Range<Int>) -> Bool {
    let after = range.lowerBound + segment.utf8CodeUnitCount
    guard hasPrefix(segment, at: range.lowerBound, before: range.upperBound) else { return false }
    guard after < range.upperBound, self[after] == UInt8(ascii: "/") else { return false }
    range = after..<range.upperBound
    return true
  }
}

extension Endpoint {
  /// A path segment without its percent escapes, decoded once; `nil` when an escape is none.
  static func decode(_ segment: Span<UInt8>) -> String? {
    var out: [UInt8] = []
    var index = 0
    while index < segment.count {
      if segment[index] == UInt8(ascii: "%") {
        guard index + 2 < segment.count, let high = digit(segment[index + 1]), let low = digit(segment[index + 2])
        else { return nil }
        out.append(high << 4 | low)
        index += 3
      } else {
        out.append(segment[index])
        index += 1
      }
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte.lowercased {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte.lowercased - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension Range where Bound == Int {
  fileprivate mutating func removeLast() { self = lowerBound..<upperBound - 1 }
  fileprivate func dropFirst() -> Range { lowerBound + 1..<upperBound }
}
