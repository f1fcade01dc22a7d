@testable import Gateway
import Testing

@Suite struct ArrayReserveTests {
  /// Appends `size` bytes in runs of `run`, reserving as a reader does, and returns the capacities on the way.
  private func grow(to size: Int, in run: Int) -> [(count: Int, capacity: Int)] {
    var text: [UInt8] = []
    var seen: [(count: Int, capacity: Int)] = []
    while text.count < size {
      let arriving = min(run, size - text.count)
      text.reserve(arriving: arriving, missing: size - text.count)
      if text.capacity != seen.last?.capacity { seen.append((text.count, text.capacity)) }
      text.append(contentsOf: repeatElement(7, count: arriving))
    }
    return seen
  }

  @Test(arguments: [1, 1000, 64 * 1024, 64 * 1024 + 1, 6_000_000, 32 * 1024 * 1024], [1448, 64 * 1024])
  func `a declared length is reserved in few steps, and no step copies more than one mebibyte`(
    size: Int, run: Int
  ) {
    let steps = grow(to: size, in: run)
    #expect(steps.count <= 4)
    #expect(steps.allSatisfy { $0.count <= 1024 * 1024 + run })
  }

  @Test func `a declared length reserves little at first, and then a fixed multiple of the bytes that arrived`() {
    for (count, capacity) in grow(to: 32 * 1024 * 1024, in: 1448) {
      #expect(capacity <= max(2 * [UInt8].promisedBytesMax, 49 * max(count, [UInt8].promisedBytesMax)))
    }
  }

  @Test func `an array without a declared length, or beyond it, grows by doubling`() {
    for announced in [0, 100_000] {
      var text: [UInt8] = []
      var steps = 0
      while text.count < 16 * 1024 * 1024 {
        let before = text.capacity
        text.reserve(arriving: 16 * 1024, missing: announced - text.count)
        text.append(contentsOf: repeatElement(7, count: 16 * 1024))
        if text.capacity != before { steps += 1 }
      }
      #expect(steps <= 20)
    }
  }
}
