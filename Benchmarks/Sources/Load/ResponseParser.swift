import Glibc

/// Parses consecutive HTTP/1.1 responses, in pieces of any size.
struct ResponseParser {
  enum Step {
    /// The piece is used up.
    case more
    /// The head is complete; `status` is known.
    case head
    /// A range of the piece that belongs to the body.
    case body(Range<Int>)
    /// The response is complete, and the next one may start.
    case end
    /// The input is not a valid response.
    case bad
  }

  private enum State { case status, fields, counted, chunkLine, chunk, chunkEnd, trailers, untilClose, ended }

  private var lines = LineReader()
  private var state = State.status
  private var remaining = 0
  private(set) var status = 0
  /// Whether the server closes the connection after this response.
  private(set) var closes = false

  /// Whether a response has started and not ended.
  var isInside: Bool { state != .status }

  /// Resets the parser for a new connection.
  mutating func reset() {
    lines.clear()
    state = .status
    closes = false
  }

  mutating func free() { lines.free() }

  /// Returns whether the response is complete now that the server has closed the connection.
  var endsByClosing: Bool { state == .untilClose }

  mutating func next(_ input: UnsafeRawBufferPointer, _ offset: inout Int) -> Step {
    while true {
      switch state {
      case .status:
        guard let line = lines.next(input, &offset) else { return lines.isTooLong ? .bad : .more }
        guard line.count >= 12, line[0] == 0x48, memcmp(line.baseAddress!, "HTTP/1.", 7) == 0,
          let number = Self.number(line, from: 9, to: 12)
        else { return .bad }
        (status, remaining, closes, state) = (number, -1, false, .fields)
      case .fields:
        guard let line = lines.next(input, &offset) else { return lines.isTooLong ? .bad : .more }
        if !line.isEmpty {
          guard field(line) else { return .bad }
        } else if status < 200 {
          state = .status
        } else {
          state = remaining == -2 ? .chunkLine : remaining >= 0 ? .counted : .untilClose
          return .head
        }
      case .counted, .chunk:
        if remaining == 0 {
          state = state == .chunk ? .chunkEnd : .ended
          continue
        }
        guard offset < input.count else { return .more }
        let start = offset
        offset = start + min(remaining, input.count - start)
        remaining -= offset - start
        return .body(start..<offset)
      case .chunkLine:
        guard let line = lines.next(input, &offset) else { return lines.isTooLong ? .bad : .more }
        guard let size = Self.hexadecimal(line) else { return .bad }
        (remaining, state) = (size, size == 0 ? .trailers : .chunk)
      case .chunkEnd:
        guard let line = lines.next(input, &offset) else { return .more }
        guard line.isEmpty else { return .bad }
        state = .chunkLine
      case .trailers:
        guard let line = lines.next(input, &offset) else { return .more }
        if line.isEmpty { state = .ended }
      case .untilClose:
        guard offset < input.count else { return .more }
        let start = offset
        offset = input.count
        return .body(start..<offset)
      case .ended:
        state = .status
        return .end
      }
    }
  }

  private mutating func field(_ line: UnsafeRawBufferPointer) -> Bool {
    let base = line.baseAddress!.assumingMemoryBound(to: CChar.self)
    switch line[0] | 0x20 {
    case 0x63 where line.count > 15 && strncasecmp(base, "content-length:", 15) == 0:
      var start = 15
      while start < line.count, line[start] == 0x20 { start += 1 }
      guard let length = Self.number(line, from: start, to: line.count) else { return false }
      if remaining != -2 { remaining = length }
    case 0x63 where line.count > 11 && strncasecmp(base, "connection:", 11) == 0:
      closes = line.count >= 16 && strncasecmp(base + line.count - 5, "close", 5) == 0
    case 0x74 where line.count > 18 && strncasecmp(base, "transfer-encoding:", 18) == 0:
      if line.count >= 25, strncasecmp(base + line.count - 7, "chunked", 7) == 0 { remaining = -2 }
    default: break
    }
    return true
  }

  private static func number(_ line: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
    guard start < end, end - start < 16 else { return nil }
    var value = 0
    for place in start..<end {
      guard line[place] >= 0x30, line[place] <= 0x39 else { return nil }
      value = value &* 10 &+ Int(line[place] &- 0x30)
    }
    return value
  }

  private static func hexadecimal(_ line: UnsafeRawBufferPointer) -> Int? {
    var value = 0
    var digits = 0
    for byte in line {
      let letter = byte | 0x20
      if byte >= 0x30, byte <= 0x39 {
        value = value &* 16 &+ Int(byte &- 0x30)
      } else if letter >= 0x61, letter <= 0x66 {
        value = value &* 16 &+ Int(letter &- 0x57)
      } else if byte == 0x3b || byte == 0x20 {
        break
      } else {
        return nil
      }
      digits += 1
    }
    return digits > 0 && digits < 12 ? value : nil
  }
}
