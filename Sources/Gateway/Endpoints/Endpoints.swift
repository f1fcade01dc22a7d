internal import Reactor

/// The responses that the gateway makes itself: models, health, status, events, explanations, reload.
final class Endpoints {
  /// Bytes of a body that is no call of a model, all of which are read on the loop.
  static let questionBytesMax = 1024 * 1024

  let reactor: Reactor
  let connections: Connections
  let dispatcher: Dispatcher
  let recorder: Recorder
  let modelLists: ModelLists
  let questions: ProviderQuestions
  let largeWork: LargeWork
  let reloads: Reloads
  let keyFileWork: KeyFileWork
  let admission: Admission
  let shared: SharedAnswers
  private(set) var settings: Settings
  /// The hardware of the machine; `nil` unless it is monitored.
  var hardware: HardwareMonitor?
  /// Connections that subscribed to events.
  var subscribers: [UInt64: Connection] = [:]
  /// When the gateway was started.
  let began: Duration

  init(
    _ settings: Settings, reactor: Reactor, connections: Connections, dispatcher: Dispatcher, recorder: Recorder,
    modelLists: ModelLists, questions: ProviderQuestions, largeWork: LargeWork, reloads: Reloads,
    keyFileWork: KeyFileWork, admission: Admission, shared: SharedAnswers
  ) {
    self.settings = settings
    self.reactor = reactor
    self.connections = connections
    self.dispatcher = dispatcher
    self.recorder = recorder
    self.modelLists = modelLists
    self.questions = questions
    self.largeWork = largeWork
    self.reloads = reloads
    self.keyFileWork = keyFileWork
    self.admission = admission
    self.shared = shared
    began = reactor.now
  }

  /// Uses other settings from here on.
  ///
  /// - Parameter isSameConfiguration: Whether only keys of the key file are others.
  func apply(_ settings: Settings, isSameConfiguration: Bool) {
    self.settings = settings
    modelLists.apply(settings, keepsList: isSameConfiguration)
    questions.apply(settings)
  }

  /// Sends the response of an endpoint that is not a call, or begins to make it.
  func respond(_ connection: Connection, _ request: AcceptedRequest, _ endpoint: Endpoint) {
    if case .countTokens(let call) = endpoint { return countTokens(connection, request, call) }
    if connection.body.count > Self.questionBytesMax { return connections.reject(connection, .tooLargeQuestion) }
    switch endpoint {
    case .call, .countTokens: preconditionFailure("a call is an exchange, and its tokens are counted above")
    case .models, .model, .ollamaTags, .ollamaShow, .ollamaLoaded: respondModels(connection, request, endpoint)
    case .ollamaVersion: connections.reply(connection, 200, OllamaModels.version)
    case .healthProviders, .routeExplain:
      // Just after the start, what they say depends on lists that arrive within a moment.
      if modelLists.holds(connection) { return }
      respondAfterLists(connection, endpoint)
    case .healthHeartbeat: respondHeartbeat(connection)
    case .recentEvents(let query): respondRecentEvents(connection, query)
    case .events(let query): subscribe(connection, request, query)
    case .queueStatus: respondQueue(connection)
    case .routeDecision: explainDecision(connection, id: request.model)
    case .reload: respondReload(connection)
    case .tokens(let question): respondTokens(connection, request, question)
    case .costs: respondCosts(connection)
    case .costReset: resetCosts(connection, request)
    case .costEstimate: estimateCost(connection, request.caller)
    case .keys(let question): respondKeys(connection, request, question)
    case .ownKey: respondOwnKey(connection, request)
    case .cacheStats: respondCacheStats(connection)
    case .cacheEmptying: emptyCache(connection, request)
    case .hello: connections.reply(connection, 200, "{\"status\":\"ok\"}\n")
    case .root:
      connections.reply(
        connection, 200, "{\"name\":\"hoosh\",\"version\":\"\(Gateway.version)\",\"status\":\"ok\"}\n")
    case .liveness:
      let count = settings.providers.count
      connections.reply(
        connection, 200,
        "{\"status\":\"ok\",\"version\":\"\(Gateway.version)\",\"providers_configured\":\(count)}\n")
    case .status: respondStatus(connection)
    case .hardware(let endpoint): respondHardware(connection, endpoint)
    case .readiness:
      if connections.isDraining { return connections.reject(connection, .shuttingDown) }
      if recorder.ledger?.failure != nil { return connections.reject(connection, LedgerFeed.unavailable) }
      connections.reply(connection, 200, "{\"status\":\"ready\"}\n")
    }
  }

  /// Sends a response that depends on the model lists.
  func respondAfterLists(_ connection: Connection, _ endpoint: Endpoint) {
    if endpoint == .routeExplain { explainRoute(connection) } else { respondProviders(connection) }
  }

  /// A connection ended: it is taken from every waiting list.
  func forget(_ connection: Connection) {
    modelLists.forget(connection)
    questions.forget(connection)
    reloads.forget(connection)
    keyFileWork.forget(connection)
    if connection.subscription != nil { subscribers[connection.number] = nil }
  }
}

@available(*, unavailable)
extension Endpoints: Sendable {}

extension APIError {
  /// The body of a request that is no call of a model is read on the loop, at once.
  fileprivate static var tooLargeQuestion: APIError {
    APIError(
      413, .requestTooLarge,
      "This endpoint takes a body of at most \(Endpoints.questionBytesMax) bytes. Send a shorter one.")
  }
}
