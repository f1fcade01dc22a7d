internal import Reactor

/// The demo provider's answers as scripts: the wire of an OpenAI-compatible server, step by step.
extension Demo {
  /// The script that answers one request.
  func script(model: String, streams: Bool, wantsUsage: Bool, promptBytes: Int, created: UInt64) -> Script {
    let demo = settings(for: model)
    switch demo.failure {
    case .refuse:
      let body = #"{"error":{"message":"the demo provider was told to refuse","type":"server_error","code":null}}"#
      return Script([
        .wait(demo.first), .head(status: 500, fields: ["content-type: application/json"]), .bytes(Array(body.utf8)),
      ])
    case .before: return Script([.wait(demo.first), .fail(.closedBeforeResponse)])
    default: break
    }
    let usage = Usage.estimated(promptBytes: promptBytes, completionBytes: demo.tokens * 4)
    let wire = DemoWire(model: Writer.string(model), created: created, usage: usage)
    return streams ? demo.stream(wire, wantsUsage) : demo.answer(wire)
  }

  private var gap: Duration { rate <= 0 ? .zero : .seconds(1 / rate) }

  private func answer(_ wire: DemoWire) -> Script {
    var text = ""
    for index in 0..<tokens { text += Self.token(index) }
    let head = Script.Step.head(status: 200, fields: ["content-type: application/json"])
    let body = wire.answer(text)
    if failure == .during {
      return Script([.wait(first), head, .bytes(Array(body.prefix(body.count / 2))), .fail(.truncated)])
    }
    return Script([.wait(first + gap * max(0, tokens - 1)), head, .bytes(body)])
  }

  private func stream(_ wire: DemoWire, _ wantsUsage: Bool) -> Script {
    var index = 0
    var stage = 0
    return Script {
      defer { stage += 1 }
      switch stage {
      case 0: return .head(status: 200, fields: ["content-type: text/event-stream"])
      case 1: return .bytes(wire.chunk(delta: #"{"role":"assistant","content":""}"#, finish: "null"))
      case 2: return .wait(first)
      default: break
      }
      if failure == .during, index == tokens / 2 { return .fail(.truncated) }
      if index < tokens {
        if stage % 2 == 0, gap > .zero { return .wait(gap) }
        index += 1
        return .bytes(wire.chunk(token: Self.token(index - 1)))
      }
      index += 1
      switch index - tokens {
      case 1: return .bytes(wire.chunk(delta: "{}", finish: #""stop""#))
      case 2: return .bytes(wantsUsage ? wire.usageChunk() : [])
      case 3: return .bytes(Array("data: [DONE]\n\n".utf8))
      default: return nil
      }
    }
  }
}

/// The bytes of one demo answer.
private struct DemoWire {
  let model: [UInt8]
  let created: UInt64
  let usage: Usage

  private func open(_ object: StaticString) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"id\":\"chatcmpl-demo\",\"object\":\"")
    out.append(object)
    out.append("\",\"created\":")
    out.append(decimal: Int(created))
    out.append(",\"model\":")
    out.append(contentsOf: model)
    return out
  }

  private func usageText() -> String {
    "{\"prompt_tokens\":\(usage.prompt),\"completion_tokens\":\(usage.completion),\"total_tokens\":\(usage.total)}"
  }

  func chunk(token: String) -> [UInt8] {
    let content = String(decoding: Writer.string(token), as: UTF8.self)
    return chunk(delta: "{\"content\":\(content)}", finish: "null")
  }

  func chunk(delta: String, finish: String) -> [UInt8] {
    var out: [UInt8] = Array("data: ".utf8) + open("chat.completion.chunk")
    out.append(",\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish)}]}\n\n")
    return out
  }

  func usageChunk() -> [UInt8] {
    var out: [UInt8] = Array("data: ".utf8) + open("chat.completion.chunk")
    out.append(",\"choices\":[],\"usage\":\(usageText())}\n\n")
    return out
  }

  func answer(_ text: String) -> [UInt8] {
    var out = open("chat.completion")
    out.append(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    Writer.append(text, to: &out)
    out.append("},\"finish_reason\":\"stop\"}],\"usage\":\(usageText())}")
    return out
  }
}
