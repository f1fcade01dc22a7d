internal import Glibc

/// Byte arrays in sequence, used as a request body. The arrays are shared with their other owners, so a large body
/// exists in memory once, however many attempts send it.
public struct BufferChain: Sendable {
  private struct Piece {
    var text: [UInt8]
    var range: Range<Int>
  }

  /// The first array, stored apart from the others because nearly every chain has only one.
  private let first: [UInt8]
  private var others: [Piece] = []
  /// The total number of bytes.
  public private(set) var count: Int

  /// Creates a chain of one array.
  public init(_ text: [UInt8] = []) {
    first = text
    count = text.count
  }

  /// Appends a part of an array.
  public mutating func append(_ text: [UInt8], _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= text.count, "the range exceeds the array")
    if range.isEmpty { return }
    count += range.count
    others.append(Piece(text: text, range: range))
  }

  /// Appends a whole array.
  public mutating func append(_ text: [UInt8]) { append(text, text.indices) }

  /// The bytes as one array. Copies them unless the chain has only one array.
  public var joined: [UInt8] {
    if others.isEmpty { return first }
    var out: [UInt8] = []
    out.reserveCapacity(count)
    out += first
    for piece in others { out += piece.text[piece.range] }
    return out
  }

  public var isEmpty: Bool { count == 0 }

  /// Calls `body` with each array in order.
  public func forEach(_ body: (Span<UInt8>) -> Void) {
    if !first.isEmpty { body(first.span) }
    for piece in others { body(piece.text.span.extracting(piece.range)) }
  }

  /// Appends at most `limit` bytes from an offset to `out`.
  func append(to out: inout [UInt8], from offset: Int, atMost limit: Int) {
    var skipped = offset
    var rest = min(limit, count - offset)
    forEach { part in
      let start = min(skipped, part.count)
      skipped -= start
      let run = min(rest, part.count - start)
      rest -= run
      if run > 0 {
        unsafe part.extracting(start..<start + run).withUnsafeBufferPointer { unsafe out.append(contentsOf: $0) }
      }
    }
  }

  /// A reader's position in a chain.
  struct Position {
    fileprivate var piece = 0
    fileprivate var offset = 0

    init() {}
  }

  /// Copies up to `capacity` bytes from a position and advances it. Returns the number of bytes copied, 0 at the end.
  func read(_ position: inout Position, into bytes: UnsafeMutableRawPointer, capacity: Int) -> Int {
    var copied = 0
    while copied < capacity, position.piece <= others.count {
      let piece = position.piece == 0 ? Piece(text: first, range: first.indices) : others[position.piece - 1]
      let part = piece.text.span.extracting(piece.range).extracting(droppingFirst: position.offset)
      let run = min(part.count, capacity - copied)
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
