internal import CLinux

/// All running transfers, over the plain transport, over libcurl, or from a script.
///
/// libcurl's callbacks only record what happened (`CurlCallbackQueue`). The turn converts these records to events
/// here.
final class Upstreams {
  private enum Transport {
    /// The transfer waits for a DNS lookup, until its connect timeout at the latest.
    case resolving(UpstreamRequest, deadline: Duration)
    case curl(CurlHandle)
    case plain(PlainTransfer)
    case script(Script)
  }

  private struct Transfer: ~Copyable {
    let response: Response
    var transport: Transport
    /// The deadline of a script's next step, or of a DNS lookup.
    var step: Deadlines<DeadlineOwner>.ID?
    var isHeadReported = false
  }

  private var transfers = Slots<Transfer>()
  private var spareResponses: [Response] = []
  private let curl = CurlMultiPool()
  private let plain = PlainTransport()
  private let transport: UpstreamRequest.Transport
  private var dns: DNSCache
  /// The results of transfers that no event has reported yet.
  private var ends: [(TransferID, TransferEnd)] = []

  /// The origins that a script answers instead of the network, by `scheme://host[:port]`.
  var scripted: [String: (UpstreamRequest) -> Script] = [:]

  /// The number of transfers started.
  private(set) var started = 0
  /// The number of transfers that wait for a DNS lookup.
  private(set) var resolving = 0
  /// The size of the request bodies of running transfers, in bytes.
  private(set) var requestBytes = 0

  init(
    poller: borrowing Poller, resolve: @escaping DNSCache.Resolver, dnsTTL: Duration,
    transport: UpstreamRequest.Transport
  ) throws(SystemError) {
    self.transport = transport
    dns = try DNSCache(resolve: resolve, ttl: dnsTTL)
    try poller.watch(dns.mailbox.wake, UInt32(LINUX_IN), Token(.dns, generation: 0, number: 0))
  }

  /// The number of running transfers.
  var count: Int { transfers.count }
  /// The number of multis that share them.
  var multis: Int { curl.count }
  /// The number of upstream sockets, busy and idle.
  var openSockets: Int { curl.openSockets + plain.count }
  /// The number of requests that were sent again, because the upstream cannot have processed them.
  var repeated: Int { plain.repeated }

  /// The number of bytes received: over libcurl without heads and framing.
  var receivedBytes: Int { curl.receivedBytes &+ plain.receivedBytes }

  /// The unread body bytes of all responses.
  var waitingBytes: Int {
    var waiting = 0
    for slot in transfers.slots {
      if let id = transfers.id(at: slot) { waiting += transfers[id]?.response.body.count ?? 0 }
    }
    return waiting
  }

  // MARK: What a gateway asks for

  /// Starts a request, over a network or with the script of its origin.
  func start(
    _ request: UpstreamRequest, now: Duration, poller: borrowing Poller,
    deadlines: inout Deadlines<DeadlineOwner>
  ) -> TransferID {
    if !scripted.isEmpty, let play = scripted[request.target.origin] {
      return start(play(request), now: now, deadlines: &deadlines)
    }
    started += 1
    requestBytes += request.body.count
    let response = takeResponse()
    let id = TransferID(.init(bits: transfers.next.bits))
    guard request.target.isAllowed(by: request.addresses) else {
      _ = transfers.insert(
        Transfer(response: response, transport: .resolving(request, deadline: now + request.connectTimeout)))
      ends.append((id, .failed(.addressNotAllowed)))
      return id
    }
    guard !request.target.name.isEmpty else {
      if isPlain(request) {
        let transfer = PlainTransfer(id, request, request.target.knownAddresses, response)
        _ = transfers.insert(Transfer(response: response, transport: .plain(transfer)))
        plain.start(transfer, connectTimeout: request.connectTimeout, now, poller, &deadlines)
        return id
      }
      let handle = curl.start(
        request, addresses: nil, connectTimeout: request.connectTimeout, response, id)
      _ = transfers.insert(Transfer(response: response, transport: .curl(handle)))
      return id
    }
    let deadline = now + request.connectTimeout
    _ = transfers.insert(Transfer(response: response, transport: .resolving(request, deadline: deadline)))
    switch dns.lookUp(request.target.name, for: id, now: now) {
    case .known(let known): connect(id, known, now, poller, &deadlines)
    case .failed: ends.append((id, .failed(request.target.lookupError)))
    case .pending:
      resolving += 1
      transfers[.init(bits: id.bits)]?.step = deadlines.add(deadline, .lookup(id))
    }
    return id
  }

