@testable import Gateway
import Testing

@Suite struct WholeAnswerTests {
  static let answer =
    #"{"id":"c","object":"chat.completion","created":1,"model":"served","choices":[{"index":0,"#
    + #""message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"#
    + #""usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#

  @Test(arguments: [0, 1, 50, 100_000])
  func `a whole answer leaves as it came but for the model`(_ cut: Int) throws {
    let life = try Life(Life.whole)
    life.respond(isJSON: true)
    let readsAsItArrives = life.exchange.isStreamingBody
    #expect(!readsAsItArrives)
    if cut > 0 { life.arrive(String(Self.answer.prefix(cut))) }
    life.finish(rest: String(Self.answer.dropFirst(cut)))
    let received = try #require(life.received)
    #expect(received.status == 200)
    #expect(received.fields["content-type"] == "application/json")
    #expect(received.fields["x-served-by"] == "a/m")
    #expect(received.text == Self.answer.replacing(#""served""#, with: #""m""#))
    #expect(life.end == .complete)
    let row = life.row
    #expect(row.usage == Usage(prompt: 3, completion: 2, source: .reported))
    #expect(row.outcome == .completed)
  }

  @Test(arguments: [200, 201, 203, 299])
  func `every success has an answer`(_ status: Int) throws {
    let life = try Life(Life.whole)
    life.respond(status, isJSON: true)
    life.finish(rest: Self.answer)
    #expect(life.attempts == [0])
    #expect(try #require(life.received).text.contains(#""content":"Hi""#))
    #expect(life.end == .complete)
  }

  @Test func `of a header field that comes twice the first counts`() {
    var head = UpstreamHead(status: 200)
    for (name, value) in [
      ("Content-Type", "application/json; charset=utf-8"), ("content-type", "text/html"), ("Content-Length", "5"),
      ("content-length", "7"), ("content-encoding", "identity"), ("Content-Encoding", "gzip"),
      ("x", "application/json"),
    ] { head.note(name.utf8.span, value.utf8.span) }
    #expect(head.isJSON && !head.isHTML && !head.isEncoded)
    #expect(head.length == 5)
  }

  @Test(arguments: [
    "", "null", "[]", "{}", "Hi", #"{"choices":null}"#, #"{"choices":[]"#, #"{"error":{"message":"x"}}"#,
  ])
  func `what is no answer goes to the next candidate`(_ body: String) throws {
    for request in [Life.whole, Life.streamed] {
      let life = try Life(request)
      life.respond(isJSON: true)
      life.finish(rest: body)
      #expect(life.attempts == [0, 1])
      #expect(life.output.isEmpty)
    }
  }

  @Test func `an incomplete answer is an error`() throws {
    let life = try Life(Life.whole, providers: 1)
    life.respond(isJSON: true)
    life.arrive(Self.answer)
    life.finish(.connectionLost)
    #expect(try #require(life.received).status == 502)
  }

  @Test func `a web page is no answer`() throws {
    for request in [Life.whole, Life.streamed] {
      let life = try Life(request, providers: 1)
      life.respond(isHTML: true)
      life.finish(rest: "<html>Log in</html>")
      let received = try #require(life.received)
      #expect(received.status == 502)
      #expect(received.text.contains(#""code":"upstream_malformed_response""#))
      #expect(!received.text.contains("<html>"))
    }
  }

  @Test func `a whole answer to who asked for a stream becomes one`() throws {
    let life = try Life()
    life.respond(isJSON: true)
    life.finish(rest: Self.answer)
    let received = try #require(life.received)
    #expect(received.fields["content-type"] == "text/event-stream; charset=utf-8")
    #expect(received.hasPlainEvents)
    #expect(received.events.count == 2)
    #expect(received.events[0].contains(#""content":"Hi""#))
    #expect(received.events[0].contains(#""finish_reason":"stop""#))
    #expect(received.events[0].contains(#""model":"m""#))
    #expect(life.end == .complete)
    #expect(life.row.usage?.total == 5)
  }

  @Test func `an answer of many lines becomes a stream too`() throws {
    let life = try Life(providers: 1)
    life.respond(isJSON: true)
    life.finish(rest: Self.answer.replacing(",", with: ",\n  ").replacing("{", with: "{\r\n"))
    let received = try #require(life.received)
    #expect(received.status == 200)
    #expect(received.events.count == 2)
  }

  @Test func `an answer behind the bound is refused`() throws {
    let life = try Life(Life.whole, providers: 1)
    life.respond(isJSON: true)
    let piece = [UInt8](repeating: UInt8(ascii: " "), count: Fetch.answerBytesMax / 4)
    for _ in 0..<4 { life.arrive(piece) }
    #expect(life.end == nil)
    life.arrive(" ")
    let received = try #require(life.received)
    #expect(received.status == 502)
    #expect(received.text.contains("exceeds the size limit"))
  }
}
