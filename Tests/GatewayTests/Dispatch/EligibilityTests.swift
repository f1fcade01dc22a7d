@testable import Gateway
import Testing

/// Requirements of requests, capabilities of candidates, and the resulting eligibility.
@Suite struct EligibilityTests {
  private typealias Model = ModelCatalog.Model

  private static func sure(_ context: Int? = nil, _ capabilities: ModelCapabilities? = nil) -> KnownModels.Known {
    .init(
      model: Model(provider: "p", name: "m", context: context, capabilities: capabilities), isContextSure: true,
      areCapabilitiesSure: true)
  }

  private static func believed(_ context: Int? = nil, _ capabilities: ModelCapabilities? = nil) -> KnownModels.Known
  {
    .init(model: Model(provider: "p", name: "m", context: context, capabilities: capabilities))
  }

  @Test func `an unknown property does not count against a model`() {
    let needs = Requirements(capabilities: [.tools, .vision], characters: 20_000)
    #expect(needs.tokens == 5000)
    #expect(needs.eligibility(nil) == .eligible)
    #expect(needs.eligibility(Self.sure()) == .eligible)
    #expect(needs.eligibility(Self.sure(nil, [.tools])) == .missing(.vision, isSure: true))
    #expect(needs.eligibility(Self.believed(nil, [.tools])) == .missing(.vision, isSure: false))
    #expect(needs.eligibility(Self.sure(5000, [.tools, .vision, .chat])) == .eligible)
    #expect(needs.eligibility(Self.sure(4999)) == .uncertain)
    #expect(needs.eligibility(Self.sure(2500)) == .uncertain)
    #expect(needs.eligibility(Self.sure(2499, [])) == .contextTooSmall(context: 2499))
    #expect(needs.eligibility(Self.believed(2499)) == .uncertain)
    var large = needs
    large.mayReadMore = true
    #expect(large.eligibility(Self.sure(2499)) == .uncertain)
  }

