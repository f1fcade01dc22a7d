/// One admitted call of a caller, from its complete request to the last byte of its response, as a state machine.
///
/// Inputs come in (the upstream responded, bytes arrived, time passed) and `Effects` come out; nothing here performs
/// I/O, and time is an argument. The contract of a stream:
///
/// - the response head waits for the first visible event, or for `commitAfter`; before that a failure is an HTTP error;
/// - before visible output a failure goes to the next candidate, also after the head was sent;
/// - after visible output a failure is one error event, no `[DONE]`, and an end that does not look like success.
final class Exchange {
  /// Bytes made for the client of one piece of a stream before the rest of the piece waits.
  static let outputBytesMax = 64 * 1024
  /// Bytes of an event, and of a non-streaming answer, that are translated on the loop. Small parts take longest: each
  /// becomes an event of its own, and 10,000 of them fit into the second number.
  static let inlineEventBytesMax = 32 * 1024
  static let inlineAnswerBytesMax = 128 * 1024
  /// Bytes that a non-streaming answer may become in the caller's dialect.
  static let madeBytesMax = 2 * Fetch.answerBytesMax
  /// Bytes of events that are held back while nothing in them is visible.
  static let heldBytesMax = 64 * 1024

  /// How far the response has come, seen from the client.
  enum Phase {
    /// Nothing was sent.
    case held
    /// The head was sent, and perhaps comments; nothing visible.
    case committed
    /// Visible output was sent.
    case visible
    case over
  }

  let call: Call
  let options: Reply.Options
  /// The client's connection, by its number.
  let client: UInt64
  /// The upstream side.
  let fetch: Fetch
  /// The admission of the call, until it is over.
  var entry: Admission.Entry?
  /// The call in the ledger; `nil` if none is kept.
  var ledgerItem: LedgerItem?
  /// The fields of responses that are about the call.
  var fields = CallFields()
  /// When the request's head was complete; its body may have taken its time after that.
  private let received: Duration
  /// When the request was complete.
  let began: Duration
  private let created: UInt64
  let streams: Bool

  var phase = Phase.held
  var record: RequestRecord
  /// Members of the request that the caller's dialect repeats in responses.
  private let echo: [UInt8]
  /// The model's name as JSON, as the caller wrote it.
  private let modelToken: [UInt8]
  /// The present attempt's answer, on its way into the caller's dialect.
  var answer: AnswerStream?
  /// Output of the present attempt that is held back.
  var held: [UInt8] = []
  var stream: StreamWriter
  var lastOutput: Duration
  /// The answer that it shares with others, or may share; and how many bytes of it were read.
  var flight: Flight?
  var readOffset = 0
  /// The error with which it ended.
  private(set) var apiError: APIError?
  /// The end of a transfer that came while an event before it was being translated, with the bytes behind that event.
  var waitingEnd: (failure: AttemptFailure?, rest: [UInt8])?

  init(
    _ call: Call, body: [UInt8], timeouts: Timeouts, options: Reply.Options, record: RequestRecord,
    client: UInt64 = 0, echo: [UInt8]? = nil,
    received: Duration? = nil, now: Duration, created: UInt64
  ) {
    self.call = call
    self.client = client
    self.record = record
    self.created = created
    began = now
    self.received = received ?? now
    lastOutput = now
    streams = call.streams
    fetch = Fetch(
      body: body, answerBytesMax: call.answerBytesMax ?? Fetch.answerBytesMax, timeouts: timeouts, now: now)
    if let slice = call.modelToken {
      var token: [UInt8] = []
      token.append(body.span.bytes(slice))
      modelToken = token
    } else {
      modelToken = Writer.string(call.model)
    }
    self.echo = echo ?? call.endpoint.dialect.row.echo?(body.span) ?? []
    stream = StreamWriter(minorVersion: options.minorVersion)
    self.record.isCall = true
    self.record.model = call.model
    self.record.streams = streams
    // Last, so that the options are moved and not copied.
    self.options = options
  }

  // MARK: Attempts

  /// Requests the first attempt.
  func begin(_ effects: inout Effects) { effects.needsAttempt = true }

