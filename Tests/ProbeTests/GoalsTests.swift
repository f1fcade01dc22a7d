import Foundation
import Testing

/// The tests that `docs/hardware.md` names.
@Suite struct GoalsTests {
  @Test func `every test that docs/hardware.md names exists`() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent()
    let root = tests.deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/hardware.md"), encoding: .utf8)
    var sources = ""
    let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil))
    for case let file as URL in files
    where file.pathExtension == "swift" && file.lastPathComponent != "GoalsTests.swift" {
      sources += try String(contentsOf: file, encoding: .utf8)
    }
    let names = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { row in
      row.split(separator: "*", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(
        \.element)
    }
    #expect(names.count > 40)
    for name in names {
      let start = name.hasSuffix("…") ? "func `\(name.dropLast())" : "func `\(name)`"
      #expect(sources.contains(start), "\(name)")
    }
  }
}
