/// The owner of a deadline.
enum DeadlineOwner {
  /// A timer of the gateway, with its tag.
  case gateway(tag: UInt64)
  /// The next step of a script.
  case script(TransferID)
  /// A transfer that waits for a DNS lookup.
  case lookup(TransferID)
  /// The time limit of a closing connection.
  case closeTimeout(ClientID)
  /// The listener, which waits until descriptors are free again.
  case listener
}
