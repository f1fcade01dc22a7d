@testable import Gateway

/// A request in one dialect, written in every dialect of the providers. One byte describes the target; the body
/// follows.
struct DialectRequestTarget {
  let call: CallEndpoint

  func run(_ input: Span<UInt8>) {
    guard input.count >= 1 else { return }
    let json = input.behind(1)
    do throws(APIError) {
      let request = try ChatRequest.read(json, for: call, model: "m")
      let conversation = try RequestTranslation.read(json, as: call)
      // Most inputs are only read, because writing them in every dialect takes most of the time.
      if input[0] & 0x30 != 0 { return }
      for dialect in Dialect.upstream { check(conversation, json, request, input[0], dialect) }
    } catch {
      expect(error.status == 400 && error.message.utf8.count < 1024, "a refusal says little")
    }
  }

  private func check(
    _ conversation: Conversation, _ json: Span<UInt8>, _ request: ChatRequest, _ flags: UInt8, _ dialect: Dialect
  ) {
    let target = WriteTarget(
      model: "m", maxTokensLimit: flags & 1 == 0 ? nil : 9, streams: flags & 2 != 0, acceptsUsage: flags & 4 != 0,
      isLocal: flags & 8 != 0)
    do throws(APIError) {
      let written = try Self.write(conversation, json, for: target, in: dialect)
      guard let plain = PlainJSON.read(written.body), let entries = plain.entries else {
        fail("what is written is an object: \(written.body.shown)")
      }
      expect(PlainJSON.areUnique(entries), "no key stands twice: \(written.body.shown)")
      expect(written.body.count <= 16 * json.count + 4096, "what is written has its bound")
      expect(written.dropped.names.count <= 16, "so has what is named")
      let again = written.body.span
      do throws(APIError) {
        _ = try RequestTranslation.read(again, as: CallEndpoint(dialect))
      } catch  where error.param?.contains("images") == true || error.param?.contains("inlineData") == true {
        // An invalid image was passed on, and some dialects' readers are stricter than others.
      } catch {
        fail("what is written can be read: \(error.message) \(written.body.shown)")
      }
    } catch {
      expect(error.status == 400 && error.message.utf8.count < 1024, "a refusal says little")
    }
  }

  private static func write(
    _ conversation: Conversation, _ json: Span<UInt8>, for target: WriteTarget, in dialect: Dialect
  ) throws(APIError) -> WrittenRequest {
    switch dialect {
    case .openAI, .responses: try CompletionsRequestWriter.write(conversation, json, for: target)
    case .anthropic: try MessagesRequestWriter.write(conversation, json, for: target)
    case .ollama: try OllamaRequestWriter.write(conversation, json, for: target)
    case .gemini: try GeminiRequestWriter.write(conversation, json, for: target)
    }
  }
}

/// The response of an upstream in one dialect, for callers of all dialects. Four bytes cut it; the fifth selects
/// the caller's dialect, and streaming or not.
struct DialectResponseTarget {
  let dialect: Dialect

  private static let calls = [
    CallEndpoint(.openAI), CallEndpoint(.anthropic), CallEndpoint(.responses), CallEndpoint(.ollama),
    CallEndpoint(.ollama, form: .generate), CallEndpoint(.gemini, form: .events),
    CallEndpoint(.gemini, form: .array),
    CallEndpoint(.gemini),
  ]

  func run(_ input: Span<UInt8>) {
    let control = Cuts.byteCount + 1
    guard input.count >= control else { return }
    let bytes = input.behind(control)
    let call = Self.calls[Int(input[control - 1] & 7)]
    if input[control - 1] & 8 != 0 || call == CallEndpoint(.gemini) { return readWhole(bytes, call) }
    // Most inputs are only read, because checking the output takes most of the time.
    if input[control - 1] & 0xb0 != 0 { return readAlone(bytes) }
    let whole = relay(bytes, [bytes.count], call)
    let cut = relay(bytes, Cuts(input, count: bytes.count).ends, call)
    expect(whole.out == cut.out, "cutting the stream changes \(whole.out.shown) to \(cut.out.shown)")
    expect(whole.out.count <= 64 * bytes.count + 16 * 1024, "what is written has its bound")
    check(whole.out, call, isWhole: whole.isWhole)
  }

  private func readAlone(_ bytes: Span<UInt8>) {
    var reader = AnswerReader(dialect)
    var events: [ChatEvent] = []
    do throws(AttemptFailure) {
      try reader.read(bytes, into: &events)
    } catch {
      // Rejection is allowed.
    }
    for case .text(let text) in events { expect(text.count <= 6 * bytes.count, "a text is of the event") }
  }

  private func readWhole(_ bytes: Span<UInt8>, _ call: CallEndpoint) {
    guard var answer = stream(call) else { return }
    do throws(AttemptFailure) {
      let out: [UInt8]
      switch try answer.whole(bytes).answer {
      case .owned(let made): out = made
      case .edited(let edits): out = edits.text(of: bytes)
      }
      expect(PlainJSON.read(out)?.entries != nil, "a whole answer is an object: \(out.shown)")
      expect(out.count <= 16 * bytes.count + 4096, "what is written has its bound")
    } catch {
      // Rejection is allowed.
    }
  }

  private func stream(_ call: CallEndpoint) -> AnswerStream? {
    let body =
      Array(
        #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"#.utf8)
      + Array(#""messages":[{}],"input":"x","prompt":"x","contents":[{}]}"#.utf8)
    do throws(APIError) {
      let request = try Call.read(body.span, for: call, model: "m")
      let label = AnswerMetadata(requestID: "r1", created: 7, modelToken: Array(#""m""#.utf8))
      return request.answerStream(from: dialect, label)
    } catch {
      return nil
    }
  }

  private func relay(_ bytes: Span<UInt8>, _ ends: [Int], _ call: CallEndpoint) -> (out: [UInt8], isWhole: Bool) {
    guard var answer = stream(call) else { return ([], false) }
    var upstream = UpstreamEvents(dialect)
    var out: [UInt8] = []
    var (isDone, hasFailed) = (false, false)
    var start = 0
    for end in ends where !isDone && !hasFailed {
      lending(bytes, start..<end) { piece in
        var offset = 0
        while !isDone, !hasFailed, upstream.next(in: piece, from: &offset) {
          let (data, name) = upstream.last
          do throws(AttemptFailure) {
            isDone = try answer.take(data.span, named: name.span, into: &out) == .done
          } catch {
            hasFailed = true
          }
        }
      }
      start = end
    }
    if isDone || (!hasFailed && answer.isFinished) {
      answer.finish(into: &out)
      return (out, true)
    }
    return (out, false)
  }

  /// Checks that every event, line, or element is JSON, and that a complete stream has its end.
  private func check(_ out: [UInt8], _ call: CallEndpoint, isWhole: Bool) {
    if call.form == .array {
      if isWhole { expect(PlainJSON.read(out)?.elements != nil, "an array is one: \(out.shown)") }
      return
    }
    let isLines = call.dialect == .ollama
    for line in out.split(separator: 0x0a, omittingEmptySubsequences: !isLines).dropLast(isLines ? 1 : 0) {
      var line = Array(line)
      if line.last == 0x0d { line.removeLast() }
      if isLines {
        expect(PlainJSON.read(line)?.entries != nil, "a line is an object: \(line.shown)")
      } else if line.starts(with: "data: ".utf8), !line.elementsEqual("data: [DONE]".utf8) {
        expect(PlainJSON.read(Array(line.dropFirst(6)))?.entries != nil, "data are an object: \(line.shown)")
      }
    }
  }
}
