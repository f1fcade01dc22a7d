/// The requests that wait for a slot, each under the number of its exchange.
struct SlotQueue {
  private(set) var queue: RequestQueue
  /// The waiting exchanges, by their place.
  private var exchanges: [RequestQueue.ID: UInt64] = [:]
  private var places: [UInt64: RequestQueue.ID] = [:]
  /// The resources that requests wait for, by number.
  private var resources: [Resource] = []
  /// Requests that lost their place to another one, and have not been answered yet.
  private var evicted: [UInt64] = []
  /// Whether a slot may be free for a request that waits.
  private(set) var isCheckDue = false

  /// A slot at one of several providers, for the model where the model has a limit of its own there; any slot if
  /// `scopes` is `nil`, because the configuration has changed.
  struct Resource: Equatable {
    var scopes: [ConcurrencyLimits.Scope]?
  }

  /// A request that is to wait.
  struct Request {
    /// The number of its exchange.
    var exchange: UInt64
    /// The identity among which slots are shared fairly.
    var caller: Int
    var priority: RequestQueue.Priority
    /// The place that it had before; its priority and its time in the queue are kept.
    var before: RequestQueue.Waiting?
  }

  /// The result of `add`.
  enum Admission: Equatable {
    case queued(since: Duration)
    case full(retryAfter: Int)
  }

  init(capacity: Int) { queue = RequestQueue(RequestQueue.Settings(capacity: capacity)) }

  var count: Int { exchanges.count }
  var capacity: Int { queue.settings.capacity }

  /// Puts a request into the queue, or reports that it is full.
  mutating func add(_ request: Request, for scopes: [ConcurrencyLimits.Scope], at now: Duration) -> Admission {
    let resource = number(Resource(scopes: scopes))
    let priority = request.before?.priority ?? request.priority
    let since = request.before?.since ?? now
    switch queue.add(caller: request.caller, priority, resource: resource, since: since, at: now) {
    case .queued(let id): note(id, request.exchange)
    case .evicts(let victim, let id):
      note(id, request.exchange)
      if let exchange = exchanges.removeValue(forKey: victim.id) {
        places[exchange] = nil
        evicted.append(exchange)
        isCheckDue = true
      }
    case .full(let seconds): return .full(retryAfter: seconds)
    }
    return .queued(since: since)
  }

  private mutating func note(_ id: RequestQueue.ID, _ exchange: UInt64) {
    exchanges[id] = exchange
    places[exchange] = id
  }

  private mutating func number(_ resource: Resource) -> Int {
    if exchanges.isEmpty { resources.removeAll() }
    if let number = resources.firstIndex(of: resource) { return number }
    resources.append(resource)
    return resources.count - 1
  }

  /// Removes an exchange that waits no longer.
  mutating func remove(_ exchange: UInt64) {
    guard !places.isEmpty, let id = places.removeValue(forKey: exchange) else { return }
    exchanges[id] = nil
    queue.remove(id)
  }

  /// A slot was released, or a provider became available.
  mutating func slotMayBeFree() { if !exchanges.isEmpty { isCheckDue = true } }

  /// Takes the exchanges that were evicted, and how many others may be tried now: each once.
  mutating func takeDue() -> (evicted: [UInt64], tries: Int) {
    isCheckDue = false
    defer { evicted = [] }
    return (evicted, count)
  }

  /// Takes the next request for which `hasSlot` finds a slot.
  mutating func next(
    at now: Duration, hasSlot: (ConcurrencyLimits.Scope) -> Bool
  ) -> (exchange: UInt64, place: RequestQueue.Waiting)? {
    let resources = resources
    let found = queue.next(at: now) { number in
      guard let scopes = resources[number].scopes else { return true }
      return scopes.contains(where: hasSlot)
    }
    guard let found, let exchange = exchanges.removeValue(forKey: found.id) else { return nil }
    places[exchange] = nil
    return (exchange, found)
  }

  /// Another configuration is in use: its providers have other indices, so every request may be tried.
  mutating func replace(capacity: Int) {
    for index in resources.indices { resources[index].scopes = nil }
    queue.settings.capacity = capacity
    isCheckDue = true
  }

  /// The waiting requests in dispatch order, each with the number of its exchange.
  func order(at now: Duration) -> [(exchange: UInt64, place: RequestQueue.Waiting)] {
    queue.order(at: now).compactMap { place in exchanges[place.id].map { ($0, place) } }
  }
}
