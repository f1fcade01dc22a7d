import ArgumentParser
import Glibc
import Reactor

/// Standard output and standard error, unbuffered.
enum Terminal {
  private static let boldOn = "\u{1b}[1m"
  private static let boldOff = "\u{1b}[0m"

  /// Whether standard output shows color: a terminal does, unless the environment says otherwise (no-color.org).
  private static let hasColor =
    isatty(STDOUT_FILENO) != 0 && Environment.value("NO_COLOR") == nil && Environment.value("TERM") != "dumb"
    && Environment.value("TERM") != nil

  /// Writes a line to standard error.
  static func printError(_ text: String) {
    LineWriter.printError((isatty(STDERR_FILENO) != 0 ? printable(text) : text) + "\n")
  }

  /// Waits for a short while until a running gateway's messages are written.
  static func finish() { LineWriter.finishServing(within: .milliseconds(500)) }

  /// Writes a line to standard output.
  static func print(_ text: String) { write(Array((text + "\n").utf8)) }

  /// Writes bytes to standard output. Ends the program if they cannot be written: no command succeeds without its
  /// output.
  static func write(_ bytes: [UInt8]) {
    let isTerminal = isatty(STDOUT_FILENO) != 0
    let output = isTerminal ? Array(printable(String(decoding: bytes, as: UTF8.self)).utf8) : bytes
    guard let error = LineWriter.writeAll(output, to: STDOUT_FILENO) else { return }
    // A reader such as `head` that leaves early is no reason for a message.
    if error.code != EPIPE { printError("hoosh: cannot write the output: \(error)") }
    exit(ExitCode.input.rawValue)
  }

  /// Returns the text in bold if standard output shows color.
  static func bold(_ text: String) -> String { hasColor ? boldOn + text + boldOff : text }

  /// Returns a text that may go to a terminal. Names and answers come from others, so each control character is
  /// replaced, except for line ends, tabs, and the sequences of `bold`.
  static func printable(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.first {
      if scalar == "\u{1b}",
        let sequence = [boldOn, boldOff].first(where: { rest.starts(with: $0.unicodeScalars) })
      {
        out.append(contentsOf: sequence.unicodeScalars)
        rest = rest.dropFirst(sequence.unicodeScalars.count)
        continue
      }
      rest = rest.dropFirst()
      let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
      out.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(out)
  }
}
