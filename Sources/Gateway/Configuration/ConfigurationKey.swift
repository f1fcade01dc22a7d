/// One key of the configuration file: what it takes, what it means, and whether it works.
public struct ConfigurationKey: Sendable {
  /// Where it stands, as in `server.port`; `providers[].type` is the key of every element of a list.
  public var path: String
  public var kind: Kind
  /// The value without the key, as text; empty for none.
  public var defaultValue: String = ""
  public var isRequired: Bool = false
  public var availability: Availability = .now
  /// One sentence.
  public var documentation: String

  /// What a value must be.
  public enum Kind: Sendable, Equatable {
    case string
    /// One of these words.
    case word([String])
    /// A string that is never printed, and that `$NAME` takes from the environment.
    case secret
    case integer(ClosedRange<Int64>)
    /// An integer or a float.
    case number(ClosedRange<Double>)
    case boolean
    /// At most so many strings.
    case strings(Int)
    /// At most so many secrets.
    case secrets(Int)
  }

  /// Whether the key does something.
  public enum Availability: Sendable, Equatable {
    case now
    /// What is missing, and the value that asks for nothing and is therefore accepted; "[]" is the empty list.
    case unsupported(String, off: String? = nil)
  }
}

extension ConfigurationKey {
  /// What is wrong with a value, as the end of a sentence that begins with the key; nil when nothing is.
  func error(_ value: TOMLValue) -> String? {
    switch (kind, value) {
    case (.string, .string), (.secret, .string), (.boolean, .boolean): return nil
    case (.word(let words), .string(let word)):
      if words.contains(word) { return nil }
      let meant = Spelling.nearest(to: word, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
      return "must be \(expectation), not \"\(word)\"\(meant)"
    case (.integer(let bounds), .integer(let number)):
      return bounds.contains(number) ? nil : "must be \(expectation), not \(number)"
    case (.number(let bounds), .integer(let number)):
      return bounds.contains(Double(number)) ? nil : "must be \(expectation), not \(number)"
    case (.number(let bounds), .float(let number)):
      return bounds.contains(number) ? nil : "must be \(expectation), not \(number)"
    case (.strings(let countMax), .array(let count)), (.secrets(let countMax), .array(let count)):
      return count <= countMax ? nil : "has \(count) elements; at most \(countMax) are read"
    default: return "must be \(expectation), not \(value.name)"
    }
  }

  /// What the key takes, as a noun with its article and bounds.
  var expectation: String {
    switch kind {
    case .string: "a string"
    case .word(let words): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
    case .secret: "a string"
    case .integer(let bounds): "an integer from \(bounds.lowerBound) to \(bounds.upperBound)"
    case .number(let bounds): "a number from \(Self.short(bounds.lowerBound)) to \(Self.short(bounds.upperBound))"
    case .boolean: "true or false"
    case .strings, .secrets: "a list of strings"
    }
  }

  /// Whether a value is the one that asks for nothing.
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

  /// A number without a needless fraction.
  static func short(_ number: Double) -> String {
    Int64(exactly: number).map { String($0) } ?? String(number)
  }
}
