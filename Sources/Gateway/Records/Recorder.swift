/// The single exit of every request: feeds the access log, the ledger, the events and the route decisions.
final class Recorder {
  var accessLog: AccessLog
  /// The entries for the ledger; `nil` if none is kept.
  var ledger: LedgerFeed?
  private(set) var events = EventRing<GatewayEvent>()
  private(set) var decisions = RouteDecisions()
  /// Requests concluded since the start.
  private(set) var concluded = 0
  /// Lines for the operator that wait to be written.
  private var notices: [String] = []
  /// The most lines for the operator that wait. Further ones are dropped.
  static let noticesMax = 256

  init(_ format: Configuration.AccessLog.Format) { accessLog = AccessLog(format) }

  /// Takes the record of a request that ended. Called exactly once for each request, however it ended.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  /// - Parameter item: The call in the ledger; `nil` if it was not admitted.
  func conclude(_ record: RequestRecord, at wallClock: UInt64, _ item: LedgerItem? = nil) {
    concluded += 1
    accessLog.append(record, at: wallClock)
    guard record.isCall else { return }
    if let ledger { ledger.conclude(record, item, at: wallClock) }
    let decision = record.decision
    decisions.append(decision)
    switch record.outcome {
    case .completed: events.append(.inference, .decision(decision), at: wallClock)
    case .failed, .truncated: events.append(.errors, .decision(decision), at: wallClock)
    case .rejected, .clientClosed, .shutdown: break
    }
  }

  /// Tells the operator of something that is no request, as a line of standard error.
  func notify(_ line: String) {
    if notices.count < Self.noticesMax { notices.append(line) }
  }

  /// Takes the lines for the operator.
  func takeNotices() -> [String] {
    if notices.isEmpty { return [] }
    defer { notices = [] }
    return notices
  }

  /// Publishes an event that is not the end of a request; `write` appends members to its object.
  func publish(_ topic: EventTopic, at wallClock: UInt64, _ write: (inout [UInt8]) -> Void) {
    var payload: [UInt8] = Array("{".utf8)
    write(&payload)
    payload.append("}")
    events.append(topic, .json(payload), at: wallClock)
  }
}
