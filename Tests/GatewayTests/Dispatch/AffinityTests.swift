@testable import Gateway
import Testing

/// Selection by affinity.
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

  @Test func `a session stays at its provider`() throws {
    let picking = try Self.picking([1, 1, 1])
    let homes = Self.homes(picking, 100)
    #expect(Self.homes(picking, 100) == homes)
    #expect(Set(homes) == [0, 1, 2])
  }

  @Test func `sessions spread in proportion to the weights`() throws {
    let picking = try Self.picking([5, 3, 2, 0])
    let homes = Self.homes(picking, 20_000)
    for (provider, share) in [0.5, 0.3, 0.2, 0].enumerated() {
      let count = Double(homes.count { $0 == provider })
      #expect(abs(count / 20_000 - share) < 0.01)
    }
  }

  @Test func `when a provider is removed only its sessions move, and they return with it`() throws {
    let picking = try Self.picking([1, 1, 1, 1])
    let before = Self.homes(picking, 1000)
    picking.input.available.remove(2)
    let during = Self.homes(picking, 1000)
    for (old, new) in zip(before, during) { #expect(old == 2 ? new != 2 : new == old) }
    // They are spread over the remaining providers.
    #expect(Set(zip(before, during).filter { $0.0 == 2 }.map(\.1)) == [0, 1, 3])
    picking.input.available = .all
    #expect(Self.homes(picking, 1000) == before)
  }

  @Test func `a session leaves a provider that is above its share of the load`() throws {
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

  @Test func `one session used by all callers does not overload its provider`() throws {
    let picking = try Self.picking([2, 1, 1])
    picking.input.affinity = AffinityKey("popular")
    picking.loads = [0, 0, 0]
    for _ in 0..<4000 { if let provider = picking.pick() { picking.loads[provider] += 1 } }
    let fair: [UInt32] = [2000, 1000, 1000]
    for (load, fair) in zip(picking.loads, fair) { #expect(load <= fair * 3 / 2 + 1) }
  }

  @Test func `a conversation's prefix is its key`() {
    let system = Array(String(repeating: "You are a pirate. ", count: 400).utf8)
    #expect(system.count > AffinityKey.prefixBytesMax)
    #expect(Self.key(system[..<100]) == Self.key(system[..<100]))
    #expect(Self.key(system[..<100]) != Self.key(system[..<101]))
    // Later messages do not matter.
    #expect(Self.key(system + [1]) == Self.key(system + [2]))
    #expect(AffinityKey("") != AffinityKey("\0"))
    #expect(AffinityKey("abc") == AffinityKey("abc"))
  }

  @Test func `a session stays at its provider through a reload that reorders providers`() throws {
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
