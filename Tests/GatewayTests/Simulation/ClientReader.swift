import Glibc

/// A response as a client of the simulation read it.
struct ClientAnswer {
  var status = 0
  var id = ""
  var isStream = false
  var isChunked = false
  var closes = false
  /// Whether the end of the connection is the end of the body.
  var isUntilClose = false
  /// Whether the body has the end that its framing says.
  var isWhole = false
  var bodyBytes = 0
  var dones = 0
  var errors = 0
  /// Whether the last event was the `[DONE]` or the error.
  var hasEnded = false
}

/// Reads responses strictly as their bytes come in, however they are cut, and keeps no bodies.
struct ClientReader {
  private enum State { case head, length(Int), chunkLine, chunk(Int), chunkEnd(Int), untilClose, closed }

  /// Final responses, the last of them perhaps not whole.
  private(set) var answers: [ClientAnswer] = []
  /// Interim responses.
  private(set) var interims = 0
  /// The first error, if there was one.
  private(set) var breach: Breach?
  private var state = State.head
  private var line: [UInt8] = []
  private var fields: [String: String] = [:]
  private var startLine = ""
  private var eventLine: [UInt8] = []
  private var lastLine = 0

  /// Responses that are whole.
  var wholeCount: Int { answers.last?.isWhole == false ? answers.count - 1 : answers.count }

  /// Takes what came; `isHead` says whether the response of that number and id has no body.
  mutating func take(_ bytes: ArraySlice<UInt8>, isHead: (Int, String) -> Bool) {
    var rest = bytes
    while !rest.isEmpty, breach == nil {
      switch state {
      case .head:
        guard let text = takeLine(&rest) else { return }
        readHeadLine(text, isHead)
      case .chunkLine:
        guard let text = takeLine(&rest) else { return }
        guard (1...8).contains(text.utf8.count), let size = Int(text, radix: 16) else {
          return fail(.wellFormed, "chunk size \(text)")
        }
        state = size == 0 ? .chunkEnd(0) : .chunk(size)
      case .chunk(let count):
        let piece = rest.prefix(count)
        rest = rest.dropFirst(piece.count)
        takeBody(piece)
        state = piece.count == count ? .chunkEnd(1) : .chunk(count - piece.count)
      case .chunkEnd(let kind):
        guard let text = takeLine(&rest) else { return }
        guard text.isEmpty else { return fail(.wellFormed, "a chunk does not end where it should") }
        if kind == 0 { endAnswer() } else { state = .chunkLine }
      case .length(let count):
        let piece = rest.prefix(count)
        rest = rest.dropFirst(piece.count)
        takeBody(piece)
        state = .length(count - piece.count)
        if piece.count == count { endAnswer() }
      case .untilClose:
        takeBody(rest)
        return
      case .closed: return fail(.nothingAfter, "\(rest.count) bytes behind the last response")
      }
    }
  }

  /// The connection is over.
  mutating func end() {
    if case .untilClose = state { answers[answers.count - 1].isWhole = true }
    if case .head = state, !line.isEmpty || !startLine.isEmpty { fail(.wellFormed, "it ends in a head") }
    state = .closed
  }

  private mutating func fail(_ law: Law, _ detail: String) {
    if breach == nil { breach = Breach(law, "response \(answers.count): \(detail)") }
  }

  /// The next line without its end, once it is all there.
  private mutating func takeLine(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard let end = rest.firstIndex(of: 10) else {
      line += rest
      rest = []
      if line.count > 8192 { fail(.wellFormed, "a line without an end") }
      return nil
    }
    line += rest[..<end]
    rest = rest[(end + 1)...]
    guard line.popLast() == 13 else {
      fail(.wellFormed, "a line ends without CR")
      return nil
    }
    defer { line.removeAll(keepingCapacity: true) }
    return String(decoding: line, as: UTF8.self)
  }

