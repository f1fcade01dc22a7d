/// The plan of one client, from its connection to its end.
struct Plan {
  enum Sending: Equatable {
    case whole
    /// Pieces of a limited size, with a gap between them.
    case pieces(Int, gap: Duration)
  }

  enum Reading: Equatable {
    /// Everything, as soon as it is there.
    case prompt
    case pieces(Int, gap: Duration)
    case never
  }

  /// How a client leaves.
  enum Way: Equatable {
    /// It sends no more, and reads to the end.
    case shut
    /// The same, but at the first byte that comes it is gone.
    case vanish
    /// It is gone.
    case abrupt
  }

  enum Leaving: Equatable {
    case afterAnswers
    case withLastByte
    case atSent(Int)
    case atReceived(Int)
    case atTime(Duration)
    /// The gateway ends the connection.
    case never
  }

  var connectAt: Duration
  var asks: [Ask]
  var isPipelined = false
  var sending = Sending.whole
  var reading = Reading.prompt
  /// Time between an answer and the next request.
  var think = Duration.zero
  var leaving = Leaving.afterAnswers
  var way = Way.abrupt
  /// Room of the socket towards it, when it is less than the system's.
  var socketBytes: Int32?

  /// A plan by chance for the client of a number.
  static func byChance(_ chance: inout Chance, peer: Int, window: Int, hasKeys: Bool) -> Plan {
    let endless = chance.one(in: 30)
    let count = endless ? 1 : chance.one(in: 3) ? chance.between(2, 5) : 1
    let asks = (0..<count).map {
      Ask.byChance(&chance, peer: peer, number: $0, endless: endless, hasKeys: hasKeys)
    }
    var plan = Plan(connectAt: chance.time(upTo: window), asks: asks)
    let bytes = asks.reduce(0) { $0 + $1.bytes.count }
    plan.isPipelined = chance.one(in: 3)
    switch chance.below(10) {
    case 0..<6: break
    case 6: plan.sending = .pieces(chance.between(1, 200), gap: .milliseconds(5))
    case 7, 8: plan.sending = .pieces(chance.between(max(1, bytes / 3), bytes), gap: chance.time(upTo: 400))
    default: plan.sending = .pieces(chance.between(max(1, bytes / 4), bytes), gap: chance.time(upTo: 15_000))
    }
    if case .pieces(let size, let gap) = plan.sending, size < bytes / 40 {
      plan.sending = .pieces(bytes / 40 + 1, gap: gap)
    }
    switch chance.below(16) {
    case 0: plan.reading = .never
    case 1: plan.reading = .pieces(chance.between(2000, 60_000), gap: chance.time(upTo: 3000))
    case 2: plan.reading = .pieces(chance.between(20, 3000), gap: chance.time(upTo: 100))
    default: break
    }
    if chance.one(in: 4) { plan.think = chance.time(upTo: chance.one(in: 4) ? 8000 : 200) }
    plan.decideLeaving(&chance, bytes: bytes, endless: endless)
    if plan.reading != .prompt || chance.one(in: 6) { plan.socketBytes = Int32(chance.pick([4096, 20_000])) }
    return plan
  }

  private mutating func decideLeaving(_ chance: inout Chance, bytes: Int, endless: Bool) {
    way = chance.pick([.shut, .vanish, .abrupt, .abrupt])
    if endless {
      // The client must end it, because the gateway will not.
      way = chance.pick([.vanish, .abrupt])
      leaving =
        reading == .prompt && chance.one(in: 2)
        ? .atReceived(chance.between(1, 60_000)) : .atTime(chance.time(upTo: reading == .never ? 120_000 : 30_000))
      if case .atReceived = leaving { way = .abrupt }
      return
    }
    switch chance.below(20) {
    case 0..<9: leaving = .afterAnswers
    case 9...11:
      leaving = .withLastByte
      if !chance.one(in: 3) { way = .shut }
    case 12: leaving = .never
    case 13, 14: leaving = .atSent(chance.below(bytes + 1))
    case 15: leaving = .atReceived(chance.between(1, 3000))
    case 16: leaving = .atTime(chance.time(upTo: chance.one(in: 3) ? 20_000 : 500))
    default: leaving = .afterAnswers
    }
  }
}
