import CLoad
import Glibc

/// A mock upstream with OpenAI's chat completions API that follows the `Orders` in the message: responses of any
/// size and delay, streams of any length and rate. One thread and one epoll loop.
final class Mock {
  static let connectionsMax = 65_536
  /// The number of events that an unpaced stream sends before others continue.
  private static let burst = 16
  private static let listenerToken = UInt64.max

  let port: UInt16
  private let epoll: CInt
  private let listener: CInt
  private let events: UnsafeMutablePointer<load_event>
  private static let batch = 256
  private let input: UnsafeMutableRawBufferPointer
  private let connections: UnsafeMutablePointer<MockConnection>
  private var used = 0
  private var free: [Int32] = []
  private var timers = Timers()
  /// The unpaced streams that have more to send.
  private var ready: [Int32] = []
  private let replies = MockReplies()
  private(set) var stats = MockStats()

  init(port: UInt16) throws(LoadError) {
    epoll = try LoadError.check(load_epoll(), "epoll")
    listener = try LoadError.check(load_listen(port, 4096), "listen on port \(port)")
    self.port = UInt16(try LoadError.check(load_local_port(listener), "getsockname"))
    events = .allocate(capacity: Self.batch)
    input = .allocate(byteCount: 1 << 18, alignment: 64)
    connections = .allocate(capacity: Self.connectionsMax)
    ready.reserveCapacity(4096)
    _ = load_watch(epoll, CInt(LOAD_ADD), listener, UInt32(LOAD_IN), Self.listenerToken)
  }

  /// Serves until the process ends.
  func run() {
    while true {
      var sleep: Int64 = -1
      if !ready.isEmpty {
        sleep = 0
      } else if let first = timers.first {
        sleep = max(0, Int64(first) - Int64(load_now()))
      }
      let count = load_wait(epoll, events, CInt(Self.batch), sleep)
      for index in 0..<Int(max(0, count)) {
        let event = events[index]
        if event.token == Self.listenerToken { accept() } else { handle(event) }
      }
      if timers.first != nil { fire(until: load_now()) }
      if !ready.isEmpty { advance() }
    }
  }

  private func accept() {
    for _ in 0..<64 {
      let descriptor = load_accept(listener)
      guard descriptor >= 0 else { return }
      guard let slot = free.popLast() ?? (used < Self.connectionsMax ? Int32(used) : nil) else {
        close(descriptor)
        return
      }
      if Int(slot) == used {
        (connections + used).initialize(to: MockConnection())
        used += 1
      }
      connections[Int(slot)].open(descriptor)
      stats.accepted += 1
      stats.open += 1
      _ = load_watch(epoll, CInt(LOAD_ADD), descriptor, UInt32(LOAD_IN), token(slot))
    }
  }

  private func token(_ slot: Int32) -> UInt64 {
    UInt64(connections[Int(slot)].generation) << 32 | UInt64(UInt32(bitPattern: slot))
  }

  private func handle(_ event: load_event) {
    let slot = Int32(truncatingIfNeeded: event.token)
    let connection = connections + Int(slot)
    guard connection.pointee.generation == UInt32(event.token >> 32) else { return }
    if event.events & UInt32(LOAD_OUT) != 0 { flush(slot) }
    guard event.events & ~UInt32(LOAD_OUT) != 0, connection.pointee.descriptor >= 0 else { return }
    let count = load_receive(connection.pointee.descriptor, input.baseAddress!, input.count)
    if count == -Int(EAGAIN) { return }
    guard count > 0 else { return drop(slot) }
    let bytes = UnsafeRawBufferPointer(start: input.baseAddress, count: count)
    if connection.pointee.input.count == 0, connection.pointee.isIdle {
      let used = requests(slot, bytes)
      guard connection.pointee.descriptor >= 0, used < count else { return }
      connection.pointee.input.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
    } else {
      connection.pointee.input.append(bytes)
      takeCarried(slot)
    }
  }

  /// Serves the requests in a connection's input that were incomplete or queued.
  private func takeCarried(_ slot: Int32) {
    let connection = connections + Int(slot)
    guard connection.pointee.isIdle, connection.pointee.input.count >= connection.pointee.needed else { return }
    let used = requests(slot, connection.pointee.input.all)
    if connection.pointee.descriptor >= 0, used > 0 { connection.pointee.input.removeFirst(used) }
  }

  /// Serves the complete requests at the start of the bytes. Returns the number of bytes consumed.
  private func requests(_ slot: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    let connection = connections + Int(slot)
    var used = 0
    while used < bytes.count, connection.pointee.descriptor >= 0, connection.pointee.isIdle {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
      switch MockRequest.read(rest) {
      case .incomplete(let needed):
        connection.pointee.needed = needed
        return used
      case .refused(let status):
        send(slot, replies.refusal(status))
        drop(slot)
        return used
      case .complete(let request, let count):
        connection.pointee.needed = 0
        used += count
        stats.requests += 1
        begin(slot, request)
      }
    }
    return used
  }

