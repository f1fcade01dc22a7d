internal import Glibc

/// Texts one behind the other, as a body may be. Their bytes are shared with whoever else holds them, so that a large
/// body is in memory once, however many upstreams are asked.
public struct BufferChain: Sendable {
  private struct Piece {
    var text: [UInt8]
    var range: Range<Int>
  }

  /// Apart from the others: nearly every chain is one text, and needs no list for it.
  private let first: [UInt8]
  private var others: [Piece] = []
  /// Bytes of all of it.
  public private(set) var count: Int

  /// A chain of one text.
  public init(_ text: [UInt8] = []) {
    first = text
    count = text.count
  }

  /// Adds a part of a text.
  public mutating func append(_ text: [UInt8], _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= text.count, "a part that is not of the text")
    if range.isEmpty { return }
    count += range.count
    others.append(Piece(text: text, range: range))
  }

  /// Adds a whole text.
  public mutating func append(_ text: [UInt8]) { append(text, text.indices) }

  /// The bytes, as one text; a copy unless they are one already.
  public var joined: [UInt8] {
    if others.isEmpty { return first }
    var out: [UInt8] = []
    out.reserveCapacity(count)
    out += first
    for piece in others { out += piece.text[piece.range] }
    return out
  }

  public var isEmpty: Bool { count == 0 }

  /// Lends the texts, one after the other.
  public func forEach(_ body: (Span<UInt8>) -> Void) {
    if !first.isEmpty { body(first.span) }
    for piece in others { body(piece.text.span.extracting(piece.range)) }
  }

  /// How far a reader has come.
  struct Position {
    fileprivate var piece = 0
    fileprivate var offset = 0

    init() {}
  }

  /// Copies what follows a place, at most `room` bytes, and moves the place on; returns how many, 0 at the end.
  func read(_ position: inout Position, into bytes: UnsafeMutableRawPointer, room: Int) -> Int {
    var copied = 0
    while copied < room, position.piece <= others.count {
      let piece = position.piece == 0 ? Piece(text: first, range: first.indices) : others[position.piece - 1]
      let part = piece.text.span.extracting(piece.range).extracting(droppingFirst: position.offset)
      let run = min(part.count, room - copied)
      if run > 0 { unsafe part.withUnsafeBytes { _ = unsafe memcpy(bytes + copied, $0.baseAddress!, run) } }
      copied += run
      position.offset += run
      if run == part.count {
        position.piece += 1
        position.offset = 0
      }
    }
    return copied
  }
}
