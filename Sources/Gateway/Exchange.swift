internal import Reactor

/// One chat completion from its complete request to the last byte of its answer, as a state machine.
///
/// Facts come in (the upstream answered, bytes arrived, time passed), wishes go out in `Effects`; nothing here
/// performs anything, and time is an argument. The stream contract:
///
/// - the head waits for the first visible event, or for `commitAfter`; before that a failure is an HTTP error;
/// - before visible output a failure goes to the next candidate, also after the head is out;
/// - after visible output a failure is one error event, no `[DONE]`, and an end that does not look like success.
final class Exchange {
  /// Bytes of a whole answer, and of an explanation.
  static let answerBytesMax = 16 * 1024 * 1024
  static let refusalBytesMax = 64 * 1024
  /// Bytes made for the client of one piece of a stream before the rest of the piece waits.
  static let outputBytesMax = 64 * 1024
  /// Bytes of events that are held back while nothing in them is visible.
  static let heldBytesMax = 64 * 1024

  /// The longest, in seconds, that a caller is sent away for.
  static let retryAfterMax = 3600
  /// Bytes of a request that the kernel's buffers take, whatever the upstream does.
  static let unwatchedBytesMax = 32 * 1024

  let call: Call
  /// The caller's body, for every attempt; empty once there can be no other.
  private(set) var body: [UInt8]
  /// Those of the present attempt's provider.
  var timeouts: Timeouts
  let replyOptions: Reply.Options
  /// When the request's head was complete; its body may have taken its time after that.
  let received: Duration
  /// When the request was complete: from here on it is not the caller who is waited for.
  let began: Duration
  let created: UInt64

  var phase = Phase.held
  var row: JournalRow
  private(set) var attempts = 0
  /// What the last attempt failed of.
  private(set) var failure: AttemptFailure?
  var pause: Pause?
  /// The tokens that the present attempt may cost at most; see `Exchange+Admission`.
  var hold: Hold?

  var reading = Reading.nothing
  var head = UpstreamHead(status: 0)
  var collected: [UInt8] = []
  var events = SSEReader()
  /// Instead of `events` where the present attempt's upstream writes lines.
  var lines: NDJSONReader?
  /// What the caller's dialect repeats of its request in answers.
  let echo: [UInt8]
  /// The model's name as JSON, as the caller wrote it.
  let modelToken: [UInt8]
  /// The present attempt's answer on its way to the caller.
  var chat: AnswerStream?
  /// What of the request the present attempt's model did not get.
  var dropped: [String] = []
  var held: [UInt8] = []
  var stream: StreamWriter
  /// What the present attempt's model is called at its provider.
  private(set) var servedModel = ""
  private var secret: String?
  /// How much of the request the upstream has taken, and since when it has taken no more; `nil` when all of it.
  var sending: (bytes: Int, since: Duration)?
  var attemptBegan: Duration
  /// How fast the stream is, once something visible came.
  var pace: Pace?
  /// From the present attempt's beginning to its first visible event.
  var firstEvent: Duration?
  var lastEvent: Duration
  var lastOutput: Duration

  init(
    _ call: Call, body: [UInt8], timeouts: Timeouts, replyOptions: Reply.Options, row: JournalRow,
    received: Duration? = nil, now: Duration, created: UInt64
  ) {
    self.call = call
    self.body = body
    self.timeouts = timeouts
    self.replyOptions = replyOptions
    self.row = row
    self.created = created
    began = now
    self.received = received ?? now
    attemptBegan = now
    lastEvent = now
    lastOutput = now
    if let slice = call.modelToken {
      var token: [UInt8] = []
      token.append(body.span.bytes(slice))
      modelToken = token
    } else {
      modelToken = Writer.string(call.model)
    }
    echo = call.endpoint.dialect.row.echo?(body.span) ?? []
    stream = StreamWriter(minorVersion: replyOptions.minorVersion)
    self.row.model = call.model
    self.row.streams = call.streams
  }

  // MARK: Attempts

  /// Asks for the first candidate.
  func begin(_ effects: inout Effects) { effects.asksNext = true }

  /// Nobody is left to ask: why, or what the last one failed of. `wait` is the soonest that one of them may be asked.
  func nobodyLeft(_ apiError: APIError, wait: Duration?, _ effects: inout Effects) {
    pause = nil
    guard let failure else { return decline(apiError, .refused, &effects) }
    var apiError = failure.apiError(provider: row.provider)
    if apiError.status == 429, let wait {
      apiError.retryAfter = min(apiError.retryAfter ?? .max, wait.wholeSeconds)
    }
    decline(apiError, .failed, &effects)
  }

