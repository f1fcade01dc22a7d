public import Probe
public import Reactor

/// The gateway: owns its parts, and passes each event to the part that it is for.
///
/// It decides and the reactor acts. Everything here lives on the reactor's thread; nothing is locked. A request that
/// cannot be served is an API error, never a failure of this type.
public final class Gateway {
  /// The program's version.
  public static let version = "0.1.0"

  let reactor: Reactor
  private(set) var settings: Settings
  /// The configuration of the start, some keys of which are read only then.
  let startConfiguration: Configuration
  var protection: Protection
  private var hasReportedTrust = false
  let recorder: Recorder
  let dispatcher: Dispatcher
  let connections: Connections
  let transfers: Transfers
  let largeWork: LargeWork
  let relay: Relay
  let admission: Admission
  let healthChecks: HealthCheckRunner
  let endpoints: Endpoints
  let reloads: Reloads
  let keyFileWork: KeyFileWork
  let accessLog: AccessLogWriter
  var ledgerWriter: LedgerWriter?
  private var hardware: HardwareMonitor?
  private var drainTimer: TimerID?
  /// How often the address for administration was not free yet.
  var administrationTries = 0
  /// Whether a timer is set for what waits for memory.
  private var isMemoryWatched = false
  /// The last event that subscribers were told of.
  private var deliveredEvents: UInt64 = 0

  /// Whether everything is done and the loop may end.
  public private(set) var isOver = false

  /// A gateway on a reactor of its own. `keys` are those of the configuration's key file. `seed` makes its request IDs; it
  /// should be random.
  public init(
    _ configuration: Configuration, keys: KeyRing? = nil, reactor: Reactor, seed: UInt64
  ) throws(SystemError) {
    self.reactor = reactor
    settings = Settings(configuration, ring: keys)
    startConfiguration = configuration
    protection = Protection(configuration, exposed: nil)
    if settings.usesTLS { CurlLibrary.prepareTLS() }
    recorder = Recorder(configuration.accessLog.format)
    dispatcher = Dispatcher(configuration, now: reactor.now)
    connections = Connections(settings, reactor: reactor, recorder: recorder, seed: seed)
    transfers = Transfers(reactor)
    admission = Admission(configuration.allowanceRules)
    largeWork = try LargeWork { [connections] in connections.mayMakeOutput($0) }
    try reactor.watch(largeWork.results)
    let shared = SharedAnswers(configuration.cache)
    relay = Relay(
      settings, reactor: reactor, connections: connections, dispatcher: dispatcher, recorder: recorder,
      transfers: transfers, largeWork: largeWork, admission: admission, shared: shared, seed: ~seed)
    healthChecks = HealthCheckRunner(
      settings, reactor: reactor, transfers: transfers, dispatcher: dispatcher, relay: relay)
    reloads = Reloads(reactor)
    keyFileWork = KeyFileWork(reactor)
    endpoints = Endpoints(
      settings, reactor: reactor, connections: connections, dispatcher: dispatcher, recorder: recorder,
      modelLists: ModelLists(
        settings, reactor: reactor, transfers: transfers, dispatcher: dispatcher, recorder: recorder),
      questions: ProviderQuestions(settings, reactor: reactor, transfers: transfers), largeWork: largeWork,
      reloads: reloads, keyFileWork: keyFileWork, admission: admission, shared: shared)
    accessLog = try AccessLogWriter(configuration.accessLog, reactor: reactor, recorder: recorder)
    reportTrust()
  }

  /// The reactor's options for a configuration.
  public static func reactorOptions(_ configuration: Configuration) -> Reactor.Options {
    var options = Reactor.Options()
    options.outputHighWater = configuration.server.outputHighWater
    options.dnsTTL = configuration.server.dnsCache
    return options
  }

  /// Listens as configured, or on an inherited socket; returns the port, also when the system chose it.
  ///
  /// - Throws: If other machines can reach the address, callers need no key, and the configuration does not say that this
  ///   is meant. The address is that of the bound socket, not the configured one.
  public func listen(inherited descriptor: Int32? = nil) throws(ListenError) -> Int {
    let port: UInt16
    do throws(SystemError) {
      let server = settings.configuration.server
      port =
        if let descriptor {
          try reactor.listen(inherited: descriptor)
        } else {
          try reactor.listen(address: server.bind, port: UInt16(clamping: server.port))
        }
    } catch { throw .system(error) }
    let address = reactor.listenerAddress
    let exposed = address.flatMap { $0.isLoopback ? nil : "\($0)" }
    protection = Protection(settings.configuration, exposed: exposed)
    if let exposed, settings.keys.allowsAnonymous, !settings.configuration.auth.isOpen {
      reactor.stopListening()
      throw .unprotected(exposed)
    }
    use(settings.bound(to: address, port: Int(port)))
    endpoints.modelLists.start()
    endpoints.modelLists.holdRequests()
    return Int(port)
  }

