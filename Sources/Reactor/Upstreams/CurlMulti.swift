internal import CCurl
internal import CLinux

/// One `curl_multi` on the loop's epoll set: its sockets, its timer, its finished transfers.
///
/// Costs and traps of libcurl 7.88.1 that shape it: a timeout of zero is served in the same turn (1 ms more
/// would be added to every request); a socket that libcurl leaves between two requests stays in epoll until it
/// has news; handles are reused.
@safe
final class CurlMulti {
  /// Idle easy handles that are kept.
  private static let spareMax = 1024

  private let multi: OpaquePointer
  private let share: OpaquePointer?
  private let notes = CurlNotes()
  private var spare: [CurlHandle] = []
  private let idle = Response()

  /// When libcurl wants to be called although no socket is ready.
  private(set) var due: Duration?

  /// What epoll knows of a socket, by its number.
  private struct Watched {
    var generation: UInt32 = 0
    var isRegistered = false
    /// What epoll watches for.
    var registered: UInt32 = 0
    /// What libcurl wants watched.
    var wanted: UInt32 = 0
    /// Whether nothing is wanted because its transfer is paused.
    var isHeld = false
  }
  private var sockets: [Watched] = []

  init(connectionsMax: Int) throws(SystemError) {
    CurlLibrary.start()
    guard let multi = unsafe curl_multi_init() else { throw SystemError("curl_multi_init", 12) }
    unsafe self.multi = multi
    unsafe share = curl_share_init()
    unsafe curl_share_ssl_sessions(share)
    let context = unsafe Unmanaged.passUnretained(notes).toOpaque()
    unsafe curl_multi_set_socket(multi, onSocket, context)
    unsafe curl_multi_set_timer(multi, onTimer, context)
    // Below the peak libcurl would close warm connections at the end of every transfer.
    unsafe curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connectionsMax)
    unsafe curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit {
    spare.removeAll()
    unsafe curl_multi_cleanup(multi)
    unsafe curl_share_cleanup(share)
  }

  func start(_ request: UpstreamRequest, _ response: Response, _ id: TransferID) -> CurlHandle {
    let handle = unsafe spare.popLast() ?? CurlHandle(response, id, notes, share: share)
    handle.prepare(request, response, id)
    let code = unsafe curl_multi_add_handle(multi, handle.easy)
    precondition(code == CURLM_OK, "curl_multi_add_handle failed")
    return handle
  }

  /// Takes a handle out, finished or not, and keeps it for the next transfer.
  func release(_ handle: CurlHandle) {
    unsafe curl_multi_remove_handle(multi, handle.easy)
    handle.rest(idle)
    if spare.count < Self.spareMax { spare.append(handle) }
  }

  func resume(_ handle: CurlHandle) {
    unsafe curl_easy_pause(handle.easy, CURLPAUSE_CONT)
  }

  // MARK: The turn

  var hasNews: Bool { notes.hasNoted || notes.timer == 0 || due == .zero }

  /// A socket is ready.
  func ready(_ socket: CInt, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    let number = Int(socket)
    guard number < sockets.count, sockets[number].generation & 0xFF_FFFF == generation else { return }
    guard sockets[number].wanted != 0 else {
      // A paused transfer's bytes wait in the kernel.
      if sockets[number].isHeld { return stopWatching(number, poller) }
      // A pooled connection with news. Most often that is its end; if not, it is bytes that nobody asked for, and
      // they would be taken for the next request's answer. Shut, libcurl finds it dead before it uses it.
      _ = linux_shutdown(socket)
      return stopWatching(number, poller)
    }
    var ready: CInt = 0
    if events & UInt32(LINUX_IN) != 0 { ready |= CInt(CURL_CSELECT_IN) }
    if events & UInt32(LINUX_OUT) != 0 { ready |= CInt(CURL_CSELECT_OUT) }
    if events & UInt32(LINUX_ERR | LINUX_HUP) != 0 { ready |= CInt(CURL_CSELECT_ERR) }
    var running: CInt = 0
    unsafe curl_multi_socket_action(multi, socket, ready, &running)
    // At once: the next event of this batch may name a socket that was just closed.
    applyWishes(poller)
  }

  /// Serves the timer when it is due, and tells epoll what libcurl wants watched.
  func serve(now: Duration, poller: borrowing Poller) {
    takeTimer(now)
    // Each call may ask for another at once; a bound keeps a broken libcurl from holding the loop.
    var rounds = 0
    while let time = due, time <= now, rounds < 8 {
      due = nil
      var running: CInt = 0
      unsafe curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
      takeTimer(now)
      rounds += 1
    }
    applyWishes(poller)
  }

  private func takeTimer(_ now: Duration) {
    guard let timer = notes.timer else { return }
    notes.timer = nil
    due = timer < 0 ? nil : timer == 0 ? .zero : now + .milliseconds(timer)
  }

