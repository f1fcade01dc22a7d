@testable import Gateway
import Testing

@Suite struct ChatStreamUsageTests {
  private static let text = ChatFeed.delta(#"{"role":"assistant","content":"12345678"}"#, finish: #""stop""#)

  @Test func `requested usage passes unchanged`() {
    var feed = ChatFeed(wantsUsage: true)
    _ = feed.take(Self.text)
    let usage = ChatFeed.chunk(
      "",
      #","usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}"#
    )
    #expect(feed.take(usage) == ChatFeed.Step(verdict: .silent, text: "data: \(usage)\n\n"))
    #expect(feed.chat.usage == Usage(prompt: 5, completion: 2, source: .reported, cached: 4))
    #expect(feed.finish() == "data: [DONE]\n\n")
  }

  @Test func `usage without a total gets one`() {
    var feed = ChatFeed(wantsUsage: true)
    _ = feed.take(Self.text)
    #expect(
      feed.relay(ChatFeed.chunk("", #","usage":{"prompt_tokens":5,"completion_tokens":2}"#))
        == ChatFeed.chunk("", #","usage":{"total_tokens":7,"prompt_tokens":5,"completion_tokens":2}"#))
  }

  @Test func `missing usage is estimated and marked`() {
    var feed = ChatFeed(wantsUsage: true)
    _ = feed.take(Self.text)
    #expect(
      feed.finish(promptBytes: 41)
        == #"data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"#
        + #""usage":{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13},"x_usage_source":"estimated"}"#
        + "\n\ndata: [DONE]\n\n")
    #expect(feed.chat.usage == nil)
  }

  @Test func `usage on a chunk with text is sent once and at the end, with its details`() {
    var feed = ChatFeed(wantsUsage: true)
    let usage =
      #""usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}"#
    let delta = #"{"role":"assistant","content":"x"}"#
    #expect(
      feed.relay(ChatFeed.delta(delta, finish: #""stop""#, "," + usage))
        == ChatFeed.delta(delta, finish: #""stop""#))
    let end = feed.finish()
    #expect(end.contains(#""choices":[],"# + usage + "}"))
    #expect(!end.contains("estimated"))
  }

  @Test func `usage on every chunk is sent once, with the last values`() {
    var feed = ChatFeed(wantsUsage: true)
    for count in 1...3 {
      let usage = #","usage":{"prompt_tokens":5,"completion_tokens":\#(count)}"#
      #expect(!feed.relay(ChatFeed.delta(#"{"role":"assistant","content":"x"}"#, usage)).contains("usage"))
    }
    _ = feed.take(Self.text)
    let end = feed.finish()
    #expect(end.contains(#""choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}"#))
  }

  @Test func `usage on every chunk stays for callers that requested it`() {
    var feed = ChatFeed(wantsUsage: true, wantsRunningUsage: true)
    let chunk = ChatFeed.delta(
      #"{"role":"assistant","content":"x"}"#,
      #","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}"#)
    #expect(feed.relay(chunk) == chunk)
  }

  @Test func `usage that counts up becomes the largest of each count`() {
    var feed = ChatFeed()
    for (prompt, completion) in [(5, 0), (5, 1), (0, 3), (4, 2)] {
      let usage = #","usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion)}"#
      #expect(!feed.relay(ChatFeed.delta(#"{"content":"x"}"#, usage)).contains("usage"))
    }
    #expect(feed.chat.usage == Usage(prompt: 5, completion: 3, source: .reported))
  }

  @Test func `usage null on every chunk is not usage`() {
    var feed = ChatFeed(wantsUsage: true)
    let chunk = ChatFeed.delta(#"{"role":"assistant","content":"x"}"#, #","usage":null"#)
    #expect(feed.relay(chunk) == chunk)
    #expect(feed.chat.usage == nil)
  }

  @Test(arguments: [
    ("-1", 0), ("0", 0), ("1099511627776", 1 << 40), ("1099511627777", 1 << 40), ("9223372036854775807", 1 << 40),
    ("-9223372036854775808", 0), ("9223372036854775808", 0), ("18446744073709551616", 0), ("1e300", 0), ("1.5", 0),
    (#""7""#, 0), ("null", 0), ("[]", 0), ("{}", 0), (String(repeating: "9", count: 5000), 0),
  ])
  func `impossible counts are ignored`(_ count: String, _ believed: Int) {
    var feed = ChatFeed(wantsUsage: true)
    let usage = #","usage":{"prompt_tokens":\#(count),"completion_tokens":\#(count)}"#
    let relayed = feed.relay(ChatFeed.chunk("", usage))
    #expect(feed.chat.usage == Usage(prompt: believed, completion: believed, source: .reported))
    #expect(relayed.contains(#""total_tokens":\#(2 * believed)"#))
  }
}
