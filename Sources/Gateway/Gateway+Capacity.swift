internal import Reactor

/// How much the gateway may hold at once, and how much of that is taken: connections, bodies, memory.
///
/// What passes a bound is refused; what runs already goes on.
struct Capacity {
  /// Descriptors for what is neither a client nor its upstream: files, mailboxes, threads' own.
  static let descriptorsKept = 64
  /// Connections beyond the most that are still told why they are refused; more are only closed.
  static let refusalsMax = 256
  /// How old the last look at the process's memory may be.
  static let lookAge = Duration.milliseconds(20)
  /// How long free memory is left alone after it was given back.
  static let trimAge = Duration.seconds(1)
  /// The same while a peak passes. The allocator is locked while it gives back, so it is better often and little.
  static let fallAge = Duration.milliseconds(50)
  /// By how much what is held has to fall below its peak, in bytes, with so many for a connection.
  private static let fallMin = 4 * 1024 * 1024
  private static let connectionBytes = 32 * 1024

  let clientsMax: Int
  let clientsPerAddressMax: Int
  let bodiesBytesMax: Int
  let memoryBytesMax: Int

  /// Bytes of request bodies: those being received, and those kept until their answer is made. Each is counted once; a
  /// small one on its way to an upstream is a copy, and the transfer's.
  var bodyBytes = 0
  /// Connections accepted, and of those refused for want of room, since the beginning.
  var accepted = 0
  var refused = 0
  private var addresses: [IPAddress: Int] = [:]
  /// The most that connections and bodies were taken to hold since memory was last given back, in bytes.
  private var peak = 0
  private var resident = 0
  private var lookedAt: Duration?
  private var trimmedAt: Duration?

  init(_ server: Configuration.Server, descriptorsMax: Int) {
    // Each client may need a connection to an upstream, and an eighth more are kept warm.
    let possible = (descriptorsMax - Self.descriptorsKept) * 8 / 17
    clientsMax = max(1, min(server.clientsMax, possible))
    clientsPerAddressMax = server.clientsPerAddressMax
    bodiesBytesMax = server.requestBodiesBytesMax
    memoryBytesMax = server.memoryBytesMax
  }

  /// Counts a connection; false when its address has too many.
  mutating func enter(_ address: IPAddress?) -> Bool {
    guard clientsPerAddressMax > 0, let address else { return true }
    addresses[address, default: 0] += 1
    return addresses[address, default: 0] <= clientsPerAddressMax
  }

  /// A connection that was counted is gone.
  mutating func leave(_ address: IPAddress?) {
    guard clientsPerAddressMax > 0, let address, let count = addresses[address] else { return }
    addresses[address] = count > 1 ? count - 1 : nil
  }

  private func held(_ connections: Int) -> Int { connections * Self.connectionBytes + bodyBytes }

  /// A connection or a body has grown.
  mutating func grew(connections: Int) { peak = max(peak, held(connections)) }

  /// Whether so much less is held than was at the peak that the allocator has something to give back.
  func isPastPeak(connections: Int) -> Bool { peak - held(connections) >= Self.fallMin }

  /// Memory is given back; from here the next peak counts.
  mutating func trimmed(connections: Int) { peak = held(connections) }

  /// Whether the process takes more memory than it may.
  mutating func isOutOfMemory(_ reactor: Reactor) -> Bool {
    guard memoryBytesMax > 0 else { return false }
    if lookedAt.map({ reactor.now - $0 >= Self.lookAge }) ?? true {
      resident = reactor.residentBytes
      lookedAt = reactor.now
      // What a peak left behind in the allocator is not held: asked for, it comes back.
      if resident > memoryBytesMax, trimmedAt.map({ reactor.now - $0 >= Self.trimAge }) ?? true {
        trimmedAt = reactor.now
        reactor.trimMemory()
      }
    }
    return resident > memoryBytesMax
  }
}

/// Where the bounds are applied.
extension Gateway {
  private static var tooManyClients: APIError {
    APIError(503, .overloaded, "Too many connections; try again soon.", closes: true, retryAfter: 1)
  }
  private static var tooManyOfOne: APIError {
    APIError(503, .overloaded, "Too many connections from this address; close some.", closes: true, retryAfter: 1)
  }
  private static var tooManyBodies: APIError {
    APIError(
      503, .overloaded, "The gateway holds as many request bodies as it may; try again soon.", closes: true,
      retryAfter: 1)
  }
  private static var outOfMemory: APIError {
    APIError(503, .overloaded, "The gateway holds as much memory as it may; try again soon.", retryAfter: 1)
  }

  /// Why a new connection is refused, if it is.
  func refusesConnection(_ connection: Connection) -> APIError? {
    capacity.accepted += 1
    capacity.grew(connections: connections.count)
    let hasRoom = capacity.enter(connection.address)
    if connections.count > capacity.clientsMax { return Self.tooManyClients }
    return hasRoom ? nil : Self.tooManyOfOne
  }

  /// Whether there is no room even to tell a connection that there is none.
  var isCrowded: Bool { reactor.clientCount > capacity.clientsMax + Capacity.refusalsMax }

  /// Refuses a request for which there is no memory.
  func checkMemory() throws(APIError) {
    if capacity.isOutOfMemory(reactor) { throw Self.outOfMemory }
  }

  /// Counts what has come of a connection's body; refuses it when all bodies together are too large.
  func chargeBody(_ connection: Connection) throws(APIError) {
    if connection.body.count == connection.bodyCharge { return }
    capacity.bodyBytes += connection.body.count - connection.bodyCharge
    connection.bodyCharge = connection.body.count
    capacity.grew(connections: connections.count)
    if capacity.bodyBytes > capacity.bodiesBytesMax { throw Self.tooManyBodies }
  }

  /// A connection's body is needed no longer.
  func releaseBody(_ connection: Connection) {
    guard connection.bodyCharge > 0 else { return }
    capacity.bodyBytes -= connection.bodyCharge
    connection.bodyCharge = 0
    watchPeak()
  }

  /// Gives memory back to the system soon when a peak passes.
  func watchPeak() {
    guard capacity.isPastPeak(connections: connections.count), !isTrimDue else { return }
    isTrimDue = true
    _ = reactor.setTimer(at: reactor.now + Capacity.fallAge, tag: Alarm.trim.tag)
  }

  func trim() {
    isTrimDue = false
    capacity.trimmed(connections: connections.count)
    reactor.trimMemory()
  }

  /// What a client is told on the last descriptor.
  static func exhaustedReply(date: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    ErrorReply.response(tooManyClients, Reply.Options(keepsAlive: false, requestID: "-", date: date), into: &out)
    return out
  }
}
