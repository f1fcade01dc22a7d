import Glibc
import Support
import Testing

@testable import Gateway

/// The cost of a translation grows with its input, for every caller's dialect and every provider's: twice the input costs
/// less than three times the memory, and makes less than three times the output.
@Suite(.enabled(if: Allocations.areCounted)) struct GrowthTests {
  private static let callers = [
    CallEndpoint(.openAI), CallEndpoint(.anthropic), CallEndpoint(.responses), CallEndpoint(.ollama),
    CallEndpoint(.ollama, form: .generate), CallEndpoint(.gemini, form: .events),
    CallEndpoint(.gemini, form: .array),
  ]

  /// The bytes allocated and made, and the processor's time in nanoseconds.
  private struct Cost {
    var allocated = Int.max
    var made = 0
    var nanoseconds = Int.max
  }

  private static func measure(_ work: () throws -> Int) rethrows -> Cost {
    var best = Cost()
    for _ in 0..<2 {
      let (bytes, start) = (Allocations.bytes, now())
      best.made = try work()
      best.nanoseconds = min(best.nanoseconds, now() - start)
      best.allocated = min(best.allocated, Allocations.bytes - bytes)
    }
    return best
  }

  private static func now() -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// Compares the costs of two sizes, one four times the other, so that the limit is three times three. The time has a
  /// wider limit, because machines are shared.
  private static func compare(_ name: String, _ work: (Int) throws -> Int) rethrows {
    let (small, large) = (try measure { try work(200) }, try measure { try work(800) })
    #expect(large.allocated < 9 * small.allocated + 65_536, "\(name): \(small) \(large)")
    #expect(large.made < 9 * small.made + 4096, "\(name): \(small) \(large)")
    #expect(large.nanoseconds < 12 * small.nanoseconds + 1_000_000, "\(name): \(small) \(large)")
  }

  // MARK: Streams

  enum Shape: CaseIterable {
    case texts, alternating, calls, callsInOneEvent, arguments, signatures, escapes
  }

  /// The events of a stream in a provider's dialect, and `nil` if it has no such shape.
  private static func events(_ shape: Shape, _ count: Int, _ dialect: Dialect) -> [String]? {
    let numbers = 0..<count
    switch dialect {
    case .openAI, .responses:
      func delta(_ text: String) -> String { #"{"choices":[{"index":0,"delta":{\#(text)}}]}"# }
      func call(_ index: Int) -> String {
        #"{"index":\#(index),"id":"c\#(index)","function":{"name":"f","arguments":"{}"}}"#
      }
      let all: [String]
      switch shape {
      case .texts: all = numbers.map { _ in delta(#""content":"a""#) }
      case .alternating:
        all = numbers.map { delta($0 % 2 == 0 ? #""content":"a""# : #""reasoning_content":"b""#) }
      case .calls: all = numbers.map { delta(#""tool_calls":[\#(call($0))]"#) }
      case .callsInOneEvent: all = [delta(#""tool_calls":[\#(numbers.map(call).joined(separator: ","))]"#)]
      case .arguments:
        all =
          [delta(#""tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":["}}]"#)]
          + numbers.map { _ in delta(#""tool_calls":[{"index":0,"function":{"arguments":"1,"}}]"#) }
          + [delta(#""tool_calls":[{"index":0,"function":{"arguments":"1]}"}}]"#)]
      case .signatures:
        all = numbers.map { _ in delta(#""thinking_blocks":[{"type":"thinking","thinking":"","signature":"abcd"}]"#)
        }
      case .escapes: all = [delta(#""content":"\#(String(repeating: #"\n\u00e9"#, count: count))""#)]
      }
      return all + [#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]"]
    case .anthropic:
      func start(_ index: Int, _ block: String) -> String {
        #"{"type":"content_block_start","index":\#(index),"content_block":{\#(block)}}"#
      }
      func delta(_ index: Int, _ text: String) -> String {
        #"{"type":"content_block_delta","index":\#(index),"delta":{\#(text)}}"#
      }
      func stop(_ index: Int) -> String { #"{"type":"content_block_stop","index":\#(index)}"# }
      let tool = #""type":"tool_use","id":"c","name":"f","input":{}"#
      let all: [String]
      switch shape {
      case .texts: all = numbers.map { _ in delta(0, #""text":"a""#) }
      case .alternating: all = numbers.map { delta(0, $0 % 2 == 0 ? #""text":"a""# : #""thinking":"b""#) }
      case .calls: all = numbers.flatMap { [start($0, tool), stop($0)] }
      case .callsInOneEvent: return nil
      case .arguments:
        all =
          [start(0, tool), delta(0, #""partial_json":"{\"a\":[""#)]
          + numbers.map { _ in delta(0, #""partial_json":"1,""#) } + [delta(0, #""partial_json":"1]}""#), stop(0)]
      case .signatures: all = numbers.map { _ in delta(0, #""signature":"abcd""#) }
      case .escapes: all = [delta(0, #""text":"\#(String(repeating: #"\n\u00e9"#, count: count))""#)]
      }
      return [#"{"type":"message_start","message":{"id":"m"}}"#] + all
        + [#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#]
    case .ollama:
      func line(_ text: String) -> String { #"{"message":{\#(text)},"done":false}"# }
      let call = #"{"function":{"name":"f","arguments":{"a":1}}}"#
      let all: [String]
      switch shape {
      case .texts: all = numbers.map { _ in line(#""content":"a""#) }
      case .alternating: all = numbers.map { line($0 % 2 == 0 ? #""content":"a""# : #""thinking":"b""#) }
      case .calls: all = numbers.map { _ in line(#""tool_calls":[\#(call)]"#) }
      case .callsInOneEvent:
        all = [line(#""tool_calls":[\#(numbers.map { _ in call }.joined(separator: ","))]"#)]
      case .escapes: all = [line(#""content":"\#(String(repeating: #"\n\u00e9"#, count: count))""#)]
      case .arguments, .signatures: return nil
      }
      return all + [#"{"message":{},"done":true}"#]
    case .gemini:
      func parts(_ parts: [String]) -> String {
        #"{"candidates":[{"content":{"parts":[\#(parts.joined(separator: ","))]}}]}"#
      }
      let call = #"{"functionCall":{"name":"f","args":{}}}"#
      let all: [String]
      switch shape {
      case .texts: all = numbers.map { _ in parts([#"{"text":"a"}"#]) }
      case .alternating:
        all = numbers.map { parts([$0 % 2 == 0 ? #"{"text":"a"}"# : #"{"text":"b","thought":true}"#]) }
      case .calls: all = numbers.map { _ in parts([call]) }
      case .callsInOneEvent: all = [parts(numbers.map { _ in call })]
      case .signatures: all = numbers.map { _ in parts([#"{"text":"","thought":true,"thoughtSignature":"abcd"}"#]) }
      case .escapes: all = [parts([#"{"text":"\#(String(repeating: #"\n\u00e9"#, count: count))"}"#])]
      case .arguments: return nil
      }
      return all + [#"{"candidates":[{"finishReason":"STOP"}]}"#]
    }
  }

  @Test(arguments: Dialect.upstream, Shape.allCases)
  func `a stream costs in proportion to its length`(provider: Dialect, shape: Shape) throws {
    guard Self.events(shape, 1, provider) != nil else { return }
    for caller in Self.callers {
      Self.compare("\(provider) \(shape) to \(caller.dialect) \(caller.form)") { count in
        let events = Self.events(shape, count, provider) ?? []
        let stream = Array(
          events.map { provider == .ollama ? $0 + "\n" : "data: " + $0 + "\n\n" }.joined().utf8)
        return relay(stream, from: provider, to: caller).utf8.count
      }
    }
  }

  // MARK: Whole answers

  private static func whole(_ shape: Shape, _ count: Int, _ dialect: Dialect) -> String? {
    func list(_ element: String) -> String { Array(repeating: element, count: count).joined(separator: ",") }
    let text = String(repeating: #"\n\u00e9"#, count: count)
    switch (dialect, shape) {
    case (.openAI, .calls):
      let call = #"{"id":"c","function":{"name":"f","arguments":"{}"}}"#
      return #"{"choices":[{"message":{"tool_calls":[\#(list(call))]},"finish_reason":"stop"}]}"#
    case (.openAI, .escapes): return #"{"choices":[{"message":{"content":"\#(text)"},"finish_reason":"stop"}]}"#
    case (.openAI, .texts):
      return
        #"{"choices":[{"message":{"content":[\#(list(#"{"type":"text","text":"a"}"#))]},"finish_reason":"stop"}]}"#
    case (.openAI, .signatures):
      let block = #"{"type":"thinking","thinking":"","signature":"abcd"}"#
      return #"{"choices":[{"message":{"thinking_blocks":[\#(list(block))]},"finish_reason":"stop"}]}"#
    case (.anthropic, .calls):
      return #"{"content":[\#(list(#"{"type":"tool_use","id":"c","name":"f","input":{"a":1}}"#))]}"#
    case (.anthropic, .alternating):
      return #"{"content":[\#(list(#"{"type":"text","text":"a"}"#))]}"#
    case (.anthropic, .signatures):
      return #"{"content":[\#(list(#"{"type":"thinking","thinking":"","signature":"abcd"}"#))]}"#
    case (.ollama, .calls):
      return #"{"message":{"tool_calls":[\#(list(#"{"function":{"name":"f","arguments":{}}}"#))]},"done":true}"#
    case (.ollama, .escapes): return #"{"message":{"content":"\#(text)"},"done":true}"#
    case (.gemini, .calls):
      return #"{"candidates":[{"content":{"parts":[\#(list(#"{"functionCall":{"name":"f","args":{}}}"#))]}}]}"#
    case (.gemini, .texts): return #"{"candidates":[{"content":{"parts":[\#(list(#"{"text":"a"}"#))]}}]}"#
    case (.gemini, .signatures):
      let part = #"{"text":"","thought":true,"thoughtSignature":"abcd"}"#
      return #"{"candidates":[{"content":{"parts":[\#(list(part))]}}]}"#
    default: return nil
    }
  }

  @Test(arguments: Dialect.upstream, Shape.allCases)
  func `a whole answer costs in proportion to its length`(provider: Dialect, shape: Shape) throws {
    guard Self.whole(shape, 1, provider) != nil else { return }
    for caller in Self.callers {
      try Self.compare("\(provider) \(shape) to \(caller.dialect) \(caller.form)") { count in
        try answer(Array((Self.whole(shape, count, provider) ?? "").utf8), from: provider, to: caller).count
      }
    }
  }

  // MARK: Requests

  enum RequestShape: CaseIterable { case messages, parts, tools, results, escapes, schema, unknown }

  private static func request(_ shape: RequestShape, _ count: Int, _ dialect: Dialect) -> String? {
    func list(_ element: (Int) -> String) -> String { (0..<count).map(element).joined(separator: ",") }
    let text = String(repeating: #"\n\u00e9"#, count: count)
    let schema =
      #"{"type":"object","nullable":true,"properties":{\#(list { #""p\#($0)":{"type":"STRING","nullable":true}"# })}}"#
    let unknown = list { #""x\#($0 % 100)\#($0)":1"# }
    let (start, more): (String, String)
    switch dialect {
    case .openAI: (start, more) = (#"{"model":"m","messages":"#, "")
    case .anthropic: (start, more) = (#"{"model":"m","max_tokens":9,"messages":"#, "")
    case .responses: (start, more) = (#"{"model":"m","input":"#, "")
    case .ollama:
      (start, more) = (#"{"model":"m","options":{\#(shape == .unknown ? unknown : "")},"messages":"#, "")
    case .gemini:
      (start, more) = (#"{"generationConfig":{\#(shape == .unknown ? unknown : "")},"contents":"#, "")
    }
    let isGemini = dialect == .gemini
    let user = isGemini ? #"{"role":"user","parts":[{"text":"a"}]}"# : #"{"role":"user","content":"a"}"#
    func tool(_ name: String, _ schema: String) -> String {
      switch dialect {
      case .openAI, .ollama: #"{"type":"function","function":{"name":"\#(name)","parameters":\#(schema)}}"#
      case .responses: #"{"type":"function","name":"\#(name)","parameters":\#(schema)}"#
      case .anthropic: #"{"name":"\#(name)","input_schema":\#(schema)}"#
      case .gemini: #"{"functionDeclarations":[{"name":"\#(name)","parameters":\#(schema)}]}"#
      }
    }
    let object = #"{"type":"object"}"#
    switch shape {
    case .messages: return start + "[" + list { _ in user } + "]" + more + "}"
    case .escapes: return start + "[" + user.replacing(#""a""#, with: "\"\(text)\"") + "]" + more + "}"
    case .tools: return start + "[\(user)]" + #","tools":[\#(list { tool("f\($0)", object) })]}"#
    case .schema: return start + "[\(user)]" + #","tools":[\#(tool("f", schema))]}"#
    case .unknown: return dialect == .ollama || isGemini ? start + "[\(user)]}" : nil
    case .parts:
      switch dialect {
      case .openAI, .anthropic:
        return start + #"[{"role":"user","content":[\#(list { _ in #"{"type":"text","text":"a"}"# })]}]}"#
      case .responses:
        return start + #"[{"role":"user","content":[\#(list { _ in #"{"type":"input_text","text":"a"}"# })]}]}"#
      case .gemini: return start + #"[{"role":"user","parts":[\#(list { _ in #"{"text":"a"}"# })]}]}"#
      case .ollama: return nil
      }
    case .results:
      switch dialect {
      case .openAI:
        let calls = list { #"{"id":"c\#($0)","type":"function","function":{"name":"f","arguments":"{}"}}"# }
        let results = list { #"{"role":"tool","tool_call_id":"c\#($0)","content":"r"}"# }
        return start + #"[\#(user),{"role":"assistant","tool_calls":[\#(calls)]},\#(results)]}"#
      case .anthropic:
        let calls = list { #"{"type":"tool_use","id":"c\#($0)","name":"f","input":{}}"# }
        let results = list { #"{"type":"tool_result","tool_use_id":"c\#($0)","content":"r"}"# }
        return start
          + #"[\#(user),{"role":"assistant","content":[\#(calls)]},{"role":"user","content":[\#(results)]}]}"#
      case .responses:
        let calls = list { #"{"type":"function_call","call_id":"c\#($0)","name":"f","arguments":"{}"}"# }
        let results = list { #"{"type":"function_call_output","call_id":"c\#($0)","output":"r"}"# }
        return start + #"[\#(user),\#(calls),\#(results)]}"#
      case .ollama:
        let calls = list { _ in #"{"function":{"name":"f","arguments":{}}}"# }
        return start
          + #"[\#(user),{"role":"assistant","tool_calls":[\#(calls)]},\#(list { _ in #"{"role":"tool","content":"r"}"# })]}"#
      case .gemini:
        let calls = list { _ in #"{"functionCall":{"name":"f","args":{}}}"# }
        let results = list { _ in #"{"functionResponse":{"name":"f","response":{}}}"# }
        return start + #"[\#(user),{"role":"model","parts":[\#(calls)]},{"role":"user","parts":[\#(results)]}]}"#
      }
    }
  }

  @Test(arguments: [Dialect.openAI, .anthropic, .responses, .ollama, .gemini], RequestShape.allCases)
  func `a request costs in proportion to its length`(caller: Dialect, shape: RequestShape) throws {
    guard Self.request(shape, 1, caller) != nil else { return }
    for provider in Dialect.upstream {
      try Self.compare("\(caller) \(shape) to \(provider)") { count in
        let json = Array((Self.request(shape, count, caller) ?? "").utf8)
        let call = try Call.read(json.span, for: CallEndpoint(caller), model: "m")
        switch try call.body(
          json.span, in: provider, for: WriteTarget(model: "n", maxTokensLimit: 5, streams: true))
        {
        case .edited(let edits): return edits.text(of: json.span).count
        case .translated(let written): return written.body.count
        }
      }
    }
  }

  // MARK: The bound

  @Test func `an answer has a limit of items`() throws {
    let nothing: [UInt8] = []
    var sequencer = AnswerSequencer()
    for number in 0..<AnswerSequencer.itemsMax {
      let text = EscapedText("a")
      _ = try sequencer.takes(number % 2 == 0 ? .text(text) : .thinking(text), nothing.span)
    }
    #expect(throws: AttemptFailure.malformed("it has over \(AnswerSequencer.itemsMax) items")) {
      _ = try sequencer.takes(.redactedThinking(EscapedText("a")), nothing.span)
    }
  }
}
