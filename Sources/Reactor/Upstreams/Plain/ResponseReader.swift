internal import Glibc
internal import HTTPText

/// Reads a response of HTTP/1.1 as it arrives (RFC 9112), each byte once. The result does not depend on how the bytes were split.
///
/// The reader is strict where a lenient one could take a part of one response for the next: in lengths, codings, chunks, and
/// line ends.
struct ResponseReader {
  private enum Stage {
    case statusLine, fields
    /// The bytes that remain of the body, or of one chunk's data.
    case length(Int), data(Int)
    case chunkLine, dataEnd, dataLineFeed, trailers
    case untilClose
    case complete
  }

  /// Informational responses before the final one.
  private static let informationalMax = 16

  private var stage = Stage.statusLine
  /// The beginning of a line of the head whose end has not come.
  private var line: [UInt8] = []
  private var framing = Framing()
  private var chunk = ChunkLine()
  private var extensionByteCount = 0
  private var trailers = TrailerLine()
  private var informational = 0

  /// Whether a byte has arrived.
  private(set) var hasBegun = false
  /// Whether the connection stays open after the response, according to its head.
  var keepsAlive: Bool { framing.keepsAlive }
  /// The time for which the server keeps an idle connection, if it says so.
  var idleMax: Duration? { framing.idleSeconds.map { .seconds($0) } }

  init() {}

  /// Prepares for another response on the same connection.
  mutating func reset() {
    stage = .statusLine
    framing = Framing()
    informational = 0
    hasBegun = false
    extensionByteCount = 0
  }

  var isComplete: Bool {
    if case .complete = stage { true } else { false }
  }

  /// Reads the next bytes. Returns how many of them belong to the response: all, unless it is complete.
  ///
  /// Throws `.malformed`, or `.tooLarge` for a head or trailers beyond their limits.
  mutating func read(_ bytes: Span<UInt8>, into response: Response) throws(TransferError) -> Int {
    var at = 0
    hasBegun = hasBegun || !bytes.isEmpty
    while at < bytes.count {
      switch stage {
      case .statusLine, .fields:
        at = try readLine(bytes, from: at, response)
      case .length(let rest):
        let left = take(rest, bytes, &at, response)
        stage = left == 0 ? .complete : .length(left)
      case .data(let rest):
        let left = take(rest, bytes, &at, response)
        stage = left == 0 ? .dataEnd : .data(left)
      case .chunkLine, .dataEnd, .dataLineFeed, .trailers:
        try readFraming(bytes, &at)
      case .untilClose:
        response.body.append(bytes.extracting(at..<bytes.count))
        at = bytes.count
      case .complete: return at
      }
    }
    return at
  }

  /// The result of a response whose connection has ended in order.
  var end: TransferEnd {
    switch stage {
    case .complete, .untilClose: .complete
    default: .failed(lossError)
    }
  }

  /// The error of a response whose connection was lost.
  var lossError: TransferError { hasBegun ? .truncated : .closedBeforeResponse }

  // MARK: Head

  /// Reads to the end of a line, or holds its beginning. Returns the offset behind it.
  private mutating func readLine(
    _ bytes: Span<UInt8>, from start: Int, _ response: Response
  ) throws(TransferError) -> Int {
    let feed = Self.lineFeed(in: bytes, from: start)
    let isWhole = feed < bytes.count
    let end = isWhole ? feed + 1 : feed
    response.headBytes += end - start
    guard response.headBytes <= Response.headBytesMax else { throw .tooLarge }
    if !isWhole {
      if case .statusLine = stage, !Framing.mayBegin(line.span, bytes.extracting(start..<end)) { throw .malformed }
      for index in start..<end { line.append(bytes[index]) }
    } else if line.isEmpty {
      try take(bytes.extracting(start..<end), response)
    } else {
      for index in start..<end { line.append(bytes[index]) }
      let whole = line
      line = []
      try take(whole.span, response)
    }
    return end
  }

  private static func lineFeed(in bytes: Span<UInt8>, from start: Int) -> Int {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, let found = unsafe memchr(base + start, 0x0a, buffer.count - start)
      else {
        return buffer.count
      }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }

