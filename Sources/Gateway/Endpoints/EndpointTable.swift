internal import Probe

/// Every endpoint of the gateway, one row each. Of several rows that match a path, the first with the request's method
/// counts, or else the first.
///
/// Paths are compared as they came, undecoded, so that the path that was authorized is the one that is served. Only several
/// slashes before more of the path count as one, because clients put a path behind a base URL that ends with a slash.
enum EndpointTable {
  static let rows: [EndpointRow] = calls + models + own + hardware

  /// Calls of models, in the dialects of their callers.
  private static let calls = [
    EndpointRow(.api, "/chat/completions", .post, .json) { _, _ in .call(CallEndpoint(.openAI)) },
    EndpointRow(.api, "/completions", .post, .json) { _, _ in .call(CallEndpoint(.openAI, .completions)) },
    EndpointRow(.api, "/embeddings", .post, .json) { _, _ in .call(CallEndpoint(.openAI, .embeddings)) },
    EndpointRow(.api, "/responses", .post, .json) { _, _ in .call(CallEndpoint(.responses)) },
    EndpointRow(.api, "/messages", .post, .json) { _, _ in .call(CallEndpoint(.anthropic)) },
    EndpointRow(.ollama, "/chat", .post, .anyJSON) { _, _ in .call(CallEndpoint(.ollama)) },
    EndpointRow(.ollama, "/generate", .post, .anyJSON) { _, _ in .call(CallEndpoint(.ollama, form: .generate)) },
    EndpointRow(.ollama, "/embed", .post, .anyJSON) { _, _ in .call(CallEndpoint(.ollama, .embeddings)) },
    EndpointRow(.ollama, "/embeddings", .post, .anyJSON) { _, _ in
      .call(CallEndpoint(.ollama, .embeddings, form: .legacy))
    },
    EndpointRow(.gemini, "/models/", id: ":embedContent", .post, .json) { id, _ in
      .call(CallEndpoint(.gemini, .embeddings, model: id))
    },
    EndpointRow(.gemini, "/models/", id: ":batchEmbedContents", .post, .json) { id, _ in
      .call(CallEndpoint(.gemini, .embeddings, form: .batch, model: id))
    },
    EndpointRow(.gemini, "/models/", id: ":generateContent", .post, .json) { id, _ in
      .call(CallEndpoint(.gemini, model: id))
    },
    EndpointRow(.gemini, "/models/", id: ":streamGenerateContent", .post, .json) { id, query in
      .call(CallEndpoint(.gemini, form: requestsEvents(query) ? .events : .array, model: id))
    },
    EndpointRow(.api, "/messages/count_tokens", .post, .json) { _, _ in
      .countTokens(CallEndpoint(.anthropic, form: .count))
    },
    EndpointRow(.gemini, "/models/", id: ":countTokens", .post, .json) { id, _ in
      .countTokens(CallEndpoint(.gemini, form: .count, model: id))
    },
  ]

  /// The models, in the dialects of their callers.
  private static let models = [
    EndpointRow(.api, "/models", .get) { _, _ in .models },
    EndpointRow(.api, "/models/", id: "", .get) { id, _ in .model(id) },
    EndpointRow(.ollama, "/tags", .get) { _, _ in .ollamaTags },
    EndpointRow(.ollama, "/show", .post, .anyJSON) { _, _ in .ollamaShow },
    EndpointRow(.ollama, "/ps", .get) { _, _ in .ollamaLoaded },
    EndpointRow(.ollama, "/version", .get, isSmall: true) { _, _ in .ollamaVersion },
  ]

