/// Requests that wait for a slot, in five priority levels: bounded, fair to callers, and free of starvation.
///
/// - The highest level with a waiting request is served first.
/// - Within a level, callers take turns, each with its oldest request, so that a busy caller does not starve the
///   others.
/// - A request that has waited for `agingInterval` in its level moves up by one, so that every request reaches the
///   top in time.
/// - When the queue is full, a new request may evict one of its own caller or of a caller with more waiting requests:
///   from a lower level, from the same level, or from any level if the new request's caller has few.
///
/// Adding, taking and removing take constant time, except that callers whose requests cannot be served yet are
/// skipped one by one.
struct RequestQueue: Sendable {
  /// How urgent a request is; the raw value is that of the `x-priority` field.
  enum Priority: String, CaseIterable, Sendable {
    case critical
    case high
    case normal
    case low
    case background

    fileprivate var index: Int {
      switch self {
      case .critical: 0
      case .high: 1
      case .normal: 2
      case .low: 3
      case .background: 4
      }
    }
  }

  struct Settings: Equatable, Sendable {
    var capacity = Configuration.defaults.routing.queue.capacity
    var agingInterval = Duration.seconds(15)
    /// The longest delay suggested to a rejected caller, in seconds.
    var retryAfterMax = 120
  }

  /// Identifies a queued request; never reused.
  struct ID: Hashable, Sendable {
    fileprivate var slot: Int
    fileprivate var generation: UInt64
  }

  /// A queued request.
  struct Waiting: Equatable, Sendable {
    var id: ID
    /// The caller, whose requests share one turn.
    var caller: Int
    /// The priority that was requested, and the one reached by aging.
    var requested: Priority
    var priority: Priority
    /// The number of the resource that the request waits for; the caller of the queue assigns it.
    var resource: Int
    var since: Duration
  }

  /// The result of adding a request.
  enum Admission: Equatable, Sendable {
    case queued(ID)
    /// The request is queued, and another one was evicted and has to be rejected.
    case evicts(Waiting, ID)
    /// The queue is full; a slot may be free after this many seconds.
    case full(retryAfter: Int)
  }

  private struct Slot: Sendable {
    var waiting: Waiting
    /// When the request entered its current level.
    var entered: Duration
    var flow: Int
    /// The neighbors among the requests of the same caller in the level, and among all requests in the level.
    var ahead = Link()
    var inLevel = Link()
  }

  private struct Link: Sendable {
    var previous = -1
    var next = -1
  }

  /// The requests of one caller in one level, linked in a ring with those of other callers.
  private struct Flow: Sendable {
    var caller: Int
    var level: Int
    var first = -1
    var last = -1
    var count = 0
    var ring = Link()
  }

  private struct FlowKey: Hashable {
    var level: Int
    var caller: Int
  }

  private struct Level: Sendable {
    /// The flow that is served next.
    var turn = -1
    var flows = 0
    var count = 0
    /// The requests that entered the level first and last.
    var oldest = -1
    var newest = -1
  }

  var settings: Settings
  private(set) var count = 0
  private var slots: [Slot?] = []
  private var freeSlots: [Int] = []
  private var flows: [Flow] = []
  private var freeFlows: [Int] = []
  private var flowOf: [FlowKey: Int] = [:]
  private var levels = InlineArray<5, Level>(repeating: Level())
  private var generation: UInt64 = 0
  /// The average time between two served requests while others waited.
  private var interval = Duration.seconds(1)
  private var lastServed: Duration?

  init(_ settings: Settings = Settings()) { self.settings = settings }

  /// Returns the number of requests in a level.
  func count(_ priority: Priority) -> Int { levels[priority.index].count }

  /// Returns a request if it is still queued.
  func waiting(_ id: ID) -> Waiting? {
    guard id.slot < slots.count, let slot = slots[id.slot], slot.waiting.id == id else { return nil }
    return slot.waiting
  }

  // MARK: Adding and removing

