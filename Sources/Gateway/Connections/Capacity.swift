internal import Reactor

/// The limits of connections, request bodies and memory, and what counts towards them. A request beyond a limit is
/// rejected; requests that run go on.
struct Capacity {
  /// Descriptors for everything but clients and their upstreams: files, mailboxes, those of threads.
  static let descriptorsKept = 64
  /// Connections beyond the limit that still get an error response; further ones are only closed.
  static let errorRepliesMax = 256
  /// The longest time for which a measurement of memory is used.
  static let measurementMaxAge = Duration.milliseconds(20)
  /// The pause after memory was returned to the system before it is returned again.
  static let trimAge = Duration.seconds(1)
  /// The same while a peak passes. The allocator is locked meanwhile, so it is better to return little and often.
  static let fallAge = Duration.milliseconds(50)
  /// How far the bytes in use must fall below their peak before memory is returned.
  private static let fallMin = 4 * 1024 * 1024
  /// The bytes that a connection is taken to use.
  private static let connectionBytes = 32 * 1024

  /// Connections of one address of another machine, unless the configuration says otherwise.
  static let clientsPerRemoteAddressMax = 1024
  /// A caller's incomplete bodies may use that many times the bytes that are left for all, apart from an eighth that is
  /// kept for callers with small bodies. The same holds for all that a caller holds of the memory.
  ///
  /// A share of what is left, and not of the limit: a caller that is alone gets seven tenths of the limit, and where
  /// several take all they can, there is still room for the next.
  private static let shareFactor = 4

  let clientsMax: Int
  private let clientsPerAddressMax: Int?
  let bodiesBytesMax: Int
  var memoryBytesMax: Int

  /// Bytes of request bodies: those being received, and those kept until their response is complete. Each is counted
  /// once; the copy of a small one that is being sent to an upstream belongs to its transfer.
  var bodyBytes = 0
  /// Bytes of exchanges beside their bodies: answers that are being collected, and translated requests.
  var exchangeBytes = 0
  /// Connections accepted since the start, and those of them that were rejected because of a limit.
  var accepted = 0
  var rejected = 0
  /// Connections by address, of the addresses that have a limit.
  private var addresses: [IPAddress: Int] = [:]
  /// Bytes of bodies by caller, of bodies that did not arrive at once.
  private var shares: [Int: Int] = [:]
  /// The most bytes that connections and bodies used since memory was last returned.
  private var peak = 0
  private var resident = 0
  /// The process's memory. In a test, the process is not only the gateway's.
  var residentBytes: (Reactor) -> Int = \.residentBytes
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
    guard let address, let most = connectionsMax(address) else { return true }
    addresses[address.network, default: 0] += 1
    return addresses[address.network, default: 0] <= most
  }

  /// Stops counting a connection.
  mutating func removeConnection(_ address: IPAddress?) {
    guard let address, let count = addresses[address.network] else { return }
    addresses[address.network] = count > 1 ? count - 1 : nil
  }

  /// The most connections of an address; `nil` if it has no limit.
  private func connectionsMax(_ address: IPAddress) -> Int? {
    guard let most = clientsPerAddressMax else {
      return address.isLoopback ? nil : Self.clientsPerRemoteAddressMax
    }
    return most > 0 ? most : nil
  }

  /// Counts bytes of a body towards its caller's share of all bodies; false if the share is used up.
  mutating func addShare(_ bytes: Int, of caller: Int) -> Bool {
    let share = shares[caller, default: 0] + bytes
    shares[caller] = share
    return Self.isWithinShare(share, of: bodiesBytesMax, used: bodyBytes)
  }

  /// Stops counting bytes towards a caller's share.
  mutating func removeShare(_ bytes: Int, of caller: Int) {
    guard let share = shares[caller] else { return }
    shares[caller] = share > bytes ? share - bytes : nil
  }

  private static func isWithinShare(_ bytes: Int, of limit: Int, used: Int) -> Bool {
    bytes <= limit / 64 || bytes / shareFactor <= limit * 7 / 8 - used
  }

  private func used(_ connections: Int) -> Int { connections * Self.connectionBytes + bodyBytes }

  /// A connection or a body has grown.
  mutating func grew(connections: Int) { peak = max(peak, used(connections)) }

  /// Whether the bytes in use have fallen so far below their peak that the allocator has memory to return.
  func shouldTrim(connections: Int) -> Bool { peak - used(connections) >= Self.fallMin }

  /// Memory is returned; the next peak counts from here.
  mutating func trimmed(connections: Int) { peak = used(connections) }

  /// The bytes that are held for clients and providers, of every endpoint: what has arrived and is not read yet, what was
  /// translated, and what was made for a client and is not sent yet.
  private func account(_ reactor: Reactor) -> Int { reactor.clientBytes + bodyBytes + exchangeBytes }

  /// Whether the bytes that are held for clients and providers have reached the memory limit.
  func isAccountFull(_ reactor: Reactor) -> Bool { memoryBytesMax > 0 && account(reactor) > memoryBytesMax }

  /// Whether the process uses more memory than its limit.
  ///
  /// - Parameter isSmall: Whether the request is that of a caller for whom hardly anything is held. An eighth beyond the
  ///   limit is kept for them: what a translation uses, and what the allocator keeps until it is returned, comes and goes
  ///   within a moment, and is no reason to reject those who have no part in it.
  mutating func exceedsMemoryLimit(_ reactor: Reactor, isSmall: Bool) -> Bool {
    if memoryBytesMax <= 0 { return false }
    let most = isSmall ? memoryBytesMax + memoryBytesMax / 8 : memoryBytesMax
    return isAccountFull(reactor) || measuredResident(reactor) > most
  }

  /// Whether so little is held for a caller that it has no part in a shortage of memory.
  func isSmall(held bytes: Int) -> Bool { bytes <= memoryBytesMax / 64 }

  /// Whether more than half of the memory limit is used. Below, no caller can hold more than its share.
  mutating func isMemoryScarce(_ reactor: Reactor) -> Bool {
    memoryBytesMax > 0 && memoryUsed(reactor) > memoryBytesMax / 2
  }

  /// Whether that many bytes are more than a caller's share of the memory.
  mutating func exceedsShare(_ bytes: Int, _ reactor: Reactor) -> Bool {
    !Self.isWithinShare(bytes, of: memoryBytesMax, used: memoryUsed(reactor))
  }

  /// Whether so few bytes wait for a caller beyond its share that one of its answers may go on.
  func isSmall(waiting bytes: Int) -> Bool { bytes < memoryBytesMax / 16 }

  /// The memory in use and its limit, as a sentence for callers that are rejected.
  mutating func memoryText(_ reactor: Reactor) -> String {
    let (used, held) = (measuredResident(reactor), account(reactor))
    return
      "The process uses \(used >> 20) MiB, and \(held >> 20) MiB are held for requests and responses, of \(memoryBytesMax >> 20) MiB"
  }

  private mutating func memoryUsed(_ reactor: Reactor) -> Int { max(account(reactor), measuredResident(reactor)) }

  /// The process's memory, measured from time to time.
  private mutating func measuredResident(_ reactor: Reactor) -> Int {
    if measuredAt.map({ reactor.now - $0 < Self.measurementMaxAge }) ?? false { return resident }
    resident = residentBytes(reactor)
    measuredAt = reactor.now
    // Memory that a peak left in the allocator is not in use, and is returned before the limit is reached.
    if resident > memoryBytesMax / 4 * 3, trimmedAt.map({ reactor.now - $0 >= Self.trimAge }) ?? true {
      trimmedAt = reactor.now
      reactor.trimMemory()
    }
    return resident
  }
}
