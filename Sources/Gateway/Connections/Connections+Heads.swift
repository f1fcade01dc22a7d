internal import HTTPText
internal import Reactor

/// Decides about a request by its head: whether its host and origin are allowed, which endpoint it has, who calls, and
/// whether its body is read.
extension Connections {
  /// Bytes of a path without an endpoint that are recorded.
  private static let pathBytesMax = 256

  enum HeadVerdict {
    case incomplete
    case rejected(APIError, AcceptedRequest)
    case accepted(AcceptedRequest, BodyReader, wantsContinue: Bool)
    /// `OPTIONS`, which has no endpoint.
    case options(AcceptedRequest)
  }

  /// Decides about a head; changes nothing but the connection's reader.
  func evaluateHead(_ input: Span<UInt8>, _ connection: Connection) -> HeadVerdict {
    var options = Reply.Options(date: currentDate())
    let head: RequestHead
    do throws(HeadError) {
      guard let read = try connection.reader.read(input) else { return .incomplete }
      head = read
    } catch {
      options.requestID = mintRequestID()
      return .rejected(error.apiError, anonymous("-", options, bytes: 0))
    }
    options.minorVersion = head.minorVersion
    options.isHead = head.method == .head
    options.keepsAlive = head.keepsAlive && !isDraining && connection.served + 1 < Self.requestsMax
    options.requestID = requestID(head, input)
    let found = EndpointTable.find(head.path, head.method, query: head.query, in: input)
    let (row, endpoint) = (found?.row, found?.endpoint)
    options.dialect = endpoint?.dialect ?? Dialect(of: head, input)
    do throws(APIError) {
      try checkHost(head, input)
      if head.method == .options {
        if head.framing != .none { throw APIError(400, .malformedRequest, "OPTIONS takes no body.", closes: true) }
        try checkOrigin(head, input, &options)
        let request = anonymous(Self.path(head, input), options, bytes: head.byteCount)
        request.requestedFields = head.requestedFields.flatMap { Self.fieldNames(input.bytes($0)) }
        return .options(request)
      }
      let request = try accept(head, input, row, endpoint, connection, &options)
      if row?.isSmall != true { try checkMemory(connection, request) }
      return .accepted(request, try bodyReader(head, row, input), wantsContinue: head.expectsContinue)
    } catch {
      // The body of a rejected request is not read, so the next request cannot be found behind it.
      var apiError = error
      if head.framing != .none { apiError.closes = true }
      let path = row?.name ?? Self.path(head, input)
      return .rejected(apiError, anonymous(path, options, bytes: head.byteCount))
    }
  }

  /// A request that is answered before its caller is known.
  private func anonymous(_ path: String, _ options: Reply.Options, bytes: Int) -> AcceptedRequest {
    AcceptedRequest(endpoint: nil, path: path, options: options, caller: .anonymous, at: reactor.now, bytes: bytes)
  }

  /// The path of a request without an endpoint, as it came.
  private static func path(_ head: RequestHead, _ input: Span<UInt8>) -> String {
    let path = input.bytes(head.path)
    return path.extracting(first: min(path.count, pathBytesMax)).text
  }

  /// Returns the names that a preflight asks for, or `nil` if they are not a list of names.
  ///
  /// The origin is allowed by then, and what a field does is decided when it comes, so every name is repeated. SDKs
  /// have many fields of their own, such as `x-stainless-os`, and add more with each version.
  private static func fieldNames(_ value: Span<UInt8>) -> String? {
    guard !value.isEmpty, value.count <= 4096 else { return nil }
    for index in value.indices where !value[index].isTokenByte && !value[index].isBlank && value[index] != 0x2c {
      return nil
    }
    return value.text
  }

  private func requestID(_ head: RequestHead, _ input: Span<UInt8>) -> String {
    if let slice = head.xRequestID, RequestID.isValid(input.bytes(slice)) { return input.bytes(slice).text }
    return mintRequestID()
  }

