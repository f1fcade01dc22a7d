/// An adaptive limit on the ready descriptors and due deadlines that one turn handles, so that a turn stays short
/// under any load.
///
/// Descriptors left over come first in the next turn, because the kernel reports ready descriptors round-robin. A
/// slow turn halves the limit. A quick turn that reached the limit doubles it.
struct BatchLimit {
  /// The smallest and the largest limit.
  static let valueMin = 4
  static let valueMax = 256
  /// The duration of a turn, in nanoseconds, above which the limit is halved.
  private static let slow: UInt64 = 3_000_000
  /// The duration of a turn, in nanoseconds, below which the limit may double.
  private static let quick: UInt64 = 1_000_000
  /// The number of consecutive full turns after which due deadlines are served anyway.
  private static let fullMax = 16

  private(set) var value = 16
  private var taken = 0
  private var full = 0

  /// Records how many descriptors the turn handles. Returns whether more are ready, so that a deadline may only seem
  /// missed because the loop is behind. Returns false after `fullMax` full turns.
  mutating func isBehind(_ count: Int, isCut: Bool = false) -> Bool {
    taken = count
    full = count == value || isCut ? full + 1 : 0
    return full > 0 && full <= Self.fullMax
  }

  /// Adapts the limit to the time for which the last turn was awake.
  mutating func adapt(after nanoseconds: UInt64) {
    if nanoseconds > Self.slow {
      value = max(Self.valueMin, value / 2)
    } else if nanoseconds < Self.quick, taken == value {
      value = min(Self.valueMax, value * 2)
    }
  }
}
