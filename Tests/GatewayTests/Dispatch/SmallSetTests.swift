@testable import Gateway
import Testing

@Suite struct SmallSetTests {
  @Test func `a set has what was put in and nothing else`() {
    var set = SmallSet([0, 63, 64, 127, 128, -1])
    #expect((0..<300).filter(set.contains) == [0, 63, 64, 127])
    #expect(set.count == 4)
    #expect(set.first == 0)
    set.remove(0)
    set.remove(999)
    #expect(set.first == 63)
    #expect(!set.isEmpty)
    #expect(SmallSet().isEmpty)
    #expect(SmallSet().first == nil)
    #expect(SmallSet.all.count == 128)
    #expect(!SmallSet.all.contains(128))
    #expect(!SmallSet.all.contains(.min))
  }

  @Test func `sets are compared and combined`() {
    let left = SmallSet([1, 100, 101])
    let right = SmallSet([100, 102])
    #expect(left.intersection(right) == SmallSet([100]))
    #expect(left.subtracting(right) == SmallSet([1, 101]))
    #expect(left.union(right) == SmallSet([1, 100, 101, 102]))
    #expect(left != right)
  }
}
