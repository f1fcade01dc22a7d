/// A point in time on both clocks, in nanoseconds.
struct Instant: Equatable, Sendable {
  /// Since some fixed point; it never goes back.
  var monotonic: Int64
  /// Since 1970, in UTC. It may be set back.
  var wall: Int64

}