  /// Starts a transfer whose host has these addresses.
  private func connect(
    _ id: TransferID, _ known: DNSCache.Entry, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .resolving(let request, let deadline) = transfers[slot]?.transport, let response = response(id)
    else {
      return
    }
    // A proxy's own addresses are the operator's choice.
    guard request.target.proxy != nil || known.addresses.allSatisfy(request.addresses.allows) else {
      ends.append((id, .failed(.addressNotAllowed)))
      return
    }
    // Only after a lookup that took time does the remaining time differ. Setting it costs libcurl an option.
    let rest = deadline - now
    let time = rest == request.connectTimeout ? rest : max(.milliseconds(1), rest)
    if isPlain(request) {
      let transfer = PlainTransfer(id, request, known.addresses, response)
      transfers[slot]?.transport = .plain(transfer)
      return plain.start(transfer, connectTimeout: time, now, poller, &deadlines)
    }
    transfers[slot]?.transport = .curl(
      curl.start(request, addresses: known, connectTimeout: time, response, id))
  }

  /// Whether the plain transport carries a request.
  private func isPlain(_ request: UpstreamRequest) -> Bool { transport == .automatic && request.isPlain }

  /// Starts a script.
  func start(_ script: Script, now: Duration, deadlines: inout Deadlines<DeadlineOwner>) -> TransferID {
    started += 1
    let id = TransferID(.init(bits: transfers.next.bits))
    let step = deadlines.add(now, .script(id))
    _ = transfers.insert(Transfer(response: takeResponse(), transport: .script(script), step: step))
    return id
  }

  /// Cancels a transfer without an event. Its connection is closed unless the transfer is complete.
  func cancel(_ id: TransferID, deadlines: inout Deadlines<DeadlineOwner>) {
    guard let transfer = transfers.remove(.init(bits: id.bits)) else { return }
    if let step = transfer.step { deadlines.remove(step) }
    switch transfer.transport {
    case .curl(let handle):
      requestBytes -= handle.requestBytes
      curl.release(handle)
    case .plain(let transfer):
      requestBytes -= transfer.request.body.count
      plain.cancel(transfer, &deadlines)
    case .resolving(let request, _):
      requestBytes -= request.body.count
      if transfer.step != nil {
        resolving -= 1
        dns.forget(id, request.target.name)
      }
    case .script: break
    }
    recycle(transfer.response)
  }

  /// Returns the response of a transfer, or `nil` if the ID is stale.
  func response(_ id: TransferID) -> Response? { transfers[.init(bits: id.bits)]?.response }

  /// Removes body bytes that were read, and resumes a paused transfer.
  func consume(
    _ id: TransferID, _ count: Int, now: Duration, poller: borrowing Poller,
    deadlines: inout Deadlines<DeadlineOwner>
  ) {
    guard let response = response(id) else { return }
    response.body.consume(count)
    guard response.isPaused, response.body.count < Response.bodyBytesMax / 2 else { return }
    switch transfers[.init(bits: id.bits)]?.transport {
    case .curl(let handle): curl.resume(handle)
    case .plain(let transfer): plain.resume(transfer, poller)
    case .script:
      response.isPaused = false
      transfers[.init(bits: id.bits)]?.step = deadlines.add(now, .script(id))
    case .resolving, nil: break
    }
  }

  /// Returns how much of the request body the upstream has received, and its size, or `nil` if unknown.
  func upload(_ id: TransferID) -> (sent: Int, total: Int)? {
    switch transfers[.init(bits: id.bits)]?.transport {
    case .curl(let handle): (handle.uploadedBytes, handle.requestBytes)
    case .plain(let transfer): (plain.uploaded(transfer), transfer.request.body.count)
    case .script, .resolving, nil: nil
    }
  }

  // MARK: What the turn does

  /// Whether events are pending, so that the loop must not sleep.
  var hasPendingWork: Bool { curl.hasPendingWork || !ends.isEmpty || plain.hasNews }

  /// The time at which libcurl must be called. `.zero` means immediately.
  var curlDue: Duration? { curl.due }

  /// Handles a ready socket of libcurl.
  func curlReady(_ number: UInt32, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    curl.ready(CInt(number), generation: generation, events: events, poller: poller)
  }

  /// Handles a ready connection of the plain transport.
  func plainReady(
    _ token: Token, _ events: UInt32, now: Duration, poller: borrowing Poller,
    deadlines: inout Deadlines<DeadlineOwner>
  ) {
    plain.ready(token, events, now, poller, &deadlines)
  }

