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
  private static var tooLargeShare: APIError {
    APIError(
      503, .overloaded,
      "The request bodies that are on their way from this caller take too much of `server.request_bodies_bytes_max`. Wait for their responses.",
      closes: true, retryAfter: 1)
  }
  /// The API error of a new connection that exceeds a limit; `nil` if there is room for it.
  func limitReached(by connection: Connection) -> APIError? {
    capacity.accepted += 1
    capacity.grew(connections: count)
    let isAllowed = capacity.addConnection(connection.address)
    if count > capacity.clientsMax, !closeStranger() { return Self.tooManyClients }
    if !isAllowed { return Self.tooManyOfAddress }
    if !settings.keys.allowsAnonymous {
      strangers.append(connection, openMax: capacity.clientsMax) { self[number: $0] }
    }
    return nil
  }

  /// Closes the connection that has been without an API key for longest, so that strangers cannot keep out the callers
  /// with keys; false if there is none. Without keys there are no strangers.
  private func closeStranger() -> Bool {
    guard let stranger = strangers.takeOldest({ self[number: $0] }) else { return false }
    if stranger.phase == .idle { close(stranger) } else { reject(stranger, Self.tooManyClients) }
    return true
  }

  /// Whether there are too many connections even to respond with an error.
  var exceedsErrorReplyLimit: Bool { reactor.clientCount > capacity.clientsMax + Capacity.errorRepliesMax }

  /// Counts the part of a body that has arrived; rejects the request if all bodies together are too large.
  func chargeBody(_ connection: Connection) throws(APIError) {
    if connection.body.count == connection.bodyCharge { return }
    capacity.bodyBytes += connection.body.count - connection.bodyCharge
    connection.bodyCharge = connection.body.count
    capacity.grew(connections: count)
    if capacity.bodyBytes > capacity.bodiesBytesMax { throw Self.tooManyBodies }
  }

  /// Counts the part of an incomplete body that has arrived towards its caller's share of all bodies; rejects the request
  /// if the share is used up. Most bodies arrive at once, and are never counted here.
  func chargeShare(_ connection: Connection) throws(APIError) {
    guard let holder = connection.shareHolder else { return }
    let counted = connection.share ?? (bytes: 0, caller: holder)
    let count = connection.body.count
    connection.share = (count, counted.caller)
    guard capacity.addShare(count - counted.bytes, of: counted.caller) else { throw Self.tooLargeShare }
  }

  /// Counts the bytes that a connection's exchange holds beside the body.
  func chargeExchange(_ connection: Connection, _ bytes: Int) {
    if bytes == connection.exchangeCharge { return }
    capacity.exchangeBytes += bytes - connection.exchangeCharge
    connection.exchangeCharge = bytes
  }

  /// A connection's body is not needed any more, and its exchange is over.
  func releaseBody(_ connection: Connection) {
    chargeExchange(connection, 0)
    if let share = connection.share.take() { capacity.removeShare(share.bytes, of: share.caller) }
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
