internal import CCurl
internal import CLinux

/// All `curl_multi` handles of the loop, and their sockets.
///
/// libcurl 7.88.1 scans all busy connections to a host for each new transfer, so the transfers are divided among
/// several multis. Each multi has its own connection pool, so one is filled before the next is used.
///
/// Three more properties of libcurl shape this type. A timeout of zero is served in the same turn, because waiting
/// would add 1 ms to every request. A socket that libcurl releases between two requests stays registered with epoll
/// until it is ready. Easy handles are reused.
@safe
final class CurlMultiPool {
  /// The number of transfers in one multi before the next is used. It is small at first, because then each scan is
  /// short, and larger later, because each multi takes about 40 kB.
  static let transfersPerMulti = 96
  static let transfersPerEarlyMulti = 24
  private static let earlyMultis = 16
  /// The number of idle connections that a multi keeps in addition to its possible busy ones.
  private static let spareConnections = 16
  /// The most paused handles resumed in one turn. Each may deliver 40 KiB, or 16 KiB of tiny chunks that libcurl
  /// parses to the end before it pauses. Both take about 0.2 ms.
  private static let resumedPerTurn = 4
  /// The number of multis for proxies with a password above which idle ones are replaced.
  static let proxyMultisMax = 64
  /// The most idle easy handles kept.
  private static let spareMax = 256

  private let callbacks = CurlCallbackQueue()
  private let share: OpaquePointer?
  private var multis: [CurlMulti] = []
  private var spare: [CurlHandle] = []
  private let idle = Response()
  /// The head of the current request. Most requests share the start of their head with the previous one.
  private var head = HeadText(ending: .libcurl)

  /// The epoll state of a socket, indexed by descriptor.
  private struct Watched {
    var generation: UInt32 = 0
    var isOpen = false
    /// Whether the socket was ever watched for reading, which means that it is connected.
    var isConnected = false
    var isRegistered = false
    /// The events that epoll watches for.
    var registered: UInt32 = 0
    /// The events that libcurl wants to watch for.
    var wanted: UInt32 = 0
    /// The index of the multi that owns the socket.
    var multi = 0
  }
  private var sockets: [Watched] = []
  /// The number of upstream sockets, busy and idle.
  private(set) var openSockets = 0

  init() {
    CurlLibrary.start()
    unsafe share = curl_share_init()
    unsafe curl_share_ssl_sessions(share)
  }

  deinit {
    // Connections are closed together with their multi, which calls back.
    multis.removeAll()
    spare.removeAll()
    // Handles and the callback queue may hold references to each other.
    callbacks.forgetHandles()
    unsafe curl_share_cleanup(share)
  }

  /// The number of body bytes received since the start.
  var receivedBytes: Int { callbacks.bytes }

  /// The number of multis.
  var count: Int { multis.count }

  /// Starts a request. `known` contains the addresses of its host name, if it has one.
  func start(
    _ request: UpstreamRequest, addresses known: DNSCache.Entry?, connectTimeout: Duration, _ response: Response,
    _ id: TransferID
  ) -> CurlHandle {
    let handle = unsafe spare.popLast() ?? CurlHandle(response, id, callbacks, share: share)
    let multi = multiForNextTransfer(request.target.pool)
    handle.prepare(request, connectTimeout: connectTimeout, response, id, multi, &head)
    if let known, !multi.pins(request.target.hostPort, version: known.version) {
      handle.pin(request.target, known.addresses)
    }
    multi.add(handle)
    return handle
  }

  private func multiForNextTransfer(_ pool: String) -> CurlMulti {
    let early = min(multis.count, Self.earlyMultis)
    for index in 0..<early where multis[index].running < Self.transfersPerEarlyMulti {
      if multis[index].pool == pool { return multis[index] }
    }
    if early == Self.earlyMultis {
      for index in multis.indices where multis[index].running < Self.transfersPerMulti {
        if multis[index].pool == pool { return multis[index] }
      }
    }
    let replaced = pool.isEmpty ? nil : idleProxyMulti
    let multi = CurlMulti(
      replaced ?? multis.count, pool: pool, connectionsMax: Self.transfersPerMulti + Self.spareConnections,
      callbacks: callbacks)
    if let replaced { multis[replaced] = multi } else { multis.append(multi) }
    return multi
  }

