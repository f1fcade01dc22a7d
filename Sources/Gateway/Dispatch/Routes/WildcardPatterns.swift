/// The patterns with a `*` elsewhere than at the end, which are tried one by one.
///
/// Matching is greedy: the earliest position of each literal piece is always right.
struct WildcardPatterns: Sendable {
  /// The most distinct patterns of a table.
  static let countMax = BitSet128.capacity

  private struct Pattern: Sendable {
    /// The literal pieces between the wildcards; the first and the last may be empty.
    var firstPiece: Int
    var pieces: Int
    /// The number of bytes of all pieces: the minimum length of a name.
    var bytes: Int
  }

  private var patterns: [Pattern] = []
  private var pieces: [Slice] = []
  private var text: [UInt8] = []

  var count: Int { patterns.count }

  /// Adds a pattern with a wildcard; its index is the previous count.
  mutating func append(_ pattern: [UInt8]) {
    let cut = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    var added = Pattern(firstPiece: pieces.count, pieces: 0, bytes: 0)
    for (index, piece) in cut.enumerated() where !piece.isEmpty || index == 0 || index == cut.count - 1 {
      pieces.append(Slice(start: text.count, count: piece.count))
      text += piece
      added.pieces += 1
      added.bytes += piece.count
    }
    patterns.append(added)
  }

  /// Returns the indices of the patterns that match a name.
  @inline(__always)
  func matching(_ name: Span<UInt8>) -> BitSet128 {
    if patterns.isEmpty { return BitSet128() }
    return Self.matching(name, patterns.span, pieces.span, text.span)
  }

  @_noAllocation @_noLocks
  private static func matching(
    _ name: Span<UInt8>, _ patterns: Span<Pattern>, _ pieces: Span<Slice>, _ text: Span<UInt8>
  ) -> BitSet128 {
    var found = BitSet128()
    var index = 0
    while index < patterns.count {
      if matches(name, patterns[index], pieces, text) { found.insert(index) }
      index += 1
    }
    return found
  }

  @_noAllocation @_noLocks
  private static func matches(
    _ name: Span<UInt8>, _ pattern: Pattern, _ pieces: Span<Slice>, _ text: Span<UInt8>
  ) -> Bool {
    if name.count < pattern.bytes { return false }
    let first = pieces[pattern.firstPiece]
    let last = pieces[pattern.firstPiece + pattern.pieces - 1]
    let end = name.count - Int(last.count)
    if !matchesPiece(first, in: name, at: 0, text) { return false }
    if !matchesPiece(last, in: name, at: end, text) { return false }
    var at = Int(first.count)
    var index = pattern.firstPiece + 1
    while index < pattern.firstPiece + pattern.pieces - 1 {
      let piece = pieces[index]
      while true {
        if at + Int(piece.count) > end { return false }
        if matchesPiece(piece, in: name, at: at, text) { break }
        at += 1
      }
      at += Int(piece.count)
      index += 1
    }
    return true
  }

  /// Returns whether the piece is at an offset; the name must have that many bytes there.
  @inline(__always) @_noAllocation @_noLocks
  private static func matchesPiece(
    _ piece: Slice, in name: Span<UInt8>, at offset: Int, _ text: Span<UInt8>
  ) -> Bool {
    let start = Int(piece.start)
    let count = Int(piece.count)
    var index = 0
    while index < count {
      if name[offset + index] != text[start + index] { return false }
      index += 1
    }
    return true
  }
}
