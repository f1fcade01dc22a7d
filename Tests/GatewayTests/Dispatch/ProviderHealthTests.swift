@testable import Gateway
import Testing

@Suite struct ProviderHealthTests {
  // MARK: Keys

  @Test func `keys are used in turn`() {
    var health = ProviderHealth(keys: 3)
    let keys = (0..<6).compactMap { _ in health.begin(at: .zero)?.key }
    #expect(keys == [0, 1, 2, 0, 1, 2])
  }

  @Test func `a limit parks the key and not the provider`() {
    var health = ProviderHealth(keys: 2)
    let first = health.begin(at: .zero)!
    health.ended(first, .limited(.seconds(20)), at: .zero)
    #expect((0..<3).compactMap { _ in health.begin(at: .seconds(1))?.key } == [1, 1, 1])
    #expect(health.isUp(at: .seconds(1)))
    let second = health.begin(at: .seconds(1))!
    health.ended(second, .limited(.seconds(7)), at: .seconds(1))
    #expect(!health.isUp(at: .seconds(2)))
    #expect(health.begin(at: .seconds(2)) == nil)
    #expect(health.returns(at: .seconds(2)) == .seconds(8))
    #expect(health.begin(at: .seconds(8))?.key == 1)
    // The key is on trial, and the other one is parked.
    #expect(health.begin(at: .seconds(8)) == nil)
    #expect(health.begin(at: .seconds(20))?.key == 0)
    #expect(health.breaker.state == .closed)
  }

  @Test func `a limit without a time parks for longer each time`() {
    var health = ProviderHealth()
    var now = Duration.zero
    var times: [Duration] = []
    for _ in 0..<8 {
      let attempt = health.begin(at: now)!
      health.ended(attempt, .limited(nil), at: now)
      let next = health.returns(at: now)!
      times.append(next - now)
      now = next
    }
    #expect(times == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    let attempt = health.begin(at: now)!
    health.ended(attempt, .answered, at: now)
    let again = health.begin(at: now)!
    health.ended(again, .limited(nil), at: now)
    #expect(health.returns(at: now) == now + .seconds(1))
  }

  @Test func `no provider sends us away for longer than an hour`() {
    var health = ProviderHealth()
    let attempt = health.begin(at: .zero)!
    health.ended(attempt, .limited(.seconds(1 << 40)), at: .zero)
    #expect(health.returns(at: .zero) == .seconds(3600))
    var other = ProviderHealth()
    let early = other.begin(at: .zero)!
    other.ended(early, .limited(.seconds(-5)), at: .zero)
    #expect(other.isUp(at: .zero))
  }

  @Test func `many limits at once park once, until the latest of them`() {
    var health = ProviderHealth()
    let attempts = (0..<5).compactMap { _ in health.begin(at: .zero) }
    for (index, attempt) in attempts.enumerated() {
      health.ended(attempt, .limited(.seconds(10 + index)), at: .zero)
    }
    #expect(health.returns(at: .zero) == .seconds(14))
  }

  @Test func `a key that is refused is tried again after a minute`() {
    var health = ProviderHealth(keys: 2)
    let first = health.begin(at: .zero)!
    health.ended(first, .refusedKey, at: .zero)
    #expect(health.standing(at: .zero) == .up)
    #expect((0..<3).compactMap { _ in health.begin(at: .seconds(59))?.key } == [1, 1, 1])
    #expect(Set((0..<2).compactMap { _ in health.begin(at: .seconds(60))?.key }) == [0, 1])
  }

  @Test func `keys that are all refused are not keys that are all used up`() {
    var health = ProviderHealth(keys: 2)
    health.ended(health.begin(at: .zero)!, .refusedKey, at: .zero)
    health.ended(health.begin(at: .zero)!, .limited(.seconds(9)), at: .zero)
    #expect(health.standing(at: .zero) == .limited)
    var other = ProviderHealth(keys: 1)
    other.ended(other.begin(at: .zero)!, .refusedKey, at: .zero)
    #expect(other.standing(at: .zero) == .refused)
  }

  @Test func `who is forced is asked although everything speaks against it, and its answer counts`() {
    var health = ProviderHealth()
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(health.begin(at: .zero) == nil)
    let attempt = health.begin(at: .zero, isForced: true)!
    health.ended(attempt, .answered, at: .zero)
    #expect(health.standing(at: .zero) == .up)
  }

  // MARK: Breaker

  @Test func `a provider that fails is left alone with all its keys`() {
    var health = ProviderHealth(keys: 2)
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(!health.isUp(at: .zero))
    #expect(health.hasKey(at: .zero))
    #expect(health.returns(at: .zero) == .seconds(5))
    let trial = health.begin(at: .seconds(5))
    #expect(trial != nil)
    #expect(health.begin(at: .seconds(5)) == nil)
    health.ended(trial!, .limited(.seconds(1)), at: .seconds(5))
    // It has answered, if only to say no.
    #expect(health.breaker.state == .closed)
  }

  @Test func `callers that leave say nothing of the provider`() {
    var health = ProviderHealth()
    for _ in 0..<100 { health.ended(health.begin(at: .zero)!, .abandoned, at: .zero) }
    #expect(health.isUp(at: .zero))
    #expect(health.breaker.failures == 0)
  }

  // MARK: Probes

