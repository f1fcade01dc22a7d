internal import CCurl
internal import Glibc

/// What libcurl's callbacks wrote down while it was being called, for the turn to act on.
///
/// libcurl calls back from inside calls to it; acting there would touch what the caller is using.
final class CurlNotes {
  /// A wish about a socket, in the order in which libcurl had it.
  enum Wish {
    /// It was opened: nothing that was known of its number holds.
    case opened(CInt)
    /// Watch it for these epoll events, on behalf of that multi.
    case watch(CInt, UInt32, multi: Int)
    /// Leave it for now: its transfer is paused, or the connection is idle.
    case leave(CInt)
    /// It is closed, and its number may come back as another socket.
    case closed(CInt)
  }

  private(set) var wishes: [Wish] = []
  private var noted: [CurlHandle] = []
  private var notedTaken = 0
  /// Body pieces taken in one call of libcurl: a body of tiny chunks must not hold the loop.
  static let piecesMax = 512
  /// Body pieces that libcurl handed over since it was last called.
  var pieces = 0
  /// Body bytes that libcurl handed over since the beginning.
  var bytes = 0

  /// Paused handles that go on when it is their turn, each for the transfer that it had then.
  private var queued: [(handle: CurlHandle, transfer: TransferID)] = []
  private var queuedTaken = 0
  private static let takenMax = 64

  /// The local ports of paused transfers' connections. libcurl says nothing of a socket that it begins to use and pauses
  /// within one call, so nothing that it says tells such a connection from an idle one.
  private var held: [CInt: Int] = [:]

  var hasNoted: Bool { notedTaken < noted.count }

  func note(_ handle: CurlHandle) {
    if handle.isNoted { return }
    handle.isNoted = true
    noted.append(handle)
  }

  /// The next handle with news, which may be noted again at once.
  func takeNoted() -> CurlHandle? {
    guard notedTaken < noted.count else {
      noted.removeAll(keepingCapacity: true)
      notedTaken = 0
      return nil
    }
    let handle = noted[notedTaken]
    notedTaken += 1
    handle.isNoted = false
    return handle
  }

  /// A transfer on a connection with this local port is paused.
  func hold(_ port: CInt) { held[port, default: 0] += 1 }

  /// It is not any more.
  func letGo(of port: CInt) {
    let count = held[port] ?? 0
    held[port] = count > 1 ? count - 1 : nil
  }

  /// Whether a connection with this local port may belong to a paused transfer.
  func isHeld(_ port: CInt) -> Bool { held[port] != nil }

  var hasQueued: Bool { !queued.isEmpty }

  /// Notes that a paused handle may go on.
  func queue(_ handle: CurlHandle) {
    if handle.isQueued { return }
    handle.isQueued = true
    queued.append((handle, handle.transfer))
  }

  /// The next paused handle that may go on.
  func takeQueued() -> CurlHandle? {
    // Where it never runs empty, what was taken goes all the same.
    if queuedTaken > Self.takenMax, queuedTaken * 2 > queued.count {
      queued.removeFirst(queuedTaken)
      queuedTaken = 0
    }
    while queuedTaken < queued.count {
      let (handle, transfer) = queued[queuedTaken]
      queuedTaken += 1
      // It may have been given up meanwhile, and be another transfer's by now.
      guard handle.isQueued, handle.transfer == transfer else { continue }
      handle.isQueued = false
      return handle
    }
    queued.removeAll(keepingCapacity: true)
    queuedTaken = 0
    return nil
  }

  /// Lets go of every handle, at the end.
  func forgetHandles() {
    noted = []
    queued = []
  }

  func wish(_ wish: Wish) { wishes.append(wish) }

  func clearWishes() { wishes.removeAll(keepingCapacity: true) }

  /// Opens a socket for libcurl.
  func open(_ family: CInt, _ type: CInt, _ number: CInt) -> CInt {
    let opened = socket(family, type | CInt(SOCK_CLOEXEC.rawValue), number)
    if opened >= 0 { wishes.append(.opened(opened)) }
    return opened
  }

  /// Closes a socket for libcurl; the kernel takes it out of epoll by that.
  func close(_ socket: CInt) -> CInt {
    wishes.append(.closed(socket))
    return Glibc.close(socket)
  }
}
