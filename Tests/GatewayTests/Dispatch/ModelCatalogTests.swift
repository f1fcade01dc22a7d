import Foundation
@testable import Gateway
import Testing

@Suite struct ModelCatalogTests {
  typealias Model = ModelCatalog.Model
  typealias Prices = TokenPrices

  private static let header = #"{"models":1,"date":"2026-11-24","source":"a test"}"#

  private static func read(_ lines: [String]) throws(ModelCatalogError) -> ModelCatalog {
    let bytes = Array(([header] + lines).joined(separator: "\n").utf8)
    return try ModelCatalog.read(bytes.span)
  }

  private static func fault(_ lines: [String]) -> ModelCatalogError? {
    do throws(ModelCatalogError) { _ = try read(lines) } catch { return error }
    return nil
  }

  // MARK: Reading

  @Test func `a line describes a model`() throws {
    let catalog = try Self.read([
      #"{"provider":"google","model":"g","context":1000000,"output":65536,"can":["chat","tools","flying"],"#
        + #""prices":{"input":1250000,"output":10000000,"cache_read":125000,"above":"#
        + #"[{"tokens":200000,"input":2500000}]},"later":{"x":[1]}}"#,
      "  ", #"{"provider":"ollama","model":"m"}"#, "",
    ])
    #expect(catalog.date == "2026-11-24")
    #expect(catalog.models.count == 2)
    let model = try #require(catalog.find("g", provider: "google")?.model)
    #expect(model.context == 1_000_000)
    #expect(model.output == 65_536)
    #expect(model.capabilities == [.chat, .tools])
    #expect(
      model.prices == [
        Prices(input: 1_250_000, output: 10_000_000, cacheRead: 125_000),
        Prices(above: 200_000, input: 2_500_000, output: 10_000_000, cacheRead: 125_000),
      ])
    #expect(catalog.find("m", provider: "ollama")?.model == Model(provider: "ollama", name: "m"))
  }

  @Test func `an error names its line`() {
    let good = #"{"provider":"p","model":"m"}"#
    #expect(Self.fault([good, "{"])?.line == 3)
    for line in [
      "[]", "x", #"{"provider":"p"}"#, #"{"model":"m"}"#, #"{"provider":"","model":"m"}"#,
      #"{"provider":1,"model":"m"}"#,
      #"{"provider":"p","model":"m","model":"n"}"#, #"{"provider":"p","model":"m","context":0}"#,
      #"{"provider":"p","model":"m","context":1.5}"#, #"{"provider":"p","model":"m","context":"8k"}"#,
      #"{"provider":"p","model":"m","context":99999999999999999999}"#,
      #"{"provider":"p","model":"m","can":"tools"}"#,
      #"{"provider":"p","model":"m","prices":3}"#, #"{"provider":"p","model":"m","prices":{"input":1}}"#,
      #"{"provider":"p","model":"m","prices":{"input":-1,"output":1}}"#,
      #"{"provider":"p","model":"m","prices":{"input":2.5,"output":1}}"#,
      #"{"provider":"p","model":"m","prices":{"input":1,"output":1,"above":{}}}"#,
      #"{"provider":"p","model":"m","prices":{"input":1,"output":1,"above":[1]}}"#,
      #"{"provider":"p","model":"m","prices":{"input":1,"output":1,"above":[{"input":1}]}}"#,
      #"{"provider":"p","model":"m","prices":{"input":1,"output":1,"above":[{"tokens":9},{"tokens":9}]}}"#,
      #"{"provider":"p","model":"m"} {}"#,
    ] {
      #expect(Self.fault([good, line])?.line == 3, "\(line)")
    }
    #expect(Self.fault([good, "x"])?.description.hasPrefix("Line 3 of the model catalog: ") == true)
  }

  @Test func `the first line identifies the file`() {
    func line(_ text: String) -> Int? {
      let bytes = Array(text.utf8)
      do throws(ModelCatalogError) { _ = try ModelCatalog.read(bytes.span) } catch { return error.line }
      return nil
    }
    #expect(line(Self.header) == nil)
    #expect(line(Self.header + "\r\n\r\n") == nil)
    for text in [
      "", "\n", "{}", #"{"models":2,"date":"2026-11-24"}"#, #"{"models":1}"#, #"{"models":1,"date":"today"}"#,
    ] {
      #expect(line(text) == 1, "\(text)")
    }
  }

  @Test func `the built-in catalog is valid`() throws {
    let root = URL(filePath: #filePath).appending(path: "../../../../Sources/Gateway/Data/models.jsonl")
      .standardized
    let bytes = [UInt8](try Data(contentsOf: root))
    let catalog = try ModelCatalog.read(bytes.span)
    #expect(catalog.models.count > 200)
    let kinds = Set(ProviderKind.allCases.map(\.row.displayName))
    for model in catalog.models { #expect(kinds.contains(model.provider), "\(model.provider)") }
    let model = try #require(catalog.find("gpt-4o-2031-08-06", provider: "openai"))
    #expect(!model.isExact)
    #expect(model.model.name == "gpt-4o")
    #expect(model.model.capabilities?.contains([.chat, .tools, .vision]) == true)
    #expect(model.model.cost(TokenBreakdown(input: 1_000_000)) == 2_500_000_000_000)
  }

  // MARK: Finding

  private static let catalog = ModelCatalog(
    date: "2026-11-24",
    [
      Model(provider: "openai", name: "gpt-4o", prices: [Prices(input: 5, output: 20)]),
      Model(provider: "openai", name: "gpt-4", prices: [Prices(input: 9, output: 9)]),
      Model(provider: "ollama", name: "llama3.1", context: 8192, prices: [Prices(input: 0, output: 0)]),
      Model(provider: "anthropic", name: "claude-sonnet-4-5"),
    ])

  @Test func `a version of a model finds the model`() {
    func name(_ text: String, _ provider: String) -> String? {
      Self.catalog.find(text, provider: provider)?.model.name
    }
    #expect(Self.catalog.find("gpt-4o", provider: "openai")?.isExact == true)
    for text in ["gpt-4o-2024-08-06", "gpt-4o-latest", "gpt-4o-preview-0815", "gpt-4o:free", "gpt-4o-20240806"] {
      #expect(name(text, "openai") == "gpt-4o", "\(text)")
      #expect(Self.catalog.find(text, provider: "openai")?.isExact == false)
    }
    #expect(name("llama3.1:8b-instruct", "ollama") == "llama3.1")
    #expect(name("claude-sonnet-4-5@20250929", "anthropic") == "claude-sonnet-4-5")
    for text in ["gpt-4o-mini", "gpt-4-32", "gpt", "-", "", "gpt-4-turbo", "2024-08-06", "-2024-08-06", "x-08-06"] {
      #expect(name(text, "openai") == nil, "\(text)")
    }
  }

  @Test func `prices do not apply at another provider type`() {
    let found = Self.catalog.find("gpt-4o", provider: "openrouter")
    #expect(found?.model.name == "gpt-4o")
    #expect(found?.isExact == false)
    #expect(found?.model.prices == [])
    #expect(Self.catalog.find("openai/gpt-4o", provider: "openrouter")?.model.name == "gpt-4o")
    // A local model is free only at its own provider type.
    #expect(Self.catalog.find("llama3.1", provider: "groq")?.model.cost(TokenBreakdown(input: 1)) == nil)
  }

  @Test func `a later entry replaces an earlier one`() {
    var catalog = Self.catalog
    catalog.set(Model(provider: "openai", name: "gpt-4o", context: 7))
    catalog.set(Model(provider: "openai", name: "mine", context: 8))
    #expect(catalog.find("gpt-4o", provider: "openai")?.model.context == 7)
    #expect(catalog.find("mine", provider: "openai")?.model.context == 8)
    #expect(catalog.models.count == 5)
  }

  // MARK: Money

  @Test func `each token class has its price`() {
    let prices = Prices(
      input: 3, output: 15, cacheRead: 1, cacheWrite: 4, cacheWriteLong: 6, reasoning: 16, audioIn: 30, audioOut: 60
    )
    let spent = TokenBreakdown(
      input: 1, cacheRead: 10, cacheWrite: 100, cacheWriteLong: 1000, output: 2, reasoning: 20, audioIn: 200,
      audioOut: 5)
    #expect(prices.cost(spent) == 3 + 10 + 400 + 6000 + 30 + 320 + 6000 + 300)
    #expect(Prices(input: 3, output: 15).cost(spent) == 3 * (1 + 10 + 100 + 1000 + 200) + 15 * (2 + 20 + 5))
    #expect(prices.cost(TokenBreakdown()) == 0)
    #expect(prices.cost(TokenBreakdown(input: -5)) == 0)
    #expect(Prices(input: .max, output: 1).cost(TokenBreakdown(input: 2, output: 1)) == .max)
    #expect(prices.cost(TokenBreakdown(input: .max)) == .max)
  }

  @Test func `a long prompt has other prices`() {
    let model = Model(
      provider: "p", name: "m", prices: [Prices(input: 1, output: 2), Prices(above: 1000, input: 10, output: 20)])
    #expect(model.cost(TokenBreakdown(input: 999, output: 1)) == 1001)
    #expect(model.cost(TokenBreakdown(input: 500, cacheRead: 500, output: 1)) == 10_020)
    #expect(model.cost(TokenBreakdown(input: .max, cacheRead: .max)) == .max)
    #expect(Model(provider: "p", name: "m").cost(TokenBreakdown(input: 1)) == nil)
  }
}
