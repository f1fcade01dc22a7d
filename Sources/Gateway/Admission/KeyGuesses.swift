/// Slows down guesses of keys: an address whose requests had a wrong one must wait, the longer the more there were.
///
/// While it waits, its keys are not even looked up, so that the rate of guesses has a limit whatever the number of
/// connections. The first few cost nothing, because people mistype.
struct KeyGuesses {
  /// Wrong keys of an address that have no effect.
  static let freeMax = 4
  /// The shortest and the longest wait.
  static let waitMin = Duration.seconds(1)
  static let waitMax = Duration.seconds(60)
  /// The time after the last wrong key after which an address begins again.
  static let memory = Duration.seconds(600)
  /// Addresses at most. Beyond it, the one with the oldest wrong key is forgotten.
  static let addressesMax = 1024

  private struct Row {
    var count = 0
    var last: Duration
    var until: Duration
  }

  private var rows: [[UInt8]: Row] = [:]

  /// The number of addresses that are remembered.
  var count: Int { rows.count }

  /// Returns how long an address must still wait, or `nil` if it need not.
  func wait(of address: [UInt8], now: Duration) -> Duration? {
    guard let row = rows[address], row.until > now else { return nil }
    return row.until - now
  }

  /// An address has sent a wrong key.
  mutating func failed(_ address: [UInt8], now: Duration) {
    var row = rows[address] ?? Row(last: now, until: now)
    if now - row.last > Self.memory { row.count = 0 }
    row.count = min(row.count + 1, Self.freeMax + 16)
    row.last = now
    if row.count > Self.freeMax {
      row.until = now + min(Self.waitMin * (1 << (row.count - Self.freeMax - 1)), Self.waitMax)
    }
    rows[address] = row
    if rows.count > Self.addressesMax { forgetSome(now: now) }
  }

  /// Forgets the addresses whose time is over, or else the one with the oldest wrong key.
  private mutating func forgetSome(now: Duration) {
    let count = rows.count
    rows = rows.filter { now - $0.value.last <= Self.memory }
    if rows.count == count, let oldest = rows.min(by: { $0.value.last < $1.value.last }) { rows[oldest.key] = nil }
  }
}
