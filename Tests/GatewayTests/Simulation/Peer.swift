@testable import Gateway
import Glibc
import Reactor

/// One client of an episode: the far end of a connection that the reactor took over.
final class Peer {
  let number: Int
  let plan: Plan
  /// The reactor's name for it, once it is connected.
  private(set) var client: ClientID?
  private(set) var connectedAt = Duration.zero
  private(set) var isOpen = false
  /// Whether it did all that it wants to do, or can do.
  private(set) var isOver = false

  private var descriptor: CInt = -1
  private var outgoing: [UInt8] = []
  private var sent = 0
  /// Requests given to `outgoing`, and where each begins and ends among all bytes sent.
  private(set) var queued = 0
  private var starts: [Int] = []
  private var ends: [Int] = []
  private var sentInAll = 0
  private var received = 0
  private(set) var reader = ClientReader()

  private var nextSend: Duration?
  private var nextRead: Duration?
  private var nextAsk: Duration?
  private var isBlocked = false
  /// Whether it sends no more: by its own will, or because the other side does not take it.
  private(set) var isMute = false
  private(set) var hasShut = false
  /// Whether it left on its own before the other side ended the connection.
  private(set) var hasLeft = false
  /// Whether the other side ended the connection.
  private(set) var hasEnded = false
  /// Requests that began on a connection that the gateway had let go of.
  private(set) var unheard: Set<Int> = []

  init(_ number: Int, _ plan: Plan) {
    self.number = number
    self.plan = plan
  }

  deinit { if isOpen { close(descriptor) } }

  /// Requests whose first byte was sent, and those that were sent whole.
  var begunCount: Int { starts.count { $0 < sentInAll } }
  var wholeCount: Int { ends.count { $0 <= sentInAll } }

  /// The plan of the client and its progress, as text.
  var text: String {
    let kinds = plan.asks.map { "\($0.kind)" }.joined(separator: " ")
    return "client \(number) (\(kinds); pipelined \(plan.isPipelined), sending \(plan.sending), reading "
      + "\(plan.reading), leaving \(plan.leaving) \(plan.way)): \(sentInAll) sent, \(outgoing.count - sent) to send"
      + ", \(received) received, \(reader.answers.count) answers, blocked \(isBlocked), mute \(isMute)"
      + ", shut \(hasShut)"
  }

