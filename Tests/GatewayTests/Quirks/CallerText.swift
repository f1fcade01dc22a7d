@testable import Gateway

/// Writes a conversation as a caller of a dialect does.
struct CallerText {
  let dialogue: Dialogue

  func request(_ dialect: Dialect) -> JSONTree {
    switch dialect {
    case .openAI: completions
    case .anthropic: messages
    case .responses: responses
    case .ollama: ollama
    case .gemini: gemini
    }
  }

  private var completions: JSONTree {
    var messages: [JSONTree] = []
    if !dialogue.system.isEmpty {
      messages.append(.make(["role": .text("system"), "content": .text(dialogue.system)]))
    }
    for (turn, said) in dialogue.turns.enumerated() {
      switch said {
      case .user(let text): messages.append(.make(["role": .text("user"), "content": .text(text)]))
      case .assistant(let text, let calls):
        var message = JSONTree.make(["role": .text("assistant"), "content": text.isEmpty ? .null : .text(text)])
        if !calls.isEmpty {
          message["tool_calls"] = .array(
            calls.enumerated().map { index, call in
              .make([
                "id": .text("call_\(turn)_\(index)"), "type": .text("function"),
                "function": .make([
                  "name": .text(call.name), "arguments": .text(call.arguments.written(JSONTree.Style())),
                ]),
              ])
            })
        }
        messages.append(message)
        for (index, call) in calls.enumerated() {
          messages.append(
            .make([
              "role": .text("tool"), "tool_call_id": .text("call_\(turn)_\(index)"), "content": .text(call.result),
            ]))
        }
      }
    }
    return .make(["model": .text("m"), "messages": .array(messages)])
  }

  private var messages: JSONTree {
    var messages: [JSONTree] = []
    var results: [JSONTree] = []
    for (turn, said) in dialogue.turns.enumerated() {
      switch said {
      case .user(let text):
        let content =
          results.isEmpty
          ? JSONTree.text(text) : .array(results + [.make(["type": .text("text"), "text": .text(text)])])
        messages.append(.make(["role": .text("user"), "content": content]))
        results = []
      case .assistant(let text, let calls):
        if !results.isEmpty {
          messages.append(.make(["role": .text("user"), "content": .array(results)]))
          results = []
        }
        var blocks: [JSONTree] = text.isEmpty ? [] : [.make(["type": .text("text"), "text": .text(text)])]
        for (index, call) in calls.enumerated() {
          let id = JSONTree.text("toolu_\(turn)_\(index)")
          blocks.append(
            .make(["type": .text("tool_use"), "id": id, "name": .text(call.name), "input": call.arguments]))
          results.append(
            .make(["type": .text("tool_result"), "tool_use_id": id, "content": .text(call.result)]))
        }
        messages.append(.make(["role": .text("assistant"), "content": .array(blocks)]))
      }
    }
    if !results.isEmpty { messages.append(.make(["role": .text("user"), "content": .array(results)])) }
    var request = JSONTree.make(["model": .text("m"), "max_tokens": .number(99), "messages": .array(messages)])
    if !dialogue.system.isEmpty { request["system"] = .text(dialogue.system) }
    return request
  }

  private var responses: JSONTree {
    var input: [JSONTree] = []
    for (turn, said) in dialogue.turns.enumerated() {
      switch said {
      case .user(let text): input.append(.make(["role": .text("user"), "content": .text(text)]))
      case .assistant(let text, let calls):
        if !text.isEmpty { input.append(.make(["role": .text("assistant"), "content": .text(text)])) }
        for (index, call) in calls.enumerated() {
          input.append(
            .make([
              "type": .text("function_call"), "call_id": .text("call_\(turn)_\(index)"), "name": .text(call.name),
              "arguments": .text(call.arguments.written(JSONTree.Style())),
            ]))
        }
        for (index, call) in calls.enumerated() {
          input.append(
            .make([
              "type": .text("function_call_output"), "call_id": .text("call_\(turn)_\(index)"),
              "output": .text(call.result),
            ]))
        }
      }
    }
    var request = JSONTree.make(["model": .text("m"), "input": .array(input)])
    if !dialogue.system.isEmpty { request["instructions"] = .text(dialogue.system) }
    return request
  }

  private var ollama: JSONTree {
    var messages: [JSONTree] = []
    if !dialogue.system.isEmpty {
      messages.append(.make(["role": .text("system"), "content": .text(dialogue.system)]))
    }
    for said in dialogue.turns {
      switch said {
      case .user(let text): messages.append(.make(["role": .text("user"), "content": .text(text)]))
      case .assistant(let text, let calls):
        var message = JSONTree.make(["role": .text("assistant"), "content": .text(text)])
        if !calls.isEmpty {
          message["tool_calls"] = .array(
            calls.map { .make(["function": .make(["name": .text($0.name), "arguments": $0.arguments])]) })
        }
        messages.append(message)
        messages += calls.map {
          .make(["role": .text("tool"), "tool_name": .text($0.name), "content": .text($0.result)])
        }
      }
    }
    return .make(["model": .text("m"), "stream": .raw("false"), "messages": .array(messages)])
  }

  private var gemini: JSONTree {
    var contents: [JSONTree] = []
    for said in dialogue.turns {
      switch said {
      case .user(let text):
        contents.append(.make(["role": .text("user"), "parts": .array([.make(["text": .text(text)])])]))
      case .assistant(let text, let calls):
        var parts: [JSONTree] = text.isEmpty ? [] : [.make(["text": .text(text)])]
        parts += calls.map { .make(["functionCall": .make(["name": .text($0.name), "args": $0.arguments])]) }
        contents.append(.make(["role": .text("model"), "parts": .array(parts)]))
        if calls.isEmpty { continue }
        contents.append(
          .make([
            "role": .text("user"),
            "parts": .array(
              calls.map { call in
                .make([
                  "functionResponse": .make([
                    "name": .text(call.name), "response": .make(["result": .text(call.result)]),
                  ])
                ])
              }),
          ]))
      }
    }
    var request = JSONTree.make(["contents": .array(contents)])
    if !dialogue.system.isEmpty {
      request["systemInstruction"] = .make(["parts": .array([.make(["text": .text(dialogue.system)])])])
    }
    return request
  }
}
