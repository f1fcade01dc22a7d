internal import Reactor

/// Deadlines of connections: one timer for each, which is moved only to an earlier time.
extension Connections {
  /// A deadline whose consequence is not the connection's own.
  enum Expiry {
    /// The exchange's time has come.
    case exchange(Exchange)
    /// A subscription was silent for long enough.
    case subscription
    /// The client does not read its output.
    case slowClient
  }

  /// The next deadline of a connection, if nothing happens before.
  private func deadline(_ connection: Connection) -> Duration {
    let server = settings.configuration.server
    switch connection.phase {
    case _ where connection.isAboveHighWater: return connection.aboveHighWaterSince + server.clientReadTimeout
    case .idle:
      guard let drainBegan else { return connection.since + server.idleTimeout }
      let newBy = connection.served == 0 ? connection.since + Self.newConnectionDrainGrace : .zero
      return max(drainBegan + Self.idleDrainGrace, newBy)
    case .head: return connection.since + server.headerTimeout
    case .body:
      let earned = Duration.seconds((connection.body.count - connection.bytesBefore) / Self.bodyRateMin)
      return connection.since + server.bodyTimeout + min(earned, server.bodyTimeout)
    case .response:
      if let exchange = connection.exchange { return exchange.nextTick }
      if sendsComments(connection) { return connection.since + settings.timeouts.keepAliveComment }
      return reactor.now + .seconds(60)
    }
  }

  /// Whether a body has arrived at the minimum rate in the period that ends now. Earlier periods do not count, so that a
  /// body that stops is given up soon, however much of it is there.
  private func isGrowing(_ connection: Connection) -> Bool {
    let seconds = max(1, Int((reactor.now - connection.since) / .seconds(1)))
    return connection.body.count - connection.bytesBefore >= Self.bodyRateMin * seconds
  }

  /// Whether a silent connection gets comments. An interval of 0 means none.
  private func sendsComments(_ connection: Connection) -> Bool {
    connection.subscription != nil && settings.timeouts.keepAliveComment > .zero
  }

  /// Sets the connection's timer. A timer that is too early stays, and is set again when it fires.
  func schedule(_ connection: Connection) {
    let time = deadline(connection)
    if connection.timer != nil, connection.timerAt <= time { return }
    connection.timerAt = time
    if let timer = connection.timer, reactor.moveTimer(timer, to: time) { return }
    connection.timer = reactor.setTimer(
      at: time, tag: TimerKind.connection(slot: Int(connection.number & 0xFFFF_FFFF)).tag)
  }

  /// A connection's timer fired. Returns the connection and what is to be done if that is not done here.
  func timerFired(_ timer: TimerID, slot: Int) -> (connection: Connection, expiry: Expiry)? {
    guard let connection = table.value(inSlot: slot), connection.timer == timer else { return nil }
    connection.timer = nil
    if deadline(connection) > reactor.now {
      schedule(connection)
      return nil
    }
    switch connection.phase {
    case _ where connection.isAboveHighWater:
      let waiting = reactor.waitingOutput(of: connection.id)
      if waiting >= connection.bytesAtHighWater { return (connection, .slowClient) }
      connection.bytesAtHighWater = waiting
      connection.aboveHighWaterSince = reactor.now
      schedule(connection)
    case .idle: close(connection)
    case .body where isGrowing(connection):
      connection.continueBody(now: reactor.now)
      schedule(connection)
    case .head, .body:
      reject(connection, APIError(408, .requestTimeout, "The request took too long to arrive.", closes: true))
    case .response:
      if let exchange = connection.exchange { return (connection, .exchange(exchange)) }
      if sendsComments(connection) { return (connection, .subscription) }
      schedule(connection)
    }
    return nil
  }
}
