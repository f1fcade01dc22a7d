import Testing

@testable import Gateway

/// Former names of keys, which are still accepted with a warning.
@Suite struct FormerNamesTests {
  static let renamed = ConfigurationKeys.all.filter { if case .renamed = $0.availability { true } else { false } }

  /// Returns a file with one key, for which the file's other keys are valid.
  private func file(_ path: String, _ value: String) -> String {
    guard path.contains("[]") else { return "\(path) = \(value)" }
    let parts = path.split(separator: ".")
    let other = path.hasPrefix("providers") ? "type = \"Ollama\"" : "name = \"m\""
    return "[[\(parts[0].dropLast(2))]]\n\(other)\n\(parts[1]) = \(value)"
  }

  /// A value that the key accepts, other than its default.
  private func value(_ key: ConfigurationKey) -> String {
    switch key.kind {
    case .integer(let range): "\(range.lowerBound + 1)"
    case .number(let range): "\(range.lowerBound + 1)"
    case .word(let words, _): "\"\(words[1])\""
    case .boolean: "true"
    case .strings where key.path.hasSuffix("can"): "[\"vision\"]"
    case .strings where key.path.hasSuffix("origins"): "[\"https://a.test\"]"
    case .strings, .secrets: "[\"a.test\"]"
    case .string, .secret: "\"/x\""
    case .names: "{}"
    }
  }

  /// The other of the two prices, which must be set together.
  private func partner(_ path: String) -> String {
    switch path.split(separator: ".").last {
    case "input_price", "input_usd_per_million": "\noutput_usd_per_million = 1"
    case "output_price", "output_usd_per_million": "\ninput_usd_per_million = 1"
    default: ""
    }
  }

