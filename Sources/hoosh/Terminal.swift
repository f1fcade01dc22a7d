import Glibc
import Reactor

/// Standard output and standard error, written at once.
enum Terminal {
  /// Whether standard output is a terminal; only then is there color.
  static var isInteractive: Bool { isatty(1) != 0 }

  /// Writes to standard error, with a line end.
  static func printError(_ text: String) { LineWriter.writeAll(Array((text + "\n").utf8), to: 2) }

  /// Writes to standard output as it is.
  static func write(_ bytes: [UInt8]) { LineWriter.writeAll(bytes, to: 1) }

  /// The text in bold, on a terminal.
  static func bold(_ text: String) -> String { isInteractive ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}
