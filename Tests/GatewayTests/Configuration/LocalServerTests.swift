import Testing

@testable import Gateway

@Suite struct LocalServerTests {
  private static func ollama(_ value: String) -> LocalServer? {
    LocalServer.places(["OLLAMA_HOST": value]).first { $0.kind == .ollama && $0.variable != nil }
  }

  @Test(arguments: [
    ("127.0.0.1:11999", "http://127.0.0.1:11999"), ("http://127.0.0.1:11999", "http://127.0.0.1:11999"),
    ("http://localhost:11999/", "http://localhost:11999"), ("0.0.0.0:11999", "http://127.0.0.1:11999"),
    ("0.0.0.0", "http://127.0.0.1:11434"), (":11999", "http://127.0.0.1:11999"),
    ("[::]:11999", "http://[::1]:11999"),
    ("::1", "http://[::1]:11434"), ("[::1]", "http://[::1]:11434"), ("box.lan", "http://box.lan:11434"),
    (" \"box.lan:1\" ", "http://box.lan:1"), ("http://box.lan", "http://box.lan:80"),
    ("https://box.lan/ollama", "https://box.lan:443/ollama"), ("box.lan:port", "http://box.lan:11434"),
  ])
  func `OLLAMA_HOST is read as Ollama reads it`(value: String, url: String) {
    #expect(Self.ollama(value)?.baseURL.text == url)
  }

  @Test(arguments: ["", "  ", "ftp://x", "user@host", "a b"])
  func `an OLLAMA_HOST that names no place leaves the usual one`(value: String) {
    let places = LocalServer.places(["OLLAMA_HOST": value])
    #expect(places.map(\.kind) == [.ollama, .llamaCpp, .lmStudio, .vllm])
    #expect(places.allSatisfy { $0.variable == nil })
  }

  @Test func `llama cpp is where its own variables say, and then at its usual place`() {
    let places = LocalServer.places(["LLAMA_ARG_HOST": "0.0.0.0", "LLAMA_ARG_PORT": "9001"])
    #expect(
      places.filter { $0.kind == .llamaCpp }.map(\.baseURL.text) == [
        "http://127.0.0.1:9001", "http://localhost:8080",
      ])
    #expect(places.filter { $0.kind == .llamaCpp }.map(\.port) == [9001, 8080])
  }

  @Test(arguments: [
    ("127.0.0.1:1", true), ("localhost:1", true), ("[::1]:1", true), ("0.0.0.0", true), ("10.0.0.1", false),
    ("box.lan", false),
  ])
  func `only a loopback address is known to be on this machine`(value: String, isHere: Bool) {
    #expect(Self.ollama(value)?.isOnThisMachine == isHere)
  }

  @Test func `servers at different places have different names, and one place has one`() {
    let places = LocalServer.places(["OLLAMA_HOST": "127.0.0.1:1"])
    let configuration = Configuration.discovered(servers: places + places, environment: [:])
    #expect(
      configuration.providers.map(\.name) == ["ollama", "ollama-2", "llamacpp", "lmstudio", "vllm", "demo"])
  }

  @Test(arguments: ["sk-abc\n", " sk-abc", "sk-abc\r\n", "\tsk-abc "])
  func `a key in the environment has no blanks around it`(value: String) {
    let configuration = Configuration.discovered(servers: [], environment: ["OPENAI_API_KEY": value])
    #expect(configuration.providers.first?.keys.map { $0.reveal() } == ["sk-abc"])
    #expect(configuration.notes.isEmpty)
  }

  @Test(arguments: ["sk abc", "sk-é", "sk\u{7}"])
  func `a key that cannot be one is named by its variable, and not shown`(value: String) {
    let configuration = Configuration.discovered(servers: [], environment: ["OPENAI_API_KEY": value])
    #expect(configuration.providers.map(\.name) == ["demo"])
    #expect(configuration.notes.count == 1)
    #expect(configuration.notes.allSatisfy { $0.contains("OPENAI_API_KEY") && !$0.contains(value) })
  }

  @Test(arguments: ["", " ", "\n"])
  func `an empty key is ignored`(value: String) {
    let configuration = Configuration.discovered(servers: [], environment: ["OPENAI_API_KEY": value])
    #expect(configuration.providers.map(\.name) == ["demo"] && configuration.notes.isEmpty)
  }

  @Test func `a discovery adds servers, and keeps those that do not answer for a moment`() throws {
    let places = LocalServer.places([:])
    func discovered(_ servers: [LocalServer]) -> Configuration {
      Configuration.discovered(servers: servers, environment: ["OPENAI_API_KEY": "sk-1"])
    }
    let both = discovered(Array(places[...1]))
    #expect(
      discovered([places[0]]).keepingServers(of: both).providers.map(\.name).sorted() == [
        "demo", "llamacpp", "ollama", "openai",
      ])
    #expect(both.keepingServers(of: discovered([])).providers == both.providers)
    #expect(both.keepingServers(of: both).providers == both.providers)
    #expect(discovered([]).keepingServers(of: Configuration.defaults).providers.map(\.name) == ["openai", "demo"])
  }

  @Test func `a kept server never shares its name with another place`() {
    let named = LocalServer.places(["OLLAMA_HOST": "127.0.0.1:1"])[0]
    let before = Configuration.discovered(servers: [LocalServer.places([:])[0]], environment: [:])
    let after = Configuration.discovered(servers: [named], environment: [:]).keepingServers(of: before)
    #expect(Set(after.providers.map(\.name)) == ["ollama", "ollama-2", "demo"])
  }
}
