@testable import Gateway
import Testing

/// Lives of exchanges by chance: whatever an upstream does and whenever, the client's side holds.
@Suite struct RandomLivesTests {
  @Test(arguments: 0..<4)
  func `no life breaks the contract`(_ group: Int) throws {
    var random = SplitMix(state: UInt64(group) &* 7919 &+ 1)
    var ends: [String: Int] = [:]
    for number in 0..<1250 {
      let kept = random.state
      var course = Course(random: random)
      let verdict = try course.run()
      random = course.random
      ends[verdict.outcome, default: 0] += 1
      if let fault = verdict.fault {
        Issue.record("life \(number), state \(kept): \(fault)")
        return
      }
    }
    // A walk that never comes by one of these is too narrow to prove anything.
    for outcome in ["completed", "failed", "upstream_truncated", "client_closed", "shutdown"] {
      #expect(ends[outcome, default: 0] > 10, "\(outcome) of \(ends)")
    }
  }
}

/// One life by chance.
private struct Course {
  var random: SplitMix
  private var body: [UInt8] = []
  private var isRunning = false

  init(random: SplitMix) { self.random = random }

  mutating func run() throws -> (outcome: String, fault: String?) {
    let asks = chance(3) ? #","stream_options":{"include_usage":true}"# : ""
    let streams = !chance(5)
    let request = #"{"model":"m","stream":\#(streams)\#(asks),"messages":[{"role":"user","content":"hello"}]}"#
    let life = try Life(request, providers: below(3) + 1, minorVersion: chance(6) ? 0 : 1)
    var isGone = false
    for _ in 0..<60 where life.end == nil && !isGone {
      let asked = life.attempts.count
      isGone = step(life)
      if life.attempts.count != asked { isRunning = false }
      if let fault = Self.fault(life) { return ("", fault) }
    }
    if life.end == nil, !isGone { life.act { exchange, effects, _ in exchange.stop(&effects) } }
    if life.end != nil {
      // Late input has no receiver.
      life.arrive(Say.text("late"))
      life.finish(.connectionLost)
      life.act { exchange, effects, now in exchange.pingClient(&effects, now: now) }
    }
    let fault = Self.fault(life) ?? Self.lastFault(life, isGone: isGone, streams: streams, isAsked: !asks.isEmpty)
    return (life.row.outcome.rawValue, fault)
  }

  /// One thing happens; whether the client left.
  private mutating func step(_ life: Life) -> Bool {
    switch below(20) {
    case 0 where chance(4):
      life.exchange.cancel()
      return true
    case 1 where chance(5): life.act { exchange, effects, _ in exchange.stop(&effects) }
    case 2, 3: life.wait(.milliseconds(Int64(below(9000))))
    case 4 where chance(6): life.wait(.seconds(Int64(below(400))))
    case 5: life.waitForAlarm()
    case 6: life.act { exchange, effects, now in exchange.pingClient(&effects, now: now) }
    case 7: life.exchange.resumed(now: life.now)
    default: advance(life)
    }
    return false
  }

  /// The upstream does its next thing.
  private mutating func advance(_ life: Life) {
    if !isRunning {
      if chance(8) { return life.finish(.unreachable) }
      let kind = below(12)
      isRunning = true
      switch kind {
      case 0: life.respond([400, 401, 404, 429, 500, 503][below(6)])
      case 1: life.respond(isHTML: true)
      case 2, 3: life.respond(isJSON: true)
      default: life.respond()
      }
      body = kind == 2 || kind == 3 || !life.exchange.call.streams ? whole() : stream()
      return
    }
    if body.isEmpty || chance(12) {
      let rest = chance(2) ? body : []
      return life.finish(chance(4) ? .connectionLost : nil, rest: rest)
    }
    let count = min(body.count, chance(2) ? below(20) + 1 : below(600) + 1)
    life.arrive(Array(body.prefix(count)))
    body.removeFirst(count)
  }

