internal import CCurl
internal import CLinux
internal import Glibc

/// A reusable easy handle and the state that its callbacks fill.
///
/// Fixed options are set once. Between transfers only changed options are set again, because a full reset costs
/// more than a request. libcurl keeps the object's address, so this is a class.
@safe
final class CurlHandle {
  let easy: OpaquePointer
  private(set) var response: Response
  private(set) var transfer: TransferID
  private(set) var multi: CurlMulti?
  private let callbacks: CurlCallbackQueue

  /// A small request body, which libcurl sends together with the head and reads in place until the transfer ends.
  private var smallBody = Bytes()
  /// A large request body, which libcurl reads piece by piece, and the read position.
  private var largeBody = BufferChain()
  private var position = BufferChain.Position()
  /// The largest body, in bytes, that libcurl sends together with the head.
  private static let smallBodyMax = 64 * 1024
  /// The addresses last passed to libcurl, which reads them when the transfer starts.
  private var addresses: UnsafeMutablePointer<curl_slist>?

  /// The parsed URL. Given a string, libcurl would parse and rebuild it for every transfer.
  private var parts: OpaquePointer?

  /// The text in which libcurl describes the error of the last transfer.
  private let errorText: UnsafeMutablePointer<CChar>

  /// The current options, so that equal ones are not set again.
  private var route = ""
  private var socketPath: String?
  private(set) var proxy: UpstreamProxy?
  private var http2 = false
  private var trusts = false
  private var method: UpstreamRequest.Method?
  private var connectTimeout: Duration?
  private var idleMax: Duration?

  /// The number of connections opened for this handle.
  private var connections = 0
  /// The number of connections after which a handle is discarded. libcurl repeats a request whose kept-alive
  /// connection turned out to be closed, at most five times in the life of a handle, and each repetition opens a
  /// connection.
  private static let connectionsMax = 4

  /// When the request was first sent, on the monotonic clock, and how often.
  private var sent: (nanoseconds: UInt64, count: Int) = (0, 0)
  /// A kept-alive connection that is closed this soon, without a byte of a response, was most likely closed for being idle
  /// before the request arrived. Later, the upstream may have worked on the request.
  private static let repeatNanoseconds: UInt64 = 500_000_000

  /// Whether a transfer of this handle failed. libcurl keeps oversized buffers of failed transfers.
  private var hasFailed = false

  /// Whether the handle must not be reused.
  var mustBeDiscarded: Bool { hasFailed || connections >= Self.connectionsMax }

  /// Whether the transfer is over but not yet released.
  var isOver = false
  /// Whether the handle is in the list of handles with unreported data.
  var isPending = false
  /// Whether the handle is paused and scheduled to resume.
  var isResumeScheduled = false
  /// The local port of the connection that carries the request.
  private var localPort: CInt = 0
  /// Whether the response uses HTTP/2, whose streams share a connection.
  private var isMultiplexed = false
  /// Whether the transfer has a connection to the upstream, so that what happens is no longer the proxy's fault.
  private(set) var isConnected = false
  /// Whether a proxy receives the request itself, and may answer it.
  private var isForwarded = false
  /// The part of the response head that is expected next.
  private var line: HeadLine = .status

  private enum HeadLine { case status, fields, done }

  init(_ response: Response, _ transfer: TransferID, _ callbacks: CurlCallbackQueue, share: OpaquePointer?) {
    guard let easy = unsafe curl_easy_init() else { preconditionFailure("curl_easy_init failed") }
    unsafe self.easy = easy
    self.response = response
    self.transfer = transfer
    self.callbacks = callbacks
    unsafe addresses = nil
    unsafe parts = nil
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    unsafe setFixedOptions(share)
  }

  deinit {
    // If the handle were cleaned up inside its multi, the buffers of a paused transfer would leak.
    multi?.remove(self)
    unsafe curl_easy_cleanup(easy)
    unsafe errorText.deallocate()
    unsafe curl_slist_free_all(addresses)
    unsafe curl_url_cleanup(parts)
  }

