/// Reads newline-delimited JSON, one text per line. The result does not depend on how the bytes were split.
///
/// Lines end in LF or CRLF; a CR elsewhere is whitespace, as in JSON. Blank lines and a byte order mark at the start are
/// skipped. A line longer than `lineBytesMax` is an error, which limits the memory that a peer can fill.
public struct NDJSONReader {
  /// Bytes of the longest line, without its line end, unless another limit is given.
  public static let lineBytesMax = SSEReader.eventBytesMax

  private let lineBytesMax: Int
  /// The same with a byte order mark and the CR of the line end.
  private var rawBytesMax: Int { lineBytesMax + 4 }

  /// The line that `next` found, without its line end; valid until the next call.
  public private(set) var data: [UInt8] = []

  private var line: [UInt8] = []
  private var isFresh = true

  public init(lineBytesMax: Int = NDJSONReader.lineBytesMax) { self.lineBytesMax = lineBytesMax }

  /// Whether the reader holds part of an unfinished line.
  public var hasPartialInput: Bool { !line.isEmpty }

  /// Bytes that the reader holds.
  var heldBytes: Int { line.count + data.count }

  /// Reads from `offset` until a line is complete, and returns false if the bytes end before that.
  ///
  /// Moves `offset` past the bytes that were read. Lines that are complete in `bytes` are not copied to the line buffer.
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

  /// Ends a stream whose last line may lack a line end, and returns whether the rest is a line.
  public mutating func finish() throws(SSEReader.TooLong) -> Bool {
    data.removeAll(keepingCapacity: true)
    return line.isEmpty ? false : try takeKept()
  }

  private mutating func keep(_ bytes: Span<UInt8>) throws(SSEReader.TooLong) {
    guard line.count + bytes.count <= rawBytesMax else { throw SSEReader.TooLong() }
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

  /// Stores one line without its LF, and returns false if it is blank.
  private mutating func take(_ raw: Span<UInt8>) throws(SSEReader.TooLong) -> Bool {
    guard raw.count <= rawBytesMax else { throw SSEReader.TooLong() }
    var line = raw
    if isFresh {
      isFresh = false
      if line.count >= 3, line[0] == 0xef, line[1] == 0xbb, line[2] == 0xbf { line = line.extracting(3...) }
    }
    if line.count > 0, line[line.count - 1] == 0x0d { line = line.extracting(first: line.count - 1) }
    guard line.count <= lineBytesMax else { throw SSEReader.TooLong() }
    if Scanner.skip(in: line, from: 0) == line.count { return false }
    data.append(line)
    return true
  }
}
