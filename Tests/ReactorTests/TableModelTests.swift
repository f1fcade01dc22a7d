import Testing

@testable import Reactor

/// Random operations on the reactor's tables, each compared with a simple model after every step.
@Suite struct TableModelTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `slots agree with a dictionary, and every removed ID stays stale`(seed: UInt64) {
    var random = Seeded(seed)
    var slots = Slots<Int>(capacity: 1)
    var model: [Slots<Int>.ID: Int] = [:]
    var names: [Slots<Int>.ID] = []
    for step in 0..<4000 {
      let known = names.randomElement(using: &random)
      switch random.next() % 8 {
      case 0..<3:
        let id = slots.insert(step)
        #expect(model[id] == nil, "the ID belongs to another element")
        model[id] = step
        names.append(id)
      case 3, 4:
        guard let known else { continue }
        #expect((slots.remove(known) == model.removeValue(forKey: known)) as Bool)
      case 5:
        guard let known else { continue }
        slots[known]? += 1
        model[known]? += 1
      default:
        guard let known else { continue }
        #expect((slots[known] == model[known]) as Bool)
        #expect((slots.contains(known) == (model[known] != nil)) as Bool)
      }
      #expect((slots.count == model.count) as Bool)
    }
    #expect(Set(names).count == names.count)
    for name in names { #expect((slots[name] == model[name]) as Bool) }
    let found = slots.slots.compactMap { slots.id(at: $0) }
    #expect(Set(found) == Set(model.keys))
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `after every step the queue equals an array, around the sizes at which storage moves`(seed: UInt64) {
    var random = Seeded(seed)
    var bytes = Bytes()
    var model: [UInt8] = []
    for step in 0..<600 {
      let size = [1, 1023, 1024, 1025, Bytes.keptMax, Bytes.keptMax + 1].randomElement(using: &random) ?? 1
      switch random.next() % 6 {
      case 0..<3:
        let piece = [UInt8](
          repeating: UInt8(truncatingIfNeeded: step), count: Int.random(in: 0...size, using: &random))
        bytes.append(piece)
        model += piece
      case 3, 4:
        let count = random.next() % 3 == 0 ? model.count : min(model.count, size)
        bytes.consume(count)
        model.removeFirst(count)
      default:
        bytes.shrink()
        if random.next() % 8 == 0 {
          bytes.clear()
          model = []
        }
      }
      #expect((bytes.array == model) as Bool, "step \(step)")
    }
  }
}
