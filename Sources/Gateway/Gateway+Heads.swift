internal import Reactor

/// What is decided when a request's head is complete: where it goes, who asks, and whether its body is wanted.
extension Gateway {
  /// Bytes of a field that is passed on.

  enum HeadVerdict {
    case incomplete
    case refused(APIError, Reply.Options, headBytes: Int)
    case accepted(Arrival, BodyReader, headBytes: Int, wantsContinue: Bool)
    /// `OPTIONS`, which has no endpoint.
    case options(Reply.Options, headBytes: Int)
  }

  /// Decides about a head; touches nothing but the connection's reader.
  func judge(_ input: Span<UInt8>, _ connection: Connection) -> HeadVerdict {
    var options = Reply.Options(date: currentDate())
    do throws(HeadError) {
      guard let head = try connection.reader.read(input) else { return .incomplete }
      options.minorVersion = head.minorVersion
      options.isHead = head.method == .head
      options.keepsAlive = head.keepsAlive && !isDraining && connection.served + 1 < Self.requestsMax
      options.requestID = requestID(head, input)
      let endpoint = Endpoint.at(head.path, query: head.query, in: input)
      options.dialect = Self.dialect(of: endpoint, head, input)
      do throws(APIError) {
        try checkHost(head, input)
        if head.method == .options {
          if head.framing != .none {
            throw APIError(400, .malformedRequest, "OPTIONS takes no body here.", closes: true)
          }
          try checkOrigin(head, input, &options)
          return .options(options, headBytes: head.byteCount)
        }
        let arrival = try admit(head, input, endpoint, &options)
        let reader = try bodyReader(head, arrival.endpoint, input)
        return .accepted(arrival, reader, headBytes: head.byteCount, wantsContinue: head.expectsContinue)
      } catch {
        // What was refused before its body was read leaves the connection at an unknown place.
        var apiError = error
        if head.framing != .none { apiError.closes = true }
        return .refused(apiError, options, headBytes: head.byteCount)
      }
    } catch {
      options.requestID = mintRequestID()
      return .refused(error.apiError, options, headBytes: 0)
    }
  }

  private func requestID(_ head: RequestHead, _ input: Span<UInt8>) -> String {
    if let slice = head.xRequestID, RequestID.isValid(input.bytes(slice)) { return input.bytes(slice).text }
    return mintRequestID()
  }

  func mintRequestID() -> String {
    RequestID.mint(random: &random, milliseconds: reactor.wallClock / 1_000_000)
  }

  /// What the caller reads, by the path, or where several dialects share one, by the fields that its programs send.
  private static func dialect(of endpoint: Endpoint?, _ head: RequestHead, _ input: Span<UInt8>) -> Dialect {
    switch endpoint {
    case .chat(let call)?, .countTokens(let call)?: return call.dialect
    case .ollamaTags?, .ollamaShow?, .ollamaLoaded?, .ollamaVersion?: return .ollama
    default: break
    }
    return Dialect(of: head, input)
  }

  /// Where it goes, who asks, and from where: all decided on the same bytes, before the body.
  private func admit(
    _ head: RequestHead, _ input: Span<UInt8>, _ endpoint: Endpoint?, _ options: inout Reply.Options
  ) throws(APIError) -> Arrival {
    try checkOrigin(head, input, &options)
    if head.method == .other {
      throw APIError(501, .notImplemented, "The method is not one of HTTP's that hoosh knows.", closes: true)
    }
    if head.method == .connect || head.method == .trace {
      throw APIError(
        405, .methodNotAllowed, "hoosh is no forward proxy; it takes GET, HEAD, POST and OPTIONS.",
        allow: "GET, HEAD, POST, OPTIONS")
    }
    guard let endpoint else {
      throw APIError(
        404, .notFound, "There is nothing at this path; POST /v1/chat/completions and GET /v1/models are.")
    }
    if let allow = endpoint.allowedMethods(unless: head.method) {
      throw APIError(
        405, .methodNotAllowed, "This path does not take that method; it takes \(allow).", allow: allow)
    }
    let arrival = Arrival(
      endpoint: endpoint, replyOptions: options, caller: try caller(head, input, endpoint), at: reactor.now,
      bytes: head.byteCount)
    if endpoint.takesBody { try checkMemory() }
    if let name = endpoint.modelSlice {
      guard let model = Endpoint.decode(input.bytes(name)) else {
        throw APIError(400, .malformedRequest, "The model's name in the path is not percent-encoded UTF-8.")
      }
      arrival.model = model
    }
    arrival.dialectFields = DialectTable.forwardedFields(head, input)
    if let tier = head.xPriority { arrival.tier = try Self.tier(input.bytes(tier)) }
    if let session = head.xSessionID, session.count > 0 {
      arrival.session = AffinityKey(prefix: input.bytes(session))
    }
    return arrival
  }

