/// One connection of the client and what it waits for.
struct ClientConnection {
  enum State { case unused, connecting, free, sending, waiting }

  enum Role {
    case foreground
    /// A stream that is opened and then left alone.
    case background
  }

  var descriptor: CInt = -1
  var state = State.unused
  var role = Role.foreground
  /// Bytes of the request that were sent.
  var sent = 0
  /// When its request was sent, or was due.
  var started: UInt64 = 0
  /// When the first event of its stream came; 0 before.
  var firstEvent: UInt64 = 0
  /// Whether it counts, because it was due in the measured time.
  var counts = false
  /// Whether the answer is one to be counted as an error already.
  var isFaulty = false
  var parser = ResponseParser()
  var reader = EventReader()
}
