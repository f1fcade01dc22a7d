@testable import Gateway
import Testing

extension [UInt8]: EventPayload {
  public var byteCount: Int { count }
}

@Suite struct EventRingTests {
  private typealias Ring = EventRing<[UInt8]>

  private static func ring(_ count: Int, eventsMax: Int = 4, bytesMax: Int = 1 << 20) -> Ring {
    var ring = Ring(eventsMax: eventsMax, bytesMax: bytesMax)
    for number in 0..<count {
      ring.append(
        (EventTopic.allCases + [.reload])[number % 6], Array("{\"n\":\(number + 1)}".utf8), at: UInt64(number))
    }
    return ring
  }

  @Test func `events are numbered and in order`() {
    let ring = Self.ring(3)
    let page = ring.since(0)
    #expect(page.events.map(\.sequence) == [1, 2, 3])
    #expect(page.events.map(\.topic) == [.health, .inference, .errors])
    #expect(page.events.last?.payload == Array("{\"n\":3}".utf8))
    #expect(page.next == 3)
    #expect(ring.since(3).events.isEmpty && ring.since(3).next == 3)
    #expect(ring.since(2).events.map(\.sequence) == [3])
    #expect(Self.ring(0).since(0).events.isEmpty && Self.ring(0).since(0).next == 0)
  }

  @Test func `a slow reader learns how many events it missed`() {
    let ring = Self.ring(10)
    let page = ring.since(2)
    #expect(page.events.map(\.sequence) == [7, 8, 9, 10])
    #expect(page.missed == 4)
    #expect(ring.overwritten == 6)
    #expect(ring.oldest == 7)
    #expect(ring.since(6).missed == 0)
    #expect(ring.since(0).missed == 6)
  }

  @Test func `a reader with a number from another process starts over`() {
    let page = Self.ring(10).since(4711)
    #expect(page.restarts)
    #expect(page.events.map(\.sequence) == [7, 8, 9, 10])
    #expect(page.missed == 0)
    #expect(Self.ring(10).since(.max).events.count == 4)
  }

  @Test func `the bytes of a ring are limited`() {
    var ring = Ring(eventsMax: 1000, bytesMax: 1000)
    for _ in 0..<50 { ring.append(.errors, [UInt8](repeating: 1, count: 136), at: 0) }
    #expect(ring.since(0).events.count == 5)
    #expect(ring.bytes == 1000)
    #expect(ring.append(.errors, [UInt8](repeating: 1, count: 937), at: 0) == nil)
    #expect(ring.rejected == 1)
    #expect(ring.since(0).events.count == 5)
    #expect(ring.append(.errors, [UInt8](repeating: 1, count: 936), at: 0) == 51)
    #expect(ring.since(0).events.count == 1)
    #expect(ring.bytes == 1000)
  }

  @Test func `a page has a limit, and the next one continues`() {
    let ring = Self.ring(12, eventsMax: 100)
    var seen: [UInt64] = []
    var cursor: UInt64 = 0
    for _ in 0..<10 {
      let page = ring.since(cursor, EventTopics([.health, .errors]), limit: 1)
      seen += page.events.map(\.sequence)
      cursor = page.next
    }
    #expect(seen == [1, 3, 7, 9])
    #expect(cursor == 12)
    #expect(ring.since(0, limit: 0).next == 0)
  }

  @Test func `random rings agree with a full list`() {
    var random = SplitMix(state: 4)
    for _ in 0..<200 {
      var ring = Ring(eventsMax: Int.random(in: 1...6, using: &random), bytesMax: 300)
      var all: [Ring.Event] = []
      for number in 1...40 as ClosedRange<UInt64> {
        let payload = [UInt8](repeating: 7, count: Int.random(in: 0...100, using: &random))
        let topic = EventTopic.allCases.randomElement(using: &random)!
        #expect(ring.append(topic, payload, at: number) == number)
        all.append(Ring.Event(sequence: number, topic: topic, time: number, payload: payload))
        var bytes = 0
        let kept = all.suffix(ring.eventsMax).reversed().prefix {
          bytes += $0.payload.count + 64
          return bytes <= 300
        }
        let found = ring.since(0).events
        #expect(found.map(\.sequence) == kept.reversed().map(\.sequence))
        #expect(found.map(\.payload) == kept.reversed().map(\.payload))
        #expect(found.map(\.topic) == kept.reversed().map(\.topic))
      }
    }
  }

  @Test func `topics match MQTT patterns`() {
    func chosen(_ filter: String) -> [EventTopic]? {
      EventTopics(filter: filter).map { topics in EventTopic.allCases.filter(topics.contains) }
    }
    #expect(chosen("#") == EventTopic.allCases)
    #expect(chosen("*") == [.inference, .errors, .limits, .budgets, .reload, .ledger, .keys])
    #expect(chosen("providers/*") == [.health])
    #expect(chosen("providers/#") == [.health])
    #expect(chosen("*/health") == [.health])
    #expect(chosen("errors, rate_limit") == [.errors, .limits])
    for filter in ["", ",", "health", "providers", "errors,nothing", "#/x", "errors/", "Errors"] {
      #expect(chosen(filter) == nil, "\(filter)")
    }
    #expect(EventTopics.all == EventTopics(filter: "#"))
  }
}
