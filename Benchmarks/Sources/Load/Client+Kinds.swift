import CLoad

/// The behavior of each kind of plan.
extension Client {
  /// Opens the foreground connections. Streams start one by one during the warm-up, so that their events are not
  /// synchronized.
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
      // The connections are open before the first request is due.
      rateStart = Double(begin) + min(0.1, plan.warmup / 2) * 1e9
      rateEnd = end
    case .idle: break
    }
  }

  /// The time of the next action that no descriptor triggers.
  var nextDue: UInt64 {
    switch plan.kind {
    case .rate: free.isEmpty || !isRateOwing ? .max : due(rateTaken)
    case .streams(again: false):
      started < plan.connections ? startsAt + UInt64(started) * startsEvery : .max
    default: .max
    }
  }

  private func due(_ number: Int) -> UInt64 { UInt64(rateStart + Double(number) * rateStep) }

  /// Performs the actions that are due.
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

  /// Whether due requests have not even been sent.
  var isRateOwing: Bool {
    guard case .rate = plan.kind else { return false }
    return due(rateTaken) < rateEnd
  }

  /// Counts the requests that were due in the measured time.
  func finishRate() {
    guard case .rate = plan.kind else { return }
    let first = Int(((Double(windowStart) - rateStart) / rateStep).rounded(.up))
    let last = Int(((Double(rateEnd) - rateStart) / rateStep).rounded(.up))
    outcome.due = last - first
    outcome.unanswered = outcome.due - outcome.answered
  }

  /// Counts a complete response.
  func count(_ index: Int32, _ now: UInt64) {
    let connection = connections + Int(index)
    guard !connection.pointee.isFaulty else { return }
    if case .rate = plan.kind {
      // Requests that were due in the measured time count even if they complete later.
      guard connection.pointee.counts else { return }
    } else {
      guard isMeasuring else { return }
    }
    outcome.answered += 1
    outcome.latency.record(now - connection.pointee.started)
  }

  /// Continues a connection that has received its response.
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

  /// Returns a request with a message of the given size that begins with the orders.
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
