import Foundation
import Testing

@testable import Gateway

/// Returns the configuration of a text, as of `hoosh.toml`.
func read(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
  try Configuration.read(text: Array(text.utf8), file: "hoosh.toml", environment: environment)
}

/// Returns the errors of a text, as they are printed.
func errors(_ text: String, _ environment: [String: String] = [:]) -> [String] {
  do {
    _ = try read(text, environment)
    return []
  } catch let errors as ConfigurationErrors {
    return errors.errors.map(\.description)
  } catch {
    return ["\(error)"]
  }
}

@Suite struct ConfigurationTests {
  @Test func `an empty file has the documented defaults`() throws {
    let configuration = try read("")
    let server = configuration.server
    #expect(server.bind == "127.0.0.1")
    #expect(server.port == 8088)
    #expect(server.allowedHosts == [] && server.allowedOrigins == [])
    #expect(server.jsonBodyBytesMax == 33_554_432)
    #expect(server.timeouts.commitAfter == .seconds(8))
    #expect(server.timeouts.keepAliveComment == .seconds(15))
    #expect(server.idleTimeout == .seconds(75))
    #expect(server.timeouts.connect == .seconds(10))
    #expect(server.timeouts.firstEvent == .seconds(300))
    #expect(server.timeouts.stall == .seconds(120))
    #expect(server.timeouts.total == .seconds(600))
    #expect(server.modelsTimeout == .seconds(2))
    #expect(server.modelsCache == .seconds(10))
    #expect(server.clientsMax == 8192)
    #expect(configuration.providers == [])
    #expect(configuration.auth.tokens == [])
    #expect(configuration.accessLog == Configuration.AccessLog(format: .text, path: ""))
  }

