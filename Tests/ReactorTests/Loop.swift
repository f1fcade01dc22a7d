import Glibc
import Testing

@testable import Reactor
@testable import Support

/// A listening reactor and its raw clients, all on the test's own thread.
final class Loop {
  let reactor: Reactor
  let port: Int
  /// All events so far.
  private(set) var events: [Event] = []
  private(set) var turns = 0
  private var peers: [TestClient] = []
  private var pumps: [() -> Void] = []

  convenience init(_ transport: UpstreamRequest.Transport) throws {
    var options = Reactor.Options()
    options.transport = transport
    try self.init(options)
  }

  init(_ options: Reactor.Options = .init()) throws {
    reactor = try Reactor(options)
    port = Int(try reactor.listen(address: "127.0.0.1", port: 0))
  }

  /// Runs one turn of the reactor, then of the clients and upstreams.
  @discardableResult
  func turn() -> [Event] {
    let fresh = reactor.turn(atMost: .milliseconds(1))
    turns += 1
    events += fresh
    for peer in peers { peer.pump() }
    for pump in pumps { pump() }
    return fresh
  }

  /// Runs turns until `condition` holds. Returns false if it does not hold in time.
  @discardableResult
  func run(upTo time: Duration = .seconds(5), until condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + time
    while !condition() {
      if ContinuousClock.now > end { return false }
      turn()
    }
    return true
  }

  /// Runs turns for a time.
  func run(for time: Duration) { run(upTo: time) { false } }

  /// Calls `pump` after each turn.
  func add(_ pump: @escaping () -> Void) { pumps.append(pump) }

  /// Returns a new client, which the reactor may or may not accept.
  func dial() -> TestClient {
    let peer = TestClient(port: port)
    peers.append(peer)
    return peer
  }

  /// Returns a new client and the reactor's ID for it.
  func connect() throws -> (peer: TestClient, client: ClientID) {
    let before = accepted.count
    let peer = dial()
    run { accepted.count > before }
    return (peer, try #require(accepted.last))
  }

  /// Returns a client's unread input.
  func input(_ client: ClientID) -> String? {
    reactor.withInput(of: client) { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
  }

  /// The transfers that have completed so far.
  var completed: Set<TransferID> {
    Set(events.compactMap { if case .transferEnded(let id, .complete) = $0 { id } else { nil } })
  }

  /// Runs turns until a transfer is over. Returns its result.
  func end(of transfer: TransferID) -> TransferEnd? {
    var end: TransferEnd?
    run {
      for case .transferEnded(transfer, let how) in events { end = how }
      return end != nil
    }
    return end
  }

  var accepted: [ClientID] { events.compactMap { if case .accepted(let id) = $0 { id } else { nil } } }

  func hasClosedInput(_ client: ClientID) -> Bool {
    events.contains { if case .inputClosed(client) = $0 { true } else { false } }
  }

  func hasDisconnected(_ client: ClientID) -> Bool {
    events.contains { if case .disconnected(client) = $0 { true } else { false } }
  }

  func writableCount(_ client: ClientID) -> Int {
    events.count { if case .writable(client) = $0 { true } else { false } }
  }

  /// Returns our descriptors of the connections to a local port.
  static func descriptors(localPort port: Int) -> [CInt] {
    (0..<4096).filter { descriptor in
      var here = sockaddr_in()
      var there = sockaddr_in()
      return name(descriptor, &here, getsockname) && name(descriptor, &there, getpeername)
        && UInt16(bigEndian: here.sin_port) == UInt16(port)
    }
  }

  /// Returns our descriptors of the connections to a remote port.
  static func descriptors(remotePort port: Int) -> [CInt] {
    (0..<4096).filter { descriptor in
      var there = sockaddr_in()
      return name(descriptor, &there, getpeername) && UInt16(bigEndian: there.sin_port) == UInt16(port)
    }
  }

  private typealias Namer = (CInt, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> CInt

  private static func name(_ descriptor: CInt, _ address: inout sockaddr_in, _ call: Namer) -> Bool {
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &length) }
    }
    return result == 0 && address.sin_family == sa_family_t(AF_INET)
  }
}
