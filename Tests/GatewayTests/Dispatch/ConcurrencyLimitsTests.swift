@testable import Gateway
import Testing

@Suite struct ConcurrencyLimitsTests {
  private static let providers = [
    ConcurrencyLimits.Provider(id: ProviderID(name: "a"), limit: 2),
    ConcurrencyLimits.Provider(id: ProviderID(name: "b")),
    ConcurrencyLimits.Provider(id: ProviderID(name: "c"), limit: 3, models: [(name: "big", limit: 1)]),
  ]

  @Test func `a provider has at most its limit of requests in flight`() {
    var limits = ConcurrencyLimits(Self.providers)
    let first = limits.acquire(0, "m")!
    let second = limits.acquire(0, "n")!
    #expect(limits.acquire(0, "m") == nil)
    #expect(limits.saturated == BitSet128([0]))
    #expect(limits.inFlight == [2, 0, 0])
    limits.release(first)
    #expect(limits.saturated.isEmpty)
    #expect(limits.hasSlot(0, "m"))
    limits.release(second)
    limits.release(second)
    #expect(limits.inFlight == [0, 0, 0])
    #expect((0..<1000).compactMap { _ in limits.acquire(1, "m") }.count == 1000)
    #expect(limits.acquire(7, "m") == nil)
  }

  @Test func `a model has a limit of its own`() {
    var limits = ConcurrencyLimits(Self.providers)
    let big = limits.acquire(2, "big")!
    #expect(!limits.hasSlot(2, "big"))
    #expect(limits.hasSlot(2, "small"))
    #expect(limits.saturated.isEmpty)
    limits.release(big)
    #expect(limits.hasSlot(2, "big"))
    #expect(limits.acquire(2, "small") != nil)
    #expect(limits.inFlight[2] == 1)
  }

  @Test func `requests in flight stay counted after a reload`() {
    var limits = ConcurrencyLimits(Self.providers)
    let early = [limits.acquire(0, "m")!, limits.acquire(0, "m")!, limits.acquire(2, "big")!]
    var after = ConcurrencyLimits(
      [
        ConcurrencyLimits.Provider(id: ProviderID(name: "c"), limit: 3, models: [(name: "big", limit: 1)]),
        ConcurrencyLimits.Provider(id: ProviderID(name: "a"), limit: 1),
      ], after: limits)
    #expect(after.inFlight == [1, 2])
    #expect(after.saturated == BitSet128([1]))
    #expect(!after.hasSlot(0, "big"))
    after.release(early[0])
    #expect(after.saturated == BitSet128([1]))
    after.release(early[1])
    #expect(after.saturated.isEmpty)
    after.release(early[2])
    #expect(after.hasSlot(0, "big"))
    #expect(after.inFlight == [0, 0])
    var gone = ConcurrencyLimits([], after: limits)
    gone.release(early[0])
    #expect(gone.inFlight == [])
  }

  @Test func `a removed provider keeps its count until its requests end`() {
    let two = [
      ConcurrencyLimits.Provider(id: ProviderID(name: "a"), limit: 2, models: [(name: "big", limit: 1)]),
      ConcurrencyLimits.Provider(id: ProviderID(name: "b"), limit: 2),
    ]
    var limits = ConcurrencyLimits(two)
    let early = [limits.acquire(0, "big")!, limits.acquire(0, "small")!, limits.acquire(1, "m")!]
    limits = ConcurrencyLimits([two[1]], after: limits)
    #expect(limits.inFlight == [1])
    limits.release(early[0])
    #expect(limits.inFlight == [1])
    limits = ConcurrencyLimits([two[1], two[0]], after: limits)
    #expect(limits.inFlight == [1, 1])
    #expect(limits.hasSlot(1, "big"))
    let late = limits.acquire(1, "big")!
    #expect(limits.saturated == BitSet128([1]))
    // The early request of the same model has ended, so this slot is the late one's.
    limits.release(early[1])
    #expect(!limits.hasSlot(1, "big"))
    #expect(limits.inFlight == [1, 1])
    limits.release(late)
    limits.release(early[2])
    #expect(limits.inFlight == [0, 0])
    // Without requests in flight, a restored provider starts at zero.
    limits = ConcurrencyLimits([], after: limits)
    #expect(ConcurrencyLimits(two, after: limits).inFlight == [0, 0])
  }

  @Test func `a model stays counted while a reload removes its limit and another restores it`() {
    let limited = ConcurrencyLimits.Provider(id: ProviderID(name: "a"), models: [(name: "big", limit: 1)])
    let unlimited = ConcurrencyLimits.Provider(id: ProviderID(name: "a"))
    var limits = ConcurrencyLimits([limited])
    let early = limits.acquire(0, "big")!
    limits = ConcurrencyLimits([unlimited], after: limits)
    #expect(!limits.hasOwnLimit(0, "big"))
    let late = limits.acquire(0, "big")!
    limits.release(early)
    limits = ConcurrencyLimits([limited], after: limits)
    #expect(!limits.hasSlot(0, "big"))
    limits.release(late)
    #expect(limits.hasSlot(0, "big"))
    #expect(limits.inFlight == [0])
  }

  @Test func `a scope names a provider independent of its index`() {
    let limits = ConcurrencyLimits(Self.providers)
    let scopes = [limits.scope(2, "big"), limits.scope(2, "small"), limits.scope(0, "m")]
    #expect(scopes.map(\.model) == ["big", nil, nil])
    var other = ConcurrencyLimits([Self.providers[2], Self.providers[1]])
    let big = other.acquire(0, "big")!
    #expect(scopes.map(other.hasSlot) == [false, true, false])
    other.release(big)
    #expect(other.hasSlot(scopes[0]))
  }
}
