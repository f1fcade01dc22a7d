/// A request as the cache sees it: the same for all texts that ask the same, in whichever dialect.
struct CacheableRequest {
  /// The part of an answer's identity that is not in the request's body.
  struct Context {
    /// Those who share the answer.
    var tenant: [UInt8]
    /// The caller's name for a part of the cache.
    var namespace: [UInt8] = []
    /// The models at providers that may answer.
    var candidates: [(provider: ProviderID, model: String)]
    /// The providers that the caller's key may use; empty if it may use all.
    var providers: [String] = []
    /// Fields of the request that a provider of the caller's own dialect receives.
    var fields: [String] = []

    /// The context in a form in which no two are the same.
    var text: [UInt8] {
      var text: [UInt8] = []
      CanonicalJSON.append(text: tenant.span, to: &text)
      CanonicalJSON.append(text: namespace.span, to: &text)
      text.append(decimal: candidates.count)
      for (provider, model) in candidates {
        CanonicalJSON.append(number: provider.value, to: &text)
        CanonicalJSON.append(text: model.utf8.span, to: &text)
      }
      for names in [providers.sorted(), fields] {
        text.append(decimal: names.count)
        for name in names { CanonicalJSON.append(text: name.utf8.span, to: &text) }
      }
      return text
    }
  }

  let key: CacheKey
  /// The temperature of the answer: 0 if nothing is sampled, 1 if the request does not say.
  let temperature: Double

  /// Returns the request, or `nil` if its answer has no identity: it completes a text, or it cannot be read.
  init?(_ call: Call, _ json: Span<UInt8>, _ context: [UInt8]) {
    if call.isModelLoad { return nil }
    var text = context
    switch call.endpoint.kind {
    case .completions: return nil
    case .embeddings:
      text.append(UInt8(ascii: "e"))
      Self.appendOriginal(call, json, to: &text)
      temperature = 0
    case .chat:
      guard let neutral = Self.write(call.endpoint, json, in: Self.neutralDialect) else { return nil }
      let root = JSONLists.root(neutral.body.span)
      text.append(UInt8(ascii: "c"))
      CanonicalJSON.append(root, neutral.body.span, to: &text)
      if neutral.dropped.isAny || !Self.isWhole(neutral, of: call, json) {
        // Something of the request is not in its neutral form.
        Self.appendOriginal(call, json, to: &text)
      }
      let members = JSONLists.members(of: root, in: neutral.body.span)
      temperature = members.value("temperature", in: neutral.body.span)?.double(in: neutral.body.span) ?? 1
    }
    key = CacheKey(text.span)
  }

  /// The dialect in which all requests are compared.
  private static let neutralDialect = Dialect.openAI

  /// The identity of a request's text, byte by byte.
  static func spelling(_ call: Call, _ json: Span<UInt8>, _ context: [UInt8]) -> CacheKey {
    var text = context
    text.append(call.endpoint.kind.rawValue)
    append(call.endpoint, to: &text)
    text.append(json)
    return CacheKey(text.span)
  }

  /// The members of a request that do not change its answer, or are elsewhere in its identity.
  private static let omitted: [StaticString] = ["model", "pool", "stream", "stream_options"]

  /// Appends the body as it came, with its dialect.
  private static func appendOriginal(_ call: Call, _ json: Span<UInt8>, to out: inout [UInt8]) {
    append(call.endpoint, to: &out)
    CanonicalJSON.append(JSONLists.root(json), json, omitting: omitted, to: &out)
  }

  private static func append(_ endpoint: CallEndpoint, to out: inout [UInt8]) {
    CanonicalJSON.append(text: endpoint.dialect.rawValue.utf8.span, to: &out)
    out.append(endpoint.form.rawValue)
  }

  private static func write(
    _ endpoint: CallEndpoint, _ json: Span<UInt8>, in dialect: Dialect
  ) -> WrittenRequest? {
    let target = WriteTarget(model: "", streams: false, acceptsUsage: false, isLocal: true)
    return try? RequestTranslation.write(json, as: endpoint, in: dialect, for: target)
  }

  /// Whether the neutral form has lost nothing: written back in the request's own dialect, it is the same again.
  private static func isWhole(_ neutral: WrittenRequest, of call: Call, _ json: Span<UInt8>) -> Bool {
    var body = neutral.body
    if call.endpoint.dialect != neutralDialect {
      guard let back = write(CallEndpoint(neutralDialect), body.span, in: call.endpoint.dialect),
        !back.dropped.isAny
      else { return false }
      body = back.body
    }
    var before: [UInt8] = []
    var after: [UInt8] = []
    CanonicalJSON.append(JSONLists.root(json), json, omitting: omitted, joinsTexts: true, to: &before)
    CanonicalJSON.append(JSONLists.root(body.span), body.span, omitting: omitted, joinsTexts: true, to: &after)
    return before == after
  }
}
