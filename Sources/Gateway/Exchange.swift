/// One chat completion from its complete request to the last byte of its answer, as a state machine.
///
/// Facts come in (the upstream answered, bytes arrived, time passed), wishes go out in `Effects`; nothing here
/// performs anything, and time is an argument. The stream contract:
///
/// - the head waits for the first visible event, or for `commitAfter`; before that a failure is an HTTP error;
/// - before visible output a failure goes to the next candidate, also after the head is out;
/// - after visible output a failure is one error event, no `[DONE]`, and an end that does not look like success.
struct Exchange {
  /// What the caller gets of it, and what the gateway has to do.
  struct Effects {
    /// Bytes for the client.
    var output: [UInt8] = []
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
  }

  /// What the head of an upstream's response says.
  struct UpstreamHead {
    var status: Int
    var isJSON = false
    var isHTML = false
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
  private enum Reading {
    case nothing
    /// As events, one by one.
    case events
    /// As one text, at its end.
    case whole
    /// As the explanation of a status that is not success.
    case refusal
  }

  /// Bytes of a whole answer, and of an explanation.
  static let answerBytesMax = 64 * 1024 * 1024
  static let refusalBytesMax = 64 * 1024
  /// Bytes of events that are held back while nothing in them is visible.
  static let heldBytesMax = 256 * 1024

  let request: ChatRequest
  /// The caller's body, for every attempt.
  let body: [UInt8]
  let limits: Limits
  let frame: Reply.Frame
  let began: Duration
  private let created: UInt64
  private let route: Route

  private(set) var phase = Phase.held
  private(set) var row: JournalRow
  private(set) var tried: [Int] = []
  /// The tokens that the present attempt may cost at most; see `Exchange+Admission`.
  var hold: Hold?

  private var reading = Reading.nothing
  private var head = UpstreamHead(status: 0)
  private var collected: [UInt8] = []
  private var events = EventReader()
  private var chat: ChatStream
  private var held: [UInt8] = []
  private var stream: EventStream
  private var servedBy = ""
  private var attemptBegan: Duration
  private var lastEvent: Duration
  private var lastOutput: Duration

  init(
    _ request: ChatRequest, body: [UInt8], route: Route, limits: Limits, frame: Reply.Frame, row: JournalRow,
    now: Duration, created: UInt64
  ) {
    self.request = request
    self.body = body
    self.route = route
    self.limits = limits
    self.frame = frame
    self.row = row
    self.created = created
    began = now
    attemptBegan = now
    lastEvent = now
    lastOutput = now
    chat = Self.chat(request, body, frame, created)
    stream = EventStream(minorVersion: frame.minorVersion)
    self.row.model = request.model
    self.row.streams = request.streams
  }

  private static func chat(
    _ request: ChatRequest, _ body: [UInt8], _ frame: Reply.Frame, _ created: UInt64
  ) -> ChatStream {
    var token: [UInt8] = []
    token.append(body.span.bytes(request.modelToken))
    return ChatStream(modelToken: token, asksUsage: request.asksUsage, id: frame.requestID, created: created)
  }

  // MARK: Attempts

  /// Asks for the first candidate.
  mutating func begin(_ effects: inout Effects) {
    guard let first = route.next(for: request.model, after: []) else {
      row.outcome = .refused
      refuse(
        Refusal(
          404, .modelNotFound,
          "No provider serves the model `\(request.model)`. GET /v1/models lists what there is.", param: "model"),
        &effects)
      return
    }
    effects.attempt = first
  }

  /// A request to a candidate is on its way.
  mutating func attempted(_ candidate: Route.Candidate, name: String, now: Duration) {
    if tried.isEmpty { row.queued = now - began }
    tried.append(candidate.provider)
    row.provider = name
    servedBy = "\(name)/\(candidate.model)"
    reading = .nothing
    collected.removeAll(keepingCapacity: true)
    held.removeAll(keepingCapacity: true)
    events = EventReader()
    chat = Self.chat(request, body, frame, created)
    attemptBegan = now
    lastEvent = now
  }

  /// The upstream's status and fields are there.
  mutating func responded(_ head: UpstreamHead, _ effects: inout Effects, now: Duration) {
    self.head = head
    switch head.status {
    case 200..<300: reading = request.streams && !head.isJSON && !head.isHTML ? .events : .whole
    default: reading = .refusal
    }
  }

  /// Whether body bytes are to be handed over as they arrive; otherwise they may wait for the end.
  var readsAsItArrives: Bool { reading == .events }

