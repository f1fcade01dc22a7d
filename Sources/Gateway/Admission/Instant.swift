/// A point in time on both clocks, in nanoseconds.
struct Instant: Equatable, Sendable {
  /// Since some fixed point; it never goes back.
  var monotonic: Int64
  /// Since 1970, in UTC. It may be set back.
  var wall: Int64

  init(monotonic: Int64, wall: Int64) {
    self.monotonic = monotonic
    self.wall = wall
  }

  /// The instant of the reactor's clocks.
  init(_ now: Duration, wallClock: UInt64) {
    let (seconds, attoseconds) = now.components
    monotonic = seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    wall = Int64(clamping: wallClock)
  }
}
