internal import CLinux
internal import Glibc

/// HTTP/1.1 to upstreams without TLS, HTTP/2, or a proxy: most local model servers.
///
/// A request is written at once, head and body together, on the newest idle connection to its origin. All connections are in
/// epoll, also the idle ones, so that the end of one is seen when it happens. A request is repeated only if the upstream
/// cannot have processed it (`mayRepeat`).
final class PlainTransport {
  /// The most bytes of a request that are written in one turn.
  private static let bytesPerTurn = 256 * 1024
  /// The bytes of a request that are written at a time.
  private static let pieceBytes = 64 * 1024
  /// The most bytes received at a time.
  private static let receivedMax = 32 * 1024
  /// The time for which bytes that were sent before a request can arrive after it was sent.
  private static let strayTime = Duration.milliseconds(100)

  var connections = Slots<PlainConnection>()
  var pools: [Pool] = []
  private var buffer = ReceiveBuffer()
  private var head = HeadText(ending: .complete)
  private var piece: [UInt8] = []
  var idleCount = 0
  /// When the next idle connection is too old.
  var sweep: (id: Deadlines<DeadlineOwner>.ID, time: Duration)?

  /// The transfers of which there is news, and those that have ended.
  var news: [TransferID] = []
  var ends: [(TransferID, TransferEnd)] = []

  /// Whether something is to be reported.
  var hasNews: Bool { !news.isEmpty || !ends.isEmpty }

  deinit {
    // Transfers and their connections refer to each other.
    for slot in connections.slots {
      if let id = connections.id(at: slot) { connections[id]?.transfer = nil }
    }
  }

  /// The requests that were repeated.
  private(set) var repeated = 0

  /// The number of connections, idle and busy.
  var count: Int { connections.count }
  /// The number of bytes received since the start.
  var receivedBytes: Int { buffer.receivedBytes }

  // MARK: Transfers

  /// Starts a transfer.
  func start(
    _ transfer: PlainTransfer, connectTimeout: Duration, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let pool = pool(of: transfer.request)
    if let connection = takeIdle(pool, now) {
      send(transfer, on: connection, now, poller, &deadlines)
    } else {
      connect(transfer, connectTimeout: connectTimeout, now, poller, &deadlines)
    }
  }

  /// Cancels a transfer. Its connection is closed, which tells the upstream.
  func cancel(_ transfer: PlainTransfer, _ deadlines: inout Deadlines<DeadlineOwner>) {
    stopConnecting(transfer, &deadlines)
    if let connection = transfer.connection { close(connection) }
    transfer.connection = nil
  }

  /// Goes on with a transfer whose response was full.
  func resume(_ transfer: PlainTransfer, _ poller: borrowing Poller) {
    transfer.response.isPaused = false
    guard let connection = transfer.connection else { return }
    align(connection, poller)
  }

  /// The bytes of the request's body that the socket has taken.
  func uploaded(_ transfer: PlainTransfer) -> Int { transfer.connection?.bodyWritten ?? 0 }

  // MARK: Writing

  func send(
    _ transfer: PlainTransfer, on connection: PlainConnection, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    transfer.connection = connection
    connection.begin(transfer, at: now)
    write(connection, transfer, now, poller, &deadlines)
  }

  /// Writes what the socket takes, up to a limit for one turn.
  private func write(
    _ connection: PlainConnection, _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let body = transfer.body
    var rest = Self.bytesPerTurn
    while true {
      piece.removeAll(keepingCapacity: true)
      if connection.written == 0, connection.headRest.isEmpty {
        head.set(transfer.request)
        head.append(to: &piece)
      } else {
        piece += connection.headRest
      }
      let headCount = piece.count
      body.append(to: &piece, from: connection.bodyWritten, atMost: Self.pieceBytes)
      let sent = unsafe piece.withUnsafeBytes {
        unsafe linux_send(connection.descriptor.raw, $0.baseAddress, $0.count)
      }
      if sent == -Int(EINTR) { continue }
      if sent < 0, sent != -Int(EAGAIN) {
        // `send` takes a reset away, so that the next `recv` finds an end in its place.
        connection.wasReset = sent != -Int(EPIPE)
        return writeFailed(connection, transfer, now, poller, &deadlines)
      }
      let taken = max(0, sent)
      connection.headRest = taken < headCount ? Array(piece[taken..<headCount]) : []
      connection.written += taken
      connection.bodyWritten += max(0, taken - headCount)
      rest -= taken
      connection.isWritten = connection.headRest.isEmpty && connection.bodyWritten == body.count
      if connection.isWritten || taken < piece.count || rest <= 0 { break }
    }
    align(connection, poller)
  }

  /// The socket takes no more bytes, because the connection has ended.
  private func writeFailed(
    _ connection: PlainConnection, _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    if mayRepeat(connection, transfer, isOrderly: false) {
      return repeatRequest(transfer, connection, now, poller, &deadlines)
    }
    connection.isWritten = true
    connection.hasWriteFailed = true
    // There may be a response, such as a 413, that came before the end.
    while transfer.connection === connection, !transfer.response.isPaused {
      receive(connection, transfer, now, poller, &deadlines)
    }
    if transfer.connection === connection { align(connection, poller) }
  }

