import Foundation
import Testing

@testable import Gateway

/// Any input gives an answer or an error, in time proportional to its length.
@Suite struct CompletionsHostileTests {
  private typealias Files = CompletionsFixtures

  private static var wrong: [Any] {
    [
      NSNull(), true, 7, -1, 1e300, "", "x", [Any](), [[Any]()], [String: Any](), ["x": ["y": 1]],
      [NSNull(), 7, "x"] as [Any],
    ]
  }

  /// Variants of a value with one inner value replaced in each.
  private static func mutations(_ value: Any) -> [Any] {
    var out = wrong
    if let object = value as? [String: Any] {
      for (key, inner) in object {
        var fewer = object
        fewer.removeValue(forKey: key)
        out.append(fewer)
        for other in mutations(inner) {
          var copy = object
          copy[key] = other
          out.append(copy)
        }
      }
    } else if let array = value as? [Any] {
      for (index, inner) in array.enumerated() {
        for other in mutations(inner) {
          var copy = array
          copy[index] = other
          out.append(copy)
        }
      }
    }
    return out
  }

  private func bytes(_ value: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed))
  }

  private func isJSON(_ bytes: [UInt8]) -> Bool {
    do throws(JSONError) {
      _ = try Scanner.whole(bytes.span)
      return true
    } catch {
      return false
    }
  }

  private func isMalformed(_ json: [UInt8]) -> Bool {
    do throws(AttemptFailure) {
      _ = try CompletionsAnswerReader.whole(json.span)
      return false
    } catch {
      return error.reason == "malformed"
    }
  }

  private func ask(_ json: [UInt8]) {
    do throws(APIError) {
      let conversation = try CompletionsRequestReader.read(json.span)
      for isLocal in [false, true] {
        let target = WriteTarget(model: "m", streams: true, isLocal: isLocal)
        let body = try CompletionsRequestWriter.write(conversation, json.span, for: target).body
        #expect(isJSON(body))
      }
    } catch {
      #expect(error.status == 400)
    }
  }

  private func answer(_ json: [UInt8]) {
    do throws(AttemptFailure) {
      let answer = Answer(try CompletionsAnswerReader.whole(json.span), json.span)
      let label = AnswerMetadata(requestID: "r", created: 1, modelToken: Array("\"m\"".utf8))
      #expect(isJSON(CompletionsAnswerWriter.whole(answer, answer.counts, label)))
    } catch {
      #expect(error.reason == "malformed" || error.reason == "error")
    }
    var reader = CompletionsAnswerReader()
    var writer = CompletionsAnswerWriter()
    do throws(AttemptFailure) {
      for _ in 0..<2 {
        var events: [ChatEvent] = []
        try reader.read(json.span, into: &events)
        for event in events {
          for chunk in try writer.chunks(of: event, json.span) { #expect(isJSON(chunk)) }
        }
      }
    } catch {
      #expect(error.reason == "malformed" || error.reason == "error")
    }
  }

  @Test(arguments: Files.cases(".request.openai.json"))
  func `a request with any invalid value is translated or rejected`(name: String) throws {
    let json = try JSONSerialization.jsonObject(with: Data(try Files.read(name + ".request.openai.json")))
    for value in Self.mutations(json) where value is [String: Any] { ask(try bytes(value)) }
  }

  @Test(arguments: Files.cases(".openai.json").filter { !$0.hasSuffix(".request") } + Files.cases(".openai.sse"))
  func `an answer with any invalid value is read or an error`(name: String) throws {
    var texts: [[UInt8]] = []
    if let whole = try? Files.read(name + ".openai.json") { texts.append(whole) }
    let stream = String(decoding: try Files.read(name + ".openai.sse"), as: UTF8.self)
    texts += stream.split(separator: "\n").map { Array($0.utf8.dropFirst(6)) }
    for text in Set(texts) {
      guard let json = try? JSONSerialization.jsonObject(with: Data(text)) else { continue }
      for value in Self.mutations(json) { answer(try bytes(value)) }
    }
  }

  @Test func `a truncated text is an error`() throws {
    let json = try Files.read("tools.openai.json")
    let text = String(decoding: json, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    for count in 0..<text.utf8.count {
      let part = Array(text.utf8.prefix(count))
      answer(part)
      #expect(isMalformed(part), "the first \(count) bytes are read")
    }
    for bad in ["\u{0}", "[DONE] ", "[DONE", "nul", "\"", "{\"choices\":[{\"delta\":{\"content\":\"\\ud800\"}}]}"] {
      answer(Array(bad.utf8))
    }
  }

  @Test func `huge numbers are handled`() throws {
    for number in ["9223372036854775807", "-9223372036854775808", "1e400", "99999999999999999999999", "0.5"] {
      answer(Array(#"{"choices":[{"index":\#(number),"delta":{"content":"x"}}]}"#.utf8))
      answer(
        Array(
          #"{"choices":[{"delta":{"tool_calls":[{"index":\#(number),"function":{"name":"f","arguments":"{}"}}]}}]}"#
            .utf8))
      answer(
        Array(
          #"{"choices":[{"message":{}}],"usage":{"prompt_tokens":\#(number),"completion_tokens":\#(number)}}"#.utf8)
      )
      for field in ["max_tokens", "seed", "top_k", "top_logprobs", "num_ctx", "temperature", "n"] {
        ask(Array(#"{"messages":[],"logprobs":true,"\#(field)":\#(number)}"#.utf8))
      }
      ask(Array(#"{"messages":[],"thinking":{"type":"enabled","budget_tokens":\#(number)}}"#.utf8))
    }
  }

  @Test func `values nested to the limit are translated`() throws {
    let deep = String(repeating: "[", count: 58) + String(repeating: "]", count: 58)
    ask(
      Array(
        #"{"messages":[{"role":"user","content":\#(deep)}],"tools":\#(deep),"stop":\#(deep),"x":\#(deep)}"#.utf8))
    ask(
      Array(
        #"{"messages":[],"tools":[{"function":{"name":"f","parameters":{"a":\#(deep)}}}],"reasoning":\#(deep)}"#
          .utf8))
    answer(Array(#"{"choices":[{"delta":{"content":\#(deep),"tool_calls":\#(deep)}}]}"#.utf8))
    let arguments = String(repeating: #"{\"a\":"#, count: 63) + "1" + String(repeating: "}", count: 63)
    ask(
      Array(
        #"{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"\#(arguments)"}}]}]}"#
          .utf8))
  }

  @Test(.timeLimit(.minutes(1)))
  func `ten thousand elements take little time`() throws {
    func many(_ one: (Int) -> String) -> String { (0..<10_000).map(one).joined(separator: ",") }
    let calls = many { #"{"id":"c\#($0)","function":{"name":"f","arguments":"{}"}}"# }
    let results = many { #"{"role":"tool","tool_call_id":"c\#($0)","content":"r"}"# }
    let functions = many { _ in
      #"{"role":"assistant","function_call":{"name":"f"}},{"role":"function","name":"f","content":"r"}"#
    }
    let parts = many { _ in #"{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"http://a"}}"# }
    let tools = many { #"{"type":"function","function":{"name":"f\#($0)"}}"# }
    let blocks = many { _ in #"{"type":"thinking","thinking":"","signature":"s"}"# }
    let members = many { #""k\#($0)":1"# }
    ask(Array(#"{"messages":[{"role":"assistant","tool_calls":[\#(calls)]},\#(results)]}"#.utf8))
    ask(Array(#"{"messages":[\#(functions)]}"#.utf8))
    ask(Array(#"{"messages":[{"role":"user","content":[\#(parts)]}]}"#.utf8))
    ask(Array(#"{"messages":[{"role":"assistant","thinking_blocks":[\#(blocks)],\#(members)}],\#(members)}"#.utf8))
    ask(
      Array(
        #"{"messages":[],"tools":[\#(tools)],"tool_choice":{"type":"allowed_tools","tools":[\#(tools)]}}"#.utf8))
    let texts = many { _ in #"{"type":"text","text":"x"}"# }
    answer(
      Array(#"{"choices":[{"message":{"content":[\#(texts)],"thinking_blocks":[\#(blocks)],\#(members)}}]}"#.utf8))
    answer(Array(#"{"choices":[{"message":{"tool_calls":[\#(calls)]}}]}"#.utf8))
  }

  @Test(.timeLimit(.minutes(1)))
  func `matching results without IDs takes little time`() throws {
    var conversation = Conversation()
    let name = EscapedText("f")
    var calls = Conversation.Message(role: .assistant)
    var results = Conversation.Message(role: .user)
    for index in 0..<10_000 {
      calls.parts.append(.toolCall(.init(id: nil, name: name, arguments: .owned(Array("{}".utf8)))))
      results.parts.append(.toolResult(.init(id: nil, name: index % 2 == 0 ? name : nil, parts: [])))
    }
    conversation.messages = [calls, results, results]
    let target = WriteTarget(model: "m", streams: false)
    let nothing: [UInt8] = []
    #expect(isJSON(try CompletionsRequestWriter.write(conversation, nothing.span, for: target).body))
  }
}
