import Foundation
import Testing

/// The documents name only files and symbols that exist.
@Suite struct DocumentsTests {
  /// The documents that describe the present: no changelog, and no decisions, which describe their day.
  static let documents = Tree.all.filter { file in
    let current = ["ARCHITECTURE.md", "README.md", "SECURITY.md", "CONTRIBUTING.md"]
    let isGuide = file.path.hasPrefix("docs/") && !file.path.hasPrefix("docs/decisions/")
    return current.contains(file.path) || isGuide && file.path.hasSuffix(".md")
  }

  /// Words that are written like a type and belong to Swift, to HTTP, or to another program.
  private static let foreign: Set<String> = ["Bearer", "Origin", "Span", "Task"]
  /// Files that belong to the operator, and examples of names.
  private static let otherFiles: Set<String> = ["hoosh.toml", "X+Y.swift"]

  /// The words of all Swift code, and those of its string literals.
  private static let known: Set<String> = {
    let files = ["Sources", "Tests", "Benchmarks"].flatMap(Tree.swift)
    var words = files.reduce(into: Set<String>()) { $0.formUnion($1.words) }
    for file in Tree.swift("Sources") {
      for line in file.lines where line.contains("\"") {
        words.formUnion(line.split { !$0.isLetter && !$0.isNumber }.map(String.init))
      }
    }
    return words
  }()

  /// Every file and every folder, with a slash before it.
  private static let paths: Set<String> = {
    var paths: Set<String> = []
    for file in Tree.all {
      var path = "/" + file.path
      while !path.isEmpty {
        paths.insert(path)
        path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      }
    }
    return paths
  }()

  @Test(arguments: documents.map(\.path))
  func `every file and every symbol that a document names exists`(_ path: String) throws {
    let missing = Self.spans(try #require(Tree.file(path)).lines).filter { !Self.exists($0) }
    #expect(missing == [], "\(path)")
  }

  @Test(arguments: [
    ("Front/HeadReader", true), ("Front/HeadRider", false), ("Sources/Gateway/Front", true), ("Reactor.turn", true),
    ("Reactor.turnAround", false), ("HouseTests", true), ("Gateway/Front/HeadReader.swift", true),
    ("Nothingness", false),
    ("HeadReader.swift", true), ("HeadRider.swift", false), ("Sources/Gateway/Gateway*.swift", true),
    (".read(x)", true),
    (".readNothingAtAll", false), ("POST", true), ("server.bind", true), ("tools/check", true),
    ("tools/chick", false),
    ("Content-Length", true), ("/v1/models", true), ("application/json", true), ("Tests/Fuzz/Seeds/TARGET", true),
    ("OpenAi", true), ("curl -N http://localhost", true), ("Sources/C*", true), ("docs/nothing.md", false),
  ])
  func `the reader of names tells symbols and files from other code`(_ span: String, _ exists: Bool) {
    #expect(Self.exists(span) == exists)
  }

  /// The code spans of a document, outside fenced blocks.
  private static func spans(_ lines: [Substring]) -> [String] {
    var isFenced = false
    var found: [String] = []
    for line in lines {
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isFenced.toggle() }
      if isFenced { continue }
      let parts = line.split(separator: "`", omittingEmptySubsequences: false)
      found += parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
    return found
  }

  /// Whether a code span names something that exists, or neither a file nor a symbol.
  private static func exists(_ span: String) -> Bool {
    let name = span.hasSuffix("/") ? String(span.dropLast()) : String(span.prefix { $0 != "(" })
    guard name.wholeMatch(of: /[A-Za-z0-9_.+*\/-]+/) != nil, !otherFiles.contains(name) else { return true }
    if isPath(name) { return isFile(name) }
    if name.wholeMatch(of: /\.[a-z]\w*/) != nil { return known.contains(String(name.dropFirst())) }
    guard name.wholeMatch(of: /[A-Z]\w*[a-z]\w*(\.[A-Za-z]\w*)*/) != nil else { return true }
    return name.split(separator: ".").allSatisfy { known.contains(String($0)) || foreign.contains(String($0)) }
      || isFile(name)
  }

  /// Whether a name is that of a file or folder of the repository: by its extension, its folder, or a `+`.
  private static func isPath(_ name: String) -> Bool {
    if name.wholeMatch(of: /[\w+*.-]+\.(swift|md|py|sh|toml|jsonl|h|c|cpp|dict)/) != nil { return true }
    if name.wholeMatch(of: /[A-Z]\w*\+\w+/) != nil { return true }
    guard let first = name.split(separator: "/").first, name.contains("/"), !name.hasPrefix("/") else {
      return false
    }
    return ["tools", "docs", "hoosh"].contains(first) || first.wholeMatch(of: /[A-Z]\w*[a-z]\w*/) != nil
  }

  private static func isFile(_ name: String) -> Bool {
    var pattern = NSRegularExpression.escapedPattern(for: name).replacing("\\*", with: "[^/]*")
    // A last component in capitals stands for any name.
    if let last = name.split(separator: "/").last, name.contains("/"), last.allSatisfy(\.isUppercase) {
      pattern = String(pattern.dropLast(last.count)) + "[^/]+"
    }
    guard let end = try? NSRegularExpression(pattern: "/\(pattern)(?:[.+][^/]*)?$") else { return false }
    return paths.contains { end.firstMatch(in: $0, range: NSRange($0.startIndex..., in: $0)) != nil }
  }
}