  /// Sets the options that never change, among them all security options.
  private func setFixedOptions(_ share: OpaquePointer?) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe curl_easy_set_write(easy, onBody, context)
    unsafe curl_easy_set_header(easy, onHead, context)
    unsafe curl_easy_set_read(easy, onRead, onSeek, onRequest, context)
    unsafe curl_easy_set_sockets(
      easy, onOpen, context, onClose, Unmanaged.passUnretained(callbacks).toOpaque())
    unsafe curl_easy_set_pointer(easy, CURLOPT_PRIVATE, context)
    unsafe curl_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    if let share = unsafe share { unsafe curl_easy_set_share(easy, share) }
    unsafe curl_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_QUICK_EXIT, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
    unsafe curl_easy_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
    unsafe curl_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
    unsafe curl_easy_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    unsafe curl_easy_set_long(easy, CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    unsafe curl_easy_set_long(easy, CURLOPT_TCP_NODELAY, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_TCP_KEEPIDLE, 60)
    unsafe curl_easy_set_long(easy, CURLOPT_TCP_KEEPINTVL, 60)
    unsafe curl_easy_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    unsafe curl_easy_set_proxy(easy, nil)
    // The proxy's response to CONNECT is not the upstream's, and the upstream's header fields are not for the proxy.
    unsafe curl_easy_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    unsafe curl_easy_set_long(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1)
    unsafe curl_easy_set_long(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2)
    unsafe curl_easy_set_long(easy, CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    unsafe curl_easy_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    unsafe curl_easy_set_list(easy, CURLOPT_HTTPHEADER, .init(bitPattern: CurlLibrary.suppressed))
  }

  /// Prepares the handle for a new transfer.
  func prepare(
    _ request: UpstreamRequest, connectTimeout time: Duration, _ response: Response, _ transfer: TransferID,
    _ multi: CurlMulti, _ head: inout HeadText
  ) {
    self.response = response
    self.transfer = transfer
    self.multi = multi
    isOver = false
    isConnected = false
    line = .status
    sent.count = 0
    if route != request.target.route { setRoute(request.target) }
    if request.target.usesTLS, !trusts {
      trusts = true
      let store = unsafe UnsafeMutableRawPointer(bitPattern: CurlLibrary.trusted)
      // Without the shared store, libcurl reads the certificates itself.
      if let store = unsafe store { unsafe curl_easy_set_trusted(easy, store) }
    }
    if method != request.method {
      method = request.method
      unsafe curl_easy_set_long(easy, request.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
    }
    if http2 != request.http2 {
      http2 = request.http2
      let version = http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
      unsafe curl_easy_set_long(easy, CURLOPT_HTTP_VERSION, version)
    }
    if connectTimeout != time {
      connectTimeout = time
      // Zero would select libcurl's default of five minutes.
      unsafe curl_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, max(1, time.milliseconds))
    }
    if idleMax != request.idleMax {
      idleMax = request.idleMax
      unsafe curl_easy_set_long(easy, CURLOPT_MAXAGE_CONN, request.idleMax.milliseconds / 1000)
    }
    head.set(request)
    unsafe head.withText { unsafe curl_easy_set_text(easy, CURLOPT_REQUEST_TARGET, $0) }
    if request.method == .post { setBody(request.body) }
  }

  private func setBody(_ body: BufferChain) {
    smallBody.clear()
    unsafe curl_easy_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
    if body.count <= Self.smallBodyMax {
      body.forEach { smallBody.append($0) }
      unsafe curl_easy_set_pointer(easy, CURLOPT_POSTFIELDS, smallBody.address ?? UnsafePointer(emptyBody))
    } else {
      largeBody = body
      unsafe curl_easy_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
    }
  }

  /// Sets where the connection leads: the URL, and the proxy or Unix socket if they are others than before.
  private func setRoute(_ target: UpstreamTarget) {
    route = target.route
    isForwarded = target.isForwarded
    if socketPath != target.socketPath {
      socketPath = target.socketPath
      unsafe curl_easy_set_text(easy, CURLOPT_UNIX_SOCKET_PATH, socketPath)
    }
    if proxy != target.proxy {
      proxy = target.proxy
      unsafe curl_easy_set_proxy(easy, proxy?.url)
    }
    let fresh = unsafe curl_url()
    // If the URL cannot be parsed, the transfer fails with `CURLE_URL_MALFORMAT`.
    _ = unsafe curl_url_set(fresh, CURLUPART_URL, socketPath == nil ? target.origin : "http://localhost", 0)
    unsafe curl_easy_set_url(easy, fresh)
    unsafe curl_url_cleanup(parts)
    unsafe parts = fresh
  }

  /// Sets the addresses of a host, which replace those known to its multi.
  func pin(_ target: UpstreamTarget, _ known: [IPAddress]) {
    let list = known.map { $0.isIPv6 ? "[\($0)]" : "\($0)" }.joined(separator: ",")
    let fresh = unsafe curl_slist_append(nil, "\(target.name):\(target.port):\(list)")
    unsafe curl_easy_set_list(easy, CURLOPT_RESOLVE, fresh)
    unsafe curl_slist_free_all(addresses)
    unsafe addresses = fresh
  }

  /// Whether OpenSSL says of the last transfer that the server's first bytes are not TLS: "wrong version number", or
  /// "packet length too long" for text whose first bytes happen to look like a version.
  private var isForeignToTLS: Bool {
    let message = unsafe String(cString: errorText)
    return message.contains("wrong version number") || message.contains("packet length too long")
      || message.contains("http request")
  }

  /// Releases the state of a finished transfer.
  func reset(_ idle: Response) {
    smallBody.clear()
    smallBody.shrink()
    if !largeBody.isEmpty { largeBody = BufferChain() }
    resume()
    multi = nil
    response = idle
    isResumeScheduled = false
    transfer = TransferID(.init(bits: 0))
  }

  /// The size of the request body, in bytes.
  var requestBytes: Int { smallBody.count + largeBody.count }
  /// The number of body bytes that the upstream's socket has accepted.
  var uploadedBytes: Int { unsafe curl_easy_get_uploaded(easy) }

  /// Converts libcurl's result of a transfer.
  func end(_ code: CURLcode) -> TransferEnd {
    if code != CURLE_OK { hasFailed = true }
    if let error = response.error { return .failed(error) }
    if let error = proxyError(code) { return .failed(error) }
    switch code {
    case CURLE_OK: return response.hasHead ? .complete : .failed(.malformed)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_URL_MALFORMAT: return .failed(.hostNotFound)
    case CURLE_COULDNT_CONNECT: return .failed(.connectFailed)
    case CURLE_OPERATION_TIMEDOUT: return .failed(.connectTimedOut)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      return .failed(.certificateRejected)
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
      return .failed(isForeignToTLS ? .notTLS : .tlsFailed)
    // Aborted: libcurl was about to send the request again.
    case CURLE_GOT_NOTHING, CURLE_ABORTED_BY_CALLBACK: return .failed(.closedBeforeResponse)
    case CURLE_PARTIAL_FILE: return .failed(.truncated)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      return .failed(response.hasHead ? .truncated : .closedBeforeResponse)
    // libcurl reports an overlong header line as "out of memory".
    case CURLE_OUT_OF_MEMORY: return .failed(.tooLarge)
    case CURLE_FAILED_INIT: return .failed(.exhausted)
    default: return .failed(.malformed)
    }
  }

  // MARK: Called by libcurl

  /// Copies the next piece of a large request body and returns its size.
  func read(into bytes: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
    unsafe largeBody.read(&position, into: UnsafeMutableRawPointer(bytes), capacity: capacity)
  }

  /// Restarts the body from the beginning.
  func rewind() { position = BufferChain.Position() }

  /// Prepares for sending the request. Returns whether it may be sent: a second time only if the first cannot have had an
  /// effect.
  func requesting(from port: CInt) -> Bool {
    let now = linux_monotonic_nanoseconds()
    if sent.count == 0 { sent.nanoseconds = now }
    sent.count += 1
    isConnected = true
    localPort = port
    rewind()
    return sent.count == 1 || sent.count == 2 && now &- sent.nanoseconds < Self.repeatNanoseconds
  }

  private func pause() -> Int {
    response.isPaused = true
    callbacks.markPaused(localPort)
    return Int(CURL_WRITEFUNC_PAUSE)
  }

  /// Resumes a paused transfer.
  func resume() {
    guard response.isPaused else { return }
    response.isPaused = false
    callbacks.unmarkPaused(localPort)
  }

  /// Opens a socket and counts the connection.
  func open(_ family: CInt, _ type: CInt, _ number: CInt) -> CInt {
    connections += 1
    return callbacks.open(family, type, number)
  }

  /// Stores a piece of the response body. Returns its size, or a value that pauses or fails the transfer.
  func body(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    if !response.hasHead {
      // Bytes after an unrequested 101.
      response.error = .malformed
      return 0
    }
    callbacks.pieces += 1
    if callbacks.pieces > CurlCallbackQueue.piecesMax, !isMultiplexed, response.body.count < Response.bodyBytesMax {
      callbacks.scheduleResume(self)
      return pause()
    }
    if isMultiplexed {
      if response.body.count >= Response.multiplexedBytesMax {
        response.error = .tooLarge
        return 0
      }
    } else if response.body.count >= Response.bodyBytesMax {
      return pause()
    }
    callbacks.bytes &+= count
    unsafe response.body.append(UnsafeRawPointer(bytes), count: count)
    callbacks.markPending(self)
    return count
  }

  /// Parses a line of the response head. Returns its size, or 0 to fail the transfer.
  func head(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    response.headBytes += count
    if response.headBytes > Response.headBytesMax {
      response.error = .tooLarge
      return 0
    }
    // Trailers also arrive here, after the body. They are ignored, but libcurl stores them, so they count toward
    // the limit.
    if line == .done { return count }
    let text = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    if line == .status {
      response.fields.removeAll()
      response.status = unsafe Self.status(text)
      isMultiplexed = unsafe text.count > 5 && text[5] == UInt8(ascii: "2")
      line = .fields
      return count
    }
    let isBlank = unsafe text.allSatisfy { $0 == 0x0d || $0 == 0x0a }
    if isBlank {
      if isForwarded, response.status == 407 {
        // The status is a proxy's by definition (RFC 9110, section 15.5.8).
        response.error = .proxyCredentialsRejected
        return 0
      }
      if response.status >= 200 {
        line = .done
        response.hasHead = true
        callbacks.markPending(self)
      } else {
        line = .status
      }
    } else {
      unsafe response.fields.add(text)
    }
    return count
  }

  /// Parses the status in a line such as `HTTP/1.1 200 OK`. Returns 0 if there is none.
  private static func status(_ line: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while index < line.count, unsafe line[index] != 0x20 { index += 1 }
    var status = 0
    for offset in index + 1..<max(index + 1, min(line.count, index + 4)) {
      let digit = unsafe line[offset]
      guard digit >= 0x30, digit <= 0x39 else { return 0 }
      status = status * 10 + Int(digit - 0x30)
    }
    return status
  }
}

/// A non-null address for the body of a POST without one.
private let emptyBody: StaticString = ""

extension UnsafePointer where Pointee == UInt8 {
  fileprivate init(_ text: StaticString) { unsafe self = text.utf8Start }
}
