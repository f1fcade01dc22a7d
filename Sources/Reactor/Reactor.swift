internal import CLinux

/// Whom a deadline belongs to.
enum DeadlineOwner {
  /// The gateway, which asked with this tag.
  case gateway(tag: UInt64)
  /// A script's next step.
  case script(TransferID)
  /// A transfer that waits for the addresses of a name.
  case lookup(TransferID)
  /// A closing connection's last chance.
  case closeTimeout(ClientID)
  /// The listener, which waits until descriptors are free again.
  case listener
}

/// One thread's loop: client connections, upstream transfers, deadlines, signals and mailboxes on one epoll set.
///
/// `turn` sleeps until something happens and says what; the other methods, in `Reactor+Clients.swift` and
/// `Reactor+Upstreams.swift`, make things happen. Everything is queued and done at the edge of a turn: one `send`
/// per client, one visit to libcurl's timers. Not for sharing: it never leaves the thread that made it.
public final class Reactor {
  /// What a reactor is made with.
  public struct Options {
    /// Whether the process's signals become events, for as long as the reactor lives.
    public var takesSignals: Bool
    /// Where time comes from.
    public var clock: Clock
    /// Output above which a client counts as full, in bytes; at a quarter of it it is drained.
    public var outputHighWater = 256 * 1024
    /// How long the addresses of a name are used before it is looked up again.
    public var dnsTTL = Duration.seconds(60)
    /// Looks a host name up, on a thread of its own; `nil` when nobody can say.
    public var resolve: @Sendable (String) -> [IPAddress]? = SystemResolver.resolve

    public init(takesSignals: Bool = false, clock: Clock = .monotonic) {
      self.takesSignals = takesSignals
      self.clock = clock
    }
  }

  /// Bytes that ready descriptors may bring in one turn; the rest is first in line in the next one.
  private static let bytesPerTurn = 128 * 1024

  let poller: Poller
  var clients: Clients
  let upstreams: Upstreams
  var deadlines = Deadlines<DeadlineOwner>()
  var listener: Listener?
  private let signals: Signals?
  private var events: [Event] = []
  /// Transfers whose end was told in the last turn.
  private var over: [TransferID] = []
  private let clock: Clock
  /// Connections taken over since the last turn.
  var adopted: [ClientID] = []
  private var lag = LoopLag()
  private var batchLimit = BatchLimit()
  /// How many events the poller has, and which of them is to be handled next.
  private var ready = 0
  private var next = 0
  private var turns = 0
  /// The wall clock as it was read in this turn; zero before that.
  private var wall: UInt64 = 0
  private let memory: Descriptor?

  /// What a client is sent that is accepted on the last descriptor and closed at once; nothing, if it is empty.
  public var exhaustedReply: [UInt8] = []

  /// The time of this turn, on the reactor's clock.
  public private(set) var now: Duration

