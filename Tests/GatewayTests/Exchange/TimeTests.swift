@testable import Gateway
import Testing

@Suite struct TimeTests {
  @Test func `at the deadline the head goes out with a comment`() throws {
    var life = try Life()
    life.respond()
    life.wait(.milliseconds(7999))
    #expect(life.output.isEmpty)
    #expect(life.exchange.nextTick - life.now == .milliseconds(1))
    life.waitForAlarm()
    #expect(try #require(life.received).text == ": keep-alive\n\n")
    #expect(life.exchange.phase == .committed)
    life.arrive(Say.text("Hi") + Say.stop + Say.done)
    let answer = try #require(life.received)
    #expect(answer.events.count == 3)
    #expect(answer.isWhole)
    #expect(life.exchange.finalRow(now: life.now).firstByte == .seconds(8))
  }

  @Test func `comments keep a quiet stream alive`() throws {
    var life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    for _ in 0..<3 { life.waitForAlarm() }
    #expect(life.text.split(separator: ": keep-alive\n\n").count == 4)
    #expect(try #require(life.received).hasPlainEvents)
    life.wait(.seconds(1))
    #expect(life.text.split(separator: ": keep-alive\n\n").count == 4)
  }

  @Test func `without an interval there are no comments`() throws {
    var limits = Exchange.Limits()
    limits.keepAliveComment = .zero
    var life = try Life(limits: limits)
    life.respond()
    life.arrive(Say.text("Hi"))
    #expect(life.exchange.nextTick - life.now == limits.stall)
    life.wait(.seconds(100))
    #expect(!life.text.contains("keep-alive"))
  }

  @Test func `a first event that does not come is a failure of the candidate`() throws {
    var life = try Life()
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
    #expect(life.exchange.finalRow(now: life.now).attempts == ["a:timeout", "b:timeout"])
  }

  @Test func `a first event that is late before the head is a status`() throws {
    var limits = Exchange.Limits()
    limits.firstEvent = .seconds(2)
    var life = try Life(providers: 1, limits: limits)
    life.waitForAlarm()
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 504)
  }

  @Test func `a stream that stalls breaks off`() throws {
    var life = try Life()
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

  @Test func `time in which the client did not read is not the upstream's`() throws {
    var life = try Life()
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
    var life = try Life()
    let probe = { (life: inout Life) in life.act { exchange, effects, now in exchange.probe(&effects, now: now) } }
    probe(&life)
    #expect(life.output == Received.interim)
    life.respond()
    life.arrive(Say.text("Hi"))
    probe(&life)
    #expect(try #require(life.received).text.hasSuffix("\n\n: keep-alive\n\n"))
    life.arrive(Say.stop + Say.done)
    #expect(try #require(life.received).hasPlainEvents)
    probe(&life)
    #expect(!life.isHaunted)
  }

  @Test func `a whole answer has its time, and there is none left for another`() throws {
    var life = try Life(Life.whole)
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
    var life = try Life(providers: 3)
    var rings = 0
    while life.end == nil, rings < 200 {
      let at = life.exchange.nextTick
      #expect(at > life.now)
      life.waitForAlarm()
      rings += 1
    }
    #expect(life.end == .abort)
    #expect(life.now == .seconds(1900))
  }

  @Test func `a stop is a status where nothing was sent`() throws {
    var life = try Life()
    life.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(life.end == .complete)
    #expect(try #require(life.received).status == 503)
    #expect(life.exchange.finalRow(now: life.now).outcome == .stopped)
  }

  @Test func `a stop is an error event where a stream runs`() throws {
    var life = try Life()
    life.respond()
    life.arrive(Say.text("Hi"))
    life.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(life.end == .abort)
    let answer = try #require(life.received)
    #expect(try #require(answer.events.last).contains("shutting_down"))
    #expect(!answer.isWhole)
    #expect(life.exchange.finalRow(now: life.now).outcome == .stopped)
  }

  @Test func `a client that leaves is a row and nothing else`() throws {
    var life = try Life()
    life.respond()
    life.arrive(Say.text("Hi there"))
    life.now += .seconds(2)
    life.exchange.abandon()
    let row = life.exchange.finalRow(now: life.now)
    #expect(row.outcome == .abandoned)
    #expect(row.status == 499)
    #expect(row.total == .seconds(2))
    #expect(row.usage == Usage(prompt: 9, completion: 2, source: .estimated))
  }

  @Test func `a candidate that may not be asked is a refusal`() throws {
    var life = try Life()
    life.act { exchange, effects, _ in
      exchange.refused(Refusal(429, .overloaded, "Later."), &effects)
    }
    #expect(try #require(life.received).status == 429)
    #expect(life.end == .complete)
    #expect(life.exchange.finalRow(now: life.now).outcome == .refused)
  }
}
