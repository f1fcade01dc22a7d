import ArgumentParser
import Gateway
import Reactor

/// The options of the commands that call a running gateway, and the HTTP client they use.
struct ServerOptions: ParsableArguments {
  /// Seconds without a byte from the gateway after which a command gives up. Without streaming, a model may take long
  /// to answer.
  static let timeouts = (usual: 10, infer: 600)

  @Option(help: "The gateway's address: a URL, or a host and port.", transform: ServerAddress.init)
  var server = ServerAddress.standard

  @Option(help: "The API key. Defaults to HOOSH_KEY in the environment.")
  var key: String?

  @Option(
    help: """
      The seconds without a byte from the gateway after which the command gives up. Defaults to \(timeouts.usual), \
      and for infer to \(timeouts.infer).
      """)
  var timeout: Int?

  func validate() throws {
    guard timeout.map({ (1...86_400).contains($0) }) ?? true else {
      throw ValidationError("--timeout must be from 1 to 86400 seconds.")
    }
  }

  /// The gateway's response.
  struct Answer {
    var status: Int
    var body: [UInt8]

    /// Throws unless the status is 200, after printing the error's message.
    func requireSuccess() throws {
      if status == 200 { return }
      Terminal.printError("hoosh: \(failure)")
      throw ExitCode.failure
    }

    /// The message of the error, or the status.
    var failure: String { ServerJSON.error(in: body.span) ?? "the gateway answered with status \(status)" }
  }

  /// Sends one request. While the status is 200, passes the body to `piece` as it arrives. Any other body is
  /// returned.
  func send(
    _ method: UpstreamRequest.Method, _ path: String, body: [UInt8] = [], defaultTimeout: Int = timeouts.usual,
    piece: ((Span<UInt8>) -> Void)? = nil
  ) throws -> Answer {
    try Self.send(
      server, key: key, method, path, body: body, timeout: .seconds(timeout ?? defaultTimeout), piece: piece)
  }

  /// Sends one request, for a command with its own options.
  static func send(
    _ server: ServerAddress, key: String?, _ method: UpstreamRequest.Method, _ path: String, body: [UInt8] = [],
    timeout: Duration = .seconds(timeouts.usual), piece: ((Span<UInt8>) -> Void)? = nil
  ) throws -> Answer {
    var fields = ["content-type: application/json"]
    if let secret = try secret(key) { fields.append("authorization: Bearer " + secret.reveal()) }
    let result: Result<Answer, ExitCode>
    do throws(SystemError) {
      result = try exchange(
        UpstreamRequest(method, server.text + path, fields: fields, body: BufferChain(body)), server, timeout, piece
      )
    } catch {
      Terminal.printError("hoosh: cannot connect to \(server): \(error)")
      throw ExitCode.failure
    }
    return try result.get()
  }

  /// Returns the key of the option or of the environment, or `nil` if there is none. Secrets that are mounted as files
  /// often end with a line break, which is no part of them.
  private static func secret(_ option: String?) throws -> Secret? {
    guard let text = option ?? Environment.value("HOOSH_KEY") else { return nil }
    let source = option == nil ? "HOOSH_KEY in the environment" : "--key"
    guard let secret = Secret(Environment.trimmed(text)) else {
      throw ValidationError("\(source) must be 1 to \(Secret.bytesMax) visible ASCII characters without spaces.")
    }
    return secret
  }

  private static func exchange(
    _ request: UpstreamRequest, _ server: ServerAddress, _ timeout: Duration, _ piece: ((Span<UInt8>) -> Void)?
  ) throws(SystemError) -> Result<Answer, ExitCode> {
    let reactor = try Reactor()
    let transfer = reactor.start(request)
    var answer = Answer(status: 0, body: [])
    var deadline = reactor.now + timeout
    while reactor.now < deadline {
      for event in reactor.turn(atMost: .milliseconds(100)) {
        guard let response = reactor.response(of: transfer) else { continue }
        deadline = reactor.now + timeout
        answer.status = response.status
        if response.status == 200, let piece {
          piece(response.body.readable)
        } else {
          for index in response.body.readable.indices { answer.body.append(response.body.readable[index]) }
        }
        reactor.consumeBody(of: transfer, response.body.count)
        guard case .transferEnded(transfer, let end) = event else { continue }
        guard case .failed(let error) = end else { return .success(answer) }
        return failed(answer, server, error.sentence)
      }
    }
    return failed(answer, server, "no answer within \(timeout.components.seconds) s")
  }

  private static func failed(_ answer: Answer, _ server: ServerAddress, _ reason: String) -> Result<
    Answer, ExitCode
  > {
    if answer.status == 0 {
      Terminal.printError("hoosh: cannot connect to \(server): \(reason); is hoosh running there?")
      return .failure(.unavailable)
    }
    Terminal.printError("hoosh: the connection to \(server) was lost: \(reason)")
    return .failure(.failure)
  }
}

extension TransferError {
  /// The error in plain words, as the end of a sentence.
  var sentence: String {
    switch self {
    case .hostNotFound: "the host name is unknown"
    case .addressNotAllowed: "the address is not allowed"
    case .connectFailed: "the connection was refused, or the network is unreachable"
    case .connectTimedOut: "no connection was established in time"
    case .tlsFailed: "the TLS handshake failed"
    case .certificateRejected: "the certificate is not trusted, has expired, or does not match the host"
    case .notTLS: "the server does not speak TLS; write http:// instead of https://"
    case .closedBeforeResponse: "the server closed the connection without an answer"
    case .truncated: "the answer ended early"
    case .malformed: "the answer is not valid HTTP"
    case .tooLarge: "the answer is too large"
    case .proxyUnreachable: "the proxy is unknown, refused the connection, or closed it"
    case .proxyTLSFailed: "TLS with the proxy failed"
    case .proxyTimedOut: "no connection through the proxy was established in time"
    case .proxyCredentialsRejected: "the proxy rejected the user and password, or requires some"
    case .proxyRejected: "the proxy did not connect to the server"
    case .exhausted: "this machine ran out of a resource"
    }
  }
}
