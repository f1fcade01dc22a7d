internal import CLinux

/// Whom a deadline belongs to.
enum Owner {
  /// The gateway, which asked with this tag.
  case gateway(tag: UInt64)
  /// A script's next step.
  case script(TransferID)
  /// A closing connection's last chance.
  case lastChance(ClientID)
  /// The listener, which waits until descriptors are free again.
  case listener
}

/// One thread's loop: client connections, upstream transfers, deadlines, signals and mailboxes on one epoll set.
///
/// `turn` sleeps until something happens and says what; the other methods make things happen. Everything is
/// queued and done at the edge of a turn: one `send` per client, one visit to libcurl's timer. Not for sharing:
/// it never leaves the thread that made it.
public final class Reactor {
  private let poller: Poller
  private var clients = Clients()
  private let upstreams: Upstreams
  private var deadlines = Deadlines<Owner>()
  private var listener: Listener?
  private let signals: Signals?
  private var events: [Event] = []
  /// Transfers whose end was told in the last turn.
  private var over: [TransferID] = []

  /// The time of this turn, on the monotonic clock.
  public private(set) var now: Duration

  /// A reactor with nothing in it.
  ///
  /// `upstreamConnectionsMax` is how many idle and busy upstream connections libcurl keeps. With
  /// `takesSignals` the process's signals become events, for as long as the reactor lives.
  public init(upstreamConnectionsMax: Int = Tuning.upstreamConnectionsMax, takesSignals: Bool = false)
    throws(SystemError)
  {
    let poller = try Poller()
    upstreams = try Upstreams(poller: poller, connectionsMax: upstreamConnectionsMax)
    now = Self.clock()
    if takesSignals {
      let signals = try Signals()
      try poller.watch(signals.descriptor.raw, UInt32(LINUX_IN), Token(.signals, generation: 0, number: 0))
      self.signals = consume signals
    } else {
      signals = nil
    }
    self.poller = consume poller
  }

  // MARK: The turn

  /// Does what was asked since the last turn, sleeps until something happens, and says what did.
  ///
  /// With `atMost` it wakes up after that time at the latest, also with nothing to tell.
  public func turn(atMost limit: Duration? = nil) -> [Event] {
    for id in over { upstreams.cancel(id, deadlines: &deadlines) }
    over.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)

    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    clients.flush(now: now, poller: poller, deadlines: &deadlines, into: &events)

