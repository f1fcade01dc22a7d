/// An error in a configuration, with its position.
public struct ConfigurationError: Equatable, Sendable, CustomStringConvertible {
  /// The file, as given by the caller.
  public var file: String
  /// The line, from 1. `nil` if the error has no position in a file.
  public var line: Int?
  /// The column in code points, from 1.
  public var column: Int?
  /// The path of the key, if it is one of hoosh's. It contains no text of the file.
  public var key: String?
  /// The error and how to fix it. It may repeat the file, and so whatever was written in the wrong place.
  public var message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, key: String? = nil, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.key = key
    self.message = message
  }

  /// The error as text, such as `hoosh.toml:12:3: message`.
  public var description: String {
    guard let line, let column else { return "\(file): \(message)" }
    return "\(file):\(line):\(column): \(message)"
  }
}

extension ConfigurationError {
  /// The line and the key, which callers may read, or `nil` if there is neither.
  var position: String? {
    let parts = [line.map { "line \($0)" }, key.map { "`\($0)`" }].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// All errors of a configuration, in the order of the file. Never empty.
public struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
  public var errors: [ConfigurationError]

  public init(_ errors: [ConfigurationError]) { self.errors = errors }

  /// The errors as text, one per line.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}

extension ConfigurationErrors {
  /// The most positions that callers read.
  private static let positionsMax = 10

  /// The errors for callers, who read neither the text of the file nor its path.
  var positions: String {
    let known = errors.compactMap(\.position)
    if known.isEmpty { return "Standard error has the reason." }
    let rest = known.count > Self.positionsMax ? "; and \(known.count - Self.positionsMax) more" : ""
    let list = known.prefix(Self.positionsMax).joined(separator: "; ")
    return "The new configuration has errors: \(list)\(rest). Standard error has the reasons."
  }
}
