@testable import Gateway
import Testing

@Suite struct RequestQueueTests {
  /// A queue and a clock.
  final class Bench {
    var queue: RequestQueue
    var now = Duration.zero

    init(capacity: Int = 512, agingInterval: Duration = .seconds(15)) {
      queue = RequestQueue(RequestQueue.Settings(capacity: capacity, agingInterval: agingInterval))
    }

    @discardableResult
    func add(_ caller: Int, _ priority: RequestQueue.Priority = .normal, resource: Int = 0) -> RequestQueue.ID? {
      switch queue.add(caller: caller, priority, resource: resource, at: now) {
      case .queued(let id), .evicts(_, let id): id
      case .full: nil
      }
    }

    func next(_ canServe: (Int) -> Bool = { _ in true }) -> RequestQueue.Waiting? {
      queue.next(at: now, where: canServe)
    }

    /// The callers of all queued requests, in the order in which they are served.
    func drain() -> [Int] {
      var callers: [Int] = []
      while let waiting = next() { callers.append(waiting.caller) }
      return callers
    }
  }

  @Test func `a higher priority goes first, and within it the oldest`() {
    let bench = Bench()
    for (caller, priority) in RequestQueue.Priority.allCases.reversed().enumerated() { bench.add(caller, priority) }
    bench.add(9, .critical)
    #expect(bench.drain() == [4, 9, 3, 2, 1, 0])
    #expect(bench.next() == nil)
    #expect(bench.queue.count == 0)
  }

  @Test func `callers take turns, no matter how much each sends`() {
    let bench = Bench()
    for caller in [1, 1, 1, 1, 2, 3, 2, 1] { bench.add(caller) }
    #expect(bench.drain() == [1, 2, 3, 1, 2, 1, 1, 1])
  }

  @Test func `a new caller takes its turn last`() {
    let bench = Bench()
    for caller in [1, 1, 1, 2, 2] { bench.add(caller) }
    #expect(bench.next()?.caller == 1)
    bench.add(3)
    #expect(bench.drain() == [2, 1, 3, 2, 1])
  }

  @Test func `a request that cannot be served yet is skipped and keeps its position`() {
    let bench = Bench()
    bench.add(1, resource: 7)
    bench.add(1, resource: 8)
    bench.add(2, resource: 7)
    #expect(bench.next { $0 == 8 }?.resource == 8)
    #expect(bench.next { $0 == 8 } == nil)
    #expect(bench.queue.count == 2)
    #expect(bench.drain().sorted() == [1, 2])
  }

  @Test func `a request can be removed from any position`() {
    let bench = Bench()
    let ids = [1, 1, 1, 2, 2, 3].map { bench.add($0)! }
    #expect(bench.queue.remove(ids[1])?.caller == 1)
    #expect(bench.queue.remove(ids[1]) == nil)
    #expect(bench.queue.remove(ids[0]) != nil)
    #expect(bench.queue.remove(ids[5]) != nil)
    #expect(bench.drain() == [1, 2, 2])
    #expect(ids.allSatisfy { bench.queue.waiting($0) == nil })
    // A reused slot has another ID.
    let new = bench.add(4)!
    #expect(ids.allSatisfy { bench.queue.remove($0) == nil })
    #expect(bench.queue.waiting(new)?.caller == 4)
  }

  // MARK: Full

  @Test func `a full queue says when to retry`() {
    let bench = Bench(capacity: 10)
    for _ in 0..<10 { bench.add(1) }
    #expect(bench.queue.add(caller: 1, .normal, at: .zero) == .full(retryAfter: 12))
    // Four a second are served, so the delay is shorter.
    for turn in 0..<200 {
      bench.now = .milliseconds(250 * turn)
      _ = bench.next()
      bench.add(1)
    }
    #expect(bench.queue.count == 10)
    #expect(bench.queue.add(caller: 1, .normal, at: bench.now) == .full(retryAfter: 3))
    #expect(bench.queue.add(caller: 1, .low, at: bench.now) == .full(retryAfter: 3))
  }

  @Test func `the suggested delay has a limit`() {
    let bench = Bench(capacity: 100)
    for _ in 0..<100 { bench.add(1) }
    for turn in 0..<50 {
      bench.now = .seconds(100_000 * turn)
      _ = bench.next()
      bench.add(1)
    }
    #expect(bench.queue.retryAfter(.background) == 120)
  }

  @Test func `a full queue evicts a request for a more urgent one`() {
    let bench = Bench(capacity: 4)
    for caller in [1, 1, 2] { bench.add(caller, .background) }
    bench.add(1, .low)
    guard case .evicts(let gone, _) = bench.queue.add(caller: 3, .high, at: .zero) else {
      Issue.record("nobody went")
      return
    }
    #expect(gone.caller == 1)
    #expect(gone.priority == .background)
    #expect(bench.queue.count == 4)
    guard case .full = bench.queue.add(caller: 2, .background, at: .zero) else {
      Issue.record("somebody went")
      return
    }
  }