  @Test func `a request is not sent to a model that cannot serve it`() throws {
    let models = [Self.sure(100), Self.sure(4000, [.chat]), Self.sure(2000, [.chat, .tools])]
    let some = CandidateEligibility(models, Requirements(capabilities: .tools, characters: 4000))
    #expect(some.ineligible == BitSet128([0, 1]))
    #expect(some.uncertain.isEmpty)
    #expect(some.apiError(Requirements(), .openAI) == nil)
    #expect(CandidateEligibility(models, Requirements(characters: 12_000)).uncertain == BitSet128([2]))
    let long = Requirements(characters: 72_000)
    let apiError = try #require(CandidateEligibility(models, long).apiError(long, .openAI))
    #expect(apiError.code == .contextLength)
    #expect(apiError.message.hasPrefix("This model's maximum context length is 4000 tokens."))
    #expect(
      CandidateEligibility(models, long).apiError(long, .anthropic)?.message
        == "prompt is too long: 18000 tokens > 4000 maximum")
    let blind = Requirements(capabilities: [.vision], characters: 10)
    #expect(
      CandidateEligibility(Array(models.dropFirst()), blind).apiError(blind, .openAI)?.message.contains(
        "needs: vision.") == true)
    #expect(!CandidateEligibility([], blind).hasNone)
  }

  @Test func `the catalog alone excludes candidates but rejects no request`() {
    let blind = Requirements(capabilities: [.vision], characters: 10)
    #expect(CandidateEligibility([Self.believed(nil, [.chat]), nil], blind).ineligible == BitSet128([0]))
    let all = CandidateEligibility([Self.believed(nil, [.chat]), Self.believed(nil, [.tools])], blind)
    #expect(all.ineligible.isEmpty)
    #expect(all.apiError(blind, .openAI) == nil)
  }

  // MARK: Needs

  private static func needs(_ json: String, _ dialect: Dialect = .openAI) throws -> Requirements {
    let bytes = Array(json.utf8)
    return Requirements(try RequestTranslation.read(bytes.span, as: CallEndpoint(dialect)), bytes.span)
  }

  @Test func `tools, images and schemas are requirements, but mentioning them is not`() throws {
    let plain = try Self.needs(
      #"{"model":"m","messages":[{"role":"user","content":"an \"image_url\" and tools, json_schema"}]}"#)
    #expect(plain.capabilities.isEmpty)
    let all = try Self.needs(
      #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/b"}}]}],"#
        + #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"#
        + #""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}}"#)
    #expect(all.capabilities == [.tools, .vision, .schema])
    let nested = try Self.needs(
      #"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}]}"#,
      .anthropic)
    #expect(nested.capabilities.contains(.vision))
  }

  @Test func `characters of a prompt are counted independent of their encoding`() throws {
    func characters(_ content: String) throws -> Int {
      try Self.needs(#"{"model":"m","messages":[{"role":"user","content":"\#(content)"}]}"#).characters
    }
    #expect(try characters("hence") == 5)
    // A run of one character may be one token.
    #expect(try characters("a" + String(repeating: " ", count: 100) + "b") == 3)
    #expect(try characters(String(repeating: #"\n"#, count: 100)) == 1)
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
        provider: "openai", name: "big", context: 9000, capabilities: [.chat, .tools],
        prices: [.init(input: 5, output: 20)]),
      Model(provider: "openai", name: "small", context: 100, capabilities: [.chat]),
    ])

  private static func known(_ models: [Configuration.Model] = []) -> KnownModels {
    KnownModels(
      [("first", "openai", false), ("second", "groq", false), ("here", "ollama", true)].map { name, kind, isLocal in
        KnownModels.Provider(kind: kind, isLocal: isLocal, models: models.merged(at: name))
      }, catalog: catalog)
  }

  @Test func `a model has the catalog's properties, and fewer at another provider type`() throws {
    let known = Self.known()
    #expect(known.model("big", at: 0)?.model.capabilities == [.chat, .tools])
    #expect(known.model("big", at: 0)?.isContextSure == true)
    let elsewhere = try #require(known.model("big", at: 1)).model
    #expect(known.model("big", at: 1)?.isContextSure == false)
    #expect(elsewhere.context == 9000)
    #expect(elsewhere.capabilities == nil)
    #expect(elsewhere.prices.isEmpty)
    let here = try #require(known.model("big", at: 2)).model
    #expect(here.context == nil)
    #expect(here.cost(.init(input: 1000, output: 1000)) == 0)
    #expect(known.model("nobody-knows", at: 0) == nil)
  }

  @Test func `the configuration takes precedence, the provider's own entry first`() {
    let known = Self.known([
      .init(name: "big", contextTokens: 7, capabilities: [.tools], timeouts: .init()),
      .init(name: "big", provider: "second", contextTokens: 8, timeouts: .init()),
      .init(name: "mine", provider: "here", capabilities: [.vision], timeouts: .init()),
    ])
    #expect(known.model("big", at: 0)?.model.context == 7)
    #expect(known.model("big", at: 0)?.areCapabilitiesSure == true)
    // Field by field: what the provider's own entry omits is taken from the general one.
    #expect(known.model("big", at: 1)?.model.context == 8)
    #expect(known.model("big", at: 1)?.model.capabilities == [.tools])
    #expect(known.model("mine", at: 2)?.model.capabilities == [.vision])
    #expect(known.model("mine", at: 0) == nil)
  }

  @Test func `a price for all providers is not that of a provider on this machine, unless it is named`() {
    func cost(_ model: Configuration.Model, at provider: Int) -> UInt64? {
      Self.known([model]).model("big", at: provider)?.model.cost(.init(input: 1_000_000, output: 0))
    }
    let general = Configuration.Model(name: "big", inputPrice: 3, outputPrice: 3, timeouts: .init())
    #expect(cost(general, at: 0) == 3_000_000_000_000 && cost(general, at: 2) == 0)
    let named = Configuration.Model(name: "big", provider: "here", inputPrice: 3, outputPrice: 3, timeouts: .init())
    #expect(cost(named, at: 2) == 3_000_000_000_000)
  }

  @Test func `profiles are cached, up to a limit`() {
    var known = Self.known()
    let profile = known.profile(of: "any", [(0, "big"), (0, "small"), (1, "unknown")])
    #expect(profile.contextMin == 100)
    #expect(profile.missing == [.tools, .vision, .schema])
    #expect(known.profile(of: "any")?.contextMin == 100)
    // Equal as text, but another model.
    _ = known.profile(of: "\u{212A}", [(0, "big")])
    #expect(known.profile(of: "K") == nil)
    for number in 0..<KnownModels.profilesMax { _ = known.profile(of: "name-\(number)", []) }
    #expect(known.profile(of: "any") == nil)
  }
}
