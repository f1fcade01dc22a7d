public import Reactor

/// The gateway: all its state, and one switch from what happened to what is done about it.
///
/// It decides and the reactor acts. Everything here lives on the reactor's thread; nothing is locked, and a
/// request that cannot be served is an answer, never a failure of this type.
public final class Gateway {
  let reactor: Reactor
  /// What holds now; a reload replaces it and what is made of it.
  var configuration: Configuration
  var providers: [Provider]
  var keys: APIKeys
  var hosts: HostAllowlist
  var origins: OriginAllowlist
  /// Where each provider is asked, taken apart once.
  var targets: [(chat: UpstreamTarget, models: UpstreamTarget)]
  let began: Duration

  var connections = IDTable<Connection>()
  var transfers = IDTable<TransferOwner>()
  var capacity: Capacity
  /// Who is asked, and what is known of those who could be.
  var balancer: LoadBalancer
  var queue: WaitingRoom
  /// Requests that have lost their place in the queue and are not told yet.
  var crowdedOut: [Connection] = []
  /// Whether somebody in the queue may have room now.
  var isServingDue = false
  var probeAlarm: TimerID?
  var events = EventRing<EventData>()
  /// Who reads events as they happen.
  var feeds: [UInt64: Connection] = [:]
  var decisions: [Decision] = []
  var nextDecision = 0
  /// Where another configuration comes from, and who waits for it.
  var reloader: Reloader?
  var reloadWaiting: [Connection] = []
  /// The configuration's file, and whether it is soon looked whether it has changed.
  var fileNews = FileNews(nil)
  var isFileLookDue = false
  var models = ModelList()
  var modelQueue = ModelQueue()
  let journal: Journal
  /// What the machine has; `nil` unless it is watched.
  var hardware: HardwareWatch?
  var date = HTTPDate()
  var random: SplitMix
  /// Output buffer of the event at hand, kept for its capacity.
  var scratch: [UInt8] = []

  /// Set once the gateway is to stop: nothing new is begun, what runs is finished.
  var isDraining = false
  /// When the gateway was told to stop.
  var drainBegan = Duration.zero
  var drainAlarm: TimerID?
  /// Whether an alarm is set for giving memory back.
  var isTrimDue = false

  /// The program's version.
  public static let version = "0.1.0"

  /// Whether everything is done and the loop may end.
  public internal(set) var isOver = false

  /// How long a connection may still bring a request after the gateway was told to stop: one that waits between two,
  /// and one that came just now. A request on its way is not to be lost.
  static let lastCall = Duration.milliseconds(100)
  static let firstCall = Duration.milliseconds(500)

  /// Whom a transfer belongs to.
  enum TransferOwner {
    case exchange(Connection)
    /// One provider's list of models.
    case models(TransferID, provider: Int)
    /// A look at whether a provider is there.
    case look(TransferID, provider: String)
    /// Nobody any more: its last bytes are awaited so that the connection can be used again.
    case nobody(TransferID, TimerID)
  }

  /// A gateway on a reactor of its own. `seed` makes its request ids; give it chance.
  public init(_ configuration: Configuration, reactor: Reactor, seed: UInt64) throws(SystemError) {
    self.reactor = reactor
    self.configuration = configuration
    providers = Self.providers(configuration)
    keys = APIKeys(configuration.auth.tokens)
    let server = configuration.server
    hosts = HostAllowlist(bind: server.bind, names: server.allowedHosts)
    origins = OriginAllowlist(server.allowedOrigins)
    targets = Self.targets(providers)
    let table: RouteTable
    do throws(RouteTableError) { table = try configuration.table(generation: 1) } catch {
      preconditionFailure("routes that were not checked: \(error)")
    }
    balancer = LoadBalancer(
      table, policy: configuration.policy, HealthTracker(configuration.health(now: reactor.now)),
      ConcurrencyLimits(configuration.concurrencyLimits), names: providers.map(\.name),
      known: configuration.knownModels)
    queue = WaitingRoom(configuration.routing.queue)
    if targets.contains(where: \.chat.isSecure) { CurlLibrary.prepareTLS() }
    capacity = Capacity(server, descriptorsMax: Reactor.descriptorsMax)
    began = reactor.now
    random = SplitMix(state: seed)
    journal = try Journal(configuration.accessLog)
    date.update(reactor.wallClock)
    reactor.exhaustedReply = Self.exhaustedReply(date: date.text)
    armLooks()
  }

  static func providers(_ configuration: Configuration) -> [Provider] {
    configuration.enabled.map { Provider($0, models: configuration.models) }
  }

