import Testing

@testable import Reactor

@Suite struct BufferChainTests {
  private func chain(_ texts: [[UInt8]]) -> BufferChain {
    var chain = BufferChain(texts.first ?? [])
    for text in texts.dropFirst() { chain.append([9] + text + [9], 1..<text.count + 1) }
    return chain
  }

  /// Reads everything, `capacity` bytes at a time.
  private func read(_ chain: BufferChain, capacity: Int, from position: inout BufferChain.Position) -> [UInt8] {
    var out: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: capacity)
    while true {
      let count = buffer.withUnsafeMutableBytes { chain.read(&position, into: $0.baseAddress!, capacity: capacity) }
      if count == 0 { return out }
      out += buffer[..<count]
    }
  }

  @Test(
    arguments: [[], [[]], [[1, 2, 3]], [[], [1], [], [2, 3, 4], []], [[1, 2], [3], [4, 5, 6, 7]]] as [[[UInt8]]])
  func `a chain read in pieces of any size is its arrays in sequence`(texts: [[UInt8]]) {
    let chain = chain(texts)
    let whole = texts.flatMap { $0 }
    #expect(chain.joined == whole)
    #expect(chain.count == whole.count)
    #expect(chain.isEmpty == whole.isEmpty)
    var iterated: [UInt8] = []
    chain.forEach { for index in $0.indices { iterated.append($0[index]) } }
    #expect(iterated == whole)
    for capacity in 1...8 {
      var position = BufferChain.Position()
      #expect(read(chain, capacity: capacity, from: &position) == whole)
      #expect(read(chain, capacity: capacity, from: &position) == [], "nothing follows the end")
    }
  }

  @Test func `a single array is shared, not copied`() {
    let text = [UInt8](repeating: 1, count: 1000)
    let address = text.withUnsafeBufferPointer { $0.baseAddress }
    BufferChain(text).forEach { $0.withUnsafeBufferPointer { #expect($0.baseAddress == address) } }
    #expect(BufferChain(text).joined.withUnsafeBufferPointer { $0.baseAddress } == address)
  }
}
