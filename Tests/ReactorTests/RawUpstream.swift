import Foundation
import Glibc

@testable import Reactor
@testable import Support

/// An upstream that responds to each request with given bytes, valid or not.
final class RawUpstream {
  /// One action of the upstream.
  enum Move: Sendable {
    case send(String)
    case bytes(count: Int)
    case wait(Duration)
    case finish
    case reset
  }

  private final class Connection {
    let descriptor: CInt
    var incoming: [UInt8] = []
    var outgoing: [UInt8] = []
    var sent = 0
    var moves: ArraySlice<Move> = []
    var due = ContinuousClock.now
    var isOpen = true
    init(_ descriptor: CInt) { self.descriptor = descriptor }
  }

  let port: Int
  private let listener: CInt
  private let moves: (Int) -> [Move]
  private var connections: [Connection] = []
  /// The requests so far, as received.
  private(set) var requests: [SeenRequest] = []
  private(set) var accepted = 0
  /// The number of connections that the other side closed or broke.
  private(set) var left = 0

  /// Creates an upstream. `moves` receives the number of the request, from 0.
  init(_ moves: @escaping (Int) -> [Move]) {
    self.moves = moves
    (listener, port) = Sockets.listen()
  }

  convenience init(_ moves: [Move]) { self.init { _ in moves } }

  /// Creates an upstream at a Unix socket.
  init(at path: String, _ moves: @escaping (Int) -> [Move]) {
    self.moves = moves
    (listener, port) = (Sockets.listen(at: path), 0)
  }

  deinit {
    close(listener)
    for connection in connections where connection.isOpen { close(connection.descriptor) }
  }

  var url: String { "http://127.0.0.1:\(port)/v1/chat" }

  /// The number of bytes that the sockets have not accepted so far.
  var unsent: Int { connections.reduce(0) { $0 + $1.outgoing.count - $1.sent } }

  /// Connections that are open.
  var openCount: Int { connections.count(where: \.isOpen) }

  /// Whether every open connection has performed all of its moves.
  var isQuiet: Bool { connections.allSatisfy { !$0.isOpen || ($0.moves.isEmpty && $0.sent == $0.outgoing.count) } }

  /// Breaks every connection.
  func resetAll() {
    for connection in connections where connection.isOpen {
      Sockets.reset(connection.descriptor)
      connection.isOpen = false
    }
  }

  /// Sends bytes on every connection at once.
  func inject(_ text: String) {
    for connection in connections where connection.isOpen {
      connection.outgoing += Array(text.utf8)
      _ = flush(connection)
    }
  }

  /// Ends every connection in order, without reading what has arrived.
  func finishAll() {
    for connection in connections where connection.isOpen { end(connection) }
  }

  func pump() {
    while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
      Sockets.unblock(descriptor)
      accepted += 1
      connections.append(Connection(descriptor))
    }
    for connection in connections where connection.isOpen {
      receive(connection)
      act(connection)
    }
  }

  private func receive(_ connection: Connection) {
    while connection.isOpen {
      switch Sockets.receive(connection.descriptor) {
      case .bytes(let bytes):
        connection.incoming += bytes
        takeRequests(connection)
      case .nothing: return
      case .end, .reset:
        left += 1
        end(connection)
      }
    }
  }

  private func takeRequests(_ connection: Connection) {
    guard let end = HTTPMessage.find([13, 10, 13, 10], in: connection.incoming[...]) else { return }
    let lines = String(decoding: connection.incoming[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    var request = SeenRequest(
      method: String(words[0]), target: String(words[1]), fields: Array(lines.dropFirst()), body: [])
    let length = request.field("content-length").flatMap { Int($0) } ?? 0
    guard connection.incoming.count >= end + 4 + length else { return }
    request.body = Array(connection.incoming[(end + 4)..<(end + 4 + length)])
    connection.incoming.removeFirst(end + 4 + length)
    connection.moves = moves(requests.count)[...]
    requests.append(request)
  }

  private func act(_ connection: Connection) {
    while connection.isOpen, flush(connection), connection.due <= .now, let move = connection.moves.popFirst() {
      switch move {
      case .send(let text): connection.outgoing += Array(text.utf8)
      case .bytes(let count): connection.outgoing += Self.pattern(count)
      case .wait(let time): connection.due = .now + time
      case .finish: end(connection)
      case .reset:
        Sockets.reset(connection.descriptor)
        connection.isOpen = false
      }
    }
  }

  /// Bytes that identify their own position.
  static func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
  }

  private func end(_ connection: Connection) {
    close(connection.descriptor)
    connection.isOpen = false
  }

  /// Sends what the socket accepts. Returns true if nothing is left.
  private func flush(_ connection: Connection) -> Bool {
    while connection.sent < connection.outgoing.count {
      let count = connection.outgoing.withUnsafeBytes {
        send(
          connection.descriptor, $0.baseAddress! + connection.sent, $0.count - connection.sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      connection.sent += count
    }
    connection.outgoing = []
    connection.sent = 0
    return true
  }
}

/// The outcome of a transfer.
struct Fetched: Equatable {
  var status = 0
  var body: [UInt8] = []
  var responded = 0
  var end: TransferEnd?
  var text: String { String(decoding: body, as: UTF8.self) }
}

extension Loop {
  /// Runs a transfer to its end and consumes its body. `seen` receives the response at each event.
  func fetch(_ transfer: TransferID, upTo time: Duration = .seconds(5), seen: (Response) -> Void = { _ in })
    -> Fetched
  {
    var fetched = Fetched()
    let end = ContinuousClock.now + time
    while fetched.end == nil, ContinuousClock.now < end {
      for event in turn() {
        switch event {
        case .headReceived(transfer): fetched.responded += 1
        case .bodyReceived(transfer): break
        case .transferEnded(transfer, let reason): fetched.end = reason
        default: continue
        }
        guard let response = reactor.response(of: transfer) else { continue }
        seen(response)
        fetched.status = response.status
        fetched.body += response.body.array
        reactor.consumeBody(of: transfer, response.body.count)
      }
    }
    turn()
    return fetched
  }

  func fetch(_ request: UpstreamRequest, seen: (Response) -> Void = { _ in }) -> Fetched {
    fetch(reactor.start(request), seen: seen)
  }

  /// Pumps an upstream after each turn.
  func add(_ upstream: RawUpstream) -> RawUpstream {
    add { upstream.pump() }
    return upstream
  }
}
