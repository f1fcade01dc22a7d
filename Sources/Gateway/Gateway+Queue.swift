internal import Reactor

/// Requests that wait for a place at a provider.
struct WaitingRoom {
  var queue: RequestQueue
  /// Who waits, by place.
  var waiting: [RequestQueue.ID: Connection] = [:]
  /// What requests wait for, by number.
  var lanes: [Lane] = []

  /// Room at one of these providers, for the model where it has room of its own there; at any where nothing is said,
  /// because the configuration is another by now.
  struct Lane: Equatable {
    var places: [ConcurrencyLimits.Scope]?
  }

  init(_ settings: Configuration.Queue) {
    queue = RequestQueue(RequestQueue.Settings(capacity: settings.capacity))
  }

  var count: Int { waiting.count }

  mutating func number(_ lane: Lane) -> Int {
    if waiting.isEmpty { lanes.removeAll() }
    if let number = lanes.firstIndex(of: lane) { return number }
    lanes.append(lane)
    return lanes.count - 1
  }

  /// Providers have other numbers from here on: everybody may try.
  mutating func forgetLanes() {
    for index in lanes.indices { lanes[index].places = nil }
  }
}

extension Gateway {
  private static var crowdedOut: APIError {
    APIError(
      503, .overloaded, "More urgent requests have taken the last places in the queue; ask again later.",
      retryAfter: 1)
  }

  /// Puts a request into the queue.
  func queue(_ connection: Connection, _ plan: RoutePlan, _ effects: inout Exchange.Effects) {
    let lane = queue.number(WaitingRoom.Lane(places: balancer.scopes(plan)))
    // Who had its turn and found no room after all has waited since it came.
    let before = connection.queued
    let caller = (connection.request?.caller ?? .anonymous).queueKey(address: connection.address?.bytes)
    let tier = before?.priority ?? connection.request?.tier ?? .normal
    let since = before?.since ?? reactor.now
    switch queue.queue.add(caller: caller, tier, resource: lane, since: since, at: reactor.now) {
    case .queued(let id): wait(connection, id, since)
    case .evicts(let victim, let id):
      wait(connection, id, since)
      if let displaced = queue.waiting.removeValue(forKey: victim.id) {
        displaced.ticket = nil
        crowdedOut.append(displaced)
        isServingDue = true
      }
    case .full(let seconds):
      connection.exchange?.nobodyLeft(
        APIError(
          503, .overloaded, "The providers of this model are busy, and the queue is full; ask again later.",
          retryAfter: seconds), wait: nil, &effects)
    }
  }

  private func wait(_ connection: Connection, _ id: RequestQueue.ID, _ since: Duration) {
    connection.ticket = id
    queue.waiting[id] = connection
    connection.exchange?.pauses(.queue(until: since + configuration.routing.queue.timeout))
  }

  /// A request waits no longer, for whatever reason.
  func leaveQueue(_ connection: Connection) {
    guard let ticket = connection.ticket else { return }
    connection.ticket = nil
    queue.waiting[ticket] = nil
    queue.queue.remove(ticket)
  }

  /// Lets those go on for whom there is room now.
  func serveQueue() {
    isServingDue = false
    let gone = crowdedOut
    crowdedOut = []
    for connection in gone where connection.exchange != nil {
      act(connection) { $0.nobodyLeft(Self.crowdedOut, wait: nil, &$1) }
    }
    // Who is let go on and finds no room after all waits again, behind the others: each has one try.
    var tries = queue.count
    while tries > 0, let waiting = nextWithRoom() {
      tries -= 1
      guard let connection = queue.waiting.removeValue(forKey: waiting.id) else { continue }
      connection.ticket = nil
      guard connection.exchange != nil else { continue }
      connection.queued = waiting
      act(connection) { $1.asksNext = $0.phase != .over }
    }
  }

  private func nextWithRoom() -> RequestQueue.Waiting? {
    let lanes = queue.lanes
    return queue.queue.next(at: reactor.now) { number in
      guard let places = lanes[number].places else { return true }
      return places.contains { balancer.concurrency.hasSlot($0.provider, $0.model ?? "") }
    }
  }

  /// `GET /v1/queue/status`: who waits, in the order in which they would be served.
  func replyQueue(_ connection: Connection) {
    var out: [UInt8] = []
    out.append(
      "{\"object\":\"queue\",\"queued\":\(queue.count),\"capacity\":\(configuration.routing.queue.capacity)")
    out.append(",\"tiers\":{")
    for (index, tier) in RequestQueue.Priority.allCases.enumerated() {
      out.append("\(index == 0 ? "" : ",")\"\(tier.rawValue)\":\(queue.queue.count(tier))")
    }
    out.append("},\"requests\":[")
    for (position, waiting) in queue.queue.order(at: reactor.now).prefix(1000).enumerated() {
      guard let one = queue.waiting[waiting.id] else { continue }
      out.append(position == 0 ? "{" : ",{")
      Writer.member("id", one.request?.replyOptions.requestID ?? "", to: &out)
      Writer.member("model", one.exchange?.call.model ?? "", to: &out)
      Writer.member("tier", waiting.priority.rawValue, to: &out)
      out.append(",\"position\":\(position)")
      out.append(",\"waited_ms\":\(Int((reactor.now - waiting.since) / .milliseconds(1)))}")
    }
    out.append("]}\n")
    reply(connection, 200, out)
  }
}