  @Test func `a caller that fills the queue cannot keep others out`() {
    let bench = Bench(capacity: 100)
    for _ in 0..<100 { bench.add(1) }
    var evicted = 0
    for _ in 0..<200 {
      if case .evicts(let gone, _) = bench.queue.add(caller: 2, .normal, at: .zero) {
        evicted += 1
        #expect(gone.caller == 1)
      }
    }
    #expect(evicted == 49 || evicted == 50)
    #expect(bench.queue.count == 100)
  }

  @Test func `a caller can evict its own less urgent requests`() {
    let bench = Bench(capacity: 3)
    for _ in 0..<3 { bench.add(1, .background) }
    for _ in 0..<5 { bench.add(1, .critical) }
    #expect(bench.queue.count(.critical) == 3)
    #expect(bench.queue.count(.background) == 0)
  }

  @Test func `a queue with a capacity of zero rejects every request`() {
    let bench = Bench(capacity: 0)
    #expect(bench.add(1, .critical) == nil)
    #expect(bench.next() == nil)
  }

  // MARK: Order

  @Test func `requests are served in the predicted order`() {
    var random = SplitMix(state: 11)
    for _ in 0..<300 {
      let bench = Bench()
      var ids: [RequestQueue.ID] = []
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        if Int.random(in: 0..<4, using: &random) == 0 { _ = bench.next() }
        let priority = RequestQueue.Priority.allCases[Int.random(in: 1...3, using: &random)]
        if let id = bench.add(Int.random(in: 0..<4, using: &random), priority) { ids.append(id) }
        if Int.random(in: 0..<6, using: &random) == 0 { bench.queue.remove(ids.randomElement(using: &random)!) }
      }
      let order = bench.queue.order(at: bench.now).map(\.id)
      #expect(order.count == bench.queue.count)
      #expect(order.map { _ in bench.next()?.id } == order)
    }
  }

  // MARK: Starvation

  @Test func `a waiting request moves up level by level`() {
    let bench = Bench()
    let id = bench.add(1, .background)!
    for (second, priority) in [
      (14, RequestQueue.Priority.background), (15, .low), (31, .normal), (46, .high), (61, .critical),
    ] {
      bench.now = .seconds(second)
      bench.add(2, .critical)
      #expect(bench.next()?.caller == 2 || priority == .critical)
      #expect(bench.queue.waiting(id).map { $0.priority == priority } ?? (priority == .critical))
    }
    bench.add(2, .critical)
    _ = bench.next()
    #expect(bench.queue.waiting(id) == nil)
  }

  /// Runs callers that send at will and one slot that serves; returns the longest wait.
  private static func longestWait(
    seed: UInt64, callers: [(priority: RequestQueue.Priority, often: Int)], seconds: Int
  ) -> (waits: [Duration], served: [Int]) {
    var random = SplitMix(state: seed)
    let bench = Bench(capacity: 200)
    var waits = [Duration](repeating: .zero, count: callers.count)
    var served = [Int](repeating: 0, count: callers.count)
    for turn in 0..<seconds * 10 {
      bench.now = .milliseconds(100 * turn)
      for (caller, plan) in callers.enumerated() where Int.random(in: 0..<100, using: &random) < plan.often {
        bench.add(caller, plan.priority)
      }
      // One is served every 200 ms; twice as many arrive.
      guard turn % 2 == 0, let waiting = bench.next() else { continue }
      served[waiting.caller] += 1
      waits[waiting.caller] = max(waits[waiting.caller], bench.now - waiting.since)
    }
    return (waits, served)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a flood of urgent requests starves no caller`(seed: UInt64) {
    // Two callers flood the highest priority; the others send rarely and with lower priorities.
    let (waits, served) = Self.longestWait(
      seed: seed,
      callers: [(.critical, 90), (.critical, 60), (.normal, 1), (.low, 1), (.background, 1)], seconds: 1200)
    for caller in 2..<5 {
      #expect(served[caller] > 0)
      // Four steps of 15 s, and then a turn like any other.
      #expect(waits[caller] <= .seconds(75), "\(waits)")
    }
  }

  @Test func `equal callers get equal shares no matter what they send`() {
    let (_, served) = Self.longestWait(
      seed: 5, callers: [(.normal, 99), (.normal, 99), (.normal, 30), (.normal, 20)], seconds: 1200)
    let most = served.max()!
    for count in served { #expect(count * 10 > most * 8, "\(served)") }
  }

  @Test func `a long queue is drained as fast as it was filled`() {
    let bench = Bench(capacity: 20_000)
    var ids: [RequestQueue.ID] = []
    let time = ContinuousClock().measure {
      for index in 0..<20_000 { ids.append(bench.add(index % 500)!) }
      for id in ids.reversed() { bench.queue.remove(id) }
      for index in 0..<20_000 { bench.add(index) }
      while bench.next() != nil {}
    }
    #expect(bench.queue.count == 0)
    #expect(time < .seconds(5))
  }

  @Test func `each aging interval raises a request by one level, no matter how many others are served`() {
    let bench = Bench()
    let id = bench.add(1, .background)!
    for (step, priority) in [RequestQueue.Priority.low, .normal, .high].enumerated() {
      bench.now = .seconds(15 * (step + 1))
      for _ in 0..<5 {
        bench.add(2, .critical)
        #expect(bench.next()?.caller == 2)
        #expect(bench.queue.waiting(id)?.priority == priority)
      }
    }
  }
}
