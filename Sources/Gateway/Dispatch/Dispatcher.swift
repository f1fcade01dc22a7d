/// Selects where each attempt goes: the load balancer, and the queue of requests that wait for a slot.
///
/// For an exchange `next` returns an attempt, a delay, a place in the queue or an API error, with its reasons. It
/// performs no I/O; time and randomness are arguments.
final class Dispatcher {
  /// The pause after which a provider that loads a model is tried again.
  private static let loadDelay = Duration.seconds(1)
  /// The most models of a list that takes part in routing; a provider with a longer one is treated as if it had none.
  static let listedMax = 4096
  /// The longest `Retry-After`, in seconds, that callers get.
  static let retryAfterMax = 3600

  var balancer: LoadBalancer
  private(set) var queue: SlotQueue
  private var configuration: Configuration
  /// The models that providers list, as far as they are known.
  private var lists: [ProviderID: [String]] = [:]
  /// Until when lists of new providers may arrive, without which some names have no certain provider; `nil` once they have.
  private var listsAwaited: Duration?
  /// The time after which a request that waits for the lists is tried again.
  private static let listsDelay = Duration.milliseconds(20)
  /// Whether a model was not found, so that the lists may be out of date.
  private var isModelMissing = false

  /// The next step of an exchange.
  enum Step {
    case attempt(Selection)
    /// The same provider is tried again then.
    case delay(until: Duration)
    /// The request waits for a slot, at most until then.
    case queued(until: Duration)
    /// No candidate is left; `wait` is the time until one of them is available, if it is known.
    ///
    /// - Parameter skipsOwner: Whether a provider that lists the model was skipped, so that a 404 of another one is not the
    ///   reason.
    case error(APIError, wait: Duration?, skipsOwner: Bool)
  }

  /// The inputs of the next step in addition to the route.
  struct Situation {
    /// Why the last attempt failed.
    var failure: AttemptFailure?
    /// How long a provider may load a model.
    var modelLoad: Duration
    /// The caller's dialect, in whose words errors are written.
    var dialect: Dialect
  }

  /// A dispatcher of a checked configuration.
  init(_ configuration: Configuration, now: Duration) {
    self.configuration = configuration
    let table: RouteTable
    do throws(RouteTableError) { table = try configuration.table(generation: 1) } catch {
      preconditionFailure("routes that were not checked: \(error)")
    }
    balancer = LoadBalancer(
      table, policy: configuration.policy, HealthTracker(configuration.health(now: now)),
      ConcurrencyLimits(configuration.concurrencyLimits), known: configuration.knownModels)
    queue = SlotQueue(capacity: configuration.routing.queue.capacity)
  }

  /// Uses another configuration from here on. Knowledge of providers that keep their name is kept.
  func replace(_ configuration: Configuration, now: Duration) throws(RouteTableError) {
    // The list of a provider at another address is not known.
    let addresses = self.configuration.addresses
    let lists = lists.filter { id, _ in configuration.addresses[id] == addresses[id] }
    let table = try configuration.table(generation: balancer.router.table.generation &+ 1, lists: lists)
    self.configuration = configuration
    self.lists = lists
    balancer.replace(
      table, policy: configuration.policy, configuration.health(now: now), configuration.concurrencyLimits,
      known: configuration.knownModels, at: now)
    queue.replace(capacity: configuration.routing.queue.capacity)
  }

  // MARK: Model lists

  /// Lists are requested and may change where requests go: those of which nothing else says so wait for them until `time`.
  func awaitLists(until time: Duration) { listsAwaited = time }

  /// Whether requests wait for lists.
  func awaitsLists(now: Duration) -> Bool { listsAwaited.map { now < $0 } ?? false }

