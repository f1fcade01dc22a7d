@testable import Gateway
import Testing

@Suite struct StrategyTests {
  typealias Provider = RouteTable.Provider

  /// A router with everything around it, as in a gateway.
  final class Picking {
    var router: Router
    var match: RouteMatch
    var input = SelectionInput()
    var loads: [UInt32] = []
    var costs: [UInt64] = []

    init(
      _ providers: [Provider], _ policy: Policy, model: String = "m", virtuals: [RouteTable.VirtualModel] = []
    ) throws {
      router = Router(try RouteTable(providers, virtuals: virtuals), policy: policy)
      match = router.table.match(model)
    }

    func picked() -> Router.Picked? { router.pick(match, input, loads: loads, costs: costs) }
    func pick() -> Int? { picked()?.candidate.provider }
    func picks(_ count: Int) -> [Int] { (0..<count).map { _ in pick() ?? -1 } }

    /// Returns how often each provider is picked.
    func counts(_ picks: Int) -> [Int] {
      var counts = [Int](repeating: 0, count: router.table.providers.count)
      for _ in 0..<picks { if let provider = pick() { counts[provider] += 1 } }
      return counts
    }
  }

  private static func providers(_ weights: [Int], priorities: [Int] = [], models: [String] = []) -> [Provider] {
    weights.enumerated().map { index, weight in
      Provider(
        "p\(index)", priority: index < priorities.count ? priorities[index] : 10, weight: weight, models: models)
    }
  }

  // MARK: Priority and tiers

  @Test func `priority picks the first available candidate`() throws {
    let picking = try Picking(Self.providers([1, 1, 1], priorities: [2, 1, 3]), Policy())
    #expect(picking.picks(3) == [1, 1, 1])
    picking.input.exclude(0)
    #expect(picking.pick() == 0)
    picking.input.available.remove(0)
    #expect(picking.pick() == 2)
    picking.input.excluded.insert(2)
    #expect(picking.pick() == nil)
    #expect(try Picking([], Policy()).router.table.candidates(for: "m") == [])
  }

  @Test func `each strategy picks within the best tier, and within the next when that is unavailable`() throws {
    for strategy in Strategy.allCases where ![.priority, .direct].contains(strategy) {
      let picking = try Picking(Self.providers([1, 1, 1, 1], priorities: [5, 5, 7, 7]), Policy(strategy))
      #expect(Set(picking.picks(20)).isSubset(of: [0, 1]), "\(strategy)")
      picking.input.available.remove(0)
      picking.input.exclude(1)
      #expect(Set(picking.picks(20)).isSubset(of: [2, 3]), "\(strategy)")
      picking.input.available = BitSet128()
      #expect(picking.pick() == nil)
    }
  }

  @Test func `local providers precede others of the same specificity`() throws {
    let providers = [
      Provider("cloud", priority: 1, models: ["m"]), Provider("near", priority: 5, isLocal: true, models: ["m"]),
      Provider("nearer", priority: 5, isLocal: true, models: ["m"]), Provider("far", priority: 5, models: ["m"]),
      Provider("all", isLocal: true),
    ]
    let picking = try Picking(providers, Policy(.roundRobin, localFirst: true))
    #expect(picking.picks(3) == [1, 2, 1])
    picking.input.available.remove(1)
    #expect(picking.picks(2) == [2, 2])
    picking.input.available.remove(2)
    #expect(picking.picks(2) == [0, 0])
    picking.input.exclude(0)
    #expect(picking.pick() == 3)
    picking.input.available.remove(3)
    #expect(picking.pick() == 4)
  }

  // MARK: Round robin

  @Test func `round robin gives each candidate a turn`() throws {
    let picking = try Picking(Self.providers([1, 1, 1]), Policy(.roundRobin))
    #expect(picking.picks(7) == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func `an unavailable candidate does not pass its turns to the one after it`() throws {
    let picking = try Picking(Self.providers([1, 1, 1, 1]), Policy(.roundRobin))
    picking.input.available.remove(1)
    #expect(picking.counts(300) == [100, 0, 100, 100])
  }

  @Test func `each model has turns of its own`() throws {
    let models = (0..<3).map { Provider("p\($0)", models: ["m", "n", "x*", "*y"]) }
    var router = Router(try RouteTable(models), policy: Policy(.roundRobin))
    var pickCounts: [String: [Int]] = [:]
    for _ in 0..<3 {
      for model in ["m", "n", "x1", "zy"] {
        let picked = router.pick(router.table.match(model), SelectionInput())
        pickCounts[model, default: []].append(picked?.candidate.provider ?? -1)
      }
    }
    #expect(pickCounts == ["m": [0, 1, 2], "n": [0, 1, 2], "x1": [0, 1, 2], "zy": [0, 1, 2]])
  }

  // MARK: Weights

  @Test func `shares follow the weights and are interleaved`() throws {
    let picking = try Picking(Self.providers([5, 1, 1]), Policy(.weighted))
    #expect(picking.picks(7) == [0, 0, 1, 0, 2, 0, 0])
    #expect(picking.counts(7000) == [5000, 1000, 1000])
  }

