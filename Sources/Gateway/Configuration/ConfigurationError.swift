/// One thing wrong with a configuration, and where.
public struct ConfigurationError: Equatable, Sendable, CustomStringConvertible {
  /// The file, as the caller named it.
  public var file: String
  /// The line, from 1; nil when the fault has no place in a file.
  public var line: Int?
  /// The column in code points, from 1.
  public var column: Int?
  /// What is wrong and what to do about it. Never contains a secret.
  public var message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// As in `hoosh.toml:12:3: message`.
  public var description: String {
    guard let line, let column else { return "\(file): \(message)" }
    return "\(file):\(line):\(column): \(message)"
  }
}

/// Everything wrong with a configuration, in the order of the file; never empty.
public struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
  public var errors: [ConfigurationError]

  public init(_ errors: [ConfigurationError]) { self.errors = errors }

  /// One line per fault.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
