@testable import Gateway
import Glibc
@testable import Reactor

/// One gateway with all its clients and providers, on a clock of its own: everything follows from the seed.
final class Episode {
  let seed: UInt64
  let reactor: Reactor
  let gateway: Gateway
  let setting: Setting
  private let begin: Duration
  private(set) var happenings = Happenings()
  private(set) var outcomes: [Outcome: Int] = [:]
  private(set) var lives = 0
  /// The most bytes that ever waited for one client.
  private(set) var waitingMax = 0

  private var waiting: ArraySlice<Peer>
  private var present: [Peer] = []
  private var polls: [pollfd] = []
  private let stopAt: Duration?
  private let stopAgainAt: Duration?
  private var stops = 0
  private var inspection: Inspection
  private let rows: Recorded

  init(seed: UInt64) throws {
    self.seed = seed
    var chance = Chance(seed)
    let count = chance.pick([1, 5, 20, 40, 40, 60, 60, 250])
    let rows = try Recorded()
    self.rows = rows
    setting = try Setting(&chance, peers: count, accessLog: rows.path)
    let window = chance.pick([100, 2000, 20_000])
    let hasKeys = setting.hasKeys
    waiting =
      (0..<count).map {
        Peer($0, Plan.byChance(&chance, peer: $0, window: window, hasKeys: hasKeys))
      }.sorted { ($0.plan.connectAt, $0.number) < ($1.plan.connectAt, $1.number) }[...]
    let isStopped = chance.one(in: 3)
    stopAt = isStopped ? chance.time(upTo: window * 2) : nil
    stopAgainAt = isStopped && chance.one(in: 2) ? stopAt! + chance.time(upTo: 20_000) : nil
    var options = Gateway.reactorOptions(setting.configuration)
    options.clock = .manual
    reactor = try Reactor(options)
    begin = reactor.now
    gateway = try Gateway(setting.configuration, reactor: reactor, seed: seed)
    inspection = Inspection(gateway: gateway, reactor: reactor)
    for provider in 0..<setting.providers {
      var chance = chance.fork()
      reactor.answer(origin: Setting.origin(provider)) { [unowned self] request in
        happenings.note(.upstream, UInt64(provider), request.body.count, at: now)
        rows.asked(request.requestID)
        let (script, bytes) = Upstreams.script(for: request, chance.fork())
        if let client = client(asking: request.requestID) { inspection.allow(bytes, client) }
        return script
      }
    }
  }

  private var now: Duration { reactor.now - begin }

  /// The client on whose behalf a provider is asked.
  private func client(asking id: String) -> ClientID? {
    let number = id.prefix { $0 != "-" }
    return present.first { String($0.number) == number }?.client
  }

  /// Turns in which nothing may happen between two points in time.
  private static let turnsMax = 20_000
  /// The time within which all clients must have left after the last action of a client.
  private static let patience = Duration.seconds(1200)

  /// Plays the episode to its end.
  func run() throws(Breach) {
    var turns = 0
    var lastStep = Duration.zero
    while true {
      try turn()
      let moved = pumpPeers()
      if moved { lastStep = now }
      turns += 1
      if turns > Self.turnsMax { throw Breach(.progress, "\(turns) turns at \(now)") }
      if inspection.isBusy || moved { continue }
      try leaveOver()
      if present.isEmpty, waiting.isEmpty { break }
      if now > lastStep + Self.patience { throw Breach(.timeMoves, "on and on: \(standing)") }
      try goOn()
      turns = 0
    }
    try end()
  }

  /// One turn of the gateway, and what must hold after it.
  private func turn() throws(Breach) {
    let events = reactor.turn()
    for event in events {
      happenings.note(event, at: now)
      gateway.handle(event)
    }
    try inspection.look(events, now: reactor.now)
    if stops > 0, !gateway.isOver, let stopAt, now > stopAt + setting.configuration.server.drainTimeout {
      throw Breach(.stops, "at \(now)")
    }
  }

