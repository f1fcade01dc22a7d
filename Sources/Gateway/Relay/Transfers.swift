internal import Reactor

/// The running transfers, and to which part of the gateway the events of each belong.
final class Transfers {
  /// The time that an upstream has to end a stream after its last event, so that its connection can be reused.
  static let trailingBytesTimeout = Duration.seconds(2)

  enum Owner {
    /// The attempt of an exchange.
    case exchange(Exchange)
    /// The model list of a provider.
    case modelList(TransferID, ProviderID)
    /// A health check of a provider.
    case healthCheck(TransferID, ProviderID)
    /// The attempt of an exchange that is complete: only the end of the body is awaited.
    case detached(TransferID, TimerID)
    /// A question to a provider that is no call.
    case question(Question)
  }

  /// A question for a connection.
  struct Question {
    let transfer: TransferID
    /// The number of the connection.
    let connection: UInt64
    let provider: ProviderID
    /// The most bytes of the answer.
    let bytesMax: Int
    fileprivate let timer: TimerID
  }

  private let reactor: Reactor
  private var table = IDTable<Owner>()

  init(_ reactor: Reactor) { self.reactor = reactor }

  var count: Int { table.count }
  var owners: [Owner] { table.values }

  /// The owner of a transfer; `nil` for a stale ID.
  subscript(_ transfer: TransferID) -> Owner? { table[transfer.bits] }

  /// Starts a request to an upstream.
  func start(_ request: UpstreamRequest, owner: (TransferID) -> Owner) -> TransferID {
    let transfer = reactor.start(request)
    table[transfer.bits] = owner(transfer)
    return transfer
  }

  /// Starts a scripted upstream.
  func start(_ script: Script, owner: (TransferID) -> Owner) -> TransferID {
    let transfer = reactor.start(script)
    table[transfer.bits] = owner(transfer)
    return transfer
  }

  /// The transfer is that of another exchange's attempt from here on.
  func give(_ transfer: TransferID, to exchange: Exchange) { table[transfer.bits] = .exchange(exchange) }

  /// Starts a question for the connection of a number.
  func startQuestion(
    _ request: UpstreamRequest, _ connection: UInt64, _ provider: ProviderID, bytesMax: Int, timeout: Duration
  ) {
    _ = start(request) { transfer in
      .question(
        Question(
          transfer: transfer, connection: connection, provider: provider, bytesMax: bytesMax,
          timer: reactor.setTimer(at: reactor.now + timeout, tag: Self.tag(transfer))))
    }
  }

  /// A transfer ended by itself; returns its owner.
  func ended(_ transfer: TransferID) -> Owner? {
    defer { table[transfer.bits] = nil }
    stopTimer(of: transfer)
    return table[transfer.bits]
  }

  private func stopTimer(of transfer: TransferID) {
    switch table[transfer.bits] {
    case .detached(_, let timer)?: reactor.cancel(timer)
    case .question(let question)?: reactor.cancel(question.timer)
    case .exchange?, .modelList?, .healthCheck?, nil: break
    }
  }

  /// The tag of a transfer's timer.
  private static func tag(_ transfer: TransferID) -> UInt64 {
    TimerKind.transfer(slot: Int(transfer.bits & 0xFFFF_FFFF)).tag
  }

  /// Cancels a transfer; no event follows.
  func cancel(_ transfer: TransferID) {
    stopTimer(of: transfer)
    table[transfer.bits] = nil
    reactor.cancel(transfer)
  }

  /// Leaves a transfer whose last event has come to end by itself, so that its connection can be reused.
  func detach(_ transfer: TransferID) {
    table[transfer.bits] = .detached(
      transfer, reactor.setTimer(at: reactor.now + Self.trailingBytesTimeout, tag: Self.tag(transfer)))
    discardBody(transfer)
  }

  /// The end of a transfer has not come in time; returns the question that it is.
  func timedOut(_ timer: TimerID, slot: Int) -> Question? {
    // The slot may have another occupant already.
    switch table.value(inSlot: slot) {
    case .detached(let transfer, timer)?: cancel(transfer)
    case .question(let question)? where question.timer == timer:
      cancel(question.transfer)
      return question
    case .exchange?, .modelList?, .healthCheck?, .detached?, .question?, nil: break
    }
    return nil
  }

  /// Consumes body bytes that are not read.
  func discardBody(_ transfer: TransferID) {
    if let response = reactor.response(of: transfer) { reactor.consumeBody(of: transfer, response.body.count) }
  }
}

@available(*, unavailable)
extension Transfers: Sendable {}
