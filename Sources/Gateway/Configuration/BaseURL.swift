/// Where a provider answers: a checked `http` or `https` address without a final slash.
public struct BaseURL: Equatable, Sendable, CustomStringConvertible {
  /// The address as it was written, less the slashes at its end; the scheme in lower case.
  public let text: String

  /// Whether the address is that of a program in this process, `demo:`.
  public var isInProcess: Bool { text == Self.demo.text }

  /// Whether the connection is encrypted.
  public var isSecure: Bool { text.hasPrefix("https:") }

  /// Whether the writer has put the `/v1` there already.
  public var endsWithVersion: Bool { text.hasSuffix("/v1") }

  /// The address without a final `/v1`, for the paths outside of OpenAI's interface.
  public var root: String { endsWithVersion ? String(text.dropLast(3)) : text }

  /// The address that ends with exactly one `/v1`; OpenAI's paths, as in `/chat/completions`, follow it.
  public var apiRoot: String { isInProcess ? text : root + "/v1" }

  /// The address that ends with a version of Gemini's interface, `v1beta` unless it was written with one: only that has
  /// thinking and schemas.
  public var geminiRoot: String { endsWithVersion || text.hasSuffix("/v1beta") ? text : text + "/v1beta" }

  public var description: String { text }

  /// The address of the providers that run inside hoosh.
  public static let demo = BaseURL(checked: "demo:")

  private init(checked: String) { text = checked }

  /// Bytes of the longest address.
  static let bytesMax = 2048

  /// Checks an address: scheme, host, optional port and path (RFC 3986), without user, query or fragment.
  public init(_ written: String) throws(BaseURLError) {
    let bytes = Array(written.utf8)
    guard bytes.count <= Self.bytesMax else { throw .tooLong }
    guard bytes.allSatisfy({ Secret.isVisible($0) && !#"<>"\^`{|}"#.utf8.contains($0) }) else { throw .character }
    let lower = written.lowercased()
    guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else { throw .scheme }
    let rest = written.dropFirst(scheme.count)
    guard !rest.contains("?"), !rest.contains("#") else { throw .query }
    let authority = rest.prefix { $0 != "/" }
    guard !authority.contains("@") else { throw .user }
    try Self.check(authority: authority)
    var path = rest.dropFirst(authority.count)
    while path.last == "/" { path.removeLast() }
    try Self.check(path: path)
    text = scheme + authority + path
  }

  private static func check(authority: Substring) throws(BaseURLError) {
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

/// Why a text is no address of a provider; the raw value is the end of a sentence that begins with the key.
public enum BaseURLError: String, Error, Sendable {
  case scheme = "must begin with http:// or https://"
  case noHost = "names no host"
  case host = "has a host that is neither a name nor an address; write an IPv6 address in brackets"
  case port = "has a port that is not from 1 to 65535"
  case user = "must not hold a user or password; put the key into api_key"
  case query = "must not have a query (?) or fragment (#)"
  case path = "has an empty, dotted or wrongly escaped path segment"
  case endpoint = "ends with the path of one endpoint; leave /chat/completions away"
  case character = "holds a character that an address cannot hold"
  case tooLong = "is longer than 2048 bytes"
}
