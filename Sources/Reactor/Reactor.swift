internal import CLinux

/// The event loop of one thread: client connections, upstream transfers, timers, signals, and mailboxes on one epoll
/// instance.
///
/// `turn` waits for events and returns them. The other methods, here, in `Reactor+Clients.swift`, and in
/// `Reactor+Upstreams.swift`, request actions. Actions are queued and performed between turns: one `send` per client
/// and one pass over libcurl's timers. A reactor must stay on the thread that created it.
public final class Reactor {
  /// The settings of a reactor.
  public struct Options {
    /// Whether the process's signals become events while the reactor exists.
    public var takesSignals: Bool
    /// The source of time.
    public var clock: Clock
    /// The high-water mark of each client's pending output, in bytes. The low-water mark is a quarter of it.
    public var outputHighWater = 256 * 1024
    /// The time for which a host's addresses are used before they are looked up again.
    public var dnsTTL = Duration.seconds(60)
    /// The transport of requests that need no libcurl.
    public var transport = UpstreamRequest.Transport.automatic
    /// The DNS lookup, called on its own thread. Returns `nil` if the lookup failed.
    public var resolve: @Sendable (String) -> [IPAddress]? = SystemResolver.resolve

    /// Creates settings with defaults.
    public init(takesSignals: Bool = false, clock: Clock = .monotonic) {
      self.takesSignals = takesSignals
      self.clock = clock
    }
  }

  /// The number of bytes after which a turn handles no more ready clients and upstreams. They come first in the next
  /// turn.
  private static let bytesPerTurn = 128 * 1024
  /// A turn that comes later than this was held up: the process or the machine stood still.
  private static let heldUpAfter = Duration.milliseconds(100)

  let poller: Poller
  var clients: Clients
  let upstreams: Upstreams
  var deadlines = Deadlines<DeadlineOwner>()
  var listener: Listener?
  /// The second listening socket, if there is one.
  var secondListener: Listener?
  private let signals: Signals?
  private var events: [Event] = []
  /// The transfers whose end the last turn reported.
  private var ended: [TransferID] = []
  private let clock: Clock
  /// The connections adopted since the last turn.
  var adopted: [ClientID] = []
  private var lag = LoopLag()
  private var batchLimit = BatchLimit()
  /// The watched files.
  var fileWatches: [FileWatch] = []
  /// Whether this turn came much later than it should.
  private var isHeldUp = false
  /// The number of events that the poller has, and the index of the next one to handle.
  private var ready = 0
  private var next = 0
  private var turns = 0
  /// The wall clock as read in this turn, or zero if not read yet.
  private var wall: UInt64 = 0
  private let memory: Descriptor?

  /// The response sent to a client that is accepted on the spare descriptor and then closed. Empty for no response.
  public var exhaustedReply: [UInt8] = []

  /// The time of this turn, on the reactor's clock.
  public private(set) var now: Duration
  /// The same in nanoseconds.
  public private(set) var nanoseconds: Int64

