/// The reason why a key file cannot be used or changed.
public struct KeyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of reasons.
  public enum Kind: Sendable {
    /// The request for the change is wrong.
    case invalid
    /// No key has that name or ID.
    case notFound
    /// The present keys do not allow the change.
    case conflict
    /// The file's text is not what hoosh wrote.
    case damaged
    /// The file, or its folder, cannot be read, written, or trusted.
    case file
  }

  public let kind: Kind
  /// The reason as a sentence without its first capital and its period. It has no secret.
  public let message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}
