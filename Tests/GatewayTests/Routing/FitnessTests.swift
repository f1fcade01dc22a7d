@testable import Gateway
import Testing

/// What requests need, what candidates can, and what comes of it.
@Suite struct FitnessTests {
  private typealias Model = ModelCatalog.Model

  @Test func `what is not known is not held against a model`() {
    let needs = Needs(abilities: [.tools, .vision], characters: 20_000)
    #expect(needs.tokens == 5000)
    #expect(needs.fit(nil) == .fits)
    #expect(needs.fit(Model(provider: "p", name: "m")) == .fits)
    #expect(needs.fit(Model(provider: "p", name: "m", abilities: [.tools])) == .lacks(.vision))
    #expect(
      needs.fit(Model(provider: "p", name: "m", context: 5000, abilities: [.tools, .vision, .chat])) == .fits)
    #expect(needs.fit(Model(provider: "p", name: "m", context: 4999)) == .tight)
    #expect(needs.fit(Model(provider: "p", name: "m", context: 2500)) == .tight)
    #expect(needs.fit(Model(provider: "p", name: "m", context: 2499, abilities: [])) == .tooLong(context: 2499))
  }

  @Test func `nobody is asked for what it cannot do`() throws {
    let models = [
      Model(provider: "a", name: "m", context: 100),
      Model(provider: "b", name: "m", context: 4000, abilities: [.chat]),
      Model(provider: "c", name: "m", context: 2000, abilities: [.chat, .tools]),
    ]
    let some = Fitness(models, Needs(abilities: .tools, characters: 4000))
    #expect(some.unfit == SmallSet([0, 1]))
    #expect(some.tight.isEmpty)
    #expect(some.refusal(Needs(), .openAI) == nil)
    #expect(Fitness(models, Needs(characters: 12_000)).tight == SmallSet([2]))
    let long = Needs(characters: 72_000)
    let refusal = try #require(Fitness(models, long).refusal(long, .openAI))
    #expect(refusal.code == .contextLength)
    #expect(refusal.message.hasPrefix("This model's maximum context length is 4000 tokens."))
    #expect(
      Fitness(models, long).refusal(long, .anthropic)?.message == "prompt is too long: 18000 tokens > 4000 maximum")
    let blind = Needs(abilities: [.vision], characters: 10)
    #expect(
      Fitness(Array(models.dropFirst()), blind).refusal(blind, .openAI)?.message.contains("needs: vision.") == true)
    #expect(!Fitness([], blind).isHopeless)
  }

  // MARK: Needs

  private static func needs(_ json: String, _ dialect: Dialect = .openAI) throws -> Needs {
    let bytes = Array(json.utf8)
    return Needs(try RequestTranslation.read(bytes.span, as: ChatCall(dialect)), bytes.span)
  }

  @Test func `tools, images and schemas are needs, and talk of them is not`() throws {
    let plain = try Self.needs(
      #"{"model":"m","messages":[{"role":"user","content":"an \"image_url\" and tools, json_schema"}]}"#)
    #expect(plain.abilities.isEmpty)
    let all = try Self.needs(
      #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/b"}}]}],"#
        + #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"#
        + #""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}}"#)
    #expect(all.abilities == [.tools, .vision, .schema])
    let nested = try Self.needs(
      #"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}]}"#,
      .anthropic)
    #expect(nested.abilities.contains(.vision))
  }

  @Test func `a prompt has as many characters as are read, whatever they are written as`() throws {
    func characters(_ content: String) throws -> Int {
      try Self.needs(#"{"model":"m","messages":[{"role":"user","content":"\#(content)"}]}"#).characters
    }
    #expect(try characters("hello") == 5)
    #expect(try characters(#"h\n\"\u00e9"#) == 4)
    #expect(try characters("h\u{e9}\u{4e2d}\u{1f600}") == 4)
    let image =
      #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,"#
    let large = image + String(repeating: "A", count: 4000) + #""}}]}]}"#
    #expect(try Self.needs(large).characters == 0)
  }

  // MARK: What is known

  private static let catalog = ModelCatalog(
    date: "2026-11-24",
    [
      Model(
        provider: "openai", name: "big", context: 9000, abilities: [.chat, .tools],
        prices: [.init(input: 5, output: 20)]),
      Model(provider: "openai", name: "small", context: 100, abilities: [.chat]),
    ])

  private static func known(_ overrides: [KnownModels.Override] = []) -> KnownModels {
    KnownModels(
      [
        .init(name: "first", kind: "openai", isLocal: false), .init(name: "second", kind: "groq", isLocal: false),
        .init(name: "here", kind: "ollama", isLocal: true),
      ], overrides, catalog: catalog)
  }

  @Test func `a model is what the catalog says, less where it is another's`() throws {
    let known = Self.known()
    #expect(known.model("big", at: 0)?.abilities == [.chat, .tools])
    let elsewhere = try #require(known.model("big", at: 1))
    #expect(elsewhere.context == 9000)
    #expect(elsewhere.abilities == nil)
    #expect(elsewhere.prices.isEmpty)
    let here = try #require(known.model("big", at: 2))
    #expect(here.context == nil)
    #expect(here.cost(.init(input: 1000, output: 1000)) == 0)
    #expect(known.model("nobody-knows", at: 0) == nil)
  }

  @Test func `the configuration knows better, of one provider or of all`() {
    let known = Self.known([
      .init(name: "big", provider: nil, context: 7), .init(name: "big", provider: "second", context: 8),
      .init(name: "mine", provider: "here", context: 5, abilities: [.vision]),
    ])
    #expect(known.model("big", at: 0)?.context == 7)
    #expect(known.model("big", at: 0)?.abilities == [.chat, .tools])
    #expect(known.model("big", at: 1)?.context == 8)
    #expect(known.model("mine", at: 2)?.context == 5)
    #expect(known.model("mine", at: 2)?.abilities == [.vision])
    #expect(known.model("mine", at: 0) == nil)
  }

  @Test func `names are remembered, and not without a bound`() {
    var known = Self.known()
    let profile = known.profile(of: "any", [(0, "big"), (0, "small"), (1, "unknown")])
    #expect(profile.leastContext == 100)
    #expect(profile.lacking == [.tools, .vision, .schema])
    #expect(known.profile(of: "any")?.leastContext == 100)
    for number in 0..<KnownModels.profilesMax { _ = known.profile(of: "name-\(number)", []) }
    #expect(known.profile(of: "any") == nil)
  }
}
