@testable import Gateway
import Testing

@Suite struct FailoverTests {
  @Test(arguments: [
    AttemptFailure.hostNotFound, .unreachable, .tls, .connectionLost, .timedOut(.connect), .tooLarge,
    .malformed("x"),
  ])
  func `before anything is sent the next candidate is asked`(_ failure: AttemptFailure) throws {
    let life = try Life()
    life.finish(failure)
    #expect(life.attempts == [0, 1])
    #expect(life.output.isEmpty)
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    #expect(try #require(life.received).fields["x-served-by"] == "b/m")
    #expect(life.end == .complete)
    let row = life.row
    #expect(row.failedAttempts.map(\.text) == ["a:\(failure.reason)"])
    #expect(row.provider == "b")
  }

  @Test func `what was held of the first candidate is never shown`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.role)
    life.arrive(#"data: {"id":"gone","choices":[]}"# + "\n\n")
    life.finish(.connectionLost)
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    #expect(!life.text.contains("gone"))
    #expect(try #require(life.received).events.count == 3)
  }

  @Test func `after the head the next candidate goes on in the same stream`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.role)
    life.wait(.seconds(8))
    #expect(try #require(life.received).text == ": keep-alive\n\n")
    life.arrive("data: {\"error\":{\"message\":\"boom\"}}\n\n")
    #expect(life.attempts == [0, 1])
    #expect(life.end == nil)
    life.respond()
    life.arrive(Say.role + Say.text("Hi") + Say.stop + Say.done)
    let answer = try #require(life.received)
    #expect(answer.events.count == 4)
    #expect(answer.isWhole)
    #expect(answer.hasPlainEvents)
    #expect(!life.text.contains("boom"))
    #expect(life.end == .complete)
  }

  @Test func `after the head the last failure is an error event`() throws {
    let life = try Life(providers: 1)
    life.respond()
    life.wait(.seconds(9))
    life.finish(.connectionLost)
    #expect(life.end == .abort)
    let answer = try #require(life.received)
    #expect(answer.events.count == 1)
    #expect(!answer.isWhole)
    #expect(life.row.outcome == .failed)
  }

  @Test func `each candidate is asked once`() throws {
    let life = try Life(providers: 3)
    for _ in 0..<3 {
      life.respond(500)
      life.finish()
    }
    #expect(life.attempts == [0, 1, 2])
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 502)
    #expect(life.row.failedAttempts.map(\.text) == ["a:status_500", "b:status_500", "c:status_500"])
  }

  @Test(arguments: [
    (400, 400, false), (401, 502, true), (402, 402, true), (403, 403, true), (404, 404, false), (408, 504, true),
    (413, 413, false), (422, 422, false), (429, 429, true), (500, 502, true), (503, 503, true), (504, 504, true),
    (529, 503, true),
  ])
  func `a status decides who is asked and what is said`(_ status: Int, _ shown: Int, _ isRetried: Bool) throws {
    for body in [Life.streamed, Life.whole] {
      let life = try Life(body)
      life.respond(status)
      life.arrive(#"{"error":{"message":"#)
      life.finish(rest: #""words"}}"#)
      #expect(life.attempts == (isRetried ? [0, 1] : [0]))
      if isRetried {
        life.respond(status)
        life.finish(rest: #"{"error":{"message":"words"}}"#)
      }
      let answer = try #require(life.received)
      #expect(answer.status == shown)
      #expect(answer.isWhole)
      #expect(life.end == .complete)
      #expect(life.row.status == shown)
      // An error about the gateway's own credentials does not repeat the upstream's words.
      #expect(answer.text.contains("words") == (status != 401))
    }
  }

  @Test func `the time to wait is passed on`() throws {
    let life = try Life(providers: 1)
    life.respond(429, retryAfter: 17)
    life.finish()
    #expect(try #require(life.received).fields["retry-after"] == "17")
  }

  @Test func `a long explanation is cut`() throws {
    let life = try Life(providers: 1)
    life.respond(400)
    for _ in 0..<40 { life.arrive(Array(repeating: UInt8(ascii: "x"), count: 10_000)) }
    life.finish()
    let answer = try #require(life.received)
    #expect(answer.status == 400)
    #expect(answer.body.count < 8192)
  }

  @Test func `a time to wait is at most an hour`() throws {
    let life = try Life(providers: 1)
    life.respond(429, retryAfter: 100_000)
    life.finish()
    #expect(try #require(life.received).fields["retry-after"] == "3600")
  }

  @Test func `of a long explanation only the beginning is kept`() throws {
    let life = try Life(providers: 1)
    life.respond(500)
    for count in [1, 60_000, 10_000, 300_000, 1] { life.arrive(Array(repeating: UInt8(ascii: "x"), count: count)) }
    #expect(life.exchange.fetch.collected.count == Fetch.errorBytesMax)
  }

  @Test func `a request without an available candidate gets the reason`() throws {
    let life = try Life(providers: 0)
    #expect(life.attempts == [])
    #expect(life.end == .complete)
    let answer = try #require(life.received)
    #expect(answer.status == 503)
    #expect(answer.text.contains(#""code":"no_provider""#))
    #expect(life.row.outcome == .rejected)
  }

  @Test func `who waits to ask again is not late, and asks when the pause is over`() throws {
    let life = try Life(providers: 2)
    life.act { exchange, _, now in exchange.fetch.suspend(.retry(at: now + .seconds(3))) }
    #expect(life.nextTick == life.now + .seconds(3))
    life.waitForAlarm()
    #expect(life.attempts == [0, 1])
  }

  @Test func `who waits in the queue for too long is told that all are busy`() throws {
    var timeouts = Timeouts.default
    timeouts.commitAfter = .seconds(600)
    timeouts.firstEvent = .seconds(1)
    let life = try Life(providers: 1, timeouts: timeouts)
    life.act { exchange, _, now in exchange.fetch.suspend(.queue(until: now + .seconds(60))) }
    life.waitForAlarm()
    let answer = try #require(life.received)
    #expect(answer.status == 503)
    #expect(answer.text.contains("timed out in the queue"))
  }

  @Test func `what a failure says of who was asked`() throws {
    typealias Outcome = ProviderHealth.Outcome
    func outcome(_ status: Int, retryAfter: Int? = nil) -> Outcome {
      Outcome(.status(status, UpstreamError(message: "", retryAfter: retryAfter)))
    }
    #expect(outcome(401) == .credentialsRejected)
    for status in [402, 403] { #expect(outcome(status) == .requestRefused(namesModel: false)) }
    #expect(outcome(429, retryAfter: 7) == .modelLimited(.seconds(7)))
    #expect(outcome(429) == .modelLimited(nil))
    for status in [408, 500, 502, 503, 529] { #expect(outcome(status) == .failed) }
    for status in [400, 404, 413, 422] { #expect(outcome(status) == .answered) }
    for failure in [AttemptFailure.connectionLost, .unreachable, .timedOut(.firstEvent), .tls, .malformed("x")] {
      #expect(Outcome(failure) == .failed)
    }
    #expect(Outcome(.error(UpstreamError(message: "", type: "rate_limit_error"))) == .modelLimited(nil))
    #expect(Outcome(.error(UpstreamError(message: "", type: "overloaded_error"))) == .failed)
  }

  @Test func `an end without a head is a failure`() throws {
    let life = try Life(providers: 1)
    life.finish()
    #expect(try #require(life.received).status == 502)
  }

  @Test func `a partial event of one candidate is not joined with the next candidate's stream`() throws {
    let life = try Life()
    life.respond()
    life.arrive(#"data: {"id":"half","cho"#)
    life.finish(.connectionLost)
    life.respond()
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    #expect(life.attempts == [0, 1])
    #expect(life.end == .complete)
    #expect(life.text.contains("Hi"))
  }

  @Test func `a 429 asks the caller to wait no longer than until the next candidate is available`() throws {
    let life = try Life(providers: 3)
    life.respond(429, retryAfter: 60)
    life.finish()
    #expect(life.attempts == [0, 1])
    life.act { exchange, effects, _ in
      exchange.noCandidateLeft(APIError(503, .noProvider, "nobody"), wait: .seconds(3), &effects)
    }
    let answer = try #require(life.received)
    #expect(answer.status == 429)
    #expect(answer.fields["retry-after"] == "3")
  }

  @Test func `a partial answer of one candidate is not joined with the next candidate's`() throws {
    for status in [200, 500] {
      let life = try Life(Life.whole)
      life.respond(status, isJSON: true)
      life.arrive(#"{"error":{"message":""#)
      life.finish(.connectionLost)
      #expect(life.attempts == [0, 1])
      life.respond(isJSON: true)
      life.arrive(String(WholeAnswerTests.answer.prefix(9)))
      life.finish(rest: String(WholeAnswerTests.answer.dropFirst(9)))
      #expect(try #require(life.received).status == 200)
      #expect(life.end == .complete)
    }
  }
}
