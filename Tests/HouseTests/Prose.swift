import Foundation

/// The prose of a file: its comments, its longer string literals, its test names, and the text of a document.
enum Prose {
  /// Where a line of prose is.
  enum Kind: Sendable {
    /// The first line of a documentation comment.
    case summary
    case comment
    /// A line of a string literal of three or more words.
    case literal
    /// A name in backticks with a space in it.
    case name
    /// A line of Markdown, without code.
    case document
  }

  /// One line of prose and its line number in the file.
  struct Line: Sendable {
    let number: Int
    let kind: Kind
    let text: String
  }

  /// Stands for what was cut out of a line: an interpolation, or code in Markdown.
  static let gap: Character = "\u{fffc}"

  /// The prose of every file that has some, by path.
  static let all: [(path: String, lines: [Line])] = Tree.all.compactMap { file in
    if ignored.contains(where: file.path.hasPrefix) { return nil }
    let lines = lines(of: file)
    return lines.isEmpty ? nil : (file.path, lines)
  }

  /// Folders of arbitrary inputs, and the test whose samples are forbidden phrases.
  private static let ignored = [
    "Tests/Fuzz/Seeds/", "Tests/Fuzz/Dictionaries/", "Tests/Fixtures/", "Tests/HouseTests/WordsTests.swift",
  ]

  static func lines(of file: Tree.File) -> [Line] {
    let name = file.path.split(separator: "/").last ?? ""
    switch name.split(separator: ".").dropFirst().last {
    case "swift": return CodeReader.read(file.text, isSwift: true)
    case "c", "cpp", "h", "modulemap": return CodeReader.read(file.text, isSwift: false)
    case "md": return document(file.lines)
    case "py", "sh", "toml", "yml", "yaml": return script(file.lines)
    case nil where file.path.hasPrefix("tools/"): return script(file.lines)
    default: return []
    }
  }

  /// Markdown without fenced blocks and without code spans.
  private static func document(_ lines: [Substring]) -> [Line] {
    var isFenced = false
    var found: [Line] = []
    for (index, line) in lines.enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isFenced.toggle()
        continue
      }
      if isFenced || line.isEmpty { continue }
      let parts = line.split(separator: "`", omittingEmptySubsequences: false)
      let text = parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : String(gap) }.joined()
      found.append(Line(number: index + 1, kind: .document, text: text))
    }
    return found
  }

  /// The comments of a script, and Python's documentation strings.
  private static func script(_ lines: [Substring]) -> [Line] {
    var found: [Line] = []
    var isDocumented = false
    for (index, line) in lines.enumerated() {
      let text = line.drop { $0 == " " }
      let marks = line.components(separatedBy: "\"\"\"").count - 1
      if isDocumented || text.hasPrefix("\"\"\"") {
        found.append(
          Line(number: index + 1, kind: .comment, text: String(text.replacing("\"\"\"", with: ""))))
        if marks % 2 == 1 { isDocumented.toggle() }
        continue
      }
      if let comment = comment(in: line) { found.append(Line(number: index + 1, kind: .comment, text: comment)) }
    }
    return found
  }

  /// The text behind the first `#` outside quotes that begins a word.
  private static func comment(in line: Substring) -> String? {
    var quote: Character?
    var last: Character = " "
    for index in line.indices {
      let character = line[index]
      if character == quote, last != "\\" {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'", last == " " || last == "(" || last == "=" {
        quote = character
      } else if quote == nil, character == "#", last == " " {
        return String(line[line.index(after: index)...].drop { $0 == " " || $0 == "#" || $0 == "!" })
      }
      last = character
    }
    return nil
  }
}
