/// An API key of a caller, without its secret.
///
/// A class, because every request refers to its key, and keys do not change.
public final class APIKey: Sendable {
  /// The rights of a caller.
  struct Rights: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// Calls of models, and what goes with them: model lists, reservations in pools, its own limits.
    static let call = Rights(rawValue: 1)
    /// The usage of all callers, and its cost.
    static let spend = Rights(rawValue: 2)
    /// Everything: reload, events of all callers, the queue.
    static let admin = Rights(rawValue: 4)

    static let all: Rights = [.call, .spend, .admin]

    /// The rights as words.
    var words: [String] {
      [("call", Self.call), ("spend", .spend), ("admin", .admin)].filter { contains($0.1) }.map(\.0)
    }
  }

  /// The identity of the caller, which stays when the key is rotated.
  let id: CallerID
  let name: String
  let team: String?
  /// The models that it may use; empty means all.
  let models: [ModelPattern]
  /// The names of the providers that may serve it; empty means all.
  let providers: [String]
  let rights: Rights
  /// When it expires, in seconds since 1970; `nil` means never.
  let expiry: Int64?

  init(
    _ id: CallerID, name: String, team: String? = nil, models: [ModelPattern] = [], providers: [String] = [],
    rights: Rights = .all, expiry: Int64? = nil
  ) {
    self.id = id
    self.name = name
    self.team = team
    self.models = models
    self.providers = providers
    self.rights = rights
    self.expiry = expiry
  }

  /// Whether it may use a model of this name.
  func mayUse(model: String) -> Bool { models.isEmpty || models.contains { $0.matches(model) } }

  /// Whether a provider of this name may serve it.
  func mayUse(provider: String) -> Bool { providers.isEmpty || providers.contains(provider) }
}
