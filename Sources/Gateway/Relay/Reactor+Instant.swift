internal import Reactor

extension Reactor {
  /// The time on both of its clocks.
  var instant: Instant { Instant(monotonic: nanoseconds, wall: Int64(clamping: wallClock)) }
}
