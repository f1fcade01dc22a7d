internal import HTTPText

/// The base URL of a provider: a validated `http` or `https` URL without a final slash, or a Unix socket with or without a path
/// as in `unix:/run/llama.sock:/v1`.
public struct BaseURL: Equatable, Sendable, CustomStringConvertible {
  /// The URL as given, without slashes at its end, with the scheme in lower case.
  public let text: String

  /// Whether the provider runs inside hoosh, `demo:`.
  public var isInProcess: Bool { text == Self.demo.text }

  /// Whether the scheme is `https`.
  public var isSecure: Bool { text.hasPrefix("https:") }

  /// Whether the last segment of the path is a version, such as `v1`, `v1beta`, or `v4`.
  private var endsWithVersion: Bool {
    let last = Array(path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed())
    return last.count > 1 && last[0] == UInt8(ascii: "v") && last[1].isDecimalDigit
  }

  /// The path of the Unix socket; `nil` for a URL with a host.
  var socketPath: Substring? { text.hasPrefix("unix:") ? text.dropFirst(5).prefix { $0 != ":" } : nil }

  /// The path, without a slash at its end. Empty if there is none.
  private var path: Substring {
    if let socketPath { return text[socketPath.endIndex...].dropFirst() }
    let authority = text.drop { $0 != "/" }.dropFirst(2)
    return authority.drop { $0 != "/" }
  }

  /// The text that a path may follow: a colon ends the path of a socket.
  private var prefix: String { socketPath != nil && path.isEmpty ? text + ":" : text }

  /// The URL without a final `/v1`, for paths outside of OpenAI's API.
  public var root: String { path.hasSuffix("/v1") ? String(text.dropLast(3)) : prefix }

  /// The URL that paths of OpenAI's API follow, such as `/chat/completions`: as it is if it has a path, because servers
  /// have theirs at `/v1`, `/api/v3`, `/v1/openai`, or `/inference`, and otherwise with `/v1`. The default addresses
  /// of the catalog get one too.
  public var apiRoot: String {
    if isInProcess { return text }
    let isDefault = ProviderCatalog.rows.contains { $0.baseURL == text }
    return path.isEmpty || isDefault ? prefix + "/v1" : text
  }

  /// The URL that paths of Anthropic's API follow. Its clients put `/v1` behind every address, so that is how addresses
  /// are written, such as `https://api.deepseek.com/anthropic`.
  public var messagesRoot: String { endsWithVersion ? text : prefix + "/v1" }

  /// The URL with a version of Gemini's API at its end. The default is `v1beta`, the only version with thinking and
  /// schemas.
  public var geminiRoot: String { endsWithVersion ? text : prefix + "/v1beta" }

  public var description: String { text }

  /// The URL of providers that run inside hoosh.
  public static let demo = BaseURL(checked: "demo:")

  private init(checked: String) { text = checked }

  /// The length of the longest URL, in bytes.
  static let bytesMax = 2048

  /// The length of the longest path of a Unix socket, in bytes (unix(7)).
  static let socketBytesMax = 107

  /// Validates a URL: scheme, host, and optional port and path (RFC 3986), without user, query, or fragment; or a Unix socket
  /// and an optional path behind another colon, as nginx writes them.
  public init(_ written: String) throws(BaseURLError) {
    let bytes = Array(written.utf8)
    guard bytes.count <= Self.bytesMax else { throw .tooLong }
    guard bytes.allSatisfy({ Secret.isVisible($0) && !#"<>"\^`{|}"#.utf8.contains($0) }) else { throw .character }
    let lower = written.lowercased()
    if lower.hasPrefix("unix:") {
      text = try Self.socket(written.dropFirst(5))
      return
    }
    guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else { throw .scheme }
    let rest = written.dropFirst(scheme.count)
    guard !rest.contains("?"), !rest.contains("#") else { throw .query }
    let authority = rest.prefix { $0 != "/" }
    guard !authority.contains("@") else { throw .user }
    try Self.check(authority: authority)
    text = scheme + authority + (try Self.trimmed(path: rest.dropFirst(authority.count)))
  }

  /// Returns the URL of a Unix socket with a path or without.
  private static func socket(_ rest: Substring) throws(BaseURLError) -> String {
    let socket = rest.prefix { $0 != ":" }
    guard socket.first == "/", socket.last != "/" else { throw .socket }
    guard socket.utf8.count <= socketBytesMax else { throw .socketTooLong }
    let path = rest.dropFirst(socket.count).dropFirst()
    guard path.isEmpty || path.first == "/" else { throw .socketPath }
    guard !path.contains("?"), !path.contains("#") else { throw .query }
    let trimmed = try trimmed(path: path)
    return "unix:\(socket)\(trimmed.isEmpty ? "" : ":")\(trimmed)"
  }

  /// Returns a valid path without slashes at its end.
  private static func trimmed(path: Substring) throws(BaseURLError) -> Substring {
    var path = path
    while path.last == "/" { path.removeLast() }
    try check(path: path)
    return path
  }

  /// Checks a host and an optional port.
  static func check(authority: Substring) throws(BaseURLError) {
    var port: Substring?
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]"),
        Address(authority[authority.index(after: authority.startIndex)..<end])?.isIPv6 == true
      else { throw .host }
      let rest = authority[authority.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" else { throw .host }
      if !rest.isEmpty { port = rest.dropFirst() }
    } else {
      let host = authority.prefix { $0 != ":" }
      guard !host.isEmpty else { throw .noHost }
      guard Address.isName(host) else { throw .host }
      if host.endIndex != authority.endIndex { port = authority[authority.index(after: host.endIndex)...] }
    }
    guard let port else { return }
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0 else {
      throw .port
    }
  }

  private static func check(path: Substring) throws(BaseURLError) {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else { throw .path }
    let bytes = Array(path.utf8)
    for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
      guard index + 2 < bytes.count,
        UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16) != nil
      else { throw .path }
    }
    guard !path.hasSuffix("/chat/completions") else { throw .endpoint }
  }
}

/// The reason why a text is not a base URL. The raw value is the end of a sentence that begins with the key.
public enum BaseURLError: String, Error, Sendable {
  case scheme = "must begin with http:// or https://, or be the path of a Unix socket as in unix:/run/llama.sock"
  case socket = "must name a Unix socket by its absolute path, as in unix:/run/llama.sock"
  case socketTooLong = "has a path of a Unix socket that is longer than 107 bytes"
  case socketPath =
    "must have a slash behind the colon that ends the path of the socket, as in unix:/run/llama.sock:/v1"
  case noHost = "has no host; write it as in http://localhost:11434"
  case host = "has a host that is neither a name nor an IP address; put an IPv6 address in brackets"
  case port = "has an invalid port; it must be from 1 to 65535"
  case user = "must not have a user or password; put the API key into api_key"
  case query = "must not have a query (?) or fragment (#)"
  case path = "has a path segment that is empty, `.`, `..`, or wrongly escaped"
  case endpoint = "ends with the path of an endpoint; remove /chat/completions"
  case character = "has a character that is not allowed in a URL; escape it as %XX"
  case tooLong = "is longer than 2048 bytes"
}
