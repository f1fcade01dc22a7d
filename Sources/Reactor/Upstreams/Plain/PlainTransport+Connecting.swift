internal import CLinux
internal import Glibc

/// Connecting: the addresses of a host are tried in turn, and beside each other if one does not answer (RFC 8305, in its small
/// form).
extension PlainTransport {
  /// The time between the attempts to connect to two addresses of a host (RFC 8305, section 8).
  private static let addressDelay = Duration.milliseconds(250)
  /// The time between two attempts at a Unix socket whose queue is full.
  private static let socketDelay = Duration.milliseconds(10)

  /// Connects on a fresh connection.
  func connect(
    _ transfer: PlainTransfer, connectTimeout: Duration, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    transfer.addresses = ordered(transfer.allAddresses, pools[pool(of: transfer.request)].preferred)[...]
    transfer.connectDeadline = deadlines.add(now + connectTimeout, .connectTimeout(transfer.id))
    connectNext(transfer, now, poller, &deadlines)
  }

  /// Begins to connect to the next address. Fails the transfer if there is none, and no attempt is under way.
  private func connectNext(
    _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let isSocket = transfer.request.target.socketPath != nil
    var mayTrySocket = isSocket && transfer.attempts.isEmpty && transfer.connectError == nil
    while mayTrySocket || !transfer.addresses.isEmpty {
      mayTrySocket = false
      do throws(SystemError) {
        try open(transfer, isSocket ? nil : transfer.addresses.removeFirst(), poller)
        if !transfer.addresses.isEmpty {
          transfer.nextAddress = deadlines.add(now + Self.addressDelay, .nextAddress(transfer.id))
        }
        return
      } catch {
        if isSocket, error.code == EAGAIN {
          // The queue of the listener is full. Unlike TCP's, a Unix connection does not wait for its turn.
          transfer.nextAddress = deadlines.add(now + Self.socketDelay, .nextAddress(transfer.id))
          return
        }
        let isExhausted = [EMFILE, ENFILE, ENOBUFS, EADDRNOTAVAIL, EAGAIN].contains(error.code)
        transfer.connectError = isExhausted ? .exhausted : transfer.connectError ?? .connectFailed
      }
    }
    guard transfer.attempts.isEmpty else { return }
    stopConnecting(transfer, &deadlines)
    ends.append((transfer.id, .failed(transfer.connectError ?? .connectFailed)))
  }

  private func open(
    _ transfer: PlainTransfer, _ address: IPAddress?, _ poller: borrowing Poller
  ) throws(SystemError) {
    let target = transfer.request.target
    let result: CInt
    if let socketPath = target.socketPath {
      result = unsafe linux_connect_unix(socketPath)
    } else {
      guard var name = address?.linux else { throw SystemError("connect", EAFNOSUPPORT) }
      result = unsafe linux_connect(&name, target.port, Listener.keepAliveSeconds)
    }
    let descriptor = try Descriptor(owning: result, from: "connect")
    let id = connections.next
    let connection = PlainConnection(
      descriptor, Token(.plain, generation: id.generation, number: id.slot), pool: pool(of: transfer.request),
      address: address)
    connection.transfer = transfer
    try connection.align(poller)
    _ = connections.insert(connection)
    transfer.attempts.append(connection)
  }

  /// Returns the addresses in the order in which they are tried: the one that was reached last, and then the families in
  /// turn (RFC 8305, section 4).
  private func ordered(_ addresses: [IPAddress], _ preferred: IPAddress?) -> [IPAddress] {
    guard addresses.count > 1 else { return addresses }
    var rest = addresses
    if let preferred, let index = rest.firstIndex(of: preferred) { rest.swapAt(0, index) }
    var ordered: [IPAddress] = []
    while let first = rest.first {
      let isOther = ordered.last.map { $0.isIPv6 } ?? !first.isIPv6
      let index = rest.firstIndex { $0.isIPv6 != isOther } ?? 0
      ordered.append(rest.remove(at: index))
    }
    return ordered
  }

  /// A connection that is being established has succeeded or failed.
  func connected(
    _ connection: PlainConnection, _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let result = linux_connect_result(connection.descriptor.raw)
    transfer.attempts.removeAll { $0 === connection }
    guard result == 0 else {
      close(connection)
      transfer.connectError = transfer.connectError ?? .connectFailed
      if let timer = transfer.nextAddress { deadlines.remove(timer) }
      return connectNext(transfer, now, poller, &deadlines)
    }
    stopConnecting(transfer, &deadlines)
    pools[connection.pool].preferred = connection.address
    send(transfer, on: connection, now, poller, &deadlines)
  }

  /// No connection was established in time.
  func connectTimedOut(_ transfer: PlainTransfer, _ deadlines: inout Deadlines<DeadlineOwner>) {
    stopConnecting(transfer, &deadlines)
    ends.append((transfer.id, .failed(.connectTimedOut)))
  }

  /// The addresses tried so far have not answered yet.
  func addressDelayed(
    _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    transfer.nextAddress = nil
    connectNext(transfer, now, poller, &deadlines)
  }

  func stopConnecting(_ transfer: PlainTransfer, _ deadlines: inout Deadlines<DeadlineOwner>) {
    if let timer = transfer.connectDeadline { deadlines.remove(timer) }
    if let timer = transfer.nextAddress { deadlines.remove(timer) }
    transfer.connectDeadline = nil
    transfer.nextAddress = nil
    for attempt in transfer.attempts { close(attempt) }
    transfer.attempts = []
  }
}
