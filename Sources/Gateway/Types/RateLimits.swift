/// The fields of responses to a call that are about the call.
struct CallFields: Sendable {
  /// The rest of the caller's limits as the call was admitted.
  var rateLimits: RateLimits?
  /// The answer's way through the cache; `nil` if there is no cache.
  var cache: CacheStatus?
}

/// An answer's way through the cache.
enum CacheStatus: Equatable, Sendable {
  /// It was kept, for that many seconds.
  case hit(age: UInt64)
  /// It is asked of a provider, and perhaps kept.
  case miss
  /// It is that of an identical request that ran already.
  case shared
  /// The request is not one that the cache serves, or does not want it.
  case bypass

  var word: StaticString {
    switch self {
    case .hit: "hit"
    case .miss: "miss"
    case .shared: "shared"
    case .bypass: "bypass"
    }
  }
}

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
