import Foundation

@testable import Gateway

/// A conversation as its provider hears it, read without the gateway's code.
struct HeardRequest {
  /// The items in the form of `Dialogue.inOneForm`.
  var told: [String] = []
  /// The fault in the IDs of calls and results, if any.
  var fault: String?
  private var system = ""
  /// The calls of the last turn of the assistant: their IDs and names, and whether they have a result.
  private var calls: [(id: String, name: String, isDone: Bool)] = []
  private var ids: Set<String> = []

  init(_ body: [UInt8], _ dialect: Dialect) {
    guard let request = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
      fault = "no JSON"
      return
    }
    switch dialect {
    case .openAI, .responses: readCompletions(request)
    case .anthropic: readMessages(request)
    case .ollama: readOllama(request)
    case .gemini: readGemini(request)
    }
    if !system.isEmpty { told.insert("system " + Dialogue.squeezed(system), at: 0) }
    told = Dialogue.joined(told)
  }

  private static func texts(_ value: Any?) -> String {
    if let text = value as? String { return text }
    return (value as? [[String: Any]] ?? []).map { $0["text"] as? String ?? "" }.joined()
  }

  private static func json(_ value: Any?) -> String {
    guard let value, let data = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys) else {
      return "?"
    }
    return String(decoding: data, as: UTF8.self)
  }

  private mutating func say(_ role: String, _ text: String) {
    if !text.isEmpty { told.append(role + " " + Dialogue.squeezed(text)) }
  }

  private mutating func call(_ id: String?, _ name: String, _ arguments: String) {
    if let id {
      if id.isEmpty || !ids.insert(id).inserted { fault = "a call has no ID of its own: \(id)" }
    }
    calls.append((id ?? "", name, false))
    told.append("call \(name) \(arguments)")
  }

  private mutating func result(_ id: String?, _ name: String?, _ text: String) {
    let found = calls.firstIndex { call in
      !call.isDone && (id == nil || call.id == id) && (name == nil || call.name == name)
    }
    guard let found else { return fault = "a result names no call: \(id ?? name ?? "-")" }
    calls[found].isDone = true
    told.append("result \(calls[found].name) \(Dialogue.squeezed(text))")
  }

  private mutating func readCompletions(_ request: [String: Any]) {
    for message in request["messages"] as? [[String: Any]] ?? [] {
      let text = Self.texts(message["content"])
      switch message["role"] as? String {
      case "system": system += text
      case "user": say("user", text)
      case "tool": result(message["tool_call_id"] as? String ?? "", nil, text)
      default:
        say("assistant", text)
        calls = []
        for part in message["tool_calls"] as? [[String: Any]] ?? [] {
          let function = part["function"] as? [String: Any] ?? [:]
          call(
            part["id"] as? String ?? "", function["name"] as? String ?? "",
            HeardAnswer.canonical(function["arguments"] as? String ?? ""))
        }
      }
    }
  }

  private mutating func readMessages(_ request: [String: Any]) {
    system = Self.texts(request["system"])
    var last = ""
    for message in request["messages"] as? [[String: Any]] ?? [] {
      let role = message["role"] as? String ?? ""
      if role == last { fault = "two turns of \(role)" }
      last = role
      if role == "assistant" { calls = [] }
      for block in message["content"] as? [[String: Any]] ?? [] {
        switch block["type"] as? String {
        case "text": say(role, block["text"] as? String ?? "")
        case "tool_use":
          call(block["id"] as? String ?? "", block["name"] as? String ?? "", Self.json(block["input"]))
        case "tool_result": result(block["tool_use_id"] as? String ?? "", nil, Self.texts(block["content"]))
        default: break
        }
      }
    }
  }

  private mutating func readOllama(_ request: [String: Any]) {
    for message in request["messages"] as? [[String: Any]] ?? [] {
      let text = message["content"] as? String ?? ""
      switch message["role"] as? String {
      case "system": system += text
      case "tool": result(nil, message["tool_name"] as? String, text)
      case "user": say("user", text)
      default:
        say("assistant", text)
        calls = []
        for part in message["tool_calls"] as? [[String: Any]] ?? [] {
          let function = part["function"] as? [String: Any] ?? [:]
          call(nil, function["name"] as? String ?? "", Self.json(function["arguments"]))
        }
      }
    }
  }

  private mutating func readGemini(_ request: [String: Any]) {
    system = Self.texts((request["systemInstruction"] as? [String: Any])?["parts"])
    for content in request["contents"] as? [[String: Any]] ?? [] {
      let isModel = content["role"] as? String == "model"
      if isModel { calls = [] }
      for part in content["parts"] as? [[String: Any]] ?? [] {
        if let asked = part["functionCall"] as? [String: Any] {
          call(nil, asked["name"] as? String ?? "", Self.json(asked["args"] ?? [String: Any]()))
        } else if let response = part["functionResponse"] as? [String: Any] {
          let value = response["response"] as? [String: Any] ?? [:]
          result(nil, response["name"] as? String, value["result"] as? String ?? Self.json(value))
        } else if part["thought"] as? Bool != true {
          say(isModel ? "assistant" : "user", part["text"] as? String ?? "")
        }
      }
    }
  }
}
