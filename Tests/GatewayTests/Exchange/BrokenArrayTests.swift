@testable import Gateway
import Testing

/// Streams to callers of Gemini's array form that end before any visible output, after the head was sent.
@Suite struct BrokenArrayTests {
  private static let body = #"{"contents":[{"parts":[{"text":"hello"}]}]}"#
  private static let endpoint = CallEndpoint(.gemini, form: .array, model: .empty)

  @Test func `an array whose first elements were held back has its bracket`() throws {
    let life = try Life(Self.body, providers: 1, at: Self.endpoint, from: .gemini)
    life.respond()
    life.wait(Timeouts.default.commitAfter)
    #expect(life.phase == .committed)
    life.arrive("data: {\"usageMetadata\":{\"promptTokenCount\":5}}\n\n")
    life.finish(.connectionLost)
    #expect(life.end == .abort)
    expectOnlyError(try #require(life.received))
  }

  @Test func `an array without any attempt has its bracket`() throws {
    let bytes = Array(Self.body.utf8)
    let exchange = Exchange(
      try Call.read(bytes.span, for: Self.endpoint, model: "m"), body: bytes, timeouts: .default,
      options: Reply.Options(minorVersion: 1, keepsAlive: true, requestID: "r1", date: Array("D".utf8)),
      record: RequestRecord(), now: .zero, created: 1700)
    var effects = Effects()
    exchange.begin(&effects)
    exchange.tick(&effects, now: Timeouts.default.commitAfter)
    #expect(exchange.phase == .committed)
    exchange.noCandidateLeft(APIError(503, .noProvider, "nobody"), wait: nil, &effects)
    expectOnlyError(try #require(Received(effects.output)))
  }

  @Test func `a Responses stream whose first events were held back has its beginning`() throws {
    let life = try Life(
      #"{"model":"m","stream":true,"input":"hello"}"#, providers: 1, at: CallEndpoint(.responses))
    life.respond()
    life.wait(Timeouts.default.commitAfter)
    life.arrive(Say.role)
    life.finish(.connectionLost)
    let lines = try #require(life.received).text.split(separator: "\n")
    let names = lines.filter { $0.hasPrefix("event: ") }
    #expect(names.first == "event: response.created")
    #expect(names.last == "event: response.failed")
  }

  private func expectOnlyError(_ received: Received) {
    #expect(received.status == 200)
    #expect(received.text.hasPrefix(#"[{"error":{"#) && received.text.hasSuffix("}]"), "\(received.text)")
  }
}
