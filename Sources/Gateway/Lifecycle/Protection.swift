/// The protection of a running gateway, which no reload may weaken unless the new configuration says so.
///
/// A file that was cut short, or whose keys were lost, is often still valid. It must not open to everyone what the file
/// before it kept closed. `auth.open = true` says that this is meant. A restart forgets what was in use before it.
struct Protection {
  /// Whether API keys have been required at any time since the start.
  private var hasRequiredKeys: Bool
  /// The address that the gateway listens on, if other machines can reach it.
  private let exposed: String?

  init(_ configuration: Configuration, exposed: String?) {
    hasRequiredKeys = configuration.auth.needsKey
    self.exposed = exposed
  }

  /// The reason why a configuration must not be used, or `nil` if it may be. It names no key and no file.
  func objection(to next: Configuration, after running: Configuration) -> String? {
    missingKeys(next) ?? Self.truncation(of: next.text.bytes, after: running.text.bytes)
  }

  private func missingKeys(_ next: Configuration) -> String? {
    guard !next.auth.needsKey, !next.auth.isOpen else { return nil }
    if let exposed {
      return
        "The new configuration has no API keys (`auth.tokens`, [[keys]], or `auth.key_file`), but hoosh listens on \(exposed), which other "
        + "machines can reach. Add the keys, or set `auth.open = true` if everyone may use your providers."
    }
    guard hasRequiredKeys else { return nil }
    return
      "The new configuration has no API keys (`auth.tokens`, [[keys]], or `auth.key_file`), but callers needed one until now. Add the keys, "
      + "set `auth.open = true` if no key is meant to be needed, or restart hoosh."
  }

  /// A configuration is used from here on.
  mutating func accepted(_ configuration: Configuration) {
    if configuration.auth.needsKey { hasRequiredKeys = true }
  }

  /// The reason why a text looks like the beginning of the one in use, or `nil` if it does not.
  ///
  /// A text that ends between two lines may be meant, so only one that ends within a line counts, and one that sets
  /// nothing.
  static func truncation(of next: [UInt8], after running: [UInt8]) -> String? {
    if !setsSomething(next), setsSomething(running) {
      return "The new configuration is empty. Restart hoosh to use the defaults."
    }
    guard next.count < running.count, let last = next.last, last != newline, running[next.count] != newline,
      running.starts(with: next)
    else { return nil }
    return
      "The new configuration is the beginning of the one in use and ends within a line, so it was probably cut "
      + "short. Write the whole file."
  }

  private static let newline = UInt8(ascii: "\n")

  /// Whether a text has more than blank lines and comments.
  private static func setsSomething(_ text: [UInt8]) -> Bool {
    text.split(separator: newline).contains { line in
      let first = line.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
      return first != nil && first != UInt8(ascii: "#")
    }
  }
}
