internal import CLinux

/// Every running transfer, whatever carries it: libcurl, or a script.
///
/// Callbacks of libcurl only write down what happened (`CurlCallbackQueue`); the turn collects it here and makes events.
final class Upstreams {
  private enum Transport {
    /// It waits for the addresses of its name, at most until its connect timeout is over.
    case resolving(UpstreamRequest, deadline: Duration)
    case curl(CurlHandle)
    case script(Script)
  }

  private struct Transfer: ~Copyable {
    let response: Response
    var transport: Transport
    /// The deadline of a script's next step, or of a name.
    var step: Deadlines<DeadlineOwner>.ID?
    var respondedSent = false
  }

  private var transfers = Slots<Transfer>()
  private var spareResponses: [Response] = []
  private let curl = CurlMultiPool()
  private var dns: DNSCache
  /// Ends that are known and not yet told.
  private var ends: [(TransferID, TransferEnd)] = []

  /// Origins that are answered by a script instead of the network, by `scheme://host[:port]`.
  var scripted: [String: (UpstreamRequest) -> Script] = [:]

  /// Transfers since the beginning.
  private(set) var started = 0
  /// Transfers that wait for a name.
  private(set) var resolving = 0
  /// Bytes of the request bodies of running transfers.
  private(set) var requestBytes = 0

  init(
    poller: borrowing Poller, resolve: @escaping DNSCache.Resolver, dnsTTL: Duration
  ) throws(SystemError) {
    dns = try DNSCache(resolve: resolve, ttl: dnsTTL)
    try poller.watch(dns.mailbox.wake, UInt32(LINUX_IN), Token(.dns, generation: 0, number: 0))
  }

  /// Transfers that run.
  var count: Int { transfers.count }
  /// Multis that share them.
  var multis: Int { curl.count }
  /// Sockets towards upstreams, busy and idle.
  var openSockets: Int { curl.openSockets }

  /// Body bytes that libcurl handed over since the beginning.
  var receivedBytes: Int { curl.receivedBytes }

  /// Body bytes that wait in all responses together.
  var waitingBytes: Int {
    var waiting = 0
    for slot in transfers.slots {
      if let id = transfers.id(at: slot) { waiting += transfers[id]?.response.body.count ?? 0 }
    }
    return waiting
  }

  // MARK: What a gateway asks for

  func start(_ request: UpstreamRequest, now: Duration, deadlines: inout Deadlines<DeadlineOwner>) -> TransferID {
    if !scripted.isEmpty, let play = scripted[request.target.origin] {
      return start(play(request), now: now, deadlines: &deadlines)
    }
    started += 1
    requestBytes += request.body.count
    let response = takeResponse()
    let id = TransferID(.init(bits: transfers.next.bits))
    guard !request.target.name.isEmpty else {
      let handle = curl.start(
        request, addresses: nil, connectTimeout: request.connectTimeout, response, id)
      _ = transfers.insert(Transfer(response: response, transport: .curl(handle)))
      return id
    }
    let deadline = now + request.connectTimeout
    _ = transfers.insert(Transfer(response: response, transport: .resolving(request, deadline: deadline)))
    switch dns.lookUp(request.target.name, for: id, now: now) {
    case .known(let known): connect(id, known, now)
    case .failed: ends.append((id, .failed(.hostNotFound)))
    case .pending:
      resolving += 1
      transfers[.init(bits: id.bits)]?.step = deadlines.add(deadline, .lookup(id))
    }
    return id
  }

  /// Starts a transfer whose name has these addresses.
  private func connect(_ id: TransferID, _ known: DNSCache.Entry, _ now: Duration) {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .resolving(let request, let deadline) = transfers[slot]?.transport, let response = response(id)
    else {
      return
    }
    guard known.addresses.allSatisfy(request.addresses.allows) else {
      ends.append((id, .failed(.addressNotAllowed)))
      return
    }
    // Only where a look-up took time is the rest a number of its own, which costs libcurl an option.
    let rest = deadline - now
    let time = rest == request.connectTimeout ? rest : max(.milliseconds(1), rest)
    transfers[slot]?.transport = .curl(
      curl.start(request, addresses: known, connectTimeout: time, response, id))
  }

  func start(_ script: Script, now: Duration, deadlines: inout Deadlines<DeadlineOwner>) -> TransferID {
    started += 1
    let id = TransferID(.init(bits: transfers.next.bits))
    let step = deadlines.add(now, .script(id))
    _ = transfers.insert(Transfer(response: takeResponse(), transport: .script(script), step: step))
    return id
  }

