internal import Reactor

/// Deadlines: one alarm a connection, left where it is as long as it is not too late.
extension Gateway {
  /// When the connection is to be looked at, were nothing to happen before.
  private func deadline(_ connection: Connection) -> Duration {
    switch connection.phase {
    case _ where connection.isFull: connection.fullSince + configuration.server.clientReadTimeout
    case .idle where isDraining:
      max(drainBegan + Self.lastCall, connection.served == 0 ? connection.since + Self.firstCall : .zero)
    case .idle: connection.since + configuration.server.idleTimeout
    case .head: connection.since + configuration.server.headerTimeout
    case .body:
      connection.since + configuration.server.bodyTimeout + .seconds(connection.body.count / Self.bodyRateMin)
    case .answer where connection.feed != nil: connection.since + configuration.server.timeouts.keepAliveComment
    case .answer: connection.exchange?.nextTick ?? reactor.now + .seconds(60)
    }
  }

  /// Makes sure that the connection is looked at in time. An alarm that is too early is left and looks again.
  func arm(_ connection: Connection) {
    let time = deadline(connection)
    if connection.alarm != nil, connection.alarmAt <= time { return }
    connection.alarmAt = time
    if let alarm = connection.alarm, reactor.moveTimer(alarm, to: time) { return }
    connection.alarm = reactor.setTimer(
      at: time, tag: Alarm.connection(slot: Int(connection.id.bits & 0xFFFF_FFFF)).tag)
  }

  func woke(_ alarm: TimerID, _ purpose: Alarm) {
    switch purpose {
    case .connection(let slot):
      guard let connection = connections.value(inSlot: slot), connection.alarm == alarm else { return }
      connection.alarm = nil
      if deadline(connection) > reactor.now { return arm(connection) }
      expire(connection)
    case .transfer(let slot):
      if case .nobody(let transfer, alarm)? = transfers.value(inSlot: slot) {
        transfers[transfer.bits] = nil
        reactor.cancel(transfer)
      }
    case .models: modelsAreLate()
    case .journal: flushJournal()
    case .drain: stopNow()
    case .trim: trim()
    case .looks: lookAtProviders()
    case .file: lookAtFile()
    }
  }

  private func expire(_ connection: Connection) {
    switch connection.phase {
    case _ where connection.isFull:
      let waiting = reactor.waitingOutput(of: connection.id)
      if waiting >= connection.fullBytes { return abandon(connection) }
      connection.fullBytes = waiting
      connection.fullSince = reactor.now
      arm(connection)
    case .idle: close(connection)
    case .head, .body:
      refuse(
        connection,
        APIError(408, .requestTimeout, "The request took too long to arrive.", closes: true),
        connection.request?.replyOptions)
    case .answer where connection.feed != nil:
      keepFeed(connection)
      if connections[connection.id.bits] != nil { arm(connection) }
    case .answer:
      tickExchange(connection)
      if connections[connection.id.bits] != nil { arm(connection) }
    }
  }
}
