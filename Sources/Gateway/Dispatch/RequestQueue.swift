/// Requests that wait for a place, in five tiers: bounded, fair to callers, and such that nobody waits forever.
///
/// - The best tier with somebody in it is served first.
/// - Inside a tier callers have turns, each with its oldest request, so that who sends most does not get most.
/// - Who has waited in a tier for `ageStep` goes to the next better one: the best has everybody in the end.
/// - When it is full, a request may take the place of another one, of its own caller or of one who has more waiting: of
///   one in a lower tier, of one in the same tier, and, if its caller has hardly any, of one in whatever tier.
///
/// Adding, taking and removing cost the same however many wait, apart from callers whose requests cannot be served yet
/// and are passed over.
struct RequestQueue: Sendable {
  /// How urgent a request is; the raw value is what callers say.
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
    var capacity = 512
    var agingInterval = Duration.seconds(15)
    /// The longest time that is promised to who is turned away.
    var retryAfterMax = 120
  }

  /// A place in the queue; never used again.
  struct ID: Hashable, Sendable {
    fileprivate var slot: Int
    fileprivate var generation: UInt64
  }

  /// A request that waits.
  struct Waiting: Equatable, Sendable {
    var id: ID
    /// Whoever shares its turns.
    var caller: Int
    /// What it asked for, and where it has got to by now.
    var requested: Priority
    var priority: Priority
    /// What it waits for, as whoever serves it has numbered that.
    var resource: Int
    var since: Duration
  }

  /// What came of adding a request.
  enum Admission: Equatable, Sendable {
    case queued(ID)
    /// It waits, and another one must be told that there is no room for it any more.
    case evicts(Waiting, ID)
    /// There is no room; seconds after which there may be.
    case full(retryAfter: Int)
  }

  private struct Slot: Sendable {
    var waiting: Waiting
    /// When it came to its present tier.
    var entered: Duration
    var flow: Int
    /// Its neighbors among those of its caller in its tier, and among all in its tier.
    var ahead = Link()
    var inLevel = Link()
  }

  private struct Link: Sendable {
    var previous = -1
    var next = -1
  }

  /// The requests of one caller in one tier, in a ring with those of the other callers.
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
    /// The flow whose turn it is.
    var turn = -1
    var flows = 0
    var count = 0
    /// By when they came to the tier.
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
  /// The average time between two that were served, while others waited.
  private var interval = Duration.seconds(1)
  private var lastServed: Duration?

  init(_ settings: Settings = Settings()) { self.settings = settings }

  /// Requests that wait in a tier.
  func count(_ priority: Priority) -> Int { levels[priority.index].count }

  /// Whether the request still waits.
  func waiting(_ id: ID) -> Waiting? {
    guard id.slot < slots.count, let slot = slots[id.slot], slot.waiting.id == id else { return nil }
    return slot.waiting
  }

  // MARK: In and out

  /// Adds a request; `since` is when it came, if it has waited before.
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

  /// Takes the request that is next among those that can be served; `canServe` is asked for lanes.
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

  /// Takes a request out, as when its caller went away or its time is over.
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

  // MARK: What callers are told

  /// All that wait, in the order in which they would be served.
  func order(at now: Duration) -> [Waiting] {
    var rest = self
    var all: [Waiting] = []
    while let waiting = rest.next(at: now) { all.append(waiting) }
    return all
  }

  /// Seconds until a request of a tier may find a place: as long as those before it need at the present pace.
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

  /// Lets those who have waited long enough go up, one tier at a time.
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

  /// Who has to go so that the caller's request can wait: the newest one of the caller with the most in the lowest
  /// tier, or of the caller with the most at all.
  ///
  /// A caller within its share never has to go for one with more: or whoever floods the best tier would push out all
  /// others. And no tier is so urgent that a caller without any may be kept out for good.
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

  /// The caller with the most in a tier.
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

  /// Puts a request at the end of its caller's in a tier.
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

  /// The flow of a caller in a tier; a new one has its turn last.
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
