import Foundation
import Testing

@testable import Gateway

/// Random answers in every dialect, with random habits of upstreams, for callers of every dialect, cut anywhere.
///
/// `HOOSH_SIM_SEED` plays one seed, or begins there; `HOOSH_SIM_LIVES` says how many answers.
@Suite struct QuirkTests {
  private static let callers = [
    CallEndpoint(.openAI), CallEndpoint(.anthropic), CallEndpoint(.responses), CallEndpoint(.ollama),
    CallEndpoint(.gemini, form: .events),
  ]

  private static func environment(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
  }

  /// Plays lives until five laws are broken. Every habit of the table must occur.
  private static func play(_ table: [String], _ live: (UInt64) -> (habits: [String], breaches: [String])) {
    let seed = environment("HOOSH_SIM_SEED")
    let lives = environment("HOOSH_SIM_LIVES") ?? (seed == nil ? 600 : 1)
    var missing = Set(table)
    var breaches: [String] = []
    for life in (seed ?? 1)..<(seed ?? 1) + lives where breaches.count < 5 {
      let lived = live(life)
      missing.subtract(lived.habits)
      breaches += lived.breaches.map { "seed \(life), \($0)" }
    }
    for breach in breaches { Issue.record("\(breach)") }
    if lives >= 600, seed == nil { #expect(missing == [], "habits that never occur prove too little") }
  }

  @Test func `an answer reaches every caller whole, whatever the habits of its upstream`() {
    Self.play(UpstreamHabit.table.map(\.name)) { life in
      var answer = QuirkyAnswer(seed: life)
      let breaches = Self.callers.compactMap { caller in
        answer.breach(for: caller).map { "\(answer.dialect) to \(caller.dialect): \($0)\n\(answer.description)" }
      }
      return (answer.habits.map(\.name), breaches)
    }
  }

  @Test func `a conversation reaches every provider whole, whatever the habits of its caller`() {
    Self.play(CallerHabit.table.map { "\($0.dialect) \($0.name)" }) { life in
      let request = QuirkyRequest(seed: life)
      let kinds = QuirkyRequest.providers.filter { $0.row.dialect != request.dialect }
      let breaches = kinds.compactMap { kind in
        request.breach(at: kind).map { "\(request.dialect) to \(kind): \($0)\n\(request.description)" }
      }
      return (request.habits.map { "\($0.dialect) \($0.name)" }, breaches)
    }
  }

  @Test func `the table has at least forty habits of callers`() { #expect(CallerHabit.table.count >= 40) }

  @Test func `the table has at least sixty habits, each with a name of its own in its dialect`() {
    #expect(UpstreamHabit.table.count >= 60)
    for dialect in Dialect.allCases {
      let names = UpstreamHabit.table.filter { $0.dialects.contains(dialect) }.map(\.name)
      #expect(Set(names).count == names.count)
    }
  }
}

/// One answer: what the model says, the habits of its upstream, and where its stream is cut or breaks off.
private struct QuirkyAnswer {
  let dialect: Dialect
  let speech: Speech
  let habits: [UpstreamHabit]
  private let stream: [UInt8]
  private let isFailure: Bool
  private var chance: Chance

  init(seed: UInt64) {
    var chance = Chance(seed)
    dialect = chance.pick([.openAI, .anthropic, .ollama, .gemini])
    speech = Speech(&chance)
    var habits: [UpstreamHabit] = []
    let dialect = dialect
    let possible = UpstreamHabit.table.filter { $0.dialects.contains(dialect) }
    for _ in 0..<chance.below(6) {
      let habit = chance.pick(possible)
      let isTaken = habits.contains { $0.name == habit.name || !habit.group.isEmpty && $0.group == habit.group }
      if !isTaken { habits.append(habit) }
    }
    self.habits = habits
    var style = UpstreamStyle()
    for habit in habits { habit.style(&style) }
    let text = UpstreamText(speech: speech, style: style)
    var events = text.events(dialect)
    for habit in habits { habit.edit(&events) }
    isFailure = chance.one(in: 6)
    if isFailure { Self.fail(&events, dialect, &chance) }
    stream = text.stream(events, dialect)
    self.chance = chance
  }

  /// Replaces an event, and everything after it, by an error of the dialect.
  private static func fail(_ events: inout [JSONTree], _ dialect: Dialect, _ chance: inout Chance) {
    // Before the finish, behind which an answer is complete.
    let end = max(1, events.count - (dialect == .openAI || dialect == .anthropic ? 2 : 1))
    events = Array(events.prefix(chance.below(end)))
    let inner = JSONTree.make([
      "message": .text("out of order"), "type": .text("server_error"), "code": .number(500),
    ])
    switch dialect {
    case .anthropic: events.append(.make(["type": .text("error"), "error": inner]))
    case .ollama: events.append(.make(["error": .text("out of order")]))
    default: events.append(.make(["error": inner]))
    }
  }

  var description: String {
    "habits: \(habits.map(\.name)); says \(speech)\n\(String(decoding: stream, as: UTF8.self))"
  }

  /// Returns the law that the caller's stream breaks, if any.
  mutating func breach(for caller: CallEndpoint) -> String? {
    let whole = relay(stream, from: dialect, to: caller)
    let cuts = Set((0..<chance.below(6)).map { _ in chance.between(1, stream.count - 1) }).sorted()
    if relay(stream, from: dialect, to: caller, cutAt: cuts) != whole {
      return "cut at \(cuts), it is another stream"
    }
    let heard = HeardAnswer(stream: whole, caller)
    let shown = "\n" + whole
    if isFailure { return heard.isError && !heard.isEnded ? nil : "an error is a success" + shown }
    if heard.isError { return "a success is an error" + shown }
    if heard.text != speech.text { return "another text" + shown }
    if heard.thinking != speech.thinking { return "other thinking" + shown }
    if heard.callsInOneForm != speech.calls { return "other calls, \(heard.callsInOneForm)" + shown }
    if caller.dialect != .ollama, caller.dialect != .gemini {
      let ids = heard.calls.map(\.id)
      if ids.contains("") || Set(ids).count != ids.count { return "calls without IDs of their own" + shown }
    }
    if !heard.isEnded || heard.finishes != 1 { return "\(heard.finishes) ends" + shown }
    // In the upstream's own dialect the events pass, with as many counts as they have.
    guard let usage = heard.usages.last, caller.dialect == .openAI || caller.dialect != dialect else { return nil }
    if caller.dialect != .gemini, heard.usages.count != 1 {
      return "usage is counted \(heard.usages.count) times" + shown
    }
    return usage == (speech.promptTokens, speech.completionTokens) ? nil : "usage \(usage)" + shown
  }
}

/// One request: a conversation, and the habits of its caller.
private struct QuirkyRequest {
  static let providers: [ProviderKind] = [.openAi, .mistral, .deepSeek, .llamaCpp, .anthropic, .google, .ollama]

  let dialect: Dialect
  let habits: [CallerHabit]
  private let dialogue: Dialogue
  private let body: [UInt8]

  init(seed: UInt64) {
    var chance = Chance(seed)
    dialect = chance.pick(Dialect.allCases)
    dialogue = Dialogue(&chance)
    var habits: [CallerHabit] = []
    let dialect = dialect
    let possible = CallerHabit.table.filter { $0.dialect == dialect }
    for _ in 0..<chance.below(6) {
      let habit = chance.pick(possible)
      if !habits.contains(where: { $0.name == habit.name }) { habits.append(habit) }
    }
    self.habits = habits
    var request = CallerText(dialogue: dialogue).request(dialect)
    for habit in habits { habit.edit(&request) }
    body = Array(request.written(JSONTree.Style(isSpaced: chance.one(in: 3), escapesAll: chance.one(in: 3))).utf8)
  }

  var description: String { "habits: \(habits.map(\.name))\n\(String(decoding: body, as: UTF8.self))" }

  /// Returns the law that the provider's request breaks, if any.
  func breach(at kind: ProviderKind) -> String? {
    let row = kind.row
    let target = WriteTarget(model: "m", streams: false, isLocal: row.isLocal, rules: row.rules)
    let written: WrittenRequest
    do throws(APIError) {
      let call = try Call.read(body.span, for: CallEndpoint(dialect), model: "m")
      guard case .translated(let made) = try call.body(body.span, in: row.dialect, for: target) else {
        return "it is not translated"
      }
      written = made
    } catch {
      return "it is rejected: \(error.message)"
    }
    let heard = HeardRequest(written.body, row.dialect)
    let shown = "\n" + String(decoding: written.body, as: UTF8.self)
    if let fault = heard.fault { return fault + shown }
    if heard.told != dialogue.inOneForm { return "\(heard.told) instead of \(dialogue.inOneForm)" + shown }
    return nil
  }
}
