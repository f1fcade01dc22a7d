@testable import Gateway

/// One request, as a client means to send it.
struct Ask {
  enum Kind: CaseIterable {
    case whole, stream, endless
    case models, health, options, head
    case missing, unknownModel, badJSON, malformed, tooLarge, keyless
  }

  var kind: Kind
  /// Its `x-request-id`.
  var id: String
  var bytes: [UInt8] = []
  var minorVersion = 1
  /// Whether it asks for the connection to end after it.
  var closes = false

  /// Whether an upstream is asked for it.
  var isChat: Bool { kind == .whole || kind == .stream || kind == .endless }
  /// Whether its head is one that the gateway takes the id from.
  var hasID: Bool { kind != .malformed }

  /// Whether it can be answered so; what may happen to any request is not asked here.
  func allows(_ status: Int) -> Bool {
    switch kind {
    case .whole, .stream, .endless: [200, 400, 402, 404, 413, 422, 429, 502, 503, 504].contains(status)
    case .models, .health, .head: status == 200
    case .options: status == 204
    case .missing, .unknownModel: status == 404
    case .badJSON: status == 400
    case .malformed: [400, 401, 414, 431, 501, 505].contains(status)
    case .tooLarge: status == 413
    case .keyless: status == 401
    }
  }

  /// The largest body in the configuration of an episode.
  static let bodyBytesMax = 4096
  static let token = "simulated-token"

  /// A request by chance; with `hasKeys` the gateway asks for a key.
  static func byChance(_ chance: inout Chance, peer: Int, number: Int, endless: Bool, hasKeys: Bool) -> Ask {
    let kind: Kind
    if endless {
      kind = .endless
    } else {
      let kinds: [Kind] = [
        .whole, .stream, .models, .health, .options, .head, .missing, .unknownModel, .badJSON, .malformed,
        .tooLarge,
        .keyless,
      ]
      kind = kinds[chance.weighted([24, 40, 3, 3, 2, 2, 2, 2, 2, 5, 3, hasKeys ? 3 : 0])]
    }
    let streams = kind == .stream || endless
    var ask = Ask(kind: kind, id: "\(peer)-\(number)-\(endless ? "e" : streams ? "s" : "w")")
    if chance.one(in: 8) { ask.minorVersion = 0 }
    if chance.one(in: 6) { ask.closes = true }
    if kind == .malformed {
      ask.bytes = malformed(&chance)
    } else {
      ask.write(&chance, streams: streams, hasKeys: hasKeys)
    }
    return ask
  }

  private mutating func write(_ chance: inout Chance, streams: Bool, hasKeys: Bool) {
    let target: String
    switch kind {
    case .models: target = "GET /v1/models"
    case .health: target = "GET /healthz"
    case .head: target = "HEAD /readyz"
    case .options: target = "OPTIONS /v1/chat/completions"
    case .missing: target = "GET /v2/nothing"
    default: target = "POST /v1/chat/completions"
    }
    var text = "\(target) HTTP/1.\(minorVersion)\r\nhost: localhost\r\nx-request-id: \(id)\r\n"
    if hasKeys, kind != .keyless { text += "authorization: Bearer \(Self.token)\r\n" }
    if closes { text += "connection: close\r\n" } else if minorVersion == 0 { text += "connection: keep-alive\r\n" }
    guard target.hasPrefix("POST") else {
      bytes = Array((text + "\r\n").utf8)
      return
    }
    let body = body(&chance, streams: streams)
    if minorVersion == 1, chance.one(in: 12) { text += "expect: 100-continue\r\n" }
    if minorVersion == 1, chance.one(in: 4) {
      bytes = Array((text + "transfer-encoding: chunked\r\n\r\n").utf8)
      var rest = body[...]
      while !rest.isEmpty {
        let piece = rest.prefix(chance.between(1, max(1, body.count)))
        rest = rest.dropFirst(piece.count)
        bytes += Array((String(piece.count, radix: 16) + "\r\n").utf8) + piece + [13, 10]
      }
      bytes += Array("0\r\n\r\n".utf8)
    } else {
      bytes = Array((text + "content-length: \(body.count)\r\n\r\n").utf8) + body
    }
  }

  private func body(_ chance: inout Chance, streams: Bool) -> [UInt8] {
    let model = kind == .unknownModel ? "nobody-has-it" : "model"
    let size =
      kind == .tooLarge ? Self.bodyBytesMax + 1 : chance.one(in: 10) ? chance.below(3500) : chance.below(60)
    let usage = streams && chance.one(in: 3) ? #","stream_options":{"include_usage":true}"# : ""
    let text = String(String(repeating: "xy", count: size / 2 + 1).prefix(size))
    let end = kind == .badJSON ? "]" : "}"
    return Array(
      #"{"model":"\#(model)","stream":\#(streams)\#(usage),"messages":[{"role":"user","content":"\#(text)"}]\#(end)"#
        .utf8)
  }

  private static func malformed(_ chance: inout Chance) -> [UInt8] {
    let ones: [String] = [
      "GET /healthz HTTP/1.1\nhost: localhost\n\n",
      "GET /healthz HTTP/2.0\r\nhost: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nhost : localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n",
      "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
      "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "GET /../healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "BREW /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: " + String(repeating: "y", count: 17_000) + "\r\n\r\n",
      "GET /" + String(repeating: "z", count: 9000) + " HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}rubbish\r\n\r\n",
    ]
    return Array(chance.pick(ones).utf8)
  }
}
