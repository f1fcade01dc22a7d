internal import CCurl
internal import CLinux

/// One `curl_multi` with its transfers, its connection pool, and its timer.
@safe
final class CurlMulti {
  /// The index of this multi in the pool, stored with its sockets.
  let number: Int
  /// Which connections it keeps (`UpstreamProxy.pool`); empty for all that libcurl tells apart itself.
  let pool: String
  private let multi: OpaquePointer
  private let callbacks: CurlCallbackQueue

  /// The number of transfers that were added and have neither finished nor been removed.
  private(set) var running = 0
  /// The time at which libcurl must be called even if no socket is ready. `.zero` means immediately.
  private(set) var due: Duration?
  /// Whether libcurl was called since the last check for finished transfers.
  private(set) var wasCalled = false
  /// The version of the addresses that this multi's own DNS table holds, by host and port.
  private var pinned: [UpstreamHost.HostPort: Int] = [:]
  /// The timeout that libcurl last set, in milliseconds. -1 cancels the timer; `nil` means no change.
  fileprivate var timer: Int?

  init(_ number: Int, pool: String, connectionsMax: Int, callbacks: CurlCallbackQueue) {
    guard let multi = unsafe curl_multi_init() else { preconditionFailure("curl_multi_init failed") }
    unsafe self.multi = multi
    self.number = number
    self.pool = pool
    self.callbacks = callbacks
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe curl_multi_set_socket(multi, onSocket, context)
    unsafe curl_multi_set_timer(multi, onTimer, context)
    // With a lower limit, libcurl would close reusable connections at the end of every transfer.
    unsafe curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connectionsMax)
    unsafe curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit { unsafe curl_multi_cleanup(multi) }

  /// Starts a prepared handle.
  func add(_ handle: CurlHandle) {
    let code = unsafe curl_multi_add_handle(multi, handle.easy)
    precondition(code == CURLM_OK, "curl_multi_add_handle failed")
    running += 1
    wasCalled = true
  }

  /// Removes a handle. If its transfer is unfinished, the connection is closed.
  func remove(_ handle: CurlHandle) {
    unsafe curl_multi_remove_handle(multi, handle.easy)
    if !handle.isOver { running -= 1 }
    wasCalled = true
  }

  /// Resumes a paused handle.
  func resume(_ handle: CurlHandle) {
    unsafe curl_easy_pause(handle.easy, CURLPAUSE_CONT)
    wasCalled = true
  }

  /// Notifies libcurl that a socket is ready.
  func ready(_ socket: CInt, _ events: CInt) {
    var left: CInt = 0
    unsafe curl_multi_socket_action(multi, socket, events, &left)
    wasCalled = true
  }

  /// Calls libcurl if its timer is due.
  func serve(now: Duration) {
    takeTimer(now)
    // Each call may set a new timer of zero. The limit keeps a faulty libcurl from blocking the loop.
    var rounds = 0
    while let time = due, time <= now, rounds < 8 {
      due = nil
      ready(CURL_SOCKET_TIMEOUT, 0)
      takeTimer(now)
      rounds += 1
    }
  }

  /// Whether libcurl must be called in this turn.
  var isUrgent: Bool { timer == 0 || due == .zero }

  private func takeTimer(_ now: Duration) {
    guard let timer else { return }
    self.timer = nil
    due = timer < 0 ? nil : timer == 0 ? .zero : now + .milliseconds(timer)
  }

  /// Returns the next finished transfer and libcurl's result code.
  func takeDone() -> (CurlHandle, CURLcode)? {
    var code = CURLE_OK
    guard let easy = unsafe curl_multi_next_done(multi, &code) else {
      wasCalled = false
      return nil
    }
    var context: UnsafeMutableRawPointer?
    unsafe curl_easy_get_private(easy, &context)
    guard let context = unsafe context else { return nil }
    let handle = unsafe Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
    handle.isOver = true
    running -= 1
    return (handle, code)
  }

  /// Records that this multi has the given version of a host's addresses. Returns whether it already did.
  func pins(_ hostPort: UpstreamHost.HostPort, version: Int) -> Bool {
    pinned.updateValue(version, forKey: hostPort) == version
  }

  // MARK: Called by libcurl

  fileprivate func socket(_ socket: CInt, _ what: CInt) {
    var events: UInt32 = 0
    if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= UInt32(LINUX_IN) }
    if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= UInt32(LINUX_OUT) }
    callbacks.append(events == 0 ? .leave(socket) : .watch(socket, events, multi: number))
  }
}

private func onSocket(
  _ easy: OpaquePointer?, _ socket: curl_socket_t, _ what: CInt, _ context: UnsafeMutableRawPointer?,
  _ socketContext: UnsafeMutableRawPointer?
) -> CInt {
  guard let context = unsafe context else { return 0 }
  unsafe Unmanaged<CurlMulti>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.socket(socket, what) }
  return 0
}

private func onTimer(_ multi: OpaquePointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?) -> CInt {
  guard let context = unsafe context else { return 0 }
  unsafe Unmanaged<CurlMulti>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.timer = milliseconds }
  return 0
}
