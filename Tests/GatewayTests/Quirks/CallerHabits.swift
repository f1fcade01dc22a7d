@testable import Gateway

/// A habit of callers: how their requests differ from the simplest form, without another meaning.
struct CallerHabit: Sendable {
  var name: String
  var dialect: Dialect
  var edit: @Sendable (inout JSONTree) -> Void

  private static func each(_ path: [String], _ body: @escaping @Sendable (inout JSONTree) -> Void)
    -> @Sendable (inout JSONTree) -> Void
  {
    { request in request.change(path, body) }
  }

  private static func isRole(_ message: JSONTree, _ role: String) -> Bool { message["role"] == .text(role) }

  private static func parts(_ type: String) -> @Sendable (inout JSONTree) -> Void {
    { value in
      guard case .text(let text) = value else { return }
      value = .array([.make(["type": .text(type), "text": .text(text)])])
    }
  }

  private static let mark = JSONTree.make(["type": .text("ephemeral")])

  /// The table: a new habit is a new row.
  static let table: [CallerHabit] = [
    // Chat completions.
    CallerHabit(
      name: "content as parts", dialect: .openAI, edit: each(["messages", "*", "content"], parts("text"))),
    CallerHabit(
      name: "developer for system", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if isRole($0, "system") { $0["role"] = .text("developer") }
      }),
    CallerHabit(
      name: "empty content beside calls", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if $0["content"] == .null { $0["content"] = .text("") }
      }),
    CallerHabit(
      name: "no content beside calls", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if $0["content"] == .null { $0["content"] = nil }
      }),
    CallerHabit(
      name: "arguments as an object", dialect: .openAI,
      edit: each(["messages", "*", "tool_calls", "*", "function"]) {
        if case .text(let text)? = $0["arguments"], !text.isEmpty { $0["arguments"] = .raw(text) }
      }),
    CallerHabit(
      name: "empty arguments", dialect: .openAI,
      edit: each(["messages", "*", "tool_calls", "*", "function"]) {
        if $0["arguments"] == .text("{}") { $0["arguments"] = .text("") }
      }),
    CallerHabit(
      name: "no type of calls", dialect: .openAI,
      edit: each(["messages", "*", "tool_calls", "*"]) { $0["type"] = nil }),
    CallerHabit(
      name: "an index of calls", dialect: .openAI,
      edit: each(["messages", "*", "tool_calls", "*"]) { $0["index"] = .number(0) }),
    CallerHabit(
      name: "a whole answer in the history", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if isRole($0, "assistant") {
          ($0["refusal"], $0["annotations"], $0["audio"], $0["function_call"]) = (.null, .array([]), .null, .null)
        }
      }),
    CallerHabit(
      name: "an empty list of calls", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if isRole($0, "assistant"), $0["tool_calls"] == nil { $0["tool_calls"] = .array([]) }
      }),
    CallerHabit(
      name: "results out of order", dialect: .openAI,
      edit: each(["messages"]) { messages in
        var all = messages.elements
        for index in all.indices.dropFirst() where isRole(all[index], "tool") && isRole(all[index - 1], "tool") {
          all.swapAt(index, index - 1)
        }
        messages = .array(all)
      }),
    CallerHabit(
      name: "a message for each call", dialect: .openAI,
      edit: each(["messages"]) { messages in
        messages = .array(
          messages.elements.flatMap { message -> [JSONTree] in
            guard let calls = message["tool_calls"]?.elements, calls.count > 1 else { return [message] }
            return calls.enumerated().map { index, call in
              var one = index == 0 ? message : .make(["role": .text("assistant"), "content": .null])
              one["tool_calls"] = .array([call])
              return one
            }
          })
      }),
    CallerHabit(
      name: "names of tools at results", dialect: .openAI,
      edit: each(["messages", "*"]) {
        if isRole($0, "tool") { $0["name"] = .text("look") }
      }),
    CallerHabit(
      name: "long IDs", dialect: .openAI,
      edit: each(["messages", "*"]) { message in
        func long(_ value: inout JSONTree) {
          if case .text(let id) = value { value = .text(id + String(repeating: "y", count: 60)) }
        }
        message.change(["tool_calls", "*", "id"], long)
        message.change(["tool_call_id"], long)
      }),
    CallerHabit(
      name: "null for every setting", dialect: .openAI,
      edit: { request in
        for key in [
          "temperature", "top_p", "tools", "tool_choice", "stop", "stream_options", "response_format", "user", "n",
        ] {
          request[key] = .null
        }
      }),
    CallerHabit(
      name: "a cache mark", dialect: .openAI,
      edit: each(["messages", "*", "content", "*"]) { $0["cache_control"] = mark }),

    // Messages.
    CallerHabit(
      name: "content as blocks", dialect: .anthropic, edit: each(["messages", "*", "content"], parts("text"))),
    CallerHabit(name: "system as blocks", dialect: .anthropic, edit: each(["system"], parts("text"))),
    CallerHabit(
      name: "a billing block", dialect: .anthropic,
      edit: each(["system"]) { system in
        parts("text")(&system)
        system = .array(
          [.make(["type": .text("text"), "text": .text("x-anthropic-billing-header: a=b")])] + system.elements)
      }),
    CallerHabit(
      name: "cache marks", dialect: .anthropic,
      edit: each(["messages", "*", "content", "*"]) { $0["cache_control"] = mark }),
    CallerHabit(
      name: "results as blocks", dialect: .anthropic,
      edit: each(["messages", "*", "content", "*"]) {
        if $0["type"] == .text("tool_result") { $0.change(["content"], parts("text")) }
      }),
    CallerHabit(
      name: "is_error false", dialect: .anthropic,
      edit: each(["messages", "*", "content", "*"]) {
        if $0["type"] == .text("tool_result") { $0["is_error"] = .raw("false") }
      }),
    CallerHabit(
      name: "thinking without a signature", dialect: .anthropic,
      edit: each(["messages", "*"]) { message in
        guard isRole(message, "assistant"), let blocks = message["content"]?.elements, !blocks.isEmpty else {
          return
        }
        let thinking = JSONTree.make(["type": .text("thinking"), "thinking": .text("hm"), "signature": .text("")])
        message["content"] = .array([thinking] + blocks)
      }),
    CallerHabit(
      name: "empty text blocks", dialect: .anthropic,
      edit: each(["messages", "*"]) { message in
        guard let blocks = message["content"]?.elements, !blocks.isEmpty else { return }
        message["content"] = .array(blocks + [.make(["type": .text("text"), "text": .text("")])])
      }),
    CallerHabit(
      name: "fields of Claude Code", dialect: .anthropic,
      edit: { request in
        request["metadata"] = .make(["user_id": .text("u")])
        request["thinking"] = .make(["type": .text("adaptive")])
        request["context_management"] = .make([:])
      }),
    CallerHabit(
      name: "callers of calls", dialect: .anthropic,
      edit: each(["messages", "*", "content", "*"]) {
        if $0["type"] == .text("tool_use") { $0["caller"] = .make(["type": .text("direct")]) }
      }),

    // Responses.
    CallerHabit(
      name: "content as parts", dialect: .responses,
      edit: each(["input", "*"]) { item in
        item.change(["content"], parts(isRole(item, "assistant") ? "output_text" : "input_text"))
      }),
    CallerHabit(
      name: "type message", dialect: .responses,
      edit: each(["input", "*"]) {
        if $0["role"] != nil { $0["type"] = .text("message") }
      }),
    CallerHabit(
      name: "IDs and statuses of items", dialect: .responses,
      edit: each(["input", "*"]) {
        if !isRole($0, "user") { ($0["id"], $0["status"]) = (.text("it_1"), .text("completed")) }
      }),
    CallerHabit(
      name: "annotations of texts", dialect: .responses,
      edit: each(["input", "*", "content", "*"]) { $0["annotations"] = .array([]) }),
    CallerHabit(
      name: "arguments as an object", dialect: .responses,
      edit: each(["input", "*"]) {
        if case .text(let text)? = $0["arguments"], !text.isEmpty { $0["arguments"] = .raw(text) }
      }),
    CallerHabit(
      name: "results as parts", dialect: .responses, edit: each(["input", "*", "output"], parts("input_text"))),
    CallerHabit(
      name: "reasoning before calls", dialect: .responses,
      edit: each(["input"]) { input in
        let reasoning = JSONTree.make([
          "type": .text("reasoning"), "id": .text("rs"), "summary": .array([]), "encrypted_content": .text("gAAA"),
        ])
        input = .array(input.elements.flatMap { $0["type"] == .text("function_call") ? [reasoning, $0] : [$0] })
      }),
    CallerHabit(
      name: "instructions as an item", dialect: .responses,
      edit: { request in
        guard let text = request["instructions"], let input = request["input"]?.elements else { return }
        request["instructions"] = nil
        request["input"] = .array([.make(["role": .text("developer"), "content": text])] + input)
      }),
    CallerHabit(
      name: "fields of Codex", dialect: .responses,
      edit: { request in
        request["store"] = .raw("false")
        request["include"] = .array([.text("reasoning.encrypted_content")])
        request["client_metadata"] = .make(["a": .text("b")])
      }),

    // Ollama.
    CallerHabit(
      name: "IDs of calls", dialect: .ollama,
      edit: each(["messages"]) { messages in
        var all = messages.elements
        var ids: [JSONTree] = []
        for index in all.indices {
          if var calls = all[index]["tool_calls"]?.elements {
            ids = calls.indices.map { .text("call_\(index)_\($0)") }
            for number in calls.indices { calls[number]["id"] = ids[number] }
            all[index]["tool_calls"] = .array(calls)
          }
          if isRole(all[index], "tool"), !ids.isEmpty { all[index]["tool_call_id"] = ids.removeFirst() }
        }
        messages = .array(all)
      }),
    CallerHabit(
      name: "no content beside calls", dialect: .ollama,
      edit: each(["messages", "*"]) {
        if $0["content"] == .text("") { $0["content"] = nil }
      }),
    CallerHabit(
      name: "name for tool_name", dialect: .ollama,
      edit: each(["messages", "*"]) {
        if let name = $0["tool_name"] { ($0["name"], $0["tool_name"]) = (name, nil) }
      }),
    CallerHabit(
      name: "no names of results", dialect: .ollama, edit: each(["messages", "*"]) { $0["tool_name"] = nil }),
    CallerHabit(
      name: "null for absent members", dialect: .ollama,
      edit: each(["messages", "*"]) {
        for key in ["images", "tool_calls", "thinking"] where $0[key] == nil { $0[key] = .null }
      }),
    CallerHabit(
      name: "empty thinking", dialect: .ollama,
      edit: each(["messages", "*"]) {
        if isRole($0, "assistant") { $0["thinking"] = .text("") }
      }),

    // Gemini.
    CallerHabit(
      name: "no role of the user", dialect: .gemini,
      edit: each(["contents", "*"]) {
        if isRole($0, "user") { $0["role"] = nil }
      }),
    CallerHabit(
      name: "one part as an object", dialect: .gemini,
      edit: each(["contents", "*"]) {
        if let parts = $0["parts"]?.elements, parts.count == 1 { $0["parts"] = parts[0] }
      }),
    CallerHabit(
      name: "snake case", dialect: .gemini,
      edit: { request in
        request["system_instruction"] = request["systemInstruction"]
        request["systemInstruction"] = nil
        request.change(["contents", "*", "parts", "*"]) { part in
          for (old, new) in [("functionCall", "function_call"), ("functionResponse", "function_response")] {
            if let value = part[old] { (part[new], part[old]) = (value, nil) }
          }
        }
      }),
    CallerHabit(
      name: "no args", dialect: .gemini,
      edit: each(["contents", "*", "parts", "*", "functionCall"]) {
        if $0["args"] == .object([]) { $0["args"] = nil }
      }),
    CallerHabit(
      name: "signatures of calls", dialect: .gemini,
      edit: each(["contents", "*", "parts", "*"]) {
        if $0["functionCall"] != nil { $0["thoughtSignature"] = .text("c2ln") }
      }),
    CallerHabit(
      name: "the output of results", dialect: .gemini,
      edit: each(["contents", "*", "parts", "*", "functionResponse"]) { response in
        if let result = response["response"]?["result"] { response["response"] = .make(["output": result]) }
      }),
    CallerHabit(
      name: "thoughts in the history", dialect: .gemini,
      edit: each(["contents", "*"]) { content in
        guard isRole(content, "model"), let parts = content["parts"] else { return }
        let all = parts.elements.isEmpty ? [parts] : parts.elements
        content["parts"] = .array([.make(["text": .text("hm"), "thought": .raw("true")])] + all)
      }),
    CallerHabit(
      name: "role of the system", dialect: .gemini,
      edit: each(["systemInstruction"]) { $0["role"] = .text("system") }),
  ]
}