  /// Takes a line with its line end.
  private mutating func take(_ ended: Span<UInt8>, _ response: Response) throws(TransferError) {
    guard ended.count > 1, ended[ended.count - 2] == 0x0d else { throw .malformed }
    let line = ended.extracting(0..<ended.count - 2)
    guard !line.hasForbiddenControl else { throw .malformed }
    if case .statusLine = stage {
      response.fields.removeAll()
      response.status = try framing.takeStatusLine(line)
      stage = .fields
    } else if line.isEmpty {
      try endHead(response)
    } else {
      try framing.take(line)
      response.fields.add(line)
    }
  }

  private mutating func endHead(_ response: Response) throws(TransferError) {
    if response.status < 200 {
      informational += 1
      // Nothing asked for another protocol.
      guard response.status != 101, informational <= Self.informationalMax else { throw .malformed }
      framing = Framing()
      stage = .statusLine
      return
    }
    response.hasHead = true
    switch try framing.body(status: response.status) {
    case .none: stage = .complete
    case .length(let count): stage = count == 0 ? .complete : .length(count)
    case .chunked:
      chunk = ChunkLine()
      stage = .chunkLine
    case .untilClose: stage = .untilClose
    }
  }

  // MARK: Body

  /// Takes up to `count` bytes of the body and returns the number still missing.
  private func take(_ count: Int, _ bytes: Span<UInt8>, _ at: inout Int, _ response: Response) -> Int {
    let run = min(count, bytes.count - at)
    response.body.append(bytes.extracting(at..<at + run))
    at += run
    return count - run
  }

  /// Reads what frames the chunks, one byte.
  private mutating func readFraming(_ bytes: Span<UInt8>, _ at: inout Int) throws(TransferError) {
    let byte = bytes[at]
    at += 1
    do throws(BodyError) {
      switch stage {
      case .chunkLine:
        let isEnd = try chunk.take(byte)
        guard extensionByteCount + chunk.extensionByteCount <= ChunkLine.extensionsBytesMax else {
          throw .chunkExtensionTooLong
        }
        if !isEnd { return }
        extensionByteCount += chunk.extensionByteCount
        if chunk.size == 0 { trailers = TrailerLine() }
        stage = chunk.size == 0 ? .trailers : .data(chunk.size)
        chunk = ChunkLine()
      case .dataEnd:
        guard byte == 0x0d else { throw .chunkEnd }
        stage = .dataLineFeed
      case .dataLineFeed:
        guard byte == 0x0a else { throw .lineEnd }
        stage = .chunkLine
      case .trailers: if try trailers.take(byte) { stage = .complete }
      case .statusLine, .fields, .length, .data, .untilClose, .complete: break
      }
    } catch {
      switch error {
      case .tooLarge, .trailersTooLarge, .chunkExtensionTooLong: throw .tooLarge
      default: throw .malformed
      }
    }
  }
}

/// The fields of a head that say where its body ends, and whether the connection stays open (RFC 9112, sections 6 and 9).
struct Framing {
  enum Body: Equatable { case none, length(Int), chunked, untilClose }

  private var minorVersion = 1
  private var length: Int?
  private var codings = 0
  private var isChunked = false
  private var saysClose = false
  private var saysKeepAlive = false
  /// Whether a field has come, and whether the last one decides about the framing. A line that continues such a field would
  /// change it.
  private var hasField = false
  private var isLastDecisive = false
  /// The `timeout` of a `Keep-Alive` field, in seconds.
  private(set) var idleSeconds: Int?
  private var isDelimited = false

  var keepsAlive: Bool { isDelimited && !saysClose && (minorVersion >= 1 || saysKeepAlive) }

  private static let version: StaticString = "HTTP/1."

  /// Whether a response may begin with these bytes and those behind them.
  static func mayBegin(_ first: Span<UInt8>, _ rest: Span<UInt8>) -> Bool {
    for index in 0..<min(version.utf8CodeUnitCount, first.count + rest.count) {
      let byte = index < first.count ? first[index] : rest[index - first.count]
      if unsafe byte != version.utf8Start[index] { return false }
    }
    return true
  }

