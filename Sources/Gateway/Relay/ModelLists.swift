internal import Reactor

/// Requests the model lists of all providers side by side, and keeps the result for a short while.
final class ModelLists {
  private let reactor: Reactor
  private let transfers: Transfers
  private let dispatcher: Dispatcher
  private let recorder: Recorder
  private var settings: Settings
  private var list = ModelList()
  /// Connections that wait for the lists.
  private(set) var waiting: [Connection] = []
  private(set) var deadline: TimerID?
  /// The models that providers list, as they have arrived.
  private var found: [ProviderID: [String]] = [:]
  /// When the lists were last requested.
  private var requested: Duration?
  /// With at most this many providers, each list counts as soon as it arrives. With more, compiling the table as often would
  /// take the loop too long.
  private static let learnedOneByOneMax = 16
  /// The shortest time between two requests of the lists because a model was not found.
  private static let missingInterval = Duration.seconds(5)
  /// Providers that have never responded, of which the operator knows.
  private var reported: Set<ProviderID> = []
  /// The bytes that have arrived, by provider.
  private var bodies: [ProviderID: [UInt8]] = [:]

  init(
    _ settings: Settings, reactor: Reactor, transfers: Transfers, dispatcher: Dispatcher, recorder: Recorder
  ) {
    self.settings = settings
    self.reactor = reactor
    self.transfers = transfers
    self.dispatcher = dispatcher
    self.recorder = recorder
  }

  /// Uses other settings from here on. Call `finish` first: lists that are awaited are those of other providers.
  ///
  /// - Parameter keepsList: Whether the providers are the same, so that their lists stay known and awaited.
  func apply(_ settings: Settings, keepsList: Bool) {
    self.settings = settings
    if !keepsList { list = ModelList() }
  }

  var entries: [ModelEntry] { list.entries }

  /// Whether the models are known; otherwise requests their lists, and the connection waits.
  func isFresh(for connection: Connection) -> Bool {
    if list.isFresh(now: reactor.now, for: settings.configuration.server.modelsCache) { return true }
    waiting.append(connection)
    if list.pending.isEmpty { request() }
    return false
  }

  /// Whether a connection waits for lists without which requests wait, too.
  func holds(_ connection: Connection) -> Bool {
    guard !list.pending.isEmpty, dispatcher.awaitsLists(now: reactor.now) else { return false }
    waiting.append(connection)
    return true
  }

  /// Whether a connection waits for the lists.
  var isAwaited: Bool { !waiting.isEmpty }

  /// A connection ended: it waits no longer.
  func forget(_ connection: Connection) {
    if !waiting.isEmpty { waiting.removeAll { $0 === connection } }
  }

  /// Takes the connections that waited, if all lists are there.
  func takeReady() -> [Connection] {
    guard list.pending.isEmpty, deadline == nil, !waiting.isEmpty else { return [] }
    defer { waiting = [] }
    return waiting
  }

  private func request() {
    requested = reactor.now
    list.begin(settings.providers.map(\.id))
    bodies = [:]
    found = [:]
    for (index, provider) in settings.providers.enumerated() {
      if provider.demo != nil {
        list.take(provider.id, Self.configured(provider))
        continue
      }
      _ = transfers.start(
        settings.modelListRequest(index, connectTimeout: provider.timeouts.connect)
      ) { .modelList($0, provider.id) }
    }
    deadline = reactor.setTimer(
      at: reactor.now + settings.configuration.server.modelsTimeout, tag: TimerKind.models.tag)
    finishIfComplete()
  }

  /// The models that the configuration names, for a provider that does not list its own.
  private static func configured(_ provider: Provider) -> [ModelEntry] {
    provider.namedModels.map { ModelEntry(id: $0, ownedBy: provider.name, created: 0) }
  }

  // MARK: Events

  func bodyReceived(_ transfer: TransferID, _ provider: ProviderID) {
    guard let response = reactor.response(of: transfer) else { return }
    bodies[provider, default: []].append(response.body.readable)
    reactor.consumeBody(of: transfer, response.body.count)
    if bodies[provider, default: []].count > ModelList.listBytesMax {
      transfers.cancel(transfer)
      take(provider, nil)
      finishIfComplete()
    }
  }

