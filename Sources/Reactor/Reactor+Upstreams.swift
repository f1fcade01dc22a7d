internal import CLinux

/// The transfers.
extension Reactor {
  /// Starts a request to an upstream.
  public func start(_ request: UpstreamRequest) -> TransferID {
    upstreams.start(request, now: now, poller: poller, deadlines: &deadlines)
  }

  /// Starts a scripted upstream.
  public func start(_ script: Script) -> TransferID {
    upstreams.start(script, now: now, deadlines: &deadlines)
  }

  /// Cancels a transfer and closes its connection. No event follows.
  public func cancel(_ transfer: TransferID) { upstreams.cancel(transfer, deadlines: &deadlines) }

  /// Returns the response so far, or `nil` if the ID is stale.
  public func response(of transfer: TransferID) -> Response? { upstreams.response(transfer) }

  /// Removes body bytes that were read.
  public func consumeBody(of transfer: TransferID, _ count: Int) {
    upstreams.consume(transfer, count, now: now, poller: poller, deadlines: &deadlines)
  }

  /// Returns how much of a request body the upstream has received, and its total size, in bytes. Returns `nil` if
  /// that is unknown, as for a script.
  public func upload(of transfer: TransferID) -> (sent: Int, total: Int)? { upstreams.upload(transfer) }

  /// The number of running transfers.
  public var transferCount: Int { upstreams.count }

  /// The number of transfers started since the process began.
  public var transfersStarted: Int { upstreams.started }

  /// The number of transfers that wait for a DNS lookup.
  public var transfersResolving: Int { upstreams.resolving }

  /// The number of requests that were sent again since the process began, because the upstream cannot have processed them.
  public var requestsRepeated: Int { upstreams.repeated }

  /// The number of curl multi handles that share the transfers.
  public var multiCount: Int { upstreams.multis }

  /// The number of upstream connections, busy and idle.
  public var upstreamSockets: Int { upstreams.openSockets }

  /// The size of the request bodies that running transfers hold, in bytes.
  public var waitingRequestBytes: Int { upstreams.requestBytes }

  /// The unread body bytes of all responses.
  public var waitingResponseBytes: Int { upstreams.waitingBytes }

  /// Answers requests to an origin, such as `http://upstream.test`, with a script instead of the network.
  public func answer(origin: String, with script: @escaping (UpstreamRequest) -> Script) {
    upstreams.scripted[origin] = script
  }

  /// Returns whether a server listens on a loopback port. Blocks, so call it only before the loop starts.
  public static func answers(loopbackPort port: UInt16, within time: Duration) -> Bool {
    IPAddress("127.0.0.1").map { answers($0, port: port, within: time) } ?? false
  }

  /// Returns whether a server listens at an address. Blocks, so do not call it on the loop.
  public static func answers(_ address: IPAddress, port: UInt16, within time: Duration) -> Bool {
    var address = address.linux
    return unsafe linux_answers(&address, port, CInt(clamping: time.milliseconds)) != 0
  }

  /// The name of this machine, or `nil` if it has none.
  public static var hostName: String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      guard unsafe linux_host_name(name.baseAddress, name.count) == 0 else { return nil }
      let text = unsafe String(cString: name.baseAddress!)
      return text.isEmpty ? nil : text
    }
  }

  /// The port that a socket is bound to, or `nil` if it is no socket.
  public static func port(of descriptor: CInt) -> UInt16? {
    let port = linux_local_port(descriptor)
    return port > 0 ? UInt16(exactly: port) : nil
  }
}
