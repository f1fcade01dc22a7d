import Glibc
import Reactor
@testable import Support
import Testing

@testable import Gateway

/// Requests to providers behind a proxy, and to those at a Unix socket.
@Suite struct ProxyRelayTests {
  private static var good: World.Play { { _ in Script.Step.answer } }

  /// A world whose first provider is reached through the second one as its proxy.
  private func world(
    _ url: String = "http://models.example", user: String = "", hasOther: Bool = false,
    _ proxy: @escaping World.Play
  ) throws -> World {
    let world = try World(.curl, [Self.good, proxy])
    var configuration = world.gateway.settings.configuration
    configuration.providers[0].baseURL = try BaseURL(url)
    configuration.providers[0].keys = [try #require(Secret("the-key-of-the-provider"))]
    configuration.providers[0].proxy = try Self.proxy(world, user: user)
    configuration.providers[1].isEnabled = hasOther
    #expect(world.gateway.apply(configuration) == nil)
    return world
  }

  /// The second provider as a proxy.
  private static func proxy(_ world: World, user: String = "") throws -> ProxyURL {
    let place = world.gateway.settings.configuration.providers[1].baseURL.text
    return try ProxyURL(place.replacing("http://", with: "http://\(user)"))
  }

  @Test func `a plain provider's requests pass through the proxy, plain and streamed`() throws {
    let world = try world(user: "me:secret@") { request in
      request.text.contains("\"stream\":true") ? Script.Step.shortStream : Script.Step.answer
    }
    #expect(try world.exchange(World.chat()).text.contains("hello"))
    #expect(try world.exchange(World.streamingChat()).text.contains("[DONE]"))
    #expect(world.seen(1).map(\.target) == Array(repeating: "http://models.example/v1/chat/completions", count: 2))
    #expect(world.seen(1).allSatisfy { $0.field("proxy-authorization") == "Basic bWU6c2VjcmV0" })
    #expect(world.acceptedConnections(1) == 1)
    #expect(world.seen(0).isEmpty)
  }

  @Test(arguments: [
    (407, "rejected the user and password in `proxy`, or requires some"), (403, "did not connect to it"),
  ])
  func `a tunnel that the proxy refuses is an error about the proxy, and the provider's key stays here`(
    status: Int, message: String
  ) throws {
    let world = try world("https://models.example", user: "me:secret@") { _ in
      [
        .head(status: status, fields: ["proxy-authenticate: Basic", "content-length: 6"]),
        .bytes(Array("denied".utf8)),
      ]
    }
    for request in [World.chat(), World.streamingChat()] {
      let answer = try world.exchange(request)
      #expect(answer.status == 502)
      #expect(answer.text.contains("The proxy of the provider `up0` \(message)."), "\(answer.text)")
      #expect(answer.field("proxy-authenticate") == nil)
      #expect(!answer.text.contains("denied") && !answer.text.contains("secret"))
    }
    #expect(world.seen(1).allSatisfy { $0.method == "CONNECT" && $0.target == "models.example:443" })
    #expect(!world.seen(1).flatMap(\.fields).joined().contains("the-key-of-the-provider"))
  }

  @Test func `a 407 of a forwarding proxy is an error about the proxy, and another candidate answers`() throws {
    let world = try world(hasOther: true) { request in
      request.target.hasPrefix("http://") ? [.head(status: 407, fields: ["content-length: 0"])] : Script.Step.answer
    }
    #expect(try world.exchange(World.chat()).status == 200)
    #expect(
      world.seen(1).map(\.target) == ["http://models.example/v1/chat/completions", "/v1/chat/completions"])
  }

  @Test func `a proxy that dies is an error about the proxy`() throws {
    let world = try world("https://models.example") { _ in [.fail(.closedBeforeResponse)] }
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 502)
    #expect(answer.text.contains("The proxy of the provider `up0` cannot be reached."), "\(answer.text)")
  }

  @Test func `a reload changes the proxy of new requests, and back`() throws {
    let world = try World(.curl, [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    configuration.providers[1].isEnabled = false
    let proxies: [ProxyURL?] = [
      nil, try Self.proxy(world), try Self.proxy(world, user: "me:one@"), try Self.proxy(world, user: "me:two@"),
      nil,
    ]
    for proxy in proxies {
      configuration.providers[0].proxy = proxy
      #expect(world.gateway.apply(configuration) == nil)
      #expect(try world.exchange(World.chat()).status == 200)
    }
    #expect(world.seen(0).count == 2)
    #expect(world.acceptedConnections(0) == 1)
    #expect(
      world.seen(1).map { $0.field("proxy-authorization") ?? "" } == ["", "Basic bWU6b25l", "Basic bWU6dHdv"])
    #expect(world.acceptedConnections(1) == 3)
  }

  @Test func `the health of providers names the proxy without its password`() throws {
    let world = try world(user: "me:secret@", Self.good)
    let answer = try world.exchange(Array("GET /v1/health/providers HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(answer.text.contains("\"proxy\":\"http://***@127.0.0.1:"))
    #expect(!answer.text.contains("secret"))
  }

  // MARK: Unix sockets

  @Test func `a provider at a Unix socket answers plain and streamed, and its health is checked`() throws {
    let path = Sockets.path()
    defer { unlink(path) }
    var targets: [String] = []
    let world = try World(.curl, toml: "[server]\nmodels_cache_secs = 0", [Self.good])
    world.add(
      ScriptedServer(at: path) { request in
        targets.append(request.target)
        if request.method == "GET" { return Script.Step.json("{\"object\":\"list\",\"data\":[{\"id\":\"m\"}]}") }
        return request.text.contains("\"stream\":true") ? Script.Step.shortStream : Script.Step.answer
      })
    var configuration = world.gateway.settings.configuration
    configuration.providers[0].baseURL = try BaseURL("unix:\(path)")
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(World.chat()).text.contains("hello"))
    #expect(try world.exchange(World.streamingChat()).text.contains("[DONE]"))
    let get = { (path: String) in Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8) }
    #expect(try world.exchange(get("/v1/models")).text.contains("\"m\""))
    #expect(targets == ["/v1/chat/completions", "/v1/chat/completions", "/v1/models"])
    #expect(try world.exchange(get("/v1/health/providers")).text.contains("\"base_url\":\"unix:\(path)\""))
    #expect(world.seen(0).isEmpty)
  }

  @Test func `a provider whose socket is missing is not running, and another candidate answers`() throws {
    let world = try World(.curl, [Self.good, Self.good])
    var configuration = world.gateway.settings.configuration
    configuration.providers[0].baseURL = try BaseURL("unix:\(Sockets.path()):/v1")
    // What is on this machine stays here unless the operator says otherwise.
    configuration.providers[0].allowsHostedFallback = true
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(World.chat()).status == 200)
    #expect(world.seen(1).count == 1)
    configuration.providers[1].isEnabled = false
    #expect(world.gateway.apply(configuration) == nil)
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 502)
    #expect(answer.text.contains("Cannot connect to the provider `up0`. Is it running?"), "\(answer.text)")
  }
}
