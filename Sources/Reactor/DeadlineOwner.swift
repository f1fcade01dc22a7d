/// The owner of a deadline.
enum DeadlineOwner {
  /// A timer of the gateway, with its tag.
  case gateway(tag: UInt64)
  /// The next step of a script.
  case script(TransferID)
  /// A transfer that waits for a DNS lookup.
  case lookup(TransferID)
  /// The time limit for connecting, and the start of an attempt at the next address.
  case connectTimeout(TransferID)
  case nextAddress(TransferID)
  /// The oldest idle connection to an upstream.
  case idleConnections
  /// The time limit of a closing connection.
  case closeTimeout(ClientID)
  /// The listener, which waits until descriptors are free again.
  case listener
}
