internal import Reactor

extension Reactor {
  /// The time on both of its clocks.
  var instant: Instant { Instant(now, wallClock: wallClock) }
}
