import Foundation
import Testing

/// Rules for every file of the repository.
@Suite struct RepositoryTests {
  /// Lines of the longest source file.
  static let linesMax = 400

  @Test(arguments: Tree.swift("Sources").map(\.path))
  func `a source file has at most 400 lines`(path: String) throws {
    let count = try #require(Tree.file(path)).lines.count - 1
    #expect(count <= Self.linesMax)
  }

  @Test func `the sources contain no fatal errors and no forced operations`() {
    for file in Tree.swift("Sources") {
      for line in file.code {
        for word in ["fatalError(", "try!", "as!", "nonisolated(unsafe)", "@unchecked"] {
          #expect(!line.contains(word), "\(file.path) says \(word)")
        }
      }
    }
  }

  @Test func `no file has a mark for unfinished work`() {
    // Joined here, so that the test does not match this file.
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    for file in Tree.all where ["Sources/", "Tests/", "tools/"].contains(where: file.path.hasPrefix) {
      // A fuzzer's seeds are arbitrary bytes.
      if file.path.hasPrefix("Tests/Fuzz/Seeds/") { continue }
      for mark in marks { #expect(!file.text.contains(mark), "\(file.path) says \(mark)") }
    }
  }

  @Test func `no file has a path of a developer's machine`() {
    let places = ["/wo" + "rk/", "/tm" + "p/", "/ro" + "ot/", "/ho" + "me/"]
    for file in Tree.all where !file.path.hasPrefix("Package.resolved") {
      for line in file.lines {
        for place in places { #expect(!line.contains(place), "\(file.path): \(line)") }
      }
    }
  }

  @Test func `every public type has a documentation comment`() {
    var silent: [String] = []
    let folders = ["Sources/Gateway", "Sources/Ledger", "Sources/Reactor", "Sources/Digest", "Sources/Probe"]
    for file in folders.flatMap(Tree.swift) {
      let lines = file.lines.map { $0.trimmingCharacters(in: .whitespaces) }
      for (index, line) in lines.enumerated() where declaresPublicType(line) {
        var above = index - 1
        while above >= 0, lines[above].hasPrefix("@") { above -= 1 }
        if above < 0 || !lines[above].hasPrefix("///") { silent.append("\(file.path): \(line)") }
      }
    }
    #expect(silent == [])
  }

  private func declaresPublicType(_ line: String) -> Bool {
    var words = line.split(separator: " ")[...]
    guard words.popFirst() == "public" else { return false }
    while let word = words.first, ["final", "indirect"].contains(word) || word.hasPrefix("@") {
      words.removeFirst()
    }
    return words.first.map { ["struct", "class", "enum", "protocol"].contains($0) } ?? false
  }

  @Test func `no file has a name without meaning`() {
    let words = ["Manager", "Helper", "Utils", "Impl", "Util"]
    for file in Tree.swift("Sources") {
      for word in words { #expect(!file.path.contains(word), "\(file.path)") }
    }
  }

  @Test func `decisions have consecutive numbers, and the index lists each`() throws {
    let files = Tree.all.filter { $0.path.hasPrefix("docs/decisions/") }
    let names = files.map { String($0.path.dropFirst("docs/decisions/".count)) }.sorted()
    #expect(names.count > 1)
    for (index, name) in names.enumerated() {
      #expect(name.hasPrefix(String(repeating: "0", count: 3 - String(index).count) + "\(index)-"), "\(name)")
    }
    let index = try #require(files.first { $0.path.hasSuffix("000-index.md") })
    for name in names.dropFirst() { #expect(index.text.contains(name), "the index does not name \(name)") }
  }

  @Test func `the changelog has the version of the program`() throws {
    let gateway = try #require(Tree.file("Sources/Gateway/Gateway.swift"))
    let line = try #require(gateway.lines.first { $0.contains("static let version") })
    let version = try #require(line.split(separator: "\"").dropFirst().first)
    let changelog = try #require(Tree.file("CHANGELOG.md"))
    #expect(changelog.text.contains("## [\(version)]"))
  }

  @Test func `the license is Apache 2.0`() throws {
    #expect(try #require(Tree.file("LICENSE")).text.contains("Apache License"))
  }

  @Test func `every tool is executable or sourced, and has a description`() throws {
    let tools = Tree.all.filter { $0.path.hasPrefix("tools/") && $0.path.split(separator: "/").count == 2 }
    #expect(tools.count > 3)
    for tool in tools {
      let first = tool.lines.first ?? ""
      let comments = tool.lines.dropFirst().prefix(2).filter { $0.hasPrefix("# ") }
      let isSourced = tool.path.hasSuffix(".sh")
      #expect(isSourced ? tool.text.hasPrefix("#") : first.hasPrefix("#!"), "\(tool.path)")
      #expect(!comments.isEmpty, "\(tool.path)")
      let path = Tree.root.appending(path: tool.path).path
      #expect(FileManager.default.isExecutableFile(atPath: path) == !isSourced, "\(tool.path)")
    }
  }

  @Test func `every Swift file ends with a line end, without tabs and trailing spaces`() {
    for file in Tree.all where file.path.hasSuffix(".swift") {
      #expect(file.text.hasSuffix("\n"), "\(file.path)")
      #expect(!file.lines.contains { $0.hasSuffix(" ") || $0.contains("\t") }, "\(file.path)")
    }
  }
}