  private func applyWishes(_ poller: borrowing Poller) {
    for index in notes.wishes.indices {
      switch notes.wishes[index] {
      case .closed(let socket):
        let number = Int(socket)
        guard number < sockets.count else { continue }
        sockets[number].generation &+= 1
        sockets[number].isRegistered = false
        sockets[number].wanted = 0
      case .watch(let socket, let events):
        let number = Int(socket)
        while sockets.count <= number { sockets.append(Watched()) }
        sockets[number].wanted = events
        register(socket, events, poller)
      case .leave(let socket, let isHeld):
        guard Int(socket) < sockets.count else { continue }
        sockets[Int(socket)].wanted = 0
        sockets[Int(socket)].isHeld = isHeld
      }
    }
    notes.clearWishes()
  }

  private func stopWatching(_ number: Int, _ poller: borrowing Poller) {
    if sockets[number].isRegistered { poller.forget(CInt(number)) }
    sockets[number].isRegistered = false
  }

  private func register(_ socket: CInt, _ events: UInt32, _ poller: borrowing Poller) {
    let watched = sockets[Int(socket)]
    let token = Token(.upstream, generation: watched.generation, number: UInt32(socket))
    if !watched.isRegistered {
      // Refused only for a socket that is closed by now; the wish that says so follows.
      try? poller.watch(socket, events, token)
    } else if watched.registered != events {
      poller.change(socket, events, token)
    }
    sockets[Int(socket)].isRegistered = true
    sockets[Int(socket)].registered = events
  }

  func takeNoted() -> CurlHandle? { notes.takeNoted() }

  /// The next finished transfer and how it ended.
  func takeDone() -> (CurlHandle, TransferEnd)? {
    var code = CURLE_OK
    guard let easy = unsafe curl_multi_next_done(multi, &code) else { return nil }
    var context: UnsafeMutableRawPointer?
    unsafe curl_easy_get_private(easy, &context)
    guard let context = unsafe context else { return nil }
    let handle = unsafe Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
    return (handle, Self.end(code, handle.response))
  }

  private static func end(_ code: CURLcode, _ response: Response) -> TransferEnd {
    if let fault = response.fault { return .failed(fault) }
    switch code {
    case CURLE_OK: return response.hasHead ? .complete : .failed(.malformed)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_URL_MALFORMAT: return .failed(.nameNotFound)
    case CURLE_COULDNT_CONNECT: return .failed(.connectFailed)
    case CURLE_OPERATION_TIMEDOUT: return .failed(.connectTimedOut)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      return .failed(.tlsFailed)
    case CURLE_GOT_NOTHING: return .failed(.closedBeforeResponse)
    case CURLE_PARTIAL_FILE: return .failed(.truncated)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      return .failed(response.hasHead ? .truncated : .closedBeforeResponse)
    // libcurl calls an over-long line of a head "out of memory".
    case CURLE_OUT_OF_MEMORY: return .failed(.tooLarge)
    case CURLE_FAILED_INIT: return .failed(.exhausted)
    default: return .failed(.malformed)
    }
  }
}

/// libcurl's process-wide state.
public enum CurlLibrary {
  private static let started: Bool =
    unsafe curl_global_init_mem(
      Int(CURL_GLOBAL_ALL), counted_malloc, counted_free, counted_realloc, counted_strdup, counted_calloc)
    == CURLE_OK

  static func start() { precondition(started, "libcurl did not start") }

  /// Allocations that libcurl made on this thread since the beginning.
  public static var allocations: Int { Int(counted_allocations_of_this_thread()) }

  /// The library's version, as in `7.88.1`.
  public static var version: String {
    let info = unsafe curl_version_info(CURLVERSION_TENTH)
    return unsafe String(cString: info!.pointee.version)
  }
}

private func onSocket(
  _ easy: OpaquePointer?, _ socket: curl_socket_t, _ what: CInt, _ context: UnsafeMutableRawPointer?,
  _ socketContext: UnsafeMutableRawPointer?
) -> CInt {
  guard let context = unsafe context else { return 0 }
  var events: UInt32 = 0
  if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= UInt32(LINUX_IN) }
  if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= UInt32(LINUX_OUT) }
  var wish = CurlNotes.Wish.watch(socket, events)
  if events == 0 {
    var handle: UnsafeMutableRawPointer?
    if let easy = unsafe easy { unsafe curl_easy_get_private(easy, &handle) }
    let isHeld = unsafe handle.map {
      unsafe Unmanaged<CurlHandle>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.response.isPaused }
    }
    wish = .leave(socket, isHeld: isHeld ?? false)
  }
  unsafe Unmanaged<CurlNotes>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.wish(wish) }
  return 0
}

private func onTimer(_ multi: OpaquePointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?) -> CInt {
  guard let context = unsafe context else { return 0 }
  unsafe Unmanaged<CurlNotes>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.timer = milliseconds }
  return 0
}