  @Test func `three failures say that a provider is gone, one success that it is back`() {
    var probes = Probes(first: .seconds(1))
    var now = Duration.zero
    var begun: [Duration] = []
    for second in 0..<100 {
      now = .seconds(second)
      if probes.begins(at: now) {
        begun.append(now)
        #expect(probes.begins(at: now) == false)
        #expect(probes.ended(false, at: now) == (begun.count == 3))
      }
    }
    #expect(begun == [1, 31, 61, 91].map { .seconds($0) })
    #expect(!probes.isUp)
    #expect(probes.checked == .seconds(91))
    #expect(probes.begins(at: .seconds(121)) == true)
    #expect(probes.ended(true, at: .seconds(122)) == true)
    #expect(probes.isUp)
    #expect(probes.ended(false, at: .seconds(123)) == false)
  }

  @Test func `a probe that is over its time has failed`() {
    var probes = Probes()
    #expect(probes.begins(at: .zero) == true)
    #expect(probes.begins(at: .seconds(9)) == false)
    #expect(probes.begins(at: .seconds(10)) == false)
    #expect(probes.failures == 1)
    #expect(!probes.isRunning)
    // What it says after that is too late.
    #expect(probes.ended(true, at: .seconds(11)) == false)
    #expect(probes.failures == 1)
    #expect(probes.begins(at: .seconds(40)) == true)
  }

  @Test func `an interval of nothing never probes`() {
    var probes = Probes(Probes.Settings(interval: .zero))
    #expect(probes.begins(at: .seconds(1000)) == false)
  }

  @Test func `a probe that is well closes the breaker`() {
    var health = ProviderHealth()
    for _ in 0..<5 { health.ended(health.begin(at: .zero)!, .failed, at: .zero) }
    #expect(!health.isUp(at: .zero))
    #expect(health.beginsProbe(at: .seconds(1)) == true)
    health.probed(true, at: .seconds(2))
    #expect(health.isUp(at: .seconds(2)))
  }

  // MARK: The board

  private static func board(_ names: [String], probes: Probes = Probes()) -> HealthBoard {
    HealthBoard(names.map { ($0, ProviderHealth(probes: probes)) })
  }

  @Test func `who can be asked is known at every moment`() {
    var board = Self.board(["a", "b", "c"])
    #expect(board.available(at: .zero) == SmallSet([0, 1, 2]))
    var changes: [HealthBoard.Change?] = []
    for _ in 0..<5 { changes.append(board.ended(1, board.begin(1, at: .zero)!, .failed, at: .zero)) }
    #expect(changes == [nil, nil, nil, nil, HealthBoard.Change(provider: 1, isUp: false)])
    let limited = board.begin(2, at: .zero)!
    #expect(board.ended(2, limited, .limited(.seconds(3)), at: .zero) == nil)
    #expect(board.available(at: .zero) == SmallSet([0]))
    #expect(board.wait(among: [1, 2], at: .zero) == .seconds(3))
    #expect(board.available(at: .seconds(2)) == SmallSet([0]))
    #expect(board.available(at: .seconds(3)) == SmallSet([0, 2]))
    #expect(board.available(at: .seconds(5)) == SmallSet([0, 1, 2]))
    // Its trial is out for the others, until it is over.
    let trial = board.begin(1, at: .seconds(5))!
    #expect(board.available(at: .seconds(6)) == SmallSet([0, 2]))
    #expect(board.ended(1, trial, .answered, at: .seconds(6)) == HealthBoard.Change(provider: 1, isUp: true))
    #expect(board.available(at: .seconds(6)) == SmallSet([0, 1, 2]))
    #expect(board.wait(among: [0, 1, 2, 9], at: .seconds(6)) == nil)
    #expect(board.begin(9, at: .zero) == nil)
    #expect(board.probed(9, true, at: .zero) == nil)
  }

  @Test func `probes are side by side and say what they change`() {
    var board = Self.board(["a", "b"])
    #expect(board.nextProbe == .zero)
    var changes: [HealthBoard.Change] = []
    for second in 0..<100 {
      let now = Duration.seconds(second)
      for provider in board.probesDue(at: now) {
        if let change = board.probed(provider, provider == 0, at: now) { changes.append(change) }
      }
    }
    #expect(changes == [HealthBoard.Change(provider: 1, isUp: false)])
    #expect(board.available(at: .seconds(100)) == SmallSet([0]))
    #expect(board.begin(1, at: .seconds(100)) == nil)
    // One that hangs fails by itself.
    var hanging = Self.board(["a"])
    for second in 0..<200 { _ = hanging.probesDue(at: .seconds(second)) }
    #expect(hanging.available(at: .seconds(200)).isEmpty)
    #expect(hanging.wait(among: [0], at: .seconds(200)) == nil)
  }

  @Test func `what is known outlives a reload, by name`() {
    var board = Self.board(["a", "b"])
    for _ in 0..<5 { _ = board.ended(0, board.begin(0, at: .zero)!, .failed, at: .zero) }
    let new = [("c", ProviderHealth()), ("b", ProviderHealth()), ("a", ProviderHealth())]
    var after = HealthBoard(new.map { (name: $0.0, health: $0.1) }, after: board, now: .seconds(1))
    #expect(after.available(at: .seconds(1)) == SmallSet([0, 1]))
    #expect(after.available(at: .seconds(5)) == SmallSet([0, 1, 2]))
    // With other keys it is another provider.
    let other = HealthBoard([(name: "a", health: ProviderHealth(keys: 2))], after: board, now: .seconds(1))
    #expect(other.providers[0].isUp(at: .seconds(1)))
  }
}
