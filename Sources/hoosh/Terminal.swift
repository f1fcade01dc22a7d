import Glibc

/// Standard output and standard error, written at once.
enum Terminal {
  /// Whether standard output is a terminal; only then is there color.
  static var isInteractive: Bool { isatty(1) != 0 }

  /// Writes to standard error, with a line end.
  static func complain(_ text: String) { write(Array((text + "\n").utf8), to: 2) }

  /// Writes to standard output as it is.
  static func show(_ bytes: [UInt8]) { write(bytes, to: 1) }

  /// The text in bold, on a terminal.
  static func bold(_ text: String) -> String { isInteractive ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

  private static func write(_ bytes: [UInt8], to descriptor: CInt) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        return
      }
    }
  }
}
