internal import CLinux
internal import Glibc

/// One connection of the plain transport, from its first packet to its close. Between requests it is idle in its pool.
final class PlainConnection {
  /// The state of the connection.
  enum Phase { case connecting, busy, idle }

  let descriptor: Descriptor
  let token: Token
  /// The index of its pool.
  let pool: Int
  /// The address that it leads to; `nil` for a Unix socket.
  let address: IPAddress?
  var phase = Phase.connecting
  /// The transfer that it serves.
  var transfer: PlainTransfer?
  var reader = ResponseReader()

  /// The events that epoll watches for, or `nil` if it does not know the descriptor.
  private var watched: UInt32?
  /// Whether the connection carried a request before this one.
  private(set) var isReused = false
  /// The bytes of earlier requests.
  private(set) var writtenBefore = 0
  /// The bytes of the current request's head that the socket has not taken; empty once it has.
  var headRest: [UInt8] = []
  /// The bytes of the current request that the socket has taken, head and body.
  var written = 0
  /// The bytes of the current request's body that the socket has taken.
  var bodyWritten = 0
  /// Whether the whole request was written, or writing has failed.
  var isWritten = false
  /// Whether writing has failed, and only the response is of interest.
  var hasWriteFailed = false

  /// Whether writing failed because the connection was reset.
  var wasReset = false
  /// When the current request began.
  private(set) var began = Duration.zero

  // The pool's list of idle connections, by slot. -1 ends it.
  var newer = -1
  var older = -1
  /// When the connection is too old to be used.
  var expires = Duration.zero

  init(_ descriptor: consuming Descriptor, _ token: Token, pool: Int, address: IPAddress?) {
    self.descriptor = descriptor
    self.token = token
    self.pool = pool
    self.address = address
  }

  /// Begins a request on the connection.
  func begin(_ transfer: PlainTransfer, at now: Duration) {
    self.transfer = transfer
    began = now
    isReused = phase != .connecting
    phase = .busy
    writtenBefore += written
    written = 0
    bodyWritten = 0
    isWritten = false
    hasWriteFailed = false
    reader.reset()
  }

  /// Whether the kernel of the peer cannot have acknowledged any byte of the current request: it had closed the connection
  /// before. Only meaningful after an orderly end, because a reset is looked at before the acknowledgment that it carries.
  var isUnacknowledged: Bool {
    let acknowledged = linux_acknowledged(descriptor.raw)
    // The first is the SYN.
    return acknowledged >= 0 && acknowledged <= Int64(writtenBefore) + 1
  }

  /// The events that epoll should watch for.
  private var interest: UInt32 {
    switch phase {
    case .connecting: UInt32(LINUX_OUT)
    case .idle: UInt32(LINUX_IN)
    case .busy:
      (transfer?.response.isPaused == true ? 0 : UInt32(LINUX_IN)) | (isWritten ? 0 : UInt32(LINUX_OUT))
    }
  }

  /// Updates the epoll registration if the events to watch for have changed. Throws if epoll rejects the descriptor.
  func align(_ poller: borrowing Poller) throws(SystemError) {
    let wanted = interest
    guard let watched else {
      self.watched = wanted
      return try poller.watch(descriptor.raw, wanted, token)
    }
    guard wanted != watched else { return }
    self.watched = wanted
    poller.change(descriptor.raw, wanted, token)
  }

  /// Leaves epoll until the next `align`: a broken connection is reported without end while the transfer is paused.
  func leave(_ poller: borrowing Poller) {
    if watched == nil { return }
    watched = nil
    poller.forget(descriptor.raw)
  }
}

/// One transfer over the plain transport.
final class PlainTransfer {
  let id: TransferID
  let response: Response
  let request: UpstreamRequest
  /// The connection that carries the request.
  var connection: PlainConnection?
  /// The connections that are being established for it; the first to succeed is used.
  var attempts: [PlainConnection] = []
  /// The addresses that have not been tried.
  var addresses: ArraySlice<IPAddress> = []
  /// All addresses, for a repetition.
  let allAddresses: [IPAddress]
  /// When connecting has failed.
  var connectDeadline: Deadlines<DeadlineOwner>.ID?
  /// When the next address is tried beside those that have not answered.
  var nextAddress: Deadlines<DeadlineOwner>.ID?
  /// The first reason why no connection came about.
  var connectError: TransferError?
  var hasRepeated = false

  /// The body that is sent: a GET has none.
  var body: BufferChain { request.method == .post ? request.body : BufferChain() }

  /// - Parameter addresses: Those of the host; none for a Unix socket.
  init(_ id: TransferID, _ request: UpstreamRequest, _ addresses: [IPAddress], _ response: Response) {
    self.id = id
    self.request = request
    self.response = response
    allAddresses = addresses
  }
}
