import Reactor
import Support

/// The random behavior of providers.
enum Upstreams {
  typealias Step = Script.Step

  /// The script that answers a request, whose id says what was asked for; and the most bytes that its client may
  /// get of it at once: a stream that goes on is held back after each event, what has ended is not.
  static func script(for request: UpstreamRequest, _ chance: Chance) -> (script: Script, bytes: Int) {
    var chance = chance
    if request.method == .get { return (Script(models(&chance)), 0) }
    if request.requestID.hasSuffix("-e") { return (endless(chance), 16_384) }
    let steps = answer(&chance, streams: request.requestID.hasSuffix("-s"))
    return (
      Script(steps), steps.reduce(0) { if case .bytes(let bytes) = $1 { $0 + bytes.count + 256 } else { $0 } }
    )
  }

  private static func answer(_ chance: inout Chance, streams: Bool) -> [Step] {
    let first = Step.wait(chance.one(in: 6) ? chance.time(upTo: 20_000) : chance.time(upTo: 300))
    switch chance.weighted([52, 6, 10, 4, 4, 9, 8, 5, 3, 1]) {
    case 0: return [first] + (streams ? stream(&chance) : whole(&chance))
    case 1: return [first] + (streams ? whole(&chance) : stream(&chance))
    case 2: return [first, .fail(chance.pick(TransferError.allCases))]
    case 3: return [first, streams ? .streamHead : .head(status: 200, fields: [json]), .hang]
    case 4: return [.hang]
    case 5: return [first] + cut(streams ? stream(&chance) : whole(&chance), &chance)
    case 6: return [first] + refusal(&chance)
    case 7: return [first] + rubbish(&chance)
    case 8: return [first] + stream(&chance).dropLast(chance.between(1, 2))
    default: return [first] + huge(&chance)
    }
  }

  private static let json = "content-type: application/json"

  private static func whole(_ chance: inout Chance) -> [Step] {
    let size = chance.one(in: 20) ? chance.below(100_000) : chance.below(200)
    let text = String(repeating: "w", count: size)
    let body = Array(
      #"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#
        .utf8)
    return [.head(status: 200, fields: [json])] + pieces(body, &chance)
  }

  /// A body in up to three pieces, with time between them.
  private static func pieces(_ body: [UInt8], _ chance: inout Chance) -> [Step] {
    let cut = chance.below(3) == 0 ? chance.below(body.count + 1) : body.count
    return [.bytes(Array(body[..<cut])), .wait(chance.time(upTo: 200)), .bytes(Array(body[cut...]))]
  }

  private static func stream(_ chance: inout Chance) -> [Step] {
    var steps: [Step] = [.streamHead]
    if chance.one(in: 2) { steps.append(.text("")) }
    let slow = chance.one(in: 12)
    for _ in 0..<chance.between(1, 5) {
      if chance.one(in: 2) { steps.append(.wait(chance.time(upTo: slow ? 30_000 : 100))) }
      switch chance.below(14) {
      case 0: steps.append(.bytes(Array(": ping\n\n".utf8)))
      case 1: steps.append(.event(#"{"choices":[{"delta":{"content":"é"}}]}"#))
      case 2: steps.append(.text(String(repeating: "t", count: chance.below(9000))))
      case 3: steps += split(#"{"choices":[{"index":0,"delta":{"content":"cut"}}]}"#, &chance)
      default: steps.append(.text("word"))
      }
    }
    if !chance.one(in: 5) { steps.append(.text("", finish: #""stop""#)) }
    if chance.one(in: 3) {
      steps.append(.event(#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#))
    }
    steps.append(.done)
    // Some keep the connection after their last event.
    if chance.one(in: 8) { steps.append(.wait(chance.time(upTo: 4000))) }
    if chance.one(in: 20) { steps += [.text("late"), .hang] }
    return steps
  }

  private static func split(_ data: String, _ chance: inout Chance) -> [Step] {
    let bytes = Array("data: \(data)\n\n".utf8)
    let cut = chance.below(bytes.count)
    return [.bytes(Array(bytes[..<cut])), .wait(chance.time(upTo: 50)), .bytes(Array(bytes[cut...]))]
  }

  /// The beginning of an answer, and then a break or nothing more.
  private static func cut(_ steps: [Step], _ chance: inout Chance) -> [Step] {
    steps.prefix(chance.below(steps.count)) + [chance.one(in: 4) ? .hang : .fail(.truncated)]
  }

  private static func refusal(_ chance: inout Chance) -> [Step] {
    let status = chance.pick([400, 401, 402, 404, 413, 422, 429, 500, 503, 529])
    let fields = chance.one(in: 2) ? ["retry-after: 7"] : []
    let message = status == 503 ? chance.pick(["no", "Loading model"]) : "no"
    let code = status == 400 ? chance.pick(["y", "context_length_exceeded"]) : "y"
    return Step.json(
      #"{"error":{"message":"\#(message)","type":"x","code":"\#(code)"}}"#, status: status, fields: fields)
  }

  private static func rubbish(_ chance: inout Chance) -> [Step] {
    switch chance.below(6) {
    case 0: [.head(status: 200, fields: ["content-type: text/html"]), .bytes(Array("<html>".utf8))]
    case 1: [.head(status: 200, fields: [json]), .bytes(Array("{]".utf8))]
    case 2: [.streamHead, .event("{]"), .done]
    case 3: [.streamHead, .text("a"), .event(#"{"error":{"message":"boom"}}"#)]
    case 4: [.streamHead, .text("a"), .bytes([0xff, 0, 0x0a, 0x0a]), .event("nonsense")]
    default: [.bytes(Array("body without a head".utf8))]
    }
  }

  /// One event as large as is allowed, or larger.
  private static func huge(_ chance: inout Chance) -> [Step] {
    let size = chance.one(in: 20) ? 1_100_000 : chance.between(20_000, 200_000)
    return [.streamHead, .text("a"), .text(String(repeating: "h", count: size)), .done]
  }

  /// A stream that continues until it is canceled, first fast and then slow.
  private static func endless(_ chance: Chance) -> Script {
    var chance = chance
    let size = chance.pick([4, 4, 500, 12_000])
    let piece = Step.text(String(repeating: "e", count: size))
    let pause = chance.pick([5, 20, 500])
    let burst = chance.between(1, 40)
    let flood = size > 1000 ? 32 : chance.between(1, 120)
    var number = 0
    var isPause = true
    return Script {
      if number == 0 {
        number = 1
        return .streamHead
      }
      isPause.toggle()
      if isPause, number > flood { return .wait(.seconds(3)) }
      if isPause, number % burst == 0 { return .wait(.milliseconds(pause)) }
      number += 1
      return piece
    }
  }

  private static func models(_ chance: inout Chance) -> [Step] {
    switch chance.below(6) {
    case 0: [.hang]
    case 1: [.fail(.connectFailed)]
    case 2: Step.json("{}", status: 500)
    case 3: [.wait(chance.time(upTo: 3000))] + Step.json("nonsense")
    default:
      [.wait(chance.time(upTo: 100))] + Step.json(#"{"object":"list","data":[{"id":"m","object":"model"}]}"#)
    }
  }
}
