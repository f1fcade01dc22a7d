@testable import Gateway

/// The limits of an accepted request for chat completions, clamped in its tree.
enum PlainLimits {
  private struct Limit {
    let path: [StaticString]
    /// Whether a number below 1 means no limit.
    var isOpenBelow1 = false
  }

  private static let limits = [
    Limit(path: ["max_tokens"]), Limit(path: ["max_completion_tokens"]),
    Limit(path: ["n_predict"], isOpenBelow1: true),
    Limit(path: ["thinking_budget"]), Limit(path: ["thinking_budget_tokens"]),
    Limit(path: ["thinking", "budget_tokens"]), Limit(path: ["reasoning", "max_tokens"]),
  ]

  /// Replaces the limits in a member of the body that exceed `most`.
  static func clamp(_ entry: inout PlainJSON.Entry, to most: Int) {
    for limit in limits { clamp(&entry, limit.path[...], limit, most) }
  }

  private static func clamp(
    _ entry: inout PlainJSON.Entry, _ path: ArraySlice<StaticString>, _ limit: Limit, _ most: Int
  ) {
    guard let key = path.first, entry.reads(key), entry.value != .word("null") else { return }
    if path.count > 1 {
      guard var entries = entry.value.entries else { return }
      for index in entries.indices { clamp(&entries[index], path.dropFirst(), limit, most) }
      entry.value = .object(entries)
      return
    }
    guard let tokens = number(entry.value) else {
      fail("a limit that is not understood is rejected: \(entry.value)")
    }
    if tokens > Double(most) || (limit.isOpenBelow1 && tokens < 1) {
      entry.value = .number(Array(String(most).utf8))
    }
  }

  /// Returns the whole number that a number or a string of one means.
  private static func number(_ value: PlainJSON) -> Double? {
    switch value {
    case .number(let text):
      guard let number = Double(String(decoding: text, as: UTF8.self)), number == number.rounded() else {
        return nil
      }
      return number
    case .string:
      guard let text = value.text, case .number(let digits)? = PlainJSON.read(text) else { return nil }
      return number(.number(digits))
    default: return nil
    }
  }
}
