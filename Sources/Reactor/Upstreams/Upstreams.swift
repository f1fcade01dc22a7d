/// Every running transfer, whatever carries it: libcurl, or a script.
///
/// Callbacks of libcurl only write down what happened (`CurlNotes`); the turn collects it here and makes events.
final class Upstreams {
  private enum Carrier {
    case curl(CurlHandle)
    case script(Script)
  }

  private struct Transfer: ~Copyable {
    let response: Response
    var carrier: Carrier
    /// The deadline of a script's next step.
    var step: Deadlines<Owner>.ID?
    var respondedSent = false
  }

  private var transfers = Slots<Transfer>()
  private var spareResponses: [Response] = []
  private let curl: CurlMulti

  /// Origins that are answered by a script instead of the network, by `scheme://host[:port]`.
  var scripted: [String: (UpstreamRequest) -> Script] = [:]

  init(poller: borrowing Poller, connectionsMax: Int) throws(SystemError) {
    curl = try CurlMulti(connectionsMax: connectionsMax)
  }

  /// Transfers that run.
  var count: Int { transfers.count }

  // MARK: What a gateway asks for

  func start(_ request: UpstreamRequest, now: Duration, deadlines: inout Deadlines<Owner>) -> TransferID {
    if !scripted.isEmpty, let play = scripted[request.origin] {
      return start(play(request), now: now, deadlines: &deadlines)
    }
    let response = takeResponse()
    let id = TransferID(.init(bits: transfers.next.bits))
    let handle = curl.start(request, response, id)
    _ = transfers.insert(Transfer(response: response, carrier: .curl(handle)))
    return id
  }

  func start(_ script: Script, now: Duration, deadlines: inout Deadlines<Owner>) -> TransferID {
    let id = TransferID(.init(bits: transfers.next.bits))
    let step = deadlines.add(now, .script(id))
    _ = transfers.insert(Transfer(response: takeResponse(), carrier: .script(script), step: step))
    return id
  }

  /// Ends a transfer without an event; its connection closes unless it was complete.
  func cancel(_ id: TransferID, deadlines: inout Deadlines<Owner>) {
    guard let transfer = transfers.remove(.init(bits: id.bits)) else { return }
    if let step = transfer.step { deadlines.remove(step) }
    if case .curl(let handle) = transfer.carrier { curl.release(handle) }
    keep(transfer.response)
  }

  func response(_ id: TransferID) -> Response? { transfers[.init(bits: id.bits)]?.response }

  /// Gives back body bytes that were read, and lets a paused transfer go on.
  func consume(_ id: TransferID, _ count: Int, now: Duration, deadlines: inout Deadlines<Owner>) {
    guard let response = response(id) else { return }
    response.body.consume(count)
    guard response.isPaused, response.body.count < Response.bodyBytesMax / 2 else { return }
    response.isPaused = false
    switch transfers[.init(bits: id.bits)]?.carrier {
    case .curl(let handle): curl.resume(handle)
    case .script: transfers[.init(bits: id.bits)]?.step = deadlines.add(now, .script(id))
    case nil: break
    }
  }

  // MARK: What the turn does

  /// Whether something was written down that no event tells yet, so that the loop must not sleep.
  var hasNews: Bool { curl.hasNews }

  /// When libcurl wants to be called; `.zero` is at once.
  var curlDue: Duration? { curl.due }

  func curlReady(_ number: UInt32, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    curl.ready(CInt(number), generation: generation, events: events, poller: poller)
  }

  /// Lets libcurl act on its timer, then brings epoll in line with what it wants watched.
  func serve(now: Duration, poller: borrowing Poller) { curl.serve(now: now, poller: poller) }

  /// Turns what was written down into events.
  func collect(into events: inout [Event]) {
    while let handle = curl.takeNoted() {
      guard transfers.contains(.init(bits: handle.transfer.bits)) else { continue }
      report(handle.transfer, handle.response, into: &events)
    }
    while let (handle, end) = curl.takeDone() {
      let id = handle.transfer
      guard transfers.contains(.init(bits: id.bits)) else { continue }
      report(id, handle.response, into: &events)
      events.append(.ended(id, end))
    }
  }

  /// Plays a script's due step.
  func play(_ id: TransferID, now: Duration, deadlines: inout Deadlines<Owner>, into events: inout [Event]) {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .script(let script) = transfers[slot]?.carrier, let response = response(id) else { return }
    transfers[slot]?.step = nil
    var fresh = false
    defer { if fresh { report(id, response, into: &events) } }
    while true {
      if response.body.count >= Response.bodyBytesMax {
        response.isPaused = true
        return
      }
      switch script.next() {
      case .wait(let time):
        transfers[slot]?.step = deadlines.add(now + time, .script(id))
        return
      case .head(let status, let fields):
        response.status = status
        response.hasHead = true
        for field in fields { response.head += Array((field + "\r\n").utf8) }
        report(id, response, into: &events)
      case .bytes(let bytes):
        response.body.append(bytes)
        fresh = true
      case .fail(let error):
        let broken = response.hasHead && error == .closedBeforeResponse ? .truncated : error
        if fresh { report(id, response, into: &events) }
        fresh = false
        events.append(.ended(id, .failed(broken)))
        return
      case .hang: return
      case nil:
        if fresh { report(id, response, into: &events) }
        fresh = false
        events.append(.ended(id, .complete))
        return
      }
    }
  }

  private func report(_ id: TransferID, _ response: Response, into events: inout [Event]) {
    if response.hasHead, transfers[.init(bits: id.bits)]?.respondedSent == false {
      transfers[.init(bits: id.bits)]?.respondedSent = true
      events.append(.responded(id))
    }
    if !response.body.isEmpty { events.append(.arrived(id)) }
  }

  private func takeResponse() -> Response { spareResponses.popLast() ?? Response() }

  private func keep(_ response: Response) {
    guard spareResponses.count < 256 else { return }
    response.reset()
    spareResponses.append(response)
  }
}

extension UpstreamRequest {
  /// `scheme://host[:port]` of the URL.
  var origin: String {
    var slashes = 0
    let end = url.utf8.firstIndex { byte in
      if byte == UInt8(ascii: "/") { slashes += 1 }
      return slashes == 3
    }
    return String(url[..<(end ?? url.endIndex)])
  }
}