  /// Takes the models that providers list, and routes by them from here on. Providers that are not in `found` keep theirs.
  ///
  /// - Parameter isComplete: Whether no other list will arrive.
  func learn(_ found: [ProviderID: [String]], isComplete: Bool = true) {
    if isComplete { listsAwaited = nil }
    var learned = lists
    // An empty list says nothing about what its provider serves: it may be another gateway.
    for (id, models) in found { learned[id] = (1...Self.listedMax).contains(models.count) ? models : nil }
    if learned == lists { return }
    do throws(RouteTableError) {
      balancer.replace(try configuration.table(generation: balancer.router.table.generation &+ 1, lists: learned))
      lists = learned
      queue.slotMayBeFree()
    } catch {
      // The table is that of the lists before.
    }
  }

  /// A model was not found, here or at its provider.
  func modelNotFound() { isModelMissing = true }

  /// Returns whether a model was not found since the last call.
  func takeModelMissing() -> Bool {
    defer { isModelMissing = false }
    return isModelMissing
  }

  /// Returns the names by which callers get a model that a provider lists, as far as the configuration lets it serve them.
  func servedNames(of model: String, at provider: Int) -> [String] {
    let provider = balancer.router.table.providers[provider]
    return provider.callersNames(of: model).filter { name in
      provider.models.isEmpty || provider.models.contains { ModelPattern($0).matches(name) }
    }
  }

  /// Returns whether a request for a model of this name has a candidate.
  func isServed(_ model: String) -> Bool {
    balancer.router.table.verdict(balancer.router.match(model)) == .found
  }

  /// The names of aliases and virtual models that have candidates, each with its first provider.
  var otherNames: [(name: String, provider: Int)] {
    let names =
      configuration.routing.virtualModels.map(\.name)
      + configuration.routing.aliases.map { $0.provider == nil ? $0.name : $0.model }
    return names.compactMap { name in firstCandidate(of: name).map { (name, $0.provider) } }
  }

  // MARK: One exchange

  /// Makes the route of a new exchange.
  ///
  /// - Parameter caller: Tells callers apart.
  /// - Parameter lacksMemory: Whether this machine has no memory for the model, so that local candidates are tried last.
  func route(
    _ call: Call, _ body: Span<UInt8>, session: AffinityKey?, caller: Int = 0, mayReadMore: Bool,
    requirements: Requirements? = nil, lacksMemory: (String) -> Bool,
    now: Duration
  ) -> RoutePlanBox {
    var plan = balancer.plan(call.model, affinity: affinity(call, session, body))
    let timeouts = configuration.server.timeouts
    plan.caller = caller
    plan.backoff = configuration.backoff(deadline: now + (call.streams ? timeouts.firstEvent : timeouts.total))
    if plan.count > 1, lacksMemory(call.model) {
      plan.lastResort = BitSet128(
        balancer.candidates(plan).enumerated().filter { $0.element.isLocal && !$0.element.isDirect }.map(\.offset))
    }
    applyRequirements(&plan, call, body, known: requirements, mayReadMore: mayReadMore)
    return RoutePlanBox(consume plan)
  }

  /// Excludes the candidates of a route that a caller may not use; returns whether others are left.
  func exclude(_ route: RoutePlanBox, where isForbidden: (Int) -> Bool) -> Bool {
    let candidates = balancer.candidates(route.plan)
    var isAnyLeft = candidates.isEmpty
    for (position, candidate) in candidates.enumerated() {
      guard isForbidden(candidate.provider) else {
        isAnyLeft = true
        continue
      }
      route.plan.failedProviders.append(balancer.router.table.providers[candidate.provider].id)
      route.plan.ineligible.insert(position)
      route.plan.input.excluded.insert(position)
    }
    return isAnyLeft
  }

  private func affinity(_ call: Call, _ session: AffinityKey?, _ body: Span<UInt8>) -> AffinityKey? {
    switch configuration.routing.affinity {
    case .off: nil
    case .session: session
    case .prefix: session ?? AffinityKey(prefix: body.bytes(call.prompt))
    }
  }

