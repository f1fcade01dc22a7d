import Glibc
import Testing

@testable import Reactor

@Suite struct SlotsTests {
  @Test func `a stale ID finds nothing`() {
    var slots = Slots<String>()
    let old = slots.insert("old")
    #expect((slots.remove(old) == "old") as Bool)
    let new = slots.insert("new")
    #expect(new.slot == old.slot)
    #expect(new.generation == old.generation + 1)
    #expect((slots[old] == nil) as Bool)
    #expect((!slots.contains(old)) as Bool)
    #expect((slots.remove(old) == nil) as Bool)
    #expect((slots[new] == "new") as Bool)
    #expect((slots.count == 1) as Bool)
  }

  @Test func `writing to a stale ID changes nothing`() {
    var slots = Slots<[Int]>()
    let old = slots.insert([1])
    _ = slots.remove(old)
    let new = slots.insert([2])
    slots[old]?.append(9)
    slots[new]?.append(3)
    #expect((slots[new] == [2, 3]) as Bool)
  }

  @Test func `an ID survives conversion to bits and is never zero`() {
    var slots = Slots<Int>()
    let id = slots.insert(1)
    #expect(id.bits != 0)
    #expect(Slots<Int>.ID(bits: id.bits) == id)
    #expect((slots[Slots<Int>.ID(bits: 0)] == nil) as Bool)
    #expect((slots[Slots<Int>.ID(bits: .max)] == nil) as Bool)
  }

  @Test func `next is the ID that insert returns, and growth keeps every element`() {
    var slots = Slots<Int>(capacity: 2)
    var model: [(Slots<Int>.ID, Int)] = []
    var random = Seeded(1)
    for value in 0..<2000 {
      if random.next() % 3 == 0, let index = model.indices.randomElement(using: &random) {
        let (id, expected) = model.remove(at: index)
        #expect((slots.remove(id) == expected) as Bool)
      }
      let next = slots.next
      let id = slots.insert(value)
      #expect(id == next)
      model.append((id, value))
    }
    #expect((slots.count == model.count) as Bool)
    #expect(model.allSatisfy { slots[$0.0] == $0.1 })
    let named = slots.slots.compactMap { slots.id(at: $0) }
    #expect(Set(named) == Set(model.map(\.0)))
  }

  @Test func `removing an element or the table closes the descriptors of its elements`() throws {
    let removed = try Pipe()
    let kept = try Pipe()
    do {
      var slots = Slots<Descriptor>()
      let id = slots.insert(try Descriptor(owning: removed.writing, from: "pipe"))
      _ = slots.insert(try Descriptor(owning: kept.writing, from: "pipe"))
      #expect(removed.isOpen)
      drop(id, from: &slots)
      #expect(!removed.isOpen)
      drop(id, from: &slots)
      #expect((slots.count == 1) as Bool)
      #expect(kept.isOpen)
    }
    #expect(!kept.isOpen)
  }

  private func drop(_ id: Slots<Descriptor>.ID, from slots: inout Slots<Descriptor>) { _ = slots.remove(id) }
}

/// A pipe whose reading end detects whether the writing end is still open.
private final class Pipe {
  private let reading: CInt
  let writing: CInt

  init() throws {
    var ends: [CInt] = [-1, -1]
    try #require(pipe(&ends) == 0)
    reading = ends[0]
    writing = ends[1]
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  deinit { close(reading) }

  var isOpen: Bool {
    var byte: UInt8 = 0
    return read(reading, &byte, 1) != 0
  }
}

/// A random number generator with a fixed seed (xorshift64*).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
