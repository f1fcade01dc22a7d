import Foundation
import Testing

@testable import Gateway

/// The files that must agree with the table of keys.
@Suite struct ConfigurationDocumentTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Returns the example with all keys that are commented out.
  static func uncommented() throws -> String {
    let text = try String(contentsOf: root.appending(path: "hoosh.example.toml"), encoding: .utf8)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("# ") && (line.contains(" = ") || line.hasPrefix("# [")) ? line.dropFirst(2) : line
    }.joined(separator: "\n")
  }

  @Test func `the example is valid`() throws {
    let text = try Data(contentsOf: Self.root.appending(path: "hoosh.example.toml"))
    let configuration = try Configuration.read(text: Array(text), file: "hoosh.example.toml", environment: [:])
    #expect(configuration.providers.map(\.kind) == [.ollama, .demo])
  }

  @Test func `the example is valid with every key that is commented out`() throws {
    let configuration = try Configuration.read(
      text: Array(Self.uncommented().utf8), file: "hoosh.example.toml",
      environment: ["OPENAI_API_KEY": "sk", "OPENAI_KEY_2": "sk2"],
      zoneFile: { name in (try? Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/" + name))).map { Array($0) } })
    #expect(configuration.providers.map(\.kind) == [.ollama, .openAi, .openAiCompatible, .demo])
    #expect(configuration.server.allowedHosts == ["hoosh.lan"])
  }

  @Test func `a mangled file is accepted or rejected, and never traps`() throws {
    let whole = Array(try Self.uncommented().utf8)
    let pieces = "[]{}\"'=.,#\n\\\0-9e\u{ff}".utf8.map { $0 }
    var seed: UInt64 = 1
    func chance(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    var refused = 0
    for _ in 0..<Self.mangledCount {
      var text = whole
      for _ in 0...chance(4) {
        let start = chance(text.count - 40)
        switch chance(3) {
        case 0: text[start] = pieces[chance(pieces.count)]
        case 1: text.removeSubrange(start..<start + chance(40))
        default: text.insert(contentsOf: Array(text[start..<start + chance(40)]), at: chance(text.count))
        }
      }
      do throws(ConfigurationErrors) {
        _ = try Configuration.read(text: text, file: "hoosh.toml", environment: [:])
      } catch {
        #expect(!error.errors.isEmpty)
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  /// The number of mangled files. HOOSH_MANGLED raises it.
  static let mangledCount = ProcessInfo.processInfo.environment["HOOSH_MANGLED"].flatMap { Int($0) } ?? 300

  @Test(arguments: ConfigurationKeys.all.filter { $0.availability == .supported })
  func `the example shows every supported key`(key: ConfigurationKey) throws {
    let text = try String(contentsOf: Self.root.appending(path: "hoosh.example.toml"), encoding: .utf8)
    let name = key.path.split(separator: ".").dropFirst().joined(separator: ".")
    #expect(
      text.split(separator: "\n").contains { $0.hasPrefix("\(name) = ") || $0.hasPrefix("# \(name) = ") })
  }

  @Test func `the reference document is generated from the table`() throws {
    let file = Self.root.appending(path: "docs/configuration.md")
    // HOOSH_WRITE_DOCS=1 updates the file after a change of the table.
    if ProcessInfo.processInfo.environment["HOOSH_WRITE_DOCS"] == "1" {
      try ConfigurationKeys.markdown.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("docs/configuration.md was written; read it, and run the tests without HOOSH_WRITE_DOCS")
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == ConfigurationKeys.markdown)
  }

  @Test func `every key is unique, documented, and accepts its default`() {
    #expect(Set(ConfigurationKeys.all.map(\.path)).count == ConfigurationKeys.all.count)
    for key in ConfigurationKeys.all {
      #expect(key.documentation.hasSuffix("."))
      guard !key.defaultValue.isEmpty else { continue }
      let value: TOMLValue? =
        switch key.kind {
        case .integer: Int64(key.defaultValue).map { .integer($0) }
        case .number: Double(key.defaultValue).map { .float($0) }
        case .boolean: Bool(key.defaultValue).map { .boolean($0) }
        default: .string(key.defaultValue)
        }
      #expect(value.flatMap { key.error($0) } == nil && value != nil, "\(key.path)")
    }
    for path in ConfigurationKeys.switches.values { #expect(ConfigurationKeys.byPath[path] != nil) }
  }
}
