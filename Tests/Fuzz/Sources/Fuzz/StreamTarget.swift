@testable import Gateway

/// A stream of server-sent events with chunks. Four bytes cut it; the fifth describes the caller.
enum StreamTarget {
  private struct Event: Equatable {
    var data: [UInt8]
    var name: [UInt8]
  }

  private struct Reading: Equatable {
    var events: [Event] = []
    var hasPartialInput = false
  }

  static func run(_ input: Span<UInt8>) {
    let control = Cuts.byteCount + 1
    guard input.count >= control else { return }
    let bytes = input.behind(control)
    let whole = read(bytes, [bytes.count])
    let cut = read(bytes, Cuts(input, count: bytes.count).ends)
    expect(whole == cut, "cutting the stream changes \(whole) to \(cut)")
    expect(whole.events == plainlyRead(bytes), "events are what their lines say: \(whole)")

    let token = Array((input[4] & 2 == 0 ? #""m""# : #""a\/long model \u00e9""#).utf8)
    var chat = ChatStream(modelToken: token, wantsUsage: input[4] & 1 != 0, id: "r1", created: 7)
    var relay = ChatRelay(modelToken: PlainJSON.string(Array(token.dropFirst().dropLast())))
    for event in whole.events where !relay.hasFailed { relay.take(event.data, &chat) }
    relay.finish(&chat)
  }

  private static func read(_ bytes: Span<UInt8>, _ ends: [Int]) -> Reading {
    var reader = SSEReader()
    var reading = Reading()
    var start = 0
    for end in ends {
      lending(bytes, start..<end) { piece in
        var offset = 0
        do throws(SSEReader.TooLong) {
          while try reader.next(in: piece, from: &offset) {
            expect(offset <= piece.count, "no more is read than was given")
            reading.events.append(Event(data: reader.data, name: reader.name))
          }
        } catch {
          fail("a short event is too long")
        }
        expect(offset == piece.count, "all is read")
      }
      start = end
    }
    reading.hasPartialInput = reader.hasPartialInput
    return reading
  }

  /// Reads the events line by line, as in the standard.
  private static func plainlyRead(_ bytes: Span<UInt8>) -> [Event] {
    var events: [Event] = []
    var (data, name) = (nil as [UInt8]?, [] as [UInt8])
    var line: [UInt8] = []
    var isFirst = true
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == 0x0a, index > 0, bytes[index - 1] == 0x0d { continue }
      guard byte == 0x0a || byte == 0x0d else {
        line.append(byte)
        continue
      }
      if isFirst, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
      isFirst = false
      if line.isEmpty {
        if let data { events.append(Event(data: data, name: name)) }
        (data, name) = (nil, [])
      } else {
        let colon = line.firstIndex(of: 0x3a) ?? line.count
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        if line[..<colon].elementsEqual("data".utf8) {
          data = data.map { $0 + [0x0a] + value } ?? Array(value)
        } else if line[..<colon].elementsEqual("event".utf8), colon < line.count {
          name = value.count > 64 ? [] : Array(value)
        }
      }
      line = []
    }
    return events
  }
}

/// Relays chunks through a `ChatStream` and checks its output.
struct ChatRelay {
  let modelToken: PlainJSON
  private(set) var hasFailed = false
  private var dataBytes = 0

  init(modelToken: PlainJSON) { self.modelToken = modelToken }

  mutating func take(_ data: [UInt8], _ chat: inout ChatStream) {
    dataBytes += data.count
    var out: [UInt8] = [0x78]
    let plain = PlainJSON.read(data)
    do throws(AttemptFailure) {
      let verdict = try chat.take(data.span, into: &out)
      let isDone = data == Array("[DONE]".utf8)
      expect((verdict == .done) == isDone, "only the end is the end")
      if isDone { return expect(out.count == 1, "the end is not relayed") }
      guard let plain, plain.entries != nil else { fail("a chunk is an object: \(data.shown)") }
      if out.count == 1 {
        expect(!chat.wantsUsage && verdict == .silent, "only unrequested usage is held back")
      } else {
        check(Array(out.dropFirst()), plain, chat)
      }
      // A choice may be `{}`, and so may a tool call.
      expect(out.count <= 1024 + 24 * data.count, "what is added has its bound: \(out.count) of \(data.count)")
    } catch {
      hasFailed = true
      expect(out.count == 1, "nothing is relayed of a chunk that is refused")
      AnswerTarget.checkFailure(error)
      if case .malformed(let what) = error, what.contains("is not JSON") {
        expect(plain?.entries == nil, "an object is taken for none: \(data.shown)")
      }
    }
    expect(chat.textBytes <= dataBytes, "text is not longer than what came")
    expect(chat.finished & ~chat.started == 0, "what has finished has begun")
    if let usage = chat.usage {
      let range = 0...Usage.tokensMax
      expect(range.contains(usage.prompt) && range.contains(usage.completion), "tokens have their bound")
    }
  }

  mutating func finish(_ chat: inout ChatStream) {
    var out: [UInt8] = []
    chat.finish(promptBytes: 10, into: &out)
    let lines = out.split(separator: 0x0a)
    expect(lines.last.map(Array.init) == Array("data: [DONE]".utf8), "a stream ends with its end")
    for line in lines.dropLast() {
      let chunk = PlainJSON.read(Array(line.dropFirst(6)))
      expect(chunk?["model"] == modelToken && chunk?["choices"] != nil, "an end is a chunk: \(Array(line).shown)")
      expect(chunk?["id"]?.text != nil && chunk?["created"] != nil, "an end has a name")
    }
  }

  private static func isOurs(_ entry: PlainJSON.Entry) -> Bool {
    for key: StaticString in ["id", "object", "created", "model", "choices", "usage"] where entry.reads(key) {
      return true
    }
    return false
  }

  private func check(_ event: [UInt8], _ plain: PlainJSON, _ chat: ChatStream) {
    expect(event.starts(with: "data: ".utf8) && event.suffix(2) == [0x0a, 0x0a], "an event is one")
    let data = Array(event.dropFirst(6).dropLast(2))
    expect(!data.contains(0x0a) && !data.contains(0x0d), "an event's data is one line")
    guard let chunk = PlainJSON.read(data), let entries = chunk.entries else {
      fail("a chunk that leaves is an object: \(data.shown)")
    }
    let others = entries.filter { !Self.isOurs($0) }
    expect(others == plain.entries?.filter { !Self.isOurs($0) }, "what is not named passes: \(data.shown)")
    for key: StaticString in ["model", "id", "created"] {
      expect(entries.count { $0.reads(key) } == 1, "a member of ours leaves once: \(data.shown)")
    }
    expect(chunk["model"] == modelToken, "the model is the caller's: \(data.shown)")
    if !chat.wantsUsage { expect(chunk["usage"] == nil, "only callers who requested usage receive it") }
    guard plain.hasUniqueKeys else { return }
    expect(chunk.hasUniqueKeys, "no key comes twice: \(data.shown)")
    expect(chunk["id"]?.text != nil && chunk["object"] != nil, "a chunk has a name and a kind")
    if case .number? = chunk["created"] {} else { fail("a chunk has its time") }
    guard let choices = chunk["choices"]?.elements else { fail("choices are an array: \(data.shown)") }
    for choice in choices where choice.entries != nil {
      guard let index = choice["index"]?.integer else { fail("a choice has an index: \(data.shown)") }
      guard (0...63).contains(index) else { continue }
      let finish = choice["finish_reason"]
      expect(finish == .word("null") || finish?.text != nil, "a choice has a finish: \(data.shown)")
    }
  }
}
