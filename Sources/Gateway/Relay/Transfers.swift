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

  /// A transfer ended by itself; returns its owner.
  func ended(_ transfer: TransferID) -> Owner? {
    defer { table[transfer.bits] = nil }
    return table[transfer.bits]
  }

  /// Cancels a transfer; no event follows.
  func cancel(_ transfer: TransferID) {
    table[transfer.bits] = nil
    reactor.cancel(transfer)
  }

  /// Leaves a transfer whose last event has come to end by itself, so that its connection can be reused.
  func detach(_ transfer: TransferID) {
    let tag = TimerKind.transfer(slot: Int(transfer.bits & 0xFFFF_FFFF)).tag
    table[transfer.bits] = .detached(
      transfer, reactor.setTimer(at: reactor.now + Self.trailingBytesTimeout, tag: tag))
    discardBody(transfer)
  }

  /// The end of a detached transfer has not come in time.
  func trailingBytesTimedOut(slot: Int) {
    guard case .detached(let transfer, _)? = table.value(inSlot: slot) else { return }
    cancel(transfer)
  }

  /// Consumes body bytes that are not read.
  func discardBody(_ transfer: TransferID) {
    if let response = reactor.response(of: transfer) { reactor.consumeBody(of: transfer, response.body.count) }
  }
}

@available(*, unavailable)
extension Transfers: Sendable {}