  private func pumpPeers() -> Bool {
    var moved = false
    while let peer = waiting.first, peer.plan.connectAt <= now {
      waiting.removeFirst()
      moved = true
      if stops > 0 {
        peer.skip()
        continue
      }
      let descriptor = peer.connect(now)
      happenings.note(.connects, UInt64(peer.number), peer.plan.asks.count, at: now)
      guard let client = try? reactor.adopt(descriptor) else { preconditionFailure("no descriptors are left") }
      peer.isKnown(as: client)
      present.append(peer)
    }
    polls.removeAll(keepingCapacity: true)
    for peer in present { polls.append(peer.interest ?? pollfd(fd: -1, events: 0, revents: 0)) }
    poll(&polls, nfds_t(polls.count), 0)
    for (index, peer) in present.enumerated() where peer.isOpen {
      let ready = polls[index].revents
      guard ready != 0 || peer.due.map({ $0 <= now }) ?? false, let client = peer.client else { continue }
      let did = peer.pump(ready, now, &happenings) {
        inspection.isHeard(client)
      }
      if did { moved = true }
    }
    for peer in present where peer.isOpen && peer.plan.reading == .never {
      guard let client = peer.client, !inspection.isKnown(client) else { continue }
      peer.forgotten()
      moved = true
    }
    return moved
  }

  /// Takes leave of those who are over, and hears what they say.
  private func leaveOver() throws(Breach) {
    guard present.contains(where: \.isOver) else { return }
    for peer in present where peer.isOver {
      let judgement = Judgement(
        peer: peer, isStopping: stops > 0, wasStopped: gateway.isOver && peer.hasEnded)
      for outcome in try judgement.outcomes() {
        lives += 1
        outcomes[outcome, default: 0] += 1
      }
      happenings.note(.ended, UInt64(peer.number), peer.reader.answers.count, at: now)
      rows.left(peer)
    }
    present.removeAll(where: \.isOver)
  }

  /// Moves the clock to the next thing that happens.
  private func goOn() throws(Breach) {
    var next = reactor.nextDeadline.map { $0 - begin }
    func consider(_ time: Duration?) { if let time { next = min(next ?? time, time) } }
    consider(waiting.first?.plan.connectAt)
    for peer in present { consider(peer.due) }
    if stops == 0 { consider(stopAt) }
    if stops == 1, !gateway.isOver { consider(stopAgainAt) }
    guard let next else { throw Breach(.timeMoves, "for nothing: \(standing)") }
    reactor.advance(to: begin + next)
    if stops == 0, let stopAt, stopAt <= now { stop() }
    if stops == 1, let stopAgainAt, stopAgainAt <= now { stop() }
  }

  /// The state of the clients that are present.
  private var standing: String {
    present.prefix(5).map { peer in
      guard let client = peer.client else { return "\(peer.text), not connected" }
      let connection = gateway.connections[client]
      let place =
        connection.map { "\($0.phase), full \($0.isAboveHighWater), finished \($0.isInputClosed)" } ?? "let go"
      let input = reactor.withInput(of: client) { $0.count } ?? -1
      return "\(peer.text); \(place), input \(input), output \(reactor.waitingOutput(of: client))"
    }.joined(separator: "\n  ")
  }

  private func stop() {
    stops += 1
    happenings.note(.stop, UInt64(stops), 0, at: now)
    gateway.stop()
  }

  /// Stops the gateway, and checks that nothing remains after all clients have left.
  private func end() throws(Breach) {
    if stops == 0 { stop() }
    for _ in 0..<1000 {
      try turn()
      // A transfer that ended in one turn is released in the next.
      if inspection.isBusy { continue }
      guard let next = reactor.nextDeadline else { break }
      reactor.advance(to: next)
    }
    try inspection.lookAtTheEnd()
    if !gateway.isOver { throw Breach(.stops, "all clients have left, but the gateway keeps running") }
    try rows.check(awaited: inspection.awaited, at: now, &happenings)
    waitingMax = inspection.waitingMax
  }
}
