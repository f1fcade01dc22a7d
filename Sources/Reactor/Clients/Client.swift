internal import CLinux
internal import Glibc

/// One accepted connection: its descriptor, input, and pending output.
struct Client: ~Copyable {
  /// The most bytes read and discarded after the last response, so that the peer receives the response instead of a
  /// reset.
  static let lingerBytesMax = 64 * 1024
  /// The longest time spent discarding input after the last response.
  static let lingerTime = Duration.seconds(2)
  /// The time that a closing client has to read its pending output.
  static let closingTime = Duration.seconds(30)

  /// The stages of a connection's life.
  enum Phase {
    case open
    /// The pending output is sent, then the connection ends.
    case closing
    /// Our sending side is shut down, and the peer's remaining bytes are discarded.
    case lingering
  }

  let descriptor: Descriptor
  let token: Token
  /// The peer's address, or `nil` if the connection has none.
  let address: IPAddress?
  /// Whether it has connected to the second listening socket.
  var isOfSecondListener = false
  /// The number under which the gateway sums up bytes.
  var group = 0
  var incoming = Bytes()
  var outgoing = Bytes()
  var phase = Phase.open

  /// The events that epoll currently watches for.
  var watched: UInt32
  /// Whether the peer's end of input was seen while input is still unread. It is not watched for again.
  var isEOFPending = false
  /// Whether the gateway has paused reading.
  var isReadingPaused = false
  /// Whether the peer has sent its last byte.
  var isInputClosed = false
  /// Whether the output has passed the high-water mark and a `.writable` event is due once it falls.
  var isAboveHighWater = false
  /// Whether the client is in the list for the next flush.
  var isDirty = false
  var lingered = 0
  /// The bytes that count towards the total of all clients.
  private var counted = 0
  /// The deadline after which a closing or lingering client is dropped.
  var closeDeadline: Deadlines<DeadlineOwner>.ID?

  init(_ descriptor: consuming Descriptor, _ token: Token, _ address: IPAddress?) {
    self.descriptor = descriptor
    self.token = token
    self.address = address
    watched = Self.initialInterest
  }

  static var initialInterest: UInt32 { UInt32(LINUX_IN | LINUX_RDHUP) }

  /// The events that epoll should watch for in the current state.
  var interest: UInt32 {
    var events: UInt32 = 0
    switch phase {
    // Input is not read until all output is sent. epoll reports a broken connection in any case.
    case .closing: break
    case .lingering: events |= UInt32(LINUX_IN | LINUX_RDHUP)
    case .open where !isInputClosed:
      // The end of a silent peer must be seen even while its input is unread.
      if !isEOFPending { events |= UInt32(LINUX_RDHUP) }
      if !isReadingPaused { events |= UInt32(LINUX_IN) }
    case .open: break
    }
    if !outgoing.isEmpty { events |= UInt32(LINUX_OUT) }
    return events
  }

  /// Marks the client for the next flush. Returns false if it was already marked.
  mutating func markDirty() -> Bool {
    if isDirty { return false }
    isDirty = true
    return true
  }

  /// Queues output. Returns the number of pending bytes, or `nil` if the client is closing.
  mutating func queue(_ bytes: Span<UInt8>, highWater: Int) -> Int? {
    guard phase == .open else { return nil }
    outgoing.append(bytes)
    if outgoing.count > highWater { isAboveHighWater = true }
    return outgoing.count
  }

  /// Returns by how much the client's bytes have changed since the last call.
  mutating func recount() -> Int {
    let before = counted
    counted = incoming.count + outgoing.count
    return counted - before
  }

  /// The result of a flush: output sent as far as possible, output back at the low-water mark, all output sent so
  /// that the connection can end, or connection broken.
  enum Flushed { case sent, writable, complete, failed }

  /// Sends what the socket accepts and updates the epoll registration.
  mutating func flushAndAlign(lowWater: Int, _ poller: borrowing Poller) -> Flushed? {
    guard isDirty else { return nil }
    isDirty = false
    if flush() == .failed { return .failed }
    if phase == .closing, outgoing.isEmpty { return .complete }
    align(poller)
    guard isAboveHighWater, outgoing.count <= lowWater else { return .sent }
    isAboveHighWater = false
    return .writable
  }

  /// Updates the epoll registration if the events to watch for have changed.
  mutating func align(_ poller: borrowing Poller) {
    let wanted = interest
    guard wanted != watched else { return }
    watched = wanted
    poller.change(descriptor.raw, wanted, token)
  }

  /// The result of one read or write attempt.
  enum Outcome { case progress, wouldBlock, eof, failed }

  /// Receives once, through a buffer that all clients share, so that a connection's own storage holds only what
  /// arrived.
  mutating func receive(_ buffer: inout ReceiveBuffer) -> Outcome {
    switch buffer.receive(from: descriptor.raw, into: &incoming) {
    case 1...: return .progress
    case 0:
      isInputClosed = true
      return .eof
    case -Int(EAGAIN), -Int(EINTR): return .wouldBlock
    default: return .failed
    }
  }

  /// Receives and discards. Returns `.eof` at the end of the input or above the linger limit.
  mutating func discard(_ buffer: inout ReceiveBuffer) -> Outcome {
    let outcome = receive(&buffer)
    lingered += incoming.count
    incoming.clear()
    return lingered > Self.lingerBytesMax ? .eof : outcome
  }

  /// Sends what the socket accepts.
  mutating func flush() -> Outcome {
    while !outgoing.isEmpty {
      let sent = outgoing.send(to: descriptor.raw)
      if sent > 0 { continue }
      return sent == -Int(EAGAIN) ? .wouldBlock : sent == -Int(EINTR) ? .progress : .failed
    }
    return .progress
  }
}
