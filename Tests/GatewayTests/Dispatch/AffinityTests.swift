@testable import Gateway
import Testing

/// Requests that belong together.
@Suite struct AffinityTests {
  typealias Picking = StrategyTests.Picking
  typealias Provider = RouteTable.Provider

  private static func picking(_ weights: [Int], load: Int = 150) throws -> Picking {
    try Picking(
      weights.enumerated().map { Provider("p\($0)", weight: $1) }, Policy(.roundRobin, affinityLoad: load))
  }

  private static func homes(_ picking: Picking, _ sessions: Int) -> [Int] {
    (0..<sessions).map { session in
      picking.input.affinity = AffinityKey("session \(session)")
      return picking.pick() ?? -1
    }
  }

  private static func key(_ bytes: some Sequence<UInt8>) -> AffinityKey {
    let bytes = Array(bytes)
    return AffinityKey(prefix: bytes.span)
  }

  @Test func `a session stays where it is`() throws {
    let picking = try Self.picking([1, 1, 1])
    let homes = Self.homes(picking, 100)
    #expect(Self.homes(picking, 100) == homes)
    #expect(Set(homes) == [0, 1, 2])
  }

  @Test func `sessions spread by weight`() throws {
    let picking = try Self.picking([5, 3, 2, 0])
    let homes = Self.homes(picking, 20_000)
    for (provider, share) in [0.5, 0.3, 0.2, 0].enumerated() {
      let count = Double(homes.count { $0 == provider })
      #expect(abs(count / 20_000 - share) < 0.01)
    }
  }

  @Test func `only the sessions of a provider that goes move, and they come back`() throws {
    let picking = try Self.picking([1, 1, 1, 1])
    let before = Self.homes(picking, 1000)
    picking.input.available.remove(2)
    let during = Self.homes(picking, 1000)
    for (old, new) in zip(before, during) { #expect(old == 2 ? new != 2 : new == old) }
    // Those that moved did not all move to the same one.
    #expect(Set(zip(before, during).filter { $0.0 == 2 }.map(\.1)) == [0, 1, 3])
    picking.input.available = .all
    #expect(Self.homes(picking, 1000) == before)
  }

  @Test func `a session leaves a provider that has more than its share`() throws {
    let picking = try Self.picking([1, 1, 1])
    picking.input.affinity = AffinityKey("chat")
    let home = try #require(picking.pick())
    picking.loads = [1, 1, 1]
    #expect(picking.pick() == home)
    picking.loads[home] = 3
    #expect(picking.pick() != home)
    picking.loads = [0, 0, 0]
    #expect(picking.pick() == home)
  }

  @Test func `one session that everybody uses does not drown its provider`() throws {
    let picking = try Self.picking([2, 1, 1])
    picking.input.affinity = AffinityKey("popular")
    picking.loads = [0, 0, 0]
    for _ in 0..<4000 { if let provider = picking.pick() { picking.loads[provider] += 1 } }
    let fair: [UInt32] = [2000, 1000, 1000]
    for (load, fair) in zip(picking.loads, fair) { #expect(load <= fair * 3 / 2 + 1) }
  }

  @Test func `the beginning of a conversation is its key`() {
    let system = Array(String(repeating: "You are a pirate. ", count: 400).utf8)
    #expect(system.count > AffinityKey.prefixBytesMax)
    #expect(Self.key(system[..<100]) == Self.key(system[..<100]))
    #expect(Self.key(system[..<100]) != Self.key(system[..<101]))
    // What comes later does not matter.
    #expect(Self.key(system + [1]) == Self.key(system + [2]))
    #expect(AffinityKey("") != AffinityKey("\0"))
    #expect(AffinityKey("abc") == AffinityKey("abc"))
  }

  @Test func `a session stays through a reload that changes the order`() throws {
    let policy = Policy(.roundRobin)
    var router = Router(try RouteTable([Provider("a"), Provider("b"), Provider("c")]), policy: policy)
    func homes(_ router: inout Router) -> [String] {
      (0..<200).map { session in
        let input = SelectionInput(affinity: AffinityKey("session \(session)"))
        let picked = router.pick(router.table.match("m"), input)
        return router.table.providers[picked?.candidate.provider ?? 0].name
      }
    }
    let before = homes(&router)
    router.replace(try RouteTable([Provider("c"), Provider("b"), Provider("a")], generation: 1), policy: policy)
    #expect(homes(&router) == before)
  }
}
