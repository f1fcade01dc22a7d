/// What a request is for, by its path.
///
/// Paths are compared as they came, undecoded, so that what was authorized is what is served. OpenAI's API
/// answers with and without `/v1`, with `/v1` doubled, under `/openai` and with one slash at the end, because
/// clients differ in what they take for a base URL.
enum Endpoint: Equatable {
  case root
  /// The process is alive: `/healthz`, `/health`, `/v1/health`, `/ping`.
  case liveness
  /// New requests are welcome: `/readyz`.
  case readiness
  /// What the gateway holds, and how its loop fares: `/v1/status`.
  case status
  case chatCompletions
  case models
  /// One model; its name is the slice of the path, percent-encoded as it came.
  case model(Slice)

  /// The endpoint at a path; `nil` is a 404.
  static func at(_ path: Slice, in bytes: Span<UInt8>) -> Endpoint? {
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
    bytes.drop("/openai", from: &rest)
    bytes.drop("/v1", from: &rest)
    bytes.drop("/v1", from: &rest)
    if bytes.equals("/chat/completions", in: rest) { return .chatCompletions }
    if bytes.equals("/models", in: rest) { return .models }
    if bytes.drop("/models", from: &rest), rest.count > 1 { return .model(Slice(rest.dropFirst())) }
    return nil
  }

  /// The methods that the endpoint has; `nil` when `method` is one of them.
  func refusesMethod(_ method: RequestHead.Method) -> String? {
    switch (self, method) {
    case (.chatCompletions, .post): nil
    case (.chatCompletions, _): "POST, OPTIONS"
    case (_, .get), (_, .head): nil
    default: "GET, HEAD, OPTIONS"
    }
  }

  /// The path as the journal and metrics write it: one word for all spellings.
  var name: String {
    switch self {
    case .root: "/"
    case .liveness: "/healthz"
    case .readiness: "/readyz"
    case .status: "/v1/status"
    case .chatCompletions: "/v1/chat/completions"
    case .models: "/v1/models"
    case .model: "/v1/models/{id}"
    }
  }

  /// Whether anybody may ask, with a key or without.
  var isOpen: Bool { self == .liveness || self == .readiness }
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
