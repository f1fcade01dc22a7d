/// The URL of a proxy: `http`, `https`, or `socks5h`, with a port and perhaps a user and password, which no description or
/// dump shows.
public struct ProxyURL: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let text: String
  /// The URL with `***` in place of the user and password.
  public let description: String

  /// Whether the connection to the proxy uses TLS.
  var isSecure: Bool { text.hasPrefix("https:") }

  /// Returns the URL itself, which must not be printed.
  func reveal() -> String { text }

  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }

  private static let schemes = ["http://", "https://", "socks5h://"]

  /// Validates a URL: scheme, perhaps a user with a password, host, and port; no path but `/`.
  init(_ written: String) throws(ProxyURLError) {
    let bytes = Array(written.utf8)
    guard bytes.count <= BaseURL.bytesMax else { throw .tooLong }
    let lower = written.lowercased()
    guard let scheme = Self.schemes.first(where: { lower.hasPrefix($0) }) else { throw .scheme }
    var authority = written.dropFirst(scheme.count)
    if authority.last == "/" { authority.removeLast() }
    guard bytes.allSatisfy({ Secret.isVisible($0) && !#"<>"\^`{|}"#.utf8.contains($0) }),
      !authority.contains(where: { "/?#".contains($0) }), authority.count(where: { $0 == "@" }) < 2
    else { throw .character }
    var host = authority
    if let at = authority.firstIndex(of: "@") {
      host = authority[authority.index(after: at)...]
      guard Self.isUser(authority[..<at]) else { throw .user }
    }
    do throws(BaseURLError) { try BaseURL.check(authority: host) } catch {
      throw error == .port ? .port : .host
    }
    guard !host.hasSuffix("]"), host.contains(":") else { throw .port }
    text = scheme + authority
    description = scheme + (host.startIndex == authority.startIndex ? "" : "***@") + host
  }

  /// Returns whether a text is a user with or without a password, with `%XX` for special characters except NUL.
  private static func isUser(_ text: Substring) -> Bool {
    guard let first = text.first, first != ":" else { return false }
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    return parts.dropFirst().allSatisfy { part in
      let code = part.prefix(2)
      return code.count == 2 && code.allSatisfy(\.isHexDigit) && code != "00"
    }
  }
}

/// The reason why a text is not the URL of a proxy. The raw value is the end of a sentence that begins with the key.
enum ProxyURLError: String, Error, Sendable {
  case scheme = "must begin with http://, https://, or socks5h://, or be \"environment\""
  case host = "has no valid host; write it as in http://proxy.example:3128"
  case port = "needs a port from 1 to 65535, as in http://proxy.example:3128"
  case user =
    "has an invalid user; write it as in http://user:password@proxy.example:3128, with %XX for special characters"
  case character =
    "has a path, a query, or a character that is not allowed in a URL; escape those of the password as %XX"
  case tooLong = "is longer than 2048 bytes"
}
