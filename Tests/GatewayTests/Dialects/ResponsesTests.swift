import Foundation
import Testing

@testable import Gateway

/// OpenAI Responses requests, read as conversations.
@Suite struct ResponsesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  static func fixture(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: path)))
  }

  /// A conversation as text, one line per message, with its parts in brackets.
  private func told(_ text: String) throws -> String { try told(Array(text.utf8)) }

  private func told(_ json: [UInt8]) throws -> String {
    let text = json.span
    let conversation = try ResponsesRequestReader.read(text)
    var lines = conversation.messages.map { message in
      "\(message.role): " + message.parts.map { told($0, json) }.joined(separator: " ")
    }
    lines += conversation.tools.map { tool in
      "tool \(words(tool.name, json)): \(tool.description.map { words($0, json) } ?? "-")"
    }
    if !conversation.dropped.names.isEmpty {
      lines.append("dropped: " + conversation.dropped.names.joined(separator: ","))
    }
    return lines.joined(separator: "\n")
  }

  private func told(_ part: Conversation.Part, _ json: [UInt8]) -> String {
    switch part {
    case .text(let text): "[\(words(text, json))]"
    case .image(.url(let url)): "[image \(words(url, json))]"
    case .image(.data(let media, let base64)): "[image \(words(media, json)) \(words(base64, json))]"
    case .file(.url(let url), _): "[file \(words(url, json))]"
    case .file(.data(let media, let base64), let name):
      "[file \(name.map { words($0, json) } ?? "-") \(words(media, json)) \(words(base64, json))]"
    case .cacheControl(let value): "[cache \(String(decoding: value.bytes(in: json.span), as: UTF8.self))]"
    case .thinking(let text, let signature):
      "[thinks \(words(text, json))\(signature.map { " signed " + words($0, json) } ?? "")]"
    case .redactedThinking(let data): "[redacted \(words(data, json))]"
    case .toolCall(let call):
      "[calls \(words(call.name, json)) \(call.id.map { words($0, json) } ?? "-") "
        + "\(String(decoding: call.arguments.bytes(in: json.span), as: UTF8.self))"
        + "\(call.signature.map { " signed " + words($0, json) } ?? "")]"
    case .toolResult(let result):
      "[result \(result.id.map { words($0, json) } ?? "-") "
        + "\(result.parts.map { told($0, json) }.joined(separator: " "))]"
    }
  }

  private func words(_ text: EscapedText, _ json: [UInt8]) -> String {
    String(decoding: text.bytes(in: json.span), as: UTF8.self)
  }

  private func apiError(_ text: String) -> APIError? {
    do throws(APIError) {
      _ = try ResponsesRequestReader.read(Array(text.utf8).span)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Input

  @Test func `Codex's request becomes a conversation`() throws {
    let json = try Self.fixture("Fixtures/codex.request.responses.json")
    #expect(
      try told(json) == #"""
        system: [Help with code.]
        system: [Skills: none.] [Permissions: read.]
        user: [<environment_context>\n  <cwd>/work</cwd>\n</environment_context>]
        user: [hi]
        assistant: [thinks I close it. signed c2ln] [calls exec_command call_0 {"cmd":"ls"}] \#
        [calls multi_agent_v1__close_agent call_1 {"target":"x"}]
        user: [result call_0 [a.txt\n]] [result call_1 [invalid agent id x]]
        tool exec_command: Runs a command.
        tool multi_agent_v1__close_agent: Closes one.
        tool multi_agent_v1__resume_agent: Wakes one.
        tool get_goal: The goal.
        dropped: tools.web_search
        """#)
    let conversation = try ResponsesRequestReader.read(json.span)
    #expect(conversation.thinking == nil)
    #expect(conversation.allowsParallelCalls == true)
    guard case .auto? = conversation.toolChoice else {
      Issue.record("a tool choice of auto is lost")
      return
    }
  }

  @Test func `messages are read with and without a type and in every role`() throws {
    #expect(
      try told(
        #"""
        {"instructions":"One.","input":[{"role":"developer","content":"Two."},
        {"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"text","text":""}]},
        {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[
          {"type":"output_text","text":"I ","annotations":[]},{"type":"refusal","refusal":"will not."}]},
        {"role":"assistant","content":"Sorry."},{"role":"user","content":[
          {"type":"input_image","image_url":"data:image\/png;x=y;base64,aGk\/","detail":"high"},
          {"type":"input_image","image_url":"https://example.com/a.png","detail":"auto"}]}]}
        """#) == #"""
          system: [One.]
          system: [Two.]
          user: [Hi]
          assistant: [I ] [will not.] [Sorry.]
          user: [image image/png aGk/] [image https://example.com/a.png]
          dropped: input_image.detail
          """#)
  }

  @Test func `returned reasoning has its signature, and only hoosh's prefixes count`() throws {
    #expect(
      try told(
        #"""
        {"input":[{"role":"user","content":"Hi"},
        {"type":"reasoning","summary":[{"type":"summary_text","text":"A"},{"type":"summary_text","text":"B"}],
          "encrypted_content":"gAAAAAB"},
        {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"C"}]},
        {"type":"reasoning","summary":[],"encrypted_content":"hoosh1:s1"},
        {"type":"reasoning","summary":[],"encrypted_content":"hoosh1-redacted:r1"},
        {"type":"function_call","call_id":"c1","name":"f","arguments":""},
        {"type":"reasoning","summary":[],"encrypted_content":"hoosh1-call:s2"},
        {"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"ok"}]}]}
        """#) == #"""
          user: [Hi]
          assistant: [thinks A\n\nB] [thinks C] [thinks  signed s1] [redacted r1] [calls f c1 {} signed s2]
          user: [result c1 [ok]]
          dropped: input.reasoning.encrypted_content
          """#)
  }

  @Test func `items of OpenAI's own tools are dropped by name, with their results`() throws {
    #expect(
      try told(
        #"""
        {"input":[{"role":"user","content":"Hi"},{"type":"local_shell_call","call_id":"c1","action":{}},
        {"type":"function_call_output","call_id":"c1","output":"a"},
        {"type":"web_search_call","id":"ws_1"},{"type":"custom_tool_call","call_id":"c2","name":"p","input":"x"},
        {"type":"custom_tool_call_output","call_id":"c2","output":"y"}]}
        """#) == #"""
          user: [Hi]
          dropped: input.local_shell_call,input.web_search_call,input.custom_tool_call,\#
          input.custom_tool_call_output
          """#)
  }

  @Test func `invalid arguments from a model do not end a conversation`() throws {
    let told = try told(
      #"{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":"}]}"#)
    #expect(told == #"assistant: [calls f c {"arguments":"{\"a\":"}]"#)
  }

  // MARK: Fields

  @Test func `sampling, format, and reasoning are read`() throws {
    let json = Array(
      #"""
      {"input":"Hi","max_output_tokens":10,"temperature":0.5,"top_p":0.9,"top_k":3,"seed":7,"stop":"END",
      "reasoning":{"effort":"xhigh","summary":"auto","context":"all"},"user":"u","safety_identifier":"s",
      "text":{"verbosity":"low","format":{"type":"json_schema","name":"p","schema":{"type":"object"},"strict":true}},
      "top_logprobs":2,"include":["message.output_text.logprobs"],"store":true,"service_tier":"auto",
      "metadata":{"a":"b"},"truncation":"auto","frequency_penalty":null,"moderation":{}}
      """#.utf8)
    let read = try ResponsesRequestReader.read(json.span)
    #expect(read.maxTokens == 10)
    #expect(read.sampling.temperature?.bytes(in: json.span) == Array("0.5".utf8))
    #expect(read.sampling.topP?.bytes(in: json.span) == Array("0.9".utf8))
    #expect(read.sampling.topK?.bytes(in: json.span) == Array("3".utf8))
    #expect(read.sampling.seed?.bytes(in: json.span) == Array("7".utf8))
    #expect(read.sampling.stop.map { words($0, json) } == ["END"])
    #expect(read.thinking == .effort(.high))
    #expect(read.user.map { words($0, json) } == "u")
    guard case .schema(let schema, let name?, true?)? = read.format else {
      Issue.record("the schema is lost")
      return
    }
    #expect(schema.bytes(in: json.span) == Array(#"{"type":"object"}"#.utf8))
    #expect(words(name, json) == "p")
    #expect(
      read.dropped.names == [
        "reasoning.context", "text.verbosity", "truncation", "moderation",
      ])
    #expect(read.wantsLogprobs && read.topLogprobs == 2)
  }

  @Test(arguments: [
    (#""required""#, "required"), (#""none""#, "none"), (#"{"type":"function","name":"a"}"#, "named a"),
    (#"{"type":"function","name":"b","namespace":"n"}"#, "named n__b"), (#"{"type":"web_search"}"#, "nothing"),
    (#"{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"a"}]}"#, "required of a"),
  ])
  func `a tool choice is read`(choice: String, meaning: String) throws {
    let json = Array(
      #"""
      {"input":"Hi","tool_choice":\#(choice),"tools":[{"type":"function","name":"a"},
      {"type":"namespace","name":"n","tools":[{"type":"function","name":"b"}]}]}
      """#.utf8)
    let read = try ResponsesRequestReader.read(json.span)
    var told =
      switch read.toolChoice {
      case .auto?: "auto"
      case Conversation.ToolChoice.none?: "none"
      case .required?: "required"
      case .named(let name)?: "named \(words(name, json))"
      case nil: "nothing"
      }
    if read.tools.count == 1 { told += " of \(words(read.tools[0].name, json))" }
    #expect(told == meaning)
  }

  @Test func `a choice without tools is omitted`() throws {
    let json = Array(#"{"input":"Hi","tool_choice":"required","tools":[{"type":"web_search"}]}"#.utf8)
    let read = try ResponsesRequestReader.read(json.span)
    #expect(read.toolChoice == nil)
    #expect(read.dropped.names == ["tools.web_search", "tool_choice"])
  }

  @Test(arguments: [
    (#"{}"#, "input"), (#"{"input":7}"#, "input"), (#"{"input":[]}"#, "input"), (#"{"input":""}"#, "input"),
    (#"{"input":["a"]}"#, "input[0]"), (#"{"input":[{}]}"#, "input[0]"),
    (#"{"input":[{"role":"tool","content":"a"}]}"#, "input[0].role"),
    (#"{"input":[{"role":"user","content":{}}]}"#, "input[0].content"),
    (#"{"input":[{"role":"user","content":[{"type":"input_text"}]}]}"#, "input[0].content[0].text"),
    (#"{"input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]}"#, "input[0].content[0]"),
    (#"{"input":[{"role":"user","content":[{"type":"input_audio"}]}]}"#, "input[0].content[0]"),
    (
      #"{"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}"#,
      "input[0].content[0].image_url"
    ),
    (
      #"{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:,x"}]}]}"#,
      "input[0].content[0].image_url"
    ),
    (#"{"input":[{"type":"function_call","name":"f"}]}"#, "input[0].call_id"),
    (#"{"input":[{"type":"function_call","call_id":"c"}]}"#, "input[0].name"),
    (#"{"input":[{"type":"function_call_output","output":"x"}]}"#, "input[0].call_id"),
    (#"{"input":"a","previous_response_id":"resp_1"}"#, "previous_response_id"),
    (#"{"input":"a","conversation":{"id":"conv_1"}}"#, "conversation"), (#"{"input":"a","prompt":{}}"#, "prompt"),
    (#"{"input":"a","background":true}"#, "background"), (#"{"input":"a","tools":{}}"#, "tools"),
    (#"{"input":"a","tools":[{"type":"function","function":{"name":"f"}}]}"#, "tools[0].name"),
    (#"{"input":"a","tool_choice":"some"}"#, "tool_choice"), (#"{"input":"a","temperature":3}"#, "temperature"),
    (#"{"input":"a","max_output_tokens":0}"#, "max_output_tokens"), (#"{"input":"a","stop":[1]}"#, "stop"),
    (#"{"input":"a","reasoning":{"effort":"vast"}}"#, "reasoning.effort"),
    (#"{"input":"a","text":{"format":{"type":"json_schema"}}}"#, "text.format.schema"),
  ])
  func `a field that cannot be translated is rejected by name`(json: String, param: String) throws {
    let apiError = try #require(self.apiError(json))
    #expect(apiError.status == 400)
    #expect(apiError.param == param, "\(apiError.message)")
  }

  @Test func `an error about stored state gives the alternative`() throws {
    let apiError = try #require(self.apiError(#"{"input":"a","previous_response_id":"resp_1"}"#))
    #expect(
      apiError.message
        == "`previous_response_id` must be omitted, because hoosh stores no responses: send the complete conversation in "
        + "`input`.")
  }

  // MARK: Echo

  @Test func `an answer repeats its request, with defaults for the rest`() throws {
    let json = Array(
      "{\"temperature\": 0.5,\r\n \"tools\": [ {\"type\": \"function\",\n \"name\": \"a \\\" b\"} ],\n\"store\": true}"
        .utf8)
    let echo = String(decoding: ResponsesRequestReader.echo(json.span), as: UTF8.self)
    #expect(
      echo == #"""
        ,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true\#
        ,"previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null}\#
        ,"safety_identifier":null,"store":false,"temperature":0.5,"text":{"format":{"type":"text"}}\#
        ,"tool_choice":"auto","tools":[{"type":"function","name":"a \" b"}],"top_logprobs":0,"top_p":1.0\#
        ,"truncation":"disabled","user":null
        """#)
  }

  @Test func `the echo has a limit, and tool names are dropped last`() throws {
    let long = String(repeating: "x", count: 70_000)
    let tool = #"{"type":"function","name":"f","description":"\#(long)"}"#
    let json = #"{"instructions":"\#(long)","tools":[\#(tool),{"type":"namespace","name":"n","tools":[\#(tool)]}]}"#
    let echo = String(decoding: ResponsesRequestReader.echo(Array(json.utf8).span), as: UTF8.self)
    #expect(echo.utf8.count < 1024)
    #expect(echo.contains(#""instructions":null"#))
    #expect(
      echo.contains(
        #"""
        "tools":[{"type":"function","name":"f","parameters":null,"strict":null},{"type":"namespace","name":"n",\#
        "description":"","tools":[{"type":"function","name":"f","parameters":null,"strict":null}]}]
        """#))
    let many = (0..<10_000).map { #"{"type":"function","name":"f\#($0)"}"# }.joined(separator: ",")
    let none = ResponsesRequestReader.echo(Array(#"{"tools":[\#(many)]}"#.utf8).span)
    #expect(String(decoding: none, as: UTF8.self).contains(#""tools":[]"#))
  }

  // MARK: Hostile input

  @Test(arguments: [
    "Fixtures/codex", "Pairs/tools", "Pairs/images", "Pairs/thinking", "Pairs/schema", "Pairs/tool-choice",
    "Pairs/text",
  ])
  func `any value in any field is at most an error`(name: String) throws {
    let json = try Self.fixture(name + ".request.responses.json")
    let whole = try JSONSerialization.jsonObject(with: Data(json))
    for replacement in [NSNull(), true, -1, 1e300, "x", "", [], [[]], ["x"], [:], ["type": "x"]] as [Any] {
      for variant in Self.variants(of: whole, replacement) {
        let text = Array(try JSONSerialization.data(withJSONObject: variant, options: .fragmentsAllowed))
        _ = apiError(String(decoding: text, as: UTF8.self))
        let echo = Array("{\"a\":0".utf8) + ResponsesRequestReader.echo(text.span) + Array("}".utf8)
        #expect((try? JSONSerialization.jsonObject(with: Data(echo))) != nil)
        #expect(!echo.contains(0x0a))
      }
    }
  }

  /// Variants of a value with one part replaced in each.
  private static func variants(of value: Any, _ replacement: Any) -> [Any] {
    var all: [Any] = [replacement]
    if let object = value as? [String: Any] {
      for (key, inner) in object {
        for variant in variants(of: inner, replacement) { all.append(object.merging([key: variant]) { $1 }) }
        all.append(object.filter { $0.key != key })
      }
    } else if let array = value as? [Any] {
      for (index, inner) in array.enumerated() {
        for variant in variants(of: inner, replacement) {
          var copy = array
          copy[index] = variant
          all.append(copy)
        }
      }
    }
    return all
  }

  @Test(.timeLimit(.minutes(1))) func `many items and parts take time in proportion to their length`() throws {
    let part = #"{"type":"input_text","text":"a"}"#
    let call = #"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#
    let parts = Array(repeating: part, count: 20_000).joined(separator: ",")
    let calls = Array(repeating: call, count: 20_000).joined(separator: ",")
    let json = Array(#"{"input":[{"role":"user","content":[\#(parts)]},\#(calls)]}"#.utf8)
    let read = try ResponsesRequestReader.read(json.span)
    #expect(read.messages.map(\.parts.count) == [20_000, 20_000])
    let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    #expect(apiError(#"{"input":[{"role":"user","content":[\#(deep)]}]}"#) != nil)
  }
}
