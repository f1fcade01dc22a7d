@testable import Gateway

/// The translation of a hostile answer. Four bytes cut it; the fifth selects the provider's dialect (its low two bits)
/// and the course of the answer (the next two); the sixth selects the caller's endpoint (its low three bits) and options.
struct TranslatedTarget {
  /// The most bytes of output for each byte of an answer, and the most beside them.
  static let growthMax = 64
  static let overheadBytesMax = 16 * 1024
  /// The same limits of a non-streaming answer, which has no frames.
  static let wholeGrowthMax = 16
  static let wholeOverheadBytesMax = 4096
  /// The number of times that a repeated answer is received.
  private static let repeats = 8

  private static let providers: [Dialect] = [.openAI, .anthropic, .ollama, .gemini]
  private static let streaming = [
    CallEndpoint(.openAI), CallEndpoint(.anthropic), CallEndpoint(.responses), CallEndpoint(.ollama),
    CallEndpoint(.ollama, form: .generate), CallEndpoint(.gemini, form: .events),
    CallEndpoint(.gemini, form: .array),
    CallEndpoint(.openAI, .completions),
  ]

  private let endpoint: CallEndpoint
  private let dialect: Dialect
  private let wantsUsage: Bool
  /// Whether the head of the response has been sent before the first event.
  private let isCommitted: Bool

  private init(_ endpoint: CallEndpoint, from dialect: Dialect, flags: UInt8) {
    self.endpoint = endpoint
    // Completions of texts have one dialect at all providers.
    self.dialect = endpoint.kind == .completions ? .openAI : dialect
    wantsUsage = flags & 8 != 0
    isCommitted = flags & 32 != 0
  }

  static func run(_ input: Span<UInt8>) {
    let control = Cuts.byteCount + 2
    guard input.count >= control else { return }
    let (course, flags) = (input[Cuts.byteCount], input[Cuts.byteCount + 1])
    let dialect = providers[Int(course & 3)]
    let endpoint = streaming[Int(flags & 7)]
    let bytes = input.behind(control)
    switch course >> 2 & 3 {
    case 0:
      let isGemini = endpoint.dialect == .gemini
      TranslatedTarget(isGemini ? CallEndpoint(.gemini) : endpoint, from: dialect, flags: flags).checkWhole(bytes)
    case 1: TranslatedTarget(endpoint, from: dialect, flags: flags).checkRestream(bytes)
    default:
      let target = TranslatedTarget(endpoint, from: dialect, flags: flags)
      if flags & 16 == 0 { return target.checkStream(bytes, input) }
      // Many events show whether the output grows faster than the answer.
      var many: [UInt8] = []
      for _ in 0..<repeats { many.append(bytes) }
      target.checkStream(many.span, input)
    }
  }

  private var isTranslated: Bool { !endpoint.passes(to: dialect) }

  private func stream(streams: Bool) -> AnswerStream? {
    let body =
      #"{"model":"m","stream":\#(streams),"stream_options":{"include_usage":\#(wantsUsage)},"max_tokens":9,"#
      + #""messages":[{}],"input":"x","prompt":"x","contents":[{}]}"#
    let bytes = Array(body.utf8)
    do throws(APIError) {
      let request = try Call.read(bytes.span, for: endpoint, model: "m")
      let label = AnswerMetadata(requestID: "r1", created: 7, modelToken: Array(#""m""#.utf8))
      return request.answerStream(from: dialect, label)
    } catch {
      return nil
    }
  }

  // MARK: Whole answers

  private func checkWhole(_ bytes: Span<UInt8>) {
    guard var answer = stream(streams: false) else { fail("the request is valid") }
    let out: [UInt8]
    do throws(AttemptFailure) {
      switch try answer.whole(bytes).answer {
      case .owned(let made): out = made
      case .edited(let edits): out = edits.text(of: bytes)
      }
    } catch {
      // Rejection is allowed.
      return
    }
    guard let entries = PlainStream.json(out)?.entries else { fail("an answer is an object: \(out.shown)") }
    expect(!isTranslated || PlainJSON.areUnique(entries), "a written answer has no key twice: \(out.shown)")
    let limit = Self.wholeGrowthMax * bytes.count + Self.wholeOverheadBytesMax
    expect(out.count <= limit, "an answer of \(bytes.count) bytes grows to \(out.count)")
  }

  private func checkRestream(_ bytes: Span<UInt8>) {
    guard var answer = stream(streams: true) else { fail("the request is valid") }
    var out: [UInt8] = []
    do throws(AttemptFailure) {
      try answer.restream(bytes, into: &out)
    } catch {
      return
    }
    check(out, of: bytes.count)
  }

  // MARK: Streams

  private func checkStream(_ bytes: Span<UInt8>, _ control: Span<UInt8>) {
    let whole = relay(bytes, [bytes.count])
    let cut = relay(bytes, Cuts(control, count: bytes.count).ends)
    expect(whole == cut, "cutting the stream changes \(whole.shown) to \(cut.shown)")
    check(whole, of: bytes.count)
  }

  private func check(_ out: [UInt8], of count: Int) {
    expect(
      out.count <= Self.growthMax * count + Self.overheadBytesMax,
      "a stream of \(count) bytes grows to \(out.count)")
    PlainStream.check(out, for: endpoint, isTranslated: isTranslated)
  }

  /// Returns what the caller receives of a stream that ends where the bytes do, in pieces that end at `ends`. Events before
  /// the first visible one are held back, as an exchange does.
  private func relay(_ bytes: Span<UInt8>, _ ends: [Int]) -> [UInt8] {
    guard let fresh = stream(streams: true) else { fail("the request is valid") }
    var answer = fresh
    var upstream = UpstreamEvents(dialect)
    var out: [UInt8] = []
    var (isVisible, isDone, hasFailed) = (false, false, false)
    func take(_ piece: Span<UInt8>) {
      var offset = 0
      while !isDone, !hasFailed, upstream.next(in: piece, from: &offset) {
        let (data, name) = upstream.last
        do throws(AttemptFailure) {
          let verdict = try answer.take(data.span, named: name.span, into: &out)
          isDone = verdict == .done
          if verdict != .silent || out.count > Exchange.heldBytesMax { isVisible = true }
        } catch {
          hasFailed = true
        }
      }
    }
    var start = 0
    for end in ends {
      lending(bytes, start..<end) { take($0) }
      start = end
    }
    // Some servers end the last event by ending the body.
    let end: [UInt8] = [0x0a, 0x0a]
    take(end.span)
    if isDone || (!hasFailed && answer.isFinished) {
      answer.finish(into: &out)
      return out
    }
    // An answer that fails before its visible output is dropped, and another provider is asked or the request fails.
    if !isVisible { (out, answer) = ([], fresh) }
    if isVisible || isCommitted {
      let error = APIError(502, .upstreamTruncated, "The stream \"broke\" off.\n")
      if !answer.breakOff(error, into: &out) { ErrorReply.event(error, endpoint, requestID: "r1", into: &out) }
    }
    return out
  }
}
