/// Finds arithmetic that traps when a number is larger than the code expects: conversions that narrow, products, shifts,
/// and sums over several values.
///
/// It reads lines, not types. It therefore also finds what cannot trap, such as a conversion of a digit; `NumberTests`
/// has a table of those.
enum BareArithmetic {
  /// Returns what a line of code has of it, in the order of kinds.
  static func find(in line: String) -> [String] {
    var found: [String] = []
    if line.contains("Int") || line.contains("CLong") || line.contains("numericCast") { found += conversions(line) }
    if line.contains("*") || line.contains("<<") { found += products(line) }
    if line.contains("+=") { found += sums(line) }
    if line.contains(", +)") || line.contains(", *)") { found.append("reduce") }
    return found
  }

  // MARK: Conversions

  private static let types: Set<Substring> = [
    "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "CInt", "CLong",
    "numericCast",
  ]

  /// Labels of initializers that cannot trap, and of those that convert no number.
  private static let labels: Set<Substring> = [
    "ascii", "bigEndian", "bitPattern", "clamping", "exactly", "hex", "littleEndian", "saturating",
    "truncatingIfNeeded",
  ]

  /// Members whose value counts or locates what is in memory.
  private static let members: Set<Substring> = ["count", "elements", "start", "utf8CodeUnitCount"]

  private static func conversions(_ line: String) -> [String] {
    var found: [String] = []
    var at = line.startIndex
    while let open = line[at...].firstIndex(of: "(") {
      at = line.index(after: open)
      let name = line[..<open].split(omittingEmptySubsequences: false) { !isWord($0) }.last ?? ""
      if !types.contains(name) || line[..<open].dropLast(name.count).last == "." { continue }
      let argument = argument(line[at...])
      if isHarmless(argument) || isOptional(line[..<open].dropLast(name.count)) { continue }
      found.append("\(name)(\(argument))")
    }
    return found
  }

  /// Returns the text up to the parenthesis that closes.
  private static func argument(_ text: Substring) -> Substring {
    var depth = 1
    for index in text.indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return text[..<index] }
    }
    return text
  }

  private static func isHarmless(_ argument: Substring) -> Bool {
    if let label = argument.split(separator: ":").first, label.count < argument.count {
      if labels.contains(label) || argument.contains(", radix: ") { return true }
    }
    if isLiteral(argument) { return true }
    // The name of a constant of C.
    if argument.first?.isUppercase == true, argument.allSatisfy({ isWord($0) && !$0.isLowercase }) {
      return true
    }
    let path = argument.split(separator: ".")
    return path.count > 1 && members.contains(path[path.count - 1])
      && argument.allSatisfy { isWord($0) || "$.?!".contains($0) }
  }

  /// Whether the result is `nil` for what does not fit, because it is bound or flattened: a text is converted.
  private static func isOptional(_ before: Substring) -> Bool {
    for (start, end) in [("if let ", " = "), ("guard let ", " = "), (", let ", " = ")] where before.hasSuffix(end) {
      let name = before.dropLast(end.count).split(separator: " ").last ?? ""
      if before.dropLast(end.count + name.count).hasSuffix(start) { return true }
    }
    return before.hasSuffix("flatMap { ") || before.hasSuffix("flatMap({ ") || before.hasSuffix("compactMap { ")
  }

  // MARK: Products and sums

  private static let operators: Set<Substring> = ["*", "<<", "*=", "<<="]

  private static func products(_ line: String) -> [String] {
    let words = line.split(separator: " ")
    return words.indices.compactMap { index in
      guard operators.contains(words[index]) else { return nil }
      // A line may begin or end with its operator.
      let left = index > 0 ? words[index - 1] : ""
      let right = index + 1 < words.count ? words[index + 1] : ""
      if isLiteral(left.drop { "([".contains($0) }), isLiteral(right.prefix { isWord($0) || $0 == "." }) {
        return nil
      }
      return "\(left) \(words[index]) \(right)"
    }
  }

  private static func sums(_ line: String) -> [String] {
    let words = line.split(separator: " ")
    return words.indices.dropFirst().compactMap { index in
      guard words[index] == "+=" else { return nil }
      let right = index + 1 < words.count ? words[index + 1] : ""
      // Numbers of steps, texts, and lists.
      if isLiteral(right.prefix { isWord($0) || $0 == "." }) || right.hasPrefix("\"") || right.hasPrefix("[") {
        return nil
      }
      return "\(words[index - 1]) += \(right)"
    }
  }

  // MARK: Words

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private static func isLiteral(_ text: Substring) -> Bool {
    text.first?.isNumber == true && text.allSatisfy { isWord($0) || $0 == "." }
  }
}
