/// How many ready descriptors, and due deadlines, one turn takes on, so that a turn stays short whatever they bring.
///
/// What is ready and not taken is first in line at the next turn, because the kernel hands descriptors out in
/// turns. A turn that took long halves the number, quick ones that were full double it.
struct BatchLimit {
  /// Bounds of the number.
  static let valueMin = 4
  static let valueMax = 256
  /// A turn that is longer, in nanoseconds, took too much on.
  private static let slow: UInt64 = 3_000_000
  /// A turn that is shorter could have taken more.
  private static let quick: UInt64 = 1_000_000
  /// Full turns after which deadlines are served all the same.
  private static let fullMax = 16

  private(set) var value = 16
  private var taken = 0
  private var full = 0

  /// Whether more waits than was taken, so that lateness may be the loop's own. Never for long.
  mutating func isBehind(_ count: Int, isCut: Bool = false) -> Bool {
    taken = count
    full = count == value || isCut ? full + 1 : 0
    return full > 0 && full <= Self.fullMax
  }

  /// A turn is over that was awake for so long.
  mutating func adapt(after nanoseconds: UInt64) {
    if nanoseconds > Self.slow {
      value = max(Self.valueMin, value / 2)
    } else if nanoseconds < Self.quick, taken == value {
      value = min(Self.valueMax, value * 2)
    }
  }
}
