/// A place where a model server may run that a gateway without a configuration looks for.
public struct LocalServer: Sendable, Equatable, CustomStringConvertible {
  public let kind: ProviderKind
  public let baseURL: BaseURL
  /// The host: `localhost`, a name, or an IP address without brackets.
  public let host: String
  public let port: UInt16
  /// The environment variable that names the place; `nil` for the usual place of the kind.
  public let variable: String?

  public var description: String { "\(kind.row.displayName) at \(baseURL.text)" }

  /// Whether only this machine can be meant, so that it is known whether a server is there before it is used.
  public var isOnThisMachine: Bool { host == "localhost" || Address(host)?.isLoopback == true }

  /// The places to look at, best first. `OLLAMA_HOST` says where Ollama is, and `LLAMA_ARG_HOST` with `LLAMA_ARG_PORT`
  /// where llama.cpp is, in the forms that these programs take themselves.
  public static func places(_ environment: [String: String]) -> [LocalServer] {
    let kinds: [ProviderKind] = [.ollama, .llamaCpp, .lmStudio, .vllm]
    return kinds.flatMap { kind -> [LocalServer] in
      let usual = kind.row.baseURL.flatMap { LocalServer(kind, $0, variable: nil) }
      let named: LocalServer? =
        switch kind {
        case .llamaCpp: llamaCpp(environment["LLAMA_ARG_HOST"], environment["LLAMA_ARG_PORT"])
        case ProviderKind.ollama: ollama(environment["OLLAMA_HOST"])
        default: nil
        }
      guard let named, named.baseURL != usual?.baseURL else { return usual.map { [$0] } ?? [] }
      return [named] + (usual.map { [$0] } ?? [])
    }
  }

  private init?(_ kind: ProviderKind, _ text: String, variable: String?) {
    guard let url = try? BaseURL(text) else { return nil }
    let authority = text.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }
    let colon = authority.hasSuffix("]") ? nil : authority.lastIndex(of: ":")
    let port = colon.flatMap { UInt16(authority[authority.index(after: $0)...]) }
    let host = colon.map { authority[..<$0] } ?? authority
    self.kind = kind
    baseURL = url
    self.host = host.trimming { $0 == "[" || $0 == "]" }.lowercased()
    self.port = port ?? (url.isSecure ? 443 : 80)
    self.variable = variable
  }

  /// Reads `OLLAMA_HOST` as Ollama does: a host, a port, or both, with or without a scheme. Returns `nil` without one.
  private static func ollama(_ value: String?) -> LocalServer? {
    let text = (value ?? "").trimming { $0.isWhitespace || $0 == "\"" || $0 == "'" }
    guard !text.isEmpty else { return nil }
    var (scheme, port, rest) = ("http", "11434", text[...])
    if let mark = text.firstRange(of: "://") {
      scheme = text[..<mark.lowerBound].lowercased()
      rest = text[mark.upperBound...]
      port = scheme == "https" ? "443" : scheme == "http" ? "80" : port
    }
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    let (host, written) = split(authority)
    if let written, UInt16(written) != nil { port = String(written) }
    return LocalServer(.ollama, "\(scheme)://\(reachable(host)):\(port)\(path)", variable: "OLLAMA_HOST")
  }

  private static func llamaCpp(_ host: String?, _ port: String?) -> LocalServer? {
    let host = (host ?? "").trimming(\.isWhitespace)
    let port = (port ?? "").trimming(\.isWhitespace)
    guard !host.isEmpty || !port.isEmpty else { return nil }
    return LocalServer(
      .llamaCpp, "http://\(reachable(host[...])):\(UInt16(port) ?? 8080)",
      variable: host.isEmpty ? "LLAMA_ARG_PORT" : "LLAMA_ARG_HOST")
  }

  /// Splits a host from its port. An IPv6 address needs no brackets if there is no port.
  private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
    if Address(authority)?.isIPv6 == true || authority.hasSuffix("]") { return (authority, nil) }
    guard let colon = authority.lastIndex(of: ":") else { return (authority, nil) }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }

  /// Returns the host under which a server that listens on `host` can be reached, as a URL has it.
  private static func reachable(_ host: Substring) -> String {
    let host = String(host).trimming { $0 == "[" || $0 == "]" }
    switch host {
    case "", "0.0.0.0": return "127.0.0.1"
    case "::": return "[::1]"
    default: return host.contains(":") ? "[\(host)]" : host
    }
  }
}

extension StringProtocol {
  /// Returns the text without the characters at its ends for which `isRemoved` holds.
  func trimming(_ isRemoved: (Character) -> Bool) -> String {
    var rest = self[...]
    while let first = rest.first, isRemoved(first) { rest = rest.dropFirst() }
    while let last = rest.last, isRemoved(last) { rest = rest.dropLast() }
    return String(rest)
  }
}