  /// A reactor with nothing in it.
  public init(_ options: Options = Options()) throws(SystemError) {
    let poller = try Poller()
    upstreams = try Upstreams(poller: poller, resolve: options.resolve, dnsTTL: options.dnsTTL)
    clients = Clients(highWater: options.outputHighWater)
    clock = options.clock
    now = Self.monotonic()
    memory = try? Descriptor(owning: unsafe linux_open_for_reading("/proc/self/statm"), from: "open statm")
    if options.takesSignals {
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
    for client in adopted { events.append(.accepted(client)) }
    adopted.removeAll(keepingCapacity: true)

    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    clients.flush(now: now, poller: poller, deadlines: &deadlines, into: &events)

    let rest = clock == .manual ? .zero : sleep(limit)
    turns &+= 1
    let awake = lag.asleep()
    // Where time is made, how long a turn really took must change nothing.
    if clock == .monotonic { batchLimit.adapt(after: awake) }
    // What the last turn left of a batch comes before anything new.
    let isNew = next == ready
    if isNew {
      next = 0
      ready = poller.wait(atMost: rest, most: clock == .manual ? Poller.batch : batchLimit.value)
    }
    lag.awake()
    wall = 0
    if clock == .monotonic { now = Self.monotonic() }
    upstreams.begin(atMost: batchLimit.value, poller: poller)
    let count = ready - next
    let most = clock == .manual ? Int.max : receivedBytes + Self.bytesPerTurn
    while next < ready, receivedBytes <= most {
      if poller[next].token.isBulk { handle(poller[next]) }
      next += 1
    }
    // Those that bring no bytes, as the listener and signals, never wait for a later turn; but who leaves is seen before
    // who comes.
    if isNew { for index in 0..<ready where !poller[index].token.isBulk { handle(poller[index]) } }
    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    // Behind what arrived: after a pause of the whole process both are late, and what arrived was not.
    if clock == .manual || !batchLimit.isBehind(count, isCut: next < ready) { expire() }
    for case .transferEnded(let id, _) in events { over.append(id) }
    return events
  }

  /// Bytes received since the beginning, from clients and upstreams.
  private var receivedBytes: Int { clients.receivedBytes &+ upstreams.receivedBytes }

  private func sleep(_ limit: Duration?) -> Duration? {
    if !events.isEmpty || upstreams.hasPendingWork { return .zero }
    var wait = limit
    for time in [deadlines.next, upstreams.curlDue] {
      guard let time else { continue }
      let rest = max(.zero, time - now)
      wait = wait.map { min($0, rest) } ?? rest
    }
    return wait
  }

  private func handle(_ event: (events: UInt32, token: Token)) {
    let (ready, token) = event
    switch token.kind {
    case .client: clients.ready(token, ready, deadlines: &deadlines, into: &events)
    case .upstream:
      upstreams.curlReady(token.number, generation: token.generation, events: ready, poller: poller)
    case .listener: acceptSome()
    case .signals: while let signal = signals.withBorrowed({ $0.take() }) ?? nil { events.append(.signal(signal)) }
    case .mailbox:
      _ = linux_eventfd_take(CInt(bitPattern: token.number))
      events.append(.mailboxReady)
    case .files:
      linux_inotify_drain(CInt(bitPattern: token.number))
      events.append(.filesChanged)
    case .dns: upstreams.lookupsFinished(now: now, deadlines: &deadlines)
    case nil: break
    }
  }

  private func acceptSome() {
    for _ in 0..<Listener.acceptsPerTurn {
      switch listener.withBorrowed({ $0.accept() }) {
      case .client(let descriptor, let address)?:
        if let id = clients.add(descriptor, address, poller: poller) { events.append(.accepted(id)) }
      case .nothing?: return
      case nil: return
      case .exhausted?:
        // Who waits is told why, on the one descriptor that is kept for that.
        if listener?.refuse(exhaustedReply) == true { continue }
        // Level-triggered readiness would spin: look again when some may have been closed.
        watchListener(false)
        _ = deadlines.add(now + Listener.exhaustedPause, .listener)
        return
      }
    }
  }

  /// Serves deadlines that are due, as many as one turn can bear; what is left is served in the next one.
  private func expire() {
    let most = clock == .manual ? Int.max : batchLimit.value
    var served = 0
    while served < most, let (id, owner) = deadlines.takeDue(now) {
      served += 1
      switch owner {
      case .gateway(let tag): events.append(.timerFired(TimerID(id: .init(bits: id.bits)), tag: tag))
      case .script(let transfer): upstreams.play(transfer, now: now, deadlines: &deadlines, into: &events)
      case .lookup(let transfer): upstreams.lookupTimedOut(transfer)
      case .closeTimeout(let client): clients.drop(.init(bits: client.bits), &deadlines)
      case .listener: watchListener(true)
      }
    }
  }

  private static func monotonic() -> Duration { .nanoseconds(Int64(linux_monotonic_nanoseconds())) }

  // MARK: Time and threads

  /// Where a reactor's time comes from.
  public enum Clock: Sendable {
    /// The system's monotonic clock, which no change of the wall clock moves.
    case monotonic
    /// `advance` alone: time stands still otherwise and a turn never sleeps, so that hours pass in a test.
    case manual
  }

  /// The soonest deadline, if any: how far a manual clock may go before something is due.
  public var nextDeadline: Duration? { deadlines.next }

  /// Moves a manual clock to a point in time; it never goes back.
  public func advance(to time: Duration) {
    if clock == .manual { now = max(now, time) }
  }

  /// Asks for a `.timerFired` event at a point in time on this reactor's clock.
  public func setTimer(at time: Duration, tag: UInt64) -> TimerID {
    TimerID(id: .init(bits: deadlines.add(time, .gateway(tag: tag)).bits))
  }

  /// Moves an alarm; false when it has gone off.
  @discardableResult
  public func moveTimer(_ alarm: TimerID, to time: Duration) -> Bool { deadlines.move(alarm.id, to: time) }

  /// Takes an alarm back.
  public func cancel(_ alarm: TimerID) { deadlines.remove(alarm.id) }

  /// Tells by `.mailboxReady` that values wait in a mailbox.
  public func watch<Value>(_ mailbox: Mailbox<Value>) throws(SystemError) {
    let token = Token(.mailbox, generation: 0, number: UInt32(bitPattern: mailbox.wake))
    try poller.watch(mailbox.wake, UInt32(LINUX_IN), token)
  }

  /// Nanoseconds since 1970, for what leaves the process; read once a turn.
  public var wallClock: UInt64 {
    if wall == 0 { wall = linux_wall_nanoseconds() }
    return wall
  }

  // MARK: What it holds

  /// How long what is ready waits for the loop, in nanoseconds: `own` without the time that the thread stood in
  /// the scheduler's queue, `all` with it.
  public var loopLag: (own: Histogram, all: Histogram) { (lag.own, lag.all) }

  /// Turns since the beginning.
  public var turnCount: Int { turns }

  /// Bytes of this process that are in memory; 0 when the system does not say.
  public var residentBytes: Int { Int(memory.withBorrowed { linux_read_resident($0.raw) } ?? 0) }

  /// Makes the allocator give large blocks back to the system as soon as they are free; once, at the start.
  public static func returnLargeBlocks() { linux_return_large_blocks() }

  /// Gives memory that is free inside the process back to the system, on a thread of its own: it takes the longer the
  /// more there is.
  public func trimMemory() { try? Worker.start { linux_trim_memory() } }

  /// Descriptors that the system gives this process at most.
  public static var descriptorsMax: Int { Int(linux_descriptors_max()) }
}

@available(*, unavailable)
extension Reactor: Sendable {}
