internal import Reactor

/// One chat completion from its complete request to the last byte of its answer, as a state machine.
///
/// Facts come in (the upstream answered, bytes arrived, time passed), wishes go out in `Effects`; nothing here
/// performs anything, and time is an argument. The stream contract:
///
/// - the head waits for the first visible event, or for `commitAfter`; before that a failure is an HTTP error;
/// - before visible output a failure goes to the next candidate, also after the head is out;
/// - after visible output a failure is one error event, no `[DONE]`, and an end that does not look like success.
struct Exchange: ~Copyable {
  /// What the caller gets of it, and what the gateway has to do.
  struct Effects {
    /// Bytes for the client.
    var output: [UInt8] = []
    /// More of them, behind `output`: a large body is not copied behind its head.
    var body = BufferChain()
    /// The candidate to ask next; the attempt before it is over.
    var attempt: Route.Candidate?
    /// Set when the exchange is over.
    var end: End?
  }

  /// How the client's connection goes on.
  enum End: Equatable {
    case complete
    /// It must break, so that nobody takes the answer for whole.
    case abort
  }

  /// The times that a configuration sets.
  struct Limits {
    var commitAfter = Duration.seconds(8)
    var keepAliveComment = Duration.seconds(15)
    var firstEvent = Duration.seconds(300)
    var stall = Duration.seconds(120)
    var total = Duration.seconds(600)
    var send = Duration.seconds(30)
  }

  /// What the head of an upstream's response says.
  struct UpstreamHead {
    var status: Int
    var isJSON = false
    var isHTML = false
    /// Whether the body is compressed, which nobody asked for.
    var isEncoded = false
    /// Bytes of the body, where they were declared.
    var length = 0
    var retryAfter: Int?
  }

  /// How far the answer has come, seen from the client.
  enum Phase {
    /// Nothing was sent.
    case held
    /// The head is out, and perhaps comments; nothing visible.
    case committed
    /// Visible output is out.
    case visible
    case over
  }

  /// How the present attempt's body is read.
  enum Reading {
    case nothing
    /// As events, one by one.
    case events
    /// As one text, at its end.
    case whole
    /// As the explanation of a status that is not success.
    case refusal
  }

  /// Bytes of a whole answer, and of an explanation.
  static let answerBytesMax = 16 * 1024 * 1024
  static let refusalBytesMax = 64 * 1024
  /// Bytes made for the client of one piece of a stream before the rest of the piece waits.
  static let outputBytesMax = 64 * 1024
  /// Bytes of events that are held back while nothing in them is visible.
  static let heldBytesMax = 64 * 1024

  /// Bytes of a request that the kernel's buffers take, whatever the upstream does.
  static let unwatchedBytesMax = 32 * 1024

  let request: ChatRequest
  /// The caller's body, for every attempt.
  let body: [UInt8]
  let limits: Limits
  let frame: Reply.Frame
  /// When the request's head was complete; its body may have taken its time after that.
  let received: Duration
  /// When the request was complete: from here on it is not the caller who is waited for.
  let began: Duration
  let created: UInt64
  let route: Route

  var phase = Phase.held
  var row: JournalRow
  private(set) var tried: [Int] = []
  /// The tokens that the present attempt may cost at most; see `Exchange+Admission`.
  var hold: Hold?

  var reading = Reading.nothing
  var head = UpstreamHead(status: 0)
  var collected: [UInt8] = []
  var events = EventReader()
  /// Instead of `events` where the present attempt's upstream writes lines.
  var lines: LineReader?
  /// What the caller's dialect repeats of its request in answers.
  let echo: [UInt8]
  /// The model's name as JSON, as the caller wrote it.
  let modelToken: [UInt8]
  /// The present attempt's answer on its way to the caller.
  var chat: AnswerStream?
  /// What of the request the present attempt's model did not get.
  var dropped: [String] = []
  var held: [UInt8] = []
  var stream: EventStream
  var servedBy = ""
  private var secret: String?
  /// How much of the request the upstream has taken, and since when it has taken no more; `nil` when all of it.
  var sending: (bytes: Int, since: Duration)?
  var attemptBegan: Duration
  var lastEvent: Duration
  var lastOutput: Duration