  private static func tier(_ value: Span<UInt8>) throws(APIError) -> RequestQueue.Priority {
    for tier in RequestQueue.Priority.allCases where value.equalsIgnoringCase(tier.rawValue.utf8.span) {
      return tier
    }
    let words = RequestQueue.Priority.allCases.map(\.rawValue).joined(separator: ", ")
    throw APIError(400, .invalidValue, "`x-priority` must be one of \(words).", param: "x-priority")
  }

  private func checkHost(_ head: RequestHead, _ input: Span<UInt8>) throws(APIError) {
    guard let host = head.host?.name, !hosts.allows(input.bytes(host)) else { return }
    throw APIError(
      421, .misdirected,
      "This gateway does not answer for the host `\(input.bytes(host).text)`; add it to server.allowed_hosts to allow it.",
      closes: true)
  }

  private func checkOrigin(_ head: RequestHead, _ input: Span<UInt8>, _ options: inout Reply.Options)
    throws(APIError)
  {
    guard let origin = head.origin else { return }
    guard let allowed = origins.allowed(input.bytes(origin)) else {
      throw APIError(
        403, .forbiddenOrigin,
        "Web pages of this origin may not call the gateway; add it to server.allowed_origins to allow it.",
        closes: true)
    }
    options.allowedOrigin = allowed
  }

  private func caller(_ head: RequestHead, _ input: Span<UInt8>, _ endpoint: Endpoint) throws(APIError) -> Caller {
    if keys.allowsAnonymous || endpoint.needsNoKey { return .anonymous }
    let apiError = APIError(
      401, .unauthorized, "A valid key is needed: send it as `Authorization: Bearer KEY`.")
    var presented: Slice?
    if let field = head.authorization {
      guard let token = APIKeys.bearer(in: input.bytes(field)) else { throw apiError }
      presented = Slice(start: Int(field.start) + Int(token.start), count: Int(token.count))
    }
    for field in [head.xAPIKey, head.xGoogAPIKey] {
      guard let field else { continue }
      if let presented, !input.bytes(presented).equals(input.bytes(field)) {
        throw APIError(
          400, .malformedRequest,
          "`Authorization`, `x-api-key` and `x-goog-api-key` name different keys; send one.", closes: true)
      }
      presented = field
    }
    guard let presented, let caller = keys.caller(presenting: input.bytes(presented)) else { throw apiError }
    return caller
  }

  private func bodyReader(_ head: RequestHead, _ endpoint: Endpoint?, _ input: Span<UInt8>) throws(APIError)
    -> BodyReader
  {
    guard let endpoint, endpoint.takesBody else { return BodyReader(discarding: head.framing) }
    if let encoding = head.contentEncoding, !input.bytes(encoding).equalsIgnoringCase("identity".utf8.span) {
      throw APIError(415, .unsupportedMediaType, "Send the body without content-encoding.", closes: true)
    }
    // Ollama's own server does not look, and people send it what curl sends unasked.
    if let type = head.contentType, endpoint.requiresJSON, !Self.isJSON(input.bytes(type)) {
      throw APIError(
        415, .unsupportedMediaType, "Send the body with `content-type: application/json`.", closes: true)
    }
    let most = configuration.server.jsonBodyBytesMax
    if case .length(let count) = head.framing, count > most { throw BodyError.tooLarge.apiError }
    return BodyReader(framing: head.framing, bytesMax: most)
  }

  private static func isJSON(_ type: Span<UInt8>) -> Bool {
    var end = 0
    while end < type.count, type[end] != UInt8(ascii: ";"), type[end] != 0x20 { end += 1 }
    let name = type.extracting(first: end)
    if name.equalsIgnoringCase("application/json".utf8.span) { return true }
    return name.count > 5 && name.extracting(last: 5).equalsIgnoringCase("+json".utf8.span)
  }
}
