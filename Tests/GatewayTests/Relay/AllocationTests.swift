import Glibc
import Reactor
import Support
import Testing

@testable import Gateway

/// The allocations of one relayed request, counted on the loop's thread. The limits may only fall.
///
/// The numbers are those of a debug build, which allocates more than a release build.
@Suite(.enabled(if: Allocations.areCounted)) struct AllocationTests {
  /// The allocations of one request without the test's own, and the part of them that is libcurl's.
  private func count(_ request: [UInt8], _ play: @escaping World.Play) throws -> (ours: Int, curl: Int) {
    let world = try World(.curl, [play])
    let client = world.connect()
    var best = (ours: Int.max, curl: Int.max)
    for _ in 0..<20 {
      client.clear()
      client.send(request)
      var all = 0
      var curl = 0
      var isDone = false
      var turns = 0
      while !isDone {
        turns += 1
        try #require(turns < 1_000_000, "no answer")
        let before = (Allocations.all, Allocations.ofCurl)
        world.stepGateway()
        all += Allocations.all - before.0
        curl += Allocations.ofCurl - before.1
        world.stepPeers()
        isDone = client.responses().contains { $0.isComplete }
      }
      best = (min(best.ours, all - curl), min(best.curl, curl))
    }
    return best
  }

  @Test func `a relayed response allocates no more than its limit`() throws {
    let (ours, curl) = try count(World.chat()) { _ in Script.Step.answer }
    print("allocations of a relayed answer: \(ours) ours, \(curl) libcurl's")
    #expect(ours <= 21)
    #expect(curl <= 36)
  }

  @Test func `a chunk of a stream allocates no more than its limit`() throws {
    func chunks(_ number: Int) -> World.Play {
      let steps =
        [.streamHead] + (0..<number).map { Script.Step.text("\($0)") } + [.text("x", finish: #""stop""#), .done]
      return { _ in steps }
    }
    let few = try count(World.streamingChat(), chunks(10))
    let many = try count(World.streamingChat(), chunks(110))
    let perChunk = Double(many.ours - few.ours) / 100
    print("allocations of a relayed chunk: \(perChunk) ours, \(Double(many.curl - few.curl) / 100) libcurl's")
    #expect(perChunk <= 1.1)
    #expect(many.curl - few.curl <= 5)
  }
}

/// Only a sanitizer, which has its own allocator, may disable the suite above.
@Suite struct CountedAllocationTests {
  @Test func `allocations are counted, except under a sanitizer`() {
    let isSanitized = getenv("ASAN_OPTIONS") != nil || getenv("TSAN_OPTIONS") != nil
    #expect(Allocations.areCounted != isSanitized)
  }
}