  /// Body bytes arrived. All of them are read.
  mutating func arrived(_ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    switch reading {
    case .events: read(bytes, &effects, now: now)
    case .whole:
      if collected.count + bytes.count > Self.answerBytesMax {
        fail(.tooLarge, &effects, now: now)
      } else {
        collected.append(bytes)
      }
    case .refusal:
      collected.append(bytes.extracting(first: min(bytes.count, max(0, Self.refusalBytesMax - collected.count))))
    case .nothing: break
    }
  }

  /// The attempt is over; `rest` is what of the body was not handed over before.
  mutating func ended(_ failure: UpstreamFailure?, rest: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    if phase == .over { return }
    if reading == .events {
      arrived(rest, &effects, now: now)
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
      answer(whole.span, &effects, now: now)
    } else {
      fail(.malformed("the response has no head"), &effects, now: now)
    }
  }

  // MARK: Whole answers

  private mutating func answer(_ json: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    do throws(UpstreamFailure) {
      if head.isHTML { throw .malformed("it answered with a web page") }
      if request.streams {
        var text: [UInt8] = []
        try ChatAnswer.restream(json, into: &text)
        reading = .events
        read(text.span, &effects, now: now)
        return
      }
      var text: [UInt8] = []
      text.reserveCapacity(json.count + 64)
      let found = try ChatAnswer.relay(json, modelToken: chat.modelToken, into: &text)
      row.usage = found.usage
      row.status = 200
      Reply.open(200, "application/json", .length(text.count), frame, into: &effects.output)
      Reply.add("x-served-by", servedBy, into: &effects.output)
      Reply.close(into: &effects.output)
      effects.output.append(contentsOf: text)
      sent(now)
      finish(.complete, .completed, &effects)
    } catch {
      fail(error, &effects, now: now)
    }
  }

  // MARK: Streams

  private mutating func read(_ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration) {
    var offset = 0
    do throws(UpstreamFailure) {
      while phase != .over, try nextEvent(bytes, &offset) { try relay(&effects, now: now) }
    } catch {
      fail(error, &effects, now: now)
    }
    stream.commit(&effects.output)
  }

  private mutating func nextEvent(_ bytes: Span<UInt8>, _ offset: inout Int) throws(UpstreamFailure) -> Bool {
    do throws(EventReader.TooLong) {
      return try events.next(in: bytes, from: &offset)
    } catch {
      throw .malformed("an event of its stream has more than \(EventReader.eventBytesMax) bytes")
    }
  }

  private mutating func relay(_ effects: inout Effects, now: Duration) throws(UpstreamFailure) {
    lastEvent = now
    let data = events.data
    let verdict: ChatStream.Verdict
    if phase == .visible {
      stream.begin(&effects.output)
      verdict = try chat.take(data.span, into: &effects.output)
      lastOutput = now
    } else {
      var shown = held
      held = []
      verdict = try chat.take(data.span, into: &shown)
      held = shown
      if verdict == .visible || verdict == .done || held.count > Self.heldBytesMax { show(&effects, now: now) }
    }
    if verdict == .done { complete(&effects, now: now) }
  }

  /// Sends the head if it is still held.
  private mutating func commit(_ effects: inout Effects, now: Duration) {
    guard phase == .held else { return }
    phase = .committed
    row.status = 200
    EventStream.head(frame, servedBy: servedBy, into: &effects.output)
    sent(now)
  }

  /// Sends what was held back; from here on there is no other candidate.
  private mutating func show(_ effects: inout Effects, now: Duration) {
    commit(&effects, now: now)
    phase = .visible
    lastOutput = now
    stream.begin(&effects.output)
    effects.output.append(contentsOf: held)
    held = []
  }

  private mutating func complete(_ effects: inout Effects, now: Duration) {
    stream.begin(&effects.output)
    chat.finish(promptBytes: request.messagesBytes, into: &effects.output)
    stream.commit(&effects.output)
    stream.end(&effects.output)
    finish(.complete, .completed, &effects)
  }

  /// The upstream's body is over without `[DONE]`.
  private mutating func endEvents(_ failure: UpstreamFailure?, _ effects: inout Effects, now: Duration) {
    if failure == nil {
      // Some servers end the last event by ending the body.
      read([0x0a, 0x0a].span, &effects, now: now)
      if effects.end != nil || effects.attempt != nil { return }
      if chat.isFinished {
        if phase != .visible { show(&effects, now: now) }
        complete(&effects, now: now)
        return
      }
    }
    fail(failure ?? .broken, &effects, now: now)
  }

  // MARK: Time

