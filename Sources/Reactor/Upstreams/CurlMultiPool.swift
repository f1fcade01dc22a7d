internal import CCurl
internal import CLinux

/// Every `curl_multi` on the loop's epoll set, and their sockets.
///
/// libcurl 7.88.1 walks all busy connections to a host for each new transfer, so transfers are dealt over several
/// multis, each filled before the next one is opened: its connections are a pool of its own and should be warm.
/// Other traps that shape it: a timeout of zero is served in the same turn (1 ms more would be added to every
/// request); a socket that libcurl leaves between two requests stays in epoll until it has news; handles are
/// reused.
@safe
final class CurlMultiPool {
  /// Transfers of one multi before the next one is used: few while there are few, because each walk is short then;
  /// more when there are many, because each multi takes some 40 kB.
  static let transfersPerMulti = 96
  static let transfersPerEarlyMulti = 24
  private static let earlyMultis = 16
  /// Connections that one multi keeps beyond those that may be busy at once.
  private static let spareConnections = 16
  /// Paused handles that go on in one turn. Each may bring 40 KiB, or 16 KiB of tiny chunks that libcurl takes apart
  /// to the end before it pauses; either takes some 0.2 ms.
  private static let resumedPerTurn = 4
  /// Idle easy handles that are kept.
  private static let spareMax = 256

  private let callbacks = CurlCallbackQueue()
  private let share: OpaquePointer?
  private var multis: [CurlMulti] = []
  private var spare: [CurlHandle] = []
  private let idle = Response()
  /// The head of the request that is started; most begin like the one before.
  private var head = HeadText()

  /// What epoll knows of a socket, by its number.
  private struct Watched {
    var generation: UInt32 = 0
    var isOpen = false
    /// Whether it was ever watched for bytes: it is connected.
    var isConnected = false
    var isRegistered = false
    /// What epoll watches for.
    var registered: UInt32 = 0
    /// What libcurl wants watched.
    var wanted: UInt32 = 0
    /// Whose it is.
    var multi = 0
  }
  private var sockets: [Watched] = []
  /// Sockets towards upstreams, busy and idle.
  private(set) var openSockets = 0

  init() {
    CurlLibrary.start()
    unsafe share = curl_share_init()
    unsafe curl_share_ssl_sessions(share)
  }

  deinit {
    // Connections end with their multi, and say so to the callbacks.
    multis.removeAll()
    spare.removeAll()
    // A handle holds the callbacks, and they may hold it.
    callbacks.forgetHandles()
    unsafe curl_share_cleanup(share)
  }

  /// Body bytes that were handed over since the beginning.
  var receivedBytes: Int { callbacks.bytes }

  /// How many multis there are.
  var count: Int { multis.count }

  /// Starts a request; `known` are the addresses of its name, if it has one.
  func start(
    _ request: UpstreamRequest, addresses known: DNSCache.Entry?, connectTimeout: Duration, _ response: Response,
    _ id: TransferID
  ) -> CurlHandle {
    let handle = unsafe spare.popLast() ?? CurlHandle(response, id, callbacks, share: share)
    let multi = multiWithRoom()
    handle.prepare(request, connectTimeout: connectTimeout, response, id, multi, &head)
    if let known, !multi.pins(request.target.hostPort, version: known.version) {
      handle.pin(request.target, known.addresses)
    }
    multi.add(handle)
    return handle
  }

  private func multiWithRoom() -> CurlMulti {
    let early = min(multis.count, Self.earlyMultis)
    for index in 0..<early where multis[index].running < Self.transfersPerEarlyMulti { return multis[index] }
    if early == Self.earlyMultis {
      for index in multis.indices where multis[index].running < Self.transfersPerMulti { return multis[index] }
    }
    let multi = CurlMulti(
      multis.count, connectionsMax: Self.transfersPerMulti + Self.spareConnections, callbacks: callbacks)
    multis.append(multi)
    return multi
  }

  /// Takes a handle out, finished or not, and keeps it for the next transfer.
  func release(_ handle: CurlHandle) {
    handle.multi?.remove(handle)
    handle.reset(idle)
    if spare.count < Self.spareMax, !handle.mustBeDiscarded { spare.append(handle) }
  }

  /// Lets a paused handle go on when its turn has come: each may bring as much as a whole buffer.
  func resume(_ handle: CurlHandle) { callbacks.scheduleResume(handle) }

  // MARK: The turn

  /// Whether something was written down that no event tells yet, so that the loop must not sleep.
  var hasPendingWork: Bool {
    if callbacks.hasPending || callbacks.hasResumable { return true }
    for index in multis.indices where multis[index].isUrgent { return true }
    return false
  }

  /// When libcurl wants to be called next.
  var due: Duration? {
    var soonest: Duration?
    for index in multis.indices {
      if let due = multis[index].due { soonest = soonest.map { min($0, due) } ?? due }
    }
    return soonest
  }