  /// Reads a line such as `HTTP/1.1 200 OK`, and returns the status.
  mutating func takeStatusLine(_ line: Span<UInt8>) throws(TransferError) -> Int {
    guard line.count >= 12, Self.mayBegin(line, line.extracting(0..<0)), line[7].isDecimalDigit,
      line[8] == 0x20, line.count == 12 || line[12] == 0x20
    else { throw .malformed }
    minorVersion = line[7] == 0x30 ? 0 : 1
    var status = 0
    for index in 9..<12 {
      guard line[index].isDecimalDigit else { throw .malformed }
      status = status * 10 + Int(line[index] - 0x30)
    }
    guard (100...599).contains(status) else { throw .malformed }
    return status
  }

  /// Reads a field line.
  mutating func take(_ line: Span<UInt8>) throws(TransferError) {
    if line[0].isBlank {
      // It continues the field before (RFC 9112, section 5.2).
      guard hasField, !isLastDecisive else { throw .malformed }
      return
    }
    var colon = 0
    while colon < line.count, line[colon].isTokenByte { colon += 1 }
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { throw .malformed }
    hasField = true
    isLastDecisive = true
    let name = line.extracting(0..<colon)
    switch colon {
    case 14 where name.isNamed("content-length"): try takeLength(line.value(behind: colon))
    case 17 where name.isNamed("transfer-encoding"):
      codings += 1
      isChunked = line.value(behind: colon).isNamed("chunked")
    case 10 where name.isNamed("connection"): takeConnection(line.value(behind: colon))
    case 10 where name.isNamed("keep-alive"): takeTimeout(line.value(behind: colon))
    default: isLastDecisive = false
    }
  }

  private mutating func takeLength(_ value: Span<UInt8>) throws(TransferError) {
    guard !value.isEmpty else { throw .malformed }
    var count = 0
    for index in value.indices {
      guard value[index].isDecimalDigit else { throw .malformed }
      let (tens, isOver) = count.multipliedReportingOverflow(by: 10)
      let (sum, isMore) = tens.addingReportingOverflow(Int(value[index] - 0x30))
      if isOver || isMore { throw .malformed }
      count = sum
    }
    guard length == nil || length == count else { throw .malformed }
    length = count
  }

  private mutating func takeConnection(_ value: Span<UInt8>) {
    var words = ListReader()
    while let range = words.next(in: value) {
      let word = value.extracting(range)
      if word.isNamed("close") { saysClose = true }
      if word.isNamed("keep-alive") { saysKeepAlive = true }
    }
  }

  /// Reads `timeout=5, max=100`.
  private mutating func takeTimeout(_ value: Span<UInt8>) {
    var words = ListReader()
    while let range = words.next(in: value) {
      let word = value.extracting(range)
      guard word.count > 8, word.count <= 13, word.extracting(0..<8).isNamed("timeout=") else { continue }
      var seconds = 0
      for index in 8..<word.count {
        guard word[index].isDecimalDigit else { return }
        seconds = seconds * 10 + Int(word[index] - 0x30)
      }
      idleSeconds = seconds
    }
  }

  /// Returns where the body ends. A transfer coding counts more than a length.
  mutating func body(status: Int) throws(TransferError) -> Body {
    isDelimited = true
    if codings > 0 {
      guard minorVersion >= 1, codings == 1, isChunked else { throw .malformed }
      if length != nil { saysClose = true }
    }
    if status == 204 || status == 304 { return .none }
    if codings > 0 { return .chunked }
    if let length { return .length(length) }
    isDelimited = false
    return .untilClose
  }
}

/// The elements of a list that commas separate (RFC 9110, section 5.6.1).
private struct ListReader {
  private var start = 0

  /// Returns the range of the next element, without the blanks around it.
  mutating func next(in value: Span<UInt8>) -> Range<Int>? {
    guard start <= value.count else { return nil }
    var end = start
    while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
    defer { start = end + 1 }
    return value.trimmingBlanks(start..<end)
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes are `name`, which is in lower case, in any case of letters.
  fileprivate func isNamed(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    for index in indices {
      let byte = self[index]
      let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      if unsafe lower != name.utf8Start[index] { return false }
    }
    return true
  }

  /// The value behind the colon of a field line.
  @_lifetime(copy self)
  fileprivate func value(behind colon: Int) -> Span<UInt8> { extracting(trimmingBlanks(colon + 1..<count)) }
}
