import Foundation
@testable import Gateway
import Glibc
@testable import Reactor
import Support

/// Requests through the whole gateway, over a connection of its own for each.
extension RoutingEpisode {
  /// Turns without an answer.
  private static let turnsMax = 2000

  func requestThroughGateway() throws(Breach) {
    life = begin()
    let model = RoutingSetting.quoted(life?.name ?? "")
    let body = #"{"model":\#(model),"messages":[{"role":"user","content":"hi"}]}"#
    // A held answer would keep a slot while the clock runs.
    while let selection = held.popLast() { release(selection, .answered, nil, failed: false) }
    var hasHappened = !chance.one(in: 4)
    let answer = try exchange("POST /v1/chat/completions", body, key: setting.tokens.first) { () throws(Breach) in
      if self.life?.attempts.isEmpty == false, !hasHappened {
        hasHappened = true
        try self.happen()
      }
    }
    count(.relayed)
    guard let life else { return }
    self.life = nil
    if let breach { throw breach }
    trace("  answer \(answer.status)")
    try ended(life, answer.status)
  }

  /// Asks for the models, which requests all lists.
  func requestModels() throws(Breach) {
    arrived = [:]
    let answer = try exchange("GET /v1/models", nil, key: setting.tokens.first)
    for (provider, models) in arrived.sorted(by: { $0.key < $1.key }) { knowsList(of: provider, models) }
    guard answer.status == 200,
      let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
      let entries = object["data"] as? [[String: Any]]
    else { throw Breach(.rightStatus, "/v1/models: \(answer.status)") }
    listed = entries.compactMap { $0["id"] as? String }
    trace("/v1/models: \(listed)")
    for name in listed where rules.ways(name).isEmpty {
      throw Breach(.served, "/v1/models lists \(name), but no provider may serve it")
    }
  }

  /// Whether a request without a key is rejected.
  func rejectsKeyless() throws(Breach) -> Bool { try exchange("GET /v1/queue/status", nil, key: nil).status == 401 }

  /// The script of a server that is asked for its list, or for an answer.
  func answer(_ request: UpstreamRequest, at place: Int) -> Script {
    let provider = setting.providers.first { $0.isEnabled && $0.place == place }
    guard request.method == .post else {
      if let provider, let models = servers[place].listed { arrived[provider.name] = models }
      return Script(servers[place].listScript)
    }
    let object = try? JSONSerialization.jsonObject(with: Data(request.body.joined)) as? [String: Any]
    guard let life, let model = object?["model"] as? String else { return Script(RoutingServer.script(0)) }
    let way = RoutingRules.Way(provider: provider?.name ?? "none", model: model)
    do throws(Breach) { try check(way, life) } catch { breach = breach ?? error }
    note(way, life)
    let status = servers[place].status(for: model, &chance)
    trace("  \(way.provider): \(model) -> \(status) (whole gateway)")
    self.life?.attempts.append((way, status))
    self.life?.changes = changes
    return Script(RoutingServer.script(status))
  }

  /// Sends one request and returns its response. `during` is called in every turn.
  private func exchange(
    _ line: String, _ body: String?, key: String?, during: () throws(Breach) -> Void = { () throws(Breach) in }
  ) throws(Breach) -> HTTPMessage {
    var head = "\(line) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    if let key { head += "authorization: Bearer \(key)\r\n" }
    if let body { head += "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n" }
    var pair: [CInt] = [0, 0]
    precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0, "no more sockets")
    defer { close(pair[1]) }
    _ = fcntl(pair[1], F_SETFL, O_NONBLOCK)
    guard (try? reactor.adopt(pair[0])) != nil else { throw Breach(.progress, "no descriptors") }
    let bytes = Array((head + "\r\n" + (body ?? "")).utf8)
    precondition(write(pair[1], bytes, bytes.count) == bytes.count, "a short write")
    var received: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    for _ in 0..<Self.turnsMax {
      let events = reactor.turn()
      for event in events { gateway.handle(event) }
      try during()
      let before = received.count
      while case let count = Glibc.read(pair[1], &piece, piece.count), count > 0 { received += piece[..<count] }
      if let message = HTTPMessage.all(in: received, ended: false).first, message.isComplete { return message }
      if events.isEmpty, received.count == before, let next = reactor.nextDeadline { reactor.advance(to: next) }
    }
    throw Breach(.answered, "\(line) has no answer")
  }
}