  /// Returns the next step of an exchange. An attempt has its slot; a queued exchange has its place.
  ///
  /// - Parameter waiting: The exchange, and how it waits if it has to.
  func next(
    _ route: RoutePlanBox, _ situation: Situation, waiting: @autoclosure () -> SlotQueue.Request, now: Duration,
    random: inout some RandomNumberGenerator
  ) -> Step {
    if situation.failure?.isTooLong == true { balancer.excludeSmallerContexts(&route.plan) }
    if situation.failure?.isLoading == true {
      balancer.startModelLoad(&route.plan, timeout: situation.modelLoad, at: now)
    }
    if let failure = situation.failure, failure.isNotFound { balancer.excludeUnlisted(&route.plan, after: failure) }
    if situation.failure == nil, awaitsLists(now: now), balancer.dependsOnLists(&route.plan) {
      return .delay(until: min(listsAwaited ?? now, now + Self.listsDelay))
    }
    switch balancer.next(&route.plan, at: now) {
    case .attempt(let selection): return .attempt(selection)
    case .atCapacity: return enqueue(route, waiting(), now)
    case .noCandidate: break
    }
    if balancer.mayRetryLoading(&route.plan, until: now + Self.loadDelay) {
      return .delay(until: now + Self.loadDelay)
    }
    if situation.failure?.allowsRetry == true,
      let delay = balancer.retryDelay(&route.plan, at: now, using: &random)
    {
      return .delay(until: now + delay)
    }
    let candidates = balancer.candidates(route.plan)
    let wait = balancer.timeUntilAvailable(route.plan, candidates, at: now)
    let skipped = candidates.enumerated().filter { position, candidate in
      candidate.flags.contains(.listed) && !route.plan.input.excluded.contains(position)
    }
    return .error(
      apiError(route.plan, candidates, skipped.map(\.element), wait, situation.dialect, now), wait: wait,
      skipsOwner: !skipped.isEmpty)
  }

  private func enqueue(_ route: RoutePlanBox, _ request: SlotQueue.Request, _ now: Duration) -> Step {
    switch queue.add(request, for: balancer.scopes(route.plan), at: now) {
    case .queued(let since): .queued(until: since + configuration.routing.queue.timeout)
    case .full(let seconds):
      .error(
        APIError(
          503, .overloaded,
          "All providers of this model are at their concurrency limit and the queue is full. Retry later.",
          retryAfter: seconds), wait: nil, skipsOwner: false)
    }
  }

  /// The API error of a request whose place in the queue another one took.
  static var evicted: APIError {
    APIError(
      503, .overloaded, "The queue is full and another request took this one's place. Retry later.", retryAfter: 1)
  }

  /// Releases an attempt's slot and records its result; returns the change of its provider's health, if there is one.
  ///
  /// - Parameter failed: Whether another attempt follows.
  func release(
    _ selection: Selection, _ result: ProviderHealth.Outcome, firstEvent: Duration?, failed: Bool,
    _ route: RoutePlanBox?, now: Duration
  ) -> HealthTracker.Change? {
    let change = balancer.ended(
      selection, result, firstEvent: firstEvent, failed: failed, route, at: now)
    queue.slotMayBeFree()
    return change
  }

  /// Removes an exchange from the queue.
  func leaveQueue(_ exchange: UInt64) { queue.remove(exchange) }

  /// Takes the exchanges that were evicted, and how many waiting ones may be tried now: each once.
  func takeDue() -> (evicted: [UInt64], tries: Int) { queue.takeDue() }

  /// Takes the next waiting exchange for which there is a slot.
  func nextDispatchable(now: Duration) -> (exchange: UInt64, place: RequestQueue.Waiting)? {
    queue.next(at: now) { scope in balancer.concurrency.hasSlot(scope) }
  }

  /// The candidate of a model that is first in the routing order; `nil` if no provider serves it.
  func firstCandidate(of model: String) -> RouteCandidate? { balancer.candidates(balancer.plan(model)).first }

