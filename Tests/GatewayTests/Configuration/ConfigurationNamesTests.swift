import Testing

@testable import Gateway

/// Names that contradict each other, and what a valid file leaves out.
@Suite struct ConfigurationNamesTests {
  private static let lab =
    "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"lab\"\nbase_url = \"http://127.0.0.1:1\"\n"
    + "models = [\"m1\", \"m2\", \"q*\"]\n"

  private static func alias(_ name: String, _ model: String) -> String {
    "[[aliases]]\nname = \"\(name)\"\nmodel = \"\(model)\"\n"
  }

  private static func virtual(_ name: String, _ targets: String...) -> String {
    "[[virtual_models]]\nname = \"\(name)\"\ntargets = \(targets)\n"
  }

  private static func errors(_ text: String, _ environment: [String: String] = [:]) -> [String] {
    do throws(ConfigurationErrors) {
      _ = try Configuration.read(text: Array(text.utf8), file: "f", environment: environment)
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  private static func warnings(_ text: String) throws -> [String] {
    try Configuration.read(text: Array(text.utf8), file: "f", environment: [:]).warnings.map(\.description)
  }

  @Test(arguments: [
    (virtual("best", "best"), "best → best"), (alias("fast", "fast"), "fast → fast"),
    (alias("a", "b") + alias("b", "c") + alias("c", "a"), "a → b → c → a"),
    (virtual("v", "m1", "w") + virtual("w", "v"), "v → w → v"),
    (virtual("v", "lost"), "\"lost\", which no provider has"), (alias("x", "nobody/m1"), "provider \"nobody\""),
    (alias("x", "lbb/m1"), "did you mean \"lab\"?"), (virtual("v", "m1", "m9"), "\"m9\""),
    (alias("x", "M1"), "\"M1\""), (alias("m1", "b") + alias("b", "m1"), "b → m1 → b"),
  ])
  func `a target that leads to no model is an error that names it`(text: String, words: String) {
    let errors = Self.errors(Self.lab + text)
    #expect(!errors.isEmpty)
    #expect(errors.contains { $0.contains(words) }, "\(errors)")
  }

  @Test(arguments: [
    alias("x", "m1") + alias("x", "m2"), alias("x", "m1") + alias("x", "m1"),
    virtual("x", "m1") + virtual("x", "m2"),
    alias("x", "m1") + virtual("x", "m2"),
  ])
  func `a name is given once among aliases and virtual models`(text: String) {
    let errors = Self.errors(Self.lab + text)
    #expect(errors.count == 1)
    #expect(errors.contains { $0.contains("repeats \"x\"") }, "\(errors)")
  }

  @Test(arguments: [
    alias("fast", "m1") + virtual("best", "lab/m2", "fast"), virtual("m1", "m1", "m2"), alias("m1", "m1"),
    alias("a", "q-anything"), alias("a", "b") + alias("b", "m1"), virtual("v", "w", "m1") + virtual("w", "m2"),
    alias("pinned", "lab/listed-there"), "",
  ])
  func `targets that lead to a model are valid`(text: String) { #expect(Self.errors(Self.lab + text) == []) }

  @Test func `a provider without a list of models may have any, and a disabled one counts`() {
    let any = "[[providers]]\ntype = \"Ollama\"\n"
    #expect(Self.errors(any + Self.alias("x", "org/model:7b")) == [])
    let disabled = Self.lab.replacing("models", with: "enabled = false\nmodels")
    #expect(Self.errors(any + disabled + Self.alias("x", "lab/m1")) == [])
  }

  @Test(arguments: ["OpenAi", "Anthropic", "Google", "Groq", "Mistral"])
  func `a hosted provider without a key is a warning`(type: String) throws {
    let text = "[[providers]]\ntype = \"\(type)\"\n"
    let warnings = try Self.warnings(text)
    #expect(warnings.count == 1)
    #expect(warnings.contains { $0.contains("2:1: warning: `providers[0]` has no api_key") }, "\(warnings)")
    #expect(try Self.warnings(text + "api_key = \"k\"\n") == [])
    #expect(try Self.warnings(text + "api_keys = [\"k\"]\n") == [])
    #expect(try Self.warnings(text + "base_url = \"http://127.0.0.1:1\"\n") == [])
    #expect(try Self.warnings("[[providers]]\ntype = \"Demo\"\n" + text + "enabled = false\n") == [])
  }

  @Test(arguments: ["Ollama", "LlamaCpp", "Vllm", "Demo"])
  func `a local provider needs no key`(type: String) throws {
    #expect(try Self.warnings("[[providers]]\ntype = \"\(type)\"\n") == [])
  }

  @Test(arguments: [
    "", "\n\n", "# only a comment\n", "[server]\nport = 1\n", "[[providers]]\ntype = \"Demo\"\nenabled = false\n",
  ])
  func `a file without an enabled provider, such as an empty one, is a warning`(text: String) throws {
    let configuration = try Configuration.read(text: Array(text.utf8), file: "f", environment: [:])
    let warning = try #require(configuration.warningWithoutProviders(file: "f"))
    #expect(warning.description.hasPrefix("f:1:1: warning: "))
    #expect(warning.description.hasSuffix("so that no request can be served; add [[providers]]"))
    let enabled = try Configuration.read(
      text: Array((text + "[[providers]]\ntype = \"Ollama\"\n").utf8), file: "f", environment: [:])
    #expect(enabled.warningWithoutProviders(file: "f") == nil)
  }

  @Test func `the key of a disabled provider may belong to another machine, but must be well formed`() {
    let provider = "[[providers]]\ntype = \"OpenAi\"\napi_key = \"$ELSEWHERE\"\nenabled = "
    #expect(Self.errors(provider + "false") == [])
    #expect(Self.errors(provider + "false", ["ELSEWHERE": ""]) == [])
    #expect(Self.errors(provider + "true").contains { $0.contains("ELSEWHERE") })
    #expect(Self.errors(provider.replacing("$ELSEWHERE", with: "$9") + "false").count == 1)
  }
}
