@testable import Gateway
import Testing

@Suite struct StreamTests {
  @Test func `the head is held until something is visible`() throws {
    let life = try Life()
    #expect(life.attempts == [0])
    life.respond()
    life.arrive(": hello\n\n" + Say.role)
    #expect(life.output.isEmpty)
    life.arrive(Say.text("Hi"))
    let answer = try #require(life.received)
    #expect(answer.status == 200)
    #expect(answer.fields["content-type"] == "text/event-stream; charset=utf-8")
    #expect(answer.fields["x-served-by"] == "a/m")
    #expect(answer.fields["x-accel-buffering"] == "no")
    #expect(answer.events.count == 2)
    #expect(answer.events.allSatisfy { $0.contains(#""model":"m""#) })
    #expect(!answer.isWhole)
    #expect(life.end == nil)
  }

  @Test func `a stream that ends as it should is whole`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.role + Say.text("Hi") + Say.stop + Say.done)
    let answer = try #require(life.received)
    #expect(life.end == .complete)
    #expect(answer.isWhole)
    #expect(answer.events.last == "[DONE]")
    #expect(answer.events.count == 4)
    #expect(life.row.outcome == .completed)
    life.finish()
    #expect(!life.isHaunted)
  }

  @Test func `what follows the last event is not read`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop + Say.done + Say.text("more") + Say.done)
    #expect(life.text.split(separator: "[DONE]").count == 2)
    #expect(!life.text.contains("more"))
    #expect(try #require(life.received).isWhole)
  }

  @Test func `a stream without its last event is whole when it finished`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop)
    #expect(life.end == nil)
    life.finish()
    #expect(life.end == .complete)
    #expect(try #require(life.received).events.last == "[DONE]")
  }

  @Test func `a last event without its empty line counts`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.finish(rest: String(Say.stop.dropLast(2)))
    #expect(life.end == .complete)
    #expect(try #require(life.received).events.count == 3)
  }

  @Test func `a last event that is cut in two does not`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.finish(rest: String(Say.stop.dropLast(20)))
    #expect(life.end == .abort)
    #expect(!life.text.contains("[DONE]"))
  }

  @Test func `the whole stream may come with the end`() throws {
    let life = try Life()
    life.respond()
    life.finish(rest: Say.text("Hi") + Say.stop + Say.done)
    #expect(life.end == .complete)
    #expect(try #require(life.received).events.count == 3)
  }

  @Test func `a stream that ends before it finished breaks off`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.finish()
    #expect(life.end == .abort)
    let answer = try #require(life.received)
    #expect(!answer.isWhole)
    #expect(try #require(answer.events.last).contains(#""code":"upstream_truncated""#))
    #expect(!life.text.contains("[DONE]"))
    #expect(life.row.outcome == .truncated)
    #expect(life.attempts == [0])
  }

  @Test(arguments: [
    #"data: {"error":{"message":"boom","type":"server_error"}}"#, #"data: {"error":"boom"}"#, "data: {boom",
    "event: error\ndata: {\"error\":{\"message\":\"boom\"}}",
  ])
  func `a failure behind visible output is one error event and no success`(_ event: String) throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi") + event + "\n\n" + Say.done)
    #expect(life.end == .abort)
    let answer = try #require(life.received)
    #expect(answer.hasPlainEvents)
    #expect(answer.events.count == 2)
    #expect(try #require(answer.events.last).hasPrefix(#"{"error":{"message":"#))
    #expect(!answer.isWhole)
    #expect(!life.text.contains("[DONE]"))
  }

  @Test func `an event behind the bound breaks the stream off`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.arrive(Array(repeating: UInt8(ascii: "x"), count: AnswerStream.eventBytesMax + 64))
    #expect(life.end == .abort)
  }

  @Test func `silence that does not end is shown at its bound`() throws {
    let life = try Life()
    life.respond()
    let padding = String(repeating: "x", count: 20_000)
    let silent = #"data: {"model":"m","choices":[{"delta":{"content":""}}],"padding":"\#(padding)"}"# + "\n\n"
    var count = 0
    while life.output.isEmpty, count < 20 {
      life.arrive(silent)
      count += 1
    }
    #expect((Exchange.heldBytesMax / 20_500...Exchange.heldBytesMax / 20_000 + 1).contains(count))
    #expect(life.phase == .visible)
    #expect(life.received?.events.count == count)
  }

  @Test func `without chunks the end of the connection is the end`() throws {
    let life = try Life(minorVersion: 0)
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    let answer = try #require(life.received)
    #expect(answer.fields["transfer-encoding"] == nil)
    #expect(answer.fields["content-length"] == nil)
    #expect(answer.events.last == "[DONE]")
    #expect(life.text.hasSuffix("data: [DONE]\n\n"))
  }

  @Test func `a body that ends with the connection says that it will end`() throws {
    let bytes = Array(Life.streamed.utf8)
    let options = Reply.Options(minorVersion: 0, keepsAlive: true, requestID: "r1", date: Array("D".utf8))
    let exchange = Exchange(
      try Call.read(bytes.span, for: CallEndpoint(.openAI)), body: bytes, timeouts: .default, options: options,
      record: RequestRecord(), now: .zero, created: 1)
    var effects = Effects()
    exchange.begin(&effects)
    #expect(effects.needsAttempt)
    exchange.attemptStarted("m", name: "a", now: .zero)
    exchange.headReceived(.init(status: 200), &effects, now: .zero)
    exchange.transferEnded(nil, rest: Array((Say.text("Hi") + Say.stop + Say.done).utf8).span, &effects, now: .zero)
    let answer = try #require(Received(effects.output))
    #expect(answer.fields["connection"] == "close")
  }

  @Test func `usage that was asked for comes once, before the end`() throws {
    let life = try Life(
      #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user"}]}"#)
    life.respond()
    life.arrive(Say.text("Hello there") + Say.stop + Say.done)
    let events = try #require(life.received).events
    #expect(events.count == 4)
    #expect(events[2].contains(#""x_usage_source":"estimated""#))
    #expect(events[2].contains(#""choices":[]"#))
    #expect(life.row.usage?.completion == 3)
  }

  @Test func `a stream that breaks off is a failure of its provider`() throws {
    let life = try Life()
    life.respond()
    life.wait(.seconds(1))
    life.arrive(Say.text("Hi"))
    life.finish(.connectionLost)
    #expect(life.end == .abort)
    #expect(life.attempts == [0])
    #expect(life.verdicts == [AttemptResult(outcome: .failed, firstEvent: .seconds(1))])
  }

  @Test func `a stream of two choices is whole without its last event when both have finished`() throws {
    for finished in 0...2 {
      let life = try Life(#"{"model":"m","stream":true,"n":2,"messages":[{"role":"user","content":"hello"}]}"#)
      life.respond()
      for index in 0..<2 {
        life.arrive(Say.text("Hi").replacing(#""index":0"#, with: "\"index\":\(index)"))
      }
      for index in 0..<finished { life.arrive(Say.stop.replacing(#""index":0"#, with: "\"index\":\(index)")) }
      life.finish()
      #expect(life.end == (finished == 2 ? .complete : .abort), "\(finished)")
    }
  }

  @Test func `a broken connection ends a stream of two choices properly only after both have finished`() throws {
    for (choices, failure, isWhole) in [
      (1, nil, true), (1, AttemptFailure.connectionLost, false), (2, .connectionLost, true),
    ] {
      let life = try Life(#"{"model":"m","stream":true,"n":2,"messages":[{"role":"user","content":"hello"}]}"#)
      life.respond()
      for index in 0..<choices {
        for event in [Say.text("Hi"), Say.stop] {
          life.arrive(event.replacing(#""index":0"#, with: "\"index\":\(index)"))
        }
      }
      life.finish(failure)
      #expect(life.end == (isWhole ? .complete : .abort), "\(choices)")
    }
  }
}
