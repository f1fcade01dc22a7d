/// An outdated key in a configuration that is still valid.
public struct ConfigurationWarning: Equatable, Sendable, CustomStringConvertible {
  /// The file, as given by the caller.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// The column in code points, from 1.
  public var column: Int
  /// The outdated key and its replacement. Never contains a secret.
  public var message: String

  /// The warning as text, such as `hoosh.toml:12:3: warning: message`.
  public var description: String { "\(file):\(line):\(column): warning: \(message)" }
}
