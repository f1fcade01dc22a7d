/// The upstream side of an exchange: its candidates, its attempts, and the answer as it arrives.
///
/// A fetch knows no client and no caller's dialect. Exchanges that share an answer have one each, and read from the same
/// `Flight`.
final class Fetch {
  /// Bytes of a non-streaming answer.
  static let answerBytesMax = 16 * 1024 * 1024
  /// Bytes of an error response that are read.
  static let errorBytesMax = 64 * 1024
  /// Bytes of an answer that are collected whatever else is in memory.
  static let shortAnswerBytes = 64 * 1024
  /// Bytes of a request that the kernel's buffers take, whatever the upstream does.
  static let unwatchedBytesMax = 32 * 1024

  /// How the present attempt's body is read.
  enum Reading {
    case nothing
    /// Event by event.
    case events
    /// As one text, at its end.
    case whole
    /// By its first bytes: a stream that is labeled as JSON.
    case undecided
    /// As the error of a status that is not success.
    case errorBody
  }

  /// Why no attempt runs at the moment.
  enum Pause: Equatable {
    /// The failed candidate is tried again then.
    case retry(at: Duration)
    /// The request waits for a slot, at most until then.
    case queue(until: Duration)
    /// A large request or answer is being translated.
    case translation

    var end: Duration {
      switch self {
      case .retry(let time), .queue(let time): time
      case .translation: .distant
      }
    }
  }

  /// Bytes of a stream in the current window, to enforce its minimum rate.
  struct ThroughputWindow {
    /// The length of a window.
    static let time = Duration.seconds(30)
    var began: Duration
    var bytes = 0
  }

  /// Bytes of a non-streaming answer to this call.
  private let answerBytesMax: Int
  /// The caller's body, for every attempt; empty once no other attempt can follow.
  private(set) var body: [UInt8]
  /// Those of the present attempt's provider and model.
  private(set) var timeouts: Timeouts
  /// The way through the candidates; `nil` once no other attempt can follow.
  var route: RoutePlanBox?
  /// The running attempt.
  var attempt: Attempt?
  /// Whether the answer is that of another exchange's attempt, or a kept one: its timeouts are not this one's.
  var isFollowing = false
  /// Whether the rest of its answer can wait: not where it shares its connection, whose other transfers would wait as well.
  var canWait = true
  /// The place in the queue that was given up for a slot, until an attempt takes the slot.
  var lastQueueEntry: RequestQueue.Waiting?
  private(set) var attempts = 0
  /// Why a candidate was not tried: its provider's or its model's limit is used up.
  var rejection: APIError?
  /// Why the last attempt failed.
  private(set) var failure: AttemptFailure?
  /// The failure that the caller gets if no attempt succeeds, and its provider: the last one, but not that of a provider that
  /// does not have the model, unless it was the first.
  private(set) var shownFailure: (failure: AttemptFailure, provider: String)?
  private(set) var pause: Pause?
  /// Bytes of the event that is being translated.
  private var translatingBytes = 0

  private(set) var reading = Reading.nothing
  private(set) var head = UpstreamHead(status: 0)
  private(set) var collected: [UInt8] = []
  private var sse = SSEReader()
  /// Instead of `sse` where the present attempt's upstream streams lines.
  private var ndjson: NDJSONReader?
  private(set) var provider = ""
  /// The present attempt's model, as its provider names it.
  private(set) var servedModel = ""
  /// Fields of the request that the present attempt's candidate did not get.
  private(set) var dropped: [String] = []
  /// The API key of the present attempt, which is never shown to a caller.
  private var secret: String?
  /// Bytes of the request that the upstream has taken, and since when it has taken no more; `nil` once it has all.
  private var sending: (bytes: Int, since: Duration)?
  private(set) var attemptBegan: Duration
  private var throughput: ThroughputWindow?
  /// From the start of the present attempt to its first visible event.
  private(set) var firstEvent: Duration?
  private(set) var lastEvent: Duration

  init(body: [UInt8], answerBytesMax: Int, timeouts: Timeouts, now: Duration) {
    self.body = body
    self.answerBytesMax = answerBytesMax
    self.timeouts = timeouts
    attemptBegan = now
    lastEvent = now
  }

  // MARK: Attempts

