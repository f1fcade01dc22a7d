import Glibc
import Synchronization
import Testing

@testable import Reactor
@testable import Support

/// Upstreams behind proxies.
@Suite struct ProxyTests {
  private static let answer = RawUpstream.Move.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
  private static let key = "authorization: Bearer the-key-of-the-provider"

  private static func request(
    _ url: String, through proxy: String, addresses: AddressPolicy = .any, connectTimeout: Duration = .seconds(5)
  ) -> UpstreamRequest {
    UpstreamRequest(
      .get, UpstreamTarget(url, through: UpstreamProxy(proxy)), fields: [key], connectTimeout: connectTimeout,
      addresses: addresses)
  }

  /// Fetches a URL through a proxy that responds with these moves. Returns what the proxy received.
  private func fetch(
    _ url: String, user: String = "", through moves: [RawUpstream.Move], connectTimeout: Duration = .seconds(5)
  ) throws -> (fetched: Fetched, seen: [SeenRequest]) {
    let loop = try Loop()
    let proxy = loop.add(RawUpstream(moves))
    let fetched = loop.fetch(
      Self.request(url, through: "http://\(user)127.0.0.1:\(proxy.port)", connectTimeout: connectTimeout))
    return (fetched, proxy.requests)
  }

  // MARK: Plain HTTP

  @Test func `a proxy receives the whole URL of a plain request, with all of its fields`() throws {
    let (fetched, seen) = try fetch("http://Models.Example:81/v1/models?x=1", through: [Self.answer])
    #expect(fetched.end == .complete)
    #expect(fetched.text == "ok")
    let request = try #require(seen.first)
    #expect(request.target == "http://Models.Example:81/v1/models?x=1")
    #expect(request.field("host") == "Models.Example:81")
    #expect(request.field("authorization") == "Bearer the-key-of-the-provider")
    #expect(request.field("proxy-authorization") == nil)
  }

  @Test func `a proxy's user and password are for the proxy, decoded`() throws {
    let (fetched, seen) = try fetch("http://models.example", user: "me:p%40ss@", through: [Self.answer])
    #expect(fetched.end == .complete)
    // me:p@ss
    #expect(seen.first?.field("proxy-authorization") == "Basic bWU6cEBzcw==")
    #expect(seen.first?.target == "http://models.example/")
    #expect(seen.first?.fields.count(where: { $0.lowercased().hasPrefix("host:") }) == 1)
  }

  @Test func `a 407 of a proxy that forwards is the proxy's, and every other status the upstream's`() throws {
    let required = "HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno"
    let (refused, _) = try fetch("http://models.example", through: [.send(required)])
    #expect(refused.end == .failed(.proxyCredentialsRejected))
    #expect(refused.responded == 0)
    let (forbidden, _) = try fetch(
      "http://models.example", through: [.send("HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno")])
    #expect(forbidden.end == .complete)
    #expect(forbidden.status == 403)
    let loop = try Loop()
    let upstream = loop.add(RawUpstream([.send(required)]))
    #expect(loop.fetch(UpstreamRequest(.get, upstream.url)).status == 407)
  }

  // MARK: Tunnels

  struct Refusal: Sendable, CustomTestStringConvertible {
    var name: String
    var moves: [RawUpstream.Move]
    var error: TransferError
    var testDescription: String { name }
  }

