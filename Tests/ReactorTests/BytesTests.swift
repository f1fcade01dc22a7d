import Testing

@testable import Reactor

@Suite struct BytesTests {
  @Test func `an empty queue has no bytes and no storage`() {
    var bytes = Bytes()
    #expect(bytes.isEmpty as Bool)
    #expect(bytes.readable.isEmpty as Bool)
    bytes.append([UInt8]())
    bytes.consume(0)
    #expect((bytes.address == nil) as Bool)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `after any appends and consumes, the queue equals an array`(seed: UInt64) {
    var random = Seeded(seed)
    var bytes = Bytes()
    var model: [UInt8] = []
    for _ in 0..<1500 {
      switch random.next() % 8 {
      case 0..<4:
        let piece = (0..<Int.random(in: 0...700, using: &random)).map { _ in
          UInt8.random(in: .min ... .max, using: &random)
        }
        bytes.append(piece)
        model += piece
      case 4..<7:
        let count = Int.random(in: 0...min(model.count, 900), using: &random)
        bytes.consume(count)
        model.removeFirst(count)
      default:
        if random.next() % 20 == 0 {
          bytes.clear()
          model = []
        }
        bytes.shrink()
      }
      #expect((bytes.count == model.count) as Bool)
      #expect((bytes.isEmpty == model.isEmpty) as Bool)
    }
    #expect((bytes.array == model) as Bool)
  }

  @Test func `unread bytes are accessed in place and stay there until an append`() {
    var bytes = Bytes()
    bytes.append(Array(0..<200))
    let before = bytes.address
    bytes.readable.withUnsafeBufferPointer { lent in #expect(lent.baseAddress == before) }
    bytes.consume(50)
    #expect((bytes.address == before.map { $0 + 50 }) as Bool)
    #expect((bytes.readable[0] == 50) as Bool)
  }

  @Test func `a short remainder moves down instead of growing`() {
    var bytes = Bytes()
    bytes.append([UInt8](repeating: 1, count: 1024))
    let base = bytes.address
    bytes.consume(1000)
    bytes.append([UInt8](repeating: 2, count: 900))
    #expect((bytes.address == base) as Bool)
    #expect((bytes.array == [UInt8](repeating: 1, count: 24) + [UInt8](repeating: 2, count: 900)) as Bool)
  }

  @Test(arguments: [0, 1, 5000])
  func `above the block size, the queue grows without losing a byte`(consumed: Int) {
    var bytes = Bytes()
    var model: [UInt8] = []
    for step in 0..<600 {
      let piece = [UInt8](repeating: UInt8(step % 251), count: 1024)
      bytes.append(piece)
      model += piece
      if step == 20 {
        bytes.consume(consumed)
        model.removeFirst(consumed)
      }
    }
    #expect((bytes.array == model) as Bool)
    bytes.clear()
    #expect((bytes.address == nil) as Bool)
    bytes.append([1, 2, 3])
    #expect((bytes.array == [1, 2, 3]) as Bool)
  }

  @Test func `an empty queue releases large storage, and small storage only when it is shrunk`() {
    var bytes = Bytes()
    bytes.append([UInt8](repeating: 7, count: Bytes.keptMax + 1))
    bytes.consume(Bytes.keptMax + 1)
    #expect((bytes.address == nil) as Bool)
    bytes.append([UInt8](repeating: 7, count: 100))
    bytes.shrink()
    #expect((bytes.count == 100) as Bool)
    bytes.consume(100)
    #expect((bytes.address != nil) as Bool)
    bytes.shrink()
    #expect((bytes.address == nil) as Bool)
  }
}

extension Bytes {
  /// Returns a copy of the unread bytes.
  var array: [UInt8] { readable.withUnsafeBufferPointer { Array($0) } }
}
