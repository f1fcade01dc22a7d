/// Addresses of host names, looked up on threads of their own and remembered for a while.
///
/// A look-up may take many seconds when a name server is dead, and then only those who asked for that name wait.
/// A name that is known is served from memory while it is looked up again; nothing here ever waits.
struct DNSCache: ~Copyable {
  /// Looks a name up; may block, and is called on a thread of its own. `nil` when nobody could say.
  typealias Resolver = @Sendable (String) -> [IPAddress]?

  /// Addresses of one name that are kept.
  static let addressesMax = 16
  /// Look-ups that run at once; more wait for one of these.
  static let lookupsMax = 16
  /// How long it is remembered that a name has no address, or that nobody could say.
  static let failureAge = Duration.seconds(2)
  /// How long addresses may be used beyond their age while nobody can say better.
  static let staleAge = Duration.seconds(600)

  /// What a look-up found, on its way to the loop.
  struct LookupResult: Sendable {
    let name: String
    let addresses: [IPAddress]?
  }

  /// What is known of a name.
  struct Entry {
    var addresses: [IPAddress] = []
    /// Grows whenever the addresses change.
    var version = 0
    var readAt = Duration.zero
    /// Whether a later look-up said that the name has no address.
    var isStale = true
    /// When the last look-up failed, if it did.
    var failedAt: Duration?
    var isPending = false
    /// Transfers that wait for the name.
    var waiting: [TransferID] = []
  }

  enum Answer {
    case known(Entry)
    case failed
    /// The transfer was noted and is told when the look-up is over.
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

  /// What is known of a name; a transfer that has to wait is noted.
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

  /// A transfer waits no longer.
  mutating func forget(_ transfer: TransferID, _ name: String) {
    names[name]?.waiting.removeAll { $0 == transfer }
  }

  /// Takes in what look-ups found; returns the transfers that waited, each with its name.
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
        // That a name has no address any more is believed; that nobody can say is not.
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

  /// What is known of a name now, for who waited for it; `nil` when the look-up failed.
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
