import CCounting
import Foundation
import Gateway
import Reactor

/// The transport of an upstream in a test.
public enum Transport: String, CaseIterable, Sendable {
  /// libcurl, over a real socket.
  case curl
  /// The plain transport, over a real socket.
  case plain
  /// A script in the process.
  case scripted

}

/// How the bytes of a client arrive.
public enum Delivery: String, CaseIterable, Sendable {
  /// As they were sent.
  case whole
  /// One by one.
  case bytewise
}

/// A gateway with its upstreams and clients, all on the test's own thread. Nothing happens unless it is pumped.
public final class World {
  public let reactor: Reactor
  public let gateway: Gateway
  public let port: Int
  /// The port for administration, if it has one of its own.
  public let adminPort: Int?
  private let delivery: Delivery
  private var servers: [ScriptedServer] = []
  private var clients: [TestClient] = []
  private let seenBox = Box()

  private final class Box {
    var requests: [[SeenRequest]] = []
  }

  public typealias Play = (SeenRequest) -> [Script.Step]

  /// Creates a gateway whose providers `up0`, `up1`, … play the scripts and are tried in that order.
  ///
  /// `toml` is placed before the providers, `providers` in each of them, and `accessLog` in its section. `keys` are those
  /// of a key file.
  public init(
    _ transport: Transport = .scripted, delivery: Delivery = .whole, clock: Reactor.Clock = .monotonic,
    toml: String = "", accessLog: String = "format = \"off\"",
    providers: String = "type = \"OpenAiCompatible\"", keys: KeyRing? = nil, _ plays: [Play]
  ) throws {
    self.delivery = delivery
    var scripts: [(origin: String, script: (UpstreamRequest) -> Script)] = []
    var text = "\(toml)\n[access_log]\n\(accessLog)\n"
    for (index, play) in plays.enumerated() {
      seenBox.requests.append([])
      let box = seenBox
      let origin: String
      switch transport {
      case .curl, .plain:
        let server = ScriptedServer { request in
          box.requests[index].append(request)
          return play(request)
        }
        servers.append(server)
        origin = "http://127.0.0.1:\(server.port)"
      case .scripted:
        origin = "http://upstream-\(index).test"
        scripts.append(
          (
            origin,
            { request in
              let seen = SeenRequest(
                method: request.method == .get ? "GET" : "POST",
                target: String(request.target.url.dropFirst(origin.count)),
                fields: request.fields + ["x-request-id: " + request.requestID], body: request.body.joined)
              box.requests[index].append(seen)
              return Script(play(seen))
            }
          ))
      }
      text += "[[providers]]\nname = \"up\(index)\"\nbase_url = \"\(origin)\"\npriority = \(index)\n\(providers)\n"
    }
    var configuration = try Configuration.read(text: Array(text.utf8), file: "test.toml", environment: [:])
    configuration.server.port = 0
    if !toml.contains("models_refresh_secs") { configuration.server.modelsRefresh = .zero }
    var options = Gateway.reactorOptions(configuration)
    options.clock = clock
    if transport == .curl { options.transport = .curl }
    reactor = try Reactor(options)
    for (origin, script) in scripts { reactor.answer(origin: origin, with: script) }
    gateway = try Gateway(configuration, keys: keys, reactor: reactor, seed: 7)
    port = try gateway.listen()
    adminPort = try gateway.listenForAdministration()
  }

  /// The requests that an upstream has received.
  public func seen(_ upstream: Int = 0) -> [SeenRequest] { seenBox.requests[upstream] }

  /// The requests that all upstreams have received.
  public var seenCount: Int { seenBox.requests.reduce(0) { $0 + $1.count } }

  /// The number of connections that an upstream has accepted; 0 in process.
  public func acceptedConnections(_ upstream: Int = 0) -> Int { servers.isEmpty ? 0 : servers[upstream].accepted }

  /// The number of open connections of an upstream; 0 in process.
  public func openConnections(_ upstream: Int = 0) -> Int { servers.isEmpty ? 0 : servers[upstream].openCount }

  /// Returns a new client. A bytewise one sends one byte in each turn.
  public func connect(to port: Int? = nil) -> TestClient {
    let client = TestClient(port: port ?? self.port, isBytewise: delivery == .bytewise)
    clients.append(client)
    return client
  }

  /// Serves an upstream at an address of its own.
  func add(_ server: ScriptedServer) { servers.append(server) }

  /// Runs one turn of everything.
  public func step() {
    stepGateway()
    stepPeers()
  }

