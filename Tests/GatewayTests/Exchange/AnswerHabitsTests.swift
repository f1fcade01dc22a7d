@testable import Gateway
import Testing

/// Odd answers of servers, seen from the caller.
@Suite struct AnswerHabitsTests {
  private static func life(_ text: String, isJSON: Bool = false, _ body: String = Life.streamed) throws -> Life {
    let life = try Life(body, providers: 1)
    life.respond(isJSON: isJSON)
    life.finish(rest: text)
    return life
  }

  private static let stream = Say.role + Say.text("Hi") + Say.stop

  // MARK: Errors

  @Test(arguments: [
    (#"data: {"object":"error","message":"too hot","type":"BadRequestError","code":500}"#, "too hot"),
    (#"data: {"id":"x","choices":null,"error_type":"E","error_message":"too hot"}"#, "too hot"),
    (
      #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"message":"too hot"}}]}"#,
      "too hot"
    ),
    (#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}"#, "ended with an error"),
    ("data: [DONE]", "ended without an answer"),
  ])
  func `an error in a stream is an error, whatever its form`(_ event: String, _ message: String) throws {
    let life = try Self.life(event + "\n\n")
    let received = try #require(life.received)
    #expect(received.status == 502)
    #expect(received.text.contains(message))
    // The next candidate is tried.
    let other = try Life()
    other.respond()
    other.arrive(event + "\n\n")
    #expect(other.attempts == [0, 1])
  }

  @Test func `an error after text ends the stream with an error`() throws {
    let life = try Self.life(
      Say.text("Half") + #"data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"# + "\n\n"
    )
    #expect(life.end == .abort)
    #expect(life.text.contains(#"{"error":{"#))
  }

  @Test func `a non-streaming answer that finished with an error is an error`() throws {
    let answer = WholeAnswerTests.answer.replacing(#""finish_reason":"stop""#, with: #""finish_reason":"error""#)
    #expect(try #require(try Self.life(answer, isJSON: true, Life.whole).received).status == 502)
  }

  @Test(arguments: [
    (#"{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}"#, 400),
    (#"{"message":"no","code":400}"#, 400), (#"{"message":"slow","type":"rate_limit_error"}"#, 429),
    (#"{"message":"busy","type":"overloaded_error"}"#, 503), (#"{"message":"boom","code":500}"#, 502),
    (#"{"message":"who","code":401}"#, 502), (#"{"message":"odd","code":"x","type":"y"}"#, 502),
  ])
  func `an error in a stream has the status that the provider meant`(_ error: String, _ status: Int) throws {
    let life = try Self.life(#"data: {"error":\#(error)}"# + "\n\n")
    #expect(try #require(life.received).status == status)
  }

  @Test(arguments: ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
  func `a function call that Gemini could not make is an error`(_ reason: String) throws {
    let json = Array(#"{"candidates":[{"finishReason":"\#(reason)","finishMessage":"bad call"}]}"#.utf8)
    #expect(throws: AttemptFailure.error(UpstreamError(message: "bad call", type: reason))) {
      try GeminiAnswerReader.whole(json.span)
    }
  }

  @Test func `a reason to stop that is an error is one in every dialect`() throws {
    let message = Array(#"{"content":[],"stop_reason":"error"}"#.utf8)
    #expect(throws: AttemptFailure.self) { try MessagesAnswerReader.whole(message.span) }
    let line = Array(#"{"message":{"content":"a"},"done":true,"done_reason":"error"}"#.utf8)
    #expect(throws: AttemptFailure.self) { try OllamaAnswerReader.whole(line.span) }
  }

  // MARK: Streams

  @Test func `empty data and white space around it have no effect`() throws {
    let life = try Self.life(Say.role + "data: \n\ndata:\n\n" + Say.text("Hi") + Say.stop + "data:  [DONE] \n\n")
    #expect(life.end == .complete)
    #expect(life.text.contains("data: [DONE]\n\n"))
    #expect(!life.text.contains("data: \n"))
  }

  @Test(arguments: [true, false])
  func `a stream that is labeled as JSON is read as one`(_ isInPieces: Bool) throws {
    let life = try Life(providers: 1)
    life.respond(isJSON: true)
    let text = "\n" + Self.stream + Say.done
    if isInPieces { for byte in text.utf8 { life.arrive([byte]) } }
    life.finish(rest: isInPieces ? "" : text)
    #expect(life.end == .complete)
    #expect(life.text.contains(#""content":"Hi""#))
  }

  @Test func `a stream for a caller who asked for none becomes one answer`() throws {
    let life = try Self.life(Self.stream + Say.done, isJSON: false, Life.whole)
    #expect(life.end == .complete)
    #expect(try #require(life.received).text.contains(#""content":"Hi""#))
    #expect(try #require(try Self.life(Say.role + Say.text("Hi"), Life.whole).received).status == 502)
  }

  @Test func `bytes that are not UTF-8 become U+FFFD`() throws {
    var bytes = Array(Say.text("a@b").utf8)
    let at = try #require(bytes.firstIndex(of: UInt8(ascii: "@")))
    bytes.replaceSubrange(at...at, with: [0xf0, 0x9f])
    let life = try Life(providers: 1)
    life.respond()
    life.finish(nil, rest: bytes + Array((Say.stop + Say.done).utf8))
    #expect(life.end == .complete)
    #expect(life.text.contains(#""content":"a\#u{fffd}b""#))
    var whole = Array(WholeAnswerTests.answer.replacing("Hi", with: "@").utf8)
    whole[try #require(whole.firstIndex(of: UInt8(ascii: "@")))] = 0xff
    let other = try Life(Life.whole, providers: 1)
    other.respond(isJSON: true)
    other.finish(nil, rest: whole)
    #expect(other.text.contains(#""content":"\#u{fffd}""#))
  }

  @Test(
    arguments: [
      ([0x61], nil), ([0x80], "\u{fffd}"), ([0x61, 0xe2, 0x82], "a\u{fffd}"), ([0xc3, 0xa9], nil),
      ([0xed, 0xa0, 0x80, 0x62], "\u{fffd}\u{fffd}\u{fffd}b"),
    ] as [([UInt8], String?)])
  func `text is mended only where it is not UTF-8`(_ bytes: [UInt8], _ mended: String?) {
    #expect(UTF8Text.mended(bytes.span).map { String(decoding: $0, as: UTF8.self) } == mended)
  }

  @Test func `a chunk is mended that lacks a delta, an ID, or a type, or has a fraction of a second`() {
    var feed = ChatFeed()
    _ = feed.relay(ChatFeed.delta(#"{"role":"assistant","content":"x"}"#))
    #expect(
      feed.relay(#"{"id":"","object":"","created":7.5,"model":"","choices":[{"index":0,"finish_reason":null}]}"#)
        == ChatFeed.chunk(#"{"delta":{},"index":0,"finish_reason":null}"#))
  }

  @Test func `chunks with only usage are sent once, with the last values`() throws {
    func usage(_ count: Int) -> String {
      #"data: {"id":"c","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":\#(count)}}"# + "\n\n"
    }
    let body = Life.streamed.replacing(
      #""stream":true"#, with: #""stream":true,"stream_options":{"include_usage":true}"#)
    let end = usage(0) + Say.role + Say.text("Hi") + usage(2) + Say.stop
    for text in [end + usage(3) + usage(3), end.replacing(":2}", with: ":3}")] {
      let life = try Self.life(text + Say.done, body)
      #expect(life.text.ranges(of: #""total_tokens":23"#).count == 1)
      #expect(life.text.ranges(of: "prompt_tokens").count == 1)
    }
  }

  @Test func `an image of several megabytes arrives in one event`() throws {
    let image = String(repeating: "A", count: 3 << 20)
    let life = try Life(providers: 1)
    life.respond()
    life.arrive(Say.text(image))
    life.finish(rest: Say.stop + Say.done)
    #expect(life.end == .complete)
    #expect(life.text.contains(image))
  }
}