  @Test(arguments: [
    Refusal(
      name: "403", moves: [.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")], error: .proxyRejected),
    Refusal(name: "502", moves: [.send("HTTP/1.1 502 Bad\r\n\r\nno"), .finish], error: .proxyRejected),
    Refusal(
      name: "407",
      moves: [.send("HTTP/1.1 407 Who\r\nproxy-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno")],
      error: .proxyCredentialsRejected),
    Refusal(name: "closed", moves: [.finish], error: .proxyUnreachable),
    Refusal(name: "reset", moves: [.reset], error: .proxyUnreachable),
    Refusal(name: "half a head", moves: [.send("HTTP/1.1 200 OK\r\nx: "), .finish], error: .proxyUnreachable),
    Refusal(name: "silence", moves: [], error: .proxyTimedOut),
    // The tunnel is open, so the rest is about the upstream.
    Refusal(
      name: "a tunnel that closes", moves: [.send("HTTP/1.1 200 OK\r\n\r\n"), .wait(.milliseconds(20)), .finish],
      error: .tlsFailed),
    Refusal(
      name: "a tunnel to a plain server",
      moves: [
        .send("HTTP/1.1 200 OK\r\n\r\n"), .wait(.milliseconds(20)), .send("HTTP/1.1 400 Bad\r\n\r\n"), .finish,
      ],
      error: .notTLS),
  ])
  func `a tunnel that is not opened is the proxy's failure, and never a response`(refusal: Refusal) throws {
    for user in ["", "me:secret@"] {
      let (fetched, seen) = try fetch(
        "https://models.example/v1/models", user: user, through: refusal.moves,
        connectTimeout: refusal.moves.isEmpty ? .milliseconds(300) : .seconds(5))
      #expect(fetched.end == .failed(refusal.error))
      #expect(fetched.responded == 0)
      #expect(fetched.status == 0)
      let request = try #require(seen.first)
      #expect(request.method == "CONNECT")
      #expect(request.target == "models.example:443")
      #expect(request.field("host") == "models.example:443")
      #expect((request.field("proxy-authorization") == nil) == user.isEmpty)
      #expect(!request.fields.joined().contains("the-key-of-the-provider"))
    }
  }

  // MARK: Connecting

  @Test func `a proxy that cannot be reached is told from an upstream that cannot`() throws {
    let loop = try Loop()
    let (listener, port) = Sockets.listen()
    Sockets.reset(listener)
    for url in ["http://models.example", "https://models.example"] {
      for scheme in ["http", "https", "socks5h"] {
        let fetched = loop.fetch(Self.request(url, through: "\(scheme)://127.0.0.1:\(port)"))
        #expect(fetched.end == .failed(.proxyUnreachable), "\(scheme)")
      }
    }
  }

  @Test func `the proxy's name is looked up, and the upstream's is not`() throws {
    let asked = Mutex<[String]>([])
    var options = Reactor.Options()
    options.resolve = { name in
      asked.withLock { $0.append(name) }
      return name == "proxy.test" ? [IPAddress("127.0.0.1")].compactMap(\.self) : []
    }
    let loop = try Loop(options)
    let proxy = loop.add(RawUpstream([Self.answer]))
    let fetched = loop.fetch(Self.request("http://models.test", through: "http://proxy.test:\(proxy.port)"))
    #expect(fetched.text == "ok")
    #expect(
      loop.fetch(Self.request("http://models.test", through: "http://no.test:1")).end == .failed(.proxyUnreachable))
    #expect(asked.withLock { $0 } == ["proxy.test", "no.test"])
  }

  @Test func `a name behind a proxy is not known to be public, and an address may be`() {
    func isAllowed(_ url: String) -> Bool {
      UpstreamTarget(url, through: UpstreamProxy("http://10.0.0.1:3128")).isAllowed(by: .publicOnly)
    }
    #expect(!isAllowed("https://models.example"))
    #expect(!isAllowed("https://localhost"))
    #expect(!isAllowed("https://10.1.2.3"))
    #expect(isAllowed("https://93.184.215.14"))
    // The name that hoosh looks up is the proxy's, and says nothing about the provider's.
    let named = UpstreamTarget("https://a.example", through: UpstreamProxy("http://p:1"))
    #expect(named.isAllowed(by: .any) && !named.isAllowed(by: .publicOnly))
  }

  @Test func `TLS with a proxy that does not speak it is the proxy's failure`() throws {
    let loop = try Loop()
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    var peers: [CInt] = []
    loop.add {
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { return }
      let text = "HTTP/1.1 400 Bad Request\r\n\r\n"
      _ = send(peer, text, text.utf8.count, 0)
      _ = shutdown(peer, Int32(SHUT_WR))
      peers.append(peer)
    }
    for url in ["http://models.example", "https://models.example"] {
      #expect(
        loop.fetch(Self.request(url, through: "https://127.0.0.1:\(port)")).end == .failed(.proxyTLSFailed))
    }
    for peer in peers { close(peer) }
  }

  // MARK: Reuse

