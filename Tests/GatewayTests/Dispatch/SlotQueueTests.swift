import Testing

@testable import Gateway

/// The requests that wait for a slot at a provider.
@Suite struct SlotQueueTests {
  private static func scope(_ name: String) -> ConcurrencyLimits.Scope {
    ConcurrencyLimits.Scope(provider: ProviderID(name: name), model: nil)
  }

  private static func request(
    _ exchange: UInt64, _ priority: RequestQueue.Priority = .normal, caller: Int = 0,
    before: RequestQueue.Waiting? = nil
  ) -> SlotQueue.Request {
    SlotQueue.Request(exchange: exchange, caller: caller, priority: priority, before: before)
  }

  @Test func `a request waits for a slot of its own scopes`() {
    var queue = SlotQueue(capacity: 8)
    for (exchange, name) in [(UInt64(1), "a"), (2, "b"), (3, "a")] {
      #expect(queue.add(Self.request(exchange), for: [Self.scope(name)], at: .zero) == .queued(since: .zero))
    }
    #expect(queue.next(at: .zero) { _ in false } == nil)
    #expect(queue.next(at: .zero) { $0 == Self.scope("b") }?.exchange == 2)
    #expect(queue.next(at: .zero) { $0 == Self.scope("b") } == nil)
    #expect(queue.next(at: .zero) { _ in true }?.exchange == 1)
    queue.remove(3)
    #expect(queue.count == 0)
    #expect(queue.next(at: .zero) { _ in true } == nil)
  }

  @Test func `after a reload any slot will do for the requests that wait, and not for later ones`() {
    var queue = SlotQueue(capacity: 8)
    _ = queue.add(Self.request(1), for: [Self.scope("a")], at: .zero)
    queue.replace(capacity: 4)
    #expect(queue.capacity == 4 && queue.isCheckDue)
    _ = queue.add(Self.request(2), for: [Self.scope("a")], at: .zero)
    #expect(queue.next(at: .zero) { _ in false }?.exchange == 1)
    #expect(queue.next(at: .zero) { _ in false } == nil)
    #expect(queue.next(at: .zero) { _ in true }?.exchange == 2)
  }

  @Test func `an evicted request is reported once, and its leaving changes nothing`() {
    var queue = SlotQueue(capacity: 1)
    _ = queue.add(Self.request(1, .low), for: [Self.scope("a")], at: .zero)
    #expect(
      queue.add(Self.request(2, .high, caller: 1), for: [Self.scope("a")], at: .zero) == .queued(since: .zero))
    #expect(queue.isCheckDue)
    let due = queue.takeDue()
    #expect(due.evicted == [1] && due.tries == 1)
    #expect(queue.takeDue().evicted == [])
    queue.remove(1)
    #expect(queue.count == 1)
    #expect(queue.next(at: .zero) { _ in true }?.exchange == 2)
  }

  @Test func `a request that is queued again keeps its time and its priority`() throws {
    var queue = SlotQueue(capacity: 8)
    _ = queue.add(Self.request(1, .high), for: [Self.scope("a")], at: .seconds(1))
    let place = try #require(queue.next(at: .seconds(2)) { _ in true }).place
    #expect(
      queue.add(Self.request(1, .low, before: place), for: [Self.scope("a")], at: .seconds(3))
        == .queued(since: .seconds(1)))
    _ = queue.add(Self.request(2, .normal), for: [Self.scope("a")], at: .seconds(3))
    #expect(queue.order(at: .seconds(3)).map(\.exchange) == [1, 2])
  }
}
