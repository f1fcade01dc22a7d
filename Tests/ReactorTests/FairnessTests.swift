import Glibc
import Testing

@testable import Reactor

/// Socket pairs. One end of each is a client of a reactor and always has input.
private final class Flood {
  let reactor: Reactor
  private(set) var peers: [CInt] = []
  private(set) var clients: [ClientID] = []
  private let bytes = [UInt8](repeating: 7, count: 256 * 1024)

  init(_ count: Int) throws {
    reactor = try Reactor()
    for _ in 0..<count {
      var pair: [CInt] = [0, 0]
      try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
      peers.append(pair[1])
      clients.append(try reactor.adopt(pair[0]))
    }
  }

  deinit { for peer in peers { close(peer) } }

  func fill() {
    for peer in peers { while send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 {} }
  }

  /// Fills every pair, runs a turn, and consumes its input. Returns the clients that sent some.
  func turn() -> Set<ClientID> {
    fill()
    var heard: Set<ClientID> = []
    for case .received(let client) in reactor.turn(atMost: .milliseconds(10)) {
      heard.insert(client)
      reactor.consumeInput(of: client, reactor.withInput(of: client) { $0.count } ?? 0)
    }
    return heard
  }
}

@Suite struct FairnessTests {
  @Test(arguments: [3, 12, 64])
  func `each of many clients that send without end is read`(count: Int) throws {
    let flood = try Flood(count)
    var heard: Set<ClientID> = []
    for _ in 0..<4 * count { heard.formUnion(flood.turn()) }
    #expect(heard.count == count)
  }

  @Test func `clients that send without end do not starve a mailbox`() throws {
    let flood = try Flood(12)
    let mailbox = try Mailbox<Int>(weightMax: 10)
    try flood.reactor.watch(mailbox)
    for _ in 0..<20 { _ = flood.turn() }
    #expect(mailbox.post(1))
    var isPosted = false
    for _ in 0..<20 where !isPosted {
      flood.fill()
      for case .mailboxReady in flood.reactor.turn(atMost: .milliseconds(10)) { isPosted = true }
    }
    #expect(isPosted)
  }
}
