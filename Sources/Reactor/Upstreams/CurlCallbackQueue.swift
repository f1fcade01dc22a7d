internal import CCurl
internal import Glibc

/// What libcurl's callbacks wrote down while it was being called, for the turn to act on.
///
/// libcurl calls back from inside calls to it; acting there would touch what the caller is using.
final class CurlCallbackQueue {
  /// A wish about a socket, in the order in which libcurl had it.
  enum SocketChange {
    /// It was opened: nothing that was known of its number holds.
    case opened(CInt)
    /// Watch it for these epoll events, on behalf of that multi.
    case watch(CInt, UInt32, multi: Int)
    /// Leave it for now: its transfer is paused, or the connection is idle.
    case leave(CInt)
    /// It is closed, and its number may come back as another socket.
    case closed(CInt)
  }

  private(set) var socketChanges: [SocketChange] = []
  private var pending: [CurlHandle] = []
  private var pendingTaken = 0
  /// Body pieces taken in one call of libcurl: a body of tiny chunks must not hold the loop.
  static let piecesMax = 512
  /// Body pieces that libcurl handed over since it was last called.
  var pieces = 0
  /// Body bytes that libcurl handed over since the beginning.
  var bytes = 0

  /// Paused handles that go on when it is their turn, each for the transfer that it had then.
  private var resumable: [(handle: CurlHandle, transfer: TransferID)] = []
  private var resumableTaken = 0
  private static let takenMax = 64

  /// The local ports of paused transfers' connections. libcurl says nothing of a socket that it begins to use and pauses
  /// within one call, so nothing that it says tells such a connection from an idle one.
  private var pausedPorts: [CInt: Int] = [:]

  var hasPending: Bool { pendingTaken < pending.count }

  func markPending(_ handle: CurlHandle) {
    if handle.isPending { return }
    handle.isPending = true
    pending.append(handle)
  }

  /// The next handle with news, which may be noted again at once.
  func nextPending() -> CurlHandle? {
    guard pendingTaken < pending.count else {
      pending.removeAll(keepingCapacity: true)
      pendingTaken = 0
      return nil
    }
    let handle = pending[pendingTaken]
    pendingTaken += 1
    handle.isPending = false
    return handle
  }

  /// A transfer on a connection with this local port is paused.
  func markPaused(_ port: CInt) { pausedPorts[port, default: 0] += 1 }

  /// It is not any more.
  func unmarkPaused(_ port: CInt) {
    let count = pausedPorts[port] ?? 0
    pausedPorts[port] = count > 1 ? count - 1 : nil
  }

  /// Whether a connection with this local port may belong to a paused transfer.
  func isPaused(_ port: CInt) -> Bool { pausedPorts[port] != nil }

  var hasResumable: Bool { !resumable.isEmpty }

  /// Notes that a paused handle may go on.
  func scheduleResume(_ handle: CurlHandle) {
    if handle.isResumeScheduled { return }
    handle.isResumeScheduled = true
    resumable.append((handle, handle.transfer))
  }

  /// The next paused handle that may go on.
  func nextToResume() -> CurlHandle? {
    // Where it never runs empty, what was taken goes all the same.
    if resumableTaken > Self.takenMax, resumableTaken * 2 > resumable.count {
      resumable.removeFirst(resumableTaken)
      resumableTaken = 0
    }
    while resumableTaken < resumable.count {
      let (handle, transfer) = resumable[resumableTaken]
      resumableTaken += 1
      // It may have been given up meanwhile, and be another transfer's by now.
      guard handle.isResumeScheduled, handle.transfer == transfer else { continue }
      handle.isResumeScheduled = false
      return handle
    }
    resumable.removeAll(keepingCapacity: true)
    resumableTaken = 0
    return nil
  }

  /// Lets go of every handle, at the end.
  func forgetHandles() {
    pending = []
    resumable = []
  }

  func append(_ change: SocketChange) { socketChanges.append(change) }

  func clearSocketChanges() { socketChanges.removeAll(keepingCapacity: true) }

  /// Opens a socket for libcurl.
  func open(_ family: CInt, _ type: CInt, _ number: CInt) -> CInt {
    let opened = socket(family, type | CInt(SOCK_CLOEXEC.rawValue), number)
    if opened >= 0 { socketChanges.append(.opened(opened)) }
    return opened
  }

  /// Closes a socket for libcurl; the kernel takes it out of epoll by that.
  func close(_ socket: CInt) -> CInt {
    socketChanges.append(.closed(socket))
    return Glibc.close(socket)
  }
}