  /// Runs one turn of the gateway alone.
  public func stepGateway() {
    for event in reactor.turn(atMost: .microseconds(100)) { gateway.handle(event) }
  }

  /// Runs one turn of the clients and upstreams.
  public func stepPeers() {
    for server in servers { server.pump() }
    for client in clients { client.pump() }
  }

  /// Runs turns until `condition` holds. Returns false if it does not hold within `time`.
  @discardableResult
  public func run(upTo time: Duration = .seconds(10), until condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + time
    while !condition() {
      if ContinuousClock.now > end { return false }
      step()
    }
    return true
  }

  /// Advances a manual clock from deadline to deadline, and handles everything that happens at each.
  public func pass(_ time: Duration) {
    settle()
    let end = reactor.now + time
    while let next = reactor.nextDeadline, next <= end {
      reactor.advance(to: next)
      settle()
    }
    reactor.advance(to: end)
    settle()
  }

  /// Turns until nothing happens.
  public func settle() {
    var quiet = 0
    while quiet < 5 || gateway.isTranslatingOnThread {
      let events = reactor.turn(atMost: .microseconds(100))
      quiet = events.isEmpty ? quiet + 1 : 0
      for event in events { gateway.handle(event) }
      stepPeers()
    }
  }

  /// Turns for a while.
  public func run(for time: Duration) {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end { step() }
  }

  /// Returns a request with a JSON body.
  public static func post(_ path: String, _ body: String, fields: [String] = []) -> [UInt8] {
    let extra = fields.map { $0 + "\r\n" }.joined()
    return Array(
      ("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)").utf8)
  }

  /// Sends one request on a new connection and returns its final response.
  public func exchange(_ request: [UInt8], head: Bool = false) throws -> HTTPMessage {
    let client = connect()
    client.send(request)
    return try answer(to: client, head: head)
  }

  /// Returns the first final response on a connection, complete or cut off.
  public func answer(to client: TestClient, head: Bool = false) throws -> HTTPMessage {
    run { client.hasEnded || client.responses(head: head).contains { $0.isComplete && $0.status >= 200 } }
    guard let message = client.responses(head: head).first(where: { $0.status >= 200 }) else { throw NoAnswer() }
    return message
  }

  public struct NoAnswer: Error {}

  /// Returns a chat completion request.
  public static func chat(
    _ body: String = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#, fields: [String] = []
  ) -> [UInt8] {
    let extra = fields.map { $0 + "\r\n" }.joined()
    return Array(
      ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)").utf8)
  }

  /// Returns a streaming chat completion request.
  public static func streamingChat(_ more: String = "", fields: [String] = []) -> [UInt8] {
    chat(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]\#(more)}"#, fields: fields)
  }
}

/// Steps from which tests build upstreams.
extension Script.Step {
  /// The head of a stream.
  public static let streamHead = Script.Step.head(status: 200, fields: ["content-type: text/event-stream"])

  /// A complete JSON response.
  public static func json(_ body: String, status: Int = 200, fields: [String] = []) -> [Script.Step] {
    [
      .head(
        status: status, fields: ["content-type: application/json", "content-length: \(body.utf8.count)"] + fields),
      .bytes(Array(body.utf8)),
    ]
  }

  /// One event.
  public static func event(_ data: String) -> Script.Step { .bytes(Array("data: \(data)\n\n".utf8)) }

  /// A chunk with text.
  public static func text(_ text: String, finish: String = "null") -> Script.Step {
    event(
      #"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"served","choices":[{"index":0,"delta":{"role":"assistant","content":"\#(text)"},"finish_reason":\#(finish)}]}"#
    )
  }

  /// The end of a complete stream.
  public static let done = event("[DONE]")

  /// A complete answer of one word.
  public static let answer = json(
    #"{"id":"c1","object":"chat.completion","created":1,"model":"served","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
  )

  /// A complete stream of two words.
  public static let shortStream: [Script.Step] = [
    .streamHead, .text("hel"), .text("lo", finish: #""stop""#), .done,
  ]
}

/// The allocations of this thread: all calls of malloc, including libcurl's.
public enum Allocations {
  public static var areCounted: Bool { counts_allocations() != 0 }
  public static var all: Int { Int(counted_allocations()) }
  /// The bytes of all allocations of this thread.
  public static var bytes: Int { Int(truncatingIfNeeded: counted_bytes()) }
  public static var ofCurl: Int { CurlLibrary.allocations }
}
