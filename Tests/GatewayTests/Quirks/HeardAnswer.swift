import Foundation

@testable import Gateway

/// An answer as its caller hears it, read without the gateway's code.
struct HeardAnswer {
  var text = ""
  var thinking = ""
  var calls: [(id: String, name: String, arguments: String)] = []
  var finishes = 0
  /// The token counts, each time that they are sent.
  var usages: [(prompt: Int, completion: Int)] = []
  var isEnded = false
  var isError = false

  /// JSON in one form: sorted keys, no spaces.
  static func canonical(_ json: String) -> String {
    guard let value = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed),
      let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    else { return "not JSON: " + json }
    return String(decoding: data, as: UTF8.self)
  }

  var callsInOneForm: [String] { calls.map { $0.name + " " + Self.canonical($0.arguments) } }

  init(stream: String, _ call: CallEndpoint) {
    if stream.contains("failed: ") { isError = true }
    let lines = stream.split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }.map(
      String.init)
    for line in lines {
      var data = line
      if call.dialect != .ollama {
        guard line.hasPrefix("data:") else { continue }
        data = String(line.dropFirst(5).drop { $0 == " " })
        if data == "[DONE]" {
          isEnded = true
          continue
        }
      }
      guard let value = try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] else { continue }
      take(value, call.dialect, isWhole: false)
    }
  }

  init(whole: [UInt8], _ call: CallEndpoint) {
    guard let value = try? JSONSerialization.jsonObject(with: Data(whole)) as? [String: Any] else {
      isError = true
      return
    }
    take(value, call.dialect, isWhole: true)
  }

  private mutating func take(_ value: [String: Any], _ dialect: Dialect, isWhole: Bool) {
    switch dialect {
    case .openAI: takeCompletion(value, isWhole)
    case .anthropic: if isWhole { takeMessage(value) } else { takeMessageEvent(value) }
    case .responses: if isWhole { takeResponse(value) } else { takeResponseEvent(value) }
    case .ollama: takeOllama(value)
    case .gemini: takeGemini(value)
    }
  }

  private static func int(_ value: Any?) -> Int { (value as? NSNumber)?.intValue ?? -1 }

  private static func json(_ value: Any?) -> String {
    guard let value, let data = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys) else {
      return "?"
    }
    return String(decoding: data, as: UTF8.self)
  }

  private mutating func takeCompletion(_ value: [String: Any], _ isWhole: Bool) {
    if value["error"] != nil { isError = true }
    for choice in value["choices"] as? [[String: Any]] ?? [] {
      let delta = choice[isWhole ? "message" : "delta"] as? [String: Any] ?? [:]
      text += delta["content"] as? String ?? ""
      thinking +=
        delta["reasoning_content"] as? String ?? delta["reasoning"] as? String ?? delta["thinking"] as? String ?? ""
      for (position, part) in (delta["tool_calls"] as? [[String: Any]] ?? []).enumerated() {
        let index = isWhole ? position : Self.int(part["index"])
        while calls.count <= index { calls.append(("", "", "")) }
        let function = part["function"] as? [String: Any] ?? [:]
        calls[index].id += calls[index].id.isEmpty ? part["id"] as? String ?? "" : ""
        calls[index].name += calls[index].name.isEmpty ? function["name"] as? String ?? "" : ""
        calls[index].arguments += function["arguments"] as? String ?? ""
      }
      if choice["finish_reason"] is String { finishes += 1 }
    }
    if let usage = value["usage"] as? [String: Any] {
      usages.append((Self.int(usage["prompt_tokens"]), Self.int(usage["completion_tokens"])))
    }
    if isWhole { isEnded = finishes == 1 }
  }

  private mutating func takeMessage(_ value: [String: Any]) {
    for block in value["content"] as? [[String: Any]] ?? [] {
      text += block["text"] as? String ?? ""
      thinking += block["thinking"] as? String ?? ""
      if block["type"] as? String == "tool_use" {
        calls.append((block["id"] as? String ?? "", block["name"] as? String ?? "", Self.json(block["input"])))
      }
    }
    if value["stop_reason"] is String { finishes += 1 }
    let usage = value["usage"] as? [String: Any] ?? [:]
    usages.append((Self.int(usage["input_tokens"]), Self.int(usage["output_tokens"])))
    isEnded = true
    if value["type"] as? String == "error" { isError = true }
  }

  private mutating func takeMessageEvent(_ value: [String: Any]) {
    let delta = value["delta"] as? [String: Any] ?? [:]
    switch value["type"] as? String {
    case "content_block_start":
      let block = value["content_block"] as? [String: Any] ?? [:]
      if block["type"] as? String == "tool_use" {
        while blocks.count <= Self.int(value["index"]) { blocks.append(nil) }
        blocks[Self.int(value["index"])] = calls.count
        calls.append((block["id"] as? String ?? "", block["name"] as? String ?? "", ""))
      }
    case "content_block_delta":
      text += delta["text"] as? String ?? ""
      thinking += delta["thinking"] as? String ?? ""
      let index = Self.int(value["index"])
      if let piece = delta["partial_json"] as? String, index < blocks.count, let call = blocks[index] {
        calls[call].arguments += piece
      }
    case "message_delta":
      if delta["stop_reason"] is String { finishes += 1 }
      let usage = value["usage"] as? [String: Any] ?? [:]
      usages.append((Self.int(usage["input_tokens"]), Self.int(usage["output_tokens"])))
    case "message_stop":
      isEnded = true
      for index in calls.indices where calls[index].arguments.isEmpty { calls[index].arguments = "{}" }
    case "error": isError = true
    default: break
    }
  }

  /// The call of each block of a Messages stream.
  private var blocks: [Int?] = []

  private mutating func takeResponse(_ value: [String: Any]) {
    for item in value["output"] as? [[String: Any]] ?? [] {
      for part in item["content"] as? [[String: Any]] ?? [] { text += part["text"] as? String ?? "" }
      for part in item["summary"] as? [[String: Any]] ?? [] { thinking += part["text"] as? String ?? "" }
      if item["type"] as? String == "function_call" {
        calls.append(
          (item["call_id"] as? String ?? "", item["name"] as? String ?? "", item["arguments"] as? String ?? ""))
      }
    }
    let usage = value["usage"] as? [String: Any] ?? [:]
    usages.append((Self.int(usage["input_tokens"]), Self.int(usage["output_tokens"])))
    finishes += 1
    isEnded = true
    if value["status"] as? String == "failed" { isError = true }
  }

  private mutating func takeResponseEvent(_ value: [String: Any]) {
    switch value["type"] as? String {
    case "response.completed", "response.incomplete", "response.failed":
      takeResponse(value["response"] as? [String: Any] ?? [:])
    default: break
    }
  }

  private mutating func takeOllama(_ value: [String: Any]) {
    if value["error"] != nil { isError = true }
    let message = value["message"] as? [String: Any] ?? [:]
    text += message["content"] as? String ?? ""
    thinking += message["thinking"] as? String ?? ""
    for part in message["tool_calls"] as? [[String: Any]] ?? [] {
      let function = part["function"] as? [String: Any] ?? [:]
      calls.append(
        (part["id"] as? String ?? "", function["name"] as? String ?? "", Self.json(function["arguments"])))
    }
    if value["done"] as? Bool == true {
      finishes += 1
      isEnded = true
      usages.append((Self.int(value["prompt_eval_count"]), Self.int(value["eval_count"])))
    }
  }

  private mutating func takeGemini(_ value: [String: Any]) {
    if value["error"] != nil { isError = true }
    for candidate in value["candidates"] as? [[String: Any]] ?? [] {
      let content = candidate["content"] as? [String: Any] ?? [:]
      for part in content["parts"] as? [[String: Any]] ?? [] {
        if let call = part["functionCall"] as? [String: Any] {
          calls.append(
            (call["id"] as? String ?? "", call["name"] as? String ?? "", Self.json(call["args"] ?? [String: Any]()))
          )
        } else if part["thought"] as? Bool == true {
          thinking += part["text"] as? String ?? ""
        } else {
          text += part["text"] as? String ?? ""
        }
      }
      if candidate["finishReason"] is String {
        finishes += 1
        isEnded = true
      }
    }
    if let usage = value["usageMetadata"] as? [String: Any] {
      usages.append((Self.int(usage["promptTokenCount"]), Self.int(usage["candidatesTokenCount"])))
    }
  }
}
