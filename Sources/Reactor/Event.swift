/// The ID of a client connection: a slot and its generation.
public struct ClientID: Hashable, Sendable {
  let id: Slots<Int>.ID

  /// The ID as one number for tables and logs. Never zero.
  public var bits: UInt64 { id.bits }

  init(_ id: Slots<Int>.ID) { self.id = id }
}

/// The ID of a transfer (an upstream request and its response): a slot and its generation.
public struct TransferID: Hashable, Sendable {
  let id: Slots<Int>.ID

  /// The transfer with that number. Any number is safe; most are stale.
  public init(bits: UInt64) { id = Slots<Int>.ID(bits: bits) }

  /// The ID as one number. Never zero.
  public var bits: UInt64 { id.bits }

  init(_ id: Slots<Int>.ID) { self.id = id }
}

/// The ID of a timer that was set with `Reactor.setTimer`.
public struct TimerID: Hashable, Sendable {
  let id: Slots<Int>.ID
}

/// Something that happened in a turn. A turn returns its events in the order in which they were noticed.
public enum Event: Sendable {
  /// A client connected.
  case accepted(ClientID)
  /// More input from the client is available.
  case received(ClientID)
  /// The client will send nothing more. Unread input remains available.
  case inputClosed(ClientID)
  /// The client disconnected, and its ID is now stale.
  case disconnected(ClientID)
  /// The client's output has fallen to the low-water mark.
  case writable(ClientID)

  /// The upstream's status and header fields are available.
  case headReceived(TransferID)
  /// More of the response body is available.
  case bodyReceived(TransferID)
  /// The transfer is over. Its response is readable until the next turn; then its ID is stale.
  case transferEnded(TransferID, TransferEnd)

  /// A timer expired. The tag is the one passed to `setTimer`.
  case timerFired(TimerID, tag: UInt64)
  /// A signal arrived.
  case signal(Signal)
  /// A watched mailbox contains values.
  case mailboxReady
  /// Something changed in a folder of a watched file.
  case filesChanged
}

/// The result of a transfer.
public enum TransferEnd: Equatable, Sendable {
  case complete
  case failed(TransferError)
}

/// The reason why a transfer failed, in the classes that routing and callers distinguish.
public enum TransferError: Error, Equatable, Sendable, CaseIterable {
  /// The host name has no address, or the lookup failed.
  case hostNotFound
  /// The host name has an address that the request's policy does not allow.
  case addressNotAllowed
  /// The connection was refused, or the network is unreachable.
  case connectFailed
  /// No connection was established in time.
  case connectTimedOut
  /// The TLS handshake failed.
  case tlsFailed
  /// The certificate is not trusted, has expired, or does not match the host.
  case certificateRejected
  /// The server's first bytes are not TLS, so it probably speaks plain HTTP.
  case notTLS
  /// The connection was lost before the first byte of the response.
  case closedBeforeResponse
  /// The connection was lost, or the framing ended early, after the response began.
  case truncated
  /// The response is not valid HTTP.
  case malformed
  /// A response head exceeded its limit, or so did a body that cannot be paused.
  case tooLarge
  /// The proxy's host name has no address, it refused the connection, or it closed it before the upstream was reached.
  case proxyUnreachable
  /// The TLS handshake with the proxy failed.
  case proxyTLSFailed
  /// No connection through the proxy was established in time.
  case proxyTimedOut
  /// The proxy rejected the user and password, or requires some.
  case proxyCredentialsRejected
  /// The proxy did not connect to the upstream: it does not allow it, or could not reach it.
  case proxyRejected
  /// The machine or libcurl ran out of a resource.
  case exhausted
}
