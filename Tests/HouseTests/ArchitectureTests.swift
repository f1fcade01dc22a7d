import Foundation
import Testing

/// The order of the gateway's folders, and what each of them may know.
@Suite struct ArchitectureTests {
  /// The folders from top to bottom. A folder may use those of the rows below its own.
  ///
  /// The root and the folders beside it use one another, and so do those of the last row; all others are independent of
  /// their neighbors. The empty name is that of the root.
  private static let rows: [[String]] = [
    ["", "Connections", "Endpoints", "Lifecycle", "Relay"],
    ["Exchange"],
    ["Dispatch", "Admission", "Cache", "Records"],
    ["Calls"],
    ["Dialects"],
    ["Front"],
    ["Types", "Wire", "Configuration"],
  ]

  private static let folders = rows.flatMap { $0 }

  private static func row(of folder: String) -> Int {
    rows.firstIndex { $0.contains(folder) } ?? 0
  }

  /// The folders whose types the files of a folder may name.
  private static func known(to folder: String) -> Set<String> {
    let row = row(of: folder)
    let isShared = row == 0 || row == rows.count - 1
    return Set(rows[(row + 1)...].joined()).union(isShared ? rows[row] : [folder])
  }

  @Test func `the gateway's folders are those that have a place in the order`() {
    let present = Set(
      Tree.swift("Sources/Gateway").map { $0.path.split(separator: "/") }.filter { $0.count > 3 }.map {
        String($0[2])
      })
    #expect(present == Set(Self.folders).subtracting([""]))
  }

  @Test func `a folder of the gateway names no type of a folder that it may not know`() {
    var homes: [String: String] = [:]
    for folder in Self.folders {
      for file in files(of: folder) {
        for type in file.declaredTypes { homes[type] = folder }
      }
    }
    #expect(homes["RequestHead"] == "Front")
    #expect(homes["Gateway"] == "")
    var violations: [String] = []
    for folder in Self.folders {
      let known = Self.known(to: folder)
      let nested = Set(known.flatMap { files(of: $0) }.flatMap { $0.declaredTypes(atAnyDepth: true) })
      for file in files(of: folder) {
        for word in file.words.sorted() {
          guard let home = homes[word], !known.contains(home), !nested.contains(word) else { continue }
          if qualifies(word, in: file) { continue }
          violations.append("\(file.path) names \(word) of \(home.isEmpty ? "the root" : home)")
        }
      }
    }
    #expect(violations == [])
  }

  @Test func `only the gateway's top row, the ledger's thread, and the program import the reactor`() {
    for file in Tree.swift("Sources") where file.imports.contains("Reactor") {
      let isTop = Self.rows[0].contains { files(of: $0).contains { $0.path == file.path } }
      let isThread = file.path == "Sources/Ledger/Ledger.swift"
      #expect(isTop || isThread || file.path.hasPrefix("Sources/hoosh/"), "\(file.path)")
    }
  }

  // MARK: Dialects

  /// Tables whose rows name dialects, or a base path that is called like one.
  private static let tables: Set<String> = [
    "Sources/Gateway/Endpoints/EndpointRow.swift", "Sources/Gateway/Endpoints/EndpointTable.swift",
    "Sources/Gateway/Types/ProviderCatalog.swift",
  ]

  @Test(arguments: [
    ("if call.dialect == .gemini {", true), ("case .openAI, .responses: 1", true), ("case (.ollama, _): 2", true),
    ("guard .anthropic != dialect else", true), ("if case .gemini = dialect {", true), ("case responses", false),
    ("dialect: .ollama,", false), ("return CallEndpoint(.gemini)", false), ("head.responses == 1", false),
  ])
  func `a decision by dialect is told from other uses`(_ line: String, _ isDecision: Bool) {
    #expect(Self.decides(line) == isDecision)
  }

  @Test func `only the dialects' folder decides by naming a dialect`() {
    for file in Tree.swift("Sources/Gateway") {
      if file.path.hasPrefix("Sources/Gateway/Dialects/") || Self.tables.contains(file.path) { continue }
      for line in file.code where Self.decides(line) { Issue.record("\(file.path): \(line)") }
    }
  }

  private static func decides(_ line: String) -> Bool {
    let name = /(^|[^\w)\]?])\.(openAI|responses|anthropic|ollama|gemini)\b/
    guard line.contains(name) else { return false }
    return line.contains(/(==|!=)\s*\.(openAI|responses|anthropic|ollama|gemini)\b/)
      || line.contains(/\.(openAI|responses|anthropic|ollama|gemini)\s*(==|!=)/)
      || line.contains(/\bcase\b[^:=]*\.(openAI|responses|anthropic|ollama|gemini)\b/)
  }

  private func files(of folder: String) -> [Tree.File] {
    Tree.swift("Sources/Gateway").filter { file in
      let parts = file.path.split(separator: "/")
      return folder.isEmpty ? parts.count == 3 : parts.count > 3 && parts[2] == folder
    }
  }

  /// Whether the word appears only behind a dot, as in `Configuration.Provider`.
  private func qualifies(_ word: String, in file: Tree.File) -> Bool {
    file.code.allSatisfy { line in
      var rest = line[...]
      while let found = rest.range(of: word) {
        let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
        let after = found.upperBound < line.endIndex ? line[found.upperBound] : " "
        let isWord =
          !before.isLetter && !before.isNumber && before != "_" && !after.isLetter && !after.isNumber
          && after != "_"
        if isWord, before != "." { return false }
        rest = line[found.upperBound...]
      }
      return true
    }
  }
}