  /// The candidate to which a call would go now; `nil` if it would wait, or be rejected.
  func nextCandidate(of call: Call, _ body: Span<UInt8>, mayReadMore: Bool, now: Duration) -> RouteCandidate? {
    if awaitsLists(now: now) { return nil }
    var plan = balancer.plan(call.model)
    applyRequirements(&plan, call, body, mayReadMore: mayReadMore)
    return balancer.preview(plan, at: now).map { balancer.candidates(plan)[$0] }
  }

  /// The models at providers that may answer a call, whichever of them does.
  func models(of route: RoutePlanBox, for model: String) -> [(provider: ProviderID, model: String)] {
    balancer.candidates(route.plan).map { candidate in
      (balancer.router.table.providers[candidate.provider].id, upstreamName(candidate, for: model))
    }
  }

  /// The name of a model at a candidate.
  func upstreamName(_ candidate: RouteCandidate, for model: String) -> String {
    balancer.router.table.upstreamName(candidate, for: model)
  }

  // MARK: Health checks

  /// The providers whose health checks are due.
  func checksDue(now: Duration) -> [Int] { balancer.checksDue(at: now) }

  /// Records the result of a health check.
  func healthChecked(
    _ provider: ProviderID, passed: Bool, hasResponded: Bool, now: Duration
  ) -> HealthTracker.Change? {
    defer { queue.slotMayBeFree() }
    return balancer.healthChecked(provider, passed, hasResponded: hasResponded, at: now)
  }

  /// Records that a provider responded, whatever it said.
  func responded(_ provider: ProviderID) { balancer.responded(provider) }

  /// Records that a piece of an answer arrived from a provider at `time`.
  func pieceReceived(_ provider: ProviderID, at time: Duration, now: Duration) {
    balancer.pieceReceived(provider, at: time, now: now)
  }

  // MARK: Errors

  /// The API error of a request for which no candidate is left.
  ///
  /// - Parameter skipped: The candidates that list the model and were not tried. If there are any, the error is about them.
  private func apiError(
    _ plan: RoutePlan, _ candidates: [RouteCandidate], _ skipped: [RouteCandidate], _ wait: Duration?,
    _ dialect: Dialect, _ now: Duration
  ) -> APIError {
    switch balancer.router.table.verdict(plan.match) {
    case .ambiguous(let ambiguity):
      return APIError(
        400, .ambiguousModel,
        "`\(plan.model)` could mean several models; ask for one of \(ambiguity.candidates.map { "`\($0)`" }.joined(separator: ", ")).",
        param: "model")
    case .notServed, .stale:
      return APIError(
        404, .modelNotFound,
        "No provider serves the model `\(plan.model)`. GET /v1/models lists the available models.", param: "model")
    case .found: break
    }
    if let requirements = plan.requirements,
      let apiError = balancer.eligibility(plan)?.apiError(requirements, dialect)
    {
      return apiError
    }
    let eligible = candidates.enumerated().filter { !plan.ineligible.contains($0.offset) }.map(\.element)
    let statuses = Set((skipped.isEmpty ? eligible : skipped).map { balancer.status(plan, $0, at: now) })
    let seconds = wait.map { min($0.wholeSeconds, Self.retryAfterMax) } ?? 1
    if statuses == [.rateLimited] {
      return APIError(
        429, .upstreamRateLimited, "All providers of the model `\(plan.model)` limit the rate of requests.",
        retryAfter: seconds)
    }
    if statuses == [.credentialsRejected] {
      return APIError(
        502, .upstreamCredentials,
        "No provider of the model `\(plan.model)` accepts the gateway's credentials; see GET /v1/health/providers.")
    }
    return APIError(
      503, .noProvider,
      "All providers of the model `\(plan.model)` are unavailable; see GET /v1/health/providers for the reasons.",
      retryAfter: seconds)
  }
}
