@testable import Gateway
import Reactor
import Support
import Testing

/// Failures that are a caller's fault, and those that are the provider's.
@Suite struct RecentCallersTests {
  private static let window = Duration.seconds(30)

  @Test func `a lone caller's failures are the provider's, until another caller gets an answer`() {
    var callers = RecentCallers(for: Self.window)
    callers.failed(1, at: .zero)
    #expect(callers.blameProvider(1, at: .zero))
    callers.succeeded(1, at: .zero)
    #expect(callers.blameProvider(1, at: .zero))
    callers.succeeded(2, at: .seconds(1))
    #expect(!callers.blameProvider(1, at: .seconds(31)))
    #expect(callers.blameProvider(1, at: .seconds(32)))
  }

  @Test func `failures of two callers are the provider's, as long as neither has an answer since`() {
    var callers = RecentCallers(for: Self.window)
    for caller in [1, 2, 3] { callers.succeeded(caller, at: .zero) }
    callers.failed(1, at: .seconds(1))
    #expect(!callers.blameProvider(1, at: .seconds(1)))
    callers.failed(2, at: .seconds(2))
    #expect(callers.blameProvider(1, at: .seconds(2)) && callers.blameProvider(2, at: .seconds(2)))
    callers.succeeded(2, at: .seconds(3))
    #expect(!callers.blameProvider(1, at: .seconds(3)))
    #expect(callers.isFailing(1, at: .seconds(3)) && !callers.isFailing(2, at: .seconds(3)))
    #expect(!callers.isFailing(1, at: .seconds(32)))
  }

  @Test func `one caller's failures open no breaker while another one gets answers`() {
    var breaker = Breaker()
    for turn in 0..<100 {
      let now = Duration.milliseconds(100 * turn)
      if turn % 10 == 0, let pass = breaker.admit(at: now) { breaker.succeeded(pass, caller: 2, at: now) }
      if let pass = breaker.admit(at: now) { breaker.failed(pass, caller: 1, at: now) }
      #expect(breaker.state == .closed)
    }
    for caller in [2, 1] {
      guard let pass = breaker.admit(at: .seconds(10)) else { break }
      breaker.failed(pass, caller: caller, at: .seconds(10))
    }
    #expect(breaker.state != .closed)
  }

  private static func chat(_ text: String, _ key: String) -> [UInt8] {
    World.chat(
      #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#, fields: ["Authorization: Bearer \(key)"])
  }

  @Test func `where every breaker is open, the callers that did not open them are served`() throws {
    let server: World.Play = { request in
      String(decoding: request.body, as: UTF8.self).contains("boom")
        ? Script.Step.json(#"{"error":{"message":"no"}}"#, status: 500) : Script.Step.answer
    }
    let world = try World(
      .scripted, toml: "[auth]\ntokens = [\"first-key\", \"second-key\"]\n[retry]\nmax_retries = 0\n",
      [server, server])
    for _ in 0..<6 { _ = try world.exchange(Self.chat("boom", "second-key")) }
    #expect(world.gateway.dispatcher.balancer.health.providers.allSatisfy { $0.breaker.state != .closed })
    #expect(try world.exchange(Self.chat("boom", "second-key")).status == 503)
    #expect(try world.exchange(Self.chat("hi", "first-key")).status == 200)
    for turn in 0..<40 {
      if turn % 2 == 0 { _ = try world.exchange(Self.chat("boom", "second-key")) }
      #expect(try world.exchange(Self.chat("hi", "first-key")).status == 200, "\(turn)")
    }
  }
}
