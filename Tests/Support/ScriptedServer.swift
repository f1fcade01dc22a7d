import Foundation
import Glibc
import Reactor

/// A request as received by an upstream.
public struct SeenRequest: Sendable {
  public var method: String
  public var target: String
  public var fields: [String]
  public var body: [UInt8]

  public var text: String { String(decoding: body, as: UTF8.self) }

  /// Returns the value of a field, given its name in lower case.
  public func field(_ name: String) -> String? {
    fields.first { $0.lowercased().hasPrefix(name + ":") }.map {
      String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces)
    }
  }
}

/// An upstream on a real socket that plays the same scripts as the in-process one. The test's loop drives it.
final class ScriptedServer {
  private let listener: CInt
  let port: Int
  private let play: (SeenRequest) -> [Script.Step]
  private var connections: [Connection] = []
  private(set) var accepted = 0

  private final class Connection {
    let descriptor: CInt
    var incoming: [UInt8] = []
    var outgoing: [UInt8] = []
    var steps: ArraySlice<Script.Step>?
    var due = ContinuousClock.now
    var isChunked = false
    var isOpen = true
    init(_ descriptor: CInt) { self.descriptor = descriptor }
  }

  init(_ play: @escaping (SeenRequest) -> [Script.Step]) {
    self.play = play
    (listener, port) = Sockets.listen()
  }

  /// Creates an upstream at a Unix socket.
  init(at path: String, _ play: @escaping (SeenRequest) -> [Script.Step]) {
    self.play = play
    (listener, port) = (Sockets.listen(at: path), 0)
  }

  deinit {
    close(listener)
    for connection in connections where connection.isOpen { close(connection.descriptor) }
  }

  /// The number of connections that the peer has not closed.
  var openCount: Int { connections.filter(\.isOpen).count }

  func pump() {
    while true {
      let descriptor = accept(listener, nil, nil)
      if descriptor < 0 { break }
      Sockets.unblock(descriptor)
      accepted += 1
      connections.append(Connection(descriptor))
    }
    for connection in connections where connection.isOpen {
      receive(connection)
      if connection.isOpen { answer(connection) }
      if connection.isOpen { flush(connection) }
    }
    connections.removeAll { !$0.isOpen }
  }

  private func receive(_ connection: Connection) {
    while connection.isOpen {
      switch Sockets.receive(connection.descriptor) {
      case .bytes(let bytes): connection.incoming += bytes
      case .nothing: return
      case .end, .reset: end(connection)
      }
    }
  }

  private func end(_ connection: Connection) {
    if connection.isOpen { close(connection.descriptor) }
    connection.isOpen = false
  }

  private func answer(_ connection: Connection) {
    if connection.steps == nil, let request = takeRequest(connection) {
      connection.steps = play(request)[...]
      connection.due = .now
    }
    while connection.isOpen, connection.steps != nil, connection.due <= .now {
      guard let step = connection.steps?.popFirst() else {
        if connection.isChunked { connection.outgoing += Array("0\r\n\r\n".utf8) }
        connection.steps = nil
        return
      }
      switch step {
      case .wait(let time): connection.due = .now + time
      case .head(let status, let fields):
        connection.isChunked = !fields.contains { $0.lowercased().hasPrefix("content-length:") }
        let framing = connection.isChunked ? ["transfer-encoding: chunked"] : []
        connection.outgoing += Array(
          (["HTTP/1.1 \(status) Scripted"] + fields + framing + ["", ""]).joined(separator: "\r\n").utf8)
      case .bytes(let bytes):
        if bytes.isEmpty { continue }
        connection.outgoing +=
          connection.isChunked ? Array(String(bytes.count, radix: 16).utf8) + [13, 10] + bytes + [13, 10] : bytes
      case .fail:
        flush(connection)
        if connection.isOpen { Sockets.reset(connection.descriptor) }
        connection.isOpen = false
      case .hang: connection.due = .now + .seconds(3600)
      }
    }
  }

  private func flush(_ connection: Connection) {
    while !connection.outgoing.isEmpty {
      let count = send(connection.descriptor, connection.outgoing, connection.outgoing.count, Int32(MSG_NOSIGNAL))
      if count > 0 { connection.outgoing.removeFirst(count) } else { return }
    }
  }

  private func takeRequest(_ connection: Connection) -> SeenRequest? {
    guard let end = HTTPMessage.find([13, 10, 13, 10], in: connection.incoming[...]) else { return nil }
    let lines = String(decoding: connection.incoming[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    var request = SeenRequest(
      method: String(words[0]), target: String(words[1]), fields: Array(lines.dropFirst()), body: [])
    let length = request.field("content-length").flatMap { Int($0) } ?? 0
    guard connection.incoming.count >= end + 4 + length else { return nil }
    request.body = Array(connection.incoming[(end + 4)..<(end + 4 + length)])
    connection.incoming.removeFirst(end + 4 + length)
    return request
  }
}
