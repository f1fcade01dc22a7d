import ArgumentParser

/// The address of a gateway as people give it, in the form in which a path can follow: `http://127.0.0.1:8088`.
struct ServerAddress: CustomStringConvertible {
  /// Where a gateway listens by default.
  static let standard = ServerAddress(text: "http://127.0.0.1:8088")

  /// The scheme, the host, and perhaps a port and a path, without a slash at the end.
  let text: String

  private init(text: String) { self.text = text }

  /// Reads a URL, or a host and port. The `/v1` of a base URL for SDKs is cut off, because every path begins with it.
  /// Throws a `ValidationError` if there is no host.
  init(_ given: String) throws {
    var text = Environment.trimmed(given)
    if !text.contains("://") { text = "http://" + text }
    while text.hasSuffix("/") { text.removeLast() }
    if text.hasSuffix("/v1") { text.removeLast("/v1".count) }
    while text.hasSuffix("/") { text.removeLast() }
    let lowered = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lowered.hasPrefix),
      let host = text.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false).first,
      !host.isEmpty, !host.hasPrefix(":"),
      text.unicodeScalars.allSatisfy({ $0 > " " && $0 != "?" && $0 != "#" && $0 != "\u{7f}" })
    else {
      throw ValidationError(
        "`\(given)` is not the address of a gateway. Give a URL, or a host and port such as 127.0.0.1:8088.")
    }
    self.text = text
  }

  var description: String { text }
}
