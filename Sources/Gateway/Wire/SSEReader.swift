/// Reads server-sent events (WHATWG HTML, "Server-sent events"). The result does not depend on how the bytes were split.
///
/// Lines end in LF, CRLF, or CR. A byte order mark at the start is skipped. The `data` lines of one event are joined by
/// LF; comments, `id`, and `retry` lines are ignored. An event longer than the reader's limit is an error, which limits the
/// memory that a peer can fill.
public struct SSEReader {
  /// Bytes of the longest data of one event, unless another limit is given.
  public static let eventBytesMax = 1024 * 1024
  /// Bytes of a buffer that is kept for the next event.
  private static let keptBytesMax = 256 * 1024

  private let eventBytesMax: Int
  /// Bytes of the longest line, which adds a field name, a colon, and a byte order mark.
  private var lineBytesMax: Int { eventBytesMax + 16 }

  /// An event or a line that is longer than the limit.
  public struct TooLong: Error, Equatable {}

  /// The data of the event that `next` found; valid until the next call.
  public private(set) var data: [UInt8] = []
  /// The name of that event if it has an `event` line of at most 64 bytes, which most have not.
  public private(set) var name: [UInt8] = []

  private var line: [UInt8] = []
  private var hasData = false
  private var isFresh = true
  private var skipsLF = false
  private var wasTaken = false

  public init(eventBytesMax: Int = SSEReader.eventBytesMax) { self.eventBytesMax = eventBytesMax }

  /// Reads from `offset` until an event is complete, and returns false if the bytes end before that.
  ///
  /// Moves `offset` past the bytes that were read. Lines that are complete in `bytes` are not copied to the line buffer.
  public mutating func next(in bytes: Span<UInt8>, from offset: inout Int) throws(TooLong) -> Bool {
    if wasTaken {
      data.removeAll(keepingCapacity: data.count <= Self.keptBytesMax)
      name.removeAll(keepingCapacity: true)
      hasData = false
      wasTaken = false
    }
    while offset < bytes.count {
      if skipsLF {
        skipsLF = false
        if bytes[offset] == 0x0a {
          offset += 1
          continue
        }
      }
      let end = Search.endOfLine(in: bytes, from: offset)
      guard end < bytes.count else {
        try keep(bytes.extracting(offset..<end))
        offset = end
        return false
      }
      skipsLF = bytes[end] == 0x0d
      let start = offset
      offset = end + 1
      var isComplete: Bool
      if line.isEmpty {
        isComplete = try take(bytes.extracting(start..<end))
      } else {
        try keep(bytes.extracting(start..<end))
        let whole = line
        line = []
        isComplete = try take(whole.span)
        line = whole
        line.removeAll(keepingCapacity: line.count <= Self.keptBytesMax)
      }
      if isComplete {
        wasTaken = true
        return true
      }
    }
    return false
  }

  /// Whether the reader holds part of an unfinished event or line.
  public var hasPartialInput: Bool { !line.isEmpty || (hasData && !wasTaken) }

  /// Bytes that the reader holds.
  var heldBytes: Int { line.count + data.count }

  private mutating func keep(_ bytes: Span<UInt8>) throws(TooLong) {
    guard line.count + bytes.count <= lineBytesMax else { throw TooLong() }
    line.append(bytes)
  }

  /// Reads one line without its line end, and returns whether it completes an event that has data.
  private mutating func take(_ raw: Span<UInt8>) throws(TooLong) -> Bool {
    // A line that arrived in one piece has the same limit as a joined one.
    guard raw.count <= lineBytesMax else { throw TooLong() }
    var line = raw
    if isFresh {
      isFresh = false
      if line.count >= 3, line[0] == 0xef, line[1] == 0xbb, line[2] == 0xbf { line = line.extracting(3...) }
    }
    if line.isEmpty {
      if hasData { return true }
      name.removeAll(keepingCapacity: true)
      return false
    }
    if line.hasPrefix("data", at: 0, before: line.count) {
      if line.count > 4, line[4] != UInt8(ascii: ":") { return false }
      var start = min(5, line.count)
      if start < line.count, line[start] == 0x20 { start += 1 }
      let value = line.extracting(start...)
      guard data.count + (hasData ? 1 : 0) + value.count <= eventBytesMax else { throw TooLong() }
      if hasData { data.append(0x0a) }
      hasData = true
      data.append(value)
    } else if line.hasPrefix("event:", at: 0, before: line.count) {
      var start = 6
      if start < line.count, line[start] == 0x20 { start += 1 }
      name.removeAll(keepingCapacity: true)
      if line.count - start <= 64 { name.append(line.extracting(start...)) }
    }
    return false
  }
}