  /// A request to a candidate is on its way.
  func attemptStarted(
    _ model: String, provider: String, framing: DialectRow.Framing, dropped: [String], secret: String?,
    timeouts: Timeouts?, now: Duration
  ) {
    self.secret = secret
    self.dropped = dropped
    self.provider = provider
    endTranslation()
    if let timeouts { self.timeouts = timeouts }
    attempts += 1
    servedModel = model
    reading = .nothing
    collected.removeAll(keepingCapacity: true)
    sse = SSEReader(eventBytesMax: AnswerStream.eventBytesMax)
    ndjson = framing == .ndjson ? NDJSONReader(lineBytesMax: AnswerStream.eventBytesMax) : nil
    attemptBegan = now
    firstEvent = nil
    throughput = nil
    lastEvent = now
    sending = body.count > Self.unwatchedBytesMax ? (0, now) : nil
  }

  /// No attempt runs until the pause ends.
  func suspend(_ pause: Pause) { self.pause = pause }

  /// An event with that many bytes is translated on a thread.
  func beginTranslation(of bytes: Int) {
    pause = .translation
    translatingBytes = bytes
  }

  /// The event that was translated is relayed now.
  func endTranslation() {
    pause = nil
    translatingBytes = 0
  }

  /// Ends the pause, and returns it.
  func endPause() -> Pause? {
    defer { pause = nil }
    return pause
  }

  /// Notes why the present attempt failed; the failure without the API key.
  func fail(_ cause: AttemptFailure, isVisible: Bool) -> AttemptFailure {
    let failure = cause.without(secret: secret)
    if isVisible { return failure }
    self.failure = failure
    if shownFailure == nil || !failure.isMissing(servedModel) { shownFailure = (failure, provider) }
    return failure
  }

  /// No other attempt can follow: releases what only another attempt would need.
  func settleOnAttempt() {
    route = nil
    body = []
  }

  /// The running attempt's transfer ended by itself.
  func transferEnded() { attempt?.transfer = nil }

  // MARK: The response

  /// The upstream has taken that much of the request's body by now.
  func uploaded(_ sent: Int, of total: Int, now: Duration) {
    guard let before = sending else { return }
    if sent >= total { sending = nil } else if sent > before.bytes { sending = (sent, now) }
  }

  /// The upstream's status and fields are there.
  func headReceived(_ head: UpstreamHead, streams: Bool) throws(AttemptFailure) {
    self.head = head
    // An upstream that answers has read as much of the request as it wants.
    sending = nil
    let isSuccess = (200..<300).contains(head.status)
    if head.isEncoded, isSuccess {
      throw .malformed("it compressed its answer, which was not asked for")
    }
    reading = !isSuccess ? .errorBody : !streams || head.isHTML ? .whole : head.isJSON ? .undecided : .events
  }

  /// Collects body bytes that are read at the end of the body.
  func collect(_ bytes: Span<UInt8>) throws(AttemptFailure) {
    switch reading {
    case .whole:
      if collected.count + bytes.count > answerBytesMax { throw .tooLarge }
      collected.reserve(arriving: bytes.count, missing: min(head.length, answerBytesMax) - collected.count)
      collected.append(bytes)
    case .errorBody:
      collected.append(bytes.extracting(first: min(bytes.count, max(0, Self.errorBytesMax - collected.count))))
    case .events, .undecided, .nothing: break
    }
  }

  /// Decides by its first bytes how a body is read that is labeled as JSON although a stream was asked for.
  func decide(_ bytes: Span<UInt8>) {
    let start = Scanner.skip(in: bytes, from: 0)
    if start == bytes.count { return }
    let isStream = ndjson == nil ? EventText.mayBegin(bytes[start]) : EventText.hasLine(bytes)
    reading = isStream ? .events : .whole
  }

  /// Reads the next event; false when the rest of the bytes has none that is complete.
  func nextEvent(in bytes: Span<UInt8>, from offset: inout Int) throws(AttemptFailure) -> Bool {
    do throws(SSEReader.TooLong) {
      if ndjson != nil { return try ndjson?.next(in: bytes, from: &offset) ?? false }
      return try sse.next(in: bytes, from: &offset)
    } catch {
      throw .malformed("an event of its stream has more than \(AnswerStream.eventBytesMax) bytes")
    }
  }

