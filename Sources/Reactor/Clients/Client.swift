internal import CLinux
internal import Glibc

/// One accepted connection: its descriptor, what it sent, what it is still to be sent.
struct Client: ~Copyable {
  /// Bytes received in one go.
  static let receiveMax = 16 * 1024
  /// Bytes that are read and thrown away after the last answer, so that the peer sees it instead of a reset.
  static let lingerBytesMax = 64 * 1024
  /// Time for the same.
  static let lingerTime = Duration.seconds(2)
  /// Time for a closing client to take what waits for it.
  static let closingTime = Duration.seconds(30)

  /// How far the connection's life has come.
  enum Phase {
    case open
    /// Everything queued is to be sent, then the connection ends.
    case closing
    /// Our side is shut; the rest of the peer's bytes is thrown away.
    case lingering
  }

  let descriptor: Descriptor
  let token: Token
  var incoming = Bytes()
  var outgoing = Bytes()
  var phase = Phase.open

  /// What epoll watches for.
  var watched: UInt32
  /// Whether the peer's end was seen while its last bytes wait unread; it is not watched for again.
  var isEndNoted = false
  /// Whether the gateway wants no more input for now.
  var isReadingPaused = false
  /// Whether the peer has sent its last byte.
  var hasFinished = false
  /// Whether the output passed the high-water mark and its owner waits to hear that it fell.
  var isFull = false
  /// Whether the turn's flush list names it.
  var isDirty = false
  var lingered = 0
  /// When a closing or lingering client is forgotten at the latest.
  var lastChance: Deadlines<Owner>.ID?

  init(_ descriptor: consuming Descriptor, _ token: Token) {
    self.descriptor = descriptor
    self.token = token
    watched = Self.initialInterest
  }

  static var initialInterest: UInt32 { UInt32(LINUX_IN | LINUX_RDHUP) }

  /// What epoll should watch for in the present state.
  var interest: UInt32 {
    var events: UInt32 = 0
    switch phase {
    // Nobody reads what a closing peer still sends before it has got everything; breaking is always reported.
    case .closing: break
    case .lingering: events |= UInt32(LINUX_IN | LINUX_RDHUP)
    case .open where !hasFinished:
      // A silent peer's end is to be seen also while its input waits.
      if !isEndNoted { events |= UInt32(LINUX_RDHUP) }
      if !isReadingPaused { events |= UInt32(LINUX_IN) }
    case .open: break
    }
    if !outgoing.isEmpty { events |= UInt32(LINUX_OUT) }
    return events
  }

  /// What a read or write attempt came to.
  enum Outcome { case moved, blocked, finished, broken }

  /// Receives once.
  mutating func receive() -> Outcome {
    switch incoming.receive(from: descriptor.raw, upTo: Self.receiveMax) {
    case 1...: return .moved
    case 0:
      hasFinished = true
      return .finished
    case -Int(EAGAIN), -Int(EINTR): return .blocked
    default: return .broken
    }
  }

  /// Receives and throws away; `.finished` at the end or when the peer had its share.
  mutating func discard() -> Outcome {
    let outcome = receive()
    lingered += incoming.count
    incoming.clear()
    return lingered > Self.lingerBytesMax ? .finished : outcome
  }

  /// Sends what the socket takes.
  mutating func flush() -> Outcome {
    while !outgoing.isEmpty {
      let sent = outgoing.send(to: descriptor.raw)
      if sent > 0 { continue }
      return sent == -Int(EAGAIN) ? .blocked : sent == -Int(EINTR) ? .moved : .broken
    }
    return .moved
  }
}
