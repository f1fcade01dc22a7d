internal import CLinux

/// What can be asked of a reactor about its transfers.
extension Reactor {
  /// Starts a request to an upstream.
  public func start(_ request: UpstreamRequest) -> TransferID {
    upstreams.start(request, now: now, deadlines: &deadlines)
  }

  /// Starts a scripted upstream.
  public func start(_ script: Script) -> TransferID {
    upstreams.start(script, now: now, deadlines: &deadlines)
  }

  /// Ends a transfer; no event follows and its connection closes.
  public func cancel(_ transfer: TransferID) { upstreams.cancel(transfer, deadlines: &deadlines) }

  /// What has come back so far; `nil` for a stale name.
  public func response(of transfer: TransferID) -> Response? { upstreams.response(transfer) }

  /// Gives back body bytes that were read.
  public func consumeBody(of transfer: TransferID, _ count: Int) {
    upstreams.consume(transfer, count, now: now, deadlines: &deadlines)
  }

  /// How much of a request's body its upstream has taken, and how much there is, in bytes; `nil` when that is not
  /// known, as for a script.
  public func upload(of transfer: TransferID) -> (sent: Int, total: Int)? { upstreams.upload(transfer) }

  /// The number of running transfers.
  public var transferCount: Int { upstreams.count }

  /// Transfers that were started since the beginning.
  public var transfersStarted: Int { upstreams.started }

  /// Transfers that wait for the addresses of a name.
  public var transfersResolving: Int { upstreams.resolving }

  /// How many of libcurl's multi handles share the transfers.
  public var multiCount: Int { upstreams.multis }

  /// Connections towards upstreams, busy and idle.
  public var upstreamSockets: Int { upstreams.openSockets }

  /// Bytes of the request bodies that running transfers hold.
  public var waitingRequestBytes: Int { upstreams.requestBytes }

  /// Body bytes that wait in all responses together.
  public var waitingResponseBytes: Int { upstreams.waitingBytes }

  /// Answers an origin, as in `http://upstream.test`, by a script instead of the network.
  public func answer(origin: String, with script: @escaping (UpstreamRequest) -> Script) {
    upstreams.scripted[origin] = script
  }

  /// Whether something listens on a loopback port. Waits, so it is for the time before the loop only.
  public static func answers(loopbackPort port: UInt16, within time: Duration) -> Bool {
    linux_answers(port, CInt(clamping: time.milliseconds)) != 0
  }
}