  /// The index of a multi with connections through a proxy and without transfers, once there are too many with such: the
  /// proxies of earlier configurations are among them.
  private var idleProxyMulti: Int? {
    guard multis.count(where: { !$0.pool.isEmpty }) >= Self.proxyMultisMax else { return nil }
    return multis.firstIndex { !$0.pool.isEmpty && $0.running == 0 }
  }

  /// Removes a handle and keeps it for reuse.
  func release(_ handle: CurlHandle) {
    handle.multi?.remove(handle)
    handle.reset(idle)
    if spare.count < Self.spareMax, !handle.mustBeDiscarded { spare.append(handle) }
  }

  /// Schedules a paused handle to resume. Only a few resume in each turn, because each may deliver a full buffer.
  func resume(_ handle: CurlHandle) { callbacks.scheduleResume(handle) }

  // MARK: The turn

  /// Whether data or a due timer is pending, so that the loop must not sleep.
  var hasPendingWork: Bool {
    if callbacks.hasPending || callbacks.hasResumable { return true }
    for index in multis.indices where multis[index].isUrgent { return true }
    return false
  }

  /// The time at which libcurl must be called next.
  var due: Duration? {
    var soonest: Duration?
    for index in multis.indices {
      if let due = multis[index].due { soonest = soonest.map { min($0, due) } ?? due }
    }
    return soonest
  }

  /// Handles a ready socket.
  func ready(_ socket: CInt, generation: UInt32, events: UInt32, poller: borrowing Poller) {
    let number = Int(socket)
    guard number < sockets.count, sockets[number].generation & 0xFF_FFFF == generation else { return }
    guard sockets[number].wanted != 0 else {
      // The data of a paused transfer stays in the kernel.
      if callbacks.isPaused(linux_local_port(socket)) { return stopWatching(number, poller) }
      // An idle pooled connection became ready. Usually the upstream closed it. Otherwise it sent unrequested
      // bytes, which would be taken for the response to the next request. After a shutdown, libcurl detects a dead
      // connection before reuse.
      _ = linux_shutdown(socket)
      return stopWatching(number, poller)
    }
    var ready: CInt = 0
    if events & UInt32(LINUX_IN) != 0 { ready |= CInt(CURL_CSELECT_IN) }
    if events & UInt32(LINUX_OUT) != 0 { ready |= CInt(CURL_CSELECT_OUT) }
    if events & UInt32(LINUX_ERR | LINUX_HUP) != 0 { ready |= CInt(CURL_CSELECT_ERR) }
    callbacks.pieces = 0
    multis[sockets[number].multi].ready(socket, ready)
    // Apply the changes now: the next event of this batch may refer to a socket that was just closed.
    applySocketChanges(poller)
  }

  /// Serves due timers and updates epoll.
  func serve(now: Duration, poller: borrowing Poller) {
    for index in multis.indices {
      callbacks.pieces = 0
      multis[index].serve(now: now)
    }
    applySocketChanges(poller)
  }

  /// Begins a turn by resuming some of the paused handles.
  func begin(atMost limit: Int, poller: borrowing Poller) {
    for _ in 0..<min(limit, Self.resumedPerTurn) {
      guard let handle = callbacks.nextToResume() else { break }
      handle.resume()
      callbacks.pieces = 0
      handle.multi?.resume(handle)
    }
    // Apply the changes now, so that a ready socket of a resumed handle is not taken for an idle connection.
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
        // libcurl closes a connection that it abandons while connecting without a callback.
        if !sockets[Int(socket)].isConnected, linux_is_open(socket) == 0 { forget(Int(socket)) }
      }
    }
    callbacks.clearSocketChanges()
  }

  /// Resets the state of a socket that was closed or whose number is being reused.
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
      // Fails only if the socket is already closed. The change that reports the close follows.
      try? poller.watch(socket, events, token)
    } else if watched.registered != events {
      poller.change(socket, events, token)
    }
    sockets[Int(socket)].isRegistered = true
    sockets[Int(socket)].registered = events
  }

  /// Returns the next handle with unreported data.
  func nextPending() -> CurlHandle? { callbacks.nextPending() }

  /// Returns the next finished transfer and its result.
  func takeDone() -> (CurlHandle, TransferEnd)? {
    for index in multis.indices where multis[index].wasCalled {
      if let (handle, code) = multis[index].takeDone() { return (handle, handle.end(code)) }
    }
    return nil
  }
}
