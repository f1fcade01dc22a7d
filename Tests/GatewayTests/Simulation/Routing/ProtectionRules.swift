/// The rules of docs/routing.md about reloads that weaken protection, without a line of the gateway's code.
struct ProtectionRules {
  /// Whether other machines can reach the address that the gateway listens on.
  let isExposed: Bool
  /// Whether callers needed a key at any time since the start.
  private var haveNeededKeys = false

  init(isExposed: Bool) { self.isExposed = isExposed }

  /// Whether a text sets something.
  private static func setsSomething(_ text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      let words = line.drop { $0 == " " || $0 == "\t" }
      return !words.isEmpty && !words.hasPrefix("#")
    }
  }

  /// "Is empty, or is the beginning of the file in use and ends within a line."
  static func isCut(_ next: String, of running: String) -> Bool {
    if !setsSomething(next) { return setsSomething(running) }
    let (next, running) = (Array(next.utf8), Array(running.utf8))
    guard next.count < running.count, running.starts(with: next) else { return false }
    return next.last != 10 && running[next.count] != 10
  }

  /// Whether a file requires keys, and whether it says that none are needed.
  private static func says(_ text: String) -> (keys: Bool, open: Bool) {
    (text.contains("\ntokens = [\""), (text + "\n").contains("\nopen = true\n"))
  }

  /// Whether callers must need a key as long as a file is in use: it does not say that they need none, and another one
  /// required keys, or other machines reach the gateway.
  func mustNeedKeys(_ text: String) -> Bool { !Self.says(text).open && (haveNeededKeys || isExposed) }

  /// Whether a valid file must be rejected.
  func mustReject(_ next: String, after running: String) -> Bool {
    Self.isCut(next, of: running) || (mustNeedKeys(next) && !Self.says(next).keys)
  }

  /// A file is in use from here on.
  mutating func accepted(_ text: String) { if Self.says(text).keys { haveNeededKeys = true } }
}
