@testable import Gateway
import Testing

@Suite struct ConcurrencyLimitsTests {
  private static let providers = [
    ConcurrencyLimits.Provider(name: "a", limit: 2), ConcurrencyLimits.Provider(name: "b"),
    ConcurrencyLimits.Provider(name: "c", limit: 3, models: [(name: "big", limit: 1)]),
  ]

  @Test func `a provider has as many requests as it may`() {
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

  @Test func `what is in flight outlives a reload`() {
    var limits = ConcurrencyLimits(Self.providers)
    let early = [limits.acquire(0, "m")!, limits.acquire(0, "m")!, limits.acquire(2, "big")!]
    var after = ConcurrencyLimits(
      [
        ConcurrencyLimits.Provider(name: "c", limit: 3, models: [(name: "big", limit: 1)]),
        ConcurrencyLimits.Provider(name: "a", limit: 1),
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
}