  /// A deadline of the plain transport has come.
  func plainDue(
    _ owner: DeadlineOwner, now: Duration, poller: borrowing Poller, deadlines: inout Deadlines<DeadlineOwner>
  ) {
    switch owner {
    case .connectTimeout(let id):
      if case .plain(let transfer) = transfers[.init(bits: id.bits)]?.transport {
        plain.connectTimedOut(transfer, &deadlines)
      }
    case .nextAddress(let id):
      if case .plain(let transfer) = transfers[.init(bits: id.bits)]?.transport {
        plain.addressDelayed(transfer, now, poller, &deadlines)
      }
    default: plain.closeExpired(now, &deadlines)
    }
  }

  /// Begins a turn by resuming some of the paused transfers.
  func begin(atMost limit: Int, poller: borrowing Poller) { curl.begin(atMost: limit, poller: poller) }

  /// Serves libcurl's timers, then updates epoll.
  func serve(now: Duration, poller: borrowing Poller) { curl.serve(now: now, poller: poller) }

  /// Continues the transfers whose DNS lookup has finished.
  func lookupsFinished(
    now: Duration, poller: borrowing Poller, deadlines: inout Deadlines<DeadlineOwner>
  ) {
    _ = linux_eventfd_take(dns.mailbox.wake)
    for (id, name) in dns.collect(now: now) {
      let slot = Slots<Transfer>.ID(bits: id.bits)
      guard let step = transfers[slot]?.step ?? nil else { continue }
      deadlines.remove(step)
      transfers[slot]?.step = nil
      resolving -= 1
      if let known = dns.entry(name) {
        connect(id, known, now, poller, &deadlines)
      } else if case .resolving(let request, _) = transfers[slot]?.transport {
        ends.append((id, .failed(request.target.lookupError)))
      }
    }
  }

  /// Fails a transfer whose DNS lookup did not finish in time.
  func lookupTimedOut(_ id: TransferID) {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .resolving(let request, _) = transfers[slot]?.transport else { return }
    transfers[slot]?.step = nil
    resolving -= 1
    dns.forget(id, request.target.name)
    ends.append((id, .failed(request.target.proxy == nil ? .connectTimedOut : .proxyTimedOut)))
  }

  /// Converts what was recorded to events.
  func collect(into events: inout [Event]) {
    for id in plain.news {
      if let response = response(id) { report(id, response, into: &events) }
    }
    plain.news.removeAll(keepingCapacity: true)
    for (id, end) in plain.ends where transfers.contains(.init(bits: id.bits)) {
      events.append(.transferEnded(id, end))
    }
    plain.ends.removeAll(keepingCapacity: true)
    for (id, end) in ends where transfers.contains(.init(bits: id.bits)) { events.append(.transferEnded(id, end)) }
    ends.removeAll(keepingCapacity: true)
    while let handle = curl.nextPending() {
      guard transfers.contains(.init(bits: handle.transfer.bits)) else { continue }
      report(handle.transfer, handle.response, into: &events)
    }
    while let (handle, end) = curl.takeDone() {
      let id = handle.transfer
      guard transfers.contains(.init(bits: id.bits)) else { continue }
      report(id, handle.response, into: &events)
      events.append(.transferEnded(id, end))
    }
  }

  /// Performs the due step of a script.
  func play(_ id: TransferID, now: Duration, deadlines: inout Deadlines<DeadlineOwner>, into events: inout [Event])
  {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .script(let script) = transfers[slot]?.transport, let response = response(id) else { return }
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
        for field in fields { unsafe Array(field.utf8).withUnsafeBytes { unsafe response.fields.add($0) } }
        report(id, response, into: &events)
      case .bytes(let bytes):
        response.body.append(bytes)
        fresh = true
      case .fail(let error):
        let broken = response.hasHead && error == .closedBeforeResponse ? .truncated : error
        if fresh { report(id, response, into: &events) }
        fresh = false
        events.append(.transferEnded(id, .failed(broken)))
        return
      case .hang: return
      case nil:
        if fresh { report(id, response, into: &events) }
        fresh = false
        events.append(.transferEnded(id, .complete))
        return
      }
    }
  }

  private func report(_ id: TransferID, _ response: Response, into events: inout [Event]) {
    if response.hasHead, transfers[.init(bits: id.bits)]?.isHeadReported == false {
      transfers[.init(bits: id.bits)]?.isHeadReported = true
      events.append(.headReceived(id))
    }
    if !response.body.isEmpty { events.append(.bodyReceived(id)) }
  }

  private func takeResponse() -> Response { spareResponses.popLast() ?? Response() }

  private func recycle(_ response: Response) {
    guard spareResponses.count < 256 else { return }
    response.reset()
    spareResponses.append(response)
  }
}
