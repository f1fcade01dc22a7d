@testable import Gateway
import Testing

@Suite struct ChatStreamTests {
  private static let first = ChatFeed.delta(#"{"role":"assistant","content":""}"#)

  /// The data of an event after the first chunk of a stream, and the relayed data.
  static let goldens: [(name: String, data: String, relayed: String)] = [
    ("text", ChatFeed.delta(#"{"content":"Hi"}"#), ChatFeed.delta(#"{"content":"Hi"}"#)),
    (
      "odd spacing, unknown members and numbers",
      #" { "id" : "c1","object":"chat.completion.chunk", "created":7e0,"model":"m","zz":1.0E+400,"# + "\t"
        + #""choices":[ {"index":0,"logprobs":{"a":[1]},"delta":{"content":"\u0048\/"},"finish_reason":null} ] } "#,
      #" { "id" : "c1","object":"chat.completion.chunk", "created":7e0,"model":"m","zz":1.0E+400,"# + "\t"
        + #""choices":[ {"index":0,"logprobs":{"a":[1]},"delta":{"content":"\u0048\/"},"finish_reason":null} ] } "#
    ),
    (
      "another name", ChatFeed.delta("{}").replacing(#""m""#, with: #""vendor/m-2026""#), ChatFeed.delta("{}")
    ),
    ("an invalid name", ChatFeed.delta("{}").replacing(#""m""#, with: "null"), ChatFeed.delta("{}")),
    (
      "no id, object, created or model", #"{"choices":[]}"#,
      #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[]}"#
    ),
    ("an invalid ID", ChatFeed.delta("{}").replacing(#""c1""#, with: "null"), ChatFeed.delta("{}")),
    ("choices null", ChatFeed.chunk("").replacing("[]", with: "null"), ChatFeed.chunk("")),
    (
      "no choices", #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m"}"#,
      #"{"choices":[],"id":"c1","object":"chat.completion.chunk","created":7,"model":"m"}"#
    ),
    (
      "no index", ChatFeed.chunk(#"{"delta":{},"finish_reason":null}"#),
      ChatFeed.chunk(#"{"index":0,"delta":{},"finish_reason":null}"#)
    ),
    ("an empty finish", ChatFeed.delta("{}", finish: #""""#), ChatFeed.delta("{}")),
    ("a finish that is no text", ChatFeed.delta("{}", finish: "0"), ChatFeed.delta("{}")),
    (
      "no finish", ChatFeed.chunk(#"{"index":0,"delta":{}}"#),
      ChatFeed.chunk(#"{"finish_reason":null,"index":0,"delta":{}}"#)
    ),
    (
      "a tool call without id and index",
      ChatFeed.delta(#"{"tool_calls":[{"function":{"name":"f","arguments":null}}]}"#),
      ChatFeed.delta(#"{"tool_calls":[{"id":"call_0","index":0,"function":{"name":"f","arguments":""}}]}"#)
    ),
    (
      "a tool call as it should be",
      ChatFeed.delta(
        #"{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}}]}"#),
      ChatFeed.delta(
        #"{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}}]}"#)
    ),
    (
      "two tool calls without index",
      ChatFeed.delta(#"{"tool_calls":[{"id":"x","function":{}},{"id":"y","function":{}}]}"#),
      ChatFeed.delta(#"{"tool_calls":[{"index":0,"id":"x","function":{}},{"index":1,"id":"y","function":{}}]}"#)
    ),
    ("usage that was not requested", ChatFeed.delta("{}", #","usage":{"prompt_tokens":1}"#), ChatFeed.delta("{}")),
    ("null usage that was not requested", ChatFeed.delta("{}", #","usage":null"#), ChatFeed.delta("{}")),
    ("only usage that was not requested", ChatFeed.chunk("", #","usage":{"prompt_tokens":1}"#), ""),
  ]

  @Test(arguments: goldens.indices)
  func `a chunk passes unchanged except for repairs`(_ index: Int) {
    let golden = Self.goldens[index]
    var feed = ChatFeed()
    #expect(feed.relay(Self.first) == Self.first)
    #expect(feed.relay(golden.data) == golden.relayed, "\(golden.name)")
  }

  @Test(arguments: [
    (#"{"content":"Hi"}"#, #"{"role":"assistant","content":"Hi"}"#),
    (#"{"role":"assistant"}"#, #"{"content":"","role":"assistant"}"#),
    ("{}", #"{"content":"","role":"assistant"}"#),
    (#"{"role":"assistant","content":null}"#, #"{"role":"assistant","content":null}"#),
    (
      #"{"tool_calls":[{"index":0,"id":"x","function":{}}]}"#,
      #"{"content":null,"role":"assistant","tool_calls":[{"index":0,"id":"x","function":{}}]}"#
    ),
    (#"{"reasoning_content":"Hm"}"#, #"{"content":"","role":"assistant","reasoning_content":"Hm"}"#),
  ])
  func `a first delta has role and content`(_ delta: String, _ relayed: String) {
    var feed = ChatFeed()
    #expect(feed.relay(ChatFeed.delta(delta)) == ChatFeed.delta(relayed))
    // Only the first delta.
    #expect(feed.relay(ChatFeed.delta(#"{"content":"x"}"#)) == ChatFeed.delta(#"{"content":"x"}"#))
  }

  @Test(arguments: [
    (#"{"role":"assistant"}"#, false), (#"{"role":"assistant","content":""}"#, false),
    (#"{"role":"assistant","content":null}"#, false), ("{}", false), (#"{"content":"x"}"#, true),
    (#"{"reasoning_content":"x"}"#, true), (#"{"reasoning":"x"}"#, true), (#"{"refusal":"x"}"#, true),
    (#"{"reasoning_content":null,"content":""}"#, false), (#"{"tool_calls":[]}"#, false),
    (#"{"tool_calls":[{"index":0}]}"#, true), (#"{"function_call":{"name":"f"}}"#, true),
    (#"{"audio":{}}"#, true), (#"{"tool_calls":null,"refusal":null}"#, false),
  ])
  func `a role is not visible output, and everything else is`(_ delta: String, _ isVisible: Bool) {
    var feed = ChatFeed()
    #expect(feed.take(ChatFeed.delta(delta)).verdict == (isVisible ? .visible : .silent))
  }

  @Test func `only the first finish reason counts`() {
    var feed = ChatFeed()
    let stop = ChatFeed.delta("{}", finish: #""stop""#)
    #expect(feed.take(Self.first).verdict == .silent)
    #expect(!feed.chat.isFinished)
    #expect(feed.take(stop) == ChatFeed.Step(verdict: .visible, text: "data: \(stop)\n\n"))
    #expect(feed.chat.isFinished)
    #expect(feed.take(stop) == ChatFeed.Step(verdict: .silent, text: "data: \(ChatFeed.delta("{}"))\n\n"))
    #expect(feed.finish() == "data: [DONE]\n\n")
  }

  @Test func `choices finish one by one`() {
    var feed = ChatFeed()
    #expect(!feed.chat.isFinished)
    let both =
      #"{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null},"#
      + #"{"delta":{"content":"b"}}"#
    let relayed =
      #"{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null},"#
      + #"{"index":1,"finish_reason":null,"delta":{"role":"assistant","content":"b"}}"#
    #expect(feed.relay(ChatFeed.chunk(both)) == ChatFeed.chunk(relayed))
    _ = feed.take(ChatFeed.delta("{}", finish: #""stop""#))
    #expect(!feed.chat.isFinished)
    #expect(feed.chat.started == 3)
    #expect(
      feed.finish() == "data: "
        + #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","#
        + #""choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n")
  }

  @Test func `an unfinished tool call finishes with tool_calls`() {
    var feed = ChatFeed()
    _ = feed.take(ChatFeed.delta(#"{"tool_calls":[{"index":0,"id":"x","function":{"arguments":"{}"}}]}"#))
    #expect(feed.finish().contains(#""finish_reason":"tool_calls""#))
  }

  @Test func `a tool call gets an ID once`() {
    var feed = ChatFeed()
    _ = feed.take(Self.first)
    for number in [0, 1] {
      let fragment = ChatFeed.delta(#"{"tool_calls":[{"index":\#(number),"function":{"arguments":"x"}}]}"#)
      #expect(feed.relay(fragment).contains(#""id":"call_\#(number)""#))
      #expect(feed.relay(fragment) == fragment)
    }
  }

  @Test func `text is counted under every name`() {
    var feed = ChatFeed()
    _ = feed.take(ChatFeed.delta(#"{"content":"12345"}"#))
    _ = feed.take(ChatFeed.delta(#"{"reasoning_content":"123"}"#))
    _ = feed.take(ChatFeed.delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"12"}}]}"#))
    #expect(feed.chat.textBytes == 10)
  }

  @Test func `the end of a stream is known`() {
    var feed = ChatFeed()
    #expect(feed.take("[DONE]") == ChatFeed.Step(verdict: .done))
    #expect(feed.take(" [DONE]").failure != nil)
  }

  // MARK: Errors

  @Test(arguments: [
    (
      #"{"error":{"message":"boom","type":"t","code":500}}"#, UpstreamError(message: "boom", type: "t", code: "500")
    ),
    (#"{"error":"boom"}"#, UpstreamError(message: "boom")),
    (#"{"id":"c","choices":[],"error":{"message":"boom"}}"#, UpstreamError(message: "boom")),
  ])
  func `an error in a stream is a failure`(_ data: String, _ error: UpstreamError) {
    var feed = ChatFeed()
    #expect(feed.take(data) == ChatFeed.Step(failure: .error(error)))
  }

  @Test func `a null error is not an error`() {
    var feed = ChatFeed()
    #expect(feed.take(ChatFeed.delta(#"{"content":"x"}"#, #","error":null"#)).verdict == .visible)
  }

  @Test func `an error that is a string is cut and masked`() {
    var feed = ChatFeed()
    let long = String(repeating: "x", count: 5000) + " sk-0123456789"
    guard case .error(let error) = feed.take(#"{"error":"sk-0123456789 \#(long)"}"#).failure else {
      Issue.record("no error")
      return
    }
    #expect(error.message.count <= UpstreamErrorReader.messageMax)
    #expect(!error.message.contains("0123456789"))
  }

  @Test(arguments: ["", "null", "1", "[]", "{", "{]", #"{"a":}"#, "DONE", "{} {}", "\u{0}", #"{"choices":[}]}"#])
  func `data that is not an object is malformed`(_ data: String) {
    var feed = ChatFeed()
    let step = feed.take(data)
    guard case .malformed = step.failure else {
      Issue.record("\(step)")
      return
    }
    #expect(step.text.isEmpty)
  }

  // MARK: Added chunks

  @Test(arguments: [
    ChatFeed.chunk(#"{"index":null,"delta":{},"finish_reason":null}"#),
    ChatFeed.chunk(#"{"index":"0","delta":{},"finish_reason":null}"#),
    ChatFeed.delta(#"{"role":null,"content":"x"}"#),
    ChatFeed.delta(#"{"role":"assistant","content":null,"tool_calls":[{"index":null,"id":"x","function":{}}]}"#),
    ChatFeed.delta(#"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":null,"function":{}}]}"#),
  ])
  func `a null member is replaced, not written twice`(_ data: String) {
    var feed = ChatFeed()
    let relayed = feed.relay(data)
    #expect(ChatFeed.hasUniqueKeys(relayed) == true)
  }

  @Test func `data of several lines is sent as one event`() {
    var feed = ChatFeed()
    let text = feed.take(ChatFeed.delta(#"{"content":"x"}"#).replacing(",", with: ",\n")).text
    #expect(text.split(separator: "\n").count == 1)
  }

  @Test func `an added chunk has the time of the others`() {
    var feed = ChatFeed(wantsUsage: true)
    _ = feed.take(ChatFeed.delta(#"{"content":"x"}"#).replacing(#""created":7"#, with: #""created":8"#))
    #expect(feed.finish().ranges(of: #""created":8,"#).count == 2)
  }
}
