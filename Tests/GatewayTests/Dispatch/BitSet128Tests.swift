@testable import Gateway
import Testing

@Suite struct BitSet128Tests {
  @Test func `a set contains the numbers that were inserted and no others`() {
    var set = BitSet128([0, 63, 64, 127, 128, -1])
    #expect((0..<300).filter(set.contains) == [0, 63, 64, 127])
    #expect(set.count == 4)
    #expect(set.first == 0)
    set.remove(0)
    set.remove(999)
    #expect(set.first == 63)
    #expect(!set.isEmpty)
    #expect(BitSet128().isEmpty)
    #expect(BitSet128().first == nil)
    #expect(BitSet128.all.count == 128)
    #expect(!BitSet128.all.contains(128))
    #expect(!BitSet128.all.contains(.min))
  }

  @Test func `each number is inserted and removed alone`() {
    for number in 0..<BitSet128.capacity {
      #expect((0..<BitSet128.capacity).filter(BitSet128([number]).contains) == [number])
      var set = BitSet128.all
      set.remove(number)
      #expect((0..<BitSet128.capacity).filter { !set.contains($0) } == [number])
    }
  }

  @Test func `sets can be compared and combined`() {
    let left = BitSet128([1, 100, 101])
    let right = BitSet128([100, 102])
    #expect(left.intersection(right) == BitSet128([100]))
    #expect(left.subtracting(right) == BitSet128([1, 101]))
    #expect(left.union(right) == BitSet128([1, 100, 101, 102]))
    #expect(left != right)
  }
}
