/// The identities of requests that were seen lately, by their texts: a request that is repeated byte by byte, as programs repeat
/// them, is not read again to find out what it is.
struct RecentSpellings: Sendable {
  private static let count = 1024

  private struct Entry: Sendable {
    var spelling: CacheKey
    /// `nil` if the request has no identity.
    var request: CacheableRequest?
  }

  /// Each text has one place, which it shares with others.
  private var entries: [Entry?] = []

  private static func place(_ spelling: CacheKey) -> Int {
    Int(truncatingIfNeeded: spelling.words[0]) & (count - 1)
  }

  /// Returns the request of a text; `make` reads it if the text is new.
  mutating func request(_ spelling: CacheKey, make: () -> CacheableRequest?) -> CacheableRequest? {
    let place = Self.place(spelling)
    if entries.isEmpty { entries = [Entry?](repeating: nil, count: Self.count) }
    if let entry = entries[place], entry.spelling == spelling { return entry.request }
    let request = make()
    entries[place] = Entry(spelling: spelling, request: request)
    return request
  }
}
