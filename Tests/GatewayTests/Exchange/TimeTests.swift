@testable import Gateway
import Testing

@Suite struct TimeTests {
  @Test func `at the deadline the head goes out with a comment`() throws {
    let life = try Life()
    life.respond()
    life.wait(.milliseconds(7999))
    #expect(life.output.isEmpty)
    #expect(life.nextTick - life.now == .milliseconds(1))
    life.waitForAlarm()
    #expect(try #require(life.received).text == ": keep-alive\n\n")
    #expect(life.phase == .committed)
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    let answer = try #require(life.received)
    #expect(answer.events.count == 3)
    #expect(answer.isWhole)
    #expect(life.row.firstByte == .seconds(8))
  }

  @Test func `comments keep a quiet stream alive`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    for _ in 0..<3 { life.waitForAlarm() }
    #expect(life.text.split(separator: ": keep-alive\n\n").count == 4)
    #expect(try #require(life.received).hasPlainEvents)
    life.wait(.seconds(1))
    #expect(life.text.split(separator: ": keep-alive\n\n").count == 4)
  }

  @Test func `without an interval there are no comments`() throws {
    var timeouts = Timeouts.default
    timeouts.keepAliveComment = .zero
    let life = try Life(timeouts: timeouts)
    life.respond()
    life.arrive(Say.text("Hi"))
    #expect(life.nextTick - life.now == timeouts.stall)
    life.wait(.seconds(100))
    #expect(!life.text.contains("keep-alive"))
  }

  @Test func `a first event that does not come is a failure of the candidate`() throws {
    let life = try Life()
    life.respond()
    life.wait(.seconds(299))
    #expect(life.attempts == [0])
    life.wait(.seconds(1))
    #expect(life.attempts == [0, 1])
    // The next candidate has as long again.
    life.wait(.seconds(299))
    #expect(life.end == nil)
    life.wait(.seconds(1))
    #expect(life.end == .abort)
    #expect(life.text.contains("upstream_timeout"))
    #expect(life.row.failedAttempts.map(\.text) == ["a:timeout", "b:timeout"])
  }

  @Test func `a first event that is late before the head is a status`() throws {
    var timeouts = Timeouts.default
    timeouts.firstEvent = .seconds(2)
    let life = try Life(providers: 1, timeouts: timeouts)
    life.waitForAlarm()
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 504)
  }

  @Test func `a stream that stalls breaks off`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.wait(.seconds(119))
    life.arrive(Say.text("Ho"))
    life.wait(.seconds(119))
    #expect(life.end == nil)
    life.wait(.seconds(1))
    #expect(life.end == .abort)
    #expect(try #require(life.received?.events.last).contains("upstream_truncated"))
  }

  @Test(arguments: [Life.streamed, Life.whole])
  func `the head of an answer has a time of its own where it is given one`(body: String) throws {
    var timeouts = Timeouts.default
    timeouts.header = .seconds(5)
    let life = try Life(body, timeouts: timeouts)
    life.waitForAlarm()
    #expect(life.attempts == [0, 1])
    // A client that has sent the bytes has the default time for the rest.
    life.respond()
    life.wait(.seconds(200))
    #expect(life.end == nil)
    #expect(life.row.failedAttempts.map(\.text) == ["a:timeout"])
  }

  @Test func `a stream that is slower than it may be breaks off`() throws {
    var timeouts = Timeouts.default
    timeouts.keepAliveComment = .zero
    timeouts.throughputMin = 10
    let life = try Life(timeouts: timeouts)
    life.respond()
    life.arrive(Say.text("Hi"))
    for _ in 0..<3 {
      life.wait(.seconds(20))
      life.arrive(Say.text(String(repeating: "a", count: 300)))
      life.waitForAlarm()
      #expect(life.end == nil)
    }
    life.arrive(Say.text("a"))
    // A wait for the client does not count as a slow stream.
    life.now += .seconds(25)
    life.exchange.resumed(now: life.now)
    life.wait(.seconds(29))
    #expect(life.end == nil)
    life.waitForAlarm()
    #expect(life.end == .abort)
    #expect(life.text.contains("slower than"))
  }

  @Test func `time in which the client did not read is not the upstream's`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.now += .seconds(110)
    life.exchange.resumed(now: life.now)
    life.wait(.seconds(119))
    #expect(life.end == nil)
    life.wait(.seconds(1))
    #expect(life.end == .abort)
  }

  @Test func `a probe is a comment where a stream runs and a 100 before the head`() throws {
    let life = try Life()
    let probe = { (life: Life) in life.act { exchange, effects, now in exchange.pingClient(&effects, now: now) } }
    probe(life)
    #expect(life.output == Received.interim)
    life.respond()
    life.arrive(Say.text("Hi"))
    probe(life)
    #expect(try #require(life.received).text.hasSuffix("\n\n: keep-alive\n\n"))
    life.arrive(Say.stop + Say.done)
    #expect(try #require(life.received).hasPlainEvents)
    probe(life)
    #expect(!life.isHaunted)
  }

  @Test func `a whole answer has its time, and there is none left for another`() throws {
    let life = try Life(Life.whole)
    life.respond()
    life.arrive("{")
    life.wait(.seconds(599))
    #expect(life.end == nil)
    life.waitForAlarm()
    #expect(life.attempts == [0])
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 504)
  }

  @Test func `the alarm never rings for nothing twice at one time`() throws {
    let life = try Life(providers: 3)
    var rings = 0
    while life.end == nil, rings < 200 {
      let at = life.nextTick
      #expect(at > life.now)
      life.waitForAlarm()
      rings += 1
    }
    #expect(life.end == .abort)
    #expect(life.now == .seconds(1900))
  }

  @Test func `a stop is a status where nothing was sent`() throws {
    let life = try Life()
    life.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 503)
    #expect(life.row.outcome == .shutdown)
  }

  @Test func `a stop is an error event where a stream runs`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(life.end == .abort)
    let answer = try #require(life.received)
    #expect(try #require(answer.events.last).contains("shutting_down"))
    #expect(!answer.isWhole)
    #expect(life.row.outcome == .shutdown)
  }

  @Test func `a client that leaves is a row and nothing else`() throws {
    let life = try Life()
    life.respond()
    life.arrive(Say.text("Hi there"))
    life.now += .seconds(2)
    life.exchange.cancel()
    let row = life.row
    #expect(row.outcome == .clientClosed)
    #expect(row.status == 499)
    #expect(row.total == .seconds(2))
    #expect(row.usage == Usage(prompt: 9, completion: 2, source: .estimated))
  }

  @Test func `a candidate that may not be asked is a refusal`() throws {
    let life = try Life()
    life.act { exchange, effects, _ in
      exchange.attemptRejected(APIError(429, .overloaded, "Later."), &effects)
    }
    #expect(try #require(life.received).status == 429)
    #expect(life.end == .complete)
    #expect(life.row.outcome == .rejected)
  }

  @Test func `an upstream that takes no more of a large request is given up, one that takes some is not`() throws {
    let prompt = String(repeating: "x", count: Fetch.unwatchedBytesMax)
    let life = try Life(#"{"model":"m","messages":[{"role":"user","content":"\#(prompt)"}]}"#)
    life.wait(.seconds(20))
    life.exchange.uploaded(1000, of: 40_000, now: life.now)
    life.wait(.seconds(20))
    #expect(life.attempts == [0])
    life.wait(.seconds(10))
    #expect(life.row.failedAttempts.map(\.text) == ["a:timeout"])
    #expect(life.attempts == [0, 1])
    life.exchange.uploaded(40_000, of: 40_000, now: life.now)
    life.wait(.seconds(60))
    #expect(life.attempts == [0, 1])
    #expect(life.end == nil)
  }

  @Test func `bytes of one rate window do not count in the next`() throws {
    var timeouts = Timeouts.default
    timeouts.keepAliveComment = .zero
    timeouts.throughputMin = 10
    let life = try Life(timeouts: timeouts)
    life.respond()
    life.arrive(Say.text("Hi"))
    life.arrive(Say.text(String(repeating: "a", count: 3000)))
    life.waitForAlarm()
    #expect(life.end == nil)
    life.arrive(Say.text("a"))
    life.waitForAlarm()
    #expect(life.end == .abort)
  }

  @Test func `the same number of uploaded bytes twice is no progress`() throws {
    let prompt = String(repeating: "x", count: Fetch.unwatchedBytesMax)
    let life = try Life(#"{"model":"m","messages":[{"role":"user","content":"\#(prompt)"}]}"#)
    life.exchange.uploaded(1000, of: 40_000, now: life.now)
    life.wait(.seconds(20))
    life.exchange.uploaded(1000, of: 40_000, now: life.now)
    life.wait(.seconds(10))
    #expect(life.attempts == [0, 1])
  }

  @Test func `an upstream that answers early need not take the rest of the request`() throws {
    let prompt = String(repeating: "x", count: Fetch.unwatchedBytesMax)
    let life = try Life(#"{"model":"m","messages":[{"role":"user","content":"\#(prompt)"}]}"#)
    life.exchange.uploaded(1000, of: 40_000, now: life.now)
    life.respond(isJSON: true)
    life.wait(.seconds(100))
    #expect(life.attempts == [0])
    life.finish(rest: WholeAnswerTests.answer)
    #expect(try #require(life.received).status == 200)
  }

  @Test func `no timeout of an upstream runs out while a request waits`() throws {
    for pause in [Fetch.Pause.queue(until: .seconds(1060)), .retry(at: .seconds(1060))] {
      var timeouts = Timeouts.default
      timeouts.firstEvent = .seconds(1)
      timeouts.header = .seconds(1)
      timeouts.commitAfter = .seconds(600)
      let life = try Life(timeouts: timeouts)
      life.act { exchange, _, _ in exchange.fetch.suspend(pause) }
      for _ in 0..<10 { life.wait(.seconds(5)) }
      #expect(life.attempts == [0])
      #expect(life.verdicts.isEmpty && life.output.isEmpty && life.end == nil)
    }
  }

  @Test func `a record has the times of the first attempt and of the first byte`() throws {
    let life = try Life()
    life.wait(.seconds(2))
    life.finish(.connectionLost)
    #expect(life.attempts == [0, 1])
    life.respond()
    life.wait(.seconds(1))
    life.arrive(Say.text("Hi"))
    life.wait(.seconds(4))
    life.arrive(Say.text("more") + Say.stop + Say.done)
    let row = life.row
    #expect(row.firstAttempt == .zero)
    #expect(row.firstByte == .seconds(3))
    #expect(row.total == .seconds(7))
  }

  @Test func `a stop before the response closes the connection`() throws {
    let life = try Life()
    life.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(try #require(life.received).fields["connection"] == "close")
  }

  @Test func `a client that leaves before the first event says nothing about the provider`() throws {
    let life = try Life()
    #expect(life.exchange.resultOnCancel == AttemptResult(outcome: .inconclusive))
    life.respond()
    life.wait(.seconds(9))
    #expect(!life.output.isEmpty)
    #expect(life.exchange.resultOnCancel == AttemptResult(outcome: .inconclusive))
    life.arrive(Say.text("Hi"))
    #expect(life.exchange.resultOnCancel == AttemptResult(outcome: .answered, firstEvent: .seconds(9)))
  }

  @Test func `a probe sends nothing to a client of HTTP 1_0 before the head`() throws {
    let life = try Life(minorVersion: 0)
    life.act { exchange, effects, now in exchange.pingClient(&effects, now: now) }
    #expect(life.output.isEmpty)
    #expect(life.end == nil)
  }

  @Test func `all attempts at a whole answer have the total time together`() throws {
    let life = try Life(Life.whole)
    life.wait(.seconds(400))
    life.finish(.connectionLost)
    #expect(life.attempts == [0, 1])
    life.respond(isJSON: true)
    life.waitForAlarm()
    #expect(life.now == .seconds(1600))
    #expect(try #require(life.received).status == 504)
  }
}