  /// Ends a transfer without an event; its connection closes unless it was complete.
  func cancel(_ id: TransferID, deadlines: inout Deadlines<DeadlineOwner>) {
    guard let transfer = transfers.remove(.init(bits: id.bits)) else { return }
    if let step = transfer.step { deadlines.remove(step) }
    switch transfer.transport {
    case .curl(let handle):
      requestBytes -= handle.requestBytes
      curl.release(handle)
    case .resolving(let request, _):
      requestBytes -= request.body.count
      if transfer.step != nil {
        resolving -= 1
        dns.forget(id, request.target.name)
      }
    case .script: break
    }
    keep(transfer.response)
  }

  func response(_ id: TransferID) -> Response? { transfers[.init(bits: id.bits)]?.response }

  /// Gives back body bytes that were read, and lets a paused transfer go on.
  func consume(_ id: TransferID, _ count: Int, now: Duration, deadlines: inout Deadlines<DeadlineOwner>) {
    guard let response = response(id) else { return }
    response.body.consume(count)
    guard response.isPaused, response.body.count < Response.bodyBytesMax / 2 else { return }
    switch transfers[.init(bits: id.bits)]?.transport {
    case .curl(let handle): curl.resume(handle)
    case .script:
      response.isPaused = false
      transfers[.init(bits: id.bits)]?.step = deadlines.add(now, .script(id))
    case .resolving, nil: break
    }
  }

  /// How much of the request's body an upstream has taken, and how much there is; `nil` when that is not known.
  func upload(_ id: TransferID) -> (sent: Int, total: Int)? {
    guard case .curl(let handle) = transfers[.init(bits: id.bits)]?.transport else { return nil }
    return (handle.uploadedBytes, handle.requestBytes)
  }

  // MARK: What the turn does

  /// Whether something was written down that no event tells yet, so that the loop must not sleep.
  var hasPendingWork: Bool { curl.hasPendingWork || !ends.isEmpty }

  /// When libcurl wants to be called; `.zero` is at once.
  var curlDue: Duration? { curl.due }

  func curlReady(_ number: UInt32, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    curl.ready(CInt(number), generation: generation, events: events, poller: poller)
  }

  /// Begins a turn: lets some of the paused transfers go on whose turn it is.
  func begin(atMost most: Int, poller: borrowing Poller) { curl.begin(atMost: most, poller: poller) }

  /// Lets libcurl act on its timer, then brings epoll in line with what it wants watched.
  func serve(now: Duration, poller: borrowing Poller) { curl.serve(now: now, poller: poller) }

  /// Look-ups are over: those who waited go on.
  func lookupsFinished(now: Duration, deadlines: inout Deadlines<DeadlineOwner>) {
    _ = linux_eventfd_take(dns.mailbox.wake)
    for (id, name) in dns.collect(now: now) {
      let slot = Slots<Transfer>.ID(bits: id.bits)
      guard let step = transfers[slot]?.step ?? nil else { continue }
      deadlines.remove(step)
      transfers[slot]?.step = nil
      resolving -= 1
      if let known = dns.entry(name) {
        connect(id, known, now)
      } else {
        ends.append((id, .failed(.hostNotFound)))
      }
    }
  }

  /// A name was not found in time.
  func lookupTimedOut(_ id: TransferID) {
    let slot = Slots<Transfer>.ID(bits: id.bits)
    guard case .resolving(let request, _) = transfers[slot]?.transport else { return }
    transfers[slot]?.step = nil
    resolving -= 1
    dns.forget(id, request.target.name)
    ends.append((id, .failed(.connectTimedOut)))
  }

  /// Turns what was written down into events.
  func collect(into events: inout [Event]) {
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

  /// Plays a script's due step.
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
    if response.hasHead, transfers[.init(bits: id.bits)]?.respondedSent == false {
      transfers[.init(bits: id.bits)]?.respondedSent = true
      events.append(.headReceived(id))
    }
    if !response.body.isEmpty { events.append(.bodyReceived(id)) }
  }

  private func takeResponse() -> Response { spareResponses.popLast() ?? Response() }

  private func keep(_ response: Response) {
    guard spareResponses.count < 256 else { return }
    response.reset()
    spareResponses.append(response)
  }
}
