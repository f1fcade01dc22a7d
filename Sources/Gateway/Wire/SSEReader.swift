/// Reads server-sent events, however the bytes were cut (WHATWG HTML, "Server-sent events").
///
/// Lines end in LF, CRLF or CR; a byte order mark at the start is skipped; `data` lines of one event are
/// joined by LF; comments, `event`, `id` and `retry` lines are read past. An event of more than `eventBytesMax`
/// is an error, so that a peer which never ends its line costs no more than that.
public struct SSEReader {
  /// Bytes that one event's data, or one line, may have.
  public static let eventBytesMax = 1024 * 1024

  /// Bytes of the longest line: the name of its field, its colon and a byte order mark are not the event's.
  private static let lineBytesMax = eventBytesMax + 16

  /// What a peer did wrong.
  public struct TooLong: Error, Equatable {}

  /// The data of the event that `next` found; good until the next call.
  public private(set) var data: [UInt8] = []
  /// The name of that event, when it had an `event` line of at most 64 bytes; most have none.
  public private(set) var name: [UInt8] = []

  private var line: [UInt8] = []
  private var hasData = false
  private var isFresh = true
  private var skipsLF = false
  private var wasTaken = false

  public init() {}

  /// Reads on from `offset` until an event is complete; false when the bytes are used up.
  ///
  /// `offset` is moved to behind what was read. Complete lines that lie in `bytes` are never copied to the
  /// line buffer first.
  public mutating func next(in bytes: Span<UInt8>, from offset: inout Int) throws(TooLong) -> Bool {
    if wasTaken {
      data.removeAll(keepingCapacity: true)
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
        line.removeAll(keepingCapacity: true)
      }
      if isComplete {
        wasTaken = true
        return true
      }
    }
    return false
  }

  /// Whether bytes of an unfinished event or line are held.
  public var hasPartialInput: Bool { !line.isEmpty || (hasData && !wasTaken) }

  private mutating func keep(_ bytes: Span<UInt8>) throws(TooLong) {
    guard line.count + bytes.count <= Self.lineBytesMax else { throw TooLong() }
    line.append(bytes)
  }

  /// Acts on one line without its end; true when it completes an event that has data.
  private mutating func take(_ raw: Span<UInt8>) throws(TooLong) -> Bool {
    // A line that lies in one piece has the bound of one that was put together.
    guard raw.count <= Self.lineBytesMax else { throw TooLong() }
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
      guard data.count + (hasData ? 1 : 0) + value.count <= Self.eventBytesMax else { throw TooLong() }
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
