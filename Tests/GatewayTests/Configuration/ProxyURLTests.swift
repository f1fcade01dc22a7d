import Testing

@testable import Gateway

/// Proxies and Unix sockets in the configuration.
@Suite struct ProxyURLTests {
  private static func read(_ lines: String, _ environment: [String: String] = [:]) throws -> Configuration.Provider
  {
    let text = "[[providers]]\n" + lines
    return try Configuration.read(text: Array(text.utf8), file: "t.toml", environment: environment).providers[0]
  }

  private static func errors(_ lines: String, _ environment: [String: String] = [:]) -> [String] {
    do throws(ConfigurationErrors) {
      _ = try Configuration.read(
        text: Array("[[providers]]\n\(lines)".utf8), file: "t.toml", environment: environment)
      return []
    } catch {
      return error.errors.map { "\($0)" }
    }
  }

  // MARK: Unix sockets

  @Test(arguments: [
    ("unix:/run/llama.sock", "unix:/run/llama.sock", "/v1", ""),
    ("unix:/run/a.sock:/v1", "unix:/run/a.sock:/v1", "/v1", ""),
    ("unix:/run/a.sock:/", "unix:/run/a.sock", "/v1", ""),
    ("UNIX:/A.sock:/api/v3/", "unix:/A.sock:/api/v3", "/api/v3", "/api/v3"),
  ])
  func `a Unix socket has an API right below its path, or at v1`(
    written: String, text: String, api: String, root: String
  ) throws {
    let url = try BaseURL(written)
    let socket = text.prefix { $0 != "." } + ".sock"
    #expect(url.text == text)
    #expect(url.socketPath.map { "unix:\($0)" } == String(socket))
    #expect(url.apiRoot == "\(socket):\(api)")
    #expect(url.root == "\(socket):\(root)")
    #expect(url.messagesRoot.hasPrefix("\(socket):/"))
    #expect(url.geminiRoot.hasPrefix("\(socket):/"))
    #expect(url.isOnThisMachine)
    #expect(!url.isSecure)
    #expect(url.host == "")
  }

  @Test(
    arguments: [
      ("unix:", .socket), ("unix:run/a.sock", .socket), ("unix://run/", .socket), ("unix:/", .socket),
      ("unix:/a.sock:v1", .socketPath), ("unix:/a.sock:/v1?x", .query), ("unix:/a.sock:/v1/../x", .path),
      ("unix:/a.sock:/v1/chat/completions", .endpoint), ("unix:/a b", .character), ("unix:/a\u{0}b", .character),
      ("unix:/" + String(repeating: "a", count: 107), .socketTooLong),
    ] as [(String, BaseURLError)])
  func `what is not the absolute path of a Unix socket is rejected`(written: String, expected: BaseURLError) {
    #expect(throws: expected) { try BaseURL(written) }
  }

  @Test func `the longest path of a socket has 107 bytes`() throws {
    let path = "/" + String(repeating: "a", count: 106)
    #expect(try BaseURL("unix:\(path):/v1").socketPath.map(String.init) == path)
  }

  // MARK: Proxies

