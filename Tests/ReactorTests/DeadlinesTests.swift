import Testing

@testable import Reactor

@Suite struct DeadlinesTests {
  @Test func `deadlines are taken in order of time, and never early`() {
    var deadlines = Deadlines<Int>()
    for time in [30, 10, 20] { _ = deadlines.add(.milliseconds(time), time) }
    #expect(deadlines.next == .milliseconds(10))
    #expect((deadlines.takeDue(.milliseconds(9)) == nil) as Bool)
    #expect((deadlines.takeDue(.milliseconds(20))?.owner == 10) as Bool)
    #expect((deadlines.takeDue(.milliseconds(20))?.owner == 20) as Bool)
    #expect((deadlines.takeDue(.milliseconds(20)) == nil) as Bool)
    #expect(deadlines.next == .milliseconds(30))
  }

  @Test func `the ID of a passed deadline moves and removes nothing`() {
    var deadlines = Deadlines<Int>()
    let old = deadlines.add(.seconds(1), 1)
    #expect((deadlines.takeDue(.seconds(1))?.id == old) as Bool)
    let new = deadlines.add(.seconds(2), 2)
    #expect(new.slot == old.slot)
    #expect((!deadlines.move(old, to: .zero)) as Bool)
    #expect((!deadlines.remove(old)) as Bool)
    #expect(deadlines.next == .seconds(2))
    #expect((deadlines.remove(new)) as Bool)
    #expect((!deadlines.remove(new)) as Bool)
    #expect(deadlines.next == nil)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `ten thousand random operations agree with a sorted list`(seed: UInt64) {
    var random = Seeded(seed)
    var deadlines = Deadlines<Int>()
    var model: [Int: (time: Int, id: Slots<Int>.ID)] = [:]
    var order: [Int] = []
    var now = 0
    for owner in 0..<10_000 {
      let time = now + Int.random(in: 0..<5000, using: &random)
      let known = order.isEmpty ? nil : order[Int.random(in: 0..<order.count, using: &random)]
      switch random.next() % 10 {
      case 0..<5:
        model[owner] = (time, deadlines.add(.microseconds(time), owner))
        order.append(owner)
      case 5, 6:
        guard let known else { continue }
        if let entry = model[known] {
          #expect((deadlines.move(entry.id, to: .microseconds(time))) as Bool)
          model[known]?.time = time
        }
      case 7:
        guard let known, let entry = model.removeValue(forKey: known) else { continue }
        #expect((deadlines.remove(entry.id)) as Bool)
        #expect((!deadlines.move(entry.id, to: .zero)) as Bool)
      default:
        now += Int.random(in: 0..<20, using: &random)
        var last = Int.min
        while let (id, owner) = deadlines.takeDue(.microseconds(now)) {
          guard let entry = model.removeValue(forKey: owner) else {
            Issue.record("an unknown owner")
            return
          }
          #expect(entry.id == id)
          #expect(entry.time >= last)
          last = entry.time
        }
        #expect(!model.values.contains { $0.time <= now })
      }
      if owner % 100 == 0 {
        #expect(deadlines.count == model.count)
        #expect(deadlines.next == model.values.map(\.time).min().map { .microseconds($0) })
      }
    }
    let rest = model.values.map(\.time).sorted()
    var taken: [Int] = []
    while let (_, owner) = deadlines.takeDue(.seconds(3600)) { taken.append(model[owner]!.time) }
    #expect(taken == rest)
    #expect(deadlines.count == 0)
  }

  @Test func `ten thousand deadlines are cheap to add, move, and remove`() {
    var deadlines = Deadlines<Int>()
    let start = ContinuousClock.now
    var ids: [Slots<Int>.ID] = []
    // Falling times are the worst case for a heap: each new deadline rises to the top.
    for index in 0..<10_000 { ids.append(deadlines.add(.microseconds(20_000 - index), index)) }
    for id in ids { deadlines.move(id, to: .microseconds(30_000)) }
    for id in ids { deadlines.remove(id) }
    #expect(deadlines.count == 0)
    // O(log n) takes well below a second without optimization; O(n) takes minutes.
    #expect(ContinuousClock.now - start < .seconds(8))
  }
}
