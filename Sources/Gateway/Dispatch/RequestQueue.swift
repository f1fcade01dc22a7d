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
  enum Tier: String, CaseIterable, Sendable {
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
    var ageStep = Duration.seconds(15)
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
    var asked: Tier
    var tier: Tier
    /// What it waits for, as whoever serves it has numbered that.
    var lane: Int
    var since: Duration
  }

  /// What came of adding a request.
  enum Admission: Equatable, Sendable {
    case waits(ID)
    /// It waits, and another one must be told that there is no room for it any more.
    case displaces(Waiting, ID)
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
    var inTier = Link()
  }

  private struct Link: Sendable {
    var previous = -1
    var next = -1
  }

  /// The requests of one caller in one tier, in a ring with those of the other callers.
  private struct Flow: Sendable {
    var caller: Int
    var tier: Int
    var first = -1
    var last = -1
    var count = 0
    var ring = Link()
  }

  private struct FlowKey: Hashable {
    var tier: Int
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
  func count(_ tier: Tier) -> Int { levels[tier.index].count }

  /// Whether the request still waits.
  func waiting(_ id: ID) -> Waiting? {
    guard id.slot < slots.count, let slot = slots[id.slot], slot.waiting.id == id else { return nil }
    return slot.waiting
  }

  // MARK: In and out

  /// Adds a request; `since` is when it came, if it has waited before.
  mutating func add(
    caller: Int, _ tier: Tier, lane: Int = 0, since: Duration? = nil, at now: Duration
  ) -> Admission {
    var displaced: Waiting?
    if count >= settings.capacity {
      guard let victim = victim(for: caller, tier.index), let gone = remove(victim) else {
        return .full(retryAfter: retryAfter(tier))
      }
      displaced = gone
    }
    generation += 1
    let place = freeSlots.popLast() ?? slots.count
    if place == slots.count { slots.append(nil) }
    let id = ID(slot: place, generation: generation)
    let waiting = Waiting(id: id, caller: caller, asked: tier, tier: tier, lane: lane, since: since ?? now)
    slots[place] = Slot(waiting: waiting, entered: now, flow: -1)
    link(place, tier.index)
    count += 1
    return displaced.map { .displaces($0, id) } ?? .waits(id)
  }

  /// Takes the request that is next among those that can be served; `canServe` is asked for lanes.
  mutating func next(at now: Duration, where canServe: (Int) -> Bool = { _ in true }) -> Waiting? {
    age(at: now)
    for tier in 0..<5 {
      var flow = levels[tier].turn
      for _ in 0..<levels[tier].flows {
        let following = flows[flow].ring.next
        if let place = servable(flow, canServe), let waiting = slots[place]?.waiting {
          levels[tier].turn = following
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
      if canServe(slot.waiting.lane) { return place }
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

  /// How many would be served before it, if all could be served and nobody else came.
  func position(_ id: ID) -> Int? {
    guard let waiting = waiting(id), let slot = slots[id.slot] else { return nil }
    let tier = waiting.tier.index
    var position = 0
    for better in 0..<tier { position += levels[better].count }
    var own = 0
    var place = slot.ahead.previous
    while place >= 0 {
      own += 1
      place = slots[place]?.ahead.previous ?? -1
    }
    position += own
    var flow = levels[tier].turn
    var isBefore = true
    for _ in 0..<levels[tier].flows {
      if flow == slot.flow {
        isBefore = false
      } else {
        position += min(flows[flow].count, own + (isBefore ? 1 : 0))
      }
      flow = flows[flow].ring.next
    }
    return position
  }

  /// All that wait, in the order in which they would be served.
  func order(at now: Duration) -> [Waiting] {
    var rest = self
    var all: [Waiting] = []
    while let waiting = rest.next(at: now) { all.append(waiting) }
    return all
  }

  /// Seconds until a request of a tier may find a place: as long as those before it need at the present pace.
  func retryAfter(_ tier: Tier) -> Int {
    var before = 1
    for better in 0...tier.index { before += levels[better].count }
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
    for tier in 1..<5 {
      while levels[tier].oldest >= 0, let slot = slots[levels[tier].oldest], now - slot.entered >= settings.ageStep
      {
        let place = levels[tier].oldest
        unlink(place)
        slots[place]?.entered = now
        link(place, tier - 1)
      }
    }
  }

  /// Who has to go so that the caller's request can wait: the newest one of the caller with the most in the lowest
  /// tier, or of the caller with the most at all.
  ///
  /// A caller within its share never has to go for one with more: or whoever floods the best tier would push out all
  /// others. And no tier is so urgent that a caller without any may be kept out for good.
  private func victim(for caller: Int, _ tier: Int) -> ID? {
    guard let lowest = (0..<5).last(where: { levels[$0].count > 0 }) else { return nil }
    let own = total(of: caller)
    let share = max(1, settings.capacity / 16)
    if let most = heaviest(lowest) {
      let theirs = total(of: flows[most].caller)
      let isOwn = flows[most].caller == caller
      let isLower = lowest > tier && (isOwn || own < theirs || theirs > share)
      let isEqual = lowest == tier && !isOwn && flows[most].count >= count(tier, caller) + 2
      if isLower || isEqual { return slots[flows[most].last]?.waiting.id }
    }
    guard own < share, let most = (0..<5).compactMap(heaviest).max(by: { flows[$0].count < flows[$1].count }),
      flows[most].caller != caller, flows[most].count > share
    else { return nil }
    return slots[flows[most].last]?.waiting.id
  }

  private func count(_ tier: Int, _ caller: Int) -> Int {
    flowOf[FlowKey(tier: tier, caller: caller)].map { flows[$0].count } ?? 0
  }

  private func total(of caller: Int) -> Int { (0..<5).reduce(0) { $0 + count($1, caller) } }

  /// The caller with the most in a tier.
  private func heaviest(_ tier: Int) -> Int? {
    guard levels[tier].flows > 0 else { return nil }
    var most = levels[tier].turn
    var flow = most
    for _ in 0..<levels[tier].flows {
      if flows[flow].count > flows[most].count { most = flow }
      flow = flows[flow].ring.next
    }
    return most
  }

  // MARK: Links

  /// Puts a request at the end of its caller's in a tier.
  private mutating func link(_ place: Int, _ tier: Int) {
    guard var slot = slots[place] else { return }
    let flow = flow(tier, slot.waiting.caller)
    slot.flow = flow
    slot.waiting.tier = Tier.allCases[tier]
    slot.ahead = Link(previous: flows[flow].last)
    slot.inTier = Link(previous: levels[tier].newest)
    slots[place] = slot
    if flows[flow].last >= 0 { slots[flows[flow].last]?.ahead.next = place } else { flows[flow].first = place }
    flows[flow].last = place
    flows[flow].count += 1
    if levels[tier].newest >= 0 {
      slots[levels[tier].newest]?.inTier.next = place
    } else {
      levels[tier].oldest = place
    }
    levels[tier].newest = place
    levels[tier].count += 1
  }

  private mutating func unlink(_ place: Int) {
    guard let slot = slots[place] else { return }
    let tier = slot.waiting.tier.index
    let (ahead, inTier) = (slot.ahead, slot.inTier)
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
    if inTier.previous >= 0 {
      slots[inTier.previous]?.inTier.next = inTier.next
    } else {
      levels[tier].oldest = inTier.next
    }
    if inTier.next >= 0 {
      slots[inTier.next]?.inTier.previous = inTier.previous
    } else {
      levels[tier].newest = inTier.previous
    }
    flows[slot.flow].count -= 1
    levels[tier].count -= 1
    if flows[slot.flow].count == 0 { leave(slot.flow) }
  }

  /// The flow of a caller in a tier; a new one has its turn last.
  private mutating func flow(_ tier: Int, _ caller: Int) -> Int {
    let key = FlowKey(tier: tier, caller: caller)
    if let flow = flowOf[key] { return flow }
    let flow = freeFlows.popLast() ?? flows.count
    if flow == flows.count { flows.append(Flow(caller: caller, tier: tier)) }
    flows[flow] = Flow(caller: caller, tier: tier)
    flowOf[key] = flow
    let turn = levels[tier].turn
    if turn < 0 {
      flows[flow].ring = Link(previous: flow, next: flow)
      levels[tier].turn = flow
    } else {
      let last = flows[turn].ring.previous
      flows[flow].ring = Link(previous: last, next: turn)
      flows[last].ring.next = flow
      flows[turn].ring.previous = flow
    }
    levels[tier].flows += 1
    return flow
  }

  private mutating func leave(_ flow: Int) {
    let tier = flows[flow].tier
    let ring = flows[flow].ring
    if ring.next == flow {
      levels[tier].turn = -1
    } else {
      flows[ring.previous].ring.next = ring.next
      flows[ring.next].ring.previous = ring.previous
      if levels[tier].turn == flow { levels[tier].turn = ring.next }
    }
    levels[tier].flows -= 1
    flowOf[FlowKey(tier: tier, caller: flows[flow].caller)] = nil
    freeFlows.append(flow)
  }
}
