import Glibc
import Testing

@testable import Reactor
@testable import Support

/// A reactor that listens, and its raw peers, all on the test's own thread.
final class Loop {
  let reactor: Reactor
  let port: Int
  /// Everything that happened so far.
  private(set) var events: [Event] = []
  private(set) var turns = 0
  private var peers: [TestClient] = []
  private var pumps: [() -> Void] = []

  init(_ options: Reactor.Options = .init()) throws {
    reactor = try Reactor(options)
    port = Int(try reactor.listen(address: "127.0.0.1", port: 0))
  }

  /// One turn of the reactor, then of everybody else.
  @discardableResult
  func turn() -> [Event] {
    let fresh = reactor.turn(atMost: .milliseconds(1))
    turns += 1
    events += fresh
    for peer in peers { peer.pump() }
    for pump in pumps { pump() }
    return fresh
  }

  /// Turns until `condition` holds; false when it does not in time.
  @discardableResult
  func run(upTo time: Duration = .seconds(5), until condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + time
    while !condition() {
      if ContinuousClock.now > end { return false }
      turn()
    }
    return true
  }

  /// Turns for a while.
  func run(for time: Duration) { run(upTo: time) { false } }

  /// Calls `pump` after each turn.
  func add(_ pump: @escaping () -> Void) { pumps.append(pump) }

  /// A peer that the reactor may take, or not.
  func dial() -> TestClient {
    let peer = TestClient(port: port)
    peers.append(peer)
    return peer
  }

  /// A peer and the reactor's name for it.
  func connect() throws -> (peer: TestClient, client: ClientID) {
    let before = accepted.count
    let peer = dial()
    run { accepted.count > before }
    return (peer, try #require(accepted.last))
  }

  /// The input that waits for a client.
  func input(_ client: ClientID) -> String? {
    reactor.withInput(of: client) { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
  }

  /// Transfers that ended well so far.
  var completed: Set<TransferID> {
    Set(events.compactMap { if case .transferEnded(let id, .complete) = $0 { id } else { nil } })
  }

  /// Turns until a transfer is over; how it ended.
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

  /// Our side of the connections to a local port, as raw descriptors.
  static func descriptors(localPort port: Int) -> [CInt] {
    (0..<4096).filter { descriptor in
      var here = sockaddr_in()
      var there = sockaddr_in()
      return name(descriptor, &here, getsockname) && name(descriptor, &there, getpeername)
        && UInt16(bigEndian: here.sin_port) == UInt16(port)
    }
  }

  /// Our side of the connections to a port of somebody else.
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
