import Testing

@testable import Reactor

@Suite struct BatchLimitTests {
  @Test func `a slow turn halves the limit, and quick full turns double it`() {
    var limit = BatchLimit()
    let first = limit.value
    limit.adapt(after: 50_000_000)
    #expect(limit.value == first / 2)
    for _ in 0..<20 { limit.adapt(after: 50_000_000) }
    #expect(limit.value == BatchLimit.valueMin)
    for _ in 0..<20 {
      _ = limit.isBehind(limit.value)
      limit.adapt(after: 1000)
    }
    #expect(limit.value == BatchLimit.valueMax)
    _ = limit.isBehind(1)
    limit.adapt(after: 1000)
    #expect(limit.value == BatchLimit.valueMax)
  }

  @Test func `deadlines wait while more descriptors are ready than the limit, but not forever`() {
    var limit = BatchLimit()
    let quiet = limit.isBehind(1)
    #expect(!quiet)
    var waited = 0
    while waited < 100, limit.isBehind(limit.value) { waited += 1 }
    #expect((1...32).contains(waited))
    let still = limit.isBehind(limit.value)
    #expect(!still)
    let rested = limit.isBehind(0)
    let again = limit.isBehind(limit.value)
    let cut = limit.isBehind(1, isCut: true)
    #expect(!rested && again && cut)
  }
}
