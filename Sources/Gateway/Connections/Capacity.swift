internal import Reactor

/// The limits of connections, request bodies and memory, and what counts towards them. A request beyond a limit is
/// rejected; requests that run go on.
struct Capacity {
  /// Descriptors for everything but clients and their upstreams: files, mailboxes, those of threads.
  static let descriptorsKept = 64
  /// Connections beyond the limit that still get an error response; further ones are only closed.
  static let errorRepliesMax = 256
  /// The longest time for which a measurement of the process's memory is used.
  static let residentMaxAge = Duration.milliseconds(20)
  /// The pause after memory was returned to the system before it is returned again.
  static let trimAge = Duration.seconds(1)
  /// The same while a peak passes. The allocator is locked meanwhile, so it is better to return little and often.
  static let fallAge = Duration.milliseconds(50)
  /// How far the bytes in use must fall below their peak before memory is returned.
  private static let fallMin = 4 * 1024 * 1024
  /// The bytes that a connection is taken to use.
  private static let connectionBytes = 32 * 1024

  let clientsMax: Int
  let clientsPerAddressMax: Int
  let bodiesBytesMax: Int
  let memoryBytesMax: Int

  /// Bytes of request bodies: those being received, and those kept until their response is complete. Each is counted
  /// once; the copy of a small one that is being sent to an upstream belongs to its transfer.
  var bodyBytes = 0
  /// Connections accepted since the start, and those of them that were rejected because of a limit.
  var accepted = 0
  var rejected = 0
  private var addresses: [IPAddress: Int] = [:]
  /// The most bytes that connections and bodies used since memory was last returned.
  private var peak = 0
  private var resident = 0
  private var measuredAt: Duration?
  private var trimmedAt: Duration?

  init(_ server: Configuration.Server, descriptorsMax: Int) {
    // Each client may need a connection to an upstream, and an eighth more are kept warm.
    let possible = (descriptorsMax - Self.descriptorsKept) * 8 / 17
    clientsMax = max(1, min(server.clientsMax, possible))
    clientsPerAddressMax = server.clientsPerAddressMax
    bodiesBytesMax = server.requestBodiesBytesMax
    memoryBytesMax = server.memoryBytesMax
  }

  /// Counts a connection; false if its address has too many.
  mutating func addConnection(_ address: IPAddress?) -> Bool {
    guard clientsPerAddressMax > 0, let address else { return true }
    addresses[address, default: 0] += 1
    return addresses[address, default: 0] <= clientsPerAddressMax
  }

  /// Stops counting a connection.
  mutating func removeConnection(_ address: IPAddress?) {
    guard clientsPerAddressMax > 0, let address, let count = addresses[address] else { return }
    addresses[address] = count > 1 ? count - 1 : nil
  }

  private func used(_ connections: Int) -> Int { connections * Self.connectionBytes + bodyBytes }

  /// A connection or a body has grown.
  mutating func grew(connections: Int) { peak = max(peak, used(connections)) }

  /// Whether the bytes in use have fallen so far below their peak that the allocator has memory to return.
  func shouldTrim(connections: Int) -> Bool { peak - used(connections) >= Self.fallMin }

  /// Memory is returned; the next peak counts from here.
  mutating func trimmed(connections: Int) { peak = used(connections) }

  /// Whether the process uses more memory than its limit.
  mutating func exceedsMemoryLimit(_ reactor: Reactor) -> Bool {
    guard memoryBytesMax > 0 else { return false }
    if measuredAt.map({ reactor.now - $0 >= Self.residentMaxAge }) ?? true {
      resident = reactor.residentBytes
      measuredAt = reactor.now
      // Memory that a peak left in the allocator is not in use, and can be returned.
      if resident > memoryBytesMax, trimmedAt.map({ reactor.now - $0 >= Self.trimAge }) ?? true {
        trimmedAt = reactor.now
        reactor.trimMemory()
      }
    }
    return resident > memoryBytesMax
  }
}
