import ArgumentParser

extension ExitCode {
  /// The server cannot be reached (`EX_UNAVAILABLE`).
  static let unavailable = ExitCode(69)
  /// A file cannot be read (`EX_IOERR`).
  static let input = ExitCode(74)
  /// The configuration is invalid (`EX_CONFIG`).
  static let configuration = ExitCode(78)
}
