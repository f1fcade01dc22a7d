internal import Reactor

/// Applies the limits of `Capacity`.
extension Connections {
  private static var tooManyClients: APIError {
    APIError(503, .overloaded, "Too many connections. Retry later.", closes: true, retryAfter: 1)
  }
  private static var tooManyOfAddress: APIError {
    APIError(503, .overloaded, "Too many connections from this address. Close some.", closes: true, retryAfter: 1)
  }
  private static var tooManyBodies: APIError {
    APIError(
      503, .overloaded,
      "The request bodies in memory have reached `server.request_bodies_bytes_max`. Retry later.", closes: true,
      retryAfter: 1)
  }
  private static var outOfMemory: APIError {
    APIError(503, .overloaded, "The gateway has reached its memory limit. Retry later.", retryAfter: 1)
  }

  /// The API error of a new connection that exceeds a limit; `nil` if there is room for it.
  func limitReached(by connection: Connection) -> APIError? {
    capacity.accepted += 1
    capacity.grew(connections: count)
    let isAllowed = capacity.addConnection(connection.address)
    if count > capacity.clientsMax { return Self.tooManyClients }
    return isAllowed ? nil : Self.tooManyOfAddress
  }

  /// Whether there are too many connections even to respond with an error.
  var exceedsErrorReplyLimit: Bool { reactor.clientCount > capacity.clientsMax + Capacity.errorRepliesMax }

  /// Rejects a request if the process has reached its memory limit.
  func checkMemory() throws(APIError) {
    if capacity.exceedsMemoryLimit(reactor) { throw Self.outOfMemory }
  }

  /// Counts the part of a body that has arrived; rejects the request if all bodies together are too large.
  func chargeBody(_ connection: Connection) throws(APIError) {
    if connection.body.count == connection.bodyCharge { return }
    capacity.bodyBytes += connection.body.count - connection.bodyCharge
    connection.bodyCharge = connection.body.count
    capacity.grew(connections: count)
    if capacity.bodyBytes > capacity.bodiesBytesMax { throw Self.tooManyBodies }
  }

  /// A connection's body is not needed any more.
  func releaseBody(_ connection: Connection) {
    guard connection.bodyCharge > 0 else { return }
    capacity.bodyBytes -= connection.bodyCharge
    connection.bodyCharge = 0
    trimIfPastPeak()
  }

  /// Returns memory to the system soon if a peak has passed.
  func trimIfPastPeak() {
    guard capacity.shouldTrim(connections: count), !isTrimDue else { return }
    isTrimDue = true
    _ = reactor.setTimer(at: reactor.now + Capacity.fallAge, tag: TimerKind.trim.tag)
  }

  /// Returns free memory to the system.
  func trim() {
    isTrimDue = false
    capacity.trimmed(connections: count)
    reactor.trimMemory()
  }

  /// The response of a client that takes the last descriptor.
  static func exhaustedReply(date: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    ErrorReply.response(
      tooManyClients, Reply.Options(keepsAlive: false, requestID: "-", date: date), into: &out)
    return out
  }
}
