/// Reading the kernel's small texts. None of it trusts what it reads.
extension String {
  /// Without white space and zero bytes at both ends.
  var trimmed: String {
    var bytes = utf8[...]
    while let byte = bytes.first, byte <= 0x20 { bytes.removeFirst() }
    while let byte = bytes.last, byte <= 0x20 { bytes.removeLast() }
    return String(Substring(bytes))
  }

  /// The lines, without their ends.
  var lines: [Substring] { split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == "\r\n" } }

  /// The value behind `name` and a space or colon at the beginning of a line.
  func value(of name: String) -> String? {
    for line in lines where line.hasPrefix(name) {
      let rest = line.dropFirst(name.count)
      guard let mark = rest.first, mark == " " || mark == ":" || mark == "\t" else { continue }
      return String(rest.drop { $0 == " " || $0 == ":" || $0 == "\t" }).trimmed
    }
    return nil
  }

  /// The number behind a name, as `value(of:)` finds it; further words are ignored.
  func number(of name: String) -> Int? { value(of: name)?.split(separator: " ").first.flatMap { Int($0) } }

  /// The number that it begins with.
  var leadingNumber: Int? {
    let digits = utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    return Int(Substring(digits))
  }

  /// The decimal number that it begins with, as in `16.0 GT/s PCIe`.
  var leadingDecimal: Double? {
    let digits = utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: ".") }
    return Double(Substring(digits))
  }
}

/// A list of processors or nodes as the kernel writes it: `0-3,8,10-11`.
enum CPUList {
  /// Processors that are believed in at most.
  static let most = 16384

  static func read(_ text: String) -> Set<Int> {
    var found = Set<Int>()
    for part in text.trimmed.split(separator: ",") {
      let ends = part.split(separator: "-", maxSplits: 1)
      guard let first = ends.first.flatMap({ Int($0) }), first >= 0, first < most else { continue }
      let last = ends.count == 2 ? Int(ends[1]) ?? first : first
      if last >= first { found.formUnion(first...min(last, most - 1)) }
    }
    return found
  }
}

extension Int {
  /// The product, or the largest number when it is larger than that.
  func times(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? (self < 0) != (other < 0) ? .min : .max : product
  }

  /// The sum, or the largest number.
  func plus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The number itself when a file of any size can hold such a value; garbage otherwise.
  init(saturating number: Double) { self = number.isFinite ? Int(Swift.max(-9e18, Swift.min(9e18, number))) : 0 }
}
