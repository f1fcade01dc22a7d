/// Reads newline-delimited JSON, however the bytes were cut: one line, one text.
///
/// Lines end in LF or CRLF; a CR elsewhere is whitespace, as JSON has it. Lines of nothing but whitespace are skipped,
/// and so is a byte order mark at the start. A line of more than `lineBytesMax` is an error, so that a peer which never
/// ends its line costs no more than that.
public struct NDJSONReader {
  /// Bytes that one line may have, without its end.
  public static let lineBytesMax = SSEReader.eventBytesMax

  /// The same with a byte order mark and the CR of its end.
  private static let rawBytesMax = lineBytesMax + 4

  /// The line that `next` found, without its end; good until the next call.
  public private(set) var data: [UInt8] = []

  private var line: [UInt8] = []
  private var isFresh = true

  public init() {}

  /// Whether bytes of an unfinished line are held.
  public var hasPartialInput: Bool { !line.isEmpty }

  /// Reads on from `offset` until a line is complete; false when the bytes are used up.
  ///
  /// `offset` is moved to behind what was read. Complete lines that lie in `bytes` are never copied to the line buffer
  /// first.
  public mutating func next(in bytes: Span<UInt8>, from offset: inout Int) throws(SSEReader.TooLong) -> Bool {
    data.removeAll(keepingCapacity: true)
    while offset < bytes.count {
      let end = Search.index(of: 0x0a, in: bytes, from: offset)
      let piece = bytes.extracting(offset..<end)
      guard end < bytes.count else {
        offset = end
        try keep(piece)
        return false
      }
      offset = end + 1
      if line.isEmpty {
        if try take(piece) { return true }
      } else {
        try keep(piece)
        if try takeKept() { return true }
      }
    }
    return false
  }

  /// Makes what is held a line, at the end of a stream whose last line has no end of its own; false when there is none.
  public mutating func finish() throws(SSEReader.TooLong) -> Bool {
    data.removeAll(keepingCapacity: true)
    return line.isEmpty ? false : try takeKept()
  }

  private mutating func keep(_ bytes: Span<UInt8>) throws(SSEReader.TooLong) {
    guard line.count + bytes.count <= Self.rawBytesMax else { throw SSEReader.TooLong() }
    line.append(bytes)
  }

  private mutating func takeKept() throws(SSEReader.TooLong) -> Bool {
    let whole = line
    line = []
    let isLine = try take(whole.span)
    line = whole
    line.removeAll(keepingCapacity: true)
    return isLine
  }

  /// Takes one line without its LF; false when there is nothing on it.
  private mutating func take(_ raw: Span<UInt8>) throws(SSEReader.TooLong) -> Bool {
    guard raw.count <= Self.rawBytesMax else { throw SSEReader.TooLong() }
    var line = raw
    if isFresh {
      isFresh = false
      if line.count >= 3, line[0] == 0xef, line[1] == 0xbb, line[2] == 0xbf { line = line.extracting(3...) }
    }
    if line.count > 0, line[line.count - 1] == 0x0d { line = line.extracting(first: line.count - 1) }
    guard line.count <= Self.lineBytesMax else { throw SSEReader.TooLong() }
    if Scanner.skip(in: line, from: 0) == line.count { return false }
    data.append(line)
    return true
  }
}
