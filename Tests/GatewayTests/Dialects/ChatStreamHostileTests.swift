@testable import Gateway
import Testing

@Suite struct ChatStreamHostileTests {
  @Test(arguments: [
    "64", "63", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e99", "0.0", "[]",
    "{}",
  ])
  func `no index traps`(_ index: String) {
    for wantsUsage in [false, true] {
      var feed = ChatFeed(wantsUsage: wantsUsage)
      let call = #"{"index":\#(index),"function":{"arguments":null}}"#
      let delta = #"{"content":"x","tool_calls":[\#(call)]}"#
      let chunk = ChatFeed.chunk(#"{"index":\#(index),"delta":\#(delta),"finish_reason":"stop"}"#)
      for _ in 0..<2 { #expect(feed.take(chunk).failure == nil) }
      let tools = ChatFeed.delta(delta)
      for _ in 0..<2 { #expect(feed.take(tools).failure == nil) }
      #expect(feed.finish().hasSuffix("data: [DONE]\n\n"))
    }
  }

  @Test func `many choices and tool calls pass`() {
    var feed = ChatFeed()
    let choices = (0..<100).map { #"{"index":\#($0),"delta":{"content":"x"}}"# }.joined(separator: ",")
    #expect(feed.take(ChatFeed.chunk(choices)).verdict == .visible)
    #expect(feed.chat.started == .max)
    let calls = (0..<100).map { _ in #"{"function":{"arguments":null}}"# }.joined(separator: ",")
    #expect(feed.take(ChatFeed.delta(#"{"tool_calls":[\#(calls)]}"#)).verdict == .visible)
    #expect(feed.finish().ranges(of: #""finish_reason""#).count == 64)
  }

  @Test(arguments: [1, 57, 58, 63, 64, 65, 100_000])
  func `depth has a limit`(_ depth: Int) {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let bomb = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      var feed = ChatFeed()
      let step = feed.take(#"{"choices":[],"x":\#(bomb)}"#)
      #expect((step.failure == nil) == (depth < Scanner.depthMax))
      let inner = feed.take(ChatFeed.delta(#"{"content":\#(bomb)}"#))
      if depth >= Scanner.depthMax { #expect(inner.failure != nil) }
    }
  }

  @Test(arguments: [
    #""choices""#, #""delta""#, #""index""#, #""finish_reason""#, #""tool_calls""#, #""function""#, #""arguments""#,
    #""role""#, #""content""#, #""usage""#, #""prompt_tokens""#, #""model""#, #""id""#, #""created""#, #""object""#,
    #""error""#,
  ])
  func `any member may have any value`(_ key: String) {
    let chunk = ChatFeed.chunk(
      #"{"index":0,"delta":{"role":"assistant","content":"x","tool_calls":[{"index":0,"id":"x","#
        + #""function":{"name":"f","arguments":"x"}}]},"finish_reason":"stop"}"#,
      #","usage":{"prompt_tokens":1,"completion_tokens":1},"error":null"#)
    for value in ["null", "true", "[]", "{}", "[[]]", "[{}]", "[null]", #""""#, #""x""#, "-0", "1e99", #"{"a":1}"#]
    {
      // Before the valid one, so that the key is repeated.
      let twice = chunk.replacing(key + ":", with: "\(key):\(value),\(key):")
      let instead = chunk.replacing(key + ":", with: "\(key):\(value),\"other\":")
      for data in [twice, instead] {
        for wantsUsage in [false, true] {
          var feed = ChatFeed(wantsUsage: wantsUsage)
          for _ in 0..<2 {
            let step = feed.take(data)
            if step.failure == nil, !step.text.isEmpty {
              #expect(ChatFeed.hasUniqueKeys(ChatFeed.data(step.text)) != nil, "\(data) became \(step.text)")
            }
          }
        }
      }
    }
  }

  @Test(arguments: ["model", "id", "created"], ["null", #""x""#, "7"])
  func `a repeated member is sent once`(_ key: String, _ value: String) {
    var feed = ChatFeed()
    _ = feed.take(#"{"id":"\#(String(repeating: "i", count: 200))","choices":[]}"#)
    for spelled in [key, key.replacing("d", with: #"\u0064"#)] {
      let members = Array(repeating: #""\#(spelled)":\#(value)"#, count: 100).joined(separator: ",")
      for data in [#"{\#(members)}"#, #"{\#(members),"choices":[]}"#, #"{"x":1,\#(members) , "y":2}"#] {
        let relayed = feed.relay(data)
        #expect(ChatFeed.hasUniqueKeys(relayed) == true, "\(relayed)")
        #expect(relayed.utf8.count < 500)
      }
    }
  }

  @Test func `random bytes do not trap`() {
    var random = SplitMix(state: 5)
    let seeds = ServerStreams.all.flatMap(\.chunks).map { Array($0.utf8) }
    let marks = Array(#"{}[]",:0-e\null"#.utf8)
    var relayed = 0
    for _ in 0..<3000 {
      var bytes = seeds.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch random.next() % 3 {
        case 0: bytes[at] = marks.randomElement(using: &random)!
        case 1: bytes.remove(at: at)
        default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
        }
        if bytes.isEmpty { bytes = [0x7b] }
      }
      var feed = ChatFeed(wantsUsage: random.next() % 2 == 0)
      if feed.take(String(decoding: bytes, as: UTF8.self)).failure == nil { relayed += 1 }
    }
    #expect(relayed > 300)
  }
}