  /// A socket is ready.
  func ready(_ socket: CInt, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    let number = Int(socket)
    guard number < sockets.count, sockets[number].generation & 0xFF_FFFF == generation else { return }
    guard sockets[number].wanted != 0 else {
      // A paused transfer's bytes wait in the kernel.
      if callbacks.isPaused(linux_local_port(socket)) { return stopWatching(number, poller) }
      // A pooled connection with news. Most often that is its end; if not, it is bytes that nobody asked for, and
      // they would be taken for the next request's answer. Shut, libcurl finds it dead before it uses it.
      _ = linux_shutdown(socket)
      return stopWatching(number, poller)
    }
    var ready: CInt = 0
    if events & UInt32(LINUX_IN) != 0 { ready |= CInt(CURL_CSELECT_IN) }
    if events & UInt32(LINUX_OUT) != 0 { ready |= CInt(CURL_CSELECT_OUT) }
    if events & UInt32(LINUX_ERR | LINUX_HUP) != 0 { ready |= CInt(CURL_CSELECT_ERR) }
    callbacks.pieces = 0
    multis[sockets[number].multi].ready(socket, ready)
    // At once: the next event of this batch may name a socket that was just closed.
    applySocketChanges(poller)
  }

  /// Serves the timers that are due, and tells epoll what libcurl wants watched.
  func serve(now: Duration, poller: borrowing Poller) {
    for index in multis.indices {
      callbacks.pieces = 0
      multis[index].serve(now: now)
    }
    applySocketChanges(poller)
  }

  /// Begins a turn: lets some of the paused handles go on whose turn it is.
  func begin(atMost most: Int, poller: borrowing Poller) {
    for _ in 0..<min(most, Self.resumedPerTurn) {
      guard let handle = callbacks.nextToResume() else { break }
      handle.resume()
      callbacks.pieces = 0
      handle.multi?.resume(handle)
    }
    // At once: what is ready in this turn may be theirs, and must not be taken for news of an idle connection.
    applySocketChanges(poller)
  }

  private func applySocketChanges(_ poller: borrowing Poller) {
    for index in callbacks.socketChanges.indices {
      switch callbacks.socketChanges[index] {
      case .opened(let socket):
        while sockets.count <= Int(socket) { sockets.append(Watched()) }
        forget(Int(socket))
        sockets[Int(socket)].isOpen = true
        openSockets += 1
      case .closed(let socket): forget(Int(socket))
      case .watch(let socket, let events, let multi):
        guard Int(socket) < sockets.count else { continue }
        sockets[Int(socket)].wanted = events
        sockets[Int(socket)].multi = multi
        if events & UInt32(LINUX_IN) != 0 { sockets[Int(socket)].isConnected = true }
        register(socket, events, poller)
      case .leave(let socket):
        guard Int(socket) < sockets.count else { continue }
        sockets[Int(socket)].wanted = 0
        // One that was given up while it connected is closed without a word.
        if !sockets[Int(socket)].isConnected, linux_is_open(socket) == 0 { forget(Int(socket)) }
      }
    }
    callbacks.clearSocketChanges()
  }

  /// A socket is closed, or its number is about to be used anew.
  private func forget(_ number: Int) {
    guard number < sockets.count else { return }
    if sockets[number].isOpen { openSockets -= 1 }
    sockets[number] = Watched(generation: sockets[number].generation &+ 1)
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

  func nextPending() -> CurlHandle? { callbacks.nextPending() }

  /// The next finished transfer and how it ended.
  func takeDone() -> (CurlHandle, TransferEnd)? {
    for index in multis.indices where multis[index].wasCalled {
      if let (handle, code) = multis[index].takeDone() { return (handle, handle.end(code)) }
    }
    return nil
  }
}

/// libcurl's process-wide state.
public enum CurlLibrary {
  private static let started: Bool =
    unsafe curl_global_init_mem(
      Int(CURL_GLOBAL_ALL), counted_malloc, counted_free, counted_realloc, counted_strdup, counted_calloc)
    == CURLE_OK

  static func start() { precondition(started, "libcurl did not start") }

  /// The certificates that are trusted, as a number that is an address; zero when they could not be read.
  static let trusted: UInt = unsafe UInt(bitPattern: curl_tls_read_trusted())

  /// What libcurl is told not to write itself, for all handles; see `HeadText`. A list that is never freed, as a number
  /// that is its address.
  static let suppressed: UInt = {
    var list: UnsafeMutablePointer<curl_slist>?
    for name in HeadText.suppressed { unsafe list = curl_slist_append(list, name) }
    return UInt(bitPattern: list)
  }()

  /// Reads the certificates that are trusted. Takes a while, so it is for the time before the loop.
  public static func prepareTLS() {
    start()
    _ = trusted
  }

  /// Allocations that libcurl made on this thread since the beginning.
  public static var allocations: Int { Int(counted_allocations_of_this_thread()) }

  /// The library's version, as in `7.88.1`.
  public static var version: String {
    let info = unsafe curl_version_info(CURLVERSION_TENTH)
    return unsafe String(cString: info!.pointee.version)
  }
}
