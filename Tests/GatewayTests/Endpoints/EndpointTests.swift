@testable import Gateway
import Testing

@Suite struct EndpointTests {
  static func at(_ path: String) -> Endpoint? {
    // The path is part of a longer buffer, as in a request.
    let bytes = Array("GET \(path) HTTP/1.1".utf8)
    return Endpoint.at(Slice(start: 4, count: path.utf8.count), in: bytes.span)
  }

  private static func name(_ path: String) -> String? {
    let bytes = Array(path.utf8)
    return EndpointTable.find(Slice(start: 0, count: bytes.count), in: bytes.span)?.row.name
  }

  /// The row that makes an endpoint.
  private static func row(_ endpoint: Endpoint) throws -> EndpointRow {
    let query: [UInt8] = []
    return try #require(
      EndpointTable.rows.first { $0.endpoint(endpoint.idSlice ?? .empty, query.span) == endpoint })
  }

  static let prefixes = ["", "/v1", "/v1/v1", "/openai", "/openai/v1", "/openai/v1/v1"]

  @Test(arguments: prefixes, ["", "/"])
  func `every spelling of a path has its endpoint`(_ prefix: String, _ end: String) {
    #expect(Self.at(prefix + "/chat/completions" + end) == .call(CallEndpoint(.openAI)))
    #expect(Self.at(prefix + "/models" + end) == .models)
    #expect(Self.at(prefix + "/models/a%2Fb" + end) == .model(Slice(start: 4 + prefix.utf8.count + 8, count: 5)))
    #expect(Self.at(prefix + "/models/a/b" + end) == .model(Slice(start: 4 + prefix.utf8.count + 8, count: 3)))
  }

  @Test(arguments: [
    ("/", Endpoint.root), ("/healthz", .liveness), ("/health", .liveness), ("/v1/health", .liveness),
    ("/ping", .liveness), ("/ping/", .liveness), ("/readyz", .readiness),
  ])
  func `hoosh's own paths have their endpoints`(_ path: String, _ endpoint: Endpoint) {
    #expect(Self.at(path) == endpoint)
  }

  @Test(arguments: [
    "", "*", "///", "/v1", "/v1/", "/openai", "/v2/models", "/v1/v1/v1/models", "/v1/openai/models", "/chat",
    "/chat/completions/x", "/v1/chat/completions//", "/V1/models", "/v1/Models",
    "/v1/%6dodels", "/v1%2Fmodels", "/v1/models?x", "/v1models", "/v1/modelsx", "/v1/chat%2Fcompletions",
    "/models//",
    "/healthz/x", "/healthzz", "/v1/healthz", "/./models", "/v1/../v1/models", "chat/completions", "/completion",
  ])
  func `another path has no endpoint`(_ path: String) { #expect(Self.at(path) == nil) }

  @Test(arguments: ["//v1/models", "/v1//models", "///v1///models", "//models", "//openai//v1//models/"])
  func `several slashes before more of the path are one`(path: String) { #expect(Self.at(path) == .models) }

  @Test func `a model's name keeps its slashes, and other paths are as strict as before`() {
    #expect(Self.at("/v1//models/a//b") == .model(Slice(start: 4 + 12, count: 4)))
    #expect(Self.at("/v1/models//models/a b.gguf") == .model(Slice(start: 4 + 11, count: 16)))
    #expect(Self.at("//api//chat") == .call(CallEndpoint(.ollama)))
    #expect(Self.at("/v1/messages//count_tokens") == .countTokens(CallEndpoint(.anthropic, form: .count)))
    for path in ["///", "//v2//models", "/v1/%2Fmodels", "/v1/\\models"] {
      #expect(Self.at(path) == nil)
    }
  }

  @Test func `each dialect has its own paths`() {
    #expect(Self.at("/v1/messages") == .call(CallEndpoint(.anthropic)))
    #expect(Self.at("/v1/messages/count_tokens") == .countTokens(CallEndpoint(.anthropic, form: .count)))
    #expect(Self.at("/v1/responses") == .call(CallEndpoint(.responses)))
    #expect(Self.at("/api/chat") == .call(CallEndpoint(.ollama)))
    #expect(Self.at("/api/generate") == .call(CallEndpoint(.ollama, form: .generate)))
    #expect(Self.at("/api/tags") == .ollamaTags)
    #expect(Self.at("/api/chats") == nil)
    #expect(Self.at("/v1beta/models") == .models)
  }

  @Test(arguments: ["/v1", "/v1beta"])
  func `in Gemini's paths the model is before the last colon`(prefix: String) {
    let name = Slice(start: 4 + prefix.utf8.count + 8, count: 3)
    #expect(Self.at(prefix + "/models/a:b:generateContent") == .call(CallEndpoint(.gemini, model: name)))
    #expect(
      Self.at(prefix + "/models/a:b:streamGenerateContent")
        == .call(CallEndpoint(.gemini, form: .array, model: name)))
    #expect(
      Self.at(prefix + "/models/a:b:countTokens") == .countTokens(CallEndpoint(.gemini, form: .count, model: name)))
    #expect(Self.at(prefix + "/models/a:b") == .model(name))
  }

  @Test(arguments: [
    ("alt=sse", true), ("key=x&alt=sse", true), ("alt=ssex", false), ("xalt=sse", false), ("", false),
  ])
  func `Gemini's stream has SSE events if the query requests them`(query: String, isEvents: Bool) {
    let path = "/v1/models/m:streamGenerateContent"
    let bytes = Array("\(path)?\(query)".utf8)
    let endpoint = Endpoint.at(
      Slice(start: 0, count: path.utf8.count), query: Slice(start: path.utf8.count + 1, count: query.utf8.count),
      in: bytes.span)
    let form: CallEndpoint.Form = isEvents ? .events : .array
    #expect(endpoint == .call(CallEndpoint(.gemini, form: form, model: Slice(start: 11, count: 1))))
  }

  @Test func `each endpoint has its methods`() throws {
    let call = try Self.row(.call(CallEndpoint(.openAI)))
    #expect(call.accepts(.post) && !call.accepts(.get) && !call.accepts(.head))
    #expect(EndpointTable.allowedMethods(of: call) == "POST, OPTIONS")
    #expect(EndpointTable.allowedMethods(of: try Self.row(.keys(.create))) == "GET, HEAD, POST, OPTIONS")
    for endpoint in [Endpoint.root, .liveness, .readiness, .models, .model(.empty)] {
      let row = try Self.row(endpoint)
      #expect(row.accepts(.get) && row.accepts(.head) && !row.accepts(.post))
      #expect(EndpointTable.allowedMethods(of: row) == "GET, HEAD, OPTIONS")
    }
  }

  @Test func `only endpoints that reveal nothing need no key`() throws {
    #expect(try Self.row(.liveness).access == .anyone)
    #expect(try Self.row(.readiness).access == .anyone)
    for endpoint in [Endpoint.root, .models, .model(.empty), .call(CallEndpoint(.openAI))] {
      #expect(try Self.row(endpoint).access != .anyone)
    }
  }

  @Test func `all spellings of a path have one name`() {
    #expect(Set(Self.prefixes.compactMap { Self.name($0 + "/models/x") }) == ["/v1/models/{id}"])
    #expect(Set(Self.prefixes.compactMap { Self.name($0 + "/chat/completions/") }) == ["/v1/chat/completions"])
  }

  @Test(arguments: [
    ("", ""), ("a", "a"), ("a%2Fb", "a/b"), ("a%2fb%3A1", "a/b:1"), ("%25", "%"), ("%252F", "%2F"), ("%C3%A9", "é"),
    ("é", "é"), ("%00", "\u{0}"), ("a+b", "a+b"), ("%", nil), ("%2", nil), ("a%2", nil), ("%zz", nil), ("%2g", nil),
    ("%C3", nil), ("%FF", nil), ("%ED%A0%80", nil), ("%-1", nil), ("%+1", nil),
  ])
  func `a percent-encoded name is decoded once`(_ segment: String, _ name: String?) {
    #expect(PercentEncoding.decode(Array(segment.utf8).span) == name)
  }
}
