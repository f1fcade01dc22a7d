import CLoad
import Glibc

/// Sends requests and reads responses according to a `Plan`. One thread and one epoll loop. Once the connections
/// are open, nothing is allocated.
final class Client {
  /// The most background streams that are being opened at a time.
  static let openingMax = 64
  /// The seconds to wait for outstanding responses at the end.
  static let graceSeconds = 3.0
  /// The number of errors above which a run ends.
  static let errorsMax = 10_000
  /// The number of source addresses, from 127.0.0.1, so that there are enough ports.
  static let sources = 9

  let plan: Plan
  private let meter: Meter?
  private let epoll: CInt
  private let events: UnsafeMutablePointer<load_event>
  private static let batch = 256
  private let input: UnsafeMutableRawBufferPointer
  let connections: UnsafeMutablePointer<ClientConnection>
  private let request: UnsafeRawBufferPointer
  private let backgroundRequest: UnsafeRawBufferPointer

  var outcome = Outcome()
  var isMeasuring = false
  /// Whether no new request may start.
  var isStopping = false
  /// The free connections of a run at a fixed rate.
  var free: [Int32] = []
  /// The time at which the first request is due, and the number of requests started.
  var rateStart = 0.0
  var rateStep = 0.0
  var rateTaken = 0
  /// The time at which streams start, their interval, and the number started.
  var startsAt: UInt64 = 0
  var startsEvery: UInt64 = 0
  var started = 0
  /// The time before which due requests are sent.
  var rateEnd: UInt64 = .max
  var windowStart: UInt64 = .max
  /// The number of foreground connections with a request in progress.
  private(set) var running = 0
  private var backgroundOpen = 0
  private var backgroundOpening = 0
  private var backgroundFailed = 0

  init(_ plan: Plan) throws(LoadError) {
    self.plan = plan
    meter = plan.process.map { Meter(process: $0) }
    epoll = try LoadError.check(load_epoll(), "epoll")
    events = .allocate(capacity: Self.batch)
    input = .allocate(byteCount: 1 << 18, alignment: 64)
    let count = plan.connections + plan.background
    connections = .allocate(capacity: max(1, count))
    connections.initialize(repeating: ClientConnection(), count: count)
    for index in plan.connections..<count { connections[index].role = .background }
    request = Self.request(plan.orders, promptBytes: plan.promptBytes, streams: plan.isStream, port: plan.port)
    backgroundRequest = Self.request(plan.backgroundOrders, promptBytes: 512, streams: true, port: plan.port)
    free.reserveCapacity(plan.connections)
  }

  deinit {
    for index in 0..<(plan.connections + plan.background) {
      if connections[index].descriptor >= 0 { close(connections[index].descriptor) }
      connections[index].parser.free()
      connections[index].reader.free()
    }
    close(epoll)
    events.deallocate()
    input.deallocate()
    connections.deallocate()
    request.deallocate()
    backgroundRequest.deallocate()
  }

  /// Runs the plan.
  func run() throws(LoadError) -> Outcome {
    outcome.residentBefore = meter?.resident() ?? 0
    try openBackground()
    if case .idle = plan.kind {
      try hold()
    } else {
      try measure()
    }
    return outcome
  }

  /// Opens the background streams, a few at a time, until each has received its events.
  private func openBackground() throws(LoadError) {
    guard plan.background > 0 else { return }
    var next = 0
    let limit = load_now() + UInt64(60e9)
    while backgroundOpen + backgroundFailed < plan.background {
      while next < plan.background, backgroundOpening < Self.openingMax {
        backgroundOpening += 1
        connect(Int32(plan.connections + next))
        next += 1
      }
      guard load_now() < limit else {
        throw LoadError("timed out: only \(backgroundOpen) streams opened in a minute")
      }
      try turn(until: load_now() + 100_000_000)
    }
    outcome.background = backgroundOpen
  }

  private func hold() throws(LoadError) {
    try pump(until: load_now() + UInt64(plan.seconds * 1e9))
    outcome.residentWith = meter?.resident() ?? 0
    outcome.background = backgroundOpen
    isStopping = true
    for index in 0..<plan.background where connections[index].descriptor >= 0 { shut(Int32(index)) }
    try pump(until: load_now() + 1_000_000_000)
    outcome.residentAfter = meter?.resident() ?? 0
  }

