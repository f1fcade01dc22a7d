/// How far a body has come.
struct BodyProgress: Equatable, Sendable {
  /// Bytes of the given span that belong to the body; what follows them is the next request.
  var consumed: Int
  var isComplete: Bool
}

/// Reads the body of one request while it arrives (RFC 9112, sections 6 and 7).
///
/// Chunks are joined; their extensions and the trailer fields are checked, counted and dropped. Nothing of
/// the framing is kept, so every byte given is either consumed or lies behind the body.
struct BodyReader: Sendable {
  /// Bytes of a body that is read past because its method takes none.
  static let discardsMax = 64 * 1024

  private enum State {
    /// Runs of known length: the whole body, or the data of one chunk.
    case length(Int), data(Int)
    case chunks(ChunkLine)
    /// Between the data of a chunk and the next size.
    case dataEnd, dataLineFeed
    case trailers(TrailerLine)
    case complete
    case refused(BodyError)
  }

  private var state: State
  private let bytesMax: Int
  private let discards: Bool
  /// Bytes of the body so far, with those of a chunk counted when it is announced.
  private var byteCount = 0
  private var extensionByteCount = 0

  /// A reader that keeps a body of at most `bytesMax` bytes.
  init(framing: RequestHead.Framing, bytesMax: Int) {
    self.init(framing, bytesMax, discards: false)
  }

  /// A reader that keeps nothing, of at most `discardsMax` bytes, for methods without a body.
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

  /// Whether nothing of the body is missing.
  var isComplete: Bool {
    if case .complete = state { true } else { false }
  }

  /// Why the declared length will not be read, before any of it has come.
  var error: BodyError? {
    if case .refused(let error) = state { error } else { nil }
  }

  /// Reads on with bytes that were not given before, appending what belongs to the body.
  ///
  /// All of `bytes` is consumed unless the body ends inside it. A length that is too large is refused on the
  /// first call even when there are no bytes yet.
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

  /// Copies up to `count` bytes; returns how many are missing.
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
      // Both are far from overflow: a size has eight hex digits, and the sum so far is within the bound.
      guard line.size <= bytesMax - byteCount else { throw discards ? .unwanted : .tooLarge }
      byteCount += line.size
      state = .data(line.size)
      return
    }
    state = .chunks(line)
  }
}
