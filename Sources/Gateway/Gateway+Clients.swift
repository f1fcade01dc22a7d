internal import Reactor

/// The client side: from bytes to requests, in order and one at a time.
extension Gateway {
  /// Pipelined input that may wait while an answer is made.
  static let pipelineBytesMax = 64 * 1024
  /// Bytes a second with which a body must come once its time is over.
  static let bodyRateMin = 1024
  /// Requests on one connection.
  static let requestsMax = 10_000

  func welcome(_ client: ClientID) {
    let connection = Connection(client, reactor.address(of: client), now: reactor.now)
    connections[client.bits] = connection
    guard let apiError = refusesConnection(connection) else { return arm(connection) }
    capacity.refused += 1
    if isCrowded { return drop(connection) }
    refuse(connection, apiError)
  }

  /// Reads on as far as the input goes and the answers are ready.
  func advance(_ connection: Connection) {
    // An answer that is complete at once comes back here instead of calling again: pipelined requests must not
    // pile up on the stack.
    if connection.isAdvancing { return }
    connection.isAdvancing = true
    defer { connection.isAdvancing = false }
    var isWaiting = false
    while !isWaiting, connections[connection.id.bits] != nil {
      switch connection.phase {
      case .answer: return boundInput(connection)
      // Answers that nobody reads must not pile up: the next request waits for the client.
      case _ where connection.isFull:
        arm(connection)
        return boundInput(connection)
      case .idle, .head: isWaiting = !readHead(connection)
      case .body: isWaiting = !readBody(connection)
      }
    }
    guard connections[connection.id.bits] != nil else { return }
    // A complete request is answered after the client's last byte, an incomplete one is forgotten.
    if connection.hasFinished { close(connection) } else { arm(connection) }
  }

  /// The client has sent its last byte.
  func inputEnded(_ connection: Connection) {
    connection.hasFinished = true
    advance(connection)
    if connection.phase == .answer { probe(connection) }
  }

  private func boundInput(_ connection: Connection) {
    let waiting = reactor.withInput(of: connection.id) { $0.count } ?? 0
    connection.isInputPaused = waiting > Self.pipelineBytesMax
    reactor.pauseInput(of: connection.id, connection.isInputPaused)
  }

  // MARK: Reading

  /// Reads a head if it is all there; true when the connection moved on.
  private func readHead(_ connection: Connection) -> Bool {
    let verdict: HeadVerdict =
      reactor.withInput(of: connection.id) { input in
        if input.isEmpty { return .incomplete }
        return judge(input, connection)
      } ?? .incomplete
    switch verdict {
    case .incomplete:
      let hasBegun = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if hasBegun, connection.phase == .idle { connection.enter(.head, now: reactor.now) }
      return false
    case .refused(let apiError, let options, let count):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.served += 1
      refuse(connection, apiError, options)
      return true
    case .options(let options, let count):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.served += 1
      connection.request = Arrival(
        endpoint: nil, replyOptions: options, caller: .anonymous, at: reactor.now, bytes: count)
      replyToOptions(connection, options)
      return true
    case .accepted(let arrival, let bodyReader, let count, let wantsContinue):
      reactor.consumeInput(of: connection.id, count)
      connection.reader = HeadReader()
      connection.request = arrival
      connection.bodyReader = bodyReader
      connection.body.removeAll(keepingCapacity: true)
      connection.enter(.body, now: reactor.now)
      let hasBody = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if wantsContinue, !hasBody { reactor.send("HTTP/1.1 100 Continue\r\n\r\n".utf8.span, to: connection.id) }
      return true
    }
  }

  /// Reads on in the body; true when the connection moved on.
  private func readBody(_ connection: Connection) -> Bool {
    var consumed = 0
    let verdict: Result<Bool, BodyError> =
      reactor.withInput(of: connection.id) { input in
        do throws(BodyError) {
          guard let progress = try connection.bodyReader?.read(input, into: &connection.body) else {
            return .success(true)
          }
          consumed = progress.consumed
          return .success(progress.isComplete)
        } catch {
          return .failure(error)
        }
      } ?? .success(false)
    reactor.consumeInput(of: connection.id, consumed)
    do throws(APIError) {
      try chargeBody(connection)
    } catch {
      refuse(connection, error, connection.request?.replyOptions)
      return true
    }
    switch verdict {
    case .success(false): return false
    case .success(true):
      connection.bodyReader = nil
      connection.served += 1
      connection.enter(.answer, now: reactor.now)
      dispatch(connection)
      return true
    case .failure(let fault):
      refuse(connection, fault.apiError, connection.request?.replyOptions)
      return true
    }
  }

  // MARK: Ends

  /// Ends a connection so that the client can read what was sent.
  func close(_ connection: Connection) {
    forget(connection)
    reactor.close(connection.id)
  }

  /// Ends a connection at once.
  func drop(_ connection: Connection) {
    forget(connection)
    reactor.reset(connection.id)
  }

  private func forget(_ connection: Connection) {
    if let alarm = connection.alarm { reactor.cancel(alarm) }
    connection.alarm = nil
    connections[connection.id.bits] = nil
    capacity.leave(connection.address)
    releaseBody(connection)
    watchPeak()
    modelQueue.waiting.removeAll { $0 === connection }
    if connection.feed != nil { feeds[connection.id.bits] = nil }
    if !reloadWaiting.isEmpty { reloadWaiting.removeAll { $0 === connection } }
    endIfDone()
  }

  func hungUp(_ connection: Connection) {
    letGo(connection)
    forget(connection)
  }

  /// Nobody waits any more for what is being made: it ends, with its row in the journal.
  private func letGo(_ connection: Connection) {
    if connection.exchange == nil, connection.phase == .answer, let request = connection.request {
      connection.request = nil
      recordRow(connection, request, 499, .abandoned, bytesOut: 0)
    }
    abandonExchange(connection)
  }

  /// Ends a client that does not read, and what is made for it.
  func abandon(_ connection: Connection) {
    letGo(connection)
    drop(connection)
  }
}