  // MARK: Events

  /// Handles a ready connection.
  func ready(
    _ token: Token, _ events: UInt32, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    guard let id = connections.id(at: Int(token.number)), id.generation & 0xFF_FFFF == token.generation,
      let connection = connections[id]
    else { return }
    guard let transfer = connection.transfer else {
      // The upstream has closed an idle connection, or sent what belongs to no request.
      return close(connection)
    }
    if connection.phase == .connecting { return connected(connection, transfer, now, poller, &deadlines) }
    if transfer.response.isPaused {
      if events & UInt32(LINUX_OUT) != 0, !connection.isWritten {
        write(connection, transfer, now, poller, &deadlines)
      }
      if events & UInt32(LINUX_ERR | LINUX_HUP) != 0 { connection.leave(poller) }
      return
    }
    if events & UInt32(LINUX_IN | LINUX_ERR | LINUX_HUP) != 0 {
      receive(connection, transfer, now, poller, &deadlines)
      guard transfer.connection === connection else { return }
    }
    if events & UInt32(LINUX_OUT) != 0, !connection.isWritten {
      write(connection, transfer, now, poller, &deadlines)
    }
  }

  private func receive(
    _ connection: PlainConnection, _ transfer: PlainTransfer, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let count = buffer.receive(from: connection.descriptor.raw, atMost: Self.receivedMax)
    if count == -Int(EINTR) || count == -Int(EAGAIN) && !connection.hasWriteFailed { return }
    guard count > 0 else {
      return lost(
        connection, transfer, isOrderly: count == 0 && !connection.wasReset, now, poller, &deadlines)
    }
    if isStray(connection, transfer, now) { return end(transfer, connection, .failed(.malformed)) }
    let read: Int
    do throws(TransferError) {
      read = try connection.reader.read(buffer.bytes(count), into: transfer.response)
    } catch {
      news.append(transfer.id)
      return end(transfer, connection, .failed(error))
    }
    news.append(transfer.id)
    if connection.reader.isComplete {
      let isClean = read == count && connection.isWritten && !connection.hasWriteFailed
      transfer.connection = nil
      connection.transfer = nil
      if isClean, connection.reader.keepsAlive {
        keep(connection, transfer.request.idleMax, now, poller, &deadlines)
      } else {
        close(connection)
      }
      ends.append((transfer.id, .complete))
    } else if transfer.response.body.count >= Response.bodyBytesMax {
      transfer.response.isPaused = true
      align(connection, poller)
    }
  }

  /// The connection of a transfer has ended, in order or not.
  private func lost(
    _ connection: PlainConnection, _ transfer: PlainTransfer, isOrderly: Bool, _ now: Duration,
    _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    if mayRepeat(connection, transfer, isOrderly: isOrderly) {
      return repeatRequest(transfer, connection, now, poller, &deadlines)
    }
    end(transfer, connection, isOrderly ? connection.reader.end : .failed(connection.reader.lossError))
  }

  /// Whether the first bytes of a response were sent before the request: a response acknowledges it. Only bytes that were on
  /// their way with the request can be such, so it is not asked later.
  private func isStray(_ connection: PlainConnection, _ transfer: PlainTransfer, _ now: Duration) -> Bool {
    connection.isReused && !connection.reader.hasBegun && now - connection.began < Self.strayTime
      && transfer.request.target.socketPath == nil && connection.isUnacknowledged
  }

  /// Whether a request may be sent again, because the upstream cannot have processed it (RFC 9112, section 9.3.1): on a reused
  /// connection, without a byte of a response, and with an end that was under way before the request arrived. An
  /// orderly end acknowledges all that the peer's kernel had, so nothing of this request. A reset proves nothing.
  private func mayRepeat(_ connection: PlainConnection, _ transfer: PlainTransfer, isOrderly: Bool) -> Bool {
    guard connection.isReused, !transfer.hasRepeated, !connection.reader.hasBegun else { return false }
    if connection.written == 0 { return true }
    return isOrderly && transfer.request.target.socketPath == nil && connection.isUnacknowledged
  }

  private func repeatRequest(
    _ transfer: PlainTransfer, _ connection: PlainConnection, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    repeated += 1
    transfer.hasRepeated = true
    transfer.connection = nil
    close(connection)
    connect(transfer, connectTimeout: transfer.request.connectTimeout, now, poller, &deadlines)
  }

  func end(_ transfer: PlainTransfer, _ connection: PlainConnection, _ end: TransferEnd) {
    transfer.connection = nil
    close(connection)
    ends.append((transfer.id, end))
  }

  func align(_ connection: PlainConnection, _ poller: borrowing Poller) {
    do throws(SystemError) {
      try connection.align(poller)
    } catch {
      guard let transfer = connection.transfer else { return close(connection) }
      end(transfer, connection, .failed(.exhausted))
    }
  }
}
