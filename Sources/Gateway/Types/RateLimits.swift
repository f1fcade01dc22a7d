/// The limits of a caller and the rest of each, for the fields of its responses.
struct RateLimits: Equatable, Sendable {
  /// One limit, of which the least is left.
  struct Limit: Equatable, Sendable {
    var limit: UInt64
    var remaining: UInt64
    /// Seconds until all of it is available again.
    var resetSeconds: UInt64

    /// Whether less is left of it than of another limit.
    func isTighter(than other: Limit?) -> Bool { other.map { remaining < $0.remaining } ?? true }
  }

  var requests: Limit?
  var tokens: Limit?
  /// Seconds since 1970.
  var now: UInt64
}
