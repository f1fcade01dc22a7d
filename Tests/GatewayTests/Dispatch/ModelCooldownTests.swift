@testable import Gateway
import Testing

/// How far a provider's refusal reaches: the request, the model, or the key.
@Suite struct ModelCooldownTests {
  private static func refused(_ namesModel: Bool = false) -> ProviderHealth.Outcome {
    .requestRefused(namesModel: namesModel)
  }

  /// Lets an attempt at a model end; returns whether there was one.
  @discardableResult
  private static func run(
    _ health: inout ProviderHealth, _ model: String, _ outcome: ProviderHealth.Outcome, caller: Int = 0,
    at seconds: Int = 0
  ) -> Bool {
    guard let attempt = health.begin(model, at: .seconds(seconds), triesRefused: true) else { return false }
    health.ended(attempt, outcome, model: model, caller: caller, at: .seconds(seconds))
    return true
  }

  // MARK: Rate limits

  @Test func `the rate limit of a model leaves the key to other models`() {
    var health = ProviderHealth()
    Self.run(&health, "big", .modelLimited(.seconds(20)))
    #expect(!health.hasKey(for: "big", at: .seconds(19)) && health.hasKey(for: "small", at: .zero))
    #expect(health.status(for: "big", at: .zero) == .rateLimited)
    #expect(health.status(for: "small", at: .zero) == .healthy && health.isAvailable(at: .zero))
    #expect(health.nextAvailable(for: "big", at: .zero) == .seconds(20))
    #expect(health.begin("big", at: .seconds(19)) == nil)
    #expect(health.begin("big", at: .seconds(20)) != nil)
  }

  @Test func `the rate limit of a model at one key leaves the model to the other key`() {
    var health = ProviderHealth(keys: 2)
    Self.run(&health, "big", .modelLimited(.seconds(20)))
    #expect((0..<3).compactMap { _ in health.begin("big", at: .seconds(1))?.key } == [1, 1, 1])
    #expect(Set((0..<2).compactMap { _ in health.begin("small", at: .seconds(1))?.key }) == [0, 1])
  }

