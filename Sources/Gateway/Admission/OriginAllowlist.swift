/// The origins of web pages that may call the gateway from a browser. An empty list rejects every request with an origin.
struct OriginAllowlist: Sendable {
  private let allowed: [String]

  init(_ allowed: [String]) { self.allowed = allowed.map { $0.lowercased() } }

  /// Returns the origin in lower case, as the response repeats it to the browser, or nil if it is not allowed.
  func allowed(_ origin: Span<UInt8>) -> String? {
    let text = origin.text.lowercased()
    return allowed.contains(text) ? text : nil
  }
}