  @Test(arguments: renamed)
  func `a former name sets its key, with one warning that gives the line and the name`(key: ConfigurationKey) throws
  {
    guard case .renamed(let name) = key.availability else { return }
    let old = try read(file(key.path, value(key)) + partner(key.path))
    var new = try read(file(name, value(key)) + partner(name))
    #expect(new.warnings == [])
    let path = key.path.replacing("[]", with: "[0]")
    let line = key.path.contains("[]") ? 3 : 1
    let column = key.path.contains("[]") ? 1 : key.path.prefix { $0 != "." }.count + 2
    #expect(
      old.warnings.map(\.description) == [
        "hoosh.toml:\(line):\(column): warning: `\(path)` was renamed; write "
          + "`\(name.replacing("[]", with: "[0]"))` instead"
      ])
    new.warnings = old.warnings
    #expect(new == old)
  }

  @Test(arguments: renamed)
  func `a former name and its key together are an error`(key: ConfigurationKey) throws {
    guard case .renamed(let name) = key.availability else { return }
    let last = name.split(separator: ".").last ?? ""
    let isList = name.contains("[]")
    let both =
      file(key.path, value(key)) + "\n" + (isList ? "\(last) = \(value(key))" : "\(name) = \(value(key))")
      + partner(key.path)
    let found = errors(both)
    #expect(found.count == 1)
    #expect(found.first?.contains("is the former name of") == true, "\(found)")
  }

  @Test func `the sections of both names may stand side by side if their keys differ`() throws {
    let configuration = try read("[journal]\nformat = \"json\"\n[access_log]\npath = \"/x\"")
    #expect(configuration.accessLog == Configuration.AccessLog(format: .json, path: "/x"))
    #expect(configuration.warnings.map(\.line) == [2])
  }

  @Test func `an error of a former name is that of its key`() {
    #expect(
      errors("[server]\nhosts = [\"a\", \"*\"]").first?.hasPrefix("hoosh.toml:2:15: `server.allowed_hosts[1]`")
        == true)
    #expect(errors("journal.format = 1").count == 1)
    #expect(errors("journal.fromat = \"off\"").first?.contains("unknown key `journal.fromat`") == true)
  }

  @Test func `warnings have a limit`() throws {
    let providers = (0..<Configuration.providersMax).map { _ in "[[providers]]\ntype = \"Demo\"\nidle_secs = 1\n" }
    let models = (0..<200).map { "[[models]]\nname = \"m\($0)\"\ncontext = 1\n" }
    #expect(try read((providers + models).joined()).warnings.count == ConfigurationValues.errorsMax)
  }

  // MARK: A provider's own names of models

  private static let lab =
    "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"lab\"\nbase_url = \"http://a.test\"\n"

  @Test(arguments: [
    "model_names = { \"llama-3.1\" = \"meta/llama\", plain = \"q\\\"\\\\\" }",
    "[providers.model_names]\n\"llama-3.1\" = \"meta/llama\"\nplain = \"q\\\"\\\\\"",
    "model_names.\"llama-3.1\" = \"meta/llama\"\nmodel_names.plain = \"q\\\"\\\\\"",
  ])
  func `a provider has its own names of models`(names: String) throws {
    let configuration = try read(Self.lab + names)
    #expect(
      configuration.routing.aliases == [
        Configuration.Alias(name: "meta/llama", model: "llama-3.1", provider: "lab"),
        Configuration.Alias(name: "q\"\\", model: "plain", provider: "lab"),
      ])
    #expect(configuration.warnings == [])
  }

  @Test func `a name keeps its quotes, backslashes, and brackets`() throws {
    let names = "model_names = { \"a\\\"b\" = \"1\", 'c\\d' = \"2\", \"e[0].f\" = \"3\", \"\u{e9}\" = \"4\" }"
    #expect(try read(Self.lab + names).routing.aliases.map(\.model) == ["a\"b", "c\\d", "e[0].f", "\u{e9}"])
  }

  @Test func `an alias with a provider still works, with a warning that gives the replacement`() throws {
    let alias = "[[aliases]]\nname = \"meta/llama\"\nmodel = \"llama-3\"\nprovider = \"lab\"\n"
    let old = try read(alias + Self.lab)
    let new = try read(Self.lab + "model_names = { llama-3 = \"meta/llama\" }")
    #expect(old.routing == new.routing)
    #expect(
      old.warnings.map(\.description) == [
        "hoosh.toml:4:1: warning: `aliases[0]` has a provider, which is outdated; write model_names = "
          + "{ \"llama-3\" = \"meta/llama\" } in the [[providers]] section of \"lab\" instead"
      ])
  }

  @Test(arguments: [
    ("model_names = [\"a\"]", "`providers[0].model_names` must be a table of strings, not a list"),
    ("model_names = { a = 1 }", "`providers[0].model_names.a` must be a string, not an integer"),
    (
      "model_names.llama3.2 = \"x\"",
      "`providers[0].model_names.llama3` must be a string, not a section; put quotes around a name that has dots"
    ),
    ("model_names = { \"\" = \"x\" }", "`providers[0].model_names.\"\"` must have 1 to 256 bytes on both sides"),
    ("model_names = { a = \"\" }", "`providers[0].model_names.a` must have 1 to 256 bytes on both sides"),
  ])
  func `an invalid name of a model is an error`(names: String, expected: String) {
    let found = errors(Self.lab + names)
    #expect(found.count == 1)
    #expect(found.first?.contains(expected) == true, "\(found)")
  }

  @Test func `a provider's own names have a limit`() {
    func names(_ count: Int) -> String {
      "model_names = { " + (0..<count).map { "m\($0) = \"x\"" }.joined(separator: ", ") + " }"
    }
    #expect(errors(Self.lab + names(256)) == [])
    #expect(errors(Self.lab + names(257)).count == 1)
  }

  // MARK: Synonyms

  @Test(arguments: ["round-robin", "roundrobin", "lowest-latency"])
  func `an older spelling of a strategy is accepted and not documented`(word: String) throws {
    let configuration = try read("server.strategy = \"\(word)\"")
    #expect(configuration.routing.strategy == Strategy(word: word))
    #expect(configuration.warnings == [])
    #expect(!ConfigurationKeys.markdown.contains(word))
  }
}
