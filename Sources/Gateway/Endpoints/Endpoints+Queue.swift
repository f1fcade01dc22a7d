internal import Reactor

/// `GET /v1/queue/status`: the requests in the queue, in dispatch order.
extension Endpoints {
  /// Requests that one response lists.
  private static let listedMax = 1000

  func respondQueue(_ connection: Connection) {
    let queue = dispatcher.queue
    var out: [UInt8] = []
    out.append("{\"object\":\"queue\",\"queued\":\(queue.count),\"capacity\":\(queue.capacity),\"priorities\":{")
    for (index, priority) in RequestQueue.Priority.allCases.enumerated() {
      out.append("\(index == 0 ? "" : ",")\"\(priority.rawValue)\":\(queue.queue.count(priority))")
    }
    out.append("},\"requests\":[")
    for (position, waiting) in queue.order(at: reactor.now).prefix(Self.listedMax).enumerated() {
      guard let exchange = connections[number: waiting.exchange]?.exchange else { continue }
      out.append(position == 0 ? "{" : ",{")
      Writer.member("id", exchange.options.requestID, to: &out)
      Writer.member("model", exchange.call.model, to: &out)
      Writer.member("priority", waiting.place.priority.rawValue, to: &out)
      out.append(",\"position\":\(position)")
      out.append(",\"waited_ms\":\(Int((reactor.now - waiting.place.since) / .milliseconds(1)))}")
    }
    out.append("]}\n")
    connections.reply(connection, 200, out)
  }
}
