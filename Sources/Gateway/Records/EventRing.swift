/// The latest gateway events, numbered from 1, limited in count and in bytes.
///
/// A reader remembers the number of the last event that it has seen and requests the events after it. A reader that
/// is too slow learns how many it missed.
///
/// Payloads are converted to text only when they are read: most never are.
struct EventRing<Payload: EventPayload>: Sendable {
  struct Event: Sendable {
    var sequence: UInt64
    var topic: EventTopic
    /// Nanoseconds since 1970.
    var time: UInt64
    var payload: Payload
  }

  /// The events for one reader.
  struct Page: Sendable {
    var events: [Event] = []
    /// The number to request the next events with.
    var next: UInt64
    /// Events of any topic that were overwritten before this reader requested them.
    var missed: UInt64 = 0
    /// Whether the reader's number is from another process, so that it gets all events.
    var restarts = false
  }

  /// The bytes that an event counts in addition to its payload.
  static var eventBytes: Int { 64 }

  let eventsMax: Int
  let bytesMax: Int
  /// A ring once it is full; the oldest event is at `first`.
  private var events: [Event?] = []
  private var first = 0
  private(set) var bytes = 0
  /// The sequence number of the newest event.
  private(set) var newest: UInt64 = 0
  /// The number of overwritten events.
  private(set) var overwritten: UInt64 = 0
  /// The number of events that were larger than the whole ring.
  private(set) var rejected: UInt64 = 0
  private var count = 0

  init(eventsMax: Int = 1024, bytesMax: Int = 1 << 20) {
    self.eventsMax = max(1, eventsMax)
    self.bytesMax = max(Self.eventBytes, bytesMax)
  }

  /// The number of the oldest event in the ring, or of the next one if the ring is empty.
  var oldest: UInt64 { newest - UInt64(count) + 1 }

  /// Appends an event; returns its number, or `nil` if it is larger than the whole ring.
  @discardableResult
  mutating func append(_ topic: EventTopic, _ payload: Payload, at time: UInt64) -> UInt64? {
    let size = Self.eventBytes + payload.byteCount
    guard size <= bytesMax else {
      rejected += 1
      return nil
    }
    while count == eventsMax || bytes + size > bytesMax { dropOldest() }
    newest += 1
    let event = Event(sequence: newest, topic: topic, time: time, payload: payload)
    let place = (first + count) % eventsMax
    if place == events.count { events.append(event) } else { events[place] = event }
    count += 1
    bytes += size
    return newest
  }

  /// Returns the events of some topics with a number above `sequence`, oldest first and at most `limit`.
  func since(_ sequence: UInt64, _ topics: EventTopics = .all, limit: Int = .max) -> Page {
    var page = Page(next: newest)
    var start = sequence
    if sequence > newest {
      page.restarts = true
      start = 0
    }
    if start + 1 < oldest {
      if !page.restarts { page.missed = oldest - 1 - start }
      start = oldest - 1
    }
    var index = Int(start + 1 - oldest)
    while index < count, let event = events[(first + index) % eventsMax] {
      if topics.contains(event.topic) {
        if page.events.count >= limit {
          page.next = event.sequence - 1
          return page
        }
        page.events.append(event)
      }
      index += 1
    }
    return page
  }

  private mutating func dropOldest() {
    bytes -= Self.eventBytes + (events[first]?.payload.byteCount ?? 0)
    events[first] = nil
    first = (first + 1) % eventsMax
    count -= 1
    overwritten += 1
  }
}

/// The content of an event.
protocol EventPayload: Sendable {
  /// The bytes that it counts in a ring, roughly the length of its text.
  var byteCount: Int { get }
}

/// The topic of an event; the raw value is its public name.
enum EventTopic: String, CaseIterable, Sendable {
  case health = "providers/health"
  case inference
  case errors
  case limits = "rate_limit"
  case budgets
  case reload
  case ledger
  /// A key was created, rotated, or revoked by a caller.
  case keys
}

/// The topics that a reader subscribes to.
struct EventTopics: Equatable, Sendable {
  private var bits: UInt8

  private init(bits: UInt8) { self.bits = bits }

  init(_ topics: [EventTopic]) {
    bits = 0
    for topic in topics { bits |= Self.bit(topic) }
  }

  static var all: EventTopics { EventTopics(EventTopic.allCases) }

  /// Reads a comma-separated list of names or patterns. `*` stands for one level of a name, `#` for all remaining
  /// levels. Returns `nil` if one of them matches no topic.
  init?(filter: String) {
    bits = 0
    for pattern in filter.split(separator: ",", maxSplits: 31, omittingEmptySubsequences: true) {
      let matching = EventTopic.allCases.filter {
        Self.matches(String(pattern.filter { $0 != " " }), $0.rawValue)
      }
      if matching.isEmpty { return nil }
      for topic in matching { bits |= Self.bit(topic) }
    }
    if bits == 0 { return nil }
  }

  func contains(_ topic: EventTopic) -> Bool { bits & Self.bit(topic) != 0 }

  private static func bit(_ topic: EventTopic) -> UInt8 {
    switch topic {
    case .health: 1
    case .inference: 2
    case .errors: 4
    case .limits: 8
    case .reload: 16
    case .budgets: 32
    case .keys: 128
    case .ledger: 64
    }
  }

  private static func matches(_ pattern: String, _ name: String) -> Bool {
    let pattern = pattern.split(separator: "/", omittingEmptySubsequences: false)
    let name = name.split(separator: "/", omittingEmptySubsequences: false)
    for (index, part) in pattern.enumerated() {
      if part == "#" { return index == pattern.count - 1 }
      guard index < name.count, part == "*" || part == name[index] else { return false }
    }
    return pattern.count == name.count
  }
}
