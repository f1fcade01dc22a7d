/// A client connection, in this life of its slot.
public struct ClientID: Hashable, Sendable {
  let id: Slots<Int>.ID

  /// The same as one number, for tables and logs; never zero.
  public var bits: UInt64 { id.bits }

  init(_ id: Slots<Int>.ID) { self.id = id }
}

/// A request to an upstream and its response, in this life of its slot.
public struct TransferID: Hashable, Sendable {
  let id: Slots<Int>.ID

  /// The same as one number; never zero.
  public var bits: UInt64 { id.bits }

  init(_ id: Slots<Int>.ID) { self.id = id }
}

/// A deadline asked for with `Reactor.setTimer`.
public struct TimerID: Hashable, Sendable {
  let id: Slots<Int>.ID
}

/// What happened in a turn, in the order in which it was noticed.
public enum Event: Sendable {
  /// A client connected.
  case accepted(ClientID)
  /// More bytes wait in the client's input.
  case received(ClientID)
  /// The client will send nothing more; what it sent before still waits in its input.
  case inputClosed(ClientID)
  /// The client is gone and its name is stale.
  case disconnected(ClientID)
  /// The client's output has fallen to the low-water mark.
  case writable(ClientID)

  /// The upstream's status and fields are known.
  case headReceived(TransferID)
  /// More bytes of the response body wait.
  case bodyReceived(TransferID)
  /// The transfer is over. Its response stays readable until the next turn; then the name is stale.
  case transferEnded(TransferID, TransferEnd)

  /// A deadline has passed; `tag` is what `setTimer` was given.
  case timerFired(TimerID, tag: UInt64)
  /// A signal arrived.
  case signal(Signal)
  /// Values wait in a watched mailbox.
  case mailboxReady
  /// Something has changed where a watched file is.
  case filesChanged
}

/// How a transfer ended.
public enum TransferEnd: Equatable, Sendable {
  case complete
  case failed(TransferError)
}

/// Why a transfer failed, in the classes that routing and callers tell apart.
public enum TransferError: Error, Equatable, Sendable, CaseIterable {
  /// No address for the name.
  case hostNotFound
  /// The name leads to an address that the request's policy does not allow.
  case addressNotAllowed
  /// Nothing listens there, or the network says no.
  case connectFailed
  /// No connection within the time allowed.
  case connectTimedOut
  /// TLS could not be agreed, or the certificate is not the host's.
  case tlsFailed
  /// The connection broke before any byte of the response.
  case closedBeforeResponse
  /// The connection broke, or the framing ended early, after the response began.
  case truncated
  /// What came is not HTTP.
  case malformed
  /// A head, or a body that nobody may pause, passed its bound.
  case tooLarge
  /// The machine or libcurl ran out of something.
  case exhausted
}
