internal import CCurl

/// One reusable easy handle and what its callbacks fill.
///
/// The static options are set once; between transfers only what differs is changed, because a reset costs
/// more than a request. Lives at one address, which libcurl knows.
@safe
final class CurlHandle {
  let easy: OpaquePointer
  private(set) var response: Response
  private(set) var transfer: TransferID
  private unowned let notes: CurlNotes

  /// The request body; libcurl reads it in place until the transfer ends.
  private var upload = Bytes()
  private var fields: UnsafeMutablePointer<curl_slist>?
  /// The one line that differs from request to request, in front of `fields`: a node and a text of our own, so
  /// that a request costs the list no allocation.
  private let requestLine: UnsafeMutablePointer<curl_slist>

  /// The options as they stand, so that equal ones are not set again.
  private var url = ""
  private var http2 = false
  private var method: UpstreamRequest.Method?
  private var fieldLines: [String]?
  private var connectTimeout: Duration?
  private var idleMax: Duration?

  /// Whether the handle is in the list of those with news.
  var isNoted = false
  /// Whether the response came over HTTP/2, whose streams share a connection.
  private var isMultiplexed = false
  /// How far the response head has come.
  private var line: HeadLine = .status

  private enum HeadLine { case status, fields, done }

  init(_ response: Response, _ transfer: TransferID, _ notes: CurlNotes, share: OpaquePointer?) {
    guard let easy = unsafe curl_easy_init() else { preconditionFailure("curl_easy_init failed") }
    unsafe self.easy = easy
    self.response = response
    self.transfer = transfer
    self.notes = notes
    unsafe fields = nil
    unsafe requestLine = .allocate(capacity: 1)
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: UpstreamRequest.requestLineBytesMax + 1)
    unsafe requestLine.initialize(to: curl_slist(data: text, next: nil))
    unsafe setFixedOptions(share)
  }

  deinit {
    unsafe curl_easy_cleanup(easy)
    unsafe curl_slist_free_all(fields)
    unsafe requestLine.pointee.data.deallocate()
    unsafe requestLine.deallocate()
  }

  /// What never changes: the safety of every transfer is here.
  private func setFixedOptions(_ share: OpaquePointer?) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe curl_easy_set_write(easy, onBody, context)
    unsafe curl_easy_set_header(easy, onHead, context)
    unsafe curl_easy_set_close(easy, onClose, Unmanaged.passUnretained(notes).toOpaque())
    unsafe curl_easy_set_pointer(easy, CURLOPT_PRIVATE, context)
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
    // An empty proxy is "none", whatever the environment says.
    unsafe curl_easy_set_text(easy, CURLOPT_PROXY, "")
    unsafe curl_easy_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
  }

  /// Takes on a new transfer.
  func prepare(_ request: UpstreamRequest, _ response: Response, _ transfer: TransferID) {
    self.response = response
    self.transfer = transfer
    line = .status
    if url != request.url {
      url = request.url
      unsafe curl_easy_set_text(easy, CURLOPT_URL, url)
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
    if connectTimeout != request.connectTimeout {
      connectTimeout = request.connectTimeout
      unsafe curl_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
    }
    if idleMax != request.idleMax {
      idleMax = request.idleMax
      unsafe curl_easy_set_long(easy, CURLOPT_MAXAGE_CONN, request.idleMax.milliseconds / 1000)
    }
    if fieldLines != request.fields {
      fieldLines = request.fields
      unsafe curl_slist_free_all(fields)
      unsafe fields = nil
      for line in request.fields { unsafe fields = curl_slist_append(fields, line) }
      // Without it libcurl waits a second for a 100 before a body of more than 1 MB.
      unsafe fields = curl_slist_append(fields, "Expect:")
      unsafe requestLine.pointee.next = fields
    }
    setRequestLine(request.requestLine)
    upload.clear()
    if request.method == .post {
      upload.append(request.body)
      unsafe curl_easy_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, upload.count)
      unsafe curl_easy_set_pointer(easy, CURLOPT_POSTFIELDS, upload.address ?? UnsafePointer(emptyBody))
    }
  }

  private func setRequestLine(_ line: String) {
    var count = 0
    for byte in line.utf8 where count < UpstreamRequest.requestLineBytesMax {
      unsafe requestLine.pointee.data[count] = CChar(bitPattern: byte)
      count += 1
    }
    unsafe requestLine.pointee.data[count] = 0
    unsafe curl_easy_set_list(easy, CURLOPT_HTTPHEADER, count > 0 ? requestLine : fields)
  }

  /// Lets go of what a finished transfer held.
  func rest(_ idle: Response) {
    upload.clear()
    response = idle
    transfer = TransferID(.init(bits: 0))
  }

  // MARK: Called by libcurl

  fileprivate func body(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    if !response.hasHead {
      // Bytes behind a 101 that nobody asked for.
      response.fault = .malformed
      return 0
    }
    if response.body.count >= Response.bodyBytesMax {
      if isMultiplexed {
        // One paused stream would starve the others of its connection.
        response.fault = .tooLarge
        return 0
      }
      response.isPaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    unsafe response.body.append(UnsafeRawPointer(bytes), count: count)
    notes.note(self)
    return count
  }

  fileprivate func head(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    response.headBytes += count
    if response.headBytes > Response.headBytesMax {
      response.fault = .tooLarge
      return 0
    }
    // Trailers arrive here too, after the body began; nobody needs them, but libcurl keeps them.
    if line == .done { return count }
    let text = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    if line == .status {
      response.head.removeAll(keepingCapacity: true)
      response.status = unsafe Self.status(text)
      isMultiplexed = unsafe text.count > 5 && text[5] == UInt8(ascii: "2")
      line = .fields
      return count
    }
    let isBlank = unsafe text.allSatisfy { $0 == 0x0d || $0 == 0x0a }
    if isBlank {
      if response.status >= 200 {
        line = .done
        response.hasHead = true
        notes.note(self)
      } else {
        line = .status
      }
    } else {
      unsafe response.head.append(contentsOf: text)
      if response.head.last != 0x0a { response.head.append(0x0a) }
    }
    return count
  }

  /// The number in `HTTP/1.1 200 OK`; 0 when there is none.
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

/// An address for the body of a POST without one.
private let emptyBody: StaticString = ""

extension UnsafePointer where Pointee == UInt8 {
  fileprivate init(_ text: StaticString) { unsafe self = text.utf8Start }
}

extension Duration {
  /// Whole milliseconds, clamped.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? Int(Int32.max) : Int(clamping: product &+ attoseconds / 1_000_000_000_000_000)
  }
}

private func onBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ n: Int, _ context: UnsafeMutableRawPointer?
)
  -> Int
{
  guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
  return unsafe Unmanaged<CurlHandle>.fromOpaque(context)._withUnsafeGuaranteedRef { unsafe $0.body(bytes, n) }
}

private func onHead(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ n: Int, _ context: UnsafeMutableRawPointer?
)
  -> Int
{
  guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
  return unsafe Unmanaged<CurlHandle>.fromOpaque(context)._withUnsafeGuaranteedRef { unsafe $0.head(bytes, n) }
}

private func onClose(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> CInt {
  guard let context = unsafe context else { return 1 }
  return unsafe Unmanaged<CurlNotes>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.close(socket) }
}
