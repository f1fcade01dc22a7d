import CLoad

/// What the kinds of plan do each in their way.
extension Client {
  /// Opens the connections of the foreground. Streams begin one after the other over a part of the warm-up, so that
  /// their events do not come in step.
  func startForeground(at begin: UInt64, until end: UInt64) throws(LoadError) {
    switch plan.kind {
    case .closed, .streams(again: true):
      for index in 0..<plan.connections { connect(Int32(index)) }
    case .streams(again: false):
      startsAt = begin
      startsEvery = UInt64(plan.warmup * 0.6 * 1e9) / UInt64(max(1, plan.connections))
    case .rate(let rate):
      for index in 0..<plan.connections { connect(Int32(index)) }
      rateStep = 1e9 / rate
      // The connections are there before the first request is due.
      rateStart = Double(begin) + min(0.1, plan.warmup / 2) * 1e9
      rateEnd = end
    case .idle: break
    }
  }

  /// When something is to be done that no descriptor tells.
  var nextDue: UInt64 {
    switch plan.kind {
    case .rate: free.isEmpty || !isRateOwing ? .max : due(rateTaken)
    case .streams(again: false):
      started < plan.connections ? startsAt + UInt64(started) * startsEvery : .max
    default: .max
    }
  }

  private func due(_ number: Int) -> UInt64 { UInt64(rateStart + Double(number) * rateStep) }

  /// Does what is due.
  func sendDue() {
    switch plan.kind {
    case .rate: sendDueRequests()
    case .streams(again: false):
      let now = load_now()
      while started < plan.connections, startsAt + UInt64(started) * startsEvery <= now {
        connect(Int32(started))
        started += 1
      }
    default: break
    }
  }

  private func sendDueRequests() {
    while !free.isEmpty {
      let time = due(rateTaken)
      let now = load_now()
      guard time <= now, time < rateEnd else { return }
      rateTaken += 1
      if time >= windowStart, now - time > 1_000_000 { outcome.late += 1 }
      begin(free.removeLast(), at: time)
    }
  }

  /// Whether requests that were due are not even sent.
  var isRateOwing: Bool {
    guard case .rate = plan.kind else { return false }
    return due(rateTaken) < rateEnd
  }

  /// Counts what was due in the measured time.
  func finishRate() {
    guard case .rate = plan.kind else { return }
    let first = Int(((Double(windowStart) - rateStart) / rateStep).rounded(.up))
    let last = Int(((Double(rateEnd) - rateStart) / rateStep).rounded(.up))
    outcome.due = last - first
    outcome.unanswered = outcome.due - outcome.answered
  }

  /// Counts a complete answer.
  func count(_ index: Int32, _ now: UInt64) {
    let connection = connections + Int(index)
    guard !connection.pointee.isFaulty else { return }
    if case .rate = plan.kind {
      // Also those that were due in the measured time and come after it.
      guard connection.pointee.counts else { return }
    } else {
      guard isMeasuring else { return }
    }
    outcome.answered += 1
    outcome.latency.record(now - connection.pointee.started)
  }

  /// A connection has its answer: what next?
  func again(_ index: Int32, _ now: UInt64) {
    switch plan.kind {
    case .closed, .streams(again: true):
      if !isStopping { begin(index, at: load_now()) }
    case .rate:
      free.append(index)
      sendDueRequests()
    case .streams(again: false), .idle: break
    }
  }

  /// A request with a message of so many bytes that begins with the orders.
  static func request(_ orders: Orders, promptBytes: Int, streams: Bool, port: UInt16) -> UnsafeRawBufferPointer {
    let text = orders.text
    let filler = String(repeating: " lorem ipsum dolor sit amet", count: promptBytes / 27 + 1)
      .prefix(max(0, promptBytes - text.utf8.count))
    let body =
      "{\"model\":\"mock\",\"stream\":\(streams),\"messages\":[{\"role\":\"user\",\"content\":\"\(text)\(filler)\"}]}"
    let whole =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: whole.utf8.count, alignment: 16)
    bytes.copyBytes(from: Array(whole.utf8))
    return UnsafeRawBufferPointer(bytes)
  }
}
