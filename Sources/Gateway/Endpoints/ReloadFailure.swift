/// The reason why a reload failed, for the operator and for callers.
struct ReloadFailure: Sendable {
  /// The whole reason, for standard error.
  let reason: String
  /// The reason without the file's text and path, which may have secrets in the wrong place.
  let publicReason: String

  /// A reason that every caller may read.
  init(_ reason: String) {
    self.reason = reason
    publicReason = reason
  }

  /// The errors of a configuration. Callers read their lines and keys.
  init(_ errors: ConfigurationErrors) {
    reason = errors.description
    publicReason = errors.positions
  }
}