  /// The gateway's own endpoints.
  private static let own = [
    EndpointRow(.none, "/", .get, isSmall: true) { _, _ in .root },
    EndpointRow(.none, "/healthz", .get, access: .anyone) { _, _ in .liveness },
    EndpointRow(.none, "/health", .get, access: .anyone, name: "/healthz") { _, _ in .liveness },
    EndpointRow(.none, "/v1/health", .get, access: .anyone, name: "/healthz") { _, _ in .liveness },
    EndpointRow(.none, "/ping", .get, access: .anyone, name: "/healthz") { _, _ in .liveness },
    EndpointRow(.none, "/readyz", .get, access: .anyone) { _, _ in .readiness },
    EndpointRow(.ollama, "/hello", .get, access: .anyone) { _, _ in .hello },
    EndpointRow(.none, "/v1/status", .get, isSmall: true) { _, _ in .status },
    EndpointRow(.api, "/health/providers", .get) { _, _ in .healthProviders },
    EndpointRow(.api, "/health/heartbeat", .get, isSmall: true) { _, _ in .healthHeartbeat },
    EndpointRow(.api, "/events/recent", .get, access: .admin) { _, query in .recentEvents(EventQuery(query)) },
    EndpointRow(.api, "/events", .get, access: .admin) { _, query in .events(EventQuery(query)) },
    EndpointRow(.api, "/queue/status", .get, access: .admin) { _, _ in .queueStatus },
    EndpointRow(.api, "/route/explain", .post, .json) { _, _ in .routeExplain },
    EndpointRow(.api, "/route/explain/", id: "", .get) { id, _ in .routeDecision(id) },
    EndpointRow(.api, "/admin/reload", .post, access: .admin) { _, _ in .reload },
    EndpointRow(.api, "/admin/keys", .get, access: .admin) { _, query in .keys(.list(query)) },
    EndpointRow(.api, "/admin/keys", .post, .json, access: .admin) { _, _ in .keys(.create) },
    EndpointRow(.api, "/admin/keys/", id: "/rotate", .post, .json, access: .admin) { id, _ in .keys(.rotate(id)) },
    EndpointRow(.api, "/admin/keys/", id: "/revoke", .post, access: .admin) { id, _ in .keys(.revoke(id)) },
    EndpointRow(.api, "/admin/keys/", id: "", .get, access: .admin) { id, _ in .keys(.show(id)) },
    EndpointRow(.api, "/tokens/pools", .get) { _, _ in .tokens(.pools) },
    EndpointRow(.api, "/tokens/check", .post, .json) { _, _ in .tokens(.check) },
    EndpointRow(.api, "/tokens/reserve", .post, .json) { _, _ in .tokens(.reserve) },
    EndpointRow(.api, "/tokens/report", .post, .json) { _, _ in .tokens(.report) },
    EndpointRow(.api, "/costs", .get, access: .spend) { _, _ in .costs },
    EndpointRow(.api, "/costs/reset", .post, access: .admin) { _, _ in .costReset },
    EndpointRow(.api, "/cost/estimate", .post, .json) { _, _ in .costEstimate },
    EndpointRow(.api, "/keys/me", .get) { _, _ in .ownKey },
    EndpointRow(.api, "/cache/stats", .get) { _, _ in .cacheStats },
    EndpointRow(.api, "/cache", .delete, access: .admin) { _, _ in .cacheEmptying },
  ]

  /// The machine's hardware, and which models fit on it.
  private static let hardware = [
    EndpointRow(.api, "/hardware", .get) { _, _ in .hardware(.machine) },
    EndpointRow(.api, "/hardware/telemetry", .get) { _, _ in .hardware(.telemetry) },
    EndpointRow(.api, "/hardware/models", .get) { _, _ in .hardware(.models) },
    EndpointRow(.api, "/hardware/compatible-models", .get) { _, _ in .hardware(.compatibleModels) },
    EndpointRow(.api, "/hardware/placement", .post, .anyJSON) { _, _ in .hardware(.placement) },
    EndpointRow(.api, "/hardware/simulate", .post, .anyJSON) { _, _ in .hardware(.simulate) },
    EndpointRow(.api, "/hardware/model-format", .post, .anyJSON) { _, _ in .hardware(.modelFormat) },
    EndpointRow(.api, "/hardware/requirement-match", .post, .anyJSON) { _, _ in .hardware(.requirementMatch) },
    EndpointRow(.api, "/hardware/cost", .post, .anyJSON) { _, _ in .hardware(.cost) },
    EndpointRow(.api, "/hardware/training-estimate", .post, .anyJSON) { _, _ in .hardware(.trainingEstimate) },
  ]