  /// The data of the event that was read last, and its name.
  var event: (data: [UInt8], name: [UInt8]) { (ndjson?.data ?? sse.data, sse.name) }

  /// Bytes of the answer that are held until more of it arrives.
  private var answerBytes: Int { collected.count + (ndjson?.heldBytes ?? sse.heldBytes) }

  /// The present attempt is over: its response is that of no other.
  func attemptEnded() {
    reading = .nothing
    head = UpstreamHead(status: 0)
  }

  /// Whether the present attempt's request has been sent as a whole.
  var isSent: Bool { attempt?.transfer != nil && sending == nil }

  /// Whether no attempt runs, and one is awaited.
  var isWaiting: Bool { pause != nil && pause != .translation }

  /// Whether the present attempt's response has begun.
  var isAnswering: Bool { reading != .nothing }

  /// Whether the answer is collected, and already long: another piece of it can wait.
  var isCollectingLongAnswer: Bool { answerBytes > Self.shortAnswerBytes }

  /// Bytes that the fetch holds beside the caller's body.
  var heldBytes: Int { answerBytes + translatingBytes + (attempt?.translatedBytes ?? 0) }

  /// An event was relayed.
  func eventRelayed(bytes: Int, now: Duration) {
    lastEvent = now
    throughput?.bytes += bytes
  }

  /// The first visible output came of this attempt.
  func becameVisible(now: Duration) {
    if firstEvent == nil { firstEvent = now - attemptBegan }
    if timeouts.throughputMin > 0 { throughput = ThroughputWindow(began: now) }
  }

  /// The error that the collected body describes.
  var errorStatus: AttemptFailure {
    let text = UpstreamErrorReader.removing(secret, from: collected)
    let wait = head.retryAfter ?? RetryAfter.retryInfo(text.span)?.wholeSeconds
    let error = UpstreamErrorReader.read(text.span, retryAfter: wait.map { min($0, Dispatcher.retryAfterMax) })
    return .status(head.status, error)
  }

  /// The client has caught up: the time in which its transfer was paused is not the upstream's silence.
  func resumed(now: Duration) {
    lastEvent = now
    if throughput != nil { throughput = ThroughputWindow(began: now) }
  }

  // MARK: Time

  /// When `expired` is to be asked before any visible output, for a streaming request or for any other.
  func deadline(streams: Bool) -> Duration {
    if isFollowing { return .distant }
    let sendBy = sending.map { $0.since + timeouts.send } ?? .distant
    let answerBy = min(sendBy, headerBy ?? sendBy)
    return streams ? min(attemptBegan + timeouts.firstEvent, answerBy) : answerBy
  }

  /// The same after visible output.
  var visibleDeadline: Duration {
    if pause != nil || isFollowing { return .distant }
    let stallBy = lastEvent + timeouts.stall
    return throughput.map { min(stallBy, $0.began + ThroughputWindow.time) } ?? stallBy
  }

  private var headerBy: Duration? {
    timeouts.header > .zero && reading == .nothing ? attemptBegan + timeouts.header : nil
  }

  /// The timeout that the running attempt has exceeded before any visible output, for a streaming request or for any
  /// other; `nil` if there is none.
  func expired(streams: Bool, now: Duration) -> AttemptFailure.Phase? {
    if pause != nil || isFollowing { return nil }
    if let sending, now >= sending.since + timeouts.send { return .send }
    if let headerBy, now >= headerBy { return .head }
    return streams && now >= attemptBegan + timeouts.firstEvent ? .firstEvent : nil
  }

  /// The same after visible output. Ends a window whose rate was sufficient, and begins the next.
  func visibleExpired(now: Duration) -> AttemptFailure.Phase? {
    if pause != nil || isFollowing { return nil }
    if now >= lastEvent + timeouts.stall { return .stall }
    guard let window = throughput, now >= window.began + ThroughputWindow.time else { return nil }
    if window.bytes < timeouts.throughputMin * Int(ThroughputWindow.time / .seconds(1)) { return .throughput }
    throughput = ThroughputWindow(began: now)
    return nil
  }
}

extension Duration {
  /// A deadline that never comes.
  static var distant: Duration { .seconds(Int64.max / 4) }
}
