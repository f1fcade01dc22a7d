internal import Probe

/// One endpoint: its path, its method, its body, and who may call it.
///
/// A class, because a request refers to its row, and rows do not change.
final class EndpointRow: Sendable {
  /// The part of the API that a path belongs to, which decides what may stand before it.
  enum Root {
    /// OpenAI's, Anthropic's and hoosh's own API: below `/v1`, `/openai`, or nothing.
    case api
    /// Gemini's API: the same, or below `/v1beta`.
    case gemini
    /// Ollama's API, below `/api`.
    case ollama
    /// The path alone.
    case none

    /// The prefix of the path in the access log.
    fileprivate var prefix: String {
      switch self {
      case .api: "/v1"
      case .gemini: "/v1beta"
      case .ollama: "/api"
      case .none: ""
      }
    }
  }

  /// The body of a request. A response has the type that its endpoint gives it.
  enum Body {
    case none
    /// JSON that says so in its `Content-Type`, if it has one.
    case json
    /// JSON with any `Content-Type`.
    case anyJSON
    case multipart
    case raw
  }

  /// The callers that may use the endpoint.
  enum Access {
    case anyone
    /// A caller that may call models, if API keys are configured.
    case caller
    /// A caller that may see what everyone has spent.
    case spend
    /// A caller that may do everything.
    case admin

    /// The right that a caller needs; `nil` if it needs none.
    var right: APIKey.Rights? {
      switch self {
      case .anyone: nil
      case .caller: .call
      case .spend: .spend
      case .admin: .admin
      }
    }
  }

  /// Makes the endpoint from the part of the path that is its ID, and from the query.
  typealias Make = @Sendable (_ id: Slice, _ query: Span<UInt8>) -> Endpoint

  let root: Root
  private let path: StaticString
  /// The part of the path after the ID; `nil` if the path has no ID.
  private let suffix: StaticString?
  /// GET also stands for HEAD.
  let method: RequestHead.Method
  let body: Body
  let access: Access
  /// Whether the response is small whatever happens, so that it is sent at the memory limit, too.
  let isSmall: Bool
  /// Whether the endpoint is one for administration: `/v1/admin/…`.
  let isAdministration: Bool
  /// The path as the access log writes it: one name for all spellings.
  let name: String
  let endpoint: Make

  /// - Parameter path: Below the root. With an ID it is what stands before the ID, which has at least one byte.
  /// - Parameter id: The part of the path behind the ID.
  init(
    _ root: Root, _ path: StaticString, id suffix: StaticString? = nil, _ method: RequestHead.Method,
    _ body: Body = .none, access: Access = .caller, isSmall: Bool = false, name: String? = nil,
    _ endpoint: @escaping Make
  ) {
    self.root = root
    self.path = path
    self.suffix = suffix
    self.method = method
    self.body = body
    self.access = access
    self.isSmall = isSmall || access == .anyone
    self.name = name ?? root.prefix + "\(path)" + (suffix.map { "{id}\($0)" } ?? "")
    isAdministration = self.name.hasPrefix("/v1/admin/")
    self.endpoint = endpoint
  }

  /// Returns the ID in a path, empty if the row has none; `nil` if the path is another.
  func match(_ paths: EndpointTable.Paths, in bytes: Span<UInt8>) -> Slice? {
    let range: Range<Int>
    switch root {
    case .api, .gemini: range = paths.api
    case .none: range = paths.whole
    case .ollama:
      guard let ollama = paths.ollama else { return nil }
      range = ollama
    }
    guard let suffix else { return bytes.equals(path, in: range) ? .empty : nil }
    let end = range.upperBound - suffix.utf8CodeUnitCount
    guard let start = bytes.end(of: path, in: range), start < end,
      bytes.hasPrefix(suffix, at: end, before: range.upperBound)
    else { return nil }
    return Slice(start..<end)
  }

  /// Whether the endpoint accepts a method.
  func accepts(_ method: RequestHead.Method) -> Bool {
    method == self.method || method == .head && self.method == .get
  }

  /// Whether a request has a body that is read.
  var takesBody: Bool { body != .none }
}

/// An endpoint of the gateway, with the parts of the path and the query that it needs.
enum Endpoint: Equatable {
  /// A call of a model, in one of the dialects.
  case call(CallEndpoint)
  /// The number of tokens of a chat's prompt.
  case countTokens(CallEndpoint)
  case models
  /// One model; its name is the slice of the path, percent-encoded as it came.
  case model(Slice)
  /// Ollama's: the models, one of them, those in memory, and the version.
  case ollamaTags, ollamaShow, ollamaLoaded, ollamaVersion
  case root
  /// The process is alive.
  case liveness
  /// New requests are accepted.
  case readiness
  /// Claude Code checks whether a server is there.
  case hello
  /// The state of the gateway, and the lag of its loop.
  case status
  /// The health of each provider, and the number of providers by health.
  case healthProviders, healthHeartbeat
  /// The latest events, and events as they happen.
  case recentEvents(EventQuery), events(EventQuery)
  case queueStatus
  /// Where a model's requests go, and where a finished request went.
  case routeExplain
  case routeDecision(Slice)
  case reload
  /// The pools of tokens, the costs, and what a caller may do.
  case tokens(Endpoints.TokenQuestion)
  case costs, costReset, costEstimate
  case ownKey
  /// The counts of the cache, and its emptying.
  case cacheStats, cacheEmptying
  /// The keys of the key file, for administration.
  case keys(Endpoints.KeyQuestion)
  /// The machine's hardware, and which models fit on it.
  case hardware(HardwareAPI.Endpoint)

  /// The endpoint of a path; `nil` is a 404.
  static func at(_ path: Slice, query: Slice = .empty, in bytes: Span<UInt8>) -> Endpoint? {
    EndpointTable.find(path, query: query, in: bytes)?.endpoint
  }

  /// The slice of the path that is an ID, percent-encoded as it came.
  var idSlice: Slice? {
    switch self {
    case .model(let name), .routeDecision(let name): name
    case .call(let call), .countTokens(let call): call.model
    case .keys(let question): question.key
    default: nil
    }
  }

  /// The dialect that only this endpoint's callers speak; `nil` if callers of several dialects use it.
  var dialect: Dialect? {
    switch self {
    case .call(let call), .countTokens(let call): call.dialect
    default: nil
    }
  }
}