  /// Nobody is asked for a while.
  func pauses(_ pause: Pause) { self.pause = pause }

  /// A request to a candidate is on its way.
  ///
  /// `secret` is what the upstream may know and the caller may not: it is never shown.
  func attempted(
    _ model: String, name: String, dialect: Dialect = .openAI, dropped: [String] = [],
    secret: String? = nil, timeouts: Timeouts? = nil, now: Duration
  ) {
    self.secret = secret
    self.dropped = dropped
    pause = nil
    if let timeouts { self.timeouts = timeouts }
    if attempts == 0 { row.queued = now - received }
    attempts += 1
    row.provider = name
    servedModel = model
    reading = .nothing
    collected.removeAll(keepingCapacity: true)
    held.removeAll(keepingCapacity: true)
    events = SSEReader()
    lines = dialect.row.framing == .ndjson ? NDJSONReader() : nil
    let label = AnswerMetadata(
      requestID: replyOptions.requestID, created: created, modelToken: modelToken, echo: echo)
    chat = AnswerStream(for: call, from: dialect, label)
    attemptBegan = now
    firstEvent = nil
    pace = nil
    lastEvent = now
    sending = body.count > Self.unwatchedBytesMax ? (0, now) : nil
  }

  /// How much of the request's body the upstream has taken by now.
  func uploaded(_ sent: Int, of total: Int, now: Duration) {
    guard let before = sending else { return }
    if sent >= total { sending = nil } else if sent > before.bytes { sending = (sent, now) }
  }

  /// The upstream's status and fields are there.
  func responded(_ head: UpstreamHead, _ effects: inout Effects, now: Duration) {
    self.head = head
    // Whoever answers has read as much of the request as it wants.
    sending = nil
    if head.isEncoded, (200..<300).contains(head.status) {
      return fail(.malformed("it compressed its answer, which was not asked for"), &effects, now: now)
    }
    switch head.status {
    case 200..<300: reading = call.streams && !head.isJSON && !head.isHTML ? .events : .whole
    default: reading = .refusal
    }
  }

  /// Whether body bytes are to be handed over as they arrive; otherwise they may wait for the end.
  var readsAsItArrives: Bool { reading == .events }

  /// Body bytes arrived; returns how many were read. Of a stream that may be less than all: what small events
  /// become can be far more, and stops at `outputMax`.
  @discardableResult
  func arrived(
    _ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration, outputMax: Int = outputBytesMax
  ) -> Int {
    switch reading {
    case .events: return read(bytes, &effects, now: now, outputMax: outputMax)
    case .whole:
      if collected.count + bytes.count > Self.answerBytesMax {
        fail(.tooLarge, &effects, now: now)
      } else {
        collected.reserve(arriving: bytes.count, missing: min(head.length, Self.answerBytesMax) - collected.count)
        collected.append(bytes)
      }
    case .refusal:
      collected.append(bytes.extracting(first: min(bytes.count, max(0, Self.refusalBytesMax - collected.count))))
    case .nothing: break
    }
    return bytes.count
  }

  /// The attempt is over; `rest` is what of the body was not handed over before.
  func ended(_ failure: AttemptFailure?, rest: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    if phase == .over { return }
    if reading == .events {
      // There is no later: all of it now.
      arrived(rest, &effects, now: now, outputMax: .max)
      if effects.end == nil, !effects.asksNext { endEvents(failure, &effects, now: now) }
      return
    }
    if reading == .whole, failure == nil, collected.isEmpty {
      // The common case: the whole answer lies in one piece and is never copied.
      answer(rest, &effects, now: now)
      return
    }
    arrived(rest, &effects, now: now)
    if effects.end != nil || effects.asksNext { return }
    let whole = collected
    if reading == .refusal {
      let wait = head.retryAfter ?? RetryAfter.retryInfo(whole.span)?.wholeSeconds
      let error = UpstreamErrorReader.read(whole.span, retryAfter: wait.map { min($0, Self.retryAfterMax) })
      fail(.status(head.status, error), &effects, now: now)
    } else if let failure {
      fail(failure, &effects, now: now)
    } else if reading == .whole {
      answer(whole.span, of: whole, &effects, now: now)
    } else {
      fail(.malformed("the response has no head"), &effects, now: now)
    }
  }

  // MARK: Whole answers