  /// Adds a request. `since` is when it was first queued, for one that returns to the queue.
  mutating func add(
    caller: Int, _ priority: Priority, resource: Int = 0, since: Duration? = nil, at now: Duration
  ) -> Admission {
    var evicted: Waiting?
    if count >= settings.capacity {
      guard let victim = victim(for: caller, priority.index), let gone = remove(victim) else {
        return .full(retryAfter: retryAfter(priority))
      }
      evicted = gone
    }
    generation += 1
    let place = freeSlots.popLast() ?? slots.count
    if place == slots.count { slots.append(nil) }
    let id = ID(slot: place, generation: generation)
    let waiting = Waiting(
      id: id, caller: caller, requested: priority, priority: priority, resource: resource, since: since ?? now)
    slots[place] = Slot(waiting: waiting, entered: now, flow: -1)
    link(place, priority.index)
    count += 1
    return evicted.map { .evicts($0, id) } ?? .queued(id)
  }

  /// Removes and returns the next request that can be served. `canServe` receives the number of a resource.
  mutating func next(at now: Duration, where canServe: (Int) -> Bool = { _ in true }) -> Waiting? {
    age(at: now)
    for level in 0..<5 {
      var flow = levels[level].turn
      for _ in 0..<levels[level].flows {
        let following = flows[flow].ring.next
        if let place = servable(flow, canServe), let waiting = slots[place]?.waiting {
          levels[level].turn = following
          take(place)
          noteServed(at: now)
          return waiting
        }
        flow = following
      }
    }
    return nil
  }

  private func servable(_ flow: Int, _ canServe: (Int) -> Bool) -> Int? {
    var place = flows[flow].first
    while place >= 0, let slot = slots[place] {
      if canServe(slot.waiting.resource) { return place }
      place = slot.ahead.next
    }
    return nil
  }

  /// Removes a request, for example because its caller disconnected or it timed out.
  @discardableResult
  mutating func remove(_ id: ID) -> Waiting? {
    guard let waiting = waiting(id) else { return nil }
    take(id.slot)
    if count == 0 { lastServed = nil }
    return waiting
  }

  private mutating func take(_ place: Int) {
    unlink(place)
    slots[place] = nil
    freeSlots.append(place)
    count -= 1
  }

  // MARK: Inspection

  /// Returns all requests in the order in which they would be served.
  func order(at now: Duration) -> [Waiting] {
    var rest = self
    var all: [Waiting] = []
    while let waiting = rest.next(at: now) { all.append(waiting) }
    return all
  }

  /// Returns the seconds until a request of a priority may get a slot, estimated from the current rate.
  func retryAfter(_ priority: Priority) -> Int {
    var before = 1
    for better in 0...priority.index { before += levels[better].count }
    let seconds = (interval * before).components.seconds
    return Int(clamping: min(max(seconds + 1, 1), Int64(settings.retryAfterMax)))
  }

  private mutating func noteServed(at now: Duration) {
    if let lastServed {
      let gap = min(max(now - lastServed, .zero), .seconds(60))
      interval = (interval * 7 + gap) / 8
    }
    lastServed = count == 0 ? nil : now
  }

  // MARK: Fairness

  /// Moves up the requests that have waited long enough, by one level each.
  private mutating func age(at now: Duration) {
    for level in 1..<5 {
      while levels[level].oldest >= 0, let slot = slots[levels[level].oldest],
        now - slot.entered >= settings.agingInterval
      {
        let place = levels[level].oldest
        unlink(place)
        slots[place]?.entered = now
        link(place, level - 1)
      }
    }
  }

  /// Returns the request to evict for a new request: the newest one of the caller with the most requests in the
  /// lowest level, or of the caller with the most requests of all.
  ///
  /// A caller within its share is never evicted for one with more requests; otherwise a flood of the highest level
  /// would push out everyone else. And no level is so urgent that it keeps a caller without any queued requests out
  /// for good.
  private func victim(for caller: Int, _ level: Int) -> ID? {
    guard let lowest = (0..<5).last(where: { levels[$0].count > 0 }) else { return nil }
    let own = total(of: caller)
    let share = max(1, settings.capacity / 16)
    if let most = heaviest(lowest) {
      let theirs = total(of: flows[most].caller)
      let isOwn = flows[most].caller == caller
      let isLower = lowest > level && (isOwn || own < theirs || theirs > share)
      let isEqual = lowest == level && !isOwn && flows[most].count >= count(level, caller) + 2
      if isLower || isEqual { return slots[flows[most].last]?.waiting.id }
    }
    guard own < share, let most = (0..<5).compactMap(heaviest).max(by: { flows[$0].count < flows[$1].count }),
      flows[most].caller != caller, flows[most].count > share
    else { return nil }
    return slots[flows[most].last]?.waiting.id
  }

