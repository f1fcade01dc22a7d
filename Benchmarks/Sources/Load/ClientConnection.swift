/// A connection of the client and its state.
struct ClientConnection {
  enum State { case unused, connecting, free, sending, waiting }

  enum Role {
    case foreground
    /// A stream that is opened and then ignored.
    case background
  }

  var descriptor: CInt = -1
  var state = State.unused
  var role = Role.foreground
  /// The number of request bytes sent.
  var sent = 0
  /// The time at which its request was sent or due.
  var started: UInt64 = 0
  /// The time of the first event of its stream, or 0.
  var firstEvent: UInt64 = 0
  /// Whether the request counts, because it was due in the measured time.
  var counts = false
  /// Whether the response already counts as an error.
  var isFaulty = false
  var parser = ResponseParser()
  var reader = EventReader()
}
