/// The identity of a caller with an API key: the first 64 bits of the key's SHA-256.
///
/// It stays the same when a reload reorders the keys, and across restarts. It does not reveal the key.
struct CallerID: Hashable, Sendable {
  var bits: UInt64
}

/// The caller behind a request, identified by its credential before the body is read.
struct Caller: Equatable, Sendable {
  /// The identity that belongs to the caller's API key; nil for an anonymous caller.
  private(set) var id: CallerID?
  /// The position of the API key in `auth.tokens`, counted from 1; 0 for an anonymous caller. Only for the access log.
  private(set) var ordinal = 0

  /// A caller without a key: none is configured, or the endpoint needs none.
  static let anonymous = Caller()

  /// The caller whose key is at `index` in `auth.tokens`.
  static func key(_ index: Int, _ id: CallerID) -> Caller { Caller(id: id, ordinal: index + 1) }

  /// The caller's name in the access log: `anyone`, or `key-` and the ordinal.
  var name: String { id == nil ? "anyone" : "key-\(ordinal)" }
}
