internal import CCurl
internal import Glibc

/// A record of what libcurl's callbacks reported, for the turn to act on.
///
/// libcurl calls back while it is being called. Acting inside a callback would access state that the caller is
/// using.
final class CurlCallbackQueue {
  /// A change of a socket, in the order in which libcurl reported it.
  enum SocketChange {
    /// The socket was opened. Earlier state for its number is obsolete.
    case opened(CInt)
    /// Watch the socket for these epoll events, on behalf of a multi.
    case watch(CInt, UInt32, multi: Int)
    /// Stop watching for now: the transfer is paused, or the connection is idle.
    case leave(CInt)
    /// The socket is closed. Its number may be reused.
    case closed(CInt)
  }

  private(set) var socketChanges: [SocketChange] = []
  private var pending: [CurlHandle] = []
  private var pendingTaken = 0
  /// The most body pieces accepted in one call of libcurl, so that a body of tiny chunks does not block the loop.
  static let piecesMax = 512
  /// The number of body pieces received in the current call of libcurl.
  var pieces = 0
  /// The number of body bytes received since the start.
  var bytes = 0

  /// The paused handles that may resume, in order, each with the transfer it carried at the time.
  private var resumable: [(handle: CurlHandle, transfer: TransferID)] = []
  private var resumableTaken = 0
  private static let takenMax = 64

  /// The local ports of connections with paused transfers. If libcurl starts to use a socket and pauses it within
  /// one call, it reports no change, so this is the only way to tell such a connection from an idle one.
  ///
  /// Unix sockets have no port and count as 0. While one of them is paused, idle ones that become ready are no longer
  /// watched, in place of being shut down.
  private var pausedPorts: [CInt: Int] = [:]

  var hasPending: Bool { pendingTaken < pending.count }

  /// Marks a handle as having unreported data.
  func markPending(_ handle: CurlHandle) {
    if handle.isPending { return }
    handle.isPending = true
    pending.append(handle)
  }

  /// Returns the next handle with unreported data. The handle can be marked again immediately.
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

  /// Records that a transfer on a connection with this local port is paused.
  func markPaused(_ port: CInt) { pausedPorts[port, default: 0] += 1 }

  /// Records that such a transfer has resumed.
  func unmarkPaused(_ port: CInt) {
    let count = pausedPorts[port] ?? 0
    pausedPorts[port] = count > 1 ? count - 1 : nil
  }

  /// Returns whether a connection with this local port may belong to a paused transfer.
  func isPaused(_ port: CInt) -> Bool { pausedPorts[port] != nil }

  var hasResumable: Bool { !resumable.isEmpty }

  /// Schedules a paused handle to resume.
  func scheduleResume(_ handle: CurlHandle) {
    if handle.isResumeScheduled { return }
    handle.isResumeScheduled = true
    resumable.append((handle, handle.transfer))
  }

  /// Returns the next paused handle that may resume.
  func nextToResume() -> CurlHandle? {
    // Under constant load the queue is never empty, so the front is also trimmed here.
    if resumableTaken > Self.takenMax, resumableTaken * 2 > resumable.count {
      resumable.removeFirst(resumableTaken)
      resumableTaken = 0
    }
    while resumableTaken < resumable.count {
      let (handle, transfer) = resumable[resumableTaken]
      resumableTaken += 1
      // The handle may have been released meanwhile, and may carry another transfer now.
      guard handle.isResumeScheduled, handle.transfer == transfer else { continue }
      handle.isResumeScheduled = false
      return handle
    }
    resumable.removeAll(keepingCapacity: true)
    resumableTaken = 0
    return nil
  }

  /// Releases all handles, before the pool is destroyed.
  func forgetHandles() {
    pending = []
    resumable = []
  }

  /// Appends a change of a socket.
  func append(_ change: SocketChange) { socketChanges.append(change) }

  /// Removes the socket changes after they were applied.
  func clearSocketChanges() { socketChanges.removeAll(keepingCapacity: true) }

  /// Opens a socket for libcurl.
  func open(_ family: CInt, _ type: CInt, _ number: CInt) -> CInt {
    let opened = socket(family, type | CInt(SOCK_CLOEXEC.rawValue), number)
    if opened >= 0 { socketChanges.append(.opened(opened)) }
    return opened
  }

  /// Closes a socket for libcurl. Closing it also removes it from epoll.
  func close(_ socket: CInt) -> CInt {
    socketChanges.append(.closed(socket))
    return Glibc.close(socket)
  }
}