  /// No candidate is left: responds with the last attempt's failure, or with `apiError` if there was no attempt.
  ///
  /// - Parameter wait: The time until one of the candidates is available, if it is known.
  /// - Parameter skipsOwner: Whether `apiError` is about providers that list the model, so that it counts more than a 404 of
  ///   another one.
  func noCandidateLeft(_ apiError: APIError, wait: Duration?, skipsOwner: Bool = false, _ effects: inout Effects) {
    _ = fetch.endPause()
    guard let shown = fetch.shownFailure else { return endWithError(apiError, .rejected, &effects) }
    if skipsOwner, shown.failure.isNotFound { return endWithError(apiError, .failed, &effects) }
    var apiError = shown.failure.apiError(provider: shown.provider)
    if apiError.status == 429, let wait {
      apiError.retryAfter = min(apiError.retryAfter ?? .max, wait.wholeSeconds)
    }
    endWithError(apiError, .failed, &effects)
  }

  /// A request to a candidate is on its way.
  ///
  /// - Parameter secret: The API key of the attempt: the upstream may repeat it, and the caller must not see it.
  func attemptStarted(
    _ model: String, name: String, dialect: Dialect = .openAI, dropped: [String] = [], secret: String? = nil,
    timeouts: Timeouts? = nil, toolNames: ToolNames = ToolNames(), now: Duration
  ) {
    if fetch.attempts == 0 { record.firstAttempt = now - received }
    fetch.attemptStarted(
      model, provider: name, framing: call.dialect(at: dialect).row.framing, dropped: dropped, secret: secret,
      timeouts: timeouts, now: now)
    record.provider = name
    held.removeAll(keepingCapacity: true)
    waitingEnd = nil
    answer = newAnswer(from: dialect)
    answer?.toolNames = toolNames
  }

  private func newAnswer(from dialect: Dialect) -> AnswerStream {
    let metadata = AnswerMetadata(
      requestID: options.requestID, created: created, modelToken: modelToken, echo: echo)
    return call.answerStream(from: dialect, metadata)
  }

  /// The upstream has taken that much of the request's body by now.
  func uploaded(_ sent: Int, of total: Int, now: Duration) { fetch.uploaded(sent, of: total, now: now) }

