import ArgumentParser
import Gateway
import Glibc
import Reactor

/// The options of the commands that call a running gateway, and the HTTP client they use.
struct ServerOptions: ParsableArguments {
  @Option(help: "The gateway's URL.")
  var server = "http://127.0.0.1:8088"

  @Option(help: "The API key. Defaults to HOOSH_KEY in the environment.")
  var key: String?

  /// The gateway's response.
  struct Answer {
    var status: Int
    var body: [UInt8]
  }

  /// Sends one request. While the status is 200, passes the body to `piece` as it arrives. Any other body is
  /// returned.
  func send(
    _ method: UpstreamRequest.Method, _ path: String, body: [UInt8] = [], piece: ((Span<UInt8>) -> Void)? = nil
  ) throws -> Answer {
    try Self.send(server, key: key, method, path, body: body, piece: piece)
  }

  /// Sends one request, for a command with its own options.
  static func send(
    _ server: String, key: String?, _ method: UpstreamRequest.Method, _ path: String, body: [UInt8] = [],
    piece: ((Span<UInt8>) -> Void)? = nil
  ) throws -> Answer {
    var root = server
    while root.hasSuffix("/") { root.removeLast() }
    var fields = ["content-type: application/json"]
    if let key = key ?? Environment.value("HOOSH_KEY") {
      guard let secret = Secret(key) else { throw ValidationError("The key must be visible ASCII without spaces.") }
      fields.append("authorization: Bearer " + secret.reveal())
    }
    let result: Result<Answer, ExitCode>
    do throws(SystemError) {
      result = try exchange(
        UpstreamRequest(method, root + path, fields: fields, body: BufferChain(body)), server, piece)
    } catch {
      Terminal.printError("hoosh: \(error)")
      throw ExitCode.failure
    }
    return try result.get()
  }

  private static func exchange(
    _ request: UpstreamRequest, _ server: String, _ piece: ((Span<UInt8>) -> Void)?
  ) throws(SystemError) -> Result<Answer, ExitCode> {
    let reactor = try Reactor()
    let transfer = reactor.start(request)
    var answer = Answer(status: 0, body: [])
    while true {
      for event in reactor.turn() {
        guard let response = reactor.response(of: transfer) else { continue }
        answer.status = response.status
        if response.status == 200, let piece {
          piece(response.body.readable)
        } else {
          for index in response.body.readable.indices { answer.body.append(response.body.readable[index]) }
        }
        reactor.consumeBody(of: transfer, response.body.count)
        guard case .transferEnded(transfer, let end) = event else { continue }
        if end == .complete { return .success(answer) }
        let reason =
          answer.status == 0
          ? "cannot connect to \(server); is hoosh running?" : "the connection to \(server) was lost"
        Terminal.printError("hoosh: \(reason) (\(end))")
        return .failure(answer.status == 0 ? .unavailable : .failure)
      }
    }
  }
}
