/// A key of the configuration file: its value, its meaning, and whether it has an effect.
public struct ConfigurationKey: Sendable {
  /// The path, such as `server.port`. `providers[].type` is a key of every element of a list.
  public var path: String
  public var kind: Kind
  /// The value without the key, as text. Empty if there is none.
  public var defaultValue: String = ""
  public var isRequired: Bool = false
  public var availability: Availability = .supported
  /// The description in the reference document.
  public var documentation: String

  /// The kind of value that a key takes.
  public enum Kind: Sendable, Equatable {
    case string
    /// One of a list of words. The synonyms are accepted too, but not documented.
    case word([String], synonyms: [String] = [])
    /// A string that is never printed, and that `$NAME` reads from the environment.
    case secret
    case integer(ClosedRange<Int64>)
    /// An integer or a float.
    case number(ClosedRange<Double>)
    case boolean
    /// A list of strings, with its maximum length.
    case strings(Int)
    /// A list of secrets, with its maximum length.
    case secrets(Int)
    /// A table of strings under names of the operator's choice, with its maximum length.
    case names(Int)
  }

  /// Whether a key has an effect.
  public enum Availability: Sendable, Equatable {
    case supported
    /// A former name. The value is read as that of the present name, with a warning.
    case renamed(to: String)
    /// A key that still works as before, with a warning that names its replacement.
    case replaced(by: String)
    /// The feature that is missing, and the value that leaves it off and is accepted. "[]" is the empty list.
    case unsupported(String, off: String? = nil)
  }
}

extension ConfigurationKey {
  /// Returns why a value is invalid, as the end of a sentence that begins with the key, or `nil` if it is valid.
  func error(_ value: TOMLValue) -> String? {
    switch (kind, value) {
    case (.string, .string), (.secret, .string), (.boolean, .boolean), (.names, .table): return nil
    case (.word(let words, let synonyms), .string(let word)):
      if words.contains(word) || synonyms.contains(word) { return nil }
      let suggestion = Spelling.nearest(to: word, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
      return "must be \(expectation), not \"\(word)\"\(suggestion)"
    case (.integer(let range), .integer(let number)):
      return range.contains(number) ? nil : "must be \(expectation), not \(number)"
    case (.number(let range), .integer(let number)):
      return range.contains(Double(number)) ? nil : "must be \(expectation), not \(number)"
    case (.number(let range), .float(let number)):
      return range.contains(number) ? nil : "must be \(expectation), not \(number)"
    case (.strings(let countMax), .array(let count)), (.secrets(let countMax), .array(let count)):
      return count <= countMax ? nil : "has \(count) elements, but at most \(countMax) are allowed"
    default: return "must be \(expectation), not \(value.name)"
    }
  }

  /// The values that the key takes, as a noun phrase with its range.
  var expectation: String {
    switch kind {
    case .string: "a string"
    case .word(let words, _): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
    case .secret: "a string"
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
    case .boolean: "true or false"
    case .strings, .secrets: "a list of strings"
    case .names: "a table of strings"
    }
  }

  /// Returns whether a value leaves the unsupported feature off.
  func isOff(_ value: TOMLValue) -> Bool {
    guard case .unsupported(_, let off?) = availability else { return false }
    return switch value {
    case .string(let text): text == off
    case .integer(let number): Double(number) == Double(off)
    case .float(let number): number == Double(off)
    case .boolean(let flag): String(flag) == off
    case .array(let count): count == 0 && off == "[]"
    case .table, .datetime: false
    }
  }

  /// Returns a number as text, without `.0`.
  static func short(_ number: Double) -> String {
    Int64(exactly: number).map { String($0) } ?? String(number)
  }
}