  /// Whether a query has `alt=sse`.
  private static func requestsEvents(_ query: Span<UInt8>) -> Bool {
    QueryParameters.value(of: "alt", in: query).map { query.extracting($0).equals("sse") } ?? false
  }

  /// Finds the row of a path, and makes its endpoint; `nil` is a 404.
  static func find(
    _ path: Slice, _ method: RequestHead.Method? = nil, query: Slice = .empty, in bytes: Span<UInt8>
  ) -> (row: EndpointRow, endpoint: Endpoint)? {
    let paths = Paths(path.range, in: bytes)
    var first: (index: Int, id: Slice)?
    for index in rows.indices {
      guard let id = rows[index].match(paths, in: bytes) else { continue }
      if first == nil { first = (index, id) }
      if let method, !rows[index].accepts(method) { continue }
      return (rows[index], rows[index].endpoint(id, bytes.bytes(query)))
    }
    return first.map { (rows[$0.index], rows[$0.index].endpoint($0.id, bytes.bytes(query))) }
  }

  /// The methods of a path, for an `Allow` field.
  static func allowedMethods(of row: EndpointRow) -> String {
    let methods = rows.filter { $0.name == row.name }.map(\.method)
    return [
      methods.contains(.get) ? "GET, HEAD" : nil, methods.contains(.post) ? "POST" : nil,
      methods.contains(.delete) ? "DELETE" : nil, "OPTIONS",
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// A path without one slash at its end, as each root sees it.
  struct Paths {
    let whole: Range<Int>
    /// Below the API's root: behind `/openai`, `/v1`, `/v1` again and `/v1beta`, each if it is there. Clients differ in
    /// what they take for a base URL.
    let api: Range<Int>
    /// Below `/api`; `nil` if the path is not there.
    let ollama: Range<Int>?

    init(_ path: Range<Int>, in bytes: Span<UInt8>) {
      var rest = path
      if rest.count > 1, bytes[rest.upperBound - 1] == UInt8(ascii: "/") {
        rest = rest.lowerBound..<rest.upperBound - 1
      }
      whole = rest
      if bytes.drop("/api", from: &rest) {
        (ollama, api) = (rest, rest.lowerBound..<rest.lowerBound)
        return
      }
      ollama = nil
      bytes.drop("/openai", from: &rest)
      bytes.drop("/v1", from: &rest)
      bytes.drop("/v1", from: &rest)
      bytes.drop("/v1beta", from: &rest)
      api = rest
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether the path in `range` is `text`.
  func equals(_ text: StaticString, in range: Range<Int>) -> Bool { end(of: text, in: range) == range.upperBound }

  /// Returns the offset after `text` if the path in `range` begins with it, or `nil` if it does not. Several slashes
  /// before more of `text` count as one; those behind it may be part of a model's name.
  func end(of text: StaticString, in range: Range<Int>) -> Int? {
    let slash = UInt8(ascii: "/")
    let text = text.bytes
    var index = range.lowerBound
    for byte in text.indices {
      guard index < range.upperBound, self[index] == text[byte] else { return nil }
      index += 1
      guard text[byte] == slash, byte + 1 < text.count else { continue }
      while index + 1 < range.upperBound, self[index] == slash { index += 1 }
    }
    return index
  }

  /// Takes one leading path segment off `range` if it is there, and returns whether it was.
  @discardableResult
  func drop(_ segment: StaticString, from range: inout Range<Int>) -> Bool {
    guard let after = end(of: segment, in: range), after < range.upperBound, self[after] == UInt8(ascii: "/") else {
      return false
    }
    range = after..<range.upperBound
    return true
  }
}