    let count = poller.wait(atMost: sleep(limit))
    now = Self.clock()
    for index in 0..<count {
      let (ready, token) = poller[index]
      handle(ready, token)
    }
    expire()
    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    for case .ended(let id, _) in events { over.append(id) }
    return events
  }

  private func sleep(_ limit: Duration?) -> Duration? {
    if !events.isEmpty || upstreams.hasNews { return .zero }
    var wait = limit
    for time in [deadlines.next, upstreams.curlDue] {
      guard let time else { continue }
      let rest = max(.zero, time - now)
      wait = wait.map { min($0, rest) } ?? rest
    }
    return wait
  }

  private func handle(_ ready: UInt32, _ token: Token) {
    switch token.kind {
    case .client: clients.ready(token, ready, deadlines: &deadlines, into: &events)
    case .upstream:
      upstreams.curlReady(token.number, generation: token.generation, events: ready, poller: poller)
    case .listener: acceptSome()
    case .signals: while let signal = signals.lend({ $0.take() }) ?? nil { events.append(.signal(signal)) }
    case .mailbox:
      _ = linux_eventfd_take(CInt(bitPattern: token.number))
      events.append(.posted)
    case nil: break
    }
  }

  private func acceptSome() {
    for _ in 0..<Listener.acceptsPerTurn {
      switch listener.lend({ $0.accept() }) {
      case .client(let descriptor)?:
        if let id = clients.add(descriptor, poller: poller) { events.append(.accepted(id)) }
      case .nothing?: return
      case nil: return
      case .exhausted?:
        // Level-triggered readiness would spin: look again when some may have been closed.
        watchListener(false)
        _ = deadlines.add(now + .milliseconds(100), .listener)
        return
      }
    }
  }

  private func expire() {
    while let (id, owner) = deadlines.takeDue(now) {
      switch owner {
      case .gateway(let tag): events.append(.woke(AlarmID(id: .init(bits: id.bits)), tag: tag))
      case .script(let transfer): upstreams.play(transfer, now: now, deadlines: &deadlines, into: &events)
      case .lastChance(let client): clients.drop(.init(bits: client.bits), &deadlines)
      case .listener: watchListener(true)
      }
    }
  }

  private static func clock() -> Duration { .nanoseconds(Int64(linux_monotonic_nanoseconds())) }

  // MARK: Clients

  /// Listens on a literal address; returns the port, also when the system chose it.
  public func listen(address: String, port: UInt16) throws(SystemError) -> UInt16 {
    let listener = try Listener(address: address, port: port)
    let chosen = listener.port
    try poller.watch(listener.descriptor.raw, UInt32(LINUX_IN), Token(.listener, generation: 0, number: 0))
    self.listener = consume listener
    return chosen
  }

  /// Stops listening; connections that were accepted live on.
  public func stopListening() { listener = nil }

  private func watchListener(_ on: Bool) {
    let token = Token(.listener, generation: 0, number: 0)
    listener.lend { poller.change($0.descriptor.raw, on ? UInt32(LINUX_IN) : 0, token) }
  }

  /// The number of connected clients.
  public var clientCount: Int { clients.count }

  /// Lends the client's waiting input; `nil` for a stale name.
  public func withInput<Result>(of client: ClientID, _ body: (Span<UInt8>) -> Result) -> Result? {
    clients.table[.init(bits: client.bits)].lend { body($0.incoming.readable) }
  }

  /// Bytes that wait, of all clients together: input for the gateway, and output for the clients.
  public var waitingBytes: (input: Int, output: Int) {
    var waiting = (input: 0, output: 0)
    for slot in clients.table.slots {
      guard let id = clients.table.id(at: slot) else { continue }
      waiting.input += clients.table[id]?.incoming.count ?? 0
      waiting.output += clients.table[id]?.outgoing.count ?? 0
    }
    return waiting
  }

  /// Gives back input that was read.
  public func consumeInput(of client: ClientID, _ count: Int) {
    clients.table[.init(bits: client.bits)]?.incoming.consume(count)
  }

  /// Stops or resumes reading from a client. Its hanging up is seen all the same.
  public func pauseInput(of client: ClientID, _ paused: Bool) {
    let id = Slots<Client>.ID(bits: client.bits)
    guard clients.table[id]?.isReadingPaused == !paused else { return }
    clients.table[id]?.isReadingPaused = paused
    clients.touch(id)
  }

  /// Queues output, which goes out at the end of the turn in one `send`.
  ///
  /// Returns how many bytes wait now; above `outputHighWater` the caller should send no more until `.drained`.
  @discardableResult
  public func send(_ bytes: Span<UInt8>, to client: ClientID) -> Int {
    let id = Slots<Client>.ID(bits: client.bits)
    guard clients.table[id]?.phase == .open else { return 0 }
    clients.table[id]?.outgoing.append(bytes)
    clients.touch(id)
    let waiting = clients.table[id]?.outgoing.count ?? 0
    if waiting > Self.outputHighWater { clients.table[id]?.isFull = true }
    return waiting
  }

  /// Output above which a client counts as full, in bytes.
  public static var outputHighWater: Int { Clients.highWater }

  /// Output that waits for a client, in bytes.
  public func waitingOutput(of client: ClientID) -> Int {
    clients.table[.init(bits: client.bits)]?.outgoing.count ?? 0
  }

  /// Sends what is queued, then ends the connection so that the peer can read it all. No event follows.
  public func close(_ client: ClientID) {
    clients.close(.init(bits: client.bits), now: now, &deadlines)
  }

  /// Ends the connection at once, so that the peer sees it break; what the socket does not take is lost. No
  /// event follows.
  public func reset(_ client: ClientID) {
    let id = Slots<Client>.ID(bits: client.bits)
    _ = clients.table[id]?.flush()
    _ = clients.table[id].lend { linux_reset_on_close($0.descriptor.raw) }
    clients.drop(id, &deadlines)
  }

  // MARK: Upstreams

  /// Starts a request to an upstream.
  public func start(_ request: UpstreamRequest) -> TransferID {
    upstreams.start(request, now: now, deadlines: &deadlines)
  }

  /// Starts a scripted upstream.
  public func start(_ script: Script) -> TransferID {
    upstreams.start(script, now: now, deadlines: &deadlines)
  }

  /// Ends a transfer; no event follows and its connection closes.
  public func cancel(_ transfer: TransferID) { upstreams.cancel(transfer, deadlines: &deadlines) }

  /// What has come back so far; `nil` for a stale name.
  public func response(of transfer: TransferID) -> Response? { upstreams.response(transfer) }

  /// Gives back body bytes that were read.
  public func consumeBody(of transfer: TransferID, _ count: Int) {
    upstreams.consume(transfer, count, now: now, deadlines: &deadlines)
  }

  /// The number of running transfers.
  public var transferCount: Int { upstreams.count }

  /// Answers an origin, as in `http://upstream.test`, by a script instead of the network.
  public func answer(origin: String, with script: @escaping (UpstreamRequest) -> Script) {
    upstreams.scripted[origin] = script
  }

  // MARK: Time and threads

  /// Asks for a `.woke` event at a point in time on this reactor's clock.
  public func wake(at time: Duration, tag: UInt64) -> AlarmID {
    AlarmID(id: .init(bits: deadlines.add(time, .gateway(tag: tag)).bits))
  }

  /// Moves an alarm; false when it has gone off.
  @discardableResult
  public func move(_ alarm: AlarmID, to time: Duration) -> Bool { deadlines.move(alarm.id, to: time) }

  /// Takes an alarm back.
  public func cancel(_ alarm: AlarmID) { deadlines.remove(alarm.id) }

  /// Tells by `.posted` that values wait in a mailbox.
  public func watch<Value>(_ mailbox: Mailbox<Value>) throws(SystemError) {
    let token = Token(.mailbox, generation: 0, number: UInt32(bitPattern: mailbox.wake))
    try poller.watch(mailbox.wake, UInt32(LINUX_IN), token)
  }

  /// Whether something listens on a loopback port. Waits, so it is for the time before the loop only.
  public static func answers(loopbackPort port: UInt16, within time: Duration) -> Bool {
    linux_answers(port, CInt(clamping: time.milliseconds)) != 0
  }

  /// Nanoseconds since 1970, for what leaves the process.
  public static var wallClock: UInt64 { linux_wall_nanoseconds() }
}

@available(*, unavailable)
extension Reactor: Sendable {}
