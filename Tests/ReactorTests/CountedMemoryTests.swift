import CLinux
import Support
import Testing

/// libcurl's memory, which is cached in lists by size.
@Suite struct CountedMemoryTests {
  private struct Block {
    let address: UnsafeMutableRawPointer
    let count: Int
    let mark: UInt8

    var isWhole: Bool {
      UnsafeRawBufferPointer(start: address, count: count).allSatisfy { $0 == mark }
        && UInt(bitPattern: address) % 16 == 0
    }

    init(_ address: UnsafeMutableRawPointer, _ count: Int, _ mark: UInt8) {
      (self.address, self.count, self.mark) = (address, count, mark)
      memset(address, mark, count)
    }
  }

  private static func memset(_ address: UnsafeMutableRawPointer, _ mark: UInt8, _ count: Int) {
    UnsafeMutableRawBufferPointer(start: address, count: count).initializeMemory(as: UInt8.self, repeating: mark)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `allocated blocks never overlap and keep their content`(seed: UInt64) throws {
    var chance = Seeded(seed)
    var blocks: [Block] = []
    for step in 0..<4000 {
      let mark = UInt8(truncatingIfNeeded: step)
      let size = [
        Int.random(in: 0...64, using: &chance), Int.random(in: 0...1100, using: &chance),
        Int.random(in: 16_000...17_000, using: &chance), Int.random(in: 1000...100_000, using: &chance),
      ].randomElement(using: &chance)!
      switch Int.random(in: 0..<8, using: &chance) {
      case 0...2:
        blocks.append(Block(try #require(counted_malloc(size)), size, mark))
      case 3:
        let fresh = try #require(counted_calloc(size, 1))
        #expect(UnsafeRawBufferPointer(start: fresh, count: size).allSatisfy { $0 == 0 })
        blocks.append(Block(fresh, size, mark))
      case 4 where !blocks.isEmpty:
        let index = Int.random(in: blocks.indices, using: &chance)
        let before = blocks[index]
        let moved = try #require(counted_realloc(before.address, size))
        let kept = UnsafeRawBufferPointer(start: moved, count: min(size, before.count))
        #expect(kept.allSatisfy { $0 == before.mark })
        blocks[index] = Block(moved, size, mark)
      default:
        guard !blocks.isEmpty else { continue }
        let block = blocks.remove(at: Int.random(in: blocks.indices, using: &chance))
        #expect(block.isWhole)
        counted_free(block.address)
      }
    }
    for block in blocks {
      #expect(block.isWhole)
      counted_free(block.address)
    }
  }

  @Test func `an allocation that is too large fails and frees nothing`() {
    #expect(counted_malloc(.max) == nil)
    #expect(counted_malloc(.max - 15) == nil)
    #expect(counted_calloc(1 << 33, 1 << 33) == nil)
    counted_free(nil)
    let copy = counted_strdup("text")
    #expect(copy.map { String(cString: $0) } == "text")
    #expect(counted_realloc(copy, .max) == nil)
    counted_free(copy)
    counted_free(counted_realloc(nil, 5))
  }
}
