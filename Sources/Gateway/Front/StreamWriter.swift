/// Writes a stream of events or lines to one client, in chunks or until the end of the connection.
///
/// Between `begin` and `end` any number of pieces, each flushed as one chunk by the caller's turn.
struct StreamWriter {
  private let isChunked: Bool
  /// Where the open chunk's data begins in the output; its size is not known yet.
  private var openAt: Int?

  /// Room for a chunk size of up to 8 digits and its CR LF.
  private static let sizeRoom = 10

  init(minorVersion: UInt8) { isChunked = minorVersion > 0 }

  /// The media type of server-sent events.
  static let eventStream: StaticString = "text/event-stream; charset=utf-8"

  /// Appends the head of the response.
  static func head(
    _ options: Reply.Options, type: StaticString = eventStream, servedBy provider: String,
    _ model: String,
    dropped: [String] = [], into out: inout [UInt8]
  ) {
    let body: Reply.Body = options.minorVersion > 0 ? .chunked : .untilClose
    var options = options
    if body == .untilClose { options.keepsAlive = false }
    Reply.open(200, type, body, options, into: &out)
    // nginx and its relatives must not collect the stream before passing it on.
    out.append("\r\nx-accel-buffering: no")
    Reply.addServed(by: provider, model, dropped: dropped, into: &out)
    Reply.close(into: &out)
  }

  /// Begins a chunk at the end of `out`.
  mutating func begin(_ out: inout [UInt8]) {
    guard isChunked, openAt == nil else { return }
    for _ in 0..<Self.sizeRoom { out.append(UInt8(ascii: "0")) }
    openAt = out.count
  }

  /// Ends the chunk: writes its size into the room that `begin` left; an empty one is taken back.
  mutating func commit(_ out: inout [UInt8]) {
    guard let start = openAt else { return }
    openAt = nil
    let count = out.count - start
    if count == 0 {
      out.removeLast(Self.sizeRoom)
      return
    }
    // Leading zeros are part of the grammar (RFC 9112 section 7.1: 1*HEXDIG).
    var rest = count
    for place in 0..<Self.sizeRoom - 2 {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      out[start - 3 - place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      rest >>= 4
    }
    out[start - 2] = UInt8(ascii: "\r")
    out[start - 1] = UInt8(ascii: "\n")
    out.append("\r\n")
  }

  /// Appends what ends a complete stream.
  func end(_ out: inout [UInt8]) {
    if isChunked { out.append("0\r\n\r\n") }
  }
}