  /// Accepts a request: its endpoint, its caller and its origin are decided on the same bytes, before the body.
  private func accept(
    _ head: RequestHead, _ input: Span<UInt8>, _ row: EndpointRow?, _ endpoint: Endpoint?,
    _ connection: Connection, _ options: inout Reply.Options
  ) throws(APIError) -> AcceptedRequest {
    try checkOrigin(head, input, &options)
    if head.method == .other {
      throw APIError(501, .notImplemented, "hoosh does not know this HTTP method.", closes: true)
    }
    if head.method == .connect || head.method == .trace {
      throw APIError(
        405, .methodNotAllowed, "hoosh is not a forward proxy; it accepts GET, HEAD, POST and OPTIONS.",
        allow: "GET, HEAD, POST, OPTIONS")
    }
    guard let row, let endpoint, isServed(row, connection) else {
      throw APIError(
        404, .notFound, "There is no endpoint at this path. Use POST /v1/chat/completions or GET /v1/models.")
    }
    if !row.accepts(head.method) {
      let allow = EndpointTable.allowedMethods(of: row)
      throw APIError(405, .methodNotAllowed, "This path does not accept that method. Use \(allow).", allow: allow)
    }
    let caller = try caller(head, input, row, endpoint, connection)
    if let right = row.access.right, !caller.rights.contains(right) {
      throw APIError(
        403, .permissionDenied,
        "The key `\(caller.name)` may not do this: it needs the right `\(right.words.joined())` (`rights` in [[keys]])."
      )
    }
    let request = AcceptedRequest(
      endpoint: endpoint, path: row.name, options: options, caller: caller, at: reactor.now, bytes: head.byteCount)
    if let name = endpoint.idSlice {
      guard let model = PercentEncoding.decode(input.bytes(name)) else {
        throw APIError(400, .malformedRequest, "The model's name in the path is not percent-encoded UTF-8.")
      }
      request.model = model
    }
    request.dialectFields = DialectTable.forwardedFields(head, input)
    if let hops = head.xHooshHops { request.hops = Hops.read(input.bytes(hops)) }
    if let priority = head.xPriority { request.priority = try Self.priority(input.bytes(priority), caller) }
    if let value = head.cacheControl { request.cacheDirectives = CacheDirectives(input.bytes(value)) }
    if head.repeatsCacheControl { request.cacheDirectives.noStore = true }
    if let name = head.xCacheNamespace { request.cacheNamespace.append(input.bytes(name)) }
    if let session = head.xSessionID, session.count > 0 {
      request.session = AffinityKey(prefix: input.bytes(session))
    }
    return request
  }

  /// Whether an endpoint is served to a client: those for administration at their own listener only, if there is one, and no
  /// others there but those that need no key.
  private func isServed(_ row: EndpointRow, _ connection: Connection) -> Bool {
    if connection.isAdministration { return row.isAdministration || row.access == .anyone }
    return !row.isAdministration || settings.configuration.admin == nil
  }

  private static func priority(_ value: Span<UInt8>, _ caller: Caller) throws(APIError) -> RequestQueue.Priority {
    for priority in RequestQueue.Priority.allCases where value.equalsIgnoringCase(priority.rawValue.utf8.span) {
      if priority == .critical || priority == .high, !caller.rights.contains(.admin) {
        throw APIError(
          403, .permissionDenied,
          "The key `\(caller.name)` may not go before others: that takes the right `admin`.",
          param: "x-priority")
      }
      return priority
    }
    let words = RequestQueue.Priority.allCases.map(\.rawValue).joined(separator: ", ")
    throw APIError(400, .invalidValue, "`x-priority` must be one of \(words).", param: "x-priority")
  }

  private func checkHost(_ head: RequestHead, _ input: Span<UInt8>) throws(APIError) {
    guard let host = head.host?.name, !settings.hosts.allows(input.bytes(host)) else { return }
    throw APIError(
      421, .misdirected,
      "The host `\(input.bytes(host).text)` is not allowed. Add it to `server.allowed_hosts`.", closes: true)
  }

