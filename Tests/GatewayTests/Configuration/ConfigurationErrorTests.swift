import Testing

@testable import Gateway

@Suite struct ConfigurationErrorTests {
  @Test(arguments: [
    ("[server]\nprot = 1", "2:1: unknown key `server.prot`; did you mean `server.port`?"),
    ("[server]\nport = \"1\"", "2:1: `server.port` must be an integer from 0 to 65535, not a string"),
    ("[server]\nport = 65536", "2:1: `server.port` must be an integer from 0 to 65535, not 65536"),
    ("[server]\n  port = -1", "2:3: `server.port` must be an integer from 0 to 65535, not -1"),
    ("server.port = 1.0", "1:8: `server.port` must be an integer from 0 to 65535, not a float"),
    ("server.port = 1979-05-27", "1:8: `server.port` must be an integer from 0 to 65535, not a date"),
    ("server.commit_after_secs = nan", "1:8: `server.commit_after_secs` must be a number from 0 to 600, not nan"),
    (
      "server.idle_timeout_secs = inf",
      "1:8: `server.idle_timeout_secs` must be a number from 0.1 to 86400, not inf"
    ),
    ("server.allowed_hosts = [1]", "1:25: `server.allowed_hosts[0]` must be a string, not an integer"),
    ("server.allowed_hosts = \"a\"", "1:8: `server.allowed_hosts` must be a list of strings, not a string"),
    ("server.port = {}", "1:8: `server.port` must be an integer from 0 to 65535, not a section"),
    ("prot = 1", "1:1: unknown key `prot`"),
    ("port = 1", "1:1: unknown key `port`; did you mean `server.port`?"),
    ("[servre]\nport = 1\nbind = 2", "1:2: unknown section `servre`; did you mean `server`?"),
    ("server = 1", "1:1: `server` is a section; write [server]"),
    ("[[server]]\nport = 1", "1:3: `server` is a section; write [server]"),
    ("[providers]\ntype = \"Ollama\"", "1:2: `providers` is a list of sections; write [[providers]]"),
    ("providers = [1]", "1:14: `providers[0]` is a list of sections; write [[providers]]"),
    ("\"server.port\" = 1", "1:1: unknown key `\"server.port\"`"),
    ("auth.tokens = \"x\"", "1:6: `auth.tokens` must be a list of strings, not a string"),
    (
      "access_log.format = \"jsno\"",
      "1:12: `access_log.format` must be one of \"json\", \"text\", \"off\", not \"jsno\"; did you mean \"json\"?"
    ),
    (
      "server.allowed_hosts = [\"*\"]",
      "1:25: `server.allowed_hosts[0]` must be a host name or an IP address, without a scheme, a port, brackets, or *"
    ),
    (
      "server.bind = \"example.org\"",
      "1:8: the bind address must be an IPv4 address, an IPv6 address, or localhost"
    ),
    ("[[models]]\ncontext_tokens = 1", "1:1: `models[0].name` must be 1 to 256 bytes long"),
    (
      "[[models]]\nname = \"m\"\ncapabilities = [\"visoin\"]",
      "3:17: `models[0].capabilities[0]` must be one of tools, vision, schema, reasoning, audio_in, audio_out, documents, "
        + "caching, embeddings, chat; did you mean \"vision\"?"
    ),
    (
      "[[models]]\nname = \"m\"\ninput_usd_per_million = 1",
      "1:1: `models[0]` has only one of `input_usd_per_million` and `output_usd_per_million`; set both or none"
    ),
    (
      "[[models]]\nname = \"m\"\nprovider = \"x\"",
      "3:1: `models[0].provider` names \"x\", which is not configured; add it to [[providers]]"
    ),
    (
      "[[models]]\nname = \"m\"\n[[models]]\nname = \"m\"",
      "4:1: `models[1]` repeats the model and provider of an earlier section"
    ),
    (
      "[[models]]\nname = \"m\"\ncontext_tokens = 0", "3:1: `models[0].context_tokens` must be an integer from 1 to"
    ),
    ("a = ", "1:5: "),
    ("a = 1\na = 2", "2:"),
  ])
  func `an error has its line, its column, and the remedy`(text: String, expected: String) {
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("hoosh.toml:" + expected) == true, "\(found)")
  }

  @Test(arguments: [
    ("type = \"Olama\"", "is not a provider type; did you mean \"Ollama\"?"),
    ("type = \"Bard\"", "is not a provider type; it must be one of Ollama, "),
    ("type = \"Whisper\"", "is Whisper, which is not supported yet; use its OpenAI-compatible endpoint"),
    ("type = \"whisper\"", "which is not supported yet"),
    ("name = \"x\"", "`providers[0]` has no type"),
    ("type = 1", "`providers[0].type` must be a string, not an integer"),
    ("type = \"OpenAiCompatible\"", "`providers[0].base_url` is missing"),
    ("type = \"Demo\"\nbase_url = \"http://x\"", "runs inside hoosh"),
    ("type = \"Ollama\"\ndemo.tokens = 1", "`providers[0].demo` applies only to type \"Demo\""),
    ("type = \"Demo\"\ndemo.tokens = 100001", "must be an integer from 0 to 100000, not 100001"),
    ("type = \"Demo\"\ndemo.fail = \"befor\"", "did you mean \"before\"?"),
    (
      "type = \"Demo\"\ndemo.token = 1",
      "unknown key `providers[0].demo.token`; did you mean `providers[0].demo.tokens`?"
    ),
    ("type = \"Ollama\"\nmodles = []", "did you mean `providers[0].models`?"),
    ("type = \"Ollama\"\nmodels = [\"\"]", "`providers[0].models[0]` must be 1 to 256 bytes long"),
    ("type = \"Ollama\"\nname = \"a b\"", "`providers[0].name` must be 1 to 64 letters"),
    ("type = \"OpenAi\"\napi_key = \"\"", "`providers[0].api_key` is empty"),
    (
      "type = \"OpenAi\"\napi_key = \"$NO\"",
      "hoosh.toml:3:1: `providers[0].api_key` names the environment variable NO, which is not set"
    ),
    ("type = \"OpenAi\"\napi_key = \"${EMPTY}\"", "names the environment variable EMPTY, which is empty"),
    ("type = \"OpenAi\"\napi_key = \"$a-b\"", "does not name an environment variable"),
    ("type = \"OpenAi\"\napi_key = \"$\"", "does not name an environment variable"),
    ("type = \"OpenAi\"\napi_key = \"${A\"", "does not name an environment variable"),
    ("type = \"OpenAi\"\napi_key = \"$LINES\"", "the variable LINES must be at most 4096 visible ASCII"),
    ("type = \"OpenAi\"\nbase_url = \"ftp://x\"", "must begin with http:// or https://"),
  ])
  func `a provider with an error has its message`(lines: String, expected: String) {
    let found = errors("[[providers]]\n" + lines, ["EMPTY": "", "LINES": "a\nb"])
    #expect(found.count == 1)
    #expect(found.first?.contains(expected) == true, "\(found)")
  }

  @Test func `two providers cannot share a name`() {
    let one = "[[providers]]\ntype = \"Ollama\"\nname = \"x\"\n"
    let found = errors(one + one)
    #expect(
      found == [
        "hoosh.toml:6:1: `providers[1].name` repeats `providers[0].name`; give every provider a name of its own"
      ])
  }

  @Test func `all errors are reported, in the order of the file`() {
    let found = errors(
      """
      [auth]
      tokens = ["$A", "", "ok"]
      [server]
      prot = 1
      port = 70000
      bind = "0.0.0.0"
      strategy = "by_moon"
      [[providers]]
      type = "Nothing"
      """)
    #expect(
      found.map { String($0.split(separator: " ")[0]) } == [
        "hoosh.toml:2:11:", "hoosh.toml:2:17:", "hoosh.toml:4:1:", "hoosh.toml:5:1:", "hoosh.toml:7:1:",
        "hoosh.toml:9:1:",
      ])
  }

  @Test(arguments: ["0.0.0.0", "::", "192.168.1.2", "::ffff:10.0.0.1"])
  func `an address that is not loopback requires an API key`(bind: String) throws {
    #expect(
      errors("server.bind = \"\(bind)\"").first?.hasPrefix(
        "hoosh.toml:1:8: cannot bind \(bind) without API keys") == true)
    #expect(try read("server.bind = \"\(bind)\"\nauth.tokens = [\"t\"]").server.bind == bind)
  }

  @Test func `an invalid API key is the only error of an open address`() {
    #expect(errors("server.bind = \"0.0.0.0\"\nauth.tokens = [\"\"]").count == 1)
  }

  @Test(arguments: ConfigurationKeys.unsupported)
  func `a key of an unsupported feature is an error, unless it leaves the feature off`(key: ConfigurationKey) throws
  {
    let path = key.path.replacing("[]", with: "")
    func file(_ value: String) -> String {
      guard key.path.contains("[]") else { return "\(path) = \(value)" }
      let type = key.path.hasPrefix("providers") ? "type = \"Ollama\"\n" : ""
      let parts = path.split(separator: ".")
      return "[[\(parts[0])]]\n\(type)\(parts[1]) = \(value)"
    }
    let on =
      switch key.kind {
      case .boolean: "true"
      case .integer: "7"
      case .number: "1"
      case .strings, .secrets: "[\"x\"]"
      default: "\"x\""
      }
    let found = errors(file(on))
    #expect(found.count == 1)
    #expect(found.first?.contains("is not supported yet; remove the line") == true, "\(found)")
    guard case .unsupported(_, let off?) = key.availability else { return }
    let isText = if case .string = key.kind { true } else { false }
    #expect(errors(file(isText ? "\"\(off)\"" : off)) == [])
  }

  @Test func `a section may keep its other keys while its switch is off`() {
    #expect(errors("[context]\nenabled = false\nkeep_last_messages = 5") == [])
    #expect(errors("[context]\nenabled = true\nkeep_last_messages = 5").count == 2)
    #expect(
      errors("[retry]\nmax_retries = 0\nbase_delay_ms = 500\nmax_delay_ms = 30000\njitter_factor = 0.5") == [])
    #expect(errors("[context]\nenabled = false\nkeep_last_messages = \"x\"").count == 1)
  }

  @Test func `a disabled provider may have any type`() throws {
    #expect(try read("[[providers]]\ntype = \"Anthropic\"\nenabled = false").providers.first?.isEnabled == false)
  }

  @Test func `errors, providers, and lists have limits`() {
    let unknown = (0..<300).map { "a\($0) = 1\n" }.joined()
    #expect(errors(unknown).count == ConfigurationValues.errorsMax)
    #expect(errors(unknown + "server.commit_after_secs = 1e300").count == ConfigurationValues.errorsMax)
    let demo = "[[providers]]\ntype = \"Demo\"\n"
    #expect(errors(String(repeating: demo, count: Configuration.providersMax)) == [])
    #expect(errors(String(repeating: demo, count: Configuration.providersMax + 1)).count == 1)
    let hosts = Array(repeating: "\"a\"", count: 257).joined(separator: ",")
    #expect(errors("server.allowed_hosts = [\(hosts)]").count == 1)
  }

  @Test func `a name of a model is 1 to 256 bytes long`() {
    func file(_ count: Int) -> String {
      "[[aliases]]\nmodel = \"m\"\nname = \"\(String(repeating: "n", count: count))\"\n[[providers]]\ntype = \"Ollama\""
    }
    #expect(errors(file(1)) == [] && errors(file(256)) == [])
    for count in [0, 257] {
      #expect(errors(file(count)) == ["hoosh.toml:3:1: `aliases[0].name` must be 1 to 256 bytes long"])
    }
  }

  @Test func `a list of names has at most 4096 elements`() {
    func file(_ count: Int) -> String {
      (0..<count).map { "[[aliases]]\nmodel = \"m\"\nname = \"n\($0)\"\n" }.joined()
        + "[[providers]]\ntype = \"Ollama\""
    }
    #expect(errors(file(4096)) == [])
    let found = errors(file(4097))
    #expect(found.count == 1)
    #expect(found.first?.contains("has 4097 elements, but at most 4096 are allowed") == true, "\(found)")
  }

  @Test func `the port of a base URL is 1 to 65535`() {
    func file(_ port: String) -> String { "[[providers]]\ntype = \"Ollama\"\nbase_url = \"http://x:\(port)\"" }
    #expect(errors(file("1")) == [] && errors(file("65535")) == [])
    for port in ["0", "65536", "", "-1", "a"] {
      let found = errors(file(port))
      #expect(found.count == 1)
      #expect(found.first?.contains("has an invalid port; it must be from 1 to 65535") == true, "\(found)")
    }
  }

  @Test(arguments: [
    ("port", "prot", 1), ("port", "port", 0), ("", "ab", 2), ("abc", "", 3), ("kitten", "sitting", 3),
    ("ab", "ba", 1),
  ])
  func `the number of edits is the distance`(a: String, b: String, edits: Int) {
    #expect(Spelling.edits(Array(a.utf8), Array(b.utf8)) == edits)
  }
}
