internal import Reactor

/// A client that reads events as they happen.
struct EventSubscription {
  var topics: EventTopics
  /// The sequence number of the last event that was sent.
  var lastSequence: UInt64
}

/// `GET /v1/events/recent` and `GET /v1/events`: what happened, from the recorder's ring of events.
extension Endpoints {
  /// Events of one response.
  private static let pageMax = 1000
  /// Clients that may read events at the same time.
  static let subscribersMax = 64

  /// `GET /v1/events/recent?since=N&topics=A,B&limit=N`.
  func respondRecentEvents(_ connection: Connection, _ query: EventQuery) {
    guard let topics = topics(query, connection) else { return }
    let page = recorder.events.since(query.since ?? 0, topics, limit: min(query.limit, Self.pageMax))
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
    connections.reply(connection, 200, out)
  }

  /// Returns the topics of a query; rejects one that is not valid.
  private func topics(_ query: EventQuery, _ connection: Connection) -> EventTopics? {
    if let name = query.malformed {
      connections.reject(
        connection, APIError(400, .invalidValue, "The query parameter `\(name)` must be a number.", param: name))
      return nil
    }
    guard let topics = query.topics.map({ EventTopics(filter: $0) }) ?? .all else {
      connections.reject(connection, .unknownTopic)
      return nil
    }
    return topics
  }

  private static func append(_ event: EventRing<GatewayEvent>.Event, to out: inout [UInt8]) {
    out.append("{")
    Writer.member("sequence", Int(event.sequence), to: &out)
    Writer.member("topic", event.topic.rawValue, to: &out)
    Writer.member("time_ms", Int(event.time / 1_000_000), to: &out)
    Writer.key("data", to: &out)
    event.payload.append(to: &out)
    out.append("}")
  }

  // MARK: Subscriptions

  /// `GET /v1/events`: events from now on, or from `since`, as server-sent events.
  func subscribe(_ connection: Connection, _ request: AcceptedRequest, _ query: EventQuery) {
    guard let topics = topics(query, connection) else { return }
    guard subscribers.count < Self.subscribersMax else {
      return connections.reject(
        connection,
        APIError(503, .overloaded, "Too many clients read events. Poll /v1/events/recent instead."))
    }
    request.options.keepsAlive = false
    var out = connections.takeScratch()
    Reply.open(200, "text/event-stream; charset=utf-8", .untilClose, request.options, into: &out)
    Reply.close(into: &out)
    connections.send(out.span, to: connection)
    let count = out.count
    connections.keep(out)
    if request.options.isHead {
      connections.conclude(connection, request, 200, .completed, nil, bytesOut: count)
      return connections.finishRequest(connection)
    }
    connection.subscription = EventSubscription(
      topics: topics, lastSequence: query.since ?? recorder.events.newest)
    subscribers[connection.number] = connection
    deliver(connection)
    connections.schedule(connection)
  }

  /// Sends every subscriber the events that are new to it, except those that have not read what was sent before.
  func deliverEvents() {
    for connection in subscribers.values { deliver(connection) }
  }

  /// Sends a subscriber the events that are new to it, unless it has not read what was sent before.
  func deliver(_ connection: Connection) {
    guard var subscription = connection.subscription, !connection.isAboveHighWater else { return }
    let page = recorder.events.since(subscription.lastSequence, subscription.topics, limit: Self.pageMax)
    if page.events.isEmpty, page.missed == 0 { return }
    subscription.lastSequence = page.next
    connection.subscription = subscription
    var out = connections.takeScratch()
    if page.missed > 0 { out.append(": \(page.missed) events were missed\n\n") }
    for event in page.events {
      out.append("id: \(event.sequence)\nevent: \(event.topic.rawValue)\ndata: ")
      Self.append(event, to: &out)
      out.append("\n\n")
    }
    connections.send(out.span, to: connection)
    connections.keep(out)
  }

  /// Keeps a silent subscription open.
  func sendKeepAlive(_ connection: Connection) {
    connections.send(": keep-alive\n\n".utf8.span, to: connection)
    connection.keepAlive(now: reactor.now)
    connections.schedule(connection)
  }

  /// Ends all subscriptions, because the gateway drains.
  func endSubscriptions() {
    for connection in subscribers.values { endSubscription(connection, .shutdown) }
  }

  /// Ends a subscription.
  func endSubscription(_ connection: Connection, _ outcome: RequestRecord.Outcome) {
    subscribers[connection.number] = nil
    if let request = connection.request {
      connections.conclude(connection, request, 200, outcome, nil, bytesOut: 0)
    }
    connection.request = nil
    connections.close(connection)
  }
}

extension APIError {
  fileprivate static var unknownTopic: APIError {
    let names = EventTopic.allCases.map(\.rawValue).joined(separator: ", ")
    return APIError(400, .invalidValue, "Unknown topic. The topics are \(names).", param: "topics")
  }
}