  /// When `tick` is to be called at the latest.
  var nextTick: Duration {
    guard request.streams else { return began + limits.total }
    switch phase {
    case .held: return min(began + limits.commitAfter, attemptBegan + limits.firstEvent)
    case .committed: return min(nextComment, attemptBegan + limits.firstEvent)
    case .visible: return min(nextComment, lastEvent + limits.stall)
    case .over: return .seconds(Int64.max / 4)
    }
  }

  private var nextComment: Duration {
    limits.keepAliveComment > .zero ? lastOutput + limits.keepAliveComment : .seconds(Int64.max / 4)
  }

  /// Time has passed.
  mutating func tick(_ effects: inout Effects, now: Duration) {
    guard request.streams else {
      if now >= began + limits.total { fail(.timedOut(.total), &effects, now: now) }
      return
    }
    if phase == .visible, now >= lastEvent + limits.stall { return fail(.timedOut(.stall), &effects, now: now) }
    if phase == .held || phase == .committed, now >= attemptBegan + limits.firstEvent {
      return fail(.timedOut(.firstEvent), &effects, now: now)
    }
    let isLate = phase == .held && now >= began + limits.commitAfter
    if isLate { commit(&effects, now: now) }
    if isLate || (phase != .held && phase != .over && now >= nextComment) { comment(&effects, now: now) }
  }

  /// The client has caught up: what its upstream was held back for is not the upstream's silence.
  mutating func resumed(now: Duration) {
    lastEvent = now
    lastOutput = now
  }

  /// Says something that nobody sees, so that a client who is gone for good is noticed at once: it may also
  /// only have shut its sending side, and then the answer goes on.
  mutating func probe(_ effects: inout Effects, now: Duration) {
    if phase == .committed || phase == .visible { comment(&effects, now: now) }
  }

  private mutating func comment(_ effects: inout Effects, now: Duration) {
    stream.begin(&effects.output)
    effects.output.append(": keep-alive\n\n")
    stream.commit(&effects.output)
    lastOutput = now
  }

  // MARK: Ends

  /// The attempt failed: another candidate, an HTTP error, or an error event.
  private mutating func fail(_ failure: UpstreamFailure, _ effects: inout Effects, now: Duration) {
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
    row.outcome = .failed
    let refusal = failure.refusal(provider: row.provider)
    if phase == .held { refuse(refusal, &effects) } else { breakOff(refusal, .failed, &effects) }
  }

  private mutating func breakOff(_ refusal: Refusal, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    stream.begin(&effects.output)
    effects.output.append("data: ")
    RefusalReply.body(refusal, requestID: frame.requestID, into: &effects.output)
    effects.output.append("\n\n")
    stream.commit(&effects.output)
    finish(.abort, outcome, &effects)
  }

  private mutating func refuse(_ refusal: Refusal, _ effects: inout Effects) {
    row.status = refusal.status
    var frame = frame
    if refusal.closes { frame.keepsAlive = false }
    RefusalReply.response(refusal, frame, into: &effects.output)
    finish(.complete, row.outcome, &effects)
  }

  private mutating func finish(_ end: End, _ outcome: JournalRow.Outcome, _ effects: inout Effects) {
    phase = .over
    row.outcome = outcome
    if row.usage == nil { row.usage = chat.usage ?? estimate }
    effects.end = end
  }

  private var estimate: Usage? {
    chat.textBytes > 0 ? .estimated(promptBytes: request.messagesBytes, completionBytes: chat.textBytes) : nil
  }

  private mutating func sent(_ now: Duration) {
    if row.firstByte == nil { row.firstByte = now - began }
  }

  /// The gateway stops: an error event where a stream runs, an HTTP error where nothing was sent.
  mutating func stop(_ effects: inout Effects) {
    let refusal = Refusal(
      503, .shuttingDown, "The gateway is stopping; ask again, it is back in a moment.", closes: true, retryAfter: 1)
    row.outcome = .stopped
    if phase == .held { refuse(refusal, &effects) } else { breakOff(refusal, .stopped, &effects) }
  }

  /// An attempt is not allowed; nothing was asked of the candidate.
  mutating func refused(_ refusal: Refusal, _ effects: inout Effects) {
    row.outcome = .refused
    if phase == .held { refuse(refusal, &effects) } else { breakOff(refusal, .refused, &effects) }
  }

  /// Output went to the client.
  mutating func sentBytes(_ count: Int) { row.bytesOut += count }

  /// The row for the journal, once the exchange is over.
  func finalRow(now: Duration) -> JournalRow {
    var row = row
    row.total = now - began
    return row
  }

  /// The client is gone.
  mutating func abandon() {
    phase = .over
    row.status = 499
    row.outcome = .abandoned
    if row.usage == nil { row.usage = chat.usage ?? estimate }
  }
}
