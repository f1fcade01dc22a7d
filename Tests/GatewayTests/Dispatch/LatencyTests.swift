@testable import Gateway
import Testing

/// Selection by latency.
@Suite struct LatencyTests {
  typealias Picking = StrategyTests.Picking
  typealias Provider = RouteTable.Provider

  private static func picking(_ count: Int) throws -> Picking {
    try Picking((0..<count).map { Provider("p\($0)") }, Policy(.lowestLatency))
  }

  @Test func `an average changes slowly`() {
    var latency = Latency()
    #expect(latency.isUntried)
    latency.note(.milliseconds(100), at: .seconds(1))
    #expect(latency.average == 100_000)
    latency.note(.milliseconds(200), at: .seconds(2))
    #expect(latency.average == 130_000)
    latency.noteFailure(at: .seconds(3))
    #expect(latency.average == 260_000)
    #expect(latency.seen == .seconds(3))
  }

  @Test func `times are limited at both ends`() {
    var latency = Latency()
    latency.note(.seconds(-5), at: .zero)
    #expect(latency.average == 1)
    for _ in 0..<100 { latency.note(.seconds(1 << 40), at: .zero) }
    #expect(latency.average <= 600_000_000)
    for _ in 0..<100 { latency.noteFailure(at: .zero) }
    #expect(latency.average == 600_000_000)
  }

  @Test func `an untried provider is tried once at a time`() throws {
    let picking = try Self.picking(3)
    let first = try #require(picking.picked())
    #expect(picking.picks(2) == [1, 2])
    // While all are on trial, they take turns.
    #expect(Set(picking.picks(3)) == [0, 1, 2])
    picking.router.answered(first, after: .milliseconds(50), now: .zero)
    #expect(picking.picks(5) == [0, 0, 0, 0, 0])
    // The other two never answered.
    picking.input.now = .seconds(31)
    #expect(picking.picks(3) == [1, 2, 0])
  }

  @Test func `a failure counts as a measurement`() throws {
    let picking = try Self.picking(2)
    let first = try #require(picking.picked())
    let second = try #require(picking.picked())
    picking.router.failed(first, now: .zero)
    picking.router.answered(second, after: .seconds(2), now: .zero)
    #expect(picking.picks(3) == [1, 1, 1])
    #expect(picking.router.latency(of: first.candidate) == .seconds(10))
  }

  @Test func `the fastest gets most requests, and all others are measured again`() throws {
    let picking = try Self.picking(4)
    let times = [300, 100, 200, 400]
    var counts = [0, 0, 0, 0]
    for turn in 0..<4800 {
      picking.input.now = .milliseconds(10 * turn)
      let picked = try #require(picking.picked())
      let provider = picked.candidate.provider
      counts[provider] += 1
      picking.router.answered(picked, after: .milliseconds(times[provider]), now: picking.input.now)
    }
    #expect(counts[1] > 4400)
    // One selection in sixteen explores, and the others share it.
    for other in [0, 2, 3] { #expect((60...140).contains(counts[other]), "\(counts)") }
  }

  @Test func `a provider that became fast is found, and one that became slow is left`() throws {
    let picking = try Self.picking(2)
    var times = [100, 300]
    var late: [Int] = [0, 0]
    for turn in 0..<2000 {
      if turn == 1000 { times = [500, 50] }
      picking.input.now = .milliseconds(10 * turn)
      let picked = try #require(picking.picked())
      let provider = picked.candidate.provider
      if turn >= 1500 { late[provider] += 1 }
      picking.router.answered(picked, after: .milliseconds(times[provider]), now: picking.input.now)
    }
    #expect(late[1] > 450)
  }

  @Test func `latencies are kept after a reload`() throws {
    var router = Router(
      try RouteTable([Provider("a", models: ["m", "x*"]), Provider("b")]), policy: Policy(.lowestLatency))
    for _ in 0..<2 {
      let found = router.pick(router.table.match("m"), SelectionInput())
      let picked = try #require(found)
      router.answered(picked, after: .milliseconds(70), now: .zero)
    }
    router.replace(
      try RouteTable([Provider("c"), Provider("a", models: ["x*", "m"])], generation: 1), policy: router.policy)
    let known = router.table.candidates(for: "m").map { router.latency(of: $0) }
    #expect(known == [.milliseconds(70), nil])
    #expect(router.table.candidates(for: "x1").map { router.latency(of: $0) } == [nil, nil])
  }

  @Test func `explorations rotate among candidates, even before any of them has responded`() throws {
    let picking = try Self.picking(3)
    let tried = try (0..<3).map { _ in try #require(picking.picked()) }
    for (index, picked) in tried.enumerated() {
      picking.router.answered(
        picked, after: .milliseconds(index == 2 ? 50 : 300), now: .seconds(index + 1))
    }
    picking.input.now = .seconds(10)
    #expect(picking.picks(32).filter { $0 != 2 } == [0, 1])
  }
}
