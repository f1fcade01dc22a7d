/// The header fields in which Anthropic's clients name the API version and the beta features that they use.
enum MessagesFields {
  /// The most bytes of a value that is forwarded. Lists of beta features are long.
  static let valueBytesMax = 1024

  /// Returns the fields as lines, without values that are empty, too long, or not printable ASCII.
  static func lines(_ head: RequestHead, _ input: Span<UInt8>) -> [String] {
    // Most requests have neither field and cost nothing here.
    if head.anthropicVersion == nil, head.anthropicBeta == nil { return [] }
    var lines: [String] = []
    for (name, field) in [("anthropic-version", head.anthropicVersion), ("anthropic-beta", head.anthropicBeta)] {
      guard let field, (1...valueBytesMax).contains(Int(field.count)) else { continue }
      let value = input.bytes(field)
      var isPlain = true
      for index in 0..<value.count where value[index] < 0x20 || value[index] > 0x7e { isPlain = false }
      if isPlain { lines.append("\(name): \(value.text)") }
    }
    return lines
  }

  /// The line of the version that requests without one have as well.
  static let usualVersion = "anthropic-version: 2023-06-01"

  /// Returns whether the beta features include a context of one million tokens.
  static func mayReadMore(_ lines: [String]) -> Bool { lines.contains { $0.contains("context-1m") } }
}