  /// Says once why no provider can be called over TLS, if so.
  private func reportTrust() {
    guard !hasReportedTrust, settings.usesTLS, let error = CurlLibrary.trustError else { return }
    hasReportedTrust = true
    recorder.notify("hoosh: \(error)")
  }

  /// Uses other settings from here on, in every part.
  ///
  /// - Parameter isSameConfiguration: Whether only keys of the key file are others.
  func use(_ settings: Settings, isSameConfiguration: Bool = false) {
    self.settings = settings
    reportTrust()
    admission.replace(settings.configuration.allowanceRules)
    connections.apply(settings)
    relay.apply(settings)
    if !isSameConfiguration { relay.shared.apply(settings.configuration.cache) }
    endpoints.apply(settings, isSameConfiguration: isSameConfiguration)
    healthChecks.apply(settings)
    if !settings.keys.allowsAnonymous { endRevoked() }
  }

  /// Takes the lines that the operator should read on standard error.
  public func takeNotices() -> [String] { recorder.takeNotices() }

  /// The most clients that may be connected: as configured, or as many as there are descriptors for.
  public var clientsMax: Int { connections.capacity.clientsMax }

  /// Whether a large body or answer is being read or translated on a thread.
  public var isTranslatingOnThread: Bool { largeWork.isBusy }

  // MARK: Events

  /// Passes one event to the part that it is for.
  public func handle(_ event: Event) {
    switch event {
    case .accepted(let client): connections.accept(client)
    case .received(let client): if let connection = connections[client] { serve(connection) }
    case .inputClosed(let client): if let connection = connections[client] { inputClosed(connection) }
    case .disconnected(let client): if let connection = connections[client] { disconnected(connection) }
    case .writable(let client): if let connection = connections[client] { writable(connection) }

    case .headReceived(let transfer):
      if case .exchange(let exchange)? = transfers[transfer] { relay.headReceived(transfer, exchange) }
    case .bodyReceived(let transfer): bodyReceived(transfer)
    case .transferEnded(let transfer, let end): transferEnded(transfer, end)

    case .timerFired(let timer, let tag): timerFired(timer, TimerKind(tag: tag))
    case .mailboxReady:
      hardware?.take()
      ledgerWriter?.takeReports()
      if let (connection, output) = largeWork.take() { largeWorkEnded(connection, output) }
      if let read = reloads.takeConfiguration() { reloadEnded(read) }
      takeKeyWork()
    case .filesChanged: checkFiles()
    case .signal(.hangUp):
      accessLog.reopen()
      reloads.start()
    case .signal(.terminate), .signal(.interrupt): stop()
    case .signal(.user2): break
    }
    finishEvent()
  }

  /// Does what an event has made due in several parts.
  func finishEvent() {
    repeat {
      relay.dispatchQueued()
      largeWork.startNext()
      endpoints.sendAwaitedModels()
      while let connection = connections.takeFinished() { serve(connection) }
    } while dispatcher.queue.isCheckDue
    if dispatcher.takeModelMissing() { endpoints.modelLists.refreshAfterMissing() }
    if recorder.events.newest != deliveredEvents {
      deliveredEvents = recorder.events.newest
      endpoints.deliverEvents()
    }
    accessLog.entriesAdded()
    ledgerWriter?.entriesAdded()
    watchMemory()
    if connections.isDraining, !isOver, connections.count == 0 { end() }
  }

  /// Looks at the memory again soon, if something waits for it.
  private func watchMemory() {
    guard !isMemoryWatched, relay.isWaitingForMemory || largeWork.isHeldUp else { return }
    isMemoryWatched = true
    _ = reactor.setTimer(at: reactor.now + Capacity.measurementMaxAge, tag: TimerKind.memory.tag)
  }

  /// Answers the requests of a connection that are complete, in order and one at a time.
  private func serve(_ connection: Connection) {
    // A response that is complete at once comes back to this loop, so that pipelined requests do not pile up on the
    // stack.
    connection.isServing = true
    defer { connection.isServing = false }
    while connections.readRequest(connection) {
      guard let request = connection.request, let endpoint = request.endpoint else {
        return connections.reset(connection)
      }
      if case .call(let call) = endpoint {
        relay.begin(connection, request, call)
      } else {
        endpoints.respond(connection, request, endpoint)
      }
    }
  }

  private func inputClosed(_ connection: Connection) {
    connection.isInputClosed = true
    serve(connection)
    if let exchange = connection.exchange { relay.pingClient(exchange) }
  }

  private func writable(_ connection: Connection) {
    relay.clientWritable(connection)
    if connections.isOpen(connection) { serve(connection) }
  }

  private func disconnected(_ connection: Connection) {
    relay.cancel(connection)
    endpoints.forget(connection)
    connections.remove(connection)
  }

