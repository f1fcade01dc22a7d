import Reactor
import Support
import Testing

@testable import Gateway

/// Provider timeouts, retries, circuit breakers, and health checks, on a manual clock.
@Suite struct ProviderTimeTests {
  private static var good: World.Play { { _ in Script.Step.answer } }
  private static var failing: World.Play { { _ in Script.Step.json(#"{"error":{"message":"no"}}"#, status: 503) } }
  private static let quiet = "health_check_interval_secs = 0\n"

  private final class Switch { var isOn = false }

  private static func get(_ path: String) -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
  }

  /// A world with a manual clock.
  private static func world(_ toml: String, _ plays: [World.Play]) throws -> World {
    try World(clock: .manual, toml: toml, plays)
  }

  /// Sends a request and runs the world until nothing happens without time passing.
  private static func ask(_ world: World, _ request: [UInt8] = World.chat()) -> TestClient {
    let client = world.connect()
    client.send(request)
    world.settle()
    return client
  }

  // MARK: Timeouts

  struct Late: CustomTestStringConvertible {
    var key: String
    var seconds: Int
    var value: Int
    var streams = true
    var steps: [Script.Step]
    /// The status of the response; 200 for a stream that is cut off.
    var status: Int
    var testDescription: String { key }
  }

  private static let lates = [
    Late(key: "first_event_timeout_secs", seconds: 5, value: 5, steps: [.streamHead, .hang], status: 504),
    Late(key: "header_timeout_secs", seconds: 4, value: 4, steps: [.hang], status: 504),
    Late(
      key: "stall_timeout_secs", seconds: 6, value: 6, steps: [.streamHead, .text("hi"), .hang], status: 200),
    Late(key: "total_timeout_secs", seconds: 7, value: 7, streams: false, steps: [.hang], status: 504),
    Late(
      key: "bytes_per_sec_min", seconds: 30, value: 1000, steps: [.streamHead, .text("hi"), .hang], status: 200),
  ]

  private static func check(_ late: Late, _ world: World) throws {
    let client = ask(world, late.streams ? World.streamingChat() : World.chat())
    world.pass(.seconds(late.seconds) - .milliseconds(1))
    #expect(!client.responses().contains { $0.isComplete } && !client.text.contains("\"error\""))
    world.pass(.milliseconds(1))
    let answer = try #require(client.responses().first)
    #expect(answer.status == late.status)
    #expect(client.text.contains("\"error\""))
    if late.status == 200 { #expect(client.hasEnded && !answer.isComplete) }
  }

  @Test(arguments: lates)
  func `a server timeout ends an attempt that takes longer`(late: Late) throws {
    let toml = "[server]\n\(Self.quiet)commit_after_secs = 600\nupstream_\(late.key) = \(late.value)\n"
    try Self.check(late, Self.world(toml + "[retry]\nmax_retries = 0", [{ _ in late.steps }]))
  }

  @Test(arguments: lates)
  func `a provider's own timeout overrides the server's`(late: Late) throws {
    // Zero is no minimum rate.
    let server = late.key == "bytes_per_sec_min" ? 0 : 500
    let world = try World(
      clock: .manual,
      toml:
        "[server]\n\(Self.quiet)commit_after_secs = 600\nupstream_\(late.key) = \(server)\n[retry]\nmax_retries = 0",
      providers: "type = \"OpenAiCompatible\"\n\(late.key) = \(late.value)", [{ _ in late.steps }])
    try Self.check(late, world)
  }

  @Test func `a stream's head goes out with a comment when its first event is late`() throws {
    let world = try Self.world(
      "[server]\n\(Self.quiet)commit_after_secs = 3\nkeep_alive_comment_secs = 5", [{ _ in [.streamHead, .hang] }])
    let client = Self.ask(world, World.streamingChat())
    world.pass(.milliseconds(2999))
    #expect(client.received.isEmpty)
    world.pass(.milliseconds(1))
    #expect(client.responses().first?.status == 200)
    #expect(client.text.split(separator: ": keep-alive").count == 2)
    world.pass(.milliseconds(4999))
    #expect(client.text.split(separator: ": keep-alive").count == 2)
    world.pass(.milliseconds(1))
    #expect(client.text.split(separator: ": keep-alive").count == 3)
  }

  @Test func `a provider that is loading a model is retried every second until the load timeout`() throws {
    let loading = Script.Step.json(#"{"error":{"message":"Loading model"}}"#, status: 503)
    let world = try Self.world(
      "[server]\n\(Self.quiet)upstream_model_load_timeout_secs = 8\n[retry]\nmax_retries = 0", [{ _ in loading }])
    let client = Self.ask(world)
    #expect(world.seenCount == 1)
    world.pass(.milliseconds(999))
    #expect(world.seenCount == 1)
    world.pass(.milliseconds(1))
    #expect(world.seenCount == 2)
    world.pass(.seconds(5))
    #expect(world.seenCount == 7)
    #expect(client.received.isEmpty)
    world.pass(.seconds(3))
    #expect(client.responses().first?.status == 503)
    #expect((8...9).contains(world.seenCount))
  }

  // MARK: Retries

  @Test func `there are as many retries as configured, with a delay that doubles up to its limit`() throws {
    let world = try Self.world(
      """
      [server]
      \(Self.quiet)
      [retry]
      max_retries = 3
      base_delay_ms = 20000
      max_delay_ms = 50000
      jitter_factor = 0
      """, [Self.failing])
    let client = Self.ask(world)
    for (pause, count) in [(20, 2), (40, 3), (50, 4)] {
      world.pass(.seconds(pause) - .milliseconds(1))
      #expect(world.seenCount == count - 1)
      #expect(client.received.isEmpty)
      world.pass(.milliseconds(1))
      #expect(world.seenCount == count)
    }
    #expect(client.responses().first?.status == 503)
  }

  @Test func `a delay with jitter is at most the full delay, and varies`() throws {
    var pauses: Set<Int> = []
    let world = try Self.world(
      "[server]\n\(Self.quiet)[retry]\nmax_retries = 1\nbase_delay_ms = 8000\njitter_factor = 0.5", [Self.failing])
    for round in 0..<6 {
      let client = Self.ask(world)
      #expect(world.seenCount == 2 * round + 1)
      var waited = 0
      while world.seenCount == 2 * round + 1, waited <= 8000 {
        world.pass(.milliseconds(100))
        waited += 100
      }
      #expect((4000...8000).contains(waited))
      pauses.insert(waited)
      #expect(client.responses().first?.status == 503)
      // The retry budget has a window of ten seconds.
      world.pass(.seconds(20))
    }
    #expect(pauses.count > 1)
  }

  // MARK: Circuit breaker

  @Test func `a breaker opens at its threshold, and twice as long when its trial request fails`() throws {
    let isWell = Switch()
    let world = try Self.world(
      "[server]\n\(Self.quiet)[retry]\nmax_retries = 0\n[breaker]\nconsecutive_failures_max = 2\nopen_secs = 10",
      [{ isWell.isOn ? Self.good($0) : Self.failing($0) }, Self.good])
    func tries(_ count: Int) -> Int {
      let before = world.seen(0).count
      for _ in 0..<count { #expect(Self.ask(world).responses().first?.status == 200) }
      return world.seen(0).count - before
    }
    #expect(tries(5) == 2)
    world.pass(.milliseconds(9999))
    #expect(tries(2) == 0)
    world.pass(.milliseconds(1))
    #expect(tries(3) == 1)
    world.pass(.milliseconds(19_999))
    #expect(tries(2) == 0)
    world.pass(.milliseconds(1))
    isWell.isOn = true
    #expect(tries(3) == 3)
    // A closed breaker starts over.
    isWell.isOn = false
    #expect(tries(3) == 2)
    world.pass(.seconds(10))
    #expect(tries(1) == 1)
  }

  @Test(arguments: [(50, 20), (60, 60)])
  func `a breaker also opens at a failure rate`(percent: Int, asked: Int) throws {
    let turn = Switch()
    let world = try Self.world(
      "[server]\n\(Self.quiet)[retry]\nmax_retries = 0\n[breaker]\nconsecutive_failures_max = 1000\nfailure_rate_percent = \(percent)",
      [
        { request in
          turn.isOn.toggle()
          return turn.isOn ? Self.good(request) : Self.failing(request)
        }, Self.good,
      ])
    for _ in 0..<60 { #expect(Self.ask(world).responses().first?.status == 200) }
    #expect(world.seen(0).count == asked)
  }

  // MARK: Health checks

  @Test func `health checks run at their interval and change a provider's status at their thresholds`() throws {
    let isGone = Switch()
    let world = try Self.world(
      """
      [server]
      health_check_interval_secs = 30
      [health]
      timeout_secs = 5
      unhealthy_threshold = 2
      healthy_threshold = 2
      """,
      [{ request in isGone.isOn && request.method == "GET" ? [.hang] : Self.good(request) }, Self.good])
    func isUp() throws -> Bool {
      try !world.exchange(Self.get("/v1/health/providers")).text.contains(#""status":"unhealthy""#)
    }
    /// Advances the clock to the next health check of the first provider.
    func passToCheck() {
      let before = world.seen(0).count
      var steps = 0
      while world.seen(0).count == before, steps < 400 {
        world.pass(.milliseconds(100))
        steps += 1
      }
    }
    world.pass(.seconds(300))
    #expect((9...11).contains(world.seen(0).count))
    #expect((9...11).contains(world.seen(1).count))
    isGone.isOn = true
    passToCheck()
    world.pass(.milliseconds(4800))
    #expect(try isUp())
    // The second check fails after the first one's timeout, an interval, and its own timeout.
    world.pass(.milliseconds(30_200 + 4700))
    #expect(try isUp())
    world.pass(.milliseconds(400))
    #expect(try !isUp())
    isGone.isOn = false
    passToCheck()
    #expect(try !isUp())
    passToCheck()
    #expect(try isUp())
  }

  // MARK: Queue and models

  @Test func `a request times out in the queue on time, even while other requests are served`() throws {
    let world = try Self.world(
      "[server]\n\(Self.quiet)[queue]\ntimeout_secs = 7\n[[models]]\nname = \"large\"\nmax_concurrent = 1",
      [{ $0.text.contains("large") ? [.hang] : Self.good($0) }])
    func chat(_ model: String) -> [UInt8] {
      World.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]}"#)
    }
    _ = Self.ask(world, chat("large"))
    let waiting = Self.ask(world, chat("large"))
    for _ in 0..<69 {
      world.pass(.milliseconds(100))
      #expect(Self.ask(world, chat("small")).responses().first?.status == 200)
    }
    world.pass(.milliseconds(99))
    #expect(waiting.received.isEmpty)
    world.pass(.milliseconds(1))
    #expect(waiting.responses().first?.status == 503)
  }

  @Test
  func
    `the list of models is cached as long as configured, and a provider that hangs does not delay it beyond its timeout`()
    throws
  {
    let list: World.Play = { _ in Script.Step.json(#"{"data":[{"id":"one"}]}"#) }
    let world = try Self.world(
      "[server]\n\(Self.quiet)models_timeout_secs = 2\nmodels_cache_secs = 10", [list, { _ in [.hang] }])
    let first = Self.ask(world, Self.get("/v1/models"))
    world.pass(.milliseconds(1999))
    #expect(first.received.isEmpty)
    world.pass(.milliseconds(1))
    #expect(first.text.contains("\"one\""))
    world.pass(.milliseconds(9999))
    #expect(Self.ask(world, Self.get("/v1/models")).text.contains("\"one\""))
    #expect(world.seen(0).count == 1)
    world.pass(.milliseconds(2))
    let later = Self.ask(world, Self.get("/v1/models"))
    #expect(world.seen(0).count == 2)
    world.pass(.seconds(2))
    #expect(later.text.contains("\"one\""))
  }
}