  private func begin(_ slot: Int32, _ request: MockRequest) {
    let connection = connections + Int(slot)
    switch request.target {
    case .models: return send(slot, replies.models)
    case .stats: return send(slot, replies.json(stats.json))
    case .unknown: return send(slot, replies.refusal("404 Not Found"))
    case .chat: break
    }
    connection.pointee.begin(request)
    if request.streams {
      stats.streams += 1
      stats.streamsOpen += 1
    }
    if request.orders.delay > 0 {
      wake(slot, at: load_now() + request.orders.delay)
    } else {
      answer(slot)
    }
  }

  private func wake(_ slot: Int32, at time: UInt64) {
    timers.add(Timers.Entry(time: time, slot: slot, generation: connections[Int(slot)].generation))
  }

  /// Sends the response, or the head and the first event of a stream, after its delay.
  private func answer(_ slot: Int32) {
    let connection = connections + Int(slot)
    guard connection.pointee.state == .streaming else {
      connection.pointee.state = .idle
      return send(slot, replies.answer(bytes: connection.pointee.orders.bytes))
    }
    connection.pointee.begun = load_now()
    send(slot, replies.streamHead)
    step(slot)
  }

  private func fire(until now: UInt64) {
    while let entry = timers.take(until: now) {
      let connection = connections + Int(entry.slot)
      guard connection.pointee.generation == entry.generation, connection.pointee.descriptor >= 0 else { continue }
      if connection.pointee.begun == 0 { answer(entry.slot) } else { step(entry.slot) }
      if connection.pointee.isIdle { takeCarried(entry.slot) }
    }
  }

  private func advance() {
    let slots = ready
    ready.removeAll(keepingCapacity: true)
    for slot in slots where connections[Int(slot)].isReady {
      connections[Int(slot)].isReady = false
      step(slot)
      if connections[Int(slot)].isIdle { takeCarried(slot) }
    }
  }

  /// Sends the next event, or for an unpaced stream the next few, and schedules the following one.
  private func step(_ slot: Int32) {
    let connection = connections + Int(slot)
    let orders = connection.pointee.orders
    var left = orders.gap == 0 ? Self.burst : 1
    while left > 0, connection.pointee.number < orders.chunks {
      guard connection.pointee.descriptor >= 0 else { return }
      guard connection.pointee.output.count == 0 else {
        // Bytes that the kernel has not accepted go first. Without a pace, `flush` calls this again.
        if orders.gap > 0 { wake(slot, at: load_now() + orders.gap) }
        return
      }
      connection.pointee.number += 1
      replies.event.fill(number: connection.pointee.number, time: load_now())
      send(slot, UnsafeRawBufferPointer(start: replies.event.bytes, count: replies.event.count))
      left -= 1
    }
    guard connection.pointee.descriptor >= 0 else { return }
    if connection.pointee.number == orders.chunks {
      if orders.holds { return }
      connection.pointee.state = .idle
      stats.streamsOpen -= 1
      send(slot, connection.pointee.wantsUsage ? replies.streamEndWithUsage : replies.streamEnd)
    } else if orders.gap > 0 {
      wake(slot, at: connection.pointee.begun + UInt64(connection.pointee.number) * orders.gap)
    } else if connection.pointee.output.count == 0, !connection.pointee.isReady {
      connection.pointee.isReady = true
      ready.append(slot)
    }
  }

  private func send(_ slot: Int32, _ bytes: UnsafeRawBufferPointer) {
    let connection = connections + Int(slot)
    guard connection.pointee.descriptor >= 0 else { return }
    guard connection.pointee.output.count == 0 else { return connection.pointee.output.append(bytes) }
    let count = load_send(connection.pointee.descriptor, bytes.baseAddress!, bytes.count)
    if count == bytes.count { return }
    guard count >= 0 || count == -Int(EAGAIN) else { return drop(slot) }
    connection.pointee.output.append(UnsafeRawBufferPointer(rebasing: bytes[max(0, count)...]))
    watch(slot, UInt32(LOAD_IN | LOAD_OUT))
  }

  /// Continues when the kernel accepts bytes again.
  private func flush(_ slot: Int32) {
    let connection = connections + Int(slot)
    let bytes = connection.pointee.output.all
    guard !bytes.isEmpty else { return watch(slot, UInt32(LOAD_IN)) }
    let count = load_send(connection.pointee.descriptor, bytes.baseAddress!, bytes.count)
    guard count >= 0 || count == -Int(EAGAIN) else { return drop(slot) }
    connection.pointee.output.removeFirst(max(0, count))
    guard connection.pointee.output.count == 0 else { return }
    watch(slot, UInt32(LOAD_IN))
    if connection.pointee.state == .streaming, connection.pointee.orders.gap == 0, !connection.pointee.isReady {
      step(slot)
    }
    if connection.pointee.isIdle { takeCarried(slot) }
  }

  private func watch(_ slot: Int32, _ events: UInt32) {
    _ = load_watch(epoll, CInt(LOAD_MODIFY), connections[Int(slot)].descriptor, events, token(slot))
  }

  private func drop(_ slot: Int32) {
    let connection = connections + Int(slot)
    guard connection.pointee.descriptor >= 0 else { return }
    stats.open -= 1
    stats.closes += 1
    if connection.pointee.state == .streaming {
      stats.streamsOpen -= 1
      stats.streamsAbandoned += 1
    }
    close(connection.pointee.descriptor)
    connection.pointee.shut()
    free.append(slot)
  }
}
