@testable import Gateway
import Glibc
@testable import Reactor

/// One gateway with random providers, model lists, failures and reloads: every prompt is held against the rules.
///
/// Most requests are played on the dispatcher alone; some go through the whole gateway.
final class RoutingEpisode {
  /// A request on its way.
  struct Life {
    var name: String
    /// The provider that its name pinned it to when it came.
    var pin: String?
    /// Whether `/v1/models` listed the name when it came, or the rules have a provider for it.
    var isServed: Bool
    /// The number of reloads and lists before it, and before its last attempt.
    var changes: Int
    var attempts: [(way: RoutingRules.Way, status: Int)] = []
  }

  /// Requests and reloads of an episode.
  private static let stepsMax = 60
  private static let tracesMax = 80

  let reactor: Reactor
  let gateway: Gateway
  var chance: Chance
  var random: SplitMix
  var setting: RoutingSetting
  /// The text of the file in use.
  var text: String
  var servers: [RoutingServer]
  /// The lists that the gateway knows, by provider.
  var lists: [String: [String]] = [:]
  /// The names that `/v1/models` would list or did list.
  var listed: [String] = []
  var protection: ProtectionRules
  /// The number of reloads and lists so far.
  var changes = 0
  /// Selections whose answers are still on their way.
  var held: [Selection] = []
  /// The request that is on its way through the whole gateway.
  var life: Life?
  /// The first breach that a server noticed.
  var breach: Breach?
  /// The lists that servers gave since the models were asked for.
  var arrived: [String: [String]] = [:]
  private(set) var lives = 0
  private(set) var outcomes: [RoutingOutcome: Int] = [:]
  /// The lines of the trace, if it is kept.
  private var traces: [String]?

  init(seed: UInt64, isTraced: Bool = false) throws {
    traces = isTraced ? [] : nil
    var chance = Chance(seed)
    random = SplitMix(state: seed)
    let isExposed = chance.one(in: 4)
    var read: Configuration?
    var setting = RoutingSetting()
    while read == nil {
      setting = RoutingSetting.byChance(&chance)
      if isExposed, setting.tokens.isEmpty { setting.isOpen = true }
      read = try? Self.read(setting.text)
    }
    guard let read else { throw Breach(.progress, "no configuration") }
    self.setting = setting
    text = setting.text
    servers = RoutingSetting.places.map { _ in RoutingServer.byChance(&chance) }
    var options = Gateway.reactorOptions(read)
    options.clock = .manual
    reactor = try Reactor(options)
    gateway = try Gateway(read, reactor: reactor, seed: seed)
    protection = ProtectionRules(isExposed: isExposed)
    protection.accepted(text)
    self.chance = chance
    _ = try gateway.listen(inherited: Self.socket(isExposed: isExposed))
    for place in RoutingSetting.places.indices {
      reactor.answer(origin: RoutingSetting.places[place].origin) { [unowned self] in answer($0, at: place) }
    }
  }

  static func read(_ text: String) throws -> Configuration {
    var read = try Configuration.read(text: Array(text.utf8), file: "simulated.toml", environment: [:])
    read.accessLog.format = .off
    return read
  }

  /// Returns a socket that listens on this machine's own address, or for the whole network.
  private static func socket(isExposed: Bool) -> CInt {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = isExposed ? 0 : UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(result == 0 && Glibc.listen(descriptor, 8) == 0, "cannot listen")
    return descriptor
  }

  var rules: RoutingRules { RoutingRules(setting: setting, lists: lists) }

  /// The configuration and what happened, for a failing seed.
  var story: String { "\(text)\n\((traces ?? []).suffix(Self.tracesMax).joined(separator: "\n"))" }

  func trace(_ line: @autoclosure () -> String) {
    if traces != nil { traces?.append("  \(line())") }
  }

  func count(_ outcome: RoutingOutcome) { outcomes[outcome, default: 0] += 1 }

  func run() throws(Breach) {
    trace("exposed: \(protection.isExposed)")
    if chance.one(in: 2) { learnLists() }
    for _ in 0..<Self.stepsMax {
      switch chance.weighted([60, 6, 10, 8, 4, 4]) {
      case 0:
        lives += 1
        try requestDirectly()
      case 1:
        lives += 1
        try requestThroughGateway()
      case 2: learnLists()
      case 3: try reload()
      case 4: try requestModels()
      default: changeServers()
      }
    }
    while let selection = held.popLast() { release(selection, .answered, nil, failed: false) }
    let balancer = gateway.dispatcher.balancer.concurrency.inFlight
    if balancer.contains(where: { $0 != 0 }) { throw Breach(.empty, "slots: \(balancer)") }
  }

