@testable import Gateway
import Testing

@Suite struct RetryBudgetTests {
  @Test func `retries are at most a tenth of the requests`() {
    var budget = RetryBudget()
    for _ in 0..<100 { budget.note(at: .zero) }
    #expect((0..<50).count { _ in budget.take(at: .seconds(1)) } == 10)
    // Retries are counted for as long as the requests.
    #expect(budget.take(at: .seconds(8)) == false)
    for _ in 0..<30 { budget.note(at: .seconds(20)) }
    #expect((0..<50).count { _ in budget.take(at: .seconds(20)) } == 3)
  }

  @Test func `a provider with few requests has one retry, too`() {
    var budget = RetryBudget()
    budget.note(at: .zero)
    #expect(budget.take(at: .zero) == true)
    #expect(budget.take(at: .seconds(5)) == false)
    #expect(budget.take(at: .seconds(10)) == true)
  }

  @Test func `delays are random up to a limit that doubles`() {
    var random = SplitMix(state: 1)
    var pauses: [Duration] = []
    for _ in 0..<4000 {
      var backoff = Backoff(deadline: .seconds(100))
      backoff.attemptsMax = 4
      for attempt in 0..<3 {
        let pause = backoff.nextDelay(at: .zero, using: &random)!
        #expect(pause >= .zero && pause <= .milliseconds(250 << attempt))
        if attempt == 2 { pauses.append(pause) }
      }
      #expect(backoff.nextDelay(at: .zero, using: &random) == nil)
    }
    // Full jitter: half the limit on average, and often almost nothing.
    let mean = pauses.reduce(.zero, +) / pauses.count
    #expect(mean > .milliseconds(480) && mean < .milliseconds(520))
    #expect(pauses.count { $0 < .milliseconds(100) } > 300)
  }

  @Test func `no attempt starts after the deadline`() {
    var random = SplitMix(state: 1)
    var backoff = Backoff(deadline: .seconds(10))
    #expect(backoff.nextDelay(at: .seconds(10), using: &random) == nil)
    #expect(backoff.nextDelay(at: .seconds(1), asked: .seconds(9), using: &random) == nil)
    let pause = backoff.nextDelay(at: .seconds(1), asked: .seconds(8), using: &random)
    #expect(pause ?? .zero >= .seconds(8))
    #expect(backoff.attempts == 2)
  }

  /// Providers that fail at times, and callers whose requests retry within the budget and then fail over.
  private struct World {
    var random: SplitMix
    var tracker: HealthTracker
    var budgets: [RetryBudget]
    var requests = 0
    /// The requests with an attempt at each provider, and all attempts there.
    var asked: [Int]
    var attempts: [Int]
    var retries: [Int]
    var unanswered = 0

    init(seed: UInt64, providers: Int) {
      random = SplitMix(state: seed)
      tracker = HealthTracker((0..<providers).map { (ProviderID(name: "p\($0)"), ProviderHealth()) })
      budgets = [RetryBudget](repeating: RetryBudget(), count: providers)
      asked = [Int](repeating: 0, count: providers)
      attempts = asked
      retries = asked
    }

    mutating func request(at start: Duration, fails: (Int, Duration, inout SplitMix) -> Bool) {
      requests += 1
      var now = start
      var tried = BitSet128()
      while true {
        let up = tracker.available(at: now).subtracting(tried)
        guard let provider = up.first else {
          unanswered += 1
          return
        }
        tried.insert(provider)
        asked[provider] += 1
        budgets[provider].note(at: now)
        var backoff = Backoff(deadline: start + .seconds(30))
        while let attempt = tracker.begin(provider, at: now) {
          attempts[provider] += 1
          let hasFailed = fails(provider, now, &random)
          _ = tracker.ended(provider, attempt, hasFailed ? .failed : .answered, at: now)
          if !hasFailed { return }
          guard budgets[provider].take(at: now), let pause = backoff.nextDelay(at: now, using: &random) else {
            break
          }
          retries[provider] += 1
          now += pause
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `providers that flap every few seconds get no more attempts`(seed: UInt64) {
    var world = World(seed: seed, providers: 3)
    for turn in 0..<40_000 {
      world.request(at: .milliseconds(10 * turn)) { provider, now, random in
        let isDown = now.components.seconds / Int64(2 + provider) % 2 == 1
        return Int.random(in: 0..<10, using: &random) < (isDown ? 9 : 1)
      }
    }
    for provider in 0..<3 {
      #expect(Double(world.attempts[provider]) <= 1.1 * Double(world.asked[provider]))
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `flapping providers get at most 1.1 attempts per request`(seed: UInt64) {
    var world = World(seed: seed, providers: 3)
    for turn in 0..<40_000 {
      let now = Duration.milliseconds(10 * turn)
      world.request(at: now) { provider, now, random in
        // Each is down for ten seconds of forty, one after the other; nine of ten requests fail then.
        let isDown = (now.components.seconds + Int64(13 * provider)) % 40 < 10
        return Int.random(in: 0..<50, using: &random) < (isDown ? 45 : 1)
      }
    }
    for provider in 0..<3 {
      let share = Double(world.attempts[provider]) / Double(max(1, world.asked[provider]))
      #expect(share <= 1.1, "provider \(provider): \(world.attempts) of \(world.asked)")
    }
    #expect(world.retries.reduce(0, +) > 100)
    // Nearly every request still succeeds.
    #expect(world.unanswered * 100 < world.requests, "\(world.unanswered)")
  }

  @Test func `a dead provider gets only trial requests`() {
    var world = World(seed: 9, providers: 2)
    for turn in 0..<30_000 {
      world.request(at: .milliseconds(10 * turn)) { provider, _, _ in provider == 0 }
    }
    // Five minutes: a few attempts to find out, then one trial a minute.
    #expect(world.attempts[0] < 30, "\(world.attempts)")
    #expect(world.unanswered == 0)
  }
}
