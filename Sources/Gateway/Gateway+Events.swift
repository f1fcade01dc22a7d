internal import Reactor

/// What happened, for those who watch: the ring of events, and connections that are fed with it.
extension Gateway {
  /// A reader of `GET /v1/events`.
  struct Feed {
    var topics: EventTopics
    /// The number of the last event that was sent.
    var seen: UInt64
  }

  /// Events of one answer.
  private static let pageMax = 1000

  /// What an event says.
  enum EventData: EventPayload {
    /// A JSON object.
    case json([UInt8])
    /// A request that was sent to a provider is over.
    case decision(Decision)

    var byteCount: Int {
      switch self {
      case .json(let text): text.count
      case .decision(let decision):
        128 + decision.id.utf8.count + decision.model.utf8.count + decision.provider.utf8.count
          + decision.attempts.reduce(0) { $0 + $1.utf8.count }
      }
    }

    func append(to out: inout [UInt8]) {
      switch self {
      case .json(let text): out.append(contentsOf: text)
      case .decision(let decision): Self.append(decision, to: &out)
      }
    }

    private static func append(_ decision: Decision, to out: inout [UInt8]) {
      out.append("{")
      Writer.member("id", decision.id, to: &out)
      Writer.member("provider", decision.provider, to: &out)
      Writer.member("model", decision.model, to: &out)
      Writer.member("status", decision.status, to: &out)
      Writer.member("latency_ms", Int(decision.latency / .milliseconds(1)), to: &out)
      if let tokens = decision.tokens { Writer.member("tokens", tokens, to: &out) }
      if let attempt = decision.attempts.last { Writer.member("failed_attempt", attempt, to: &out) }
      out.append("}")
    }
  }

  /// Notes an event; `write` adds members to its object.
  func tell(_ topic: EventTopic, _ write: (inout [UInt8]) -> Void) {
    var payload: [UInt8] = Array("{".utf8)
    write(&payload)
    payload.append("}")
    tell(topic, .json(payload))
  }

  private func tell(_ topic: EventTopic, _ data: EventData) {
    events.append(topic, data, at: reactor.wallClock)
    if !feeds.isEmpty { feed() }
  }

  /// A provider is no longer what it was.
  func tell(_ change: HealthTracker.Change) {
    guard providers.indices.contains(change.provider) else { return }
    let name = providers[change.provider].name
    tell(.health) {
      Writer.member("provider", name, to: &$0)
      Writer.member("healthy", change.isAvailable, to: &$0)
    }
  }

  /// A key of a provider has used up what it may.
  func tellLimited(_ choice: Selection) {
    tell(.limits) {
      Writer.member("provider", choice.name, to: &$0)
      Writer.member("key", choice.key + 1, to: &$0)
    }
  }

  /// A request that was sent to a provider is over.
  func tell(_ decision: Decision, _ outcome: JournalRow.Outcome) {
    switch outcome {
    case .completed: tell(.inference, .decision(decision))
    case .failed, .truncated: tell(.errors, .decision(decision))
    case .refused, .abandoned, .stopped: break
    }
  }

  /// `GET /v1/events/recent?since=N&topics=A,B&limit=N`.
  func replyEvents(_ connection: Connection, _ query: EventQuery) {
    guard let topics = Self.topics(query) else {
      return refuse(connection, .unknownTopic, connection.request?.replyOptions)
    }
    let page = events.since(query.since ?? 0, topics, limit: min(query.limit, Self.pageMax))
    var out: [UInt8] = Array("{".utf8)
    Writer.key("events", to: &out)
    out.append("[")
    for (index, event) in page.events.enumerated() {
      if index > 0 { out.append(",") }
      Self.append(event, to: &out)
    }
    out.append("]")
    Writer.member("next", Int(page.next), to: &out)
    Writer.member("missed", Int(page.missed), to: &out)
    out.append("}\n")
    reply(connection, 200, out)
  }

  private static func topics(_ query: EventQuery) -> EventTopics? {
    query.topics.map { EventTopics(filter: $0) } ?? .all
  }

  private static func append(_ event: EventRing<EventData>.Event, to out: inout [UInt8]) {
    out.append("{")
    Writer.member("sequence", Int(event.sequence), to: &out)
    Writer.member("topic", event.topic.rawValue, to: &out)
    Writer.member("time_ms", Int(event.time / 1_000_000), to: &out)
    Writer.key("data", to: &out)
    event.payload.append(to: &out)
    out.append("}")
  }

  // MARK: The feed

  /// `GET /v1/events`: what happens from now on, or from `since`, as server-sent events.
  func beginFeed(_ connection: Connection, _ query: EventQuery) {
    guard let topics = Self.topics(query) else {
      return refuse(connection, .unknownTopic, connection.request?.replyOptions)
    }
    guard feeds.count < Self.feedsMax, let request = connection.request else {
      return refuse(
        connection, APIError(503, .overloaded, "Enough clients read the events; read /v1/events/recent instead."),
        connection.request?.replyOptions)
    }
    var options = request.replyOptions
    options.keepsAlive = false
    connection.request?.replyOptions = options
    var out = takeScratch()
    Reply.open(200, "text/event-stream; charset=utf-8", .untilClose, options, into: &out)
    Reply.close(into: &out)
    if options.isHead {
      send(out.span, to: connection)
      scratch = out
      return becomeReady(connection)
    }
    send(out.span, to: connection)
    scratch = out
    connection.feed = Feed(topics: topics, seen: query.since ?? events.newest)
    feeds[connection.id.bits] = connection
    feed()
    arm(connection)
  }

  static let feedsMax = 64

  /// Sends everybody what is new, but for those who have not read what was sent before: they are told later.
  private func feed() {
    for connection in feeds.values { feed(connection) }
  }

  func feed(_ connection: Connection) {
    guard var feed = connection.feed, !connection.isFull else { return }
    let page = events.since(feed.seen, feed.topics, limit: Self.pageMax)
    if page.events.isEmpty, page.missed == 0 { return }
    feed.seen = page.next
    connection.feed = feed
    var out = takeScratch()
    if page.missed > 0 { out.append(": \(page.missed) events were missed\n\n") }
    for event in page.events {
      out.append("id: \(event.sequence)\nevent: \(event.topic.rawValue)\ndata: ")
      Self.append(event, to: &out)
      out.append("\n\n")
    }
    send(out.span, to: connection)
    scratch = out
  }

  /// A silent feed is kept open.
  func keepFeed(_ connection: Connection) {
    send(": keep-alive\n\n".utf8.span, to: connection)
    connection.since = reactor.now
  }
}

extension APIError {
  fileprivate static var unknownTopic: APIError {
    let names = EventTopic.allCases.map(\.rawValue).joined(separator: ", ")
    return APIError(400, .invalidValue, "There is no such topic; there are: \(names).", param: "topics")
  }
}