  @Test func `shares are within one percent for any weights and unavailable providers`() throws {
    var random = SplitMix(state: 77)
    for _ in 0..<30 {
      let weights = (0..<Int.random(in: 2...12, using: &random)).map { _ in Int.random(in: 0...100, using: &random)
      }
      guard weights.reduce(0, +) > 0 else { continue }
      let picking = try Picking(Self.providers(weights), Policy(.weighted))
      var expected = [Double](repeating: 0, count: weights.count)
      var counts = [Int](repeating: 0, count: weights.count)
      for _ in 0..<10 {
        picking.input.available = BitSet128(
          weights.indices.filter { _ in Int.random(in: 0...4, using: &random) > 0 })
        let up = weights.indices.filter(picking.input.available.contains)
        let sum = up.reduce(0) { $0 + weights[$1] }
        guard sum > 0 else { continue }
        for (index, count) in picking.counts(1000).enumerated() { counts[index] += count }
        for index in up { expected[index] += 1000 * Double(weights[index]) / Double(sum) }
      }
      for index in weights.indices { #expect(abs(Double(counts[index]) - expected[index]) <= 100, "\(weights)") }
    }
  }

  @Test func `a weight of zero is picked only when no other candidate is available`() throws {
    for strategy in [Strategy.weighted, .leastInFlight] {
      let picking = try Picking(Self.providers([0, 1, 0]), Policy(strategy))
      #expect(picking.picks(5) == [1, 1, 1, 1, 1])
      picking.input.available.remove(1)
      #expect(picking.pick() != nil)
      #expect(picking.pick() != 1)
    }
  }

  @Test func `a pool spreads over models by weight`() throws {
    let pool = RouteTable.VirtualModel(
      "v", [.init("x", weight: 9), .init("y", weight: 1)], isPool: true, strategy: .weighted)
    let picking = try Picking(
      [Provider("a", models: ["x"]), Provider("b", models: ["y"])], Policy(), model: "v", virtuals: [pool])
    #expect(picking.counts(1000) == [900, 100])
  }

  // MARK: Load and price

  @Test func `the candidate with the least load for its weight is picked, equal ones in turn`() throws {
    let picking = try Picking(Self.providers([1, 1, 2]), Policy(.leastInFlight))
    picking.loads = [3, 2, 6]
    #expect(picking.pick() == 1)
    picking.loads = [3, 3, 4]
    #expect(picking.pick() == 2)
    picking.loads = [0, 0, 9]
    #expect(Set(picking.picks(2)) == [0, 1])
    #expect(picking.counts(100) == [50, 50, 0])
    // A provider without a count has nothing in flight.
    picking.loads = [1]
    #expect(picking.pick() == 2)
  }

  @Test func `load spreads in proportion to the weights`() throws {
    let picking = try Picking(Self.providers([4, 2, 1, 1]), Policy(.leastInFlight))
    picking.loads = [0, 0, 0, 0]
    for _ in 0..<800 { if let provider = picking.pick() { picking.loads[provider] += 1 } }
    #expect(picking.loads == [400, 200, 100, 100])
  }

  @Test func `the cheapest is picked, and an unknown price comes last`() throws {
    let picking = try Picking(Self.providers([1, 1, 1, 1]), Policy(.cheapest))
    picking.costs = [.max, 30, 20, 20]
    #expect(picking.picks(2) == [2, 2])
    picking.input.exclude(2)
    #expect(picking.pick() == 3)
    picking.input.exclude(3)
    #expect(picking.pick() == 1)
    picking.input.exclude(1)
    #expect(picking.pick() == 0)
    picking.input.excluded = BitSet128()
    picking.costs = []
    #expect(picking.pick() == 0)
  }

  @Test func `a candidate whose cost is not given comes after those with one`() throws {
    let picking = try Picking(Self.providers([1, 1, 1]), Policy(.cheapest))
    picking.costs = [30, 20]
    #expect(picking.pick() == 1)
    picking.input.exclude(1)
    #expect(picking.pick() == 0)
    picking.input.exclude(0)
    #expect(picking.pick() == 2)
  }

  @Test func `direct picks one provider and no other`() throws {
    let providers = [Provider("a", models: ["m"]), Provider("b"), Provider("c", models: ["m"])]
    let picking = try Picking(providers, Policy(.direct))
    #expect(picking.pick() == 0)
    picking.input.exclude(0)
    #expect(picking.pick() == nil)
    picking.input = SelectionInput()
    picking.match = picking.router.table.match("c/m")
    #expect(picking.pick() == 2)
    picking.input.available.remove(2)
    #expect(picking.pick() == nil)
  }

  @Test func `a strategy has several spellings`() {
    #expect(Strategy(word: "round_robin") == .roundRobin)
    #expect(Strategy(word: "round-robin") == .roundRobin)
    #expect(Strategy(word: "RoundRobin") == .roundRobin)
    #expect(Strategy(word: "lowest-latency") == .lowestLatency)
    #expect(Strategy(word: "random") == nil)
    for strategy in Strategy.allCases { #expect(Strategy(word: strategy.rawValue) == strategy) }
  }

  @Test func `a match of another table picks nothing`() throws {
    var router = Router(try RouteTable([Provider("a")]))
    let match = router.table.match("m")
    let found = router.pick(match, SelectionInput())
    let picked = try #require(found)
    router.replace(try RouteTable([], generation: 1), policy: Policy())
    let late = router.pick(match, SelectionInput())
    #expect(late == nil)
    router.answered(picked, after: .seconds(1), now: .zero)
    router.failed(picked, now: .zero)
  }
}