  static func targets(_ providers: [Provider]) -> [(chat: UpstreamTarget, models: UpstreamTarget)] {
    providers.map { (UpstreamTarget($0.chatURL), UpstreamTarget($0.modelsURL)) }
  }

  /// What a reactor needs to know of a configuration.
  public static func reactorOptions(_ configuration: Configuration) -> Reactor.Options {
    var options = Reactor.Options()
    options.outputHighWater = configuration.server.outputHighWater
    options.dnsTTL = configuration.server.dnsCache
    return options
  }

  /// Listens as configured, or on an inherited socket; returns the port, also when the system chose it.
  public func listen(inherited descriptor: Int32? = nil) throws(SystemError) -> Int {
    if let descriptor { return Int(try reactor.listen(inherited: descriptor)) }
    return Int(
      try reactor.listen(address: configuration.server.bind, port: UInt16(clamping: configuration.server.port)))
  }

  /// Clients that may be connected at once: as configured, or as many as there are descriptors for.
  public var clientsMax: Int { capacity.clientsMax }

  /// Acts on one event.
  public func handle(_ event: Event) {
    switch event {
    case .accepted(let client): welcome(client)
    case .received(let client): if let connection = connections[client.bits] { advance(connection) }
    case .inputClosed(let client): if let connection = connections[client.bits] { inputEnded(connection) }
    case .disconnected(let client): if let connection = connections[client.bits] { hungUp(connection) }
    case .writable(let client): if let connection = connections[client.bits] { drained(connection) }

    case .headReceived(let transfer): responded(transfer)
    case .bodyReceived(let transfer): arrived(transfer)
    case .transferEnded(let transfer, let end): ended(transfer, end)

    case .timerFired(let alarm, let tag): woke(alarm, Alarm(tag: tag))
    case .signal(.terminate), .signal(.interrupt): stop()
    case .mailboxReady:
      hardware?.take()
      takeConfiguration()
    case .filesChanged: lookAtFileLater()
    case .signal(.hangUp): reload()
    case .signal(.user2): break
    }
    if isServingDue { serveQueue() }
  }

  /// Stops: first call, nothing new is begun and what runs may finish; second call, everything ends.
  public func stop() {
    if isDraining { return stopNow() }
    isDraining = true
    drainBegan = reactor.now
    reactor.stopListening()
    if let probeAlarm { reactor.cancel(probeAlarm) }
    endLooks(all: true)
    for connection in feeds.values { close(connection) }
    drainAlarm = reactor.setTimer(at: reactor.now + configuration.server.drainTimeout, tag: Alarm.drain.tag)
    for connection in connections.values where connection.phase == .idle { arm(connection) }
    endIfDone()
  }

  /// Ends what still runs, telling its callers.
  func stopNow() {
    isDraining = true
    for connection in connections.values { stop(connection) }
    isOver = true
    flushJournal()
    journal.close()
  }

  func endIfDone() {
    guard isDraining, !isOver, connections.count == 0 else { return }
    isOver = true
    if let drainAlarm { reactor.cancel(drainAlarm) }
    flushJournal()
    journal.close()
  }
}

@available(*, unavailable)
extension Gateway: Sendable {}

/// What a deadline is for, in the 64 bits that the reactor gives back.
enum Alarm {
  /// A connection's next deadline, by its slot.
  case connection(slot: Int)
  /// A finished transfer has taken too long to end.
  case transfer(slot: Int)
  /// The providers' lists of models are awaited no longer.
  case models
  /// The journal's buffer is written out.
  case journal
  /// What still runs is ended.
  case drain
  /// A peak has passed, and memory can be given back.
  case trim
  /// It is looked whether providers are there.
  case looks
  /// It is looked whether the configuration's file has changed.
  case file

  var tag: UInt64 {
    switch self {
    case .connection(let slot): 1 << 56 | UInt64(slot)
    case .transfer(let slot): 2 << 56 | UInt64(slot)
    case .models: 3 << 56
    case .journal: 4 << 56
    case .drain: 5 << 56
    case .trim: 6 << 56
    case .looks: 7 << 56
    case .file: 8 << 56
    }
  }

  init(tag: UInt64) {
    let slot = Int(tag & 0xFFFF_FFFF)
    switch tag >> 56 {
    case 1: self = .connection(slot: slot)
    case 2: self = .transfer(slot: slot)
    case 3: self = .models
    case 4: self = .journal
    case 5: self = .drain
    case 7: self = .looks
    case 8: self = .file
    default: self = .trim
    }
  }
}

/// Numbers that look random, from a seed: for request ids, never for secrets (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