  func transferEnded(_ transfer: TransferID, _ id: ProviderID, _ end: TransferEnd) {
    noteReach(id, AttemptFailure(end), hasResponded: reactor.response(of: transfer)?.hasHead ?? false)
    var found: [ModelEntry]?
    if end == .complete, let response = reactor.response(of: transfer), response.status == 200,
      let provider = settings.provider(id)
    {
      var body = bodies[id] ?? []
      body.append(response.body.readable)
      found = ModelListReader.read(body.span, ownedBy: provider.name)
    }
    take(id, found)
    finishIfComplete()
  }

  /// Notes that a provider responded, or tells the operator once that it has never done so.
  private func noteReach(_ id: ProviderID, _ failure: AttemptFailure?, hasResponded: Bool) {
    if hasResponded {
      reported.remove(id)
      return dispatcher.responded(id)
    }
    guard let failure, let index = settings.index(of: id),
      !dispatcher.balancer.health.providers[index].wasReached, reported.insert(id).inserted
    else { return }
    let provider = settings.providers[index]
    recorder.notify(
      "hoosh: the provider \(provider.name) at \(provider.baseURL) is unreachable: "
        + failure.apiError(provider: provider.name).message)
  }

  /// Takes a provider's list; without one, or where it lists nothing that is routed to it, its configured models.
  private func take(_ id: ProviderID, _ entries: [ModelEntry]?) {
    guard let index = settings.index(of: id) else { return list.take(id, []) }
    if let entries { found[id] = entries.map(\.id) }
    let served = entries?.flatMap { entry in
      dispatcher.servedNames(of: entry.id, at: index).map { name in
        var entry = entry
        entry.id = name
        return entry
      }
    }
    list.take(id, served ?? Self.configured(settings.providers[index]))
  }

  /// Some lists have not come in time: the others are the answer.
  func finish() {
    for owner in transfers.owners {
      guard case .modelList(let transfer, let provider) = owner else { continue }
      noteReach(provider, .timedOut(.head), hasResponded: reactor.response(of: transfer)?.hasHead ?? false)
      transfers.cancel(transfer)
      take(provider, nil)
    }
    finishIfComplete()
  }

  private func finishIfComplete() {
    guard list.pending.isEmpty, let deadline else {
      if deadline != nil, settings.providers.count <= Self.learnedOneByOneMax {
        dispatcher.learn(found, isComplete: false)
      }
      return
    }
    reactor.cancel(deadline)
    self.deadline = nil
    dispatcher.learn(found)
    // A name may have another meaning that no provider serves, or be a pin to another provider.
    list.finish(order: settings.providers.map(\.id), others: others, now: reactor.now) { dispatcher.isServed($0) }
  }

  /// The names that the configuration gives to models.
  private var others: [ModelEntry] {
    dispatcher.otherNames.map { ModelEntry(id: $0.name, ownedBy: settings.providers[$0.provider].name, created: 0) }
  }

  // MARK: Routing

  /// Requests the lists for routing now, and again at an interval.
  func start() {
    let interval = settings.configuration.server.modelsRefresh
    guard interval > .zero else { return }
    refreshForRouting()
    _ = reactor.setTimer(at: reactor.now + interval, tag: TimerKind.modelRefresh.tag)
  }

  /// Holds requests whose provider depends on lists that are awaited: after the start, and with another configuration.
  func holdRequests() {
    if list.pending.isEmpty { return }
    dispatcher.awaitLists(until: reactor.now + settings.configuration.server.modelsTimeout)
  }

  /// A model was not found: requests the lists, unless that was a moment ago.
  func refreshAfterMissing() {
    if let requested, reactor.now - requested < Self.missingInterval { return }
    refreshForRouting()
  }

  /// Requests the lists, unless they are awaited or never requested for routing.
  func refreshForRouting() {
    if settings.configuration.server.modelsRefresh > .zero, list.pending.isEmpty { request() }
  }
}

@available(*, unavailable)
extension ModelLists: Sendable {}
