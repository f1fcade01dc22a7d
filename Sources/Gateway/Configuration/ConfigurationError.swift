/// An error in a configuration, with its position.
public struct ConfigurationError: Equatable, Sendable, CustomStringConvertible {
  /// The file, as given by the caller.
  public var file: String
  /// The line, from 1. `nil` if the error has no position in a file.
  public var line: Int?
  /// The column in code points, from 1.
  public var column: Int?
  /// The error and how to fix it. Never contains a secret.
  public var message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// The error as text, such as `hoosh.toml:12:3: message`.
  public var description: String {
    guard let line, let column else { return "\(file): \(message)" }
    return "\(file):\(line):\(column): \(message)"
  }
}

/// All errors of a configuration, in the order of the file. Never empty.
public struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
  public var errors: [ConfigurationError]

  public init(_ errors: [ConfigurationError]) { self.errors = errors }

  /// The errors as text, one per line.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
