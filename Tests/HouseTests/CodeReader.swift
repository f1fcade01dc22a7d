import Foundation

/// Reads the prose of Swift and C: comments, string literals of three or more words, and names in backticks.
struct CodeReader {
  /// The text around the next byte: code or a literal.
  private enum Context {
    /// Code, with its open parentheses if it is an interpolation.
    case code(parentheses: Int)
    case literal(hashes: Int, isMultiline: Bool)
  }

  private let bytes: [UInt8]
  private let isSwift: Bool
  private var at = 0
  private var number = 1
  private var stack = [Context.code(parentheses: 0)]
  /// The lines of the literals that are open, the innermost last.
  private var literals: [[Prose.Line]] = []
  private var texts: [[UInt8]] = []
  private var found: [Prose.Line] = []
  /// The line of the last documentation comment.
  private var documented = -1

  private init(_ text: String, isSwift: Bool) {
    bytes = Array(text.utf8)
    self.isSwift = isSwift
  }

  /// Returns the prose of a source text in the order of its lines.
  static func read(_ text: String, isSwift: Bool) -> [Prose.Line] {
    var reader = CodeReader(text, isSwift: isSwift)
    while reader.at < reader.bytes.count {
      switch reader.stack[reader.stack.count - 1] {
      case .code(let parentheses): reader.readCode(parentheses)
      case .literal(let hashes, let isMultiline): reader.readLiteral(hashes, isMultiline)
      }
    }
    return reader.found.sorted { $0.number < $1.number }
  }

  private func starts(_ text: StaticString) -> Bool { starts(text, at: at) }

  private func starts(_ text: StaticString, at place: Int) -> Bool {
    let wanted = Array("\(text)".utf8)
    return place + wanted.count <= bytes.count && bytes[place..<place + wanted.count].elementsEqual(wanted)
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self).trimmingCharacters(in: .whitespaces)
  }

  private func endOfLine(from place: Int) -> Int {
    bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
  }

  // MARK: Code

  private mutating func readCode(_ parentheses: Int) {
    switch bytes[at] {
    case UInt8(ascii: "/") where starts("//"): readComment()
    case UInt8(ascii: "/") where starts("/*"): readBlock()
    case UInt8(ascii: "\""), UInt8(ascii: "#"): readOpening()
    case UInt8(ascii: "'") where !isSwift: skipCharacter()
    case UInt8(ascii: "`") where isSwift: readName()
    case UInt8(ascii: "(") where stack.count > 1:
      stack[stack.count - 1] = .code(parentheses: parentheses + 1)
      at += 1
    case UInt8(ascii: ")") where stack.count > 1:
      at += 1
      if parentheses == 1 {
        stack.removeLast()
      } else {
        stack[stack.count - 1] = .code(parentheses: parentheses - 1)
      }
    case UInt8(ascii: "\n"):
      number += 1
      at += 1
    default: at += 1
    }
  }

  private mutating func readComment() {
    let end = endOfLine(from: at)
    let isDocumentation = starts("///") && !starts("////")
    var start = at
    while start < end, bytes[start] == UInt8(ascii: "/") { start += 1 }
    let isSummary = isDocumentation && documented != number - 1
    if isDocumentation { documented = number }
    found.append(Prose.Line(number: number, kind: isSummary ? .summary : .comment, text: text(start..<end)))
    at = end
  }

  private mutating func readBlock() {
    at += 2
    while at < bytes.count, !starts("*/") {
      let end = endOfLine(from: at)
      var stop = at
      while stop < end, !starts("*/", at: stop) { stop += 1 }
      found.append(Prose.Line(number: number, kind: .comment, text: text(at..<stop)))
      at = stop
      if at < bytes.count, bytes[at] == UInt8(ascii: "\n") {
        number += 1
        at += 1
      }
    }
    at = min(at + 2, bytes.count)
  }

  private mutating func readOpening() {
    var place = at
    while place < bytes.count, bytes[place] == UInt8(ascii: "#") { place += 1 }
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\""), isSwift || place == at else {
      at = max(place, at + 1)
      return
    }
    let isMultiline = isSwift && starts("\"\"\"", at: place)
    stack.append(.literal(hashes: place - at, isMultiline: isMultiline))
    literals.append([])
    texts.append([])
    at = place + (isMultiline ? 3 : 1)
  }

  private mutating func skipCharacter() {
    at += at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "\\") ? 3 : 2
    while at < bytes.count, bytes[at] != UInt8(ascii: "'"), bytes[at] != UInt8(ascii: "\n") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "'") { at += 1 }
  }

  private mutating func readName() {
    let end = bytes[(at + 1)...].firstIndex { $0 == UInt8(ascii: "`") || $0 == UInt8(ascii: "\n") } ?? bytes.count
    let name = text(at + 1..<end)
    if name.contains(" ") { found.append(Prose.Line(number: number, kind: .name, text: name)) }
    at = end < bytes.count && bytes[end] == UInt8(ascii: "`") ? end + 1 : end
  }

  // MARK: Literals

  private mutating func readLiteral(_ hashes: Int, _ isMultiline: Bool) {
    let byte = bytes[at]
    if byte == UInt8(ascii: "\\"), hasHashes(hashes, at: at + 1) {
      let next = at + 1 + hashes
      if isSwift, next < bytes.count, bytes[next] == UInt8(ascii: "(") {
        stack.append(.code(parentheses: 0))
        texts[texts.count - 1] += Array(String(Prose.gap).utf8)
        at = next
      } else {
        if next < bytes.count, bytes[next] == UInt8(ascii: "\n") { number += 1 }
        texts[texts.count - 1].append(UInt8(ascii: " "))
        at = next + 1
      }
    } else if byte == UInt8(ascii: "\""), isMultiline ? starts("\"\"\"") : true,
      hasHashes(hashes, at: at + (isMultiline ? 3 : 1))
    {
      at += (isMultiline ? 3 : 1) + hashes
      endLiteralLine()
      endLiteral()
    } else if byte == UInt8(ascii: "\n") {
      endLiteralLine()
      number += 1
      at += 1
      // No literal of one line goes on: the quote was something else.
      if !isMultiline { endLiteral() }
    } else {
      texts[texts.count - 1].append(byte)
      at += 1
    }
  }

  private func hasHashes(_ count: Int, at place: Int) -> Bool {
    place + count <= bytes.count && bytes[place..<place + count].allSatisfy { $0 == UInt8(ascii: "#") }
  }

  private mutating func endLiteralLine() {
    let text = String(decoding: texts[texts.count - 1], as: UTF8.self).trimmingCharacters(in: .whitespaces)
    texts[texts.count - 1] = []
    if !text.isEmpty { literals[literals.count - 1].append(Prose.Line(number: number, kind: .literal, text: text)) }
  }

  private mutating func endLiteral() {
    stack.removeLast()
    texts.removeLast()
    let lines = literals.removeLast()
    let words = lines.reduce(0) { sum, line in
      sum + line.text.split(separator: " ").count { $0.contains { $0.isLetter } }
    }
    if words >= 3 { found += lines }
  }
}
