internal import HTTPText

/// Reads the head of one request as it arrives (RFC 9112, sections 2 to 6).
///
/// The reader examines every byte once, from left to right, and every line when it is complete. The result does not
/// depend on how the bytes were split. A reader serves one request.
struct HeadReader: Sendable {
  /// Bytes of the longest request line, without its line end.
  static let requestLineBytesMax = 8 * 1024

  private enum State { case opening, requestLine, fields, complete }

  private var state = State.opening
  private var head = RequestHead()
  /// The offset of the next byte to examine, and of the first byte of its line.
  private var position = 0
  private var lineStart = 0
  private var fieldsStart = 0
  private var fieldCount = 0
  /// The fields whose meaning depends on all others.
  private var seen = SeenFields()

  init() {}

  /// Reads the bytes that have arrived, and returns the head when it is complete.
  ///
  /// `bytes` holds everything since the end of the last request and begins with the same byte on every call.
  mutating func read(_ bytes: Span<UInt8>) throws(HeadError) -> RequestHead? {
    while position < bytes.count {
      switch state {
      case .opening:
        guard try open(bytes) else { return nil }
      case .requestLine:
        let limit = lineStart + Self.requestLineBytesMax
        guard let end = try lineEnd(bytes, limit: limit, beyond: .requestLineTooLong) else { return nil }
        seen.authority = try head.readRequestLine(lineStart..<end, in: bytes)
        startLine(after: end)
        fieldsStart = lineStart
        state = .fields
      case .fields:
        if position == lineStart {
          if bytes[position] == 0x0d { return try close(bytes) }
          guard !bytes[position].isBlank else { throw .folded }
          guard fieldCount < HeadLimits.fieldsMax else { throw .tooManyFields }
        }
        let (lineLimit, limit) = (lineStart + HeadLimits.fieldBytesMax, fieldsStart + HeadLimits.fieldsBytesMax - 2)
        let beyond = lineLimit < limit ? HeadError.fieldTooLong : .fieldsTooLong
        guard let end = try lineEnd(bytes, limit: min(lineLimit, limit), beyond: beyond) else { return nil }
        let line = try FieldLine.read(lineStart..<end, in: bytes)
        try seen.take(line, in: bytes, for: &head)
        fieldCount += 1
        startLine(after: end)
      case .complete:
        return head
      }
    }
    return state == .complete ? head : nil
  }

  /// Checks the first byte, after at most one empty line. Returns false if more bytes are needed.
  private mutating func open(_ bytes: Span<UInt8>) throws(HeadError) -> Bool {
    let first = bytes[position]
    if first == 0x0d {
      guard try hasLineFeed(bytes, after: position) else { return false }
      guard position == 0 else { throw .emptyLines }
      startLine(after: position)
      return true
    }
    // The first byte identifies a TLS hello and other noise, so that nothing waits for the end of a line.
    guard first.isTokenByte else { throw first == 0x0a ? .bareLineFeed : .notARequest }
    state = .requestLine
    return true
  }

  /// Completes the head at its empty line, and returns it. Returns nil if the line feed has not arrived.
  private mutating func close(_ bytes: Span<UInt8>) throws(HeadError) -> RequestHead? {
    guard try hasLineFeed(bytes, after: position) else { return nil }
    try seen.resolve(&head, in: bytes)
    head.byteCount = position + 2
    state = .complete
    return head
  }

  /// Returns the offset of the CR that ends the line when its LF has arrived, or nil if more bytes are needed.
  ///
  /// `limit` is the largest offset that the CR may have; a longer line throws `error`.
  private mutating func lineEnd(
    _ bytes: Span<UInt8>, limit: Int, beyond error: HeadError
  ) throws(HeadError) -> Int? {
    var index = position
    let end = min(bytes.count, limit + 1)
    let line = bytes.extracting(0..<end)
    while index < end {
      index = Search.control(in: line, from: index)
      if index < end, bytes[index].isForbiddenControl { break }
      // A tab.
      if index < end { index += 1 }
    }
    position = index
    if index > limit { throw error }
    guard index < bytes.count else { return nil }
    switch bytes[index] {
    case 0x0d: return try hasLineFeed(bytes, after: index) ? index : nil
    case 0x0a: throw .bareLineFeed
    default: throw .controlByte
    }
  }

  private func hasLineFeed(_ bytes: Span<UInt8>, after index: Int) throws(HeadError) -> Bool {
    guard index + 1 < bytes.count else { return false }
    guard bytes[index + 1] == 0x0a else { throw .bareCarriageReturn }
    return true
  }

  private mutating func startLine(after carriageReturn: Int) {
    position = carriageReturn + 2
    lineStart = position
  }
}

extension RequestHead {
  /// Reads a request line without its line end, and returns the host in its target, if there is one.
  fileprivate mutating func readRequestLine(
    _ line: Range<Int>, in bytes: Span<UInt8>
  ) throws(HeadError) -> Authority? {
    var index = line.lowerBound
    while index < line.upperBound, bytes[index].isTokenByte { index += 1 }
    guard index < line.upperBound, bytes[index] == 0x20 else { throw .requestLine }
    method = .named(line.lowerBound..<index, in: bytes)

    let start = index + 1
    index = start
    while index < line.upperBound, bytes[index] != 0x20 {
      guard bytes[index] > 0x20, bytes[index] < 0x7f else { throw .target }
      index += 1
    }
    guard index > start, index < line.upperBound else { throw .requestLine }

    // Before the target, so that a client of another version gets that error first.
    minorVersion = try Self.minorVersion(index + 1..<line.upperBound, in: bytes)
    let parts = try RequestTarget.read(start..<index, method: method, in: bytes)
    path = parts.path
    query = parts.query
    return parts.authority
  }

  private static func minorVersion(_ range: Range<Int>, in bytes: Span<UInt8>) throws(HeadError) -> UInt8 {
    let (major, minor) = (range.lowerBound + 5, range.lowerBound + 7)
    guard range.count == 8, bytes.hasPrefix("HTTP/", at: range.lowerBound, before: range.upperBound),
      bytes[major].isDecimalDigit, bytes[major + 1] == UInt8(ascii: "."), bytes[minor].isDecimalDigit
    else { throw .version }
    guard bytes[major] == UInt8(ascii: "1") else { throw .versionNotSupported }
    return bytes[minor] == UInt8(ascii: "0") ? 0 : 1
  }
}