  private func measure() throws(LoadError) {
    let begin = load_now()
    let measured = begin + UInt64(plan.warmup * 1e9)
    let end = measured + UInt64(plan.seconds * 1e9)
    windowStart = measured
    try startForeground(at: begin, until: end)
    try pump(until: measured)
    let before = reading()
    isMeasuring = true
    try pump(until: end)
    isMeasuring = false
    let after = reading()
    let usage = after.usage - before.usage
    // An empty result means that this system keeps no account.
    if usage.all > 0 { outcome.usage = usage }
    outcome.clientCPU = after.client - before.client
    outcome.seconds = Double(after.time - before.time) / 1e9
    let known = outcome.clientCPU + usage.all + (after.mock - before.mock).all
    outcome.elsewhereCPU = after.machine - before.machine > known ? after.machine - before.machine - known : 0
    outcome.residentWith = meter?.resident() ?? 0
    isStopping = true
    let limit = load_now() + UInt64(Self.graceSeconds * 1e9)
    while load_now() < limit, running > 0 || isRateOwing { try turn(until: min(limit, nextDue)) }
    finishRate()
    outcome.background = backgroundOpen
    outcome.errors.connections += plan.isStream ? running : 0
  }

  /// Returns the time and the CPU usage of all processes until now.
  private func reading() -> (usage: Usage, mock: Usage, client: UInt64, machine: UInt64, time: UInt64) {
    (
      meter?.usage() ?? Usage(), plan.mock.map { Meter(process: $0).usage() } ?? Usage(), load_thread_cpu(),
      Meter.machine(), load_now()
    )
  }

  /// Runs turns until a point in time.
  private func pump(until time: UInt64) throws(LoadError) {
    while load_now() < time { try turn(until: min(time, nextDue)) }
  }

  /// Waits for events until a point in time at the latest, and handles them.
  private func turn(until time: UInt64) throws(LoadError) {
    let now = load_now()
    let count = load_wait(epoll, events, CInt(Self.batch), time > now ? Int64(time - now) : 0)
    for index in 0..<Int(max(0, count)) { handle(events[index]) }
    sendDue()
    if outcome.errors.all > Self.errorsMax { throw LoadError("too many errors: \(outcome.errors.text)") }
  }

  private func handle(_ event: load_event) {
    let index = Int32(truncatingIfNeeded: event.token)
    let connection = connections + Int(index)
    guard connection.pointee.descriptor >= 0 else { return }
    if event.events & UInt32(LOAD_OUT) != 0 {
      if connection.pointee.state == .connecting {
        guard load_connected(connection.pointee.descriptor) == 0 else { return fail(index) }
        watch(index, UInt32(LOAD_IN))
        ready(index)
      } else if connection.pointee.state == .sending {
        watch(index, UInt32(LOAD_IN))
        send(index)
      }
    }
    guard event.events & ~UInt32(LOAD_OUT) != 0, connection.pointee.descriptor >= 0 else { return }
    let count = load_receive(connection.pointee.descriptor, input.baseAddress!, input.count)
    if count > 0 {
      received(index, UnsafeRawBufferPointer(start: input.baseAddress, count: count))
    } else if count == 0, connection.pointee.parser.endsByClosing {
      answered(index, load_now())
    } else if count != -Int(EAGAIN) {
      fail(index)
    }
  }

  func connect(_ index: Int32) {
    let descriptor = load_connect(UInt8(1 + Int(index) % Self.sources), plan.port)
    let connection = connections + Int(index)
    guard descriptor >= 0 else { return fail(index) }
    connection.pointee.descriptor = descriptor
    connection.pointee.state = .connecting
    connection.pointee.parser.reset()
    _ = load_watch(epoll, CInt(LOAD_ADD), descriptor, UInt32(LOAD_IN | LOAD_OUT), UInt64(index))
  }

  private func watch(_ index: Int32, _ events: UInt32) {
    _ = load_watch(epoll, CInt(LOAD_MODIFY), connections[Int(index)].descriptor, events, UInt64(index))
  }

  /// Continues sending on a connection.
  private func ready(_ index: Int32) {
    let connection = connections + Int(index)
    if case .rate = plan.kind, connection.pointee.role == .foreground {
      connection.pointee.state = .free
      free.append(index)
    } else if !isStopping {
      begin(index, at: load_now())
    }
  }

  /// Sends a request that was due at the given time.
  func begin(_ index: Int32, at time: UInt64) {
    let connection = connections + Int(index)
    connection.pointee.started = time
    connection.pointee.firstEvent = 0
    connection.pointee.sent = 0
    connection.pointee.isFaulty = false
    connection.pointee.counts = time >= windowStart
    connection.pointee.reader.reset()
    if connection.pointee.role == .foreground { running += 1 }
    send(index)
  }