  // MARK: The world

  /// Something else happens while a request is on its way.
  func happen() throws(Breach) {
    switch chance.below(4) {
    case 0: try reload()
    case 1: learnLists()
    case 2: changeServers()
    default: pass(.milliseconds(chance.pick([10, 2000, 70_000])))
    }
  }

  func pass(_ time: Duration) {
    trace("\(time) pass")
    reactor.advance(to: reactor.now + time)
  }

  private func changeServers() {
    for place in servers.indices where chance.one(in: 3) {
      servers[place].change(&chance)
      trace("\(RoutingSetting.places[place].origin): \(servers[place])")
    }
    pass(.milliseconds(chance.pick([10, 2000, 70_000])))
  }

  func server(_ provider: String) -> RoutingServer? {
    setting.providers.first { $0.name == provider }.map { servers[$0.place] }
  }

  /// Some lists arrive at the dispatcher.
  func learnLists() {
    changes += 1
    var found: [ProviderID: [String]] = [:]
    for provider in setting.providers where provider.isEnabled && !chance.one(in: 4) {
      guard let models = servers[provider.place].listed else { continue }
      found[ProviderID(name: provider.name)] = models
      knowsList(of: provider.name, models)
    }
    gateway.dispatcher.learn(found)
  }

  func knowsList(of provider: String, _ models: [String]) {
    // "An empty list, and one of more than 4,096 models, take no part in routing."
    lists[provider] = models.isEmpty || models.count > 4096 ? nil : models
    trace("list of \(provider): \(models.count > 4096 ? "long" : "\(models)")")
    listed = lists.flatMap { name, models in
      guard let provider = setting.providers.first(where: { $0.name == name }) else { return [String]() }
      return models.filter { rules.lists(provider, $0) }
    }.sorted()
  }

  // MARK: Laws

  /// Whether a provider may get a prompt now.
  func check(_ way: RoutingRules.Way, _ life: Life) throws(Breach) {
    let rules = rules
    let allowed = rules.ways(life.name)
    func breach(_ law: Law) -> Breach { Breach(law, "\(life.name) goes to \(way); allowed: \(allowed)") }
    if let pin = life.pin, pin != way.provider { throw breach(.pinned) }
    if let pin = rules.pin(life.name), pin != way.provider { throw breach(.pinned) }
    if allowed.contains(way) { return }
    throw breach(rules.ways(life.name, ignoringMachine: true).contains(way) ? .keptHere : .owned)
  }

  /// Counts a prompt by the reason why it may go there.
  func note(_ way: RoutingRules.Way, _ life: Life) {
    let rules = rules
    if !life.attempts.isEmpty { count(.failedOver) }
    if life.pin != nil { return count(.pinned) }
    if rules.ways(life.name, ignoringMachine: true).count > rules.ways(life.name).count { count(.keptHere) }
    if rules.owners(life.name).contains(way) { return count(.listed) }
    guard let provider = rules.setting.providers.first(where: { $0.name == way.provider }) else { return }
    if provider.patterns.isEmpty { return count(.unlisted) }
    count(provider.patterns.contains(way.model) ? .named : .matched)
  }

  /// A request has ended with this status.
  func ended(_ life: Life, _ status: Int) throws(Breach) {
    guard status == 404 else { return count(status == 200 ? .answered : .failed) }
    // What changed since its last attempt, its provider could not know.
    guard life.changes == changes else { return count(.changed) }
    guard let last = life.attempts.last else {
      if life.isServed { throw Breach(.served, "\(life.name) is not served; allowed: \(rules.ways(life.name))") }
      return count(.notServed)
    }
    count(.notFound)
    if rules.owners(life.name).contains(last.way) || life.pin != nil { return }
    // "One candidate, without failover."
    if rules.strategy(life.name) == "direct" { return }
    for owner in rules.owners(life.name) where !life.attempts.contains(where: { $0.way == owner }) {
      guard server(owner.provider)?.condition == .up, isAvailable(owner.provider) else { continue }
      throw Breach(.found, "\(life.name) is not found at \(last.way), but \(owner) lists it; \(life.attempts)")
    }
  }

  private func isAvailable(_ provider: String) -> Bool {
    guard let index = gateway.dispatcher.balancer.index(of: ProviderID(name: provider)) else { return false }
    return gateway.dispatcher.balancer.health.providers[index].isAvailable(at: reactor.now)
  }

  /// A request that begins.
  func begin() -> Life {
    let name = setting.request(&chance, listed: listed)
    let life = Life(name: name, pin: rules.pin(name), isServed: !rules.ways(name).isEmpty, changes: changes)
    trace("request \(name)")
    return life
  }
}
