internal import HTTPText

/// The progress of a body.
struct BodyProgress: Equatable, Sendable {
  /// Bytes of the given span that belong to the body. The next request begins after them.
  var consumed: Int
  var isComplete: Bool
}

/// Reads the body of one request as it arrives (RFC 9112, sections 6 and 7).
///
/// The reader joins chunks. It checks, counts, and drops chunk extensions and trailer fields. It consumes every byte
/// up to the end of the body.
struct BodyReader: Sendable {
  /// Bytes of the longest body that is discarded because its method takes none.
  static let discardsMax = 64 * 1024

  private enum State {
    /// The bytes that remain of the whole body, or of one chunk's data.
    case length(Int), data(Int)
    case chunks(ChunkLine)
    /// Between a chunk's data and the next chunk size.
    case dataEnd, dataLineFeed
    case trailers(TrailerLine)
    case complete
    case refused(BodyError)
  }

  private var state: State
  private let bytesMax: Int
  private let discards: Bool
  /// Bytes of the body so far. A chunk counts from when its size is known.
  private var byteCount = 0
  private var extensionByteCount = 0

  /// A reader that collects a body of at most `bytesMax` bytes.
  init(framing: RequestHead.Framing, bytesMax: Int) {
    self.init(framing, bytesMax, discards: false)
  }

  /// A reader that discards a body of at most `discardsMax` bytes, for methods without a body.
  init(discarding framing: RequestHead.Framing) {
    self.init(framing, Self.discardsMax, discards: true)
  }

  private init(_ framing: RequestHead.Framing, _ bytesMax: Int, discards: Bool) {
    self.bytesMax = bytesMax
    self.discards = discards
    switch framing {
    case .none, .length(0): state = .complete
    case .length(let length):
      state = length > bytesMax ? .refused(discards ? .unwanted : .tooLarge) : .length(length)
    case .chunked: state = .chunks(ChunkLine())
    }
  }

  /// Whether the body is complete.
  var isComplete: Bool {
    if case .complete = state { true } else { false }
  }

  /// The error that ended the body. A declared length above the limit is one before any byte arrives.
  var error: BodyError? {
    if case .refused(let error) = state { error } else { nil }
  }

  /// Reads the next bytes, appends the body's data to `body`, and returns the progress.
  ///
  /// Consumes all of `bytes` unless the body ends inside it. Throws for a declared length above the limit on the first
  /// call, even if `bytes` is empty.
  mutating func read(_ bytes: Span<UInt8>, into body: inout [UInt8]) throws(BodyError) -> BodyProgress {
    do throws(BodyError) {
      return try readOn(bytes, into: &body)
    } catch {
      state = .refused(error)
      throw error
    }
  }

  private mutating func readOn(
    _ bytes: Span<UInt8>, into body: inout [UInt8]
  ) throws(BodyError) -> BodyProgress {
    if let error { throw error }
    var index = 0
    while index < bytes.count {
      switch state {
      case .length(let remaining):
        if !discards { body.reserve(arriving: min(remaining, bytes.count - index), missing: remaining) }
        let rest = take(remaining, from: bytes, at: &index, into: &body)
        byteCount += remaining - rest
        state = rest == 0 ? .complete : .length(rest)
      case .data(let remaining):
        let rest = take(remaining, from: bytes, at: &index, into: &body)
        state = rest == 0 ? .dataEnd : .data(rest)
      case .dataEnd:
        guard bytes[index] == 0x0d else { throw .chunkEnd }
        index += 1
        state = .dataLineFeed
      case .dataLineFeed:
        guard bytes[index] == 0x0a else { throw .lineEnd }
        index += 1
        state = .chunks(ChunkLine())
      case .chunks(var line):
        try readSize(&line, bytes, &index)
      case .trailers(var line):
        var isEnd = false
        while index < bytes.count, !isEnd {
          isEnd = try line.take(bytes[index])
          index += 1
        }
        state = isEnd ? .complete : .trailers(line)
      case .complete: return BodyProgress(consumed: index, isComplete: true)
      case .refused(let error): throw error
      }
    }
    return BodyProgress(consumed: index, isComplete: isComplete)
  }

  /// Copies up to `count` bytes and returns the number of bytes still missing.
  private func take(
    _ count: Int, from bytes: Span<UInt8>, at index: inout Int, into body: inout [UInt8]
  ) -> Int {
    let run = min(count, bytes.count - index)
    if !discards { body.append(bytes.extracting(index..<index + run)) }
    index += run
    return count - run
  }

  private mutating func readSize(
    _ line: inout ChunkLine, _ bytes: Span<UInt8>, _ index: inout Int
  ) throws(BodyError) {
    while index < bytes.count {
      let isEnd = try line.take(bytes[index])
      index += 1
      guard extensionByteCount + line.extensionByteCount <= ChunkLine.extensionsBytesMax else {
        throw .chunkExtensionTooLong
      }
      guard isEnd else { continue }
      extensionByteCount += line.extensionByteCount
      if line.size == 0 {
        state = .trailers(TrailerLine())
        return
      }
      // Neither can overflow: a size has at most eight hex digits, and the sum so far is within the limit.
      guard line.size <= bytesMax - byteCount else { throw discards ? .unwanted : .tooLarge }
      byteCount += line.size
      state = .data(line.size)
      return
    }
    state = .chunks(line)
  }
}
