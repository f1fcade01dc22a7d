@testable import Gateway
import Testing

@Suite struct ChatAnswerTests {
  static func relay(_ json: String) throws(AttemptFailure) -> (text: String, usage: Usage?) {
    let bytes = Array(json.utf8)
    let (found, edits) = try ChatAnswer.relay(bytes.span, modelToken: Array(#""m""#.utf8))
    let out = edits.text(of: bytes.span)
    return (String(decoding: out, as: UTF8.self), found.usage)
  }

  static func restream(_ json: String) throws(AttemptFailure) -> [String] {
    let bytes = Array(json.utf8)
    return try ChatAnswer.restream(bytes.span).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    (#"{"model":"x","choices":[]}"#, #"{"model":"m","choices":[]}"#),
    (
      #" { "choices" : [ {"model":"x"} ] , "model" : null , "z":1e999 } "#,
      #" { "choices" : [ {"model":"x"} ] , "model" : "m" , "z":1e999 } "#
    ),
    (#"{"choices":[]}"#, #"{"model":"m","choices":[]}"#),
    (#"{"mod\u0065l":"x","choices":[],"error":null}"#, #"{"mod\u0065l":"m","choices":[],"error":null}"#),
    (#"{"model":1,"m\u006fdel":2,"choices":[] , "model":3}"#, #"{"model":"m","choices":[] }"#),
  ])
  func `only the model's name changes`(_ json: String, _ relayed: String) throws {
    #expect(try Self.relay(json).text == relayed)
  }

  @Test(arguments: [
    ("", nil), (#","usage":null"#, nil), (#","usage":{}"#, nil), (#","usage":{"prompt_tokens":-5}"#, 0),
    (#","usage":{"prompt_tokens":7,"completion_tokens":1}"#, 8), (#","usage":{"prompt_tokens":1e9}"#, nil),
    (#","usage":{"prompt_tokens":9223372036854775807,"completion_tokens":1}"#, 1 << 40 + 1),
    (#","usage":{"prompt_tokens":92233720368547758070}"#, nil),
  ])
  func `usage is read only within plausible limits`(_ member: String, _ total: Int?) throws {
    let usage = try Self.relay(#"{"choices":[]\#(member)}"#).usage
    #expect(usage?.total == total.map { $0 == 1 << 40 + 1 ? (1 << 40) + 1 : $0 })
    #expect(usage == nil || usage?.source == .reported)
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}", #"{"choices":{}}"#, #"{"choices":[]}}"#, "<html>", #"{"choices":[1,]}"#,
  ])
  func `an answer without choices is malformed`(_ json: String) {
    #expect { try Self.relay(json) } throws: { Self.isMalformed($0) }
    #expect { try Self.restream(json) } throws: { Self.isMalformed($0) }
  }

  private static func isMalformed(_ error: any Error) -> Bool {
    if case .malformed? = error as? AttemptFailure { return true }
    return false
  }

  @Test func `an error in a 200 is an error`() {
    #expect(throws: AttemptFailure.error(UpstreamError(message: "no"))) {
      try Self.relay(#"{"error":{"message":"no"},"choices":[]}"#)
    }
    #expect(throws: AttemptFailure.error(UpstreamError(message: "no"))) { try Self.restream(#"{"error":"no"}"#) }
  }

  @Test func `a non-streaming answer becomes the events of a stream`() throws {
    let json =
      #"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"},"#
      + #"{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"length"}],"#
      + #""usage":{"prompt_tokens":1,"completion_tokens":2}}"#
    #expect(
      try Self.restream(json) == [
        #"{"choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}"#,
        #"{"choices":[{"index":1,"delta":{"role":"assistant","content":"b"},"finish_reason":"length"}]}"#,
        #"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
      ])
    #expect(try Self.restream(#"{"choices":[]}"#).isEmpty)
    #expect(try Self.restream(#"{"choices":[1,{}]}"#) == [#"{"choices":[{}]}"#])
  }

  @Test func `a tool call of a non-streaming answer gets its index`() throws {
    let json =
      #"{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","#
      + #""function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
    var feed = ChatFeed()
    let event = try #require(try Self.restream(json).first)
    let step = feed.take(event)
    #expect(step.verdict == .visible)
    #expect(step.text.contains(#""tool_calls":[{"index":0,"id":"x""#))
    #expect(feed.chat.isFinished)
  }
}