  /// Makes the connection; returns the gateway's end of it.
  func connect(_ now: Duration) -> CInt {
    var pair: [CInt] = [0, 0]
    precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0, "no more sockets")
    descriptor = pair[1]
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    if var room = plan.socketBytes {
      setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    }
    isOpen = true
    connectedAt = now
    nextAsk = now
    return pair[0]
  }

  func isKnown(as client: ClientID) { self.client = client }

  /// The events of its descriptor that the client waits for, or nil.
  var interest: pollfd? {
    guard isOpen else { return nil }
    var events: Int16 = 0
    if plan.reading != .never, nextRead == nil { events |= Int16(POLLIN) }
    if isBlocked { events |= Int16(POLLOUT) }
    return pollfd(fd: descriptor, events: events, revents: 0)
  }

  /// When it does its next thing by itself.
  var due: Duration? {
    guard isOpen else { return nil }
    var soonest: Duration?
    func consider(_ time: Duration?) { if let time { soonest = min(soonest ?? time, time) } }
    if !isMute, !isBlocked, sent < outgoing.count { consider(nextSend) }
    if plan.reading != .never { consider(nextRead) }
    if !isMute { consider(nextAsk) }
    if case .atTime(let time) = plan.leaving, !hasShut { consider(connectedAt + time) }
    return soonest
  }

  /// Does what is due; returns whether anything was done.
  func pump(_ ready: Int16, _ now: Duration, _ happenings: inout Happenings, isHeard: () -> Bool) -> Bool {
    let before = (sentInAll, received, isOpen, hasShut, isBlocked, nextRead)
    if ready & Int16(POLLOUT | POLLERR | POLLHUP) != 0 { isBlocked = false }
    ask(now)
    send(now, &happenings, isHeard)
    read(ready & Int16(POLLIN | POLLHUP | POLLERR) != 0, now, &happenings)
    leave(now, &happenings)
    return before != (sentInAll, received, isOpen, hasShut, isBlocked, nextRead)
  }

  private func ask(_ now: Duration) {
    while let time = nextAsk, time <= now, queued < plan.asks.count {
      nextAsk = nil
      starts.append(sentInAll + outgoing.count - sent)
      outgoing += plan.asks[queued].bytes
      ends.append(sentInAll + outgoing.count - sent)
      queued += 1
      if nextSend == nil { nextSend = now }
      if plan.isPipelined, queued < plan.asks.count { nextAsk = now }
    }
  }

  private func send(_ now: Duration, _ happenings: inout Happenings, _ isHeard: () -> Bool) {
    while isOpen, !isMute, !isBlocked, sent < outgoing.count, let time = nextSend, time <= now {
      var count = outgoing.count - sent
      if case .pieces(let most, _) = plan.sending { count = min(count, most) }
      if case .atSent(let limit) = plan.leaving { count = min(count, limit - sentInAll) }
      if count == 0 { return }
      let went = outgoing.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, count, Int32(MSG_NOSIGNAL))
      }
      if went < 0 {
        if errno == EAGAIN { isBlocked = true } else { isMute = true }
        return
      }
      if !isHeard() {
        for (index, start) in starts.enumerated() where start >= sentInAll && start < sentInAll + went {
          unheard.insert(index)
        }
      }
      sent += went
      sentInAll += went
      happenings.note(.sends, UInt64(number), went, at: now)
      if sent == outgoing.count {
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
      }
      if case .pieces(_, let gap) = plan.sending { nextSend = now + gap }
    }
  }

  private func read(_ isReady: Bool, _ now: Duration, _ happenings: inout Happenings) {
    guard isOpen, plan.reading != .never else { return }
    switch plan.reading {
    case .pieces(_, let gap):
      if let time = nextRead {
        if time > now { return }
        nextRead = nil
        receive(now, &happenings)
      } else if isReady {
        nextRead = now + gap
      }
    default: if isReady { while receive(now, &happenings) {} }
    }
  }

  /// Receives once; whether there may be more.
  @discardableResult
  private func receive(_ now: Duration, _ happenings: inout Happenings) -> Bool {
    var most = Self.buffer.count
    if case .pieces(let count, _) = plan.reading { most = min(most, count) }
    if case .atReceived(let limit) = plan.leaving, !hasShut { most = min(most, limit - received) }
    guard isOpen, most > 0 else { return false }
    return withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { buffer in
      let count = recv(descriptor, buffer.baseAddress!, most, 0)
      if count < 0, errno == EAGAIN { return false }
      happenings.note(.reads, UInt64(number), count, at: now)
      guard count > 0 else {
        reader.end()
        hasEnded = true
        shutDown()
        return false
      }
      received += count
      if hasShut, plan.way == .vanish {
        hasLeft = true
        shutDown()
        return false
      }
      let before = reader.wholeCount
      reader.take(
        Array(buffer[..<count])[...],
        isHead: { [plan] in
          // An error about the connection itself has an ID of the gateway's own, and a body.
          $0 < plan.asks.count && plan.asks[$0].kind == .head && plan.asks[$0].id == $1
        })
      let isFurther = reader.wholeCount > before
      if isFurther, !plan.isPipelined, queued < plan.asks.count, nextAsk == nil { nextAsk = now + plan.think }
      return true
    }
  }

  private static let buffer = 0..<65_536

  private func leave(_ now: Duration, _ happenings: inout Happenings) {
    guard isOpen else { return }
    let isTime =
      switch plan.leaving {
      case .never: false
      case .afterAnswers: reader.wholeCount >= plan.asks.count
      case .withLastByte: queued == plan.asks.count && sent == outgoing.count
      case .atSent(let count): sentInAll >= count
      case .atReceived(let count): received >= count
      case .atTime(let time): now >= connectedAt + time
      }
    guard isTime, !hasShut else { return }
    happenings.note(.leaves, UInt64(number), sentInAll, at: now)
    isMute = true
    if plan.way == .abrupt || (plan.leaving == .afterAnswers && plan.way == .vanish) {
      hasLeft = true
      shutDown()
    } else {
      hasShut = true
      shutdown(descriptor, Int32(SHUT_WR))
    }
  }

  /// Ends a client that does not read, because it cannot notice that the reactor has closed the connection.
  func forgotten() {
    hasEnded = true
    shutDown()
  }

  private func shutDown() {
    if isOpen { close(descriptor) }
    isOpen = false
    isOver = true
  }

  /// It never came to connect.
  func skip() { isOver = true }
}
