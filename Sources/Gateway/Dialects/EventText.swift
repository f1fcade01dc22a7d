/// A complete body of server-sent events, where a single JSON text was expected.
enum EventText {
  /// Whether a body begins like a stream of events, which no JSON text does.
  static func begins(_ body: Span<UInt8>) -> Bool {
    let start = Scanner.skip(in: body, from: 0)
    guard mayBegin(body.byte(at: start)) else { return false }
    return body.byte(at: start) == UInt8(ascii: ":") || starts(body, "data:", at: start)
      || starts(body, "event:", at: start) || starts(body, "id:", at: start) || starts(body, "retry:", at: start)
  }

  private static func starts(_ body: Span<UInt8>, _ field: StaticString, at start: Int) -> Bool {
    body.hasPrefix(field, at: start, before: body.count)
  }

  /// Whether a byte may be the first of a stream of events, and of no JSON object or array.
  static func mayBegin(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "r"), UInt8(ascii: ":"): true
    default: false
    }
  }

  /// Whether the first line is an object of its own, as in a stream of lines.
  static func hasLine(_ body: Span<UInt8>) -> Bool {
    let end = Search.index(of: 0x0a, in: body, from: 0)
    return end < body.count && JSONLists.isObject(body.extracting(0..<end))
  }

  /// Returns the data of all events, or all lines, of an answer that is a whole stream; `nil` if it is one JSON text.
  static func pieces(_ body: Span<UInt8>, in dialect: Dialect) throws(AttemptFailure) -> [[UInt8]]? {
    if begins(body) { return try events(body) }
    guard dialect.row.framing == .ndjson, hasLine(body) else { return nil }
    var lines: [[UInt8]] = []
    var start = 0
    while start < body.count {
      let end = Search.index(of: 0x0a, in: body, from: start)
      var line: [UInt8] = []
      line.append(body.extracting(start..<end))
      lines.append(line)
      start = end + 1
    }
    return lines.filter { !$0.span.trimmed.isEmpty }.count > 1 ? lines : nil
  }

  /// Returns the data of all events.
  static func events(_ body: Span<UInt8>) throws(AttemptFailure) -> [[UInt8]] {
    var reader = SSEReader(eventBytesMax: AnswerStream.eventBytesMax)
    var events: [[UInt8]] = []
    var offset = 0
    do throws(SSEReader.TooLong) {
      while try reader.next(in: body, from: &offset) { events.append(reader.data) }
      offset = 0
      // Some servers end the last event by ending the body.
      if try reader.next(in: [0x0a, 0x0a].span, from: &offset) { events.append(reader.data) }
    } catch {
      throw .malformed("an event of its stream has more than \(AnswerStream.eventBytesMax) bytes")
    }
    return events
  }
}
