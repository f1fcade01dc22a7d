@testable import Gateway
import Testing

@Suite struct MutationTests {
  /// Bytes with a meaning somewhere in a request.
  private static let telling = Rows.latin1("\r\n :;,\"\\%/.?#*@[]\t\u{0}\u{7f}\u{80}\u{ff}0159afxAF+-_=")

  @Test func `no mutation traps, and splitting its bytes does not change the verdict`() {
    var random = Seeded(1)
    let seeds = Rows.wellFormed.map(\.bytes).filter { $0.count < 600 }
    var (served, rejected, waiting) = (0, 0, 0)
    for index in 0..<20_000 {
      var bytes = seeds[index % seeds.count]
      if Bool.random(using: &random) { bytes += Rows.next }
      for _ in 0...Int.random(in: 0...3, using: &random) { Self.mutate(&bytes, using: &random) }
      let verdict = Feed.verdict(bytes)
      let cut = Int.random(in: 0...bytes.count, using: &random)
      let isSame =
        Feed.verdictByteByByte(bytes) == verdict && Feed.verdict(bytes, cutAt: [cut, bytes.count]) == verdict
      if !isSame { Issue.record("case \(index): \(bytes)") }
      switch verdict {
      case .request(let head, _, let end):
        served += 1
        if end > bytes.count || !Self.isInside(head, bytes.count) { Issue.record("case \(index): \(head)") }
      case .incomplete: waiting += 1
      case .rejectedHead, .rejectedBody: rejected += 1
      }
    }
    // Mutations that all have the same verdict would test nothing.
    #expect(served > 1000 && rejected > 1000 && waiting > 100, "\(served) \(rejected) \(waiting)")
  }

  private static func mutate(_ bytes: inout [UInt8], using random: inout Seeded) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: bytes.indices, using: &random)
    let other = Int.random(in: place...min(place + 20, bytes.count), using: &random)
    let byte =
      Bool.random(using: &random)
      ? telling.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[place] = byte
    case 1: bytes.insert(byte, at: place)
    case 2: bytes.removeSubrange(place..<other)
    case 3: bytes.insert(contentsOf: bytes[place..<other], at: Int.random(in: bytes.indices, using: &random))
    case 4: bytes.removeSubrange(place...)
    default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    }
  }

  private static func isInside(_ head: RequestHead, _ count: Int) -> Bool {
    let slices = [
      head.path, head.query, head.host?.name, head.authorization, head.xRequestID, head.xSessionID,
    ]
    return slices.allSatisfy { ($0?.range.upperBound ?? 0) <= count } && head.byteCount <= count
  }
}
