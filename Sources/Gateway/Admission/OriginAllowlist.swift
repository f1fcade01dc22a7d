/// Which web pages may call from a browser. Without any, a request that names an origin is refused.
struct OriginAllowlist: Sendable {
  private let allowed: [String]

  init(_ allowed: [String]) { self.allowed = allowed.map { $0.lowercased() } }

  /// The origin as it may be told to the browser; `nil` when it is not allowed.
  func allowed(_ origin: Span<UInt8>) -> String? {
    let text = origin.text.lowercased()
    return allowed.contains(text) ? text : nil
  }
}
