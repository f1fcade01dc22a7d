/// The identity of a caller with an API key: 64 bits of a SHA-256, of its name or else of the key itself.
///
/// It stays the same when a reload reorders the keys, and across restarts. It does not reveal the key.
struct CallerID: Hashable, Sendable {
  var bits: UInt64
}

/// The caller behind a request, identified by its credential before the body is read.
struct Caller: Equatable, Sendable {
  /// The caller's API key; nil for an anonymous caller.
  private(set) var key: APIKey?

  /// A caller without a key: none is configured, or the endpoint needs none.
  static let anonymous = Caller()

  private init() {}

  init(_ key: APIKey) { self.key = key }

  /// The identity that belongs to the caller's API key; nil for an anonymous caller.
  var id: CallerID? { key?.id }

  /// The caller's name in the access log: `anyone`, or that of its key.
  var name: String { key?.name ?? "anyone" }

  /// The caller's rights. Without keys, everyone who reaches the gateway may do everything.
  var rights: APIKey.Rights { key?.rights ?? .all }

  static func == (left: Caller, right: Caller) -> Bool { left.id == right.id }
}
