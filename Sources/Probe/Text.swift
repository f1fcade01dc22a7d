// Parsing of the kernel's small text files. No input is trusted.
extension String {
  /// The string without whitespace and control characters at either end.
  var trimmed: String {
    var bytes = utf8[...]
    while let byte = bytes.first, byte <= 0x20 { bytes.removeFirst() }
    while let byte = bytes.last, byte <= 0x20 { bytes.removeLast() }
    return String(Substring(bytes))
  }

  /// The lines, without line ends.
  var lines: [Substring] { split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == "\r\n" } }

  /// Returns the value that follows `name` and a space, tab, or colon at the start of a line.
  func value(of name: String) -> String? {
    for line in lines where line.hasPrefix(name) {
      let rest = line.dropFirst(name.count)
      guard let mark = rest.first, mark == " " || mark == ":" || mark == "\t" else { continue }
      return String(rest.drop { $0 == " " || $0 == ":" || $0 == "\t" }).trimmed
    }
    return nil
  }

  /// Returns the number that follows a name, ignoring further words.
  func number(of name: String) -> Int? { value(of: name)?.split(separator: " ").first.flatMap { Int($0) } }

  /// The integer at the start of the string.
  var leadingNumber: Int? {
    let digits = utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    return Int(Substring(digits))
  }

  /// The decimal number at the start of the string, as in `16.0 GT/s PCIe`.
  var leadingDecimal: Double? {
    let digits = utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: ".") }
    return Double(Substring(digits))
  }
}

/// A list of processors or nodes in the kernel's format, as in `0-3,8,10-11`.
enum CPUList {
  /// Numbers from here on are ignored.
  static let endMax = 16384

  /// Returns the numbers of a list.
  static func read(_ text: String) -> Set<Int> {
    var found = Set<Int>()
    for part in text.trimmed.split(separator: ",") {
      let ends = part.split(separator: "-", maxSplits: 1)
      guard let first = ends.first.flatMap({ Int($0) }), first >= 0, first < endMax else { continue }
      let last = ends.count == 2 ? Int(ends[1]) ?? first : first
      if last >= first { found.formUnion(first...min(last, endMax - 1)) }
    }
    return found
  }
}