  private func count(_ level: Int, _ caller: Int) -> Int {
    flowOf[FlowKey(level: level, caller: caller)].map { flows[$0].count } ?? 0
  }

  private func total(of caller: Int) -> Int { (0..<5).reduce(0) { $0 + count($1, caller) } }

  /// Returns the flow of the caller with the most requests in a level.
  private func heaviest(_ level: Int) -> Int? {
    guard levels[level].flows > 0 else { return nil }
    var most = levels[level].turn
    var flow = most
    for _ in 0..<levels[level].flows {
      if flows[flow].count > flows[most].count { most = flow }
      flow = flows[flow].ring.next
    }
    return most
  }

  // MARK: Links

  /// Appends a request to its caller's flow in a level.
  private mutating func link(_ place: Int, _ level: Int) {
    guard var slot = slots[place] else { return }
    let flow = flow(level, slot.waiting.caller)
    slot.flow = flow
    slot.waiting.priority = Priority.allCases[level]
    slot.ahead = Link(previous: flows[flow].last)
    slot.inLevel = Link(previous: levels[level].newest)
    slots[place] = slot
    if flows[flow].last >= 0 { slots[flows[flow].last]?.ahead.next = place } else { flows[flow].first = place }
    flows[flow].last = place
    flows[flow].count += 1
    if levels[level].newest >= 0 {
      slots[levels[level].newest]?.inLevel.next = place
    } else {
      levels[level].oldest = place
    }
    levels[level].newest = place
    levels[level].count += 1
  }

  private mutating func unlink(_ place: Int) {
    guard let slot = slots[place] else { return }
    let level = slot.waiting.priority.index
    let (ahead, inLevel) = (slot.ahead, slot.inLevel)
    if ahead.previous >= 0 {
      slots[ahead.previous]?.ahead.next = ahead.next
    } else {
      flows[slot.flow].first = ahead.next
    }
    if ahead.next >= 0 {
      slots[ahead.next]?.ahead.previous = ahead.previous
    } else {
      flows[slot.flow].last = ahead.previous
    }
    if inLevel.previous >= 0 {
      slots[inLevel.previous]?.inLevel.next = inLevel.next
    } else {
      levels[level].oldest = inLevel.next
    }
    if inLevel.next >= 0 {
      slots[inLevel.next]?.inLevel.previous = inLevel.previous
    } else {
      levels[level].newest = inLevel.previous
    }
    flows[slot.flow].count -= 1
    levels[level].count -= 1
    if flows[slot.flow].count == 0 { leave(slot.flow) }
  }

  /// Returns the flow of a caller in a level; a new one takes its turn last.
  private mutating func flow(_ level: Int, _ caller: Int) -> Int {
    let key = FlowKey(level: level, caller: caller)
    if let flow = flowOf[key] { return flow }
    let flow = freeFlows.popLast() ?? flows.count
    if flow == flows.count { flows.append(Flow(caller: caller, level: level)) }
    flows[flow] = Flow(caller: caller, level: level)
    flowOf[key] = flow
    let turn = levels[level].turn
    if turn < 0 {
      flows[flow].ring = Link(previous: flow, next: flow)
      levels[level].turn = flow
    } else {
      let last = flows[turn].ring.previous
      flows[flow].ring = Link(previous: last, next: turn)
      flows[last].ring.next = flow
      flows[turn].ring.previous = flow
    }
    levels[level].flows += 1
    return flow
  }

  private mutating func leave(_ flow: Int) {
    let level = flows[flow].level
    let ring = flows[flow].ring
    if ring.next == flow {
      levels[level].turn = -1
    } else {
      flows[ring.previous].ring.next = ring.next
      flows[ring.next].ring.previous = ring.previous
      if levels[level].turn == flow { levels[level].turn = ring.next }
    }
    levels[level].flows -= 1
    flowOf[FlowKey(level: level, caller: flows[flow].caller)] = nil
    freeFlows.append(flow)
  }
}
