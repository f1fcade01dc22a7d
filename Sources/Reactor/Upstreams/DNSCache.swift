/// A cache of host addresses, which are looked up on separate threads.
///
/// If a name server is down, a lookup may take many seconds. Only transfers to that host wait for it. Known
/// addresses are used while they are looked up again. Nothing here blocks.
struct DNSCache: ~Copyable {
  /// A DNS lookup. It may block and is called on its own thread. Returns `nil` if the lookup failed.
  typealias Resolver = @Sendable (String) -> [IPAddress]?

  /// The most addresses kept for one host.
  static let addressesMax = 16
  /// The most concurrent lookups. Others are queued.
  static let lookupsMax = 16
  /// The time for which a failed or empty lookup is cached.
  static let failureAge = Duration.seconds(2)
  /// The time for which addresses may be used past their TTL while lookups fail.
  static let staleAge = Duration.seconds(600)

  /// The result of a lookup, posted to the loop.
  struct LookupResult: Sendable {
    let name: String
    let addresses: [IPAddress]?
  }

  /// The cached state of a host name.
  struct Entry {
    var addresses: [IPAddress] = []
    /// A counter that increases whenever the addresses change.
    var version = 0
    var readAt = Duration.zero
    /// Whether the addresses are unusable: never looked up, or a later lookup found none.
    var isStale = true
    /// The time at which the last lookup failed, if it did.
    var failedAt: Duration?
    var isPending = false
    /// The transfers that wait for this lookup.
    var waiting: [TransferID] = []
  }

  /// The result of a cache lookup.
  enum Answer {
    case known(Entry)
    case failed
    /// The transfer was added to the waiting list and is returned by `collect`.
    case pending
  }

  private let resolve: Resolver
  private let ttl: Duration
  let mailbox: Mailbox<LookupResult>
  private var names: [String: Entry] = [:]
  private var queue: [String] = []
  private var running = 0

  init(resolve: @escaping Resolver, ttl: Duration) throws(SystemError) {
    self.resolve = resolve
    self.ttl = ttl
    mailbox = try Mailbox(weightMax: Self.lookupsMax)
  }

  /// Looks up a host name in the cache. If a lookup must finish first, adds the transfer to its waiting list.
  mutating func lookUp(_ name: String, for transfer: TransferID, now: Duration) -> Answer {
    let known = names[name, default: Entry()]
    if !known.isStale {
      if now - known.readAt < ttl { return .known(known) }
      if !isFailureFresh(known, now) { startLookup(name) }
      if now - known.readAt < ttl + Self.staleAge { return .known(known) }
    }
    if isFailureFresh(known, now) { return .failed }
    startLookup(name)
    names[name, default: Entry()].waiting.append(transfer)
    return .pending
  }

  private func isFailureFresh(_ known: Entry, _ now: Duration) -> Bool {
    known.failedAt.map { now - $0 < Self.failureAge } ?? false
  }

  /// Removes a transfer from a waiting list.
  mutating func forget(_ transfer: TransferID, _ name: String) {
    names[name]?.waiting.removeAll { $0 == transfer }
  }

  /// Collects finished lookups. Returns the transfers that waited, each with its host name.
  mutating func collect(now: Duration) -> [(transfer: TransferID, name: String)] {
    var ready: [(transfer: TransferID, name: String)] = []
    for found in mailbox.take() {
      running -= 1
      var known = names[found.name, default: Entry()]
      known.isPending = false
      if let addresses = found.addresses, !addresses.isEmpty {
        if addresses != known.addresses { known.version += 1 }
        known.addresses = addresses
        known.readAt = now
        known.isStale = false
        known.failedAt = nil
      } else {
        // A lookup that found no address invalidates the cached ones. A failed lookup does not.
        if found.addresses != nil { known.isStale = true }
        known.failedAt = now
      }
      for transfer in known.waiting { ready.append((transfer, found.name)) }
      known.waiting = []
      names[found.name] = known
    }
    startQueued()
    return ready
  }

  /// Returns the current entry of a host name, or `nil` if the lookup failed.
  func entry(_ name: String) -> Entry? {
    guard let known = names[name], !known.isStale else { return nil }
    return known
  }

  private mutating func startLookup(_ name: String) {
    guard names[name]?.isPending != true else { return }
    names[name, default: Entry()].isPending = true
    queue.append(name)
    startQueued()
  }

  private mutating func startQueued() {
    while running < Self.lookupsMax, !queue.isEmpty {
      let name = queue.removeFirst()
      running += 1
      do throws(SystemError) {
        try Worker.start { [resolve, mailbox] in
          mailbox.post(LookupResult(name: name, addresses: resolve(name)))
        }
      } catch {
        mailbox.post(LookupResult(name: name, addresses: nil))
      }
    }
  }
}