  private func send(_ index: Int32) {
    let connection = connections + Int(index)
    let bytes = connection.pointee.role == .foreground ? request : backgroundRequest
    let sent = connection.pointee.sent
    let count = load_send(connection.pointee.descriptor, bytes.baseAddress! + sent, bytes.count - sent)
    guard count >= 0 || count == -Int(EAGAIN) else { return fail(index, isRunning: true) }
    connection.pointee.sent = sent + max(0, count)
    if connection.pointee.sent == bytes.count {
      connection.pointee.state = .waiting
    } else {
      connection.pointee.state = .sending
      watch(index, UInt32(LOAD_IN | LOAD_OUT))
    }
  }

  private func received(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
    let now = load_now()
    let connection = connections + Int(index)
    let isStream = plan.isStream || connection.pointee.role == .background
    var offset = 0
    while true {
      switch connection.pointee.parser.next(bytes, &offset) {
      case .more: return
      case .head:
        let status = connection.pointee.parser.status
        if status != 200 {
          connection.pointee.isFaulty = true
          outcome.errors.statuses += 1
          if outcome.errors.firstStatus == 0 { outcome.errors.firstStatus = status }
        }
      case .body(let range):
        if isStream { read(index, UnsafeRawBufferPointer(rebasing: bytes[range]), now) }
      case .end:
        answered(index, now)
        // Unrequested bytes.
        if offset < bytes.count, connection.pointee.descriptor >= 0 {
          outcome.errors.malformed += 1
          fail(index)
        }
        return
      case .bad:
        outcome.errors.malformed += 1
        return fail(index)
      }
    }
  }

  private func read(_ index: Int32, _ body: UnsafeRawBufferPointer, _ now: UInt64) {
    let connection = connections + Int(index)
    let isForeground = connection.pointee.role == .foreground
    var offset = 0
    while true {
      switch connection.pointee.reader.next(body, &offset) {
      case .more: return
      case .event(let number, let sent):
        if isForeground, isMeasuring {
          outcome.events += 1
          outcome.relay.record(now &- sent)
        }
        if connection.pointee.firstEvent == 0 {
          connection.pointee.firstEvent = now
          if isForeground { outcome.firstEvent.record(now - connection.pointee.started) }
        }
        if !isForeground, number == plan.backgroundOrders.chunks {
          backgroundOpening -= 1
          backgroundOpen += 1
        }
      case .done: break
      case .fault:
        outcome.errors.malformed += 1
        connection.pointee.isFaulty = true
      }
    }
  }

  /// Handles a complete response.
  private func answered(_ index: Int32, _ now: UInt64) {
    let connection = connections + Int(index)
    guard connection.pointee.role == .foreground else {
      if !connection.pointee.isFaulty { outcome.errors.ends += 1 }
      return fail(index, counted: true)
    }
    running -= 1
    if plan.isStream { streamEnded(index) }
    count(index, now)
    connection.pointee.state = .free
    if connection.pointee.parser.closes || connection.pointee.parser.endsByClosing {
      shut(index)
      if !isStopping { connect(index) }
      return
    }
    again(index, now)
  }

  private func streamEnded(_ index: Int32) {
    let reader = connections[Int(index)].reader
    outcome.streamsEnded += 1
    guard !connections[Int(index)].isFaulty else { return }
    outcome.lost += reader.lost(of: plan.orders.chunks)
    outcome.duplicated += reader.duplicated
    outcome.reordered += reader.reordered
    if !reader.isDone { outcome.errors.ends += 1 }
  }

  /// Handles a failed connection: closes it, counts it, and opens another if the run continues.
  private func fail(_ index: Int32, isRunning: Bool = false, counted: Bool = false) {
    let connection = connections + Int(index)
    let state = connection.pointee.state
    if !counted { outcome.errors.connections += 1 }
    shut(index)
    if connection.pointee.role == .background {
      let hadAll = connection.pointee.reader.last == plan.backgroundOrders.chunks
      if hadAll { backgroundOpen -= 1 } else { backgroundOpening -= 1 }
      backgroundFailed += 1
      return
    }
    if isRunning || state == .sending || state == .waiting { running -= 1 }
    if case .rate = plan.kind { free.removeAll { $0 == index } }
    if case .streams(again: false) = plan.kind { return }
    // A connection that was never established is not retried: there is no server, or no free port.
    let wasConnected = state == .free || state == .sending || state == .waiting
    if !isStopping, wasConnected, outcome.errors.all <= Self.errorsMax { connect(index) }
  }

  private func shut(_ index: Int32) {
    close(connections[Int(index)].descriptor)
    connections[Int(index)].descriptor = -1
    connections[Int(index)].state = .unused
  }
}