  /// The upstream's status and fields are there.
  func headReceived(_ head: UpstreamHead, _ effects: inout Effects, now: Duration) {
    do throws(AttemptFailure) {
      try fetch.headReceived(head, streams: streams)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  /// Whether body bytes are read as they arrive; otherwise they may wait for the end of the body.
  var isStreamingBody: Bool { fetch.reading == .events || fetch.reading == .undecided }

  /// Whether a large event or answer is being translated, and nothing behind it is read.
  var isTranslating: Bool { fetch.pause == .translation }

  /// Bytes that the exchange holds beside the caller's body.
  var heldBytes: Int { fetch.heldBytes + held.count + (waitingEnd?.rest.count ?? 0) + flightBytes }

  /// Reads body bytes that arrived; returns how many were read. Of a stream that may be less than all: small events can
  /// become far more output, which stops at `outputMax`.
  @discardableResult
  func bodyReceived(
    _ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration, outputMax: Int = outputBytesMax
  ) -> Int {
    if fetch.reading == .undecided { fetch.decide(bytes) }
    if fetch.reading == .events { return read(bytes, &effects, now: now, outputMax: outputMax) }
    do throws(AttemptFailure) {
      try fetch.collect(bytes)
    } catch {
      fail(error, &effects, now: now)
    }
    return bytes.count
  }

  /// The attempt's transfer ended; `rest` are the body bytes that were not read before.
  func transferEnded(_ failure: AttemptFailure?, rest: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    if phase == .over { return }
    if fetch.reading == .undecided { fetch.decide(rest) }
    if fetch.reading == .events {
      // Nothing follows, so all of it is read now.
      let count = isTranslating ? 0 : bodyReceived(rest, &effects, now: now, outputMax: .max)
      if isTranslating {
        var waiting: [UInt8] = []
        waiting.append(rest.extracting(count..<rest.count))
        return waitingEnd = (failure, waiting)
      }
      if effects.end == nil, !effects.needsAttempt { endEvents(failure, &effects, now: now) }
      return
    }
    if fetch.reading == .whole, failure == nil, fetch.collected.isEmpty {
      // The common case: the whole answer lies in one piece and is never copied.
      answer(rest, &effects, now: now)
      return
    }
    bodyReceived(rest, &effects, now: now)
    if effects.end != nil || effects.needsAttempt { return }
    let whole = fetch.collected
    switch fetch.reading {
    case .errorBody: fail(fetch.errorStatus, &effects, now: now)
    case _ where failure != nil: if let failure { fail(failure, &effects, now: now) }
    case .whole: answer(whole.span, of: whole, &effects, now: now)
    case .undecided: fail(.malformed("the answer is empty"), &effects, now: now)
    case .events, .nothing: fail(.malformed("the response has no head"), &effects, now: now)
    }
  }

  // MARK: Non-streaming answers

  /// Relays a complete answer; `whole` is the text that `json` is, if it can be shared instead of copied.
  private func answer(_ json: Span<UInt8>, of whole: [UInt8]? = nil, _ effects: inout Effects, now: Duration) {
    do throws(AttemptFailure) {
      if fetch.head.isHTML { throw .malformed("it answered with a web page") }
      if let whole, whole.count > Self.inlineAnswerBytesMax {
        fetch.suspend(.translation)
        effects.largeAnswer = whole
        return
      }
      guard let made = try answer?.make(json, of: whole, streams: streams) else { return }
      try relay(made, &effects, now: now)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  /// A large answer was translated.
  func answerMade(
    _ answer: AnswerStream, _ made: Result<AnswerStream.Made, AttemptFailure>, _ effects: inout Effects,
    now: Duration
  ) {
    _ = fetch.endPause()
    self.answer = answer
    do throws(AttemptFailure) {
      try relay(made.get(), &effects, now: now)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  /// Relays an answer in the caller's dialect.
  private func relay(_ made: AnswerStream.Made, _ effects: inout Effects, now: Duration) throws(AttemptFailure) {
    switch made {
    case .events(let events):
      if events.count > Self.madeBytesMax { throw .tooLarge }
      streamWhole(events, &effects, now: now)
    case .whole(let text, let usage):
      if text.count > Self.madeBytesMax { throw .tooLarge }
      count(usage)
      record.status = 200
      Reply.open(200, "application/json", .length(text.count), options, into: &effects.output)
      Reply.addServed(by: record.provider, fetch.servedModel, dropped: fetch.dropped, into: &effects.output)
      Reply.addCost(record.cost, into: &effects.output)
      Reply.add(fields, options, into: &effects.output)
      Reply.close(into: &effects.output)
      effects.body = text
      sent(now)
      fetch.becameVisible(now: now)
      finish(.complete, .completed, &effects)
    }
  }

  // MARK: Ends

  /// The attempt failed: another attempt, an HTTP error, or an error event.
  func fail(_ reported: AttemptFailure, _ effects: inout Effects, now: Duration) {
    // After visible output the caller gets an error event, whatever the status.
    let cause = phase == .visible ? reported : reported.meant
    let failure = fetch.fail(cause, isVisible: phase == .visible)
    let attempt = RequestRecord.FailedAttempt(provider: record.provider, reason: failure.reason)
    // One entry is enough for a provider that is tried again and again while it loads a model.
    if !failure.isLoading || record.failedAttempts.last != attempt { record.failedAttempts.append(attempt) }
    if phase == .visible {
      effects.attemptResult = AttemptResult(outcome: .failed, firstEvent: fetch.firstEvent)
      var apiError = failure.apiError(provider: record.provider)
      apiError.code = .upstreamTruncated
      abortStream(apiError, .truncated, &effects)
      return
    }
    // Its leader decides whether another candidate is tried.
    if fetch.isFollowing { return effects.needsAttempt = true }
    effects.attemptResult = AttemptResult(outcome: ProviderHealth.Outcome(cause, model: fetch.servedModel))
    if fetch.attempt?.selection.allowsFailover(after: failure) ?? failure.allowsFailover(fetch.servedModel) {
      effects.needsAttempt = true
      return
    }
    endWithError(failure.apiError(provider: record.provider), .failed, &effects)
  }

  /// Ends without an answer: an HTTP error before the head was sent, an error event after it.
  private func endWithError(_ apiError: APIError, _ outcome: RequestRecord.Outcome, _ effects: inout Effects) {
    if phase == .held { respond(apiError, outcome, &effects) } else { abortStream(apiError, outcome, &effects) }
  }

  /// The answer that it shares has failed for good.
  func sharedAnswerFailed(_ apiError: APIError, _ effects: inout Effects) {
    if phase == .visible {
      abortStream(apiError, .truncated, &effects)
    } else {
      endWithError(apiError, .failed, &effects)
    }
  }

  private func abortStream(_ apiError: APIError, _ outcome: RequestRecord.Outcome, _ effects: inout Effects) {
    self.apiError = apiError
    record.error = apiError.code
    stream.begin(&effects.output)
    // Events that were held back are dropped, so the stream ends as one that has none.
    if phase != .visible {
      count(spent)
      answer = newAnswer(from: call.endpoint.dialect)
    }
    let isWritten = answer?.breakOff(apiError, into: &effects.output) ?? false
    if !isWritten {
      ErrorReply.event(apiError, call.endpoint, requestID: options.requestID, into: &effects.output)
    }
    stream.commit(&effects.output)
    finish(.abort, outcome, &effects)
  }

  private func respond(_ apiError: APIError, _ outcome: RequestRecord.Outcome, _ effects: inout Effects) {
    self.apiError = apiError
    record.status = apiError.status
    record.error = apiError.code
    var options = options
    if apiError.closes { options.keepsAlive = false }
    ErrorReply.response(apiError, options, fields: fields, into: &effects.output)
    finish(.complete, outcome, &effects)
  }

  func finish(_ end: Effects.End, _ outcome: RequestRecord.Outcome, _ effects: inout Effects) {
    if outcome == .completed {
      effects.attemptResult = AttemptResult(outcome: .answered, firstEvent: fetch.firstEvent)
    }
    close(outcome)
    effects.end = end
  }

  private func close(_ outcome: RequestRecord.Outcome) {
    phase = .over
    record.outcome = outcome
    if record.usage == nil { count(spent) }
  }

  /// The first byte of the response is on its way.
  func sent(_ now: Duration) {
    if record.firstByte == nil { record.firstByte = now - received }
  }

  /// The gateway shuts down: an error event in a stream that began, an HTTP error before that.
  func stop(_ effects: inout Effects) { endWithError(.shuttingDown, .shutdown, &effects) }

  /// An attempt is not admitted, or its request cannot be written; no candidate is tried.
  func attemptRejected(_ apiError: APIError, _ effects: inout Effects) {
    endWithError(apiError, .rejected, &effects)
  }

  /// The client closed its connection.
  func cancel() {
    record.status = 499
    close(.clientClosed)
  }

  /// That many bytes went to the client.
  func sentBytes(_ count: Int) { record.bytesOut += count }

  /// Returns the record, once the exchange is over.
  func finalRecord(now: Duration) -> RequestRecord {
    var record = record
    record.total = now - received
    record.cache = fields.cache
    return record
  }

  /// The tokens of a completed stream, and how long they took from the first event on; `nil` if the upstream did not
  /// report them.
  func speed(now: Duration) -> (tokens: Int, time: Duration)? {
    guard record.outcome == .completed, streams, let firstEvent = fetch.firstEvent, let usage = record.usage,
      usage.source == .reported
    else { return nil }
    return (usage.completion, now - fetch.attemptBegan - firstEvent)
  }

  /// The present attempt's result if it ends for no reason of its own.
  var resultOnCancel: AttemptResult {
    phase == .visible
      ? AttemptResult(outcome: .answered, firstEvent: fetch.firstEvent) : AttemptResult(outcome: .inconclusive)
  }
}