  private func checkOrigin(
    _ head: RequestHead, _ input: Span<UInt8>, _ options: inout Reply.Options
  ) throws(APIError) {
    guard let origin = head.origin else {
      // Browsers send no origin with images, scripts, and links of another site's page.
      guard let field = head.secFetchSite else { return }
      let site = input.bytes(field)
      if site.matches("none") || site.matches("same-origin") { return }
      throw APIError(
        403, .forbiddenOrigin, "Web pages of other sites may not call the gateway without an `Origin`.",
        closes: true)
    }
    guard let allowed = settings.origins.allowed(input.bytes(origin)) else {
      throw APIError(
        403, .forbiddenOrigin,
        "Web pages of this origin may not call the gateway. Add it to `server.allowed_origins`.", closes: true)
    }
    options.allowedOrigin = allowed
  }

  private func caller(
    _ head: RequestHead, _ input: Span<UInt8>, _ row: EndpointRow, _ endpoint: Endpoint, _ connection: Connection
  ) throws(APIError) -> Caller {
    if settings.keys.allowsAnonymous || row.access == .anyone { return .anonymous }
    if row.isAdministration { try checkGuesses(connection) }
    let now = Int64(clamping: reactor.wallClock / 1_000_000_000)
    // Agents send the session of another service, or a stale key of the environment, beside the gateway's own.
    var found: Caller?
    var presented: [Slice?] = [head.xAPIKey, head.apiKey, head.xGoogAPIKey]
    if let field = head.authorization, let token = APIKeys.bearer(in: input.bytes(field)) {
      presented.insert(Slice(start: Int(field.start) + Int(token.start), count: Int(token.count)), at: 0)
    }
    if head.query.count > 0, let name = endpoint.dialect?.row.keyParameter,
      let range = QueryParameters.value(of: name, in: input.bytes(head.query)),
      let key = PercentEncoding.decode(input.bytes(head.query).extracting(range))
    {
      found = settings.keys.caller(presenting: key.utf8.span, at: now)
    }
    for case let slice? in presented {
      guard let caller = settings.keys.caller(presenting: input.bytes(slice), at: now) else { continue }
      if let found, found != caller {
        throw APIError(
          400, .malformedRequest,
          "`Authorization`, `x-api-key`, `api-key` and `x-goog-api-key` have keys of different callers; send one.",
          closes: true)
      }
      found = caller
    }
    if let found { return found }
    if row.isAdministration, presented.contains(where: { $0 != nil }) { noteGuess(connection) }
    throw APIError(401, .unauthorized, "A valid API key is required: send it as `Authorization: Bearer KEY`.")
  }

  private func bodyReader(
    _ head: RequestHead, _ row: EndpointRow?, _ input: Span<UInt8>
  ) throws(APIError) -> BodyReader {
    guard let row, row.takesBody else { return BodyReader(discarding: head.framing) }
    if let encoding = head.contentEncoding, !input.bytes(encoding).equalsIgnoringCase("identity".utf8.span) {
      throw APIError(415, .unsupportedMediaType, "Send the body without content-encoding.", closes: true)
    }
    // Ollama's own server does not check the type, and people send it the one that curl sends by default.
    if let type = head.contentType, row.body == .json, !Self.isJSON(input.bytes(type)) {
      throw APIError(
        415, .unsupportedMediaType, "Send the body with `content-type: application/json`.", closes: true)
    }
    let bytesMax = settings.configuration.server.jsonBodyBytesMax
    if case .length(let count) = head.framing, count > bytesMax { throw BodyError.tooLarge.apiError }
    return BodyReader(framing: head.framing, bytesMax: bytesMax)
  }

  private static func isJSON(_ type: Span<UInt8>) -> Bool {
    var end = 0
    while end < type.count, type[end] != UInt8(ascii: ";"), type[end] != 0x20 { end += 1 }
    let name = type.extracting(first: end)
    if name.equalsIgnoringCase("application/json".utf8.span) { return true }
    return name.count > 5 && name.extracting(last: 5).equalsIgnoringCase("+json".utf8.span)
  }
}
