internal import Reactor

/// The demo provider's answers as scripts: the wire of an OpenAI-compatible server, step by step.
extension Demo {
  /// The script that answers one request.
  func script(for call: Call, _ body: [UInt8], model: String, created: UInt64) -> Script {
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
    switch call.request {
    case .chat:
      let usage = Usage.estimated(promptBytes: call.promptBytes, completionBytes: demo.tokens * 4)
      let wire = DemoWire(
        model: Writer.string(model), created: created, usage: usage,
        isCompletion: call.endpoint.kind == .completions)
      return call.streams ? demo.stream(wire) : demo.answer(wire)
    case .embeddings(let embeddings):
      let (status, answer) = DemoEmbeddings.answer(embeddings, body.span, model: model)
      return demo.script(status, answer, after: first)
    }
  }

  /// The time between two tokens. The configuration may set any rate above 0, so a day is the limit.
  private var gap: Duration { rate <= 0 ? .zero : .seconds(min(1 / rate, 86_400)) }

  private func answer(_ wire: DemoWire) -> Script {
    var text = ""
    for index in 0..<tokens { text += Self.token(index) }
    return script(200, wire.answer(text), after: first + gap * max(0, tokens - 1))
  }

  private func script(_ status: Int, _ body: [UInt8], after wait: Duration) -> Script {
    let head = Script.Step.head(status: status, fields: ["content-type: application/json"])
    if failure == .during {
      return Script([.wait(first), head, .bytes(Array(body.prefix(body.count / 2))), .fail(.truncated)])
    }
    return Script([.wait(wait), head, .bytes(body)])
  }

  private func stream(_ wire: DemoWire) -> Script {
    var index = 0
    var stage = 0
    return Script {
      defer { stage += 1 }
      switch stage {
      case 0: return .head(status: 200, fields: ["content-type: text/event-stream"])
      case 1: return .bytes(wire.firstChunk())
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
      case 1: return .bytes(wire.lastChunk())
      case 2: return .bytes(wire.usageChunk())
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
  /// Whether the answer completes a text.
  let isCompletion: Bool

  private func open(_ object: StaticString) -> [UInt8] {
    var out: [UInt8] = []
    out.append(isCompletion ? "{\"id\":\"cmpl-demo" : "{\"id\":\"chatcmpl-demo" as StaticString)
    out.append("\",\"object\":\"")
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
    return chunk(isCompletion ? "\"text\":\(content)" : "\"delta\":{\"content\":\(content)}", finish: "null")
  }

  /// A chat begins with a role.
  func firstChunk() -> [UInt8] {
    isCompletion ? [] : chunk("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}", finish: "null")
  }

  func lastChunk() -> [UInt8] { chunk(isCompletion ? "\"text\":\"\"" : "\"delta\":{}", finish: "\"stop\"") }

  private func chunk(_ said: String, finish: String) -> [UInt8] {
    var out: [UInt8] = Array("data: ".utf8) + open(isCompletion ? "text_completion" : "chat.completion.chunk")
    out.append(",\"choices\":[{\"index\":0,\(said),\"finish_reason\":\(finish)}]}\n\n")
    return out
  }

  func usageChunk() -> [UInt8] {
    var out: [UInt8] = Array("data: ".utf8) + open(isCompletion ? "text_completion" : "chat.completion.chunk")
    out.append(",\"choices\":[],\"usage\":\(usageText())}\n\n")
    return out
  }

  func answer(_ text: String) -> [UInt8] {
    var out = open(isCompletion ? "text_completion" : "chat.completion")
    out.append(",\"choices\":[{\"index\":0,")
    out.append(isCompletion ? "\"text\":" : "\"message\":{\"role\":\"assistant\",\"content\":" as StaticString)
    Writer.append(text, to: &out)
    if !isCompletion { out.append("}") }
    out.append(",\"finish_reason\":\"stop\"}],\"usage\":\(usageText())}")
    return out
  }
}