  /// Creates a reactor without a listener.
  public init(_ options: Options = Options()) throws(SystemError) {
    let poller = try Poller()
    upstreams = try Upstreams(
      poller: poller, resolve: options.resolve, dnsTTL: options.dnsTTL, transport: options.transport)
    clients = Clients(highWater: options.outputHighWater)
    clock = options.clock
    nanoseconds = Int64(clamping: linux_monotonic_nanoseconds())
    now = .nanoseconds(nanoseconds)
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

  /// Performs the requested actions, waits for events, and returns them.
  ///
  /// Returns after `limit` at the latest, with no events if none occurred.
  public func turn(atMost limit: Duration? = nil) -> [Event] {
    for id in ended { upstreams.cancel(id, deadlines: &deadlines) }
    ended.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    for client in adopted { events.append(.accepted(client)) }
    adopted.removeAll(keepingCapacity: true)

    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    clients.flush(now: now, poller: poller, deadlines: &deadlines, into: &events)

    let rest = clock == .manual ? .zero : sleep(limit)
    turns &+= 1
    let awake = lag.asleep()
    // With a manual clock, the real duration of a turn must have no effect.
    if clock == .monotonic { batchLimit.adapt(after: awake) }
    // Events left over from the last batch come before new ones.
    let isNew = next == ready
    if isNew {
      next = 0
      ready = poller.wait(atMost: rest, limit: clock == .manual ? Poller.batch : batchLimit.value)
    }
    lag.awake()
    wall = 0
    if clock == .monotonic {
      let due = rest.map { now + $0 + Self.heldUpAfter }
      nanoseconds = Int64(clamping: linux_monotonic_nanoseconds())
      now = .nanoseconds(nanoseconds)
      // Not twice in a row, or on a slow machine no deadline would ever come.
      isHeldUp = !isHeldUp && due.map { now > $0 } ?? false
    }
    upstreams.begin(atMost: batchLimit.value, poller: poller)
    let count = ready - next
    let bytesMax = clock == .manual ? Int.max : receivedBytes + Self.bytesPerTurn
    while next < ready, receivedBytes <= bytesMax {
      if poller[next].token.isBulk { handle(poller[next]) }
      next += 1
    }
    // The listener, signals, and mailboxes never wait for a later turn. They come last, so that disconnects are
    // handled before new connections.
    if isNew { for index in 0..<ready where !poller[index].token.isBulk { handle(poller[index]) } }
    upstreams.serve(now: now, poller: poller)
    upstreams.collect(into: &events)
    // Deadlines come after received data: if the whole process was paused, both are late, and the data was on time. The
    // events that woke it may be the first of many, so the others come before, in the next turn.
    let isBehind = batchLimit.isBehind(count, isCut: next < ready)
    if clock == .manual || !isBehind && !isHeldUp { expire() }
    for case .transferEnded(let id, _) in events { ended.append(id) }
    return events
  }

  /// The number of bytes received from clients and upstreams since the start.
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
    case .listener: acceptSome(second: token.number == Self.secondListenerNumber)
    case .signals: while let signal = signals.withBorrowed({ $0.take() }) ?? nil { events.append(.signal(signal)) }
    case .mailbox:
      _ = linux_eventfd_take(CInt(bitPattern: token.number))
      events.append(.mailboxReady)
    case .files:
      linux_inotify_drain(CInt(bitPattern: token.number))
      events.append(.filesChanged)
    case .parents:
      for file in fileWatches where file.parentsDescriptor == CInt(bitPattern: token.number) {
        if file.takeParentChange() { events.append(.filesChanged) }
      }
    case .plain: upstreams.plainReady(token, ready, now: now, poller: poller, deadlines: &deadlines)
    case .dns: upstreams.lookupsFinished(now: now, poller: poller, deadlines: &deadlines)
    case nil: break
    }
  }

  private func acceptSome(second isSecond: Bool) {
    for _ in 0..<Listener.acceptsPerTurn {
      switch accept(second: isSecond) {
      case .client(let descriptor, let address)?:
        if let id = add(descriptor, address, second: isSecond) { events.append(.accepted(id)) }
      case .nothing?: return
      case nil: return
      case .exhausted?:
        // A waiting client receives an error, on the spare descriptor.
        let isRejected = isSecond ? secondListener?.reject(exhaustedReply) : listener?.reject(exhaustedReply)
        if isRejected == true { continue }
        // Level-triggered readiness would spin, so accept again after a pause.
        watchListeners(false)
        _ = deadlines.add(now + Listener.exhaustedPause, .listener)
        return
      }
    }
  }

  /// Serves due deadlines, up to the batch limit. The others are served in the next turn.
  private func expire() {
    let limit = clock == .manual ? Int.max : batchLimit.value
    var served = 0
    while served < limit, let (id, owner) = deadlines.takeDue(now) {
      served += 1
      switch owner {
      case .gateway(let tag): events.append(.timerFired(TimerID(id: .init(bits: id.bits)), tag: tag))
      case .script(let transfer): upstreams.play(transfer, now: now, deadlines: &deadlines, into: &events)
      case .lookup(let transfer): upstreams.lookupTimedOut(transfer)
      case .connectTimeout, .nextAddress, .idleConnections:
        upstreams.plainDue(owner, now: now, poller: poller, deadlines: &deadlines)
      case .closeTimeout(let client): clients.drop(.init(bits: client.bits), &deadlines)
      case .listener: watchListeners(true)
      }
    }
  }

  // MARK: Time and threads

  /// The source of a reactor's time.
  public enum Clock: Sendable {
    /// The system's monotonic clock, which changes of the wall clock do not affect.
    case monotonic
    /// Time that only `advance` moves. A turn never sleeps, so a test can cover hours.
    case manual
  }

  /// The earliest deadline, if any. A manual clock may advance that far before something is due.
  public var nextDeadline: Duration? { deadlines.next }

  /// Advances a manual clock to a point in time. It never goes back.
  public func advance(to time: Duration) {
    if clock == .manual, time > now {
      now = time
      nanoseconds = time.nanoseconds
    }
  }

  /// Sets a timer, which fires as `.timerFired` at a point in time on this reactor's clock.
  public func setTimer(at time: Duration, tag: UInt64) -> TimerID {
    TimerID(id: .init(bits: deadlines.add(time, .gateway(tag: tag)).bits))
  }

  /// Moves a timer. Returns false if it has fired.
  @discardableResult
  public func moveTimer(_ timer: TimerID, to time: Duration) -> Bool { deadlines.move(timer.id, to: time) }

  /// Cancels a timer.
  public func cancel(_ timer: TimerID) { deadlines.remove(timer.id) }

  /// Reports `.mailboxReady` when a mailbox contains values.
  public func watch<Value>(_ mailbox: Mailbox<Value>) throws(SystemError) {
    let token = Token(.mailbox, generation: 0, number: UInt32(bitPattern: mailbox.wake))
    try poller.watch(mailbox.wake, UInt32(LINUX_IN), token)
  }

  /// The wall clock, in nanoseconds since 1970, for data that leaves the process. Read at most once per turn.
  public var wallClock: UInt64 {
    if wall == 0 { wall = linux_wall_nanoseconds() }
    return wall
  }

  // MARK: What it holds

  /// Histograms of how long ready descriptors wait for the loop, in nanoseconds: `own` without the time that the
  /// thread spent in the scheduler's run queue, `all` with it.
  public var loopLag: (own: Histogram, all: Histogram) { (lag.own, lag.all) }

  /// The number of turns since the start.
  public var turnCount: Int { turns }

  /// The resident memory of this process in bytes, or 0 if it is unknown.
  public var residentBytes: Int { Int(memory.withBorrowed { linux_read_resident($0.raw) } ?? 0) }

  /// Makes the allocator return large blocks to the system as soon as they are free. Call it once, at startup.
  public static func returnLargeBlocks() { linux_return_large_blocks() }

  /// Returns free memory to the system on a separate thread, because the time it takes grows with the amount.
  public func trimMemory() { try? Worker.start { linux_trim_memory() } }

  /// Raises the descriptor limit as far as the system allows, and reserves the table for 65,536 of them, because a table
  /// that grows later stops the loop. Call it once, at startup, before any thread starts.
  public static func raiseDescriptorsMax() { linux_raise_descriptors_max() }

  /// Disables core dumps, and debuggers of other processes without privileges: memory has API keys and prompts.
  public static func hideMemory() { linux_hide_memory() }

  /// The most descriptors that the system allows this process.
  public static var descriptorsMax: Int { Int(linux_descriptors_max()) }
}

@available(*, unavailable)
extension Reactor: Sendable {}
