internal import HTTPText
internal import Reactor

/// Reads requests: head, then body, one at a time and in order.
extension Connections {
  /// Reads on, and returns true when a request is complete and to be answered.
  ///
  /// False when more input is needed, when the response to the request before is not complete, and when the connection
  /// has ended. Requests that are rejected are answered here.
  func readRequest(_ connection: Connection) -> Bool {
    while isOpen(connection) {
      switch connection.phase {
      case .response:
        limitInput(connection)
        return false
      // Responses that are not read must not pile up: the next request waits for the client.
      case _ where connection.isAboveHighWater:
        schedule(connection)
        limitInput(connection)
        return false
      case .idle, .head: if readHead(connection) { continue }
      case .body:
        switch readBody(connection) {
        case .complete: return true
        case .rejected: continue
        case .incomplete: break
        }
      }
      // A complete request is answered after the client's last byte, an incomplete one is dropped.
      if connection.isInputClosed { close(connection) } else { schedule(connection) }
      return false
    }
    return false
  }

  private func limitInput(_ connection: Connection) {
    let waiting = reactor.withInput(of: connection.id) { $0.count } ?? 0
    connection.isInputPaused = waiting > Self.pipelineBytesMax
    reactor.pauseInput(of: connection.id, connection.isInputPaused)
  }

  /// Reads a head if all of it is there; false when more input is needed.
  private func readHead(_ connection: Connection) -> Bool {
    let verdict: HeadVerdict =
      reactor.withInput(of: connection.id) { input in
        if input.isEmpty { return .incomplete }
        return evaluateHead(input, connection)
      } ?? .incomplete
    switch verdict {
    case .incomplete:
      let hasBegun = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if hasBegun, connection.phase == .idle { connection.enter(.head, now: reactor.now) }
      return false
    case .rejected(let apiError, let request):
      finishHead(connection, request)
      connection.served += 1
      reject(connection, apiError)
    case .options(let request):
      finishHead(connection, request)
      connection.served += 1
      replyToOptions(connection, request.options)
    case .accepted(let request, let bodyReader, let wantsContinue):
      finishHead(connection, request)
      connection.bodyReader = bodyReader
      connection.body.removeAll(keepingCapacity: true)
      connection.enter(.body, now: reactor.now)
      let hasBody = reactor.withInput(of: connection.id) { !$0.isEmpty } ?? false
      if wantsContinue, !hasBody { reactor.send("HTTP/1.1 100 Continue\r\n\r\n".utf8.span, to: connection.id) }
    }
    return true
  }

  private func finishHead(_ connection: Connection, _ request: AcceptedRequest) {
    reactor.consumeInput(of: connection.id, request.bytes)
    connection.reader = HeadReader()
    let holder = connection.shareHolder
    connection.accepted(request)
    if connection.shareHolder != holder { reactor.setGroup(of: connection.id, connection.shareHolder ?? 0) }
  }

  private enum BodyProgress {
    case incomplete
    case complete
    case rejected
  }

  /// Reads on in the body.
  private func readBody(_ connection: Connection) -> BodyProgress {
    var consumed = 0
    let result: Result<Bool, BodyError> =
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
      switch result {
      case .success(false):
        try chargeShare(connection)
        return .incomplete
      case .success(true): break
      case .failure(let error): throw error.apiError
      }
    } catch {
      reject(connection, error)
      return .rejected
    }
    connection.bodyReader = nil
    connection.served += 1
    connection.enter(.response, now: reactor.now)
    return .complete
  }
}