  @Test func `the keys of a file have their effect`() throws {
    let configuration = try read(
      """
      [server]
      bind = "::1"
      port = 0
      allowed_hosts = ["Hoosh.LAN", "10.0.0.7"]
      allowed_origins = ["https://Chat.example", "http://localhost:3000", "app://obsidian.md"]
      json_body_bytes_max = 1024
      commit_after_secs = 0.25
      clients_max = 3
      [[providers]]
      type = "openai"
      name = "main"
      base_url = "HTTPS://api.openai.com/v1/"
      api_key = "${KEY}"
      priority = 0
      models = ["gpt-*", "o1"]
      enabled = false
      max_tokens_limit = 4096
      http2 = true
      idle_timeout_secs = 1.5
      usage_in_streams = false
      [[providers]]
      type = "Demo"
      demo = { tokens_per_second = 0, tokens = 100000, first_token_ms = 0.5, fail = "during" }
      [auth]
      tokens = ["one", "$KEY"]
      [access_log]
      format = "json"
      path = "/var/log/hoosh.log"
      """, ["KEY": "sk-1"])
    #expect(configuration.server.bind == "::1")
    #expect(configuration.server.port == 0)
    #expect(configuration.server.allowedHosts == ["hoosh.lan", "10.0.0.7"])
    #expect(
      configuration.server.allowedOrigins == ["https://chat.example", "http://localhost:3000", "app://obsidian.md"])
    #expect(configuration.server.jsonBodyBytesMax == 1024)
    #expect(configuration.server.timeouts.commitAfter == .milliseconds(250))
    #expect(configuration.server.clientsMax == 3)
    let provider = try #require(configuration.providers.first)
    #expect(provider.kind == .openAi)
    #expect(provider.name == "main")
    #expect(provider.baseURL.apiRoot == "https://api.openai.com/v1")
    #expect(provider.keys.first?.reveal() == "sk-1")
    #expect(provider.priority == 0)
    #expect(provider.models == ["gpt-*", "o1"])
    #expect(!provider.isEnabled)
    #expect(provider.maxTokensLimit == 4096)
    #expect(provider.http2)
    #expect(provider.idleTimeout == .milliseconds(1500))
    #expect(provider.usageInStreams == false && !provider.takesStreamOptions)
    let demo = try #require(configuration.providers.last?.demo)
    #expect(demo.tokensPerSecond == 0 && demo.tokens == 100_000)
    #expect(demo.firstToken == .microseconds(500))
    #expect(demo.failure == .during)
    #expect(configuration.auth.tokens.map { $0.reveal() } == ["one", "sk-1"])
    #expect(configuration.accessLog == Configuration.AccessLog(format: .json, path: "/var/log/hoosh.log"))
  }

  @Test(arguments: [
    ("", ["ollama", "ollama-2", "ollama-3"]),
    ("name = \"a\"", ["a", "ollama", "ollama-2"]),
    ("name = \"ollama\"", ["ollama", "ollama-2", "ollama-3"]),
    ("name = \"ollama-2\"", ["ollama-2", "ollama", "ollama-3"]),
  ])
  func `a provider without a name gets that of its type, with a number`(first: String, names: [String]) throws {
    let ollama = "[[providers]]\ntype = \"Ollama\"\n"
    #expect(try read(ollama + first + "\n" + ollama + ollama).providers.map(\.name) == names)
  }

  @Test(arguments: ProviderKind.allCases)
  func `a type is accepted in any case and by its display name`(kind: ProviderKind) throws {
    let row = kind.row
    for name in [kind.rawValue, kind.rawValue.uppercased(), row.displayName] + row.aliases {
      #expect(ProviderCatalog.kind(named: name) == kind)
      let url = row.baseURL == nil ? "base_url = \"http://x\"" : ""
      let read = errors("[[providers]]\ntype = \"\(name)\"\n\(url)")
      #expect(read.isEmpty == row.isSupported, "\(read)")
    }
  }

  @Test func `every kind has one row and a valid base URL`() throws {
    #expect(ProviderCatalog.rows.map(\.kind) == ProviderKind.allCases)
    for row in ProviderCatalog.rows {
      if let text = row.baseURL, row.kind != .demo { #expect(try BaseURL(text).text == text) }
    }
    #expect(ProviderKind.synapse.row.baseURL == "http://localhost:5000")
    #expect(ProviderKind.groq.row.baseURL == "https://api.groq.com/openai")
  }

  @Test func `the command line can replace the address under the same rules`() throws {
    var open = try read("")
    try open.listen(bind: "localhost", port: 1, source: "--bind")
    #expect(open.server.bind == "127.0.0.1" && open.server.port == 1)
    #expect(throws: ConfigurationErrors.self) { try open.listen(bind: "0.0.0.0", port: nil, source: "--bind") }
    #expect(throws: ConfigurationErrors.self) { try open.listen(bind: nil, port: 65536, source: "--port") }
    #expect(open.server.bind == "127.0.0.1" && open.server.port == 1)
    var closed = try read("auth.tokens = [\"t\"]")
    try closed.listen(bind: "0.0.0.0", port: nil, source: "--bind")
    #expect(closed.server.bind == "0.0.0.0")
  }

  @Test func `without a file there are local providers, those with an API key, and a demo at the end`() {
    let configuration = Configuration.discovered(
      found: [.ollama, .vllm, .onnx, .anthropic, .demo],
      environment: ["OPENAI_API_KEY": "sk", "GROQ_API_KEY": "", "XAI_API_KEY": "a b", "ANTHROPIC_API_KEY": "k"])
    #expect(configuration.providers.map(\.kind) == [.ollama, .vllm, .openAi, .anthropic, .demo])
    #expect(configuration.providers[2].keys.first?.reveal() == "sk")
    #expect(configuration.providers[3].models == ["claude-*"])
    #expect(configuration.providers.last?.models == ["demo", "demo-*"])
    #expect(configuration.providers.last?.demo == Configuration.Demo())
    #expect(configuration.providers.map(\.priority) == configuration.providers.map(\.priority).sorted())
    #expect(configuration.server.port == 8088)
    #expect(Configuration.discovered(found: [], environment: [:]).providers.map(\.kind) == [.demo])
  }

  /// A timeout and its name in keys.
  private typealias Time = (word: String, path: KeyPath<Timeouts, Duration>)

  @Test func `each timeout comes from its own key of the server, the provider, and the model`() throws {
    let times: [Time] = [
      ("connect", \.connect), ("send", \.send), ("header", \.header), ("first_event", \.firstEvent),
      ("model_load", \.modelLoad),
      ("stall", \.stall), ("total", \.total),
    ]
    func lines(_ prefix: String, from first: Int) -> String {
      times.enumerated().map { "\(prefix)\($1.word)_timeout_secs = \(first + $0)\n" }.joined()
    }
    let provider = "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"a\"\nbase_url = \"http://a.test\"\n"
    let server = "[server]\nupstream_bytes_per_sec_min = 19\n" + lines("upstream_", from: 11)
    let plain = try read(server + provider)
    let own = try read(server + provider + "bytes_per_sec_min = 29\n" + lines("", from: 21))
    let model = try read(
      server + provider + lines("", from: 21) + "[[models]]\nname = \"m\"\nbytes_per_sec_min = 39\n"
        + lines("", from: 31))
    let merged = Provider(model.providers[0], models: model.models(at: "a"))
    for (index, time) in times.enumerated() {
      #expect(plain.server.timeouts[keyPath: time.path] == .seconds(11 + index), "\(time.word)")
      #expect(plain.providers[0].timeouts[keyPath: time.path] == .seconds(11 + index), "\(time.word)")
      #expect(own.providers[0].timeouts[keyPath: time.path] == .seconds(21 + index), "\(time.word)")
      let ofModel = merged.timeouts(for: "m")
      #expect(ofModel[keyPath: time.path] == .seconds(31 + index), "\(time.word)")
      #expect(merged.timeouts(for: "n")[keyPath: time.path] == .seconds(21 + index), "\(time.word)")
    }
    #expect(plain.providers[0].timeouts.throughputMin == 19)
    #expect(own.providers[0].timeouts.throughputMin == 29)
    #expect(merged.timeouts(for: "m").throughputMin == 39)
  }

  @Test func `settings of a provider's model go before those of the model at all providers, one by one`() throws {
    let configuration = try read(
      """
      [[providers]]
      type = "Ollama"
      name = "a"
      [[models]]
      name = "m"
      context = 1000
      max_concurrent = 3
      input_price = 1
      output_price = 2
      stall_timeout_secs = 5
      total_timeout_secs = 6
      [[models]]
      name = "m"
      provider = "a"
      context = 2000
      total_timeout_secs = 7
      [[models]]
      name = "n"
      max_concurrent = 4
      """)
    let models = configuration.models(at: "a")
    #expect(models.map(\.name) == ["m", "n"])
    #expect(models.map(\.contextTokens) == [2000, nil])
    #expect(models.map(\.concurrencyMax) == [3, 4])
    #expect(models.map(\.inputPrice) == [1, nil])
    #expect(models[0].outputPrice == 2)
    #expect(models[0].timeouts.stall == .seconds(5))
    #expect(models[0].timeouts.total == .seconds(7))
    #expect(configuration.models(at: "b").map(\.contextTokens) == [1000, nil])
    let provider = Provider(configuration.providers[0], models: models)
    #expect(provider.timeouts(for: "m").stall == .seconds(5))
    #expect(configuration.concurrencyLimits[0].models.map(\.limit) == [3, 4])
  }

  @Test func `only a hosted provider at its own address must have a public one`() throws {
    func isRestricted(_ lines: String) throws -> Bool? {
      try read("[[providers]]\n" + lines).providers.first?.publicAddressesOnly
    }
    #expect(try isRestricted("type = \"OpenAi\"\napi_key = \"k\"") == true)
    #expect(try isRestricted("type = \"OpenAi\"\napi_key = \"k\"\nbase_url = \"http://proxy.lan\"") == false)
    #expect(try isRestricted("type = \"OpenAiCompatible\"\nbase_url = \"http://x\"") == false)
    #expect(try isRestricted("type = \"Ollama\"") == false)
    #expect(try isRestricted("type = \"Ollama\"\naddress_policy = \"public\"") == true)
    #expect(try isRestricted("type = \"OpenAi\"\napi_key = \"k\"\naddress_policy = \"any\"") == false)
  }
}
