/// Patterns with `*` elsewhere than at their end, each tried on its own.
///
/// A name is looked at piece by piece; the earliest place of a piece is always a right one.
struct WildcardPatterns: Sendable {
  /// Different patterns that one table may have.
  static let countMax = BitSet128.capacity

  private struct Pattern: Sendable {
    /// Its pieces, which stars part: the first may be empty, and so may the last.
    var firstPiece: Int
    var pieces: Int
    /// Bytes of all pieces, which a name must have at least.
    var bytes: Int
  }

  private var patterns: [Pattern] = []
  private var pieces: [Slice] = []
  private var text: [UInt8] = []

  var count: Int { patterns.count }

  /// Adds a pattern, which has a star; its number is how many there were.
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

  /// The numbers of the patterns that a name matches.
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
    if !stands(first, in: name, at: 0, text) { return false }
    if !stands(last, in: name, at: end, text) { return false }
    var at = Int(first.count)
    var index = pattern.firstPiece + 1
    while index < pattern.firstPiece + pattern.pieces - 1 {
      let piece = pieces[index]
      while true {
        if at + Int(piece.count) > end { return false }
        if stands(piece, in: name, at: at, text) { break }
        at += 1
      }
      at += Int(piece.count)
      index += 1
    }
    return true
  }

  /// Whether the piece stands there; the name has that many bytes behind the offset.
  @inline(__always) @_noAllocation @_noLocks
  private static func stands(
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
