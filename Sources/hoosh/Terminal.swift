import Glibc
import Reactor

/// Standard output and standard error, unbuffered.
enum Terminal {
  /// Whether standard output is a terminal. Only then is color used.
  static var isInteractive: Bool { isatty(1) != 0 }

  /// Writes a line to standard error.
  static func printError(_ text: String) { LineWriter.writeAll(Array((text + "\n").utf8), to: 2) }

  /// Writes bytes to standard output.
  static func write(_ bytes: [UInt8]) { LineWriter.writeAll(bytes, to: 1) }

  /// Returns the text in bold if standard output is a terminal.
  static func bold(_ text: String) -> String { isInteractive ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}
