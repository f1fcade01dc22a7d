internal import Digest

/// The identity of a request's answer: a SHA-256 of everything that can change it.
struct CacheKey: Hashable, Sendable {
  /// The first bytes are as good as random, so that a table needs no other hash.
  let words: InlineArray<4, UInt64>

  /// The key of a request in its canonical form.
  init(_ canonical: Span<UInt8>) {
    let digest = SHA256.hash(canonical)
    var words = InlineArray<4, UInt64>(repeating: 0)
    for index in digest.bytes.indices { words[index >> 3] = words[index >> 3] << 8 | UInt64(digest.bytes[index]) }
    self.words = words
  }

  static func == (left: CacheKey, right: CacheKey) -> Bool {
    left.words[0] == right.words[0] && left.words[1] == right.words[1] && left.words[2] == right.words[2]
      && left.words[3] == right.words[3]
  }

  func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
}