  init(
    _ request: ChatRequest, body: [UInt8], route: Route, limits: Limits, frame: Reply.Frame, row: JournalRow,
    received: Duration? = nil, now: Duration, created: UInt64
  ) {
    self.request = request
    self.body = body
    self.route = route
    self.limits = limits
    self.frame = frame
    self.row = row
    self.created = created
    began = now
    self.received = received ?? now
    attemptBegan = now
    lastEvent = now
    lastOutput = now
    if let slice = request.modelToken {
      var token: [UInt8] = []
      token.append(body.span.bytes(slice))
      modelToken = token
    } else {
      modelToken = Writer.string(request.model)
    }
    echo = request.call.dialect == .responses ? ResponsesRequestReader.echo(body.span) : []
    stream = EventStream(minorVersion: frame.minorVersion)
    self.row.model = request.model
    self.row.streams = request.streams
  }

  // MARK: Attempts

  /// Asks for the first candidate.
  mutating func begin(_ effects: inout Effects) {
    guard let first = route.next(for: request.model, after: []) else {
      let refusal = Refusal(
        404, .modelNotFound,
        "No provider serves the model `\(request.model)`. GET /v1/models lists what there is.", param: "model")
      decline(refusal, .refused, &effects)
      return
    }
    effects.attempt = first
  }

  /// A request to a candidate is on its way.
  ///
  /// `secret` is what the upstream may know and the caller may not: it is never shown.
  mutating func attempted(
    _ candidate: Route.Candidate, name: String, dialect: Dialect = .openAI, dropped: [String] = [],
    secret: String? = nil, now: Duration
  ) {
    self.secret = secret
    self.dropped = dropped
    if tried.isEmpty { row.queued = now - received }
    tried.append(candidate.provider)
    row.provider = name
    servedBy = "\(name)/\(candidate.model)"
    reading = .nothing
    collected.removeAll(keepingCapacity: true)
    held.removeAll(keepingCapacity: true)
    events = EventReader()
    lines = dialect == .ollama ? LineReader() : nil
    let label = AnswerLabel(
      requestID: frame.requestID, created: created, modelToken: modelToken, echo: echo)
    chat = AnswerStream(for: request, from: dialect, label)
    attemptBegan = now
    lastEvent = now
    sending = body.count > Self.unwatchedBytesMax ? (0, now) : nil
  }

  /// How much of the request's body the upstream has taken by now.
  mutating func uploaded(_ sent: Int, of total: Int, now: Duration) {
    guard let before = sending else { return }
    if sent >= total { sending = nil } else if sent > before.bytes { sending = (sent, now) }
  }

  /// The upstream's status and fields are there.
  mutating func responded(_ head: UpstreamHead, _ effects: inout Effects, now: Duration) {
    self.head = head
    // Whoever answers has read as much of the request as it wants.
    sending = nil
    if head.isEncoded, (200..<300).contains(head.status) {
      return fail(.malformed("it compressed its answer, which was not asked for"), &effects, now: now)
    }
    switch head.status {
    case 200..<300: reading = request.streams && !head.isJSON && !head.isHTML ? .events : .whole
    default: reading = .refusal
    }
  }

  /// Whether body bytes are to be handed over as they arrive; otherwise they may wait for the end.
  var readsAsItArrives: Bool { reading == .events }

  /// Body bytes arrived; returns how many were read. Of a stream that may be less than all: what small events
  /// become can be far more, and stops at `outputMax`.
  @discardableResult
  mutating func arrived(
    _ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration, outputMax: Int = outputBytesMax
  ) -> Int {
    switch reading {
    case .events: return read(bytes, &effects, now: now, outputMax: outputMax)
    case .whole:
      if collected.count + bytes.count > Self.answerBytesMax {
        fail(.tooLarge, &effects, now: now)
      } else {
        collected.makeRoom(for: bytes.count, of: min(head.length, Self.answerBytesMax) - collected.count)
        collected.append(bytes)
      }
    case .refusal:
      collected.append(bytes.extracting(first: min(bytes.count, max(0, Self.refusalBytesMax - collected.count))))
    case .nothing: break
    }
    return bytes.count
  }