  private func bodyReceived(_ transfer: TransferID) {
    switch transfers[transfer] {
    case .exchange(let exchange)?: relay.bodyReceived(transfer, exchange)
    case .modelList(_, let provider)?: endpoints.modelLists.bodyReceived(transfer, provider)
    case .question(let question)?: endpoints.questions.bodyReceived(question)
    case .healthCheck?, .detached?: transfers.discardBody(transfer)
    case nil: break
    }
  }

  private func transferEnded(_ transfer: TransferID, _ end: TransferEnd) {
    switch transfers.ended(transfer) {
    case .exchange(let exchange)?: relay.transferEnded(transfer, end, exchange)
    case .modelList(_, let provider)?: endpoints.modelLists.transferEnded(transfer, provider, end)
    case .healthCheck(_, let provider)?: healthChecks.transferEnded(transfer, provider, end)
    case .question(let question)?: endpoints.questions.transferEnded(question, end)
    case .detached?, nil: break
    }
  }

  private func largeWorkEnded(_ connection: Connection, _ output: LargeWork.Output) {
    guard let request = connection.request else { return }
    if case .countTokens(let endpoint)? = request.endpoint, case .call(let read) = output {
      endpoints.countTokens(connection, request, endpoint, read.map(\.call))
    } else {
      relay.largeWorkEnded(connection, request, output)
    }
  }

  private func timerFired(_ timer: TimerID, _ kind: TimerKind) {
    switch kind {
    case .connection(let slot):
      guard let (connection, expiry) = connections.timerFired(timer, slot: slot) else { return }
      switch expiry {
      case .exchange(let exchange):
        relay.tick(exchange)
        if connections.isOpen(connection) { connections.schedule(connection) }
      case .subscription: endpoints.sendKeepAlive(connection)
      case .slowClient:
        relay.cancel(connection)
        endpoints.forget(connection)
        connections.reset(connection)
      }
    case .transfer(let slot):
      if let question = transfers.timedOut(timer, slot: slot) { endpoints.questions.ended(question, nil) }
    case .models: endpoints.modelLists.finish()
    case .modelRefresh: endpoints.modelLists.start()
    case .accessLog: accessLog.timerFired()
    case .ledger: ledgerWriter?.timerFired()
    case .drain: stopNow()
    case .trim: connections.trim()
    case .memory:
      isMemoryWatched = false
      relay.resumeLongAnswers()
    case .healthChecks: healthChecks.start()
    case .file: reloads.checkFile()
    case .keyFile: keyFileWork.check()
    case .adminListener: retryAdministration()
    case .discovery: reloads.discover()
    }
  }
}

@available(*, unavailable)
extension Gateway: Sendable {}

// MARK: Lifecycle

extension Gateway {
  /// Stops. The first call begins the drain: no new request is read and the running ones finish. The second call ends
  /// everything.
  public func stop() {
    if connections.isDraining { return stopNow() }
    reactor.stopListening()
    healthChecks.stop()
    endpoints.endSubscriptions()
    drainTimer = reactor.setTimer(
      at: reactor.now + settings.configuration.server.drainTimeout, tag: TimerKind.drain.tag)
    connections.drain()
    recorder.notify("hoosh: stopping; \(Self.clients(connections.count))")
    if connections.count == 0 { end() }
  }

  private static func clients(_ count: Int) -> String {
    switch count {
    case 0: "no client is connected"
    case 1: "1 client is still connected"
    default: "\(count) clients are still connected"
    }
  }

  /// Ends what still runs, and tells its callers.
  func stopNow() {
    if !connections.isDraining { connections.drain() }
    for connection in connections.open {
      if let exchange = connection.exchange {
        relay.stop(exchange)
      } else if connection.phase == .response {
        endpoints.forget(connection)
        connections.reject(connection, .shuttingDown)
      }
      if connections.isOpen(connection) { connections.close(connection) }
    }
    end()
  }

  private func end() {
    if isOver { return }
    isOver = true
    if let drainTimer { reactor.cancel(drainTimer) }
    ledgerWriter?.close()
    ledgerWriter = nil
    recorder.notify("hoosh: stopped")
    accessLog.close()
  }

  /// Reads another configuration on SIGHUP, on `POST /v1/admin/reload` and when its file has changed. Call it before the
  /// loop runs: it may wait for a disk.
  public func watchConfiguration(_ source: Reloader) throws(SystemError) { try reloads.watch(source) }

  /// Monitors what the machine has: now, and whenever a caller asks.
  public func monitorHardware(
    _ options: DriverProber.Options, prices: Prices = .builtIn
  ) throws(SystemError) {
    let monitor = try HardwareMonitor(options, prices: prices)
    try reactor.watch(monitor.updates)
    monitor.refreshIfStale(now: reactor.now)
    hardware = monitor
    relay.hardware = monitor
    endpoints.hardware = monitor
  }
}
