internal import Reactor

/// Applies the memory limit, and each caller's share of the memory.
extension Connections {
  private var outOfMemory: APIError {
    APIError(
      503, .overloaded,
      "The gateway has reached its memory limit. \(capacity.memoryText(reactor)) (memory_bytes_max). Retry later.",
      retryAfter: 1)
  }
  private static var tooMuchMemory: APIError {
    APIError(
      503, .overloaded,
      "The gateway is near its memory limit, and most of the memory is held for this caller. Read the responses that are on their way, and retry.",
      retryAfter: 1)
  }

  /// Whether the bytes that are held for clients and providers have reached the memory limit.
  var isAccountFull: Bool { capacity.isAccountFull(reactor) }

  /// Rejects a request if the process has reached its memory limit, or its caller its share of the memory.
  func checkMemory(_ connection: Connection, _ request: AcceptedRequest) throws(APIError) {
    guard let holder = connection.shareHolder(request) else {
      if capacity.exceedsMemoryLimit(reactor, isSmall: false) { throw outOfMemory }
      return
    }
    if exceedsShare(holder) { throw Self.tooMuchMemory }
    let isSmall = capacity.isSmall(held: heldBytes.all[holder] ?? 0)
    if capacity.exceedsMemoryLimit(reactor, isSmall: isSmall) { throw outOfMemory }
  }

  /// Whether a connection's long answer has to wait, because the memory limit or its caller's share is reached.
  func lacksMemory(_ connection: Connection) -> Bool {
    isAccountFull || connection.shareHolder.map(exceedsShare) ?? false
  }

  /// Whether there is memory for what is made of a connection's large answer. At the limit there is while less than half of
  /// it waits for clients, and beyond a caller's share while little waits for that caller. So the answers that are there
  /// come to their end, one after the other.
  func mayMakeOutput(_ connection: Connection) -> Bool {
    if isAccountFull, reactor.clientBytes >= capacity.memoryBytesMax / 2 { return false }
    guard let holder = connection.shareHolder, exceedsShare(holder) else { return true }
    return capacity.isSmall(waiting: heldBytes.waiting[holder] ?? 0)
  }

  /// Whether a caller holds more than its share of the memory. Only looked at while memory is scarce.
  private func exceedsShare(_ caller: Int) -> Bool {
    guard capacity.isMemoryScarce(reactor) else { return false }
    if heldBytes.isOld(now: reactor.now) { measureHeldBytes() }
    return capacity.exceedsShare(heldBytes.all[caller] ?? 0, reactor)
  }

  /// Sums up what each caller holds.
  private func measureHeldBytes() {
    heldBytes = HeldBytes(waiting: reactor.waitingBytesByGroup, at: reactor.now)
    for connection in open {
      guard let holder = connection.shareHolder else { continue }
      heldBytes.add(connection.bodyCharge + connection.exchangeCharge, of: holder)
    }
  }
}

/// The bytes that are held for each caller, at one time.
struct HeldBytes {
  /// The clients' unread input and pending output.
  let waiting: [Int: Int]
  /// The same, and request bodies and exchanges.
  private(set) var all: [Int: Int]
  private let at: Duration?

  init(waiting: [Int: Int] = [:], at: Duration? = nil) {
    self.waiting = waiting
    all = waiting
    self.at = at
  }

  /// Whether the sums have to be made again.
  func isOld(now: Duration) -> Bool { at.map { now - $0 >= Capacity.measurementMaxAge } ?? true }

  mutating func add(_ bytes: Int, of caller: Int) {
    if bytes > 0 { all[caller, default: 0] += bytes }
  }
}