  @Test(arguments: [
    ("http://proxy.test:3128", "http://proxy.test:3128"), ("HTTPS://10.0.0.1:443/", "https://10.0.0.1:443"),
    ("socks5h://[::1]:1080", "socks5h://[::1]:1080"),
    ("http://me:the-password@proxy.test:3128", "http://***@proxy.test:3128"),
    ("http://the-password@proxy.test:3128", "http://***@proxy.test:3128"),
    ("http://me:%74he%40-the-password@proxy.test:1/", "http://***@proxy.test:1"),
  ])
  func `a proxy is described without its user and password`(written: String, described: String) throws {
    let provider = try Self.read("type = \"OpenAi\"\nproxy = \"\(written)\"")
    let proxy = try #require(provider.proxy)
    #expect(
      proxy.reveal().hasSuffix(
        written.dropFirst(8).hasSuffix("/") ? String(written.dropFirst(8).dropLast()) : String(written.dropFirst(8))
      ))
    #expect(proxy.description == described)
    var dumped = ""
    dump(provider, to: &dumped)
    #expect(!"\(proxy) \(String(reflecting: proxy)) \(dumped)".contains("the-password"))
    #expect(provider.place == "https://api.openai.com through \(described)")
  }

  @Test(arguments: [
    ("ftp://secret:1", "must begin with http://"), ("socks5://secret:1", "socks5h://"),
    ("enviroment", "or be \"environment\""),
    ("http://secret", "needs a port"), ("http://secret:0", "needs a port"), ("http://secret:99999", "needs a port"),
    ("http://[::1]", "needs a port"), ("http://", "no valid host"), ("http://:1", "no valid host"),
    ("http://sec_ret!:1", "no valid host"), ("http://@secret:1", "an invalid user"),
    ("http://:secret@a:1", "an invalid user"), ("http://a:%zz-secret@a:1", "an invalid user"),
    ("http://a:secret%0@a:1", "an invalid user"), ("http://a:secret%00@a:1", "an invalid user"),
    ("http://a:b@secret@a:1", "escape those of the password"),
    ("http://a:se/cret@a:1", "escape those of the password"),
    ("http://secret:1/path", "a path, a query"), ("http://secret:1?q", "a path, a query"),
    ("http://se<cret:1", "not allowed"),
    ("http://a:" + String(repeating: "secret", count: 400) + "@a:1", "longer than 2048"), ("", "is empty"),
  ])
  func `what is not a proxy is rejected, and not shown`(written: String, expected: String) {
    let found = Self.errors("type = \"OpenAi\"\nproxy = \"\(written)\"")
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("t.toml:3:1: `providers[0].proxy` ") == true, "\(found)")
    #expect(found.first?.contains(expected) == true, "\(found)")
    #expect(found.first?.contains("secret") == (written.isEmpty ? true : false), "\(found)")
  }

  @Test func `a proxy may be named by a variable, which a disabled provider does not need`() throws {
    let line = "type = \"OpenAi\"\nproxy = \"$CORP\""
    #expect(try Self.read(line, ["CORP": "http://p:1"]).proxy?.description == "http://p:1")
    #expect(Self.errors(line).first?.contains("names the environment variable CORP, which is not set") == true)
    #expect(try Self.read(line + "\nenabled = false").proxy == nil)
  }

  @Test func `a proxy is not for what needs none`() {
    #expect(Self.errors("type = \"Demo\"\nproxy = \"http://p:1\"").first?.contains("runs inside hoosh") == true)
    let socket = "type = \"LlamaCpp\"\nbase_url = \"unix:/a.sock\"\nproxy = "
    #expect(Self.errors(socket + "\"http://p:1\"").first?.contains("does not apply to a Unix socket") == true)
    #expect(Self.errors(socket + "\"environment\"", ["all_proxy": "http://p:1"]) == [])
  }

  @Test func `without the key there is no proxy, whatever the environment says`() throws {
    let environment = ["https_proxy": "http://p:1", "http_proxy": "http://p:1", "ALL_PROXY": "http://p:1"]
    #expect(try Self.read("type = \"OpenAi\"", environment).proxy == nil)
    #expect(
      Configuration.discovered(found: [.ollama], environment: environment).providers.allSatisfy { $0.proxy == nil })
  }

  // MARK: Address policies

  @Test func `a policy that cannot be checked behind a proxy is an error`() throws {
    let proxy = "type = \"OpenAi\"\nproxy = \"http://p:1\"\n"
    #expect(try !Self.read(proxy).publicAddressesOnly)
    #expect(try Self.read("type = \"OpenAi\"").publicAddressesOnly)
    #expect(try !Self.read(proxy + "address_policy = \"any\"").publicAddressesOnly)
    let found = Self.errors(proxy + "address_policy = \"public\"")
    #expect(
      found.first?.contains("t.toml:4:1: `providers[0].address_policy` cannot be \"public\" behind a proxy") == true
    )
    let named = "base_url = \"http://localhost\"\naddress_policy = \"public\""
    #expect(Self.errors(proxy + named).count == 1)
    #expect(
      try Self.read(proxy + "base_url = \"https://93.184.215.14\"\naddress_policy = \"public\"").publicAddressesOnly
    )
    // Whether there is a proxy is known only once the environment was read.
    let environment = "type = \"OpenAi\"\nproxy = \"environment\"\n"
    #expect(try Self.read(environment).publicAddressesOnly)
    #expect(try Self.read(environment + "address_policy = \"public\"").publicAddressesOnly)
    #expect(Self.errors(environment + "address_policy = \"public\"", ["https_proxy": "p:1"]).count == 1)
  }

  @Test func `what is behind a proxy is not on this machine`() throws {
    #expect(try Self.read("type = \"Ollama\"").isOnThisMachine)
    #expect(try !Self.read("type = \"Ollama\"\nproxy = \"http://127.0.0.1:1\"").isOnThisMachine)
    #expect(try Self.read("type = \"OpenAi\"\nbase_url = \"http://a\"\nproxy = \"https://p:1\"").usesTLS)
    #expect(try !Self.read("type = \"OpenAi\"\nbase_url = \"http://a\"\nproxy = \"http://p:1\"").usesTLS)
  }

  // MARK: The environment

  @Test(
    arguments: [
      (
        "https", ["https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "all_proxy": "http://c:1"], "http://a:1"
      ),
      ("https", ["HTTPS_PROXY": "http://b:1", "all_proxy": "http://c:1"], "http://b:1"),
      (
        "https", ["https_proxy": "", "HTTPS_PROXY": "", "all_proxy": "http://c:1", "ALL_PROXY": "http://d:1"],
        "http://c:1"
      ),
      ("https", ["ALL_PROXY": "socks5h://d:1"], "socks5h://d:1"), ("https", ["http_proxy": "http://a:1"], nil),
      ("http", ["http_proxy": "http://a:1", "https_proxy": "http://b:1"], "http://a:1"),
      ("http", ["HTTP_PROXY": "http://a:1"], nil),
      ("http", ["HTTP_PROXY": "http://a:1", "ALL_PROXY": "http://d:1"], "http://d:1"),
      ("https", ["https_proxy": "proxy.test"], "http://proxy.test:1080"),
      ("https", ["https_proxy": "proxy.test:81/"], "http://proxy.test:81"),
      ("https", ["https_proxy": "https://proxy.test/"], "https://proxy.test:443"),
      ("https", ["https_proxy": "http://[::1]"], "http://[::1]:1080"),
      ("https", ["https_proxy": "http://[::1]:2"], "http://[::1]:2"),
      ("https", ["https_proxy": "http://me:pw@proxy.test"], "http://***@proxy.test:1080"), ("https", [:], nil),
    ] as [(String, [String: String], String?)])
  func `the environment names a proxy as it does for curl`(
    scheme: String, environment: [String: String], expected: String?
  )
    throws
  {
    let provider = try Self.read(
      "type = \"OpenAiCompatible\"\nbase_url = \"\(scheme)://models.example\"\nproxy = \"environment\"", environment
    )
    #expect(provider.proxy?.description == expected)
  }

  @Test(arguments: [
    ("models.example", "*", true), ("models.example", "models.example", true),
    ("models.example", "MODELS.example.", true),
    ("models.example.", "example", true), ("models.example", ".example", true),
    ("models.example", "odels.example", false),
    ("models.example", "a.models.example", false), ("models.example", "a, b  example,c", true),
    ("models.example", "a,,b", false),
    ("models.example", "*,a", false), ("models.example", "*.example", false), ("models.example", ".", false),
    ("models.example", "", false),
    ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.0.0/16", true), ("10.1.2.3", "10.2.0.0/16", false),
    ("10.1.2.3", "10.1.2.0/31", false), ("10.1.2.3", "10.1.2.2/31", true), ("10.1.2.3", "10.1.2.4/30", false),
    ("10.1.2.3", "10.0.0.0/33", false), ("10.1.2.3", "0.0.0.0/0", false), ("10.1.2.3", "2.3", false),
    ("10.1.2.3", "10.1.2.3/x", false),
    ("[2001:db8::1]", "2001:db8::/32", true), ("[2001:db8::1]", "2001:db8::1", true),
    ("[2001:db8::1]", "2001:db9::/32", false),
    ("localhost", "localhost", true), ("localhost", "127.0.0.1", false), ("127.0.0.1", "", false),
  ])
  func `no_proxy excludes hosts as it does for curl`(host: String, list: String, isExcluded: Bool) throws {
    for name in ["no_proxy", "NO_PROXY"] {
      let found = ProxyEnvironment(["all_proxy": "http://p:1", name: list]).proxy(
        for: try BaseURL("http://\(host):8080/v1"))
      #expect((found == nil) == isExcluded)
    }
  }

  @Test func `the lower case of no_proxy goes before the upper`() throws {
    let variables = ["all_proxy": "http://p:1", "no_proxy": "a.test", "NO_PROXY": "b.test"]
    #expect(ProxyEnvironment(variables).proxy(for: try BaseURL("http://a.test")) == nil)
    #expect(ProxyEnvironment(variables).proxy(for: try BaseURL("http://b.test"))?.variable == "all_proxy")
  }

  @Test func `a variable that names no proxy is an error with its name, without its value`() {
    let found = Self.errors("type = \"OpenAi\"\nproxy = \"environment\"", ["HTTPS_PROXY": "socks4://me:secret@p:1"])
    #expect(found.count == 1)
    #expect(
      found.first?.contains(
        "`providers[0].proxy` names the environment, whose variable HTTPS_PROXY must begin with") == true)
    #expect(found.first?.contains("secret") == false)
  }
}
