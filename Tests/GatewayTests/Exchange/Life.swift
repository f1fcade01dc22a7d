@testable import Gateway

/// One exchange driven by hand through time that does not pass by itself: what a gateway does, without one.
final class Life {
  /// The names of the providers, by number.
  static let names = ["a", "b", "c"]
  static let streamed = #"{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}"#
  static let whole = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#

  let exchange: Exchange
  var now = Duration.seconds(1000)
  /// The bytes that the client has received.
  var output: [UInt8] = []
  /// The candidates asked, in order.
  var attempts: [Int] = []
  var end: Effects.End?
  /// How attempts ended, in order.
  var verdicts: [AttemptResult] = []
  private let providers: Int
  /// The dialect of all providers.
  private let dialect: Dialect
  /// Output, attempts or ends that came after the end.
  var isHaunted = false
  /// Whether large events wait for `translate`.
  var delaysTranslation = false
  private var largeEvent: Effects.LargeEvent?

  init(
    _ body: String = Life.streamed, providers: Int = 2, timeouts: Timeouts = .default, minorVersion: UInt8 = 1,
    at endpoint: CallEndpoint = CallEndpoint(.openAI), from dialect: Dialect = .openAI
  ) throws {
    let bytes = Array(body.utf8)
    let request = try Call.read(bytes.span, for: endpoint, model: endpoint.model == nil ? "" : "m")
    self.providers = providers
    self.dialect = dialect
    let options = Reply.Options(
      minorVersion: minorVersion, keepsAlive: minorVersion > 0, requestID: "r1", date: Array("D".utf8))
    exchange = Exchange(
      request, body: bytes, timeouts: timeouts, options: options, record: RequestRecord(), now: now, created: 1700)
    act { exchange, effects, _ in exchange.begin(&effects) }
  }

  /// Passes one input to the exchange and performs its effects.
  func act(_ happen: (Exchange, inout Effects, Duration) -> Void) {
    let wasOver = end != nil
    var effects = Effects()
    happen(exchange, &effects, now)
    output += effects.output + (effects.body?.joined ?? [])
    if wasOver, !effects.output.isEmpty || effects.body != nil || effects.needsAttempt || effects.end != nil {
      isHaunted = true
    }
    if let verdict = effects.attemptResult { verdicts.append(verdict) }
    if let end = effects.end { self.end = end }
    if let event = effects.largeEvent {
      largeEvent = event
      if !delaysTranslation { translate() }
    }
    guard effects.needsAttempt else { return }
    if effects.end != nil { isHaunted = true }
    guard attempts.count < providers else {
      return act { exchange, effects, _ in
        exchange.noCandidateLeft(APIError(503, .noProvider, "nobody"), wait: nil, &effects)
      }
    }
    let next = attempts.count
    attempts.append(next)
    exchange.attemptStarted("m", name: Self.names[next], dialect: dialect, now: now)
  }

  /// Translates the large event that waits, as a thread does.
  func translate() {
    guard let event = largeEvent.take(), var answer = exchange.answer else { return }
    var made: [UInt8] = []
    let verdict = Result { () throws(AttemptFailure) in
      try answer.take(event.data.span, named: event.name.span, into: &made)
    }
    act { exchange, effects, now in exchange.eventMade(answer, made, verdict, &effects, now: now) }
  }

  func respond(
    _ status: Int = 200, isJSON: Bool = false, isHTML: Bool = false, retryAfter: Int? = nil
  ) {
    var head = UpstreamHead(status: status)
    head.isJSON = isJSON
    head.isHTML = isHTML
    head.retryAfter = retryAfter
    act { exchange, effects, now in exchange.headReceived(head, &effects, now: now) }
  }

  func arrive(_ text: String) { arrive(Array(text.utf8)) }

  func arrive(_ bytes: [UInt8]) {
    act { exchange, effects, now in exchange.bodyReceived(bytes.span, &effects, now: now) }
  }

  func finish(_ failure: AttemptFailure? = nil, rest: String = "") {
    finish(failure, rest: Array(rest.utf8))
  }

  func finish(_ failure: AttemptFailure?, rest: [UInt8]) {
    act { exchange, effects, now in exchange.transferEnded(failure, rest: rest.span, &effects, now: now) }
  }

  /// Lets time pass, then the alarm rings.
  func wait(_ time: Duration) {
    now += time
    act { exchange, effects, now in exchange.tick(&effects, now: now) }
  }

  /// Waits for the alarm as the exchange set it.
  func waitForAlarm() { wait(exchange.nextTick - now) }

  /// The record that the exchange would leave now.
  var row: RequestRecord { exchange.finalRecord(now: now) }
  var phase: Exchange.Phase { exchange.phase }
  var nextTick: Duration { exchange.nextTick }

  /// The response as the client reads it; `nil` when it is not well formed.
  var received: Received? { Received(output) }
  var text: String { String(decoding: output, as: UTF8.self) }
}

/// Chunks of a stream, as events.
enum Say {
  static let role = event(#"{"role":"assistant","content":""}"#)
  static let stop = event("{}", finish: #""stop""#)
  static let done = "data: [DONE]\n\n"

  static func text(_ text: String) -> String { event(#"{"content":"\#(text)"}"#) }

  static func event(_ delta: String, finish: String = "null") -> String {
    let choice = #"{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}"#
    return #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"served","choices":[\#(choice)]}"#
      + "\n\n"
  }
}