  @Test func `rate limits of a model without a time grow until it succeeds`() {
    var health = ProviderHealth()
    var now = 0
    var waits: [Int] = []
    for _ in 0..<8 {
      Self.run(&health, "m", .modelLimited(nil), at: now)
      let next = Int(health.nextAvailable(for: "m", at: .seconds(now))!.components.seconds)
      waits.append(next - now)
      now = next
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
    Self.run(&health, "m", .answered, at: now)
    Self.run(&health, "m", .modelLimited(nil), at: now)
    #expect(health.nextAvailable(for: "m", at: .seconds(now)) == .seconds(now + 1))
  }

  @Test func `after a rate limit one request tries the model, and the others wait for its result`() {
    var health = ProviderHealth()
    Self.run(&health, "m", .modelLimited(.seconds(5)))
    let trial = health.begin("m", at: .seconds(5))
    #expect(trial != nil && health.begin("m", at: .seconds(5)) == nil)
    health.ended(trial!, .inconclusive, model: "m", at: .seconds(6))
    let second = health.begin("m", at: .seconds(6))
    #expect(second != nil)
    health.ended(second!, .answered, model: "m", at: .seconds(6))
    #expect(health.begin("m", at: .seconds(6)) != nil && health.begin("m", at: .seconds(6)) != nil)
  }

  @Test func `no rate limit of a model lasts longer than an hour, and none is negative`() {
    var health = ProviderHealth()
    Self.run(&health, "a", .modelLimited(.seconds(1 << 40)))
    #expect(health.nextAvailable(for: "a", at: .zero) == .seconds(3600))
    Self.run(&health, "b", .modelLimited(.seconds(-5)))
    #expect(health.nextAvailable(for: "b", at: .zero) == nil)
  }

  @Test func `a caller who names many models does not fill the memory`() {
    var health = ProviderHealth()
    for index in 0..<1000 { Self.run(&health, "m\(index)", .modelLimited(.seconds(10 + index))) }
    #expect(health.models.count(at: .zero) == ModelCooldowns.entriesMax)
    // Those that last longest are kept.
    #expect(!health.hasKey(for: "m999", at: .zero) && health.hasKey(for: "m0", at: .zero))
  }

  // MARK: Missing models

  @Test func `a missing model is tried last, and other models are not concerned`() {
    var health = ProviderHealth()
    Self.run(&health, "m", .modelMissing)
    #expect(health.begin("m", at: .seconds(59)) == nil)
    #expect(health.begin("m", at: .seconds(59), triesRefused: true) != nil)
    #expect(health.begin("n", at: .seconds(59)) != nil)
    #expect(health.status(for: "m", at: .zero) == .healthy)
  }

  // MARK: Refusals

  @Test func `the refusals of one caller's requests concern no other caller`() {
    for named in [false, true] {
      var health = ProviderHealth()
      for _ in 0..<50 {
        Self.run(&health, "m", Self.refused(named), caller: 7)
        Self.run(&health, "m", .answered, caller: 8)
      }
      #expect(health.begin("m", at: .zero) != nil)
    }
    var health = ProviderHealth()
    for model in ["a", "b", "c", "d"] { Self.run(&health, model, Self.refused(), caller: 7) }
    #expect(["a", "b", "e"].allSatisfy { health.hasKey(for: $0, at: .zero) })
  }

  @Test func `refusals of several callers concern the model, and those of several models the key`() {
    var health = ProviderHealth()
    for caller in [1, 2] { Self.run(&health, "m", Self.refused(), caller: caller) }
    #expect(health.hasKey(for: "m", at: .zero))
    Self.run(&health, "m", Self.refused(), caller: 1)
    #expect(!health.hasKey(for: "m", at: .zero) && health.hasKey(for: "n", at: .zero))
    Self.run(&health, "n", Self.refused(), caller: 1)
    #expect(!health.hasKey(at: .seconds(59)))
    #expect(health.status(at: .zero) == .credentialsRejected)
    // The first request after the cooldown decides.
    Self.run(&health, "o", Self.refused(), caller: 1, at: 60)
    #expect(!health.hasKey(at: .seconds(61)))
    Self.run(&health, "o", .answered, caller: 1, at: 120)
    Self.run(&health, "o", Self.refused(), caller: 2, at: 120)
    #expect(health.hasKey(at: .seconds(120)))
  }

  @Test func `a refusal that names the model counts for it the second time`() {
    var health = ProviderHealth()
    Self.run(&health, "m", Self.refused(true))
    #expect(health.hasKey(for: "m", at: .zero))
    Self.run(&health, "m", Self.refused(true))
    #expect(!health.hasKey(for: "m", at: .seconds(59)) && health.hasKey(for: "n", at: .zero))
    #expect(health.hasKey(for: "m", at: .seconds(60)))
  }

  // MARK: Reload

  @Test func `a changed key or address starts with a clean record, and an unchanged one keeps it`() throws {
    func tracker(_ more: String) throws -> [(id: ProviderID, health: ProviderHealth)] {
      try read("[[providers]]\ntype = \"OpenAI\"\nname = \"p\"\n" + more).health(now: .zero)
    }
    let old = #"api_key = "old""#
    for (more, isKept) in [
      (old, true), (#"api_key = "new""#, false), (old + "\nbase_url = \"http://127.0.0.1:1\"", false),
      (#"api_keys = ["old", "new"]"#, false),
    ] {
      var before = HealthTracker(try tracker(old))
      for (model, outcome) in [
        ("m", ProviderHealth.Outcome.modelLimited(.seconds(9))), ("n", .credentialsRejected),
      ] {
        let attempt = before.begin(0, model, at: .zero)!
        _ = before.ended(0, attempt, outcome, model: model, at: .zero)
      }
      let after = HealthTracker(try tracker(more), after: before, now: .zero).providers[0]
      #expect(after.hasKey(at: .zero) == !isKept, "\(more)")
      #expect((after.models.count(at: .zero) == 1) == isKept)
    }
  }

  // MARK: What a failure says

  @Test func `a failure says whether it concerns the request, the model or the key`() {
    typealias Outcome = ProviderHealth.Outcome
    func outcome(_ status: Int, _ message: String = "", type: String? = nil, code: String? = nil) -> Outcome {
      Outcome(.status(status, UpstreamError(message: message, type: type, code: code)), model: "gpt-4")
    }
    #expect(outcome(403, code: "model_not_found") == .requestRefused(namesModel: true))
    // The message may repeat what a caller wrote.
    #expect(outcome(403, "the prompt `gpt-4` was flagged") == .requestRefused(namesModel: false))
    #expect(outcome(404, "model 'gpt-4' not found") == .modelMissing)
    #expect(outcome(404, code: "model_not_found") == .modelMissing)
    #expect(outcome(404, "gpt-4-turbo is near") == .answered)
    #expect(outcome(404, "no such path") == .answered)
    #expect(outcome(429, type: "insufficient_quota") == .rateLimited(.seconds(60)))
    #expect(outcome(429, type: "rate_limit_error") == .modelLimited(nil))
    let limited = UpstreamError(message: "", type: "rate_limit_error", retryAfter: 3)
    #expect(Outcome(.error(limited), model: "m") == .modelLimited(.seconds(3)))
  }
}