  @Test func `connections are reused through the same proxy with the same user, and no other`() throws {
    let loop = try Loop()
    let direct = loop.add(RawUpstream([Self.answer]))
    let first = loop.add(RawUpstream([Self.answer]))
    let second = loop.add(RawUpstream([Self.answer]))
    let proxies: [String?] = [
      nil, "http://127.0.0.1:\(first.port)", "http://me:one@127.0.0.1:\(first.port)",
      "http://me:two@127.0.0.1:\(first.port)", "http://127.0.0.1:\(second.port)",
    ]
    for proxy in proxies + proxies.reversed() {
      let target = UpstreamTarget(direct.url, through: proxy.map { UpstreamProxy($0) })
      #expect(loop.fetch(UpstreamRequest(.get, target)).text == "ok")
    }
    #expect(direct.accepted == 1)
    #expect(first.accepted == 3)
    #expect(second.accepted == 1)
    #expect(direct.requests.count == 2)
    #expect(
      first.requests.map { $0.field("proxy-authorization") ?? "" } == [
        "", "Basic bWU6b25l", "Basic bWU6dHdv", "Basic bWU6dHdv", "Basic bWU6b25l", "",
      ])
  }

  @Test func `multis of earlier proxies are replaced once there are too many`() throws {
    let loop = try Loop()
    let proxy = loop.add(RawUpstream([Self.answer]))
    for number in 0..<CurlMultiPool.proxyMultisMax * 2 {
      let fetched = loop.fetch(
        Self.request("http://models.example", through: "http://me:\(number)@127.0.0.1:\(proxy.port)"))
      #expect(fetched.text == "ok")
    }
    #expect(loop.reactor.multiCount <= CurlMultiPool.proxyMultisMax + 1)
    #expect(loop.run { proxy.openCount <= CurlMultiPool.proxyMultisMax })
    #expect(loop.fetch(UpstreamRequest(.get, proxy.url)).text == "ok")
  }

  // MARK: SOCKS

  /// Fetches a URL through a SOCKS proxy that answers one message after the other with these. Returns what it received.
  private func fetchSocks(_ replies: [[UInt8]], user: String = "") throws -> (fetched: Fetched, seen: [[UInt8]]) {
    let loop = try Loop()
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    var peer: CInt = -1
    var seen: [[UInt8]] = []
    loop.add {
      if peer < 0 {
        peer = accept(listener, nil, nil)
        if peer >= 0 { Sockets.unblock(peer) }
      }
      guard peer >= 0, case .bytes(let bytes) = Sockets.receive(peer) else { return }
      if seen.count < replies.count { _ = send(peer, replies[seen.count], replies[seen.count].count, 0) }
      seen.append(bytes)
    }
    let fetched = loop.fetch(
      Self.request("http://models.example:81/v1", through: "socks5h://\(user)127.0.0.1:\(port)"))
    if peer >= 0 { close(peer) }
    return (fetched, seen)
  }

  private static let socksConnected: [UInt8] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]

  @Test func `a SOCKS proxy receives the host name, and the upstream its request`() throws {
    let (fetched, seen) = try fetchSocks([
      [5, 0], Self.socksConnected, Array("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".utf8),
    ])
    #expect(fetched.text == "ok")
    #expect(seen.count == 3)
    #expect(seen.dropFirst().first == [5, 1, 0, 3, 14] + Array("models.example".utf8) + [0, 81])
    let request = String(decoding: seen.last ?? [], as: UTF8.self)
    #expect(request.hasPrefix("GET /v1 HTTP/1.1\r\nhost: models.example:81\r\n"))
  }

  @Test func `a SOCKS proxy receives its user and password, and may reject them`() throws {
    let (fetched, seen) = try fetchSocks([[5, 2], [1, 1]], user: "me:p%40ss@")
    #expect(fetched.end == .failed(.proxyCredentialsRejected))
    #expect(seen.last == [1, 2] + Array("me".utf8) + [4] + Array("p@ss".utf8))
    #expect(try fetchSocks([[5, 255]]).fetched.end == .failed(.proxyCredentialsRejected))
  }

  @Test func `a SOCKS proxy that does not connect is the proxy's failure`() throws {
    #expect(try fetchSocks([[5, 0], [5, 4, 0, 1, 0, 0, 0, 0, 0, 0]]).fetched.end == .failed(.proxyRejected))
    #expect(try fetchSocks([[5, 0], [5, 2, 0, 1, 0, 0, 0, 0, 0, 0]]).fetched.end == .failed(.proxyRejected))
  }

  @Test func `no description of a proxy shows its password`() {
    let proxy = UpstreamProxy("http://me:the-password@proxy.test:3128")
    var dumped = ""
    dump(proxy, to: &dumped)
    dump(Self.request("http://a.test", through: "http://me:the-password@proxy.test:3128"), to: &dumped)
    #expect(!"\(proxy) \(String(reflecting: proxy)) \(dumped)".contains("the-password"))
    #expect("\(proxy)" == "the proxy proxy.test:3128")
  }
}