  /// The attempt is over; `rest` is what of the body was not handed over before.
  mutating func ended(_ failure: UpstreamFailure?, rest: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    if phase == .over { return }
    if reading == .events {
      // There is no later: all of it now.
      arrived(rest, &effects, now: now, outputMax: .max)
      if effects.end == nil, effects.attempt == nil { endEvents(failure, &effects, now: now) }
      return
    }
    if reading == .whole, failure == nil, collected.isEmpty {
      // The common case: the whole answer lies in one piece and is never copied.
      answer(rest, &effects, now: now)
      return
    }
    arrived(rest, &effects, now: now)
    if effects.end != nil || effects.attempt != nil { return }
    let whole = collected
    if reading == .refusal {
      let error = UpstreamErrorReader.read(whole.span, retryAfter: head.retryAfter)
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
  mutating func answer(_ json: Span<UInt8>, of whole: [UInt8]? = nil, _ effects: inout Effects, now: Duration) {
    do throws(UpstreamFailure) {
      if head.isHTML { throw .malformed("it answered with a web page") }
      if request.streams { return try restream(json, &effects, now: now) }
      guard let (found, usage) = try chat?.whole(json) else { return }
      let text =
        switch found {
        case .made(let made): BufferChain(made)
        case .edited(let edits):
          whole.map { BufferChain($0, changedBy: edits) } ?? BufferChain(edits.text(of: json))
        }
      row.usage = usage
      row.status = 200
      Reply.open(200, "application/json", .length(text.count), frame, into: &effects.output)
      Reply.addServed(by: servedBy, dropped: dropped, into: &effects.output)
      Reply.close(into: &effects.output)
      effects.body = text
      sent(now)
      finish(.complete, .completed, &effects)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  // MARK: Ends

  /// The attempt failed: another candidate, an HTTP error, or an error event.
  mutating func fail(_ cause: UpstreamFailure, _ effects: inout Effects, now: Duration) {
    let failure = cause.without(secret: secret)
    row.attempts.append("\(row.provider):\(failure.word)")
    if phase == .visible {
      var refusal = failure.refusal(provider: row.provider)
      refusal.code = .upstreamTruncated
      breakOff(refusal, .truncated, &effects)
      return
    }
    if failure.isWorthAnother, let next = route.next(for: request.model, after: tried) {
      effects.attempt = next
      return
    }
    decline(failure.refusal(provider: row.provider), .failed, &effects)
  }

  /// Ends without an answer: an HTTP error where nothing was sent, an error event where the head is out.
  private mutating func decline(_ refusal: Refusal, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    if phase == .held { refuse(refusal, outcome, &effects) } else { breakOff(refusal, outcome, &effects) }
  }

  private mutating func breakOff(_ refusal: Refusal, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    stream.begin(&effects.output)
    let isSaid = chat?.breakOff(refusal, into: &effects.output) ?? false
    if !isSaid { RefusalReply.event(refusal, request.call, requestID: frame.requestID, into: &effects.output) }
    stream.commit(&effects.output)
    finish(.abort, outcome, &effects)
  }

  private mutating func refuse(_ refusal: Refusal, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    row.status = refusal.status
    var frame = frame
    if refusal.closes { frame.keepsAlive = false }
    RefusalReply.response(refusal, frame, into: &effects.output)
    finish(.complete, outcome, &effects)
  }

  mutating func finish(_ end: End, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    close(outcome)
    effects.end = end
  }

  private mutating func close(_ outcome: JournalRow.Outcome) {
    phase = .over
    row.outcome = outcome
    if row.usage == nil { row.usage = chat?.usage ?? estimate }
  }

  private var estimate: Usage? {
    guard let bytes = chat?.textBytes, bytes > 0 else { return nil }
    return .estimated(promptBytes: request.messagesBytes, completionBytes: bytes)
  }

  mutating func sent(_ now: Duration) {
    if row.firstByte == nil { row.firstByte = now - received }
  }

  /// The gateway stops: an error event where a stream runs, an HTTP error where nothing was sent.
  mutating func stop(_ effects: inout Effects) {
    decline(.stopping, .stopped, &effects)
  }

  /// An attempt is not allowed; nothing was asked of the candidate.
  mutating func refused(_ refusal: Refusal, _ effects: inout Effects) {
    decline(refusal, .refused, &effects)
  }

  /// Output went to the client.
  mutating func sentBytes(_ count: Int) { row.bytesOut += count }

  /// The row for the journal, once the exchange is over.
  func finalRow(now: Duration) -> JournalRow {
    var row = row
    row.total = now - received
    return row
  }

  /// The client is gone.
  mutating func abandon() {
    row.status = 499
    close(.abandoned)
  }
}
