internal import CLinux
internal import Glibc

/// One accepted connection: its descriptor, what it sent, what it is still to be sent.
struct Client: ~Copyable {
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
  /// Where it is; `nil` for a connection that has no address.
  let address: IPAddress?
  var incoming = Bytes()
  var outgoing = Bytes()
  var phase = Phase.open

  /// What epoll watches for.
  var watched: UInt32
  /// Whether the peer's end was seen while its last bytes wait unread; it is not watched for again.
  var isEOFPending = false
  /// Whether the gateway wants no more input for now.
  var isReadingPaused = false
  /// Whether the peer has sent its last byte.
  var isInputClosed = false
  /// Whether the output passed the high-water mark and its owner waits to hear that it fell.
  var isAboveHighWater = false
  /// Whether the turn's flush list names it.
  var isDirty = false
  var lingered = 0
  /// When a closing or lingering client is forgotten at the latest.
  var closeDeadline: Deadlines<DeadlineOwner>.ID?

  init(_ descriptor: consuming Descriptor, _ token: Token, _ address: IPAddress?) {
    self.descriptor = descriptor
    self.token = token
    self.address = address
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
    case .open where !isInputClosed:
      // A silent peer's end is to be seen also while its input waits.
      if !isEOFPending { events |= UInt32(LINUX_RDHUP) }
      if !isReadingPaused { events |= UInt32(LINUX_IN) }
    case .open: break
    }
    if !outgoing.isEmpty { events |= UInt32(LINUX_OUT) }
    return events
  }

  /// Notes that the next flush is to look here; false when that is noted already.
  mutating func markDirty() -> Bool {
    if isDirty { return false }
    isDirty = true
    return true
  }

  /// Queues output; returns how much waits, `nil` when the client takes no more.
  mutating func queue(_ bytes: Span<UInt8>, highWater: Int) -> Int? {
    guard phase == .open else { return nil }
    outgoing.append(bytes)
    if outgoing.count > highWater { isAboveHighWater = true }
    return outgoing.count
  }

  /// What a flush came to: sent as far as it went, low again after it was full, all sent and to be ended, broken.
  enum Flushed { case sent, writable, complete, failed }

  /// Sends what the socket takes, and brings epoll in line with what is left.
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

  /// Brings epoll in line with what is to be watched for.
  mutating func align(_ poller: borrowing Poller) {
    let wanted = interest
    guard wanted != watched else { return }
    watched = wanted
    poller.change(descriptor.raw, wanted, token)
  }

  /// What a read or write attempt came to.
  enum Outcome { case progress, wouldBlock, eof, failed }

  /// Receives once, through a buffer that all clients share: a connection's own holds no more than what came.
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

  /// Receives and throws away; `.eof` at the end or when the peer had its share.
  mutating func discard(_ buffer: inout ReceiveBuffer) -> Outcome {
    let outcome = receive(&buffer)
    lingered += incoming.count
    incoming.clear()
    return lingered > Self.lingerBytesMax ? .eof : outcome
  }

  /// Sends what the socket takes.
  mutating func flush() -> Outcome {
    while !outgoing.isEmpty {
      let sent = outgoing.send(to: descriptor.raw)
      if sent > 0 { continue }
      return sent == -Int(EAGAIN) ? .wouldBlock : sent == -Int(EINTR) ? .progress : .failed
    }
    return .progress
  }
}

/// Where bytes are received before it is known how many there are.
@safe
struct ReceiveBuffer: ~Copyable {
  /// Bytes received in one go.
  static let bytesMax = 64 * 1024

  private let storage = UnsafeMutablePointer<UInt8>.allocate(capacity: bytesMax)
  /// Bytes received since the beginning.
  private(set) var receivedBytes = 0

  deinit { unsafe storage.deallocate() }

  /// Receives once and appends what came; returns as `recv` does, or a negative errno.
  mutating func receive(from descriptor: CInt, into bytes: inout Bytes) -> Int {
    let count = unsafe linux_receive(descriptor, storage, Self.bytesMax)
    if count > 0 {
      unsafe bytes.append(UnsafeRawPointer(storage), count: count)
      receivedBytes &+= count
    }
    return count
  }
}
