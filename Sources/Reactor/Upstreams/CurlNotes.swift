internal import CCurl
internal import Glibc

/// What libcurl's callbacks wrote down while it was being called, for the turn to act on.
///
/// libcurl calls back from inside calls to it; acting there would touch what the caller is using.
final class CurlNotes {
  /// A wish about a socket, in the order in which libcurl had it.
  enum Wish {
    /// Watch it for these epoll events.
    case watch(CInt, UInt32)
    /// Leave it for now. `isHeld` is for a transfer that is paused; otherwise the connection is idle.
    case leave(CInt, isHeld: Bool)
    /// It is closed, and its number may come back as another socket.
    case closed(CInt)
  }

  private(set) var wishes: [Wish] = []
  private var noted: [CurlHandle] = []
  private var notedTaken = 0

  /// What libcurl last said of its timer, in milliseconds: -1 is "none". `nil` when it said nothing new.
  var timer: Int?

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

  func wish(_ wish: Wish) { wishes.append(wish) }

  func clearWishes() { wishes.removeAll(keepingCapacity: true) }

  /// Closes a socket for libcurl; the kernel takes it out of epoll by that.
  func close(_ socket: CInt) -> CInt {
    wishes.append(.closed(socket))
    return Glibc.close(socket)
  }
}
