/// Tokens that callers have reserved in pools and not reported yet. Each reservation expires.
struct Reservations: Sendable {
  /// Reservations of all callers together.
  static let countMax = 10_000
  /// The time after which a reservation is given back, in nanoseconds.
  static let timeMax: Int64 = 600_000_000_000

  /// Tokens that are given back.
  struct Released: Equatable {
    var pool: Int
    var tokens: UInt64
    /// Whether nothing of the reservation is left.
    var isOver: Bool
  }

  private struct Entry {
    let pool: Int
    let caller: CallerID?
    var tokens: UInt64
    let expiry: Int64
  }

  /// The oldest first, which is the order in which they expire.
  private var entries: [Entry] = []

  var isFull: Bool { entries.count >= Self.countMax }
  var count: Int { entries.count }

  mutating func add(_ tokens: UInt64, pool: Int, caller: CallerID?, at now: Instant) {
    entries.append(Entry(pool: pool, caller: caller, tokens: tokens, expiry: now.monotonic + Self.timeMax))
  }

  /// Takes up to that many tokens from a caller's reservations in a pool, the oldest first.
  mutating func take(_ tokens: UInt64, pool: Int, caller: CallerID?) -> [Released] {
    var rest = tokens
    var released: [Released] = []
    for index in entries.indices where rest > 0 && entries[index].pool == pool && entries[index].caller == caller {
      let part = min(rest, entries[index].tokens)
      entries[index].tokens -= part
      rest -= part
      released.append(Released(pool: pool, tokens: part, isOver: entries[index].tokens == 0))
    }
    entries.removeAll { $0.tokens == 0 }
    return released
  }

  /// Takes the reservations that have expired.
  mutating func takeExpired(at now: Instant) -> [Released] {
    guard let first = entries.first, first.expiry <= now.monotonic else { return [] }
    let count = entries.firstIndex { $0.expiry > now.monotonic } ?? entries.count
    defer { entries.removeFirst(count) }
    return entries[..<count].map { Released(pool: $0.pool, tokens: $0.tokens, isOver: true) }
  }
}