  private mutating func stream() -> [UInt8] {
    var text = chance(2) ? Say.role : ""
    for _ in 0..<below(6) { text += piece() }
    if !chance(4) { text += Say.stop }
    if chance(3) { text += #"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"# + "\n\n" }
    if !chance(4) { text += Say.done }
    if chance(8) { text = String(text.prefix(below(text.count + 1))) }
    if chance(6) { text = text.replacing("\n", with: "\r\n") }
    return Array(text.utf8)
  }

  private mutating func piece() -> String {
    switch below(16) {
    case 0: ": ping\n\n"
    case 1: "event: ping\n\n"
    case 2 where chance(3): #"data: {"error":{"message":"boom"}}"# + "\n\n"
    case 3 where chance(4): "data: {]\n\n"
    case 4: #"data: {"choices":null}"# + "\n\n"
    case 5: Say.event("{}")
    case 6: #"data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":null}}]}}]}"# + "\n\n"
    case 7: Say.event(#"{"content":"x"}"#, finish: #""length""#)
    case 8: #"data: {"choices":[{"index":\#(below(90)),"delta":{"content":"\u00e9 [DONE]"}}]}"# + "\n\n"
    default: Say.text("word")
    }
  }

  private mutating func whole() -> [UInt8] {
    chance(5) ? Array("{\"error\":\"x\"}".utf8) : Array(WholeAnswerTests.answer.utf8)
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
  private mutating func chance(_ one: Int) -> Bool { below(one) == 0 }

  // MARK: What must hold

  /// Returns the invariant that does not hold, or nil.
  private static func fault(_ life: Life) -> String? {
    if life.isHaunted { return "something came behind the end" }
    if Set(life.attempts).count != life.attempts.count { return "a candidate was asked twice" }
    if Received.final(life.output).isEmpty { return nil }
    guard let received = life.received else { return "the response is malformed: \(life.text)" }
    if received.fields["content-type"]?.hasPrefix("text/event-stream") == true, !received.hasPlainEvents {
      return "an event is malformed: \(received.text)"
    }
    if life.end == nil, received.events.contains(where: { $0 == "[DONE]" || $0.hasPrefix(#"{"error""#) }) {
      return "an end came before the end"
    }
    if life.end == nil, received.isWhole { return "the body ended before the end" }
    let final = String(decoding: Received.final(life.output), as: UTF8.self)
    if final.components(of: "HTTP/1.1 ") != 1 { return "more than one final head" }
    return nil
  }

  /// Returns the invariant of a finished exchange that does not hold, or nil.
  private static func lastFault(_ life: Life, isGone: Bool, streams: Bool, isAsked: Bool) -> String? {
    if isGone { return nil }
    guard let end = life.end, let received = life.received else { return "no end, or no answer" }
    let isStream = received.fields["content-type"]?.hasPrefix("text/event-stream") == true
    let dones = received.events.count { $0 == "[DONE]" }
    let errors = received.events.count { $0.hasPrefix(#"{"error""#) }
    let row = life.row
    if row.status != received.status { return "the row says \(row.status), the client got \(received.status)" }
    if (row.outcome == .completed) != (received.status == 200 && end == .complete) {
      return "outcome \(row.outcome)"
    }
    if !isStream { return end == .complete && received.isWhole ? nil : "a whole answer is not whole" }
    if !streams { return "a stream for who asked for none" }
    let isChunked = received.fields["transfer-encoding"] != nil
    switch end {
    case .complete:
      if dones != 1 || errors != 0 || received.events.last != "[DONE]" { return "completed without its last event" }
      if received.isWhole != isChunked { return "completed without its last chunk" }
      let usages = received.events.count { $0.contains(#""usage":{"#) }
      if !isAsked, usages > 0 { return "usage that the caller did not request" }
      if isAsked, usages != 1 { return "\(usages) usage events" }
    case .abort:
      if dones != 0 || errors != 1 || received.isWhole { return "broken off, but it looks whole" }
      if received.events.last?.hasPrefix(#"{"error""#) != true { return "the error is not last" }
    }
    return nil
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
