@testable import Gateway
import Testing

@Suite struct ConcurrencyTests {
  private static let providers = [
    Concurrency.Provider(name: "a", limit: 2), Concurrency.Provider(name: "b"),
    Concurrency.Provider(name: "c", limit: 3, models: [(name: "big", limit: 1)]),
  ]

  @Test func `a provider has as many requests as it may`() {
    var places = Concurrency(Self.providers)
    let first = places.acquire(0, "m")!
    let second = places.acquire(0, "n")!
    #expect(places.acquire(0, "m") == nil)
    #expect(places.full == SmallSet([0]))
    #expect(places.inFlight == [2, 0, 0])
    places.release(first)
    #expect(places.full.isEmpty)
    #expect(places.hasRoom(0, "m"))
    places.release(second)
    places.release(second)
    #expect(places.inFlight == [0, 0, 0])
    #expect((0..<1000).compactMap { _ in places.acquire(1, "m") }.count == 1000)
    #expect(places.acquire(7, "m") == nil)
  }

  @Test func `a model has a limit of its own`() {
    var places = Concurrency(Self.providers)
    let big = places.acquire(2, "big")!
    #expect(!places.hasRoom(2, "big"))
    #expect(places.hasRoom(2, "small"))
    #expect(places.full.isEmpty)
    places.release(big)
    #expect(places.hasRoom(2, "big"))
    #expect(places.acquire(2, "small") != nil)
    #expect(places.inFlight[2] == 1)
  }

  @Test func `what is in flight outlives a reload`() {
    var places = Concurrency(Self.providers)
    let early = [places.acquire(0, "m")!, places.acquire(0, "m")!, places.acquire(2, "big")!]
    var after = Concurrency(
      [
        Concurrency.Provider(name: "c", limit: 3, models: [(name: "big", limit: 1)]),
        Concurrency.Provider(name: "a", limit: 1),
      ], after: places)
    #expect(after.inFlight == [1, 2])
    #expect(after.full == SmallSet([1]))
    #expect(!after.hasRoom(0, "big"))
    after.release(early[0])
    #expect(after.full == SmallSet([1]))
    after.release(early[1])
    #expect(after.full.isEmpty)
    after.release(early[2])
    #expect(after.hasRoom(0, "big"))
    #expect(after.inFlight == [0, 0])
    var gone = Concurrency([], after: places)
    gone.release(early[0])
    #expect(gone.inFlight == [])
  }
}