  private mutating func readHeadLine(_ text: String, _ isHead: (Int, String) -> Bool) {
    if startLine.isEmpty {
      startLine = text
      guard text.hasPrefix("HTTP/1.1 "), text.utf8.count > 13 else {
        return fail(.wellFormed, "starts with \(text)")
      }
      return
    }
    if !text.isEmpty {
      guard let colon = text.utf8.firstIndex(of: 0x3a), colon != text.startIndex else {
        return fail(.wellFormed, "field \(text)")
      }
      let name = String(text[..<colon])
      guard text[colon...].hasPrefix(": "), fields[name] == nil else { return fail(.wellFormed, "field \(text)") }
      fields[name] = String(text[colon...].dropFirst(2))
      return
    }
    guard let status = Int(startLine.dropFirst(9).prefix(3)) else { return fail(.wellFormed, startLine) }
    if status < 200 {
      interims += 1
      if status != 100 || !fields.isEmpty { fail(.wellFormed, "interim \(startLine)") }
    } else {
      begin(status, isHead(answers.count, fields["x-request-id"] ?? ""))
    }
    startLine = ""
    fields = [:]
  }

  private mutating func begin(_ status: Int, _ isHead: Bool) {
    var answer = ClientAnswer(status: status)
    answer.id = fields["x-request-id"] ?? ""
    answer.isStream = fields["content-type"]?.hasPrefix("text/event-stream") ?? false
    answer.closes = fields["connection"] == "close"
    answer.isChunked = fields["transfer-encoding"] == "chunked"
    let length = fields["content-length"].flatMap { Int($0) }
    if answer.id.isEmpty || fields["date"] == nil { fail(.wellFormed, "a head without id or date") }
    if answer.isChunked, length != nil { fail(.wellFormed, "a length and chunks") }
    if status != 204, !answer.isStream, length == nil { fail(.wellFormed, "a body of no length") }
    answers.append(answer)
    eventLine.removeAll(keepingCapacity: true)
    if isHead || status == 204 || length == 0 {
      endAnswer()
    } else if answer.isChunked {
      state = .chunkLine
    } else if let length {
      state = .length(length)
    } else {
      answers[answers.count - 1].isUntilClose = true
      if !answer.closes { fail(.wellFormed, "a body until the end of a connection that stays") }
      state = .untilClose
    }
  }

  private mutating func endAnswer() {
    let last = answers.count - 1
    answers[last].isWhole = true
    if answers[last].isStream, !eventLine.isEmpty || lastLine != 0 { fail(.wellFormed, "the last event is cut") }
    state = answers[last].closes ? .closed : .head
  }

  private mutating func takeBody(_ bytes: ArraySlice<UInt8>) {
    let last = answers.count - 1
    answers[last].bodyBytes += bytes.count
    guard answers[last].isStream else { return }
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes.withUnsafeBufferPointer { buffer -> Int? in
        let base = buffer.baseAddress! + (start - bytes.startIndex)
        guard let found = memchr(base, 10, bytes.endIndex - start) else { return nil }
        return start + (found - UnsafeMutableRawPointer(mutating: base))
      }
      guard let end else {
        eventLine += bytes[start...]
        return
      }
      eventLine += bytes[start..<end]
      start = end + 1
      readEventLine(last)
      eventLine.removeAll(keepingCapacity: true)
    }
  }

  private static let done = Array("data: [DONE]".utf8)
  private static let error = Array(#"data: {"error":"#.utf8)
  private static let data = Array("data: ".utf8)
  private static let comment = Array(": ".utf8)

  private mutating func readEventLine(_ last: Int) {
    defer { lastLine = eventLine.count }
    if eventLine.isEmpty {
      if lastLine == 0, answers[last].bodyBytes > 1 { fail(.wellFormed, "an empty line too many") }
      return
    }
    if lastLine != 0 { return fail(.wellFormed, "an event of two lines") }
    if answers[last].hasEnded { return fail(.nothingAfter, "an event behind the last") }
    if eventLine == Self.done {
      answers[last].dones += 1
      answers[last].hasEnded = true
    } else if eventLine.starts(with: Self.error) {
      answers[last].errors += 1
      answers[last].hasEnded = true
    } else if !eventLine.starts(with: Self.data), !eventLine.starts(with: Self.comment) {
      fail(.wellFormed, "an event begins with \(String(decoding: eventLine.prefix(40), as: UTF8.self))")
    }
  }
}