  /// `whole` is the text that `json` is, where it can be shared instead of copied.
  func answer(_ json: Span<UInt8>, of whole: [UInt8]? = nil, _ effects: inout Effects, now: Duration) {
    do throws(AttemptFailure) {
      if head.isHTML { throw .malformed("it answered with a web page") }
      if call.streams { return try restream(json, &effects, now: now) }
      guard let (found, usage) = try chat?.whole(json) else { return }
      let text =
        switch found {
        case .owned(let made): BufferChain(made)
        case .edited(let edits):
          whole.map { BufferChain($0, changedBy: edits) } ?? BufferChain(edits.text(of: json))
        }
      row.usage = usage
      row.status = 200
      Reply.open(200, "application/json", .length(text.count), replyOptions, into: &effects.output)
      Reply.addServed(by: row.provider, servedModel, dropped: dropped, into: &effects.output)
      Reply.close(into: &effects.output)
      effects.body = text
      sent(now)
      firstEvent = now - attemptBegan
      finish(.complete, .completed, &effects)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  // MARK: Ends

  /// The attempt failed: another candidate, an HTTP error, or an error event.
  func fail(_ cause: AttemptFailure, _ effects: inout Effects, now: Duration) {
    let failure = cause.without(secret: secret)
    let attempt = "\(row.provider):\(failure.reason)"
    // Once is enough for who is asked again and again while a model is loaded.
    if !failure.isLoading || row.attempts.last != attempt { row.attempts.append(attempt) }
    if phase == .visible {
      effects.verdict = Verdict(outcome: .failed, firstEvent: firstEvent)
      var apiError = failure.apiError(provider: row.provider)
      apiError.code = .upstreamTruncated
      breakOff(apiError, .truncated, &effects)
      return
    }
    self.failure = failure
    effects.verdict = Verdict(outcome: ProviderHealth.Outcome(cause))
    if failure.allowsFailover {
      effects.asksNext = true
      return
    }
    decline(failure.apiError(provider: row.provider), .failed, &effects)
  }

  /// Ends without an answer: an HTTP error where nothing was sent, an error event where the head is out.
  private func decline(_ apiError: APIError, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    if phase == .held { refuse(apiError, outcome, &effects) } else { breakOff(apiError, outcome, &effects) }
  }

  private func breakOff(_ apiError: APIError, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    stream.begin(&effects.output)
    let isSaid = chat?.breakOff(apiError, into: &effects.output) ?? false
    if !isSaid {
      ErrorReply.event(apiError, call.endpoint, requestID: replyOptions.requestID, into: &effects.output)
    }
    stream.commit(&effects.output)
    finish(.abort, outcome, &effects)
  }

  private func refuse(_ apiError: APIError, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    row.status = apiError.status
    var replyOptions = replyOptions
    if apiError.closes { replyOptions.keepsAlive = false }
    ErrorReply.response(apiError, replyOptions, into: &effects.output)
    finish(.complete, outcome, &effects)
  }

  func finish(_ end: End, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    if outcome == .completed { effects.verdict = Verdict(outcome: .answered, firstEvent: firstEvent) }
    close(outcome)
    effects.end = end
  }

  private func close(_ outcome: JournalRow.Outcome) {
    phase = .over
    row.outcome = outcome
    if row.usage == nil { row.usage = chat?.usage ?? estimate }
  }

  private var estimate: Usage? {
    guard let bytes = chat?.textBytes, bytes > 0 else { return nil }
    return .estimated(promptBytes: call.promptBytes, completionBytes: bytes)
  }

  func sent(_ now: Duration) {
    if row.firstByte == nil { row.firstByte = now - received }
  }

  /// The gateway stops: an error event where a stream runs, an HTTP error where nothing was sent.
  func stop(_ effects: inout Effects) {
    decline(.shuttingDown, .stopped, &effects)
  }

  /// An attempt is not allowed; nothing was asked of the candidate.
  func refused(_ apiError: APIError, _ effects: inout Effects) {
    decline(apiError, .refused, &effects)
  }

  /// Nobody else will be asked: what only another attempt would need goes.
  func settleOnAttempt() { body = [] }

  /// Output went to the client.
  func sentBytes(_ count: Int) { row.bytesOut += count }

  /// The row for the journal, once the exchange is over.
  func finalRow(now: Duration) -> JournalRow {
    var row = row
    row.total = now - received
    return row
  }

  /// The tokens of a stream that has completed, and how long they took from the first one on.
  func speed(now: Duration) -> (tokens: Int, time: Duration)? {
    guard row.outcome == .completed, call.streams, let firstEvent, let usage = row.usage,
      usage.source == .reported
    else { return nil }
    return (usage.completion, now - attemptBegan - firstEvent)
  }

  /// How the present attempt counts if it ends for no reason of its own.
  var verdictOnLeaving: Verdict {
    phase == .visible ? Verdict(outcome: .answered, firstEvent: firstEvent) : Verdict(outcome: .inconclusive)
  }

  /// The client is gone.
  func abandon() {
    row.status = 499
    close(.abandoned)
  }
}
