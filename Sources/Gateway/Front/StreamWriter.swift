/// Writes a streaming response to one client, in chunks or until the end of the connection.
///
/// Bytes that are appended between `begin` and `commit` form one chunk. A chunk ends with the turn of the loop.
struct StreamWriter {
  private let isChunked: Bool
  /// The offset in the output at which the open chunk's data begins; its size is not known yet.
  private var openAt: Int?

  /// Bytes of a chunk size of 8 digits and its CR LF.
  private static let sizeBytes = 10

  init(minorVersion: UInt8) { isChunked = minorVersion > 0 }

  /// The media type of server-sent events.
  static let eventStream: StaticString = "text/event-stream; charset=utf-8"

  /// Appends the head of the response.
  static func head(
    _ options: Reply.Options, type: StaticString = eventStream, servedBy provider: String, _ model: String,
    dropped: [String] = [], fields: CallFields = CallFields(), into out: inout [UInt8]
  ) {
    let body: Reply.Body = options.minorVersion > 0 ? .chunked : .untilClose
    var options = options
    if body == .untilClose { options.keepsAlive = false }
    Reply.open(200, type, body, options, into: &out)
    // Keeps nginx and similar proxies from buffering the stream.
    out.append("\r\nx-accel-buffering: no")
    Reply.addServed(by: provider, model, dropped: dropped, into: &out)
    Reply.add(fields, options, into: &out)
    Reply.close(into: &out)
  }

  /// Begins a chunk at the end of `out`.
  mutating func begin(_ out: inout [UInt8]) {
    guard isChunked, openAt == nil else { return }
    for _ in 0..<Self.sizeBytes { out.append(UInt8(ascii: "0")) }
    openAt = out.count
  }

  /// Ends the chunk by writing its size into the bytes that `begin` reserved. Removes them if the chunk is empty.
  mutating func commit(_ out: inout [UInt8]) {
    guard let start = openAt else { return }
    openAt = nil
    let count = out.count - start
    if count == 0 {
      out.removeLast(Self.sizeBytes)
      return
    }
    // The grammar allows leading zeros (RFC 9112, section 7.1: 1*HEXDIG).
    var rest = count
    for index in 0..<Self.sizeBytes - 2 {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      out[start - 3 - index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      rest >>= 4
    }
    out[start - 2] = UInt8(ascii: "\r")
    out[start - 1] = UInt8(ascii: "\n")
    out.append("\r\n")
  }

  /// Appends the last chunk, which ends a complete stream.
  func end(_ out: inout [UInt8]) {
    if isChunked { out.append("0\r\n\r\n") }
  }
}
